use koji_core::api::HostRef;
use koji_core::api::scheduler::*;
use koji_core::model::HostData;
use koji_core::xmlrpc::Value;

use crate::Result;
use crate::call::Call;
use crate::db::args;
use crate::registry::{Handle, Registry};
use crate::scheduler;
use crate::views::{View, field};

pub(super) fn register(r: &mut Registry) {
    r.add::<GetTaskRuns>().add::<GetTaskRefusals>().add::<GetHostData>().add::<GetLogMessages>().add::<DoRun>();
}

/// A view of a table that tells of tasks and hosts, with what is known of both; `$join` is how they are joined.
macro_rules! task_view {
    ($table:literal, $join:literal, fields: [$($field:expr),* $(,)?], default: $default:expr) => {
        View {
            table: $table,
            joins: &[
                ("task", concat!($join, " task ON ", $table, ".task_id = task.id")),
                ("host", concat!($join, " host ON ", $table, ".host_id = host.id")),
            ],
            fields: &[
                $($field,)*
                field!("method", "task.method", "task"),
                field!("state", "task.state", "task"),
                field!("owner", "task.owner", "task"),
                field!("arch", "task.arch", "task"),
                field!("channel_id", "task.channel_id", "task"),
                field!("host_name", "host.name", "host"),
                field!("host_ready", "host.ready", "host"),
            ],
            default_fields: $default,
            default_order: "id",
        }
    };
}

const RUNS: View = task_view!(
    "scheduler_task_runs",
    "JOIN",
    fields: [
        field!("id", "scheduler_task_runs.id"),
        field!("task_id", "scheduler_task_runs.task_id"),
        field!("host_id", "scheduler_task_runs.host_id"),
        field!("active", "scheduler_task_runs.active"),
        field!("create_ts", "scheduler_task_runs.create_time"),
        field!("start_ts", "task.start_time", "task"),
        field!("completion_ts", "task.completion_time", "task"),
    ],
    default: &["id", "task_id", "host_id", "active", "create_ts"]
);

const REFUSALS: View = task_view!(
    "scheduler_task_refusals",
    "JOIN",
    fields: [
        field!("id", "scheduler_task_refusals.id"),
        field!("task_id", "scheduler_task_refusals.task_id"),
        field!("host_id", "scheduler_task_refusals.host_id"),
        field!("by_host", "scheduler_task_refusals.by_host"),
        field!("soft", "scheduler_task_refusals.soft"),
        field!("msg", "scheduler_task_refusals.msg"),
        field!("ts", "scheduler_task_refusals.time"),
    ],
    default: &["id", "task_id", "host_id", "by_host", "soft", "msg", "ts"]
);

const LOG: View = task_view!(
    "scheduler_log_messages",
    "LEFT JOIN",
    fields: [
        field!("id", "scheduler_log_messages.id"),
        field!("task_id", "scheduler_log_messages.task_id"),
        field!("host_id", "scheduler_log_messages.host_id"),
        field!("msg_ts", "scheduler_log_messages.msg_time"),
        field!("msg", "scheduler_log_messages.msg"),
    ],
    default: &["id", "task_id", "host_id", "msg", "msg_ts"]
);

impl Handle for GetTaskRuns {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Value> {
        RUNS.query(cx.db().await?, &self.clauses, &self.fields, self.opts).await
    }
}

impl Handle for GetTaskRefusals {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Value> {
        REFUSALS.query(cx.db().await?, &self.clauses, &self.fields, None).await
    }
}

impl Handle for GetLogMessages {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Value> {
        LOG.query(cx.db().await?, &self.clauses, &self.fields, self.opts).await
    }
}

impl Handle for GetHostData {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Vec<HostData>> {
        let db = cx.db().await?;
        Ok(match self.host_id {
            None => db.fetch_all("SELECT host_id, data FROM scheduler_host_data ORDER BY host_id", args![]).await?,
            Some(HostRef::Id(id)) => {
                db.fetch_all("SELECT host_id, data FROM scheduler_host_data WHERE host_id = $1", args![id]).await?
            }
            Some(HostRef::Name(name)) => {
                let sql = "SELECT d.host_id, d.data FROM scheduler_host_data d JOIN host h ON h.id = d.host_id
                           WHERE h.name = $1";
                db.fetch_all(sql, args![name]).await?
            }
        })
    }
}

impl Handle for DoRun {
    async fn handle(self, cx: &mut Call<'_>) -> Result<bool> {
        if !self.force {
            return scheduler::run_when_due(cx).await;
        }
        scheduler::run_now(cx).await?;
        Ok(true)
    }
}
