//! The states of tasks, and how they change. Whether a caller may is checked before.

use koji_core::ids::{HostId, TaskId};
use koji_core::model::TaskState;
use koji_core::time::Timestamp;

use crate::Result;
use crate::builds;
use crate::call::Call;
use crate::db::{Args, IntoSql, args, sql};
use crate::error::fail;
use crate::plugin::{TaskChange, after_task, before_task};
use crate::signals::Change;

/// Changes a task: the one place where the state, the host, the weight or the priority of one is written, so that plugins
/// hear of it. Says how many rows the statement changed.
async fn change(
    cx: &mut Call<'_>,
    task: TaskId,
    changes: &[TaskChange],
    statement: impl IntoSql,
    args: Args<'_>,
) -> Result<u64> {
    let told = before_task(cx, task, changes).await?;
    let changed = cx.db().await?.execute(statement, args).await?;
    if changed > 0 {
        after_task(cx, task, told).await?;
    }
    Ok(changed)
}

/// Assigns a task to a host; with `force` whatever its state. Whether it is assigned now.
pub(crate) async fn assign(cx: &mut Call<'_>, task: TaskId, host: HostId, force: bool) -> Result<bool> {
    let changed = change(
        cx,
        task,
        &[TaskChange::state(TaskState::Assigned), TaskChange::host(Some(host))],
        "UPDATE task SET state = $3, host_id = $2
         WHERE id = $1 AND ($4 OR (state = $5 AND host_id IS NULL) OR (state = $3 AND host_id = $2))",
        args![task, host, TaskState::Assigned, force, TaskState::Free],
    )
    .await?;
    cx.announce(Change::Tasks);
    Ok(changed > 0)
}

/// Opens a task on a host: only one that is free, or assigned to that host. Whether it did.
pub(crate) async fn open(cx: &mut Call<'_>, task: TaskId, host: HostId) -> Result<bool> {
    let changed = change(
        cx,
        task,
        &[TaskChange::state(TaskState::Open), TaskChange::host(Some(host))],
        "UPDATE task SET state = $3, host_id = $2, start_time = $6
         WHERE id = $1 AND ((state = $4 AND host_id IS NULL) OR (state = $5 AND host_id = $2))",
        args![task, host, TaskState::Open, TaskState::Free, TaskState::Assigned, Timestamp::now()],
    )
    .await?;
    if changed == 0 {
        // a task that is not there is an error, one that is another's is not
        super::get(cx.db().await?, task).await?;
        return Ok(false);
    }
    cx.announce(Change::Tasks);
    Ok(true)
}

/// Takes a task from its host, for any host to take.
pub(crate) async fn free(cx: &mut Call<'_>, task: TaskId) -> Result<()> {
    let state = lock(cx, task).await?;
    if state.is_finished() {
        fail!("Cannot free task {task}, state is {state}");
    }
    let changes = [TaskChange::state(TaskState::Free), TaskChange::host(None)];
    let sql = "UPDATE task SET state = $2, host_id = NULL WHERE id = $1";
    change(cx, task, &changes, sql, args![task, TaskState::Free]).await?;
    cx.announce(Change::Tasks);
    Ok(())
}

/// Ends a task with a result, well or not.
pub(crate) async fn end(cx: &mut Call<'_>, task: TaskId, state: TaskState, result: &str) -> Result<()> {
    let now = Timestamp::now();
    let sql = "UPDATE task SET state = $2, result = $3, completion_time = $4 WHERE id = $1";
    change(cx, task, &[TaskChange::state(state), TaskChange::end(now)], sql, args![task, state, result, now]).await?;
    cx.announce(Change::Tasks);
    Ok(())
}

/// Cancels a task, what it was building, and the tasks below it if asked for. A task that has ended stays as it is.
pub(crate) async fn cancel(cx: &mut Call<'_>, task: TaskId, recurse: bool) -> Result<()> {
    let mut todo = vec![task];
    while let Some(task) = todo.pop() {
        let state = lock(cx, task).await?;
        if state.is_finished() {
            continue;
        }
        cancel_one(cx, task).await?;
        if recurse {
            todo.extend(child_ids(cx, task).await?);
        }
    }
    Ok(())
}

/// Cancels all subtasks of a task.
pub(crate) async fn cancel_children(cx: &mut Call<'_>, task: TaskId) -> Result<()> {
    for child in child_ids(cx, task).await? {
        cancel(cx, child, true).await?;
    }
    Ok(())
}

/// Cancels a whole tree of tasks, through those that have ended. `strict` wants its top; else the way up is taken.
pub(crate) async fn cancel_full(cx: &mut Call<'_>, task: TaskId, strict: bool) -> Result<()> {
    let mut top = task;
    loop {
        let sql = "SELECT parent FROM task WHERE id = $1";
        let parent: Option<Option<TaskId>> = cx.db().await?.fetch_scalar_optional(sql, args![top]).await?;
        match parent {
            None => fail!("No such task: {top}"),
            Some(Some(parent)) if strict => fail!("Task {top} is not top-level (parent={parent})"),
            Some(Some(parent)) => top = parent,
            Some(None) => break,
        }
    }
    let mut todo = vec![top];
    while let Some(task) = todo.pop() {
        if !lock(cx, task).await?.is_finished() {
            cancel_one(cx, task).await?;
        }
        todo.extend(child_ids(cx, task).await?);
    }
    Ok(())
}

async fn cancel_one(cx: &mut Call<'_>, task: TaskId) -> Result<()> {
    let now = Timestamp::now();
    let changes = [TaskChange::state(TaskState::Canceled), TaskChange::end(now)];
    let sql = "UPDATE task SET state = $2, completion_time = $3 WHERE id = $1";
    change(cx, task, &changes, sql, args![task, TaskState::Canceled, now]).await?;
    cx.announce(Change::Tasks);
    builds::cancel_of_task(cx, task).await
}

async fn child_ids(cx: &mut Call<'_>, task: TaskId) -> Result<Vec<TaskId>> {
    Ok(cx.db().await?.fetch_scalars("SELECT id FROM task WHERE parent = $1 ORDER BY id", args![task]).await?)
}

/// The state of a task, whose row stays locked until the transaction ends.
pub(crate) async fn lock(cx: &mut Call<'_>, task: TaskId) -> Result<TaskState> {
    let sql = sql!("SELECT state FROM task WHERE id = $1", {for update});
    match cx.db().await?.fetch_scalar_optional(sql, args![task]).await? {
        Some(state) => Ok(state),
        None => fail!("No such task: {task}"),
    }
}

/// Sets a task's weight.
pub(crate) async fn set_weight(cx: &mut Call<'_>, task: TaskId, weight: f64) -> Result<()> {
    if weight.is_nan() || weight < 0.0 {
        fail!(Parameter, "a task's weight must not be negative: {weight}");
    }
    let changes = [TaskChange::Weight { old: None, new: Some(weight) }];
    change(cx, task, &changes, "UPDATE task SET weight = $2 WHERE id = $1", args![task, weight]).await?;
    Ok(())
}

/// Sets the priority of a task, and of the tasks below it if asked for.
pub(crate) async fn set_priority(cx: &mut Call<'_>, task: TaskId, priority: i32, recurse: bool) -> Result<()> {
    let mut todo = vec![task];
    while let Some(task) = todo.pop() {
        let changes = [TaskChange::Priority { old: None, new: Some(priority) }];
        change(cx, task, &changes, "UPDATE task SET priority = $2 WHERE id = $1", args![task, priority]).await?;
        if recurse {
            todo.extend(child_ids(cx, task).await?);
        }
    }
    cx.announce(Change::Tasks);
    Ok(())
}
