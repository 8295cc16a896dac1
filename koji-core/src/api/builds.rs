//! Builds.

use super::method::methods;
use super::query::Rows;
use super::{BuildRef, CgRef, OneOrMany, PackageRef, QueryOpts, UserRef, VolumeRef};
use crate::ids::{BuildId, TaskId, VolumeId};
use crate::model::{BType, Build, BuildListItem, BuildLog, BuildReferences, ChangelogEntry};
use crate::time::Timestamp;
use crate::xmlrpc::{Struct, Value};

methods! {
    /// Looks up a build.
    [Anyone, Read] "getBuild" => GetBuild(build_info "buildInfo": BuildRef, strict: bool = false) -> Option<Build>;
    /// A build's id; an integer is taken as it is.
    [Anyone, Read] "findBuildID" => FindBuildId(build "X": BuildRef, strict: bool = false) -> Option<BuildId>;
    /// Lists builds that match all that is given.
    [Anyone, Read] "listBuilds" => ListBuilds(package_id "packageID": Option<PackageRef> = None, user_id "userID": Option<UserRef> = None, task_id "taskID": Option<TaskId> = None, prefix: Option<String> = None, state: Option<OneOrMany<i32>> = None, volume_id "volumeID": Option<VolumeId> = None, source: Option<String> = None, created_before "createdBefore": Option<Timestamp> = None, created_after "createdAfter": Option<Timestamp> = None, complete_before "completeBefore": Option<Timestamp> = None, complete_after "completeAfter": Option<Timestamp> = None, kind "type": Option<String> = None, type_info "typeInfo": Option<Struct> = None, query_opts "queryOpts": Option<QueryOpts> = None, pattern: Option<String> = None, cg_id "cgID": Option<CgRef> = None, draft: Option<bool> = None, promoted_before "promotedBefore": Option<Timestamp> = None, promoted_after "promotedAfter": Option<Timestamp> = None, promoter: Option<UserRef> = None) -> Rows<BuildListItem>;
    /// The types of a build, each with what is known of it as such.
    [Anyone, Read] "getBuildType" => GetBuildType(build_info "buildInfo": BuildRef, strict: bool = false) -> Option<Struct>;
    /// What is known of a build as a Maven build.
    [Anyone, Read] "getMavenBuild" => GetMavenBuild(build_info "buildInfo": BuildRef, strict: bool = false) -> Option<Struct>;
    /// What is known of a build as a Windows build.
    [Anyone, Read] "getWinBuild" => GetWinBuild(build_info "buildInfo": BuildRef, strict: bool = false) -> Option<Struct>;
    /// What is known of a build as an image build.
    [Anyone, Read] "getImageBuild" => GetImageBuild(build_info "buildInfo": BuildRef, strict: bool = false) -> Option<Struct>;
    /// Lists build types.
    [Anyone, Read] "listBTypes" => ListBTypes(query: Option<Struct> = None, query_opts "queryOpts": Option<QueryOpts> = None) -> Rows<BType>;
    /// The release that the next build of a name and version should have.
    [Anyone, Read] "getNextRelease" => GetNextRelease(build_info: Struct, incr: i32 = 1) -> String;
    /// A build's logs.
    [Anyone, Read] "getBuildLogs" => GetBuildLogs(build: BuildRef) -> Vec<BuildLog>;
    /// How long a package's builds take, in seconds; of those of the last `age` months, if given.
    [Anyone, Read] "getAverageBuildDuration" => GetAverageBuildDuration(package: PackageRef, age: Option<i32> = None) -> Option<f64>;
    /// The changelog of a build's source package, or of a task's RPM.
    [Anyone, Read] "getChangelogEntries" => GetChangelogEntries(build_id "buildID": Option<BuildRef> = None, task_id "taskID": Option<TaskId> = None, filepath: Option<String> = None, author: Option<String> = None, before: Option<Timestamp> = None, after: Option<Timestamp> = None, query_opts "queryOpts": Option<QueryOpts> = None, strict: bool = false) -> Rows<ChangelogEntry>;
    /// Cancels a build that is in the making, and its task.
    [LoggedIn, Write] "cancelBuild" => CancelBuild(build_id "buildID": BuildRef, strict: bool = false) -> bool;
    /// Makes a complete build without anything in it.
    [Permission("admin"), Write] "createEmptyBuild" => CreateEmptyBuild(name: String, version: String, release: String, epoch: Option<i32>, owner: Option<UserRef> = None, draft: bool = false) -> BuildId;
    /// Gives a build another owner.
    [Permission("admin"), Write] "setBuildOwner" => SetBuildOwner(build: BuildRef, user: UserRef) -> ();
    /// Sets when a build was complete, in seconds since 1970 or as a date.
    [Permission("admin"), Write] "setBuildTimestamp" => SetBuildTimestamp(build: BuildRef, ts: Value) -> ();
    /// What refers to a build, up to `limit` of each kind; if `lazy`, no further than the first kind that is found.
    [Anyone, Read] "buildReferences" => GetBuildReferences(build: BuildRef, limit: Option<i64> = None, lazy: bool = false) -> BuildReferences;
    /// Deletes a build that nothing refers to, and whose last use in a buildroot is `min_ref_age` seconds ago: true. Nil
    /// for one that is deleted already; false, unless strict, for one that has to stay.
    [Permission("admin"), Write] "deleteBuild" => DeleteBuild(build: BuildRef, strict: bool = true, min_ref_age: i64 = 604_800) -> Option<bool>;
    /// Forgets all that belongs to a build, so that it can be imported anew.
    [Permission("admin"), Write] "resetBuild" => ResetBuild(build: BuildRef) -> ();
    /// Moves a build to another volume.
    [Permission("admin"), Write] "changeBuildVolume" => ChangeBuildVolume(build: BuildRef, volume: VolumeRef, strict: bool = true) -> ();
    /// Moves a build to the volume that the policy says; if strict, a policy that says none is a fault.
    [Permission("admin"), Write] "applyVolumePolicy" => ApplyVolumePolicy(build: BuildRef, strict: bool = false) -> ();
    /// Makes a draft a build like others, with the release that it was to have.
    [LoggedIn, Write] "promoteBuild" => PromoteBuild(build: BuildRef, force: bool = false) -> Build;
    /// Imports what a scratch build made for further arches into the build of the same source package.
    [Permission("admin"), Write] "mergeScratch" => MergeScratch(task_id: TaskId) -> BuildId;
    /// Adds a build type.
    [Permission("admin"), Write] "addBType" => AddBType(name: String) -> ();
}
