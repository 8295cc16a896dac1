use super::{BuildrootState, RepoState, records};
use crate::ids::{BuildId, BuildrootId, CgId, EventId, ExternalRepoId, HostId, RepoId, RpmId, TagId, TaskId};
use crate::json::JsonText;
use crate::time::{EpochSeconds, Timestamp};

records! {
    /// A buildroot (`getBuildroot`). Those of content generators have no host, task and repo.
    Buildroot {
        /// Its id.
        id: BuildrootId,
        /// 0 for a builder's, 1 for a content generator's.
        br_type: i32,
        /// The content generator.
        cg_id: Option<CgId>,
        /// The content generator's name.
        cg_name: Option<String>,
        /// The content generator's version.
        cg_version: Option<String>,
        /// Its arch.
        container_arch: Option<String>,
        /// Its arch again, as older clients call it.
        arch: Option<String>,
        /// What it is: `chroot`.
        container_type: Option<String>,
        /// The system around it.
        host_os: Option<String>,
        /// The machine around it.
        host_arch: Option<String>,
        /// Whatever else is known of it.
        extra: Option<JsonText>,
        /// Its state.
        state: Option<BuildrootState>,
        /// The task it is for.
        task_id: Option<TaskId>,
        /// The host it is on.
        host_id: Option<HostId>,
        /// That host's name.
        host_name: Option<String>,
        /// The repo it is made from.
        repo_id: Option<RepoId>,
        /// That repo's state.
        repo_state: Option<RepoState>,
        /// The tag that the repo is of.
        tag_id: Option<TagId>,
        /// That tag's name.
        tag_name: Option<String>,
        /// The event at which it was made.
        create_event_id: Option<EventId>,
        /// When that was.
        create_event_time: Option<Timestamp>,
        /// When that was.
        create_ts: Option<EpochSeconds>,
        /// The event at which it was given up.
        retire_event_id: Option<EventId>,
        /// When that was.
        retire_event_time: Option<Timestamp>,
        /// When that was.
        retire_ts: Option<EpochSeconds>,
        /// The event whose content the repo has.
        repo_create_event_id: Option<EventId>,
        /// When that was.
        repo_create_event_time: Option<Timestamp>,
    }
    /// An RPM in a buildroot (`getBuildrootListing`).
    BuildrootRpm {
        /// The RPM.
        rpm_id: RpmId,
        /// Whether it came in later.
        is_update: bool,
        /// Its name.
        name: String,
        /// Its version.
        version: String,
        /// Its release.
        release: String,
        /// Its epoch.
        epoch: Option<i32>,
        /// Its arch.
        arch: String,
        /// The build it is a part of.
        build_id: Option<BuildId>,
        /// Whether that build is a draft.
        draft: Option<bool>,
        /// The external repo it is from; 0 for the hub's own.
        external_repo_id: ExternalRepoId,
        /// That repo's name.
        external_repo_name: String,
    }
}
