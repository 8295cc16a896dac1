use super::{RepoState, Task, TaskState, records};
use crate::ids::{BuildrootId, EventId, HostId, RepoId, RepoRequestId, TagId, TaskId, UserId};
use crate::json::Json;
use crate::time::{EpochSeconds, Timestamp};

records! {
    /// A repo (`repoInfo`).
    Repo {
        /// Its id.
        id: RepoId,
        /// The tag it is of.
        tag_id: TagId,
        /// That tag's name.
        tag_name: String,
        /// Its state.
        state: RepoState,
        /// Whether it is for distribution, with its own copies of signed RPMs.
        dist: Option<bool>,
        /// What it holds: `src`, `debuginfo`, `separate_src`, `maven`.
        #[serde(default)]
        opts: Option<Json>,
        /// Those of its options that differ from the tag's.
        #[serde(default)]
        custom_opts: Option<Json>,
        /// The task that made it.
        #[serde(default)]
        task_id: Option<TaskId>,
        /// That task's state.
        #[serde(default)]
        task_state: Option<TaskState>,
        /// When it was begun.
        creation_time: Timestamp,
        /// When it was begun.
        creation_ts: EpochSeconds,
        /// When its state last changed.
        state_time: Option<Timestamp>,
        /// When its state last changed.
        state_ts: Option<EpochSeconds>,
        /// The event whose content it has.
        create_event: EventId,
        /// When that was.
        create_ts: EpochSeconds,
        /// The tag's last change before.
        #[serde(default)]
        begin_event: Option<EventId>,
        /// When that was.
        #[serde(default)]
        begin_ts: Option<EpochSeconds>,
        /// The tag's first change after.
        #[serde(default)]
        end_event: Option<EventId>,
        /// When that was.
        #[serde(default)]
        end_ts: Option<EpochSeconds>,
    }
    /// A repo that is not deleted (`getActiveRepos`).
    ActiveRepo {
        /// Its id.
        id: RepoId,
        /// The tag it is of.
        tag_id: TagId,
        /// That tag's name.
        tag_name: String,
        /// Its state.
        state: RepoState,
        /// Whether it is for distribution.
        dist: Option<bool>,
        /// What it holds.
        opts: Option<Json>,
        /// The task that made it.
        task_id: Option<TaskId>,
        /// The event whose content it has.
        create_event: EventId,
        /// When that was.
        create_ts: EpochSeconds,
        /// When it was begun.
        creation_ts: EpochSeconds,
        /// When its state last changed.
        state_ts: Option<EpochSeconds>,
        /// The tag's first change after.
        end_event: Option<EventId>,
    }
    /// A request for a repo (`repo.checkRequest`).
    RepoRequest {
        /// Its id.
        id: RepoRequestId,
        /// When it was made.
        create_time: Timestamp,
        /// When it was made.
        create_ts: EpochSeconds,
        /// Who made it.
        owner: UserId,
        /// That user's name.
        owner_name: String,
        /// Its priority: the lowest comes first.
        priority: i32,
        /// The tag.
        tag_id: TagId,
        /// That tag's name.
        tag_name: String,
        /// The event it must be of.
        at_event: Option<EventId>,
        /// The oldest event it may be of.
        min_event: Option<EventId>,
        /// What it shall hold.
        opts: Json,
        /// When it last changed.
        update_time: Timestamp,
        /// When it last changed.
        update_ts: EpochSeconds,
        /// Whether it is still open.
        active: bool,
        /// The task that makes the repo.
        task_id: Option<TaskId>,
        /// That task's state.
        #[serde(default)]
        task_state: Option<TaskState>,
        /// How often it was tried.
        tries: i32,
        /// The repo.
        repo_id: Option<RepoId>,
    }
    /// A buildroot that still uses a repo (`repo.references`).
    RepoReference {
        /// The buildroot.
        id: BuildrootId,
        /// Its host.
        host_id: HostId,
        /// Its task.
        task_id: TaskId,
        /// When it was made.
        create_event: EventId,
        /// Its state.
        state: Option<i32>,
    }
}

/// The answer to a request for a repo (`repo.request`).
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct RepoRequestResult {
    /// A repo that will do, if there is one.
    pub repo: Option<Repo>,
    /// The request that was made or found, if there is none.
    pub request: Option<RepoRequest>,
    /// Whether an older request was found that is as good.
    #[serde(default)]
    pub duplicate: bool,
}

/// How a request for a repo stands (`repo.checkRequest`).
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct RepoRequestStatus {
    /// The request.
    pub request: RepoRequest,
    /// The repo, when it is there.
    pub repo: Option<Repo>,
    /// The task that makes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<Task>,
}
