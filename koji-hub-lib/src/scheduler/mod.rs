//! The scheduler: which task goes to which host.
//!
//! It runs when something changed that it could act on (a task became free, a host reported), and every `RunInterval`
//! to look after hosts and tasks that are silent. Of several hubs on one database, one at a time runs it.

mod assign;
mod by_arch;
mod look_after;

use std::time::Duration;

use koji_core::ids::{HostId, TaskId};
use tokio::time::Instant;

use crate::call::{Call, Client};
use crate::db::{args, sql};
use crate::signals::Change;
use crate::{Hub, Result};

pub(crate) use assign::assign;
pub(crate) use by_arch::refuse_by_arch;

/// After a change, how long to wait for others that come with it.
const GATHER: Duration = Duration::from_millis(2);
/// How often hosts and tasks are looked after at most: what they are looked at for takes minutes.
const LOOK_AFTER: Duration = Duration::from_secs(5);

/// Runs the scheduler whenever it is needed, until the hub ends.
pub(crate) async fn run_forever(hub: Hub) {
    let mut changes = hub.signals().listen(Change::Tasks);
    let pause = LOOK_AFTER.min(hub.config().run_interval);
    let mut looked: Option<Instant> = None;
    loop {
        let look = looked.is_none_or(|at| at.elapsed() >= pause);
        if look {
            looked = Some(Instant::now());
        }
        // in a task of its own, so that a panic is the end of that run only
        let one = hub.clone();
        let failure = match tokio::spawn(async move { run(&one, look).await }).await {
            Ok(Ok(())) => None,
            Ok(Err(e)) => Some(e.to_string()),
            Err(e) => Some(e.to_string()),
        };
        if let Some(error) = failure {
            tracing::error!(error, "the scheduler failed; it will run again");
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        let deadline = Instant::now() + hub.config().run_interval;
        changes.wait(deadline).await;
        if hub.signals().is_stopping() {
            return;
        }
        tokio::time::sleep(GATHER).await;
    }
}

/// Runs the scheduler once, unless there is nothing for it to do; `look` has it look after hosts and tasks too.
async fn run(hub: &Hub, look: bool) -> Result<()> {
    if !is_needed(hub).await? {
        return Ok(());
    }
    let mut cx = Call::new(hub, None, Client::default(), true);
    let done = run_in(&mut cx, look).await;
    match done {
        Ok(_) => cx.commit().await,
        Err(e) if e.is_retryable() => {
            cx.rollback().await;
            // the next change or interval comes soon
            Ok(())
        }
        Err(e) => {
            cx.rollback().await;
            Err(e)
        }
    }
}

/// A look without locks, so that an idle hub writes nothing.
async fn is_needed(hub: &Hub) -> Result<bool> {
    let mut db = hub.db().read().await?;
    let found: Option<i32> = db
        .fetch_scalar_optional(
            "SELECT 1 AS one FROM task WHERE state IN (0, 1, 4)
             UNION ALL SELECT 1 AS one FROM host WHERE ready = TRUE LIMIT 1",
            args![],
        )
        .await?;
    Ok(found.is_some())
}

/// Runs the scheduler as part of a call: false if another hub runs it right now.
pub(crate) async fn run_in(cx: &mut Call<'_>, look: bool) -> Result<bool> {
    let sql = sql!("SELECT name FROM locks WHERE name = 'scheduler'", {for update skip locked});
    if cx.db().await?.fetch_scalar_optional::<String>(sql, args![]).await?.is_none() {
        return Ok(false);
    }
    if look {
        look_after::hosts(cx).await?;
        look_after::tasks(cx).await?;
    }
    assign::free_tasks(cx).await?;
    Ok(true)
}

/// Notes what happened, for `scheduler.getLogMessages`.
pub(crate) async fn log(cx: &mut Call<'_>, task: Option<TaskId>, host: Option<HostId>, text: &str) -> Result<()> {
    tracing::debug!(task = task.map(|t| t.0), host = host.map(|h| h.0), "{text}");
    cx.db()
        .await?
        .execute(
            "INSERT INTO scheduler_log_messages (task_id, host_id, msg) VALUES ($1, $2, $3)",
            args![task, host, text],
        )
        .await?;
    Ok(())
}

/// Notes that a host does not take a task; a soft refusal is forgotten after a while.
pub(crate) async fn refuse(
    cx: &mut Call<'_>,
    task: TaskId,
    host: HostId,
    soft: bool,
    by_host: bool,
    text: &str,
) -> Result<()> {
    cx.db()
        .await?
        .execute(
            "INSERT INTO scheduler_task_refusals (task_id, host_id, by_host, soft, msg, time)
             VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (task_id, host_id)
             DO UPDATE SET by_host = $3, soft = $4, msg = $5, time = $6",
            args![task, host, by_host, soft, text, koji_core::time::Timestamp::now()],
        )
        .await?;
    log(cx, Some(task), Some(host), &format!("Host refused task: {text}")).await
}
