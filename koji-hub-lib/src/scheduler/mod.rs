//! The scheduler: which task goes to which host.
//!
//! It runs for builders: for one that asks for its tasks and has none, at most every `RunInterval`, as in Koji; and
//! while one waits for work in a long poll, whenever something changed that it could act on (a task became free, a host
//! reported). Of several hubs on one database, one at a time runs it.

mod assign;
mod by_arch;
mod look_after;

use std::time::Duration;

use koji_core::ids::{HostId, TaskId};
use koji_core::json::Json;
use koji_core::time::Timestamp;
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

/// Runs the scheduler whenever a builder that waits for work needs it, until the hub ends.
pub(crate) async fn run_for_waiting(hub: Hub) {
    let mut changes = hub.signals().listen(Change::Tasks);
    let pause = LOOK_AFTER.min(hub.config().run_interval);
    let mut looked: Option<Instant> = None;
    loop {
        // without one, those who ask see to it
        hub.signals().idle_builder().await;
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
    let done = match lock(&mut cx).await {
        Ok(true) => run_locked(&mut cx, look).await,
        Ok(false) => Ok(()),
        Err(e) => Err(e),
    };
    match done {
        Ok(()) => cx.commit().await,
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

/// Runs the scheduler as part of a call, unless it ran within `RunInterval` or another hub runs it right now: whether it
/// ran. This is for a builder that found no task of its own.
pub(crate) async fn run_when_due(cx: &mut Call<'_>) -> Result<bool> {
    if !is_due(cx).await? {
        return Ok(false);
    }
    cx.begin().await?;
    // once more, since another may have run it meanwhile
    if !lock(cx).await? || !is_due(cx).await? {
        return Ok(false);
    }
    let now = Json(serde_json::json!(Timestamp::now().as_secs_f64()));
    cx.db()
        .await?
        .execute(
            "INSERT INTO scheduler_sys_data (name, data) VALUES ('last_run_ts', $1)
             ON CONFLICT (name) DO UPDATE SET data = $1",
            args![now],
        )
        .await?;
    run_locked(cx, true).await?;
    Ok(true)
}

/// Whether the last run for a builder is `RunInterval` ago; one in the future is of a clock that was wrong.
async fn is_due(cx: &mut Call<'_>) -> Result<bool> {
    let interval = cx.hub().config().run_interval.as_secs_f64();
    let sql = "SELECT data FROM scheduler_sys_data WHERE name = 'last_run_ts'";
    let last: Option<Json> = cx.db().await?.fetch_scalar_optional(sql, args![]).await?;
    let ago = last.and_then(|last| last.0.as_f64()).map(|last| Timestamp::now().as_secs_f64() - last);
    Ok(ago.is_none_or(|ago| ago < 0.0 || ago >= interval))
}

/// Runs the scheduler as part of a call, once whoever runs it now has done.
pub(crate) async fn run_now(cx: &mut Call<'_>) -> Result<()> {
    let sql = sql!("SELECT name FROM locks WHERE name = 'scheduler'", {for update});
    cx.db().await?.fetch_scalar_optional::<String>(sql, args![]).await?;
    run_locked(cx, true).await
}

/// Takes the scheduler's lock until the transaction ends: false if another has it.
async fn lock(cx: &mut Call<'_>) -> Result<bool> {
    let sql = sql!("SELECT name FROM locks WHERE name = 'scheduler'", {for update skip locked});
    Ok(cx.db().await?.fetch_scalar_optional::<String>(sql, args![]).await?.is_some())
}

async fn run_locked(cx: &mut Call<'_>, look: bool) -> Result<()> {
    if look {
        look_after::hosts(cx).await?;
        look_after::tasks(cx).await?;
    }
    assign::free_tasks(cx).await
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
