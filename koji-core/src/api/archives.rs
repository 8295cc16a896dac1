//! Archives: what builds hold beside RPMs.

use super::method::methods;
use super::query::Rows;
use super::{AnyId, NewName, QueryOpts, TagRef};
use crate::ids::{ArchiveId, BuildId, BuildrootId, EventId, HostId};
use crate::model::{
    Archive, ArchiveFile, ArchiveType, ImageArchive, LatestMavenArchive, MavenArchive, TaggedArchives, WinArchive,
};
use crate::xmlrpc::{Struct, Value};

methods! {
    /// Lists archives that match all that is given.
    [Anyone, Read] "listArchives" => ListArchives(build_id "buildID": Option<BuildId> = None, buildroot_id "buildrootID": Option<BuildrootId> = None, component_buildroot_id "componentBuildrootID": Option<BuildrootId> = None, host_id "hostID": Option<HostId> = None, kind "type": Option<String> = None, filename: Option<String> = None, size: Option<i64> = None, checksum: Option<String> = None, checksum_type: Option<i32> = None, type_info "typeInfo": Option<Struct> = None, query_opts "queryOpts": Option<QueryOpts> = None, image_id "imageID": Option<ArchiveId> = None, archive_id "archiveID": Option<ArchiveId> = None, strict: bool = false) -> Rows<Archive>;
    /// All types of archives.
    [Anyone, Read] "getArchiveTypes" => GetArchiveTypes() -> Vec<ArchiveType>;
    /// The type of archives with that id, of that name, or that the file is of by its name.
    [Anyone, Read] "getArchiveType" => GetArchiveType(filename: Option<String> = None, type_name: Option<String> = None, type_id: Option<i32> = None, strict: bool = false) -> Option<ArchiveType>;
    /// Adds a type of archives, with the extensions of its files. They are packed as `zip`, as `tar`, or in no known way.
    [Permission("admin"), Write] "addArchiveType" => AddArchiveType(name: NewName, description: String, extensions: String, compression_type: Option<String> = None) -> ();
    /// Looks up an archive, with what is known of it as one of its type. Nil is the first there is.
    [Anyone, Read] "getArchive" => GetArchive(archive_id: AnyId<ArchiveId>, strict: bool = false) -> Option<Archive>;
    /// What is known of an archive as one of Maven.
    [Anyone, Read] "getMavenArchive" => GetMavenArchive(archive_id: AnyId<ArchiveId>, strict: bool = false) -> Option<MavenArchive>;
    /// What is known of an archive as one of Windows.
    [Anyone, Read] "getWinArchive" => GetWinArchive(archive_id: AnyId<ArchiveId>, strict: bool = false) -> Option<WinArchive>;
    /// What is known of an archive as an image.
    [Anyone, Read] "getImageArchive" => GetImageArchive(archive_id: AnyId<ArchiveId>, strict: bool = false) -> Option<ImageArchive>;
    /// The files in a zip or tar archive; `strict` refuses others, which count as empty.
    [Anyone, Read] "listArchiveFiles" => ListArchiveFiles(archive_id: AnyId<ArchiveId>, query_opts "queryOpts": Option<QueryOpts> = None, strict: bool = false) -> Rows<ArchiveFile>;
    /// A file in a zip or tar archive.
    [Anyone, Read] "getArchiveFile" => GetArchiveFile(archive_id: AnyId<ArchiveId>, filename: String, strict: bool = false) -> Option<ArchiveFile>;
    /// The archives of the builds in a tag, and the builds.
    [Anyone, Read] "listTaggedArchives" => ListTaggedArchives(tag: TagRef, event: Option<EventId> = None, inherit: bool = false, latest: Value = Value::Bool(false), package: Option<String> = None, kind "type": Option<String> = None, strict: bool = true, extra: bool = true) -> TaggedArchives;
    /// The Maven archives of a tag: of each artifact those of the build that was tagged last.
    [Anyone, Read] "getLatestMavenArchives" => GetLatestMavenArchives(tag: TagRef, event: Option<EventId> = None, inherit: bool = true) -> Vec<LatestMavenArchive>;
    /// Imports an uploaded archive of type `maven`, `win` or `image` into a build.
    [Anyone, Write] "importArchive" => ImportArchive(filepath: String, buildinfo: Value, kind "type": String, type_info "typeInfo": Struct) -> ();
    /// Imports an archive of type `maven` or `win` into a build; the file is named with the hub's own path.
    [Host, Write] "host.importArchive" => HostImportArchive(filepath: String, buildinfo: Value, kind "type": String, type_info "typeInfo": Struct) -> ();
}
