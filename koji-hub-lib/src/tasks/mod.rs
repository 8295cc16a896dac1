//! Tasks: what is to be done, and how far it is. Start at [`make`](make::NewTask) and [`state`].

mod list;
pub(crate) mod make;
mod output;
mod placement;
pub(crate) mod request;
pub(crate) mod state;
pub(crate) mod wait;

pub(crate) use list::list;
pub(crate) use output::{list_output, read_output};

use koji_core::ids::{HostId, TaskId, UserId};
use koji_core::model::{Task, TaskState};

use crate::Result;
use crate::call::Call;
use crate::db::{Conn, args, sql};
use crate::error::fail;

/// The columns of a task as the records have them.
macro_rules! task_columns {
    () => {
        "task.id AS id, task.state AS state, task.create_time AS create_time, task.create_time AS create_ts,
         task.start_time AS start_time, task.start_time AS start_ts, task.completion_time AS completion_time,
         task.completion_time AS completion_ts, task.channel_id AS channel_id, task.host_id AS host_id,
         task.parent AS parent, task.label AS label, task.waiting AS waiting, task.awaited AS awaited,
         task.owner AS owner, task.method AS method, task.arch AS arch, task.priority AS priority,
         task.weight AS weight"
    };
}

/// The task, if there is one.
pub(crate) async fn find(db: &mut Conn, id: TaskId) -> Result<Option<Task>> {
    let sql = concat!("SELECT ", task_columns!(), " FROM task WHERE id = $1");
    Ok(db.fetch_optional(sql, args![id]).await?)
}

/// The task; a fault if there is none.
pub(crate) async fn get(db: &mut Conn, id: TaskId) -> Result<Task> {
    match find(db, id).await? {
        Some(task) => Ok(task),
        None => fail!("No such task: {id}"),
    }
}

/// A task's subtasks, oldest first.
pub(crate) async fn children(db: &mut Conn, id: TaskId) -> Result<Vec<Task>> {
    let sql = concat!("SELECT ", task_columns!(), " FROM task WHERE parent = $1 ORDER BY id");
    Ok(db.fetch_all(sql, args![id]).await?)
}

/// Whether the task is open on the host. The row stays locked until the transaction ends.
pub(crate) async fn is_on_host(db: &mut Conn, task: TaskId, host: HostId) -> Result<bool> {
    let sql = sql!("SELECT state, host_id FROM task WHERE id = $1", {for update});
    let row: Option<(TaskState, Option<HostId>)> = db.fetch_optional(sql, args![task]).await?;
    match row {
        None => fail!("No such task: {task}"),
        Some((state, on)) => Ok(state == TaskState::Open && on == Some(host)),
    }
}

/// A fault unless the task is open on the host.
pub(crate) async fn assert_host(db: &mut Conn, task: TaskId, host: HostId) -> Result<()> {
    if is_on_host(db, task, host).await? {
        return Ok(());
    }
    fail!(ActionNotAllowed, "host {host} does not own task {task}")
}

/// Who a task is done for.
pub(crate) async fn owner(db: &mut Conn, task: TaskId) -> Result<UserId> {
    let owner = db.fetch_scalar_optional("SELECT owner FROM task WHERE id = $1", args![task]).await?;
    match owner {
        Some(owner) => Ok(owner),
        None => fail!("No such task: {task}"),
    }
}

/// A fault unless the caller owns the task, runs it, or is an administrator.
pub(crate) async fn assert_may_cancel(cx: &mut Call<'_>, task: TaskId) -> Result<()> {
    let owner = owner(cx.db().await?, task).await?;
    let (user, host) = {
        let session = cx.logged_in()?;
        (session.user_id, session.host_id)
    };
    if user == owner {
        return Ok(());
    }
    if let Some(host) = host
        && is_on_host(cx.db().await?, task, host).await?
    {
        return Ok(());
    }
    if cx.has_perm("admin").await? {
        return Ok(());
    }
    fail!(ActionNotAllowed, "Cannot cancel task, not owner")
}
