//! Archives: what builds hold beside RPMs.

use super::QueryOpts;
use super::method::methods;
use super::query::Rows;
use crate::ids::{ArchiveId, BuildId, BuildrootId, HostId};
use crate::model::{Archive, ArchiveType};
use crate::xmlrpc::Struct;

methods! {
    /// Lists archives that match all that is given.
    [Anyone, Read] "listArchives" => ListArchives(build_id "buildID": Option<BuildId> = None, buildroot_id "buildrootID": Option<BuildrootId> = None, component_buildroot_id "componentBuildrootID": Option<BuildrootId> = None, host_id "hostID": Option<HostId> = None, kind "type": Option<String> = None, filename: Option<String> = None, size: Option<i64> = None, checksum: Option<String> = None, checksum_type: Option<i32> = None, type_info "typeInfo": Option<Struct> = None, query_opts "queryOpts": Option<QueryOpts> = None, image_id "imageID": Option<ArchiveId> = None, archive_id "archiveID": Option<ArchiveId> = None, strict: bool = false) -> Rows<Archive>;
    /// All types of archives.
    [Anyone, Read] "getArchiveTypes" => GetArchiveTypes() -> Vec<ArchiveType>;
}
