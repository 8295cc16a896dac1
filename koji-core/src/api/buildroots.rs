//! Buildroots and what is in them.

use super::method::methods;
use super::query::Rows;
use super::{HostRef, OneOrMany, QueryOpts, TagRef};
use crate::ids::{ArchiveId, BuildrootId, RepoId, RpmId, TaskId};
use crate::model::{Buildroot, BuildrootRpm};

methods! {
    /// Looks up a buildroot.
    [Anyone, Read] "getBuildroot" => GetBuildroot(buildroot_id "buildrootID": BuildrootId, strict: bool = false) -> Option<Buildroot>;
    /// Lists buildroots that match all that is given.
    [Anyone, Read] "listBuildroots" => ListBuildroots(host_id "hostID": Option<HostRef> = None, tag_id "tagID": Option<TagRef> = None, state: Option<OneOrMany<i32>> = None, rpm_id "rpmID": Option<RpmId> = None, archive_id "archiveID": Option<ArchiveId> = None, task_id "taskID": Option<TaskId> = None, buildroot_id "buildrootID": Option<OneOrMany<BuildrootId>> = None, repo_id "repoID": Option<RepoId> = None, query_opts "queryOpts": Option<QueryOpts> = None) -> Rows<Buildroot>;
    /// The RPMs in a buildroot.
    [Anyone, Read] "getBuildrootListing" => GetBuildrootListing(id: Option<BuildrootId>) -> Vec<BuildrootRpm>;
}
