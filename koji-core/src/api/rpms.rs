//! RPMs and what stands in them.

use super::method::methods;
use super::query::Rows;
use super::{BuildRef, ExternalRepoRef, OneOrMany, QueryOpts, RpmRef};
use crate::ids::{ArchiveId, BuildId, BuildrootId, HostId, TaskId};
use crate::model::{RpmDep, RpmFile, RpmListItem, RpmSig};
use crate::xmlrpc::{Struct, Value};

methods! {
    /// Looks up an RPM; with `multi`, all that match.
    [Anyone, Read] "getRPM" => GetRpm(rpminfo: RpmRef, strict: bool = false, multi: bool = false) -> Value;
    /// Lists RPMs that match all that is given.
    [Anyone, Read] "listRPMs" => ListRpms(build_id "buildID": Option<BuildId> = None, buildroot_id "buildrootID": Option<BuildrootId> = None, image_id "imageID": Option<ArchiveId> = None, component_buildroot_id "componentBuildrootID": Option<BuildrootId> = None, host_id "hostID": Option<HostId> = None, arches: Option<OneOrMany<String>> = None, query_opts "queryOpts": Option<QueryOpts> = None, draft: Option<bool> = None) -> Rows<RpmListItem>;
    /// The RPMs of a build.
    [Anyone, Read] "listBuildRPMs" => ListBuildRpms(build: BuildRef) -> Vec<RpmListItem>;
    /// An RPM's dependencies, from its file.
    [Anyone, Read] "getRPMDeps" => GetRpmDeps(rpm_id "rpmID": RpmRef, dep_type "depType": Value = Value::Nil, query_opts "queryOpts": Option<QueryOpts> = None, strict: bool = false) -> Rows<RpmDep>;
    /// An RPM's files, from its file.
    [Anyone, Read] "listRPMFiles" => ListRpmFiles(rpm_id "rpmID": RpmRef, query_opts "queryOpts": Option<QueryOpts> = None) -> Rows<RpmFile>;
    /// One of an RPM's files, from its file; empty if there is none.
    [Anyone, Read] "getRPMFile" => GetRpmFile(rpm_id "rpmID": RpmRef, filename: String, strict: bool = false) -> Struct;
    /// Header fields of an RPM, or of one in a task's output.
    [Anyone, Read] "getRPMHeaders" => GetRpmHeaders(rpm_id "rpmID": Option<RpmRef> = None, task_id "taskID": Option<TaskId> = None, filepath: Option<String> = None, headers: Option<Vec<String>> = None, strict: bool = false) -> Struct;
    /// The signatures of RPMs.
    [Anyone, Read] "queryRPMSigs" => QueryRpmSigs(rpm_id: Option<RpmRef> = None, sigkey: Option<String> = None, query_opts "queryOpts": Option<QueryOpts> = None) -> Rows<RpmSig>;
    /// Imports an uploaded RPM into the build that it names.
    [Permission("admin"), Write] "importRPM" => ImportRpm(path: String, basename: String) -> Value;
    /// Checksums of an RPM's file, for each signature.
    [Anyone, Read] "getRPMChecksums" => GetRpmChecksums(rpm_id: Value, checksum_types: Option<Vec<String>> = None, cacheonly: bool = false) -> Struct;
    /// Registers an RPM of an external repo: `name`, `version`, `release`, `epoch`, `arch`, `payloadhash`, `size` and
    /// `buildtime`.
    [Permission("admin"), Write] "addExternalRPM" => AddExternalRpm(rpminfo: Struct, external_repo: ExternalRepoRef, strict: bool = true) -> ();
    /// Keeps a signature header of an RPM, given in base64; without a key id, under that of the key that signed it.
    [Permission("sign"), Write] "addRPMSig" => AddRpmSig(an_rpm: RpmRef, data: String, sigkey: Option<String> = None) -> ();
    /// Writes the copy of an RPM that has the signature of a key.
    [Permission("sign"), Write] "writeSignedRPM" => WriteSignedRpm(an_rpm: RpmRef, sigkey: String, force: bool = false) -> ();
    /// Forgets the signature of a key, or all signatures, of an RPM, and removes the copies that have them.
    [Permission("admin"), Write] "deleteRPMSig" => DeleteRpmSig(rpminfo: RpmRef, sigkey: Option<String> = None, all_sigs: bool = false) -> ();
    /// Gives a signature of an RPM another key id.
    [Permission("admin"), Write] "renameRPMSig" => RenameRpmSig(rpminfo: RpmRef, oldkey: String, newkey: String) -> ();
    /// Writes the copy of an RPM that has the signature of a key.
    [Host, Write] "host.writeSignedRPM" => HostWriteSignedRpm(an_rpm: RpmRef, sigkey: String, force: bool = false) -> ();
}
