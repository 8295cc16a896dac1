//! Tags and their inheritance.

use super::method::methods;
use super::query::Rows;
use super::{BuildRef, EventRef, KwArgs, NewName, OneOrMany, PackageRef, PermissionRef, QueryOpts, TagRef};
use crate::ids::{EventId, TagId, UserId};
use crate::model::{InheritanceLink, InheritanceStep, Tag, TagListItem};
use crate::xmlrpc::{Struct, Value};

methods! {
    /// Makes a tag, with a parent of priority 0 if one is given.
    [Permission("tag"), Write] "createTag" => CreateTag(name: NewName, parent: Option<TagRef> = None, arches: Option<String> = None, perm: Option<PermissionRef> = None, locked: bool = false, maven_support: bool = false, maven_include_all: bool = false, extra: Option<Struct> = None) -> TagId;
    /// Changes a tag: `name`, `arches`, `locked`, `perm` or `perm_id`, `maven_support`, `maven_include_all`, `extra`, `remove_extra`, `block_extra`.
    [Permission("tag"), Write] "editTag2" => EditTag2(tag_info "tagInfo": TagRef, changes "kwargs": KwArgs = KwArgs::default()) -> ();
    /// Changes a tag: the older form of `editTag2`.
    [Permission("tag"), Write] "editTag" => EditTag(tag_info "tagInfo": TagRef, name: NewName, arches: Option<String>, locked: bool, permission "permissionID": Option<PermissionRef>, extra: Option<Struct> = None) -> ();
    /// Deletes a tag: everything that refers to it is revoked.
    [Permission("tag"), Write] "deleteTag" => DeleteTag(tag_info "tagInfo": TagRef) -> ();
    /// Copies a tag into a new one: its settings, packages, builds and groups as they are or were; not what it inherits from.
    [Permission("tag"), Write] "snapshotTag" => SnapshotTag(src: TagRef, dst: TagRef, config: bool = true, pkgs: bool = true, builds: bool = true, groups: bool = true, latest_only: bool = true, inherit_builds: bool = true, event: Option<EventId> = None, force: bool = false) -> ();
    /// Brings a tag up to date with another; with `remove`, what the other does not have goes.
    [Permission("tag"), Write] "snapshotTagModify" => SnapshotTagModify(src: TagRef, dst: TagRef, config: bool = true, pkgs: bool = true, builds: bool = true, groups: bool = true, latest_only: bool = true, inherit_builds: bool = true, event: Option<EventId> = None, force: bool = false, remove: bool = false) -> ();
    /// Looks up a tag, as it is or was.
    [Anyone, Read] "getTag" => GetTag(tag_info "tagInfo": TagRef, strict: bool = false, event: Option<EventRef> = None, blocked: bool = false) -> Option<Tag>;
    /// A tag's id.
    [Anyone, Read] "getTagID" => GetTagId(info: TagRef, strict: bool = false, create: bool = false) -> Option<TagId>;
    /// Lists tags: all, those of a build, or those that list a package.
    [Anyone, Read] "listTags" => ListTags(build: Option<BuildRef> = None, package: Option<PackageRef> = None, perms: bool = true, query_opts "queryOpts": Option<QueryOpts> = None, pattern: Option<String> = None) -> Rows<TagListItem>;
    /// A tag's links to its parents.
    [Anyone, Read] "getInheritanceData" => GetInheritanceData(tag: TagRef, event: Option<EventId> = None) -> Vec<InheritanceLink>;
    /// Changes a tag's links to its parents; with `clear`, those not named go.
    [Permission("tag"), Write] "setInheritanceData" => SetInheritanceData(tag: TagRef, data: OneOrMany<Struct>, clear: bool = false) -> ();
    /// A tag's whole line of inheritance, in the order in which it counts.
    [Anyone, Read] "getFullInheritance" => GetFullInheritance(tag: TagRef, event: Option<EventId> = None, reverse: bool = false, more "kwargs": KwArgs = KwArgs::default()) -> Vec<InheritanceStep>;
    /// A tag with inherited arches and options, as builds use it.
    [Anyone, Read] "getBuildConfig" => GetBuildConfig(tag: TagRef, event: Option<EventId> = None) -> Tag;
    /// Whether a user may change a tag's content: `[allowed, override, reason]`.
    [Anyone, Read] "checkTagAccess" => CheckTagAccess(tag_id: TagRef, user_id: Option<UserId> = None) -> (bool, bool, Value);
    /// Whether any of the tags changed after an event.
    [Anyone, Read] "tagChangedSinceEvent" => TagChangedSinceEvent(event: EventId, taglist: Vec<TagId>) -> bool;
    /// The last event at which a tag, or one that it inherits from, changed.
    [Anyone, Read] "tagLastChangeEvent" => TagLastChangeEvent(tag: TagRef, before: Option<EventId> = None, inherit: bool = true) -> Option<EventId>;
    /// The first event at which a tag, or one that it inherits from, changed.
    [Anyone, Read] "tagFirstChangeEvent" => TagFirstChangeEvent(tag: TagRef, after: Option<EventId> = None, inherit: bool = true) -> Option<EventId>;
}
