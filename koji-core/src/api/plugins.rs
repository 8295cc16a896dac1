//! Methods of the plugins that come with Koji, which a hub has if it is configured to.

use super::method::methods;
use super::query::Rows;
use super::{KwArgs, QueryOpts, TagRef, UserRef};
use crate::ids::{BuildrootId, TaskId};
use crate::model::{NewSideTag, SideTag};
use crate::xmlrpc::{Struct, Value};

methods! {
    /// Asks for a command to be run as root in a buildroot: the task that does it. `command` is a text for the shell or a list of words; what else is given by name goes to the task.
    [Permission("runroot"), Write] "runroot" => RunRoot(tag_info "tagInfo": TagRef, arch: String, command: Value, channel: Option<String> = None, opts: KwArgs = KwArgs::default()) -> TaskId;
    /// Asks for the buildroot of a failed task to be kept as an archive, all of it or what is configured: the task that does it.
    [Anyone, Write] "saveFailedTree" => SaveFailedTree(buildroot_id "buildrootID": BuildrootId, full: bool = false, opts: KwArgs = KwArgs::default()) -> TaskId;
    /// Makes a tag of one's own beside another, from which it inherits, and a target of the same name.
    [LoggedIn, Write] "createSideTag" => CreateSideTag(basetag: TagRef, debuginfo: bool = false, suffix: Option<String> = None) -> NewSideTag;
    /// Deletes a side tag of one's own, and its target.
    [LoggedIn, Write] "removeSideTag" => RemoveSideTag(sidetag: TagRef) -> ();
    /// Changes a side tag of one's own, as far as the tag beside which it is allows it.
    [LoggedIn, Write] "editSideTag" => EditSideTag(sidetag: TagRef, debuginfo: Option<bool> = None, rpm_macros: Option<Struct> = None, remove_rpm_macros: Option<Vec<String>> = None, extra: Option<Struct> = None, remove_extra: Option<Vec<String>> = None) -> ();
    /// Lists side tags: all, those beside a tag, or those of a user.
    [Anyone, Read] "listSideTags" => ListSideTags(basetag: Option<TagRef> = None, user: Option<UserRef> = None, query_opts "queryOpts": Option<QueryOpts> = None) -> Rows<SideTag>;
}
