//! `dependantTask`: runs tasks after others have ended well.

use std::time::Duration;

use koji_core::api::tasks::GetTaskInfo;
use koji_core::ids::TaskId;
use koji_core::model::{Task, TaskState};
use koji_core::task::DependantTask;
use koji_core::xmlrpc::{Value, from_value};

use crate::task::{SubtaskOpts, TaskContext, TaskError, TaskHandler, Waiting};

const POLL: Duration = Duration::from_secs(1);

/// Waits for tasks that need not be its own, then makes and awaits subtasks.
pub(super) struct DependantTaskHandler;

impl TaskHandler for DependantTaskHandler {
    type Args = DependantTask;
    type Output = ();

    fn weight(&self) -> f64 {
        0.2
    }

    async fn run(&self, args: DependantTask, cx: &TaskContext) -> Result<(), TaskError> {
        let ids = args.wait_list.iter().filter_map(|id| i32::try_from(id.as_int()?).ok());
        let mut waiting: Vec<i32> = ids.collect();
        while !waiting.is_empty() {
            let mut left = Vec::new();
            for id in waiting {
                let info = cx.session().call(GetTaskInfo::new(Value::from(id))).await?;
                let info: Option<Task> =
                    from_value(info).map_err(|e| TaskError::generic(format!("getTaskInfo: {e}")))?;
                match info.map(|task| task.state) {
                    // what is no task is not waited for
                    None | Some(TaskState::Closed) => {}
                    Some(TaskState::Canceled | TaskState::Failed) => {
                        return Err(TaskError::generic(format!("Dependency {id} failed to complete.")));
                    }
                    Some(_) => left.push(id),
                }
            }
            waiting = left;
            if !waiting.is_empty() {
                tokio::time::sleep(POLL).await;
            }
        }
        let mut tasks: Vec<TaskId> = Vec::new();
        for task in args.task_list {
            tasks.push(subtask(task, cx).await?);
        }
        cx.wait(&tasks, &Waiting { all: true, ..Waiting::default() }).await?;
        Ok(())
    }
}

async fn subtask(task: Vec<Value>, cx: &TaskContext) -> Result<TaskId, TaskError> {
    let mut parts = task.into_iter();
    let (Some(Value::String(method)), Some(Value::Array(args))) = (parts.next(), parts.next()) else {
        return Err(TaskError::generic("a task must be a list of method, arguments and perhaps options"));
    };
    let mut opts = SubtaskOpts::default();
    if let Some(Value::Struct(given)) = parts.next() {
        for (name, value) in given.iter() {
            opts = opts.option(name, value.clone());
        }
    }
    cx.subtask_raw(&method, args, opts).await
}
