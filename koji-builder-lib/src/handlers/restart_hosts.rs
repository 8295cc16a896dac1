//! `restartHosts`: restarts builders.

use std::time::Duration;

use koji_core::api::host::GetHostId;
use koji_core::api::hosts::{GetChannel, ListHosts};
use koji_core::api::tasks::TaskFinished;
use koji_core::api::{ChannelRef, OneOrMany, Param};
use koji_core::ids::TaskId;
use koji_core::task::{Restart, RestartHosts, RestartVerify};
use koji_core::xmlrpc::{Struct, Value, from_value, to_value};

use crate::task::{SubtaskOpts, TaskContext, TaskError, TaskHandler, Waiting};

/// Restarts all enabled hosts, or those of a channel or of arches, and checks that it was done.
pub(super) struct RestartHostsHandler;

impl TaskHandler for RestartHostsHandler {
    type Args = RestartHosts;
    type Output = ();

    fn weight(&self) -> f64 {
        0.1
    }

    async fn run(&self, args: RestartHosts, cx: &TaskContext) -> Result<(), TaskError> {
        let options = args.options.unwrap_or_default();
        let mut query = ListHosts::new().enabled(true);
        let invalid = |why: String| TaskError::generic(format!("invalid options: {why}"));
        if let Some(channel) = options.get("channel").filter(|channel| !channel.is_nil()) {
            let channel = ChannelRef::from_value(channel.clone()).map_err(invalid)?;
            let channel = cx.session().call(GetChannel::new(channel).strict(true)).await?;
            query.channel_id = channel.map(|channel| channel.id.into());
        }
        if let Some(arches) = options.get("arches").filter(|arches| !arches.is_nil()) {
            query.arches = Some(OneOrMany::from_value(arches.clone()).map_err(invalid)?);
        }
        let timeout = options.get("timeout").and_then(Value::as_int).and_then(|n| u64::try_from(n).ok());
        let hosts = cx.session().call(query).await?.into_list();
        if hosts.is_empty() {
            return Err(TaskError::generic("No matching hosts"));
        }
        let own = cx.session().call(GetHostId::new()).await?;
        let mut tasks: Vec<TaskId> = Vec::new();
        let mut mine = None;
        for host in hosts {
            let record: Struct = to_value(&host).and_then(from_value).map_err(|e| TaskError::generic(e.to_string()))?;
            let opts =
                |label: &str| SubtaskOpts::default().label(format!("{label} {}", host.id)).option("assign", host.id.0);
            let restart = cx.subtask(Restart { host: record.clone() }, opts("restart")).await?;
            let verify = RestartVerify { task_id: restart, host: record };
            let verify = cx.subtask(verify, opts("sleep")).await?;
            tasks.extend([restart, verify]);
            if host.id == own {
                mine = Some((restart, verify));
            }
        }
        let waiting = async {
            if let Some((restart, verify)) = mine {
                cx.wait_for::<Value>(restart).await?;
                if !cx.session().call(TaskFinished::new(verify)).await? {
                    // this task must not keep its own host from restarting: it is given back, and goes on elsewhere or
                    // here afterwards
                    return Err(TaskError::Interrupted);
                }
            }
            cx.wait(&tasks, &Waiting { all: true, ..Waiting::default() }).await
        };
        let limit = Duration::from_secs(timeout.unwrap_or(24 * 60 * 60));
        let waited = tokio::time::timeout(limit, waiting).await;
        waited.map_err(|_| TaskError::generic("the hosts did not restart in time"))??;
        Ok(())
    }
}
