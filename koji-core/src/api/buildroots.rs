//! Buildroots and what is in them.

use super::method::methods;
use super::query::Rows;
use super::{AnyId, HostRef, OneOrMany, QueryOpts, TagRef};
use crate::ids::{ArchiveId, BuildrootId, RepoId, RpmId, TaskId};
use crate::model::{Buildroot, BuildrootRpm};
use crate::xmlrpc::{Struct, Value};

methods! {
    /// Looks up a buildroot.
    [Anyone, Read] "getBuildroot" => GetBuildroot(buildroot_id "buildrootID": BuildrootId, strict: bool = false) -> Option<Buildroot>;
    /// Lists buildroots that match all that is given.
    [Anyone, Read] "listBuildroots" => ListBuildroots(host_id "hostID": Option<HostRef> = None, tag_id "tagID": Option<TagRef> = None, state: Option<OneOrMany<i32>> = None, rpm_id "rpmID": Option<RpmId> = None, archive_id "archiveID": Option<ArchiveId> = None, task_id "taskID": Option<TaskId> = None, buildroot_id "buildrootID": Option<OneOrMany<BuildrootId>> = None, repo_id "repoID": Option<RepoId> = None, query_opts "queryOpts": Option<QueryOpts> = None) -> Rows<Buildroot>;
    /// The RPMs in a buildroot.
    [Anyone, Read] "getBuildrootListing" => GetBuildrootListing(id: AnyId<BuildrootId>) -> Vec<BuildrootRpm>;
    /// Registers a buildroot.
    [Host, Write] "host.newBuildRoot" => NewBuildRoot(repo: RepoId, arch: String, task_id: Option<TaskId> = None) -> BuildrootId;
    /// Sets a buildroot's state, by name or number.
    [Host, Write] "host.setBuildRootState" => SetBuildRootState(brootid: BuildrootId, state: Value, task_id: Option<TaskId> = None) -> ();
    /// Says which RPMs are in a buildroot.
    [Host, Write] "host.setBuildRootList" => SetBuildRootList(brootid: BuildrootId, rpmlist: Vec<Struct>, task_id: Option<TaskId> = None) -> ();
    /// Says which RPMs came into a buildroot since.
    [Host, Write] "host.updateBuildRootList" => UpdateBuildRootList(brootid: BuildrootId, rpmlist: Vec<Struct>, task_id: Option<TaskId> = None) -> ();
    /// Says which archives, by their `id`, are in a buildroot: to set it up, or as what the `project` depends on.
    [Host, Write] "host.updateBuildrootArchives" => UpdateBuildrootArchives(brootid: BuildrootId, task_id: TaskId, archives: Vec<Struct>, project: bool = false) -> ();
    /// Says which Maven artifacts (`maven_info`, `files`) are in a buildroot. They must be in the tag of its repo, or come
    /// from `extra_deps`, tasks and builds, unless they are among `ignore` or `ignore_unknown` is on.
    [Host, Write] "host.updateMavenBuildRootList" => UpdateMavenBuildRootList(brootid: BuildrootId, task_id: TaskId, mavenlist: Vec<Value>, ignore: Option<Vec<Value>> = None, project: bool = false, ignore_unknown: bool = false, extra_deps: Option<Vec<Value>> = None) -> ();
}
