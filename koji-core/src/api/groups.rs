//! Comps groups of tags.

use super::method::methods;
use super::{KwArgs, Ref, TagRef};
use crate::ids::{EventId, GroupId};
use crate::model::TagGroup;

/// A comps group by id or name.
pub type GroupRef = Ref<GroupId>;

methods! {
    /// A tag's groups with what is in them.
    [Anyone, Read] "getTagGroups" => GetTagGroups(tag: TagRef, event: Option<EventId> = None, inherit: bool = true, incl_pkgs: bool = true, incl_reqs: bool = true, incl_blocked: bool = false) -> Vec<TagGroup>;
    /// Adds a group to a tag, or changes it there: `exported`, `display_name`, `is_default`, `uservisible`, `description`, `langonly`, `biarchonly`.
    [Permission("tag"), Write] "groupListAdd" => GroupListAdd(tag_info "taginfo": TagRef, group "grpinfo": GroupRef, block: bool = false, force: bool = false, opts: KwArgs = KwArgs::default()) -> ();
    /// Takes a group from a tag.
    [Permission("tag"), Write] "groupListRemove" => GroupListRemove(tag_info "taginfo": TagRef, group "grpinfo": GroupRef, force: bool = false) -> ();
    /// Blocks a group in a tag.
    [Permission("tag"), Write] "groupListBlock" => GroupListBlock(tag_info "taginfo": TagRef, group "grpinfo": GroupRef) -> ();
    /// Takes the block of a group from a tag.
    [Permission("tag"), Write] "groupListUnblock" => GroupListUnblock(tag_info "taginfo": TagRef, group "grpinfo": GroupRef) -> ();
    /// Adds a package to a group in a tag, or changes it there: `type`, `basearchonly`, `requires`.
    [Permission("tag"), Write] "groupPackageListAdd" => GroupPackageListAdd(tag_info "taginfo": TagRef, group "grpinfo": GroupRef, pkg_name: String, block: bool = false, force: bool = false, opts: KwArgs = KwArgs::default()) -> ();
    /// Takes a package from a group in a tag.
    [Permission("tag"), Write] "groupPackageListRemove" => GroupPackageListRemove(tag_info "taginfo": TagRef, group "grpinfo": GroupRef, pkg_name: String) -> ();
    /// Blocks a package in a group in a tag.
    [Permission("tag"), Write] "groupPackageListBlock" => GroupPackageListBlock(tag_info "taginfo": TagRef, group "grpinfo": GroupRef, pkg_name: String) -> ();
    /// Takes the block of a package from a group in a tag.
    [Permission("tag"), Write] "groupPackageListUnblock" => GroupPackageListUnblock(tag_info "taginfo": TagRef, group "grpinfo": GroupRef, pkg_name: String) -> ();
    /// Has a group require another in a tag, or changes how: `type`, `is_metapkg`.
    [Permission("tag"), Write] "groupReqListAdd" => GroupReqListAdd(tag_info "taginfo": TagRef, group "grpinfo": GroupRef, required "reqinfo": GroupRef, block: bool = false, force: bool = false, opts: KwArgs = KwArgs::default()) -> ();
    /// Has a group no longer require another in a tag.
    [Permission("tag"), Write] "groupReqListRemove" => GroupReqListRemove(tag_info "taginfo": TagRef, group "grpinfo": GroupRef, required "reqinfo": GroupRef, force: Option<bool> = None) -> ();
    /// Blocks that a group requires another in a tag.
    [Permission("tag"), Write] "groupReqListBlock" => GroupReqListBlock(tag_info "taginfo": TagRef, group "grpinfo": GroupRef, required "reqinfo": GroupRef) -> ();
    /// Takes the block of such a requirement from a tag.
    [Permission("tag"), Write] "groupReqListUnblock" => GroupReqListUnblock(tag_info "taginfo": TagRef, group "grpinfo": GroupRef, required "reqinfo": GroupRef) -> ();
}
