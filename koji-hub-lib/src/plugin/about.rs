//! What a plugin learns of a change. The fields bear the names that Koji's plugins know.

use koji_core::ids::{BuildId, EventId, HostId, PackageId, RepoId, TaskId, UserId, VolumeId};
use koji_core::model::{Build, BuildState, Package, Repo, Rpm, Tag, Task, TaskState, User};
use koji_core::time::EpochSeconds;
use koji_core::xmlrpc::{Struct, Value};
use serde::{Serialize, Serializer};

/// How a tag lists a package.
#[derive(Debug, Clone, Serialize)]
pub struct PackageListChange<'a> {
    /// `add`, `update`, `block`, `remove` or `unblock`.
    pub action: &'a str,
    /// The tag.
    pub tag: &'a Tag,
    /// The package.
    pub package: &'a Package,
    /// Who asks for it.
    pub user: Option<&'a User>,
    /// The new entry, unless it is removed or unblocked.
    #[serde(flatten)]
    pub entry: Option<PackageEntry<'a>>,
}

/// A package's entry in a tag.
#[derive(Debug, Clone, Serialize)]
pub struct PackageEntry<'a> {
    /// The package's owner there.
    pub owner: UserId,
    /// Whether it is blocked.
    pub block: bool,
    /// Arches beside the tag's.
    pub extra_arches: Option<&'a str>,
    /// Whether the change was forced.
    pub force: bool,
    /// Whether there had to be an entry already.
    pub update: bool,
}

/// A change of a task: one attribute. Of several at once, each is told apart.
#[derive(Debug, Clone, Serialize)]
pub struct TaskStateChange<'a> {
    /// Which attribute, what it was and what it is to be.
    #[serde(flatten)]
    pub change: TaskChange,
    /// The task: before, as it was; after, as it is.
    pub info: TaskInfo<'a>,
}

/// An attribute of a task with its old and new value.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "attribute", rename_all = "snake_case")]
pub enum TaskChange {
    /// The state, by name. A new task had none.
    State {
        /// The old one.
        #[serde(serialize_with = "state_name")]
        old: Option<TaskState>,
        /// The new one.
        #[serde(serialize_with = "state_name")]
        new: Option<TaskState>,
    },
    /// The host that does it.
    HostId {
        /// The old one.
        old: Option<HostId>,
        /// The new one.
        new: Option<HostId>,
    },
    /// When it ended.
    CompletionTs {
        /// The old moment.
        old: Option<EpochSeconds>,
        /// The new moment.
        new: Option<EpochSeconds>,
    },
    /// The load that it is.
    Weight {
        /// The old one.
        old: Option<f64>,
        /// The new one.
        new: Option<f64>,
    },
    /// The priority.
    Priority {
        /// The old one.
        old: Option<i32>,
        /// The new one.
        new: Option<i32>,
    },
}

fn state_name<S: Serializer>(state: &Option<TaskState>, serializer: S) -> Result<S::Ok, S::Error> {
    state.map(|state| state.to_string()).serialize(serializer)
}

/// A task that changes.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum TaskInfo<'a> {
    /// One that is being made.
    New(&'a NewTaskInfo),
    /// One that there is.
    Known(&'a TaskRecord),
}

impl TaskInfo<'_> {
    /// Its method.
    pub fn method(&self) -> &str {
        match self {
            TaskInfo::New(new) => &new.method,
            TaskInfo::Known(known) => &known.task.method,
        }
    }

    /// Its id; none of one that is about to be made.
    pub fn id(&self) -> Option<TaskId> {
        match self {
            TaskInfo::New(new) => new.id,
            TaskInfo::Known(known) => Some(known.task.id),
        }
    }
}

