//! Builds in tags.

use super::method::methods;
use super::query::Rows;
use super::{BuildRef, OneOrMany, PackageRef, QueryOpts, TagRef, UserRef};
use crate::ids::{BuildId, EventId, TaskId, UserId};
use crate::model::{TaggedBuild, TaggedRpm, TaggedRpms, UntaggedBuild};
use crate::xmlrpc::Value;

methods! {
    /// Asks for a build to be tagged: the task that does it.
    [LoggedIn, Write] "tagBuild" => TagBuild(tag: TagRef, build: BuildRef, force: bool = false, fromtag: Option<TagRef> = None) -> TaskId;
    /// Tags a build at once, whether or not its package is listed.
    [Permission("tag"), Write] "tagBuildBypass" => TagBuildBypass(tag: TagRef, build: BuildRef, force: bool = false, notify: bool = false) -> ();
    /// Takes a build out of a tag at once.
    [LoggedIn, Write] "untagBuild" => UntagBuild(tag: TagRef, build: BuildRef, strict: bool = true, force: bool = false) -> ();
    /// Takes a build out of a tag at once, whatever the tag's rules.
    [Permission("tag"), Write] "untagBuildBypass" => UntagBuildBypass(tag: TagRef, build: BuildRef, strict: bool = true, force: bool = false, notify: bool = false) -> ();
    /// Asks for a build to be moved from one tag to another: the task that does it.
    [LoggedIn, Write] "moveBuild" => MoveBuild(tag1: TagRef, tag2: TagRef, build: BuildRef, force: bool = false) -> TaskId;
    /// Asks for all builds of a package to be moved, in order: the tasks that do it.
    [LoggedIn, Write] "moveAllBuilds" => MoveAllBuilds(tag1: TagRef, tag2: TagRef, package: PackageRef, force: bool = false) -> Vec<TaskId>;
    /// The builds in a tag, latest tagged first. `latest` is a number of builds a package, or true for one.
    [Anyone, Read] "listTagged" => ListTagged(tag: TagRef, event: Option<EventId> = None, inherit: bool = false, prefix: Option<String> = None, latest: Value = Value::Bool(false), package: Option<String> = None, owner: Option<UserRef> = None, kind "type": Option<String> = None, strict: bool = true, extra: bool = false, draft: Option<bool> = None) -> Vec<TaggedBuild>;
    /// The RPMs of the builds in a tag, and the builds.
    [Anyone, Read] "listTaggedRPMS" => ListTaggedRpms(tag: TagRef, event: Option<EventId> = None, inherit: bool = false, latest: Value = Value::Bool(false), package: Option<String> = None, arch: Option<OneOrMany<String>> = None, rpmsigs: bool = false, owner: Option<UserRef> = None, kind "type": Option<String> = None, strict: bool = true, extra: bool = true, draft: Option<bool> = None) -> TaggedRpms;
    /// The latest build of each package in a tag, or of one package.
    [Anyone, Read] "getLatestBuilds" => GetLatestBuilds(tag: TagRef, event: Option<EventId> = None, package: Option<String> = None, kind "type": Option<String> = None, draft: Option<bool> = None) -> Vec<TaggedBuild>;
    /// The RPMs of the latest builds in a tag, and the builds.
    [Anyone, Read] "getLatestRPMS" => GetLatestRpms(tag: TagRef, package: Option<String> = None, arch: Option<OneOrMany<String>> = None, event: Option<EventId> = None, rpmsigs: bool = false, kind "type": Option<String> = None, draft: Option<bool> = None) -> (Vec<TaggedRpm>, Vec<TaggedBuild>);
    /// Complete builds that are in no tag.
    [Anyone, Read] "untaggedBuilds" => UntaggedBuilds(name: Option<String> = None, query_opts "queryOpts": Option<QueryOpts> = None, draft: Option<bool> = None) -> Rows<UntaggedBuild>;
    /// Tags builds at once and in order, whatever the tag's rules and policies.
    [Permission("tag"), Write] "massTag" => MassTag(tag: TagRef, builds: Vec<BuildRef>) -> ();
    /// Tags a build for the user of a task.
    [Host, Write] "host.tagBuild" => HostTagBuild(task_id: TaskId, tag: TagRef, build: BuildRef, force: bool = false, fromtag: Option<TagRef> = None) -> ();
    /// Asks for mail about a tag operation.
    [Host, Write] "host.tagNotification" => TagNotification(is_successful: bool, tag_id: Option<TagRef>, from_id: Option<TagRef>, build_id: BuildId, user_id: Option<UserId>, ignore_success: bool = false, failure_msg: String = String::new()) -> ();
}
