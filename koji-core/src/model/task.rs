use super::{TaskState, UserType, records};
use crate::ids::{ChannelId, HostId, TaskId, UserId};
use crate::time::{EpochSeconds, Timestamp};
use crate::xmlrpc::Value;

records! {
    /// A task (`getTaskInfo`).
    Task {
        /// Its id.
        id: TaskId,
        /// Its state.
        state: TaskState,
        /// When it was made.
        create_time: Timestamp,
        /// When it was made.
        create_ts: EpochSeconds,
        /// When a builder began.
        start_time: Option<Timestamp>,
        /// When a builder began.
        start_ts: Option<EpochSeconds>,
        /// When it ended.
        completion_time: Option<Timestamp>,
        /// When it ended.
        completion_ts: Option<EpochSeconds>,
        /// Its channel.
        channel_id: ChannelId,
        /// The host that runs it or ran it.
        host_id: Option<HostId>,
        /// The task it is a part of.
        parent: Option<TaskId>,
        /// What it is called among its siblings.
        label: Option<String>,
        /// Whether it waits for subtasks.
        waiting: Option<bool>,
        /// Whether its parent waits for it.
        awaited: Option<bool>,
        /// Who it is done for.
        owner: UserId,
        /// What is to be done.
        method: String,
        /// On what arch.
        arch: String,
        /// Its priority: the lowest comes first.
        priority: Option<i32>,
        /// The load that it is.
        weight: Option<f64>,
        /// Its arguments, if asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "sqlx", sqlx(skip))]
        request: Option<Vec<Value>>,
    }
}

/// A task in a list (`listTasks`).
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct TaskListItem {
    /// The task, with `request` here and not there.
    #[serde(flatten)]
    pub task: Task,
    /// Its arguments: the stored document, or decoded if asked for.
    pub request: Value,
    /// Its result: the stored document, or decoded if asked for.
    #[serde(default)]
    pub result: Value,
    /// The owner's name.
    pub owner_name: String,
    /// What kind of user the owner is.
    pub owner_type: UserType,
}
