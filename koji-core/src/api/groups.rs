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
    /// Adds a group to a tag.
    [Permission("tag"), Write] "groupListAdd" => GroupListAdd(tag_info "taginfo": TagRef, group "grpinfo": GroupRef, block: bool = false, force: bool = false, opts: KwArgs = KwArgs::default()) -> ();
    /// Adds a package to a group in a tag.
    [Permission("tag"), Write] "groupPackageListAdd" => GroupPackageListAdd(tag_info "taginfo": TagRef, group "grpinfo": GroupRef, pkg_name: String, block: bool = false, force: bool = false, opts: KwArgs = KwArgs::default()) -> ();
}
