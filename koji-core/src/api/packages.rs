//! Packages, and which of them a tag lists.

use super::method::methods;
use super::query::Rows;
use super::{MaybeRef, PackageRef, QueryOpts, TagRef, UserRef};
use crate::ids::{EventId, PackageId};
use crate::model::{Package, PackageListItem, TagPackage};
use crate::xmlrpc::Value;

methods! {
    /// Looks up a package.
    [Anyone, Read] "getPackage" => GetPackage(info: PackageRef, strict: bool = false, create: bool = false) -> Option<Package>;
    /// A package's id.
    [Anyone, Read] "getPackageID" => GetPackageId(name: MaybeRef<PackageId>, strict: bool = false) -> Option<PackageId>;
    /// Lists packages: with any filter as they stand in tags, else their names alone.
    [Anyone, Read] "listPackages" => ListPackages(tag_id "tagID": Option<TagRef> = None, user_id "userID": Option<UserRef> = None, pkg_id "pkgID": Option<PackageRef> = None, prefix: Option<String> = None, inherited: bool = false, with_dups: bool = false, event: Option<EventId> = None, query_opts "queryOpts": Option<QueryOpts> = None, with_owners: bool = true, with_blocked: bool = true) -> Value;
    /// Lists packages' names.
    [Anyone, Read] "listPackagesSimple" => ListPackagesSimple(prefix: Option<String> = None, query_opts "queryOpts": Option<QueryOpts> = None) -> Rows<PackageListItem>;
    /// Whether a tag lists a package and does not block it.
    [Anyone, Read] "checkTagPackage" => CheckTagPackage(tag: TagRef, pkg: PackageRef) -> bool;
    /// How a package stands in a tag.
    [Anyone, Read] "getPackageConfig" => GetPackageConfig(tag: TagRef, pkg: PackageRef, event: Option<EventId> = None) -> Option<TagPackage>;
    /// Lists a package in a tag, or changes how it stands there.
    [LoggedIn, Write] "packageListAdd" => PackageListAdd(tag_info "taginfo": TagRef, pkg_info "pkginfo": PackageRef, owner: Option<UserRef> = None, block: Option<bool> = None, extra_arches: Option<String> = None, force: bool = false, update: bool = false) -> ();
    /// Takes a package from a tag's list.
    [LoggedIn, Write] "packageListRemove" => PackageListRemove(tag_info "taginfo": TagRef, pkg_info "pkginfo": PackageRef, force: bool = false) -> ();
    /// Blocks a package in a tag.
    [LoggedIn, Write] "packageListBlock" => PackageListBlock(tag_info "taginfo": TagRef, pkg_info "pkginfo": PackageRef, force: bool = false) -> ();
    /// Unblocks a package in a tag.
    [LoggedIn, Write] "packageListUnblock" => PackageListUnblock(tag_info "taginfo": TagRef, pkg_info "pkginfo": PackageRef, force: bool = false) -> ();
    /// Gives a package in a tag to another owner.
    [LoggedIn, Write] "packageListSetOwner" => PackageListSetOwner(tag_info "taginfo": TagRef, pkg_info "pkginfo": PackageRef, owner: UserRef, force: bool = false) -> ();
    /// Sets the arches that a package is built for beside the tag's.
    [LoggedIn, Write] "packageListSetArches" => PackageListSetArches(tag_info "taginfo": TagRef, pkg_info "pkginfo": PackageRef, arches: Option<String>, force: bool = false) -> ();
}
