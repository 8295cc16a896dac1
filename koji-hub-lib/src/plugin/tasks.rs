//! Telling of changes of tasks.

use koji_core::ids::{HostId, TaskId};
use koji_core::model::{Task, TaskState};
use koji_core::time::{EpochSeconds, Timestamp};

use super::{Callback, CallbackType, NewTaskInfo, TaskChange, TaskInfo, TaskRecord, TaskStateChange};
use crate::call::Call;
use crate::{Result, tasks};

impl TaskChange {
    /// To a state.
    pub(crate) fn state(new: TaskState) -> Self {
        TaskChange::State { old: None, new: Some(new) }
    }

    /// To a host, or to none.
    pub(crate) fn host(new: Option<HostId>) -> Self {
        TaskChange::HostId { old: None, new }
    }

    /// To an end.
    pub(crate) fn end(new: Timestamp) -> Self {
        TaskChange::CompletionTs { old: None, new: Some(EpochSeconds::from(new)) }
    }

    fn from(self, task: &Task) -> Self {
        match self {
            TaskChange::State { new, .. } => TaskChange::State { old: Some(task.state), new },
            TaskChange::HostId { new, .. } => TaskChange::HostId { old: task.host_id, new },
            TaskChange::CompletionTs { new, .. } => TaskChange::CompletionTs { old: task.completion_ts, new },
            TaskChange::Weight { new, .. } => TaskChange::Weight { old: task.weight, new },
            TaskChange::Priority { new, .. } => TaskChange::Priority { old: task.priority, new },
        }
    }
}

async fn record(cx: &mut Call<'_>, id: TaskId) -> Result<Option<TaskRecord>> {
    let db = cx.db().await?;
    let Some(mut task) = tasks::find(db, id).await? else { return Ok(None) };
    task.request = Some(tasks::request::of_task(db, id).await?);
    let result = match task.state {
        TaskState::Closed => tasks::request::result_of_task(db, id).await?.ok(),
        _ => None,
    };
    Ok(Some(TaskRecord { task, result }))
}

/// Tells that a task is to change: gives the changes with their old values, for [`after_task`]; none of a task that is not
/// there, or if no plugin wants to hear of it. The task stays locked, so that the old values are true until the change.
pub(crate) async fn before_task(cx: &mut Call<'_>, task: TaskId, changes: &[TaskChange]) -> Result<Vec<TaskChange>> {
    if !cx.tells(CallbackType::PreTaskStateChange) && !cx.tells(CallbackType::PostTaskStateChange) {
        return Ok(Vec::new());
    }
    tasks::state::lock(cx, task).await?;
    let Some(old) = record(cx, task).await? else { return Ok(Vec::new()) };
    let changes: Vec<_> = changes.iter().map(|change| change.clone().from(&old.task)).collect();
    for change in &changes {
        let about = TaskStateChange { change: change.clone(), info: TaskInfo::Known(&old) };
        cx.tell(Callback::PreTaskStateChange(about)).await?;
    }
    Ok(changes)
}

/// Tells that a task has changed.
pub(crate) async fn after_task(cx: &mut Call<'_>, task: TaskId, changes: Vec<TaskChange>) -> Result<()> {
    if changes.is_empty() || !cx.tells(CallbackType::PostTaskStateChange) {
        return Ok(());
    }
    let Some(now) = record(cx, task).await? else { return Ok(()) };
    for change in changes {
        let about = TaskStateChange { change, info: TaskInfo::Known(&now) };
        cx.tell(Callback::PostTaskStateChange(about)).await?;
    }
    Ok(())
}

/// Tells that a task is to be made: gives what was told, for [`after_new_task`].
pub(crate) async fn before_new_task(
    cx: &mut Call<'_>,
    info: impl FnOnce() -> NewTaskInfo,
) -> Result<Option<NewTaskInfo>> {
    if !cx.tells(CallbackType::PreTaskStateChange) && !cx.tells(CallbackType::PostTaskStateChange) {
        return Ok(None);
    }
    let info = info();
    let about = TaskStateChange { change: TaskChange::state(TaskState::Free), info: TaskInfo::New(&info) };
    cx.tell(Callback::PreTaskStateChange(about)).await?;
    Ok(Some(info))
}

/// Tells that a task has been made.
pub(crate) async fn after_new_task(cx: &mut Call<'_>, told: Option<NewTaskInfo>, task: TaskId) -> Result<()> {
    let Some(mut info) = told else { return Ok(()) };
    info.id = Some(task);
    let about = TaskStateChange { change: TaskChange::state(TaskState::Free), info: TaskInfo::New(&info) };
    cx.tell(Callback::PostTaskStateChange(about)).await
}
