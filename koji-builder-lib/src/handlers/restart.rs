//! `restart` and `restartVerify`: starting the builder anew, and making sure that it was.

use koji_core::api::host::GetHostId;
use koji_core::api::tasks::GetTaskInfo;
use koji_core::model::{Task, TaskState};
use koji_core::task::{Restart, RestartVerify};
use koji_core::time::Timestamp;
use koji_core::xmlrpc::{Struct, Value, from_value};

use crate::manager::Request;
use crate::task::{TaskContext, TaskError, TaskHandler};

/// Asks the manager to restart once its tasks are done.
pub(super) struct RestartHandler;

impl TaskHandler for RestartHandler {
    type Args = Restart;
    type Output = &'static str;

    fn weight(&self) -> f64 {
        0.1
    }

    fn foreground(&self) -> bool {
        true
    }

    async fn run(&self, args: Restart, cx: &TaskContext) -> Result<&'static str, TaskError> {
        check_host(cx, &args.host).await?;
        cx.manager()?.requests.send_if_modified(|request| {
            let change = *request == Request::Run;
            if change {
                *request = Request::Restart;
            }
            change
        });
        Ok("graceful restart initiated")
    }
}

/// Fails unless the manager began after a restart task had ended.
pub(super) struct RestartVerifyHandler;

impl TaskHandler for RestartVerifyHandler {
    type Args = RestartVerify;
    type Output = ();

    fn weight(&self) -> f64 {
        0.1
    }

    fn foreground(&self) -> bool {
        true
    }

    async fn run(&self, args: RestartVerify, cx: &TaskContext) -> Result<(), TaskError> {
        let info = cx.session().call(GetTaskInfo::new(Value::from(args.task_id.0)).strict(true)).await?;
        let info: Task = from_value(info).map_err(|e| TaskError::generic(format!("getTaskInfo: {e}")))?;
        if info.state != TaskState::Closed {
            return Err(TaskError::generic(format!("Stage one restart task is {}", info.state)));
        }
        check_host(cx, &args.host).await?;
        let started = cx.manager()?.started;
        if info.completion_ts.is_none_or(|ended| started < ended.0) {
            let started = Timestamp::from_secs_f64(started);
            return Err(TaskError::generic(format!("Restart failed - start time is {started}")));
        }
        Ok(())
    }
}

async fn check_host(cx: &TaskContext, host: &Struct) -> Result<(), TaskError> {
    let own = cx.session().call(GetHostId::new()).await?;
    match host.get("id").and_then(Value::as_int) == Some(own.0.into()) {
        true => Ok(()),
        false => Err(TaskError::generic("Host mismatch")),
    }
}
