//! Build targets.

use super::method::methods;
use super::query::Rows;
use super::{MaybeRef, NewName, QueryOpts, TagRef, TargetRef};
use crate::ids::{EventId, TargetId};
use crate::model::BuildTarget;

methods! {
    /// Makes a target.
    [Permission("target"), Write] "createBuildTarget" => CreateBuildTarget(name: NewName, build_tag: TagRef, dest_tag: TagRef) -> ();
    /// Changes a target.
    [Permission("target"), Write] "editBuildTarget" => EditBuildTarget(target "buildTargetInfo": TargetRef, name: NewName, build_tag: TagRef, dest_tag: TagRef) -> ();
    /// Deletes a target.
    [Permission("target"), Write] "deleteBuildTarget" => DeleteBuildTarget(target "buildTargetInfo": TargetRef) -> ();
    /// Lists targets.
    [Anyone, Read] "getBuildTargets" => GetBuildTargets(info: Option<TargetRef> = None, event: Option<EventId> = None, build_tag_id "buildTagID": Option<TagRef> = None, dest_tag_id "destTagID": Option<TagRef> = None, query_opts "queryOpts": Option<QueryOpts> = None) -> Rows<BuildTarget>;
    /// Looks up a target.
    [Anyone, Read] "getBuildTarget" => GetBuildTarget(info: MaybeRef<TargetId>, event: Option<EventId> = None, strict: bool = false) -> Option<BuildTarget>;
}
