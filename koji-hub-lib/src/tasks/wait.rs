//! Tasks that wait for their subtasks.

use koji_core::fault::FaultKind;
use koji_core::ids::TaskId;
use koji_core::model::TaskState;
use koji_core::xmlrpc::{Value, to_value};

use super::request;
use crate::Result;
use crate::call::Call;
use crate::db::{Conn, args, list, sql};
use crate::error::Error;

/// Notes that a task waits for subtasks: those named, or all.
pub(crate) async fn set_wait(cx: &mut Call<'_>, parent: TaskId, tasks: Option<&[TaskId]>) -> Result<()> {
    let db = cx.db().await?;
    db.execute("UPDATE task SET waiting = TRUE WHERE id = $1", args![parent]).await?;
    match tasks {
        None => {
            db.execute("UPDATE task SET awaited = TRUE WHERE parent = $1", args![parent]).await?;
        }
        Some([]) => tracing::warn!(task = %parent, "a task waits for no subtask"),
        Some(tasks) => {
            let ids: Vec<i32> = tasks.iter().map(|t| t.0).collect();
            db.execute(
                sql!("UPDATE task SET awaited = TRUE WHERE parent = $1 AND id ", {in "$2"}),
                args![parent, list(&ids)],
            )
            .await?;
            db.execute(
                sql!("UPDATE task SET awaited = FALSE WHERE parent = $1 AND awaited = TRUE AND id ", {not in "$2"}),
                args![parent, list(&ids)],
            )
            .await?;
        }
    }
    Ok(())
}

/// The subtasks that a task waits for: those that have ended, and the others.
pub(crate) async fn look(db: &mut Conn, parent: TaskId) -> Result<(Vec<TaskId>, Vec<TaskId>)> {
    let rows: Vec<(TaskId, TaskState)> = db
        .fetch_all("SELECT id, state FROM task WHERE parent = $1 AND awaited = TRUE ORDER BY id", args![parent])
        .await?;
    let (ended, others): (Vec<_>, Vec<_>) = rows.into_iter().partition(|(_, state)| state.is_finished());
    let ids = |rows: Vec<(TaskId, TaskState)>| rows.into_iter().map(|(id, _)| id).collect();
    Ok((ids(ended), ids(others)))
}

/// As [`look`]; those that have ended are not awaited any more.
pub(crate) async fn wait(cx: &mut Call<'_>, parent: TaskId) -> Result<(Vec<TaskId>, Vec<TaskId>)> {
    let (ended, others) = look(cx.db().await?, parent).await?;
    if !ended.is_empty() {
        let ids: Vec<i32> = ended.iter().map(|t| t.0).collect();
        cx.db().await?.execute(sql!("UPDATE task SET awaited = FALSE WHERE id ", {in "$1"}), args![list(&ids)]).await?;
    }
    Ok((ended, others))
}

/// The results of subtasks: those named, or all that have ended. The fault of a failed one is raised, unless it may fail.
pub(crate) async fn results(
    cx: &mut Call<'_>,
    parent: TaskId,
    tasks: Option<Vec<TaskId>>,
    can_fail: &[TaskId],
) -> Result<Vec<(TaskId, Value)>> {
    let db = cx.db().await?;
    db.execute("UPDATE task SET waiting = FALSE WHERE id = $1", args![parent]).await?;
    db.execute("UPDATE task SET awaited = FALSE WHERE parent = $1", args![parent]).await?;
    let tasks = match tasks {
        Some(tasks) => tasks,
        None => {
            let ended = [TaskState::Closed, TaskState::Failed, TaskState::Canceled].map(TaskState::code);
            let sql = sql!("SELECT id FROM task WHERE parent = $1 AND state ", {in "$2"}, " ORDER BY id");
            db.fetch_scalars(sql, args![parent, list(&ended)]).await?
        }
    };
    let mut out = Vec::with_capacity(tasks.len());
    for task in tasks {
        let fault = match request::result_of_task(db, task).await {
            Ok(Ok(value)) => {
                out.push((task, value));
                continue;
            }
            Ok(Err(fault)) => fault,
            Err(Error::Fault(fault)) if fault.is(FaultKind::Generic) => fault,
            Err(e) => return Err(e),
        };
        if !can_fail.contains(&task) {
            return Err(fault.into());
        }
        out.push((task, to_value(&fault)?));
    }
    Ok(out)
}