/// A task that is being made.
#[derive(Debug, Clone, Serialize)]
pub struct NewTaskInfo {
    /// Its id, once it is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<TaskId>,
    /// What is to be done.
    pub method: String,
    /// Its arguments as an XML-RPC call.
    pub request: String,
    /// Its state: free, even if it is assigned to a host at once.
    pub state: TaskState,
    /// Who it is done for.
    pub owner: UserId,
    /// The task it is a part of.
    pub parent: Option<TaskId>,
    /// What it is called among its siblings.
    pub label: Option<String>,
    /// Its channel.
    pub channel_id: koji_core::ids::ChannelId,
    /// On what arch.
    pub arch: String,
    /// Its priority.
    pub priority: i32,
    /// The host that it is assigned to at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assign: Option<HostId>,
}

/// A task that there is, with its arguments.
#[derive(Debug, Clone, Serialize)]
pub struct TaskRecord {
    /// The task, with `request`.
    #[serde(flatten)]
    pub task: Task,
    /// Its result, once it is closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<Value>,
}

/// A change of a build: one attribute.
#[derive(Debug, Clone, Serialize)]
pub struct BuildStateChange<'a> {
    /// Which attribute, what it was and what it is to be.
    #[serde(flatten)]
    pub change: BuildChange,
    /// The build: before, as it was, or as it will be if it is made, begins anew or moves; after, as it is.
    pub info: BuildInfo<'a>,
}

/// An attribute of a build with its old and new value.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "attribute", rename_all = "snake_case")]
pub enum BuildChange {
    /// The state, by number. A new build had none.
    State {
        /// The old one.
        old: Option<BuildState>,
        /// The new one.
        new: BuildState,
    },
    /// The volume.
    VolumeId {
        /// The old one.
        old: VolumeId,
        /// The new one.
        new: VolumeId,
    },
    /// The owner.
    OwnerId {
        /// The old one.
        old: UserId,
        /// The new one.
        new: UserId,
    },
    /// When it ended.
    CompletionTs {
        /// The old moment.
        old: Option<EpochSeconds>,
        /// The new moment.
        new: Option<EpochSeconds>,
    },
}

/// A build that changes.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum BuildInfo<'a> {
    /// One that is being made, or begins anew.
    New(&'a NewBuildInfo),
    /// One that there is.
    Known(&'a Build),
}

impl BuildInfo<'_> {
    /// Its id; none of one that is about to be made, or to begin anew.
    pub fn id(&self) -> Option<BuildId> {
        match self {
            BuildInfo::New(_) => None,
            BuildInfo::Known(build) => Some(build.id),
        }
    }
}

/// A build that is being made, or begins anew.
#[derive(Debug, Clone, Serialize)]
pub struct NewBuildInfo {
    /// The package's name.
    pub name: String,
    /// The package.
    pub pkg_id: PackageId,
    /// The version.
    pub version: String,
    /// The release; of a draft the one that it is to have in the end.
    pub release: String,
    /// The epoch.
    pub epoch: Option<i32>,
    /// Whether it is a draft.
    pub draft: bool,
    /// Its state.
    pub state: BuildState,
    /// Its owner.
    pub owner: UserId,
    /// The task that makes it.
    pub task_id: Option<TaskId>,
    /// Where it comes from.
    pub source: Option<String>,
    /// The volume.
    pub volume_id: VolumeId,
}

/// Something that is filed.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Import<'a> {
    /// What a build task made.
    Build {
        /// The source package, below the directory for uploads.
        srpm: &'a str,
        /// The RPMs.
        rpms: &'a [String],
        /// In which buildroot each was built.
        brmap: Struct,
        /// The task.
        task_id: Option<TaskId>,
        /// The build.
        build_id: BuildId,
        /// The build, once it is complete.
        build: Option<&'a Build>,
        /// The logs by directory.
        logs: Struct,
    },
    /// An RPM.
    Rpm {
        /// What it is: the columns that it is to have.
        rpm: &'a Struct,
        /// Its build.
        build: &'a Build,
        /// The file.
        filepath: &'a str,
        /// What a content generator says of it.
        fileinfo: Option<&'a Struct>,
    },
    /// An archive.
    Archive {
        /// What it is: the columns that it is to have, or has.
        archive: &'a Struct,
        /// Its build.
        build: &'a Build,
        /// Its type of build.
        build_type: &'a str,
        /// The file; none if only what is known of it is imported.
        filepath: Option<&'a str>,
        /// What a content generator says of it; empty if there is none.
        fileinfo: &'a Struct,
    },
    /// The images that one task of an image build made. Each file of them is an archive besides.
    Image {
        /// What the builder says of them.
        image: &'a Struct,
        /// Their build, once they are filed.
        #[serde(skip_serializing_if = "Option::is_none")]
        build: Option<&'a Build>,
        /// The last of the uploaded files, once they are filed.
        #[serde(skip_serializing_if = "Option::is_none")]
        fullpath: Option<&'a str>,
    },
    /// A content generator's build.
    Cg {
        /// What it says of it.
        metadata: &'a Struct,
        /// Where its files are.
        directory: &'a str,
        /// The build, once it is filed.
        #[serde(skip_serializing_if = "Option::is_none")]
        build: Option<&'a Build>,
    },
}

