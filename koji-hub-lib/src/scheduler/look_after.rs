//! Looking after hosts and tasks of which nothing was heard for too long.

use koji_core::ids::{HostId, TaskId};
use koji_core::model::TaskState;
use koji_core::time::Timestamp;

use super::{log, refuse};
use crate::Result;
use crate::call::Call;
use crate::db::args;
use crate::tasks::{self, state};

fn before(span: std::time::Duration) -> Timestamp {
    Timestamp::now().plus_secs(-i64::try_from(span.as_secs()).unwrap_or(i64::MAX))
}

/// Marks hosts as not ready that have not reported for `ReadyTimeout`.
pub(super) async fn hosts(cx: &mut Call<'_>) -> Result<()> {
    let limit = before(cx.hub().config().ready_timeout);
    let silent: Vec<HostId> = cx
        .db()
        .await?
        .fetch_scalars(
            "UPDATE host SET ready = FALSE WHERE ready = TRUE AND (update_time IS NULL OR update_time < $1)
                AND id IN (SELECT host_id FROM host_config WHERE active = TRUE AND enabled = TRUE) RETURNING id",
            args![limit],
        )
        .await?;
    for host in silent {
        log(cx, None, Some(host), "Marking host not ready").await?;
    }
    Ok(())
}

#[derive(sqlx::FromRow)]
struct Run {
    task_id: TaskId,
    state: TaskState,
    host_id: HostId,
    update_time: Option<Timestamp>,
    create_time: Timestamp,
}

/// Whether the task is as it was when it was looked at: its host may have opened or ended it meanwhile. From now on it
/// cannot.
async fn is_still(cx: &mut Call<'_>, run: &Run) -> Result<bool> {
    state::lock(cx, run.task_id).await?;
    let task = tasks::get(cx.db().await?, run.task_id).await?;
    Ok(task.state == run.state && task.host_id == Some(run.host_id))
}

/// Frees tasks that were assigned or opened and of which nothing came, and forgets what is over.
pub(super) async fn tasks(cx: &mut Call<'_>) -> Result<()> {
    let config = cx.hub().config();
    let (assigned_before, heard_before) = (before(config.assign_timeout), before(config.host_timeout));
    let soft_before = before(config.soft_refusal_timeout);
    let runs: Vec<Run> = cx
        .db()
        .await?
        .fetch_all(
            "SELECT t.id AS task_id, t.state, t.host_id, h.update_time, MIN(r.create_time) AS create_time
             FROM scheduler_task_runs r
             JOIN task t ON t.id = r.task_id
             JOIN host h ON h.id = t.host_id
             JOIN host_config c ON c.host_id = h.id AND c.active = TRUE AND c.enabled = TRUE
             WHERE r.active = TRUE AND t.state IN (1, 4)
             GROUP BY t.id, t.state, t.host_id, h.update_time ORDER BY t.id",
            args![],
        )
        .await?;
    for run in runs {
        let (task, host) = (run.task_id, run.host_id);
        match run.state {
            TaskState::Assigned if run.create_time < assigned_before && is_still(cx, &run).await? => {
                // a host that reported since, and did not take it, does not want it
                if run.update_time.is_some_and(|heard| heard > run.create_time) {
                    refuse(cx, task, host, true, false, "assignment timeout").await?;
                }
                log(cx, Some(task), Some(host), "Task assignment timeout").await?;
                state::free(cx, task).await?;
            }
            TaskState::Open
                if run.update_time.unwrap_or(run.create_time) < heard_before && is_still(cx, &run).await? =>
            {
                log(cx, Some(task), Some(host), "Freeing task from unresponsive host").await?;
                state::free(cx, task).await?;
            }
            _ => {}
        }
    }
    // by way of the few runs and refusals, not of all tasks that have ended
    let db = cx.db().await?;
    db.execute(
        "UPDATE scheduler_task_runs SET active = FALSE WHERE active = TRUE
         AND EXISTS (SELECT 1 FROM task WHERE task.id = scheduler_task_runs.task_id AND task.state NOT IN (1, 4))",
        args![],
    )
    .await?;
    db.execute(
        "DELETE FROM scheduler_task_refusals WHERE (soft = TRUE AND time < $1)
         OR EXISTS (SELECT 1 FROM task WHERE task.id = scheduler_task_refusals.task_id AND task.state IN (2, 3, 5))",
        args![soft_before],
    )
    .await?;
    Ok(())
}
