use super::{TaskState, records};
use crate::ids::{ChannelId, HostId, TaskId, UserId};
use crate::json::Json;
use crate::time::EpochSeconds;

records! {
    /// A builder host (`getHost`).
    Host {
        /// Its id.
        id: HostId,
        /// The user it logs in as.
        user_id: UserId,
        /// Its name.
        name: String,
        /// When it last reported.
        #[serde(default)]
        update_ts: Option<EpochSeconds>,
        /// Whether it takes tasks.
        ready: bool,
        /// The weight of its running tasks.
        task_load: f64,
        /// Its arches, separated by spaces.
        arches: Option<String>,
        /// The weight of tasks it can run.
        capacity: f64,
        /// What it is.
        description: Option<String>,
        /// A remark.
        comment: Option<String>,
        /// Whether it may be given tasks.
        enabled: bool,
    }
    /// A channel: a group of hosts for a kind of tasks (`getChannel`).
    Channel {
        /// Its id.
        id: ChannelId,
        /// Its name.
        name: String,
        /// What it is for.
        description: Option<String>,
        /// Whether tasks are given out in it.
        enabled: bool,
        /// A remark.
        comment: Option<String>,
    }
    /// A task that is assigned to a host (`host.getTasks`).
    AssignedTask {
        /// Its id.
        id: TaskId,
        /// Its state.
        state: TaskState,
        /// Its channel.
        channel_id: ChannelId,
        /// The host it is assigned to.
        host_id: Option<HostId>,
        /// Its arch.
        arch: String,
        /// Its method.
        method: String,
        /// Its priority: the lowest comes first.
        priority: Option<i32>,
        /// When it was made.
        create_ts: EpochSeconds,
    }
    /// A task that is open on a host (`host.getHostTasks`).
    HostTask {
        /// Its id.
        id: TaskId,
        /// Whether it waits for subtasks.
        waiting: Option<bool>,
        /// Its weight.
        weight: f64,
        /// Whether a subtask that it waits for has ended.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "sqlx", sqlx(default))]
        alert: Option<bool>,
    }
    /// What a host last said of itself (`scheduler.getHostData`).
    HostData {
        /// The host.
        host_id: HostId,
        /// What it said: `methods` and `maxjobs`.
        data: Option<Json>,
    }
}
