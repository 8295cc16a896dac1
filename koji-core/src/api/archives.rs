//! Archives: what builds hold beside RPMs.

use super::method::methods;
use super::query::Rows;
use super::{BuildRef, QueryOpts};
use crate::ids::{ArchiveId, BuildrootId, HostId};
use crate::xmlrpc::Struct;

methods! {
    /// Lists archives that match all that is given.
    [Anyone, Read] "listArchives" => ListArchives(build_id "buildID": Option<BuildRef> = None, buildroot_id "buildrootID": Option<BuildrootId> = None, component_buildroot_id "componentBuildrootID": Option<BuildrootId> = None, host_id "hostID": Option<HostId> = None, kind "type": Option<String> = None, filename: Option<String> = None, size: Option<i64> = None, checksum: Option<String> = None, checksum_type: Option<i32> = None, type_info "typeInfo": Option<Struct> = None, query_opts "queryOpts": Option<QueryOpts> = None, image_id "imageID": Option<ArchiveId> = None, archive_id "archiveID": Option<ArchiveId> = None, strict: bool = false) -> Rows<Struct>;
    /// All types of archives.
    [Anyone, Read] "getArchiveTypes" => GetArchiveTypes() -> Vec<Struct>;
}