/// A signature of an RPM.
#[derive(Debug, Clone, Serialize)]
pub struct RpmSign<'a> {
    /// The key's id, empty for none.
    pub sigkey: &'a str,
    /// The hash of the signature header.
    pub sighash: &'a str,
    /// The RPM's build.
    pub build: &'a Build,
    /// The RPM.
    pub rpm: &'a Rpm,
}

/// A build that comes into a tag.
#[derive(Debug, Clone, Serialize)]
pub struct Tagging<'a> {
    /// The tag.
    pub tag: &'a Tag,
    /// The build.
    pub build: &'a Build,
    /// Who tags it.
    pub user: &'a User,
    /// Whether it is forced.
    pub force: bool,
}

/// A build that leaves a tag.
#[derive(Debug, Clone, Serialize)]
pub struct Untagging<'a> {
    /// The tag.
    pub tag: &'a Tag,
    /// The build.
    pub build: &'a Build,
    /// Who takes it out.
    pub user: &'a User,
    /// Whether it is forced.
    pub force: bool,
    /// Whether it must be there.
    pub strict: bool,
}

/// A repo that begins.
#[derive(Debug, Clone, Serialize)]
pub struct RepoInit<'a> {
    /// The tag.
    pub tag: &'a Tag,
    /// The event that was asked for.
    pub event: Option<EventId>,
    /// The repo, once it is made.
    pub repo_id: Option<RepoId>,
    /// What kind of repo.
    #[serde(flatten)]
    pub kind: RepoKind<'a>,
}

/// What kind of repo begins.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum RepoKind<'a> {
    /// A build repo.
    Build {
        /// The task that makes it.
        task_id: Option<TaskId>,
        /// Its options.
        opts: &'a Struct,
    },
    /// A repo for distribution.
    Dist {
        /// Always true.
        dist: bool,
        /// The keys whose signatures it has.
        keys: &'a [String],
        /// Its arches.
        arches: &'a [String],
        /// The task's options.
        task_opts: &'a Struct,
        /// Never.
        with_src: bool,
        /// Never.
        with_debuginfo: bool,
        /// Never.
        with_separate_src: bool,
        /// Where it is, once it is made.
        #[serde(skip_serializing_if = "Option::is_none")]
        repodir: Option<&'a str>,
    },
}

/// A repo that is complete.
#[derive(Debug, Clone, Serialize)]
pub struct RepoDone<'a> {
    /// The repo as it was.
    pub repo: &'a Repo,
    /// The uploads of each arch: the directory and the files.
    pub data: &'a std::collections::BTreeMap<String, (String, Vec<String>)>,
    /// Whether it expires at once.
    pub expire: bool,
}

/// A draft that becomes a build like others.
#[derive(Debug, Clone, Serialize)]
pub struct BuildPromote<'a> {
    /// The release that it had.
    pub draft_release: &'a str,
    /// The release that it gets.
    pub target_release: &'a str,
    /// The build: before, as it was; after, as it is.
    pub build: &'a Build,
    /// Who promotes it.
    pub user: &'a User,
}
