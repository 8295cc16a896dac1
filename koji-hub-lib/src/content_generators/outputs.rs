//! The files of an import.

use koji_core::ids::{ArchiveId, BuildrootId};
use koji_core::model::{Build, ChecksumType};
use koji_core::nvr::Nvra;
use koji_core::xmlrpc::{Struct, Value};
use koji_core::{paths, python};

use super::buildroots;
use super::components::{self, Found, Log};
use super::metadata::Output;
use super::reserve::json;
use crate::Result;
use crate::builds::BuildExt;
use crate::call::Call;
use crate::db::{args, list, sql};
use crate::error::fail;
use crate::given::read;
use crate::import::{self, NewArchive, TypeInfo, basename, import_log, shown, upload};

/// A file that was checked.
pub(super) struct Prepared {
    output: Output,
    /// Its path below the directory for uploads.
    file: String,
    checksum_type: ChecksumType,
    kind: Kind,
}

enum Kind {
    Rpm,
    Log,
    Archive { info: TypeInfo, components: Found },
}

impl Prepared {
    /// What it says of its buildroot.
    pub(super) fn buildroot_id(&self) -> &Value {
        &self.output.buildroot_id
    }

    /// Whether it is an RPM.
    pub(super) fn is_rpm(&self) -> bool {
        matches!(self.kind, Kind::Rpm)
    }
}

/// Checks a file: that it came as it was meant, from a buildroot that is known, and is of one of the build's types.
pub(super) async fn prepare(
    cx: &mut Call<'_>,
    log: &mut Log,
    mut output: Output,
    dir: &str,
    roots: &[buildroots::Prepared],
    types: &Struct,
) -> Result<Prepared> {
    let file = path(&output, dir)?;
    let checksum_type = verify(cx, &output, &file).await?;
    if !roots.iter().any(|root| *root.id() == output.buildroot_id) {
        fail!("Missing buildroot metadata for id {}", python::repr(&output.buildroot_id));
    }
    let kind = match output.kind.as_str() {
        "rpm" => {
            if !output.subdir.is_empty() {
                fail!("subdir field not allowed for rpm outputs");
            }
            if output.metadata_only {
                fail!("Metadata-only imports are not supported for rpms");
            }
            output.filename.parse::<Nvra>()?.check()?;
            Kind::Rpm
        }
        "log" => {
            let subdir = output.subdir.trim_matches('/');
            if !subdir.is_empty() && !paths::is_relative(subdir) {
                fail!("Invalid log directory: {}", output.subdir);
            }
            Kind::Log
        }
        _ => archive(cx, log, &mut output, types).await?,
    };
    Ok(Prepared { output, file, checksum_type, kind })
}

/// Where a file was uploaded, below the directory for uploads.
fn path(output: &Output, dir: &str) -> Result<String> {
    let relpath = output.relpath.trim_matches('/');
    let folder = if relpath.is_empty() { dir.to_owned() } else { format!("{dir}/{relpath}") };
    let file = format!("{folder}/{}", output.filename);
    if !paths::is_relative(&file) {
        fail!("Invalid path: {file}");
    }
    Ok(file)
}

fn checksum_type(output: &Output) -> Result<ChecksumType> {
    match ChecksumType::from_name(&output.checksum_type) {
        Some(kind @ (ChecksumType::Md5 | ChecksumType::Sha256)) => Ok(kind),
        _ => fail!("Unsupported verify type: {}", output.checksum_type),
    }
}

/// Reads an uploaded file, so that its checksum is known.
pub(super) async fn read_ahead(cx: &mut Call<'_>, output: &Output, dir: &str) -> Result<()> {
    let (path, kind) = (upload(&path(output, dir)?), checksum_type(output)?);
    let storage = cx.storage();
    Ok(cx.prepared().sums.read(storage, &path, kind).await?)
}

/// A fault unless the uploaded file has the size and the checksum that it should. Of what is known without the file, the
/// file need not be there.
async fn verify(cx: &mut Call<'_>, output: &Output, file: &str) -> Result<ChecksumType> {
    let (hub, kind) = (cx.hub(), checksum_type(output)?);
    let path = upload(file);
    let found = match hub.storage().metadata(&path).await? {
        None if output.metadata_only => return Ok(kind),
        None => fail!("No such file: {}", shown(hub, &path)),
        Some(found) if found.is_dir => fail!("{} is not a regular file", shown(hub, &path)),
        Some(found) => found,
    };
    let size = i64::try_from(found.size).unwrap_or(i64::MAX);
    let (name, expected) = (&output.filename, output.size);
    if size != expected {
        fail!("File size {size} for {name} (expected {expected}) doesn't match. Corrupted upload?");
    }
    let known = &mut cx.prepared().sums;
    known.read(hub.storage(), &path, kind).await?;
    match known.get(&path, &found, kind) {
        Some(sum) if sum == output.checksum => Ok(kind),
        Some(sum) => fail!("File checksum mismatch for {name}: {} != {sum}", output.checksum),
        None => fail!("{} has just been changed", shown(hub, &path)),
    }
}

/// Finds out of which of the build's types an archive is, and what is in it.
async fn archive(cx: &mut Call<'_>, log: &mut Log, output: &mut Output, types: &Struct) -> Result<Kind> {
    let extra = output.extra.clone().unwrap_or_default();
    let mut found: Option<(String, Value)> = None;
    for (btype, info) in extra.iter().filter(|(name, _)| matches!(*name, "maven" | "win" | "image")) {
        if found.is_some() {
            fail!("Output file has multiple types: {}", output.filename);
        }
        found = Some((btype.to_owned(), info.clone()));
        if !output.subdir.is_empty() {
            fail!("subdir field not allowed for legacy btypes");
        }
    }
    let given: Struct = extra.get("typeinfo").cloned().map_or(Ok(Struct::new()), |given| read("typeinfo", given))?;
    for (btype, info) in given {
        match &found {
            Some((other, _)) if *other == btype => fail!("Duplicate typeinfo for: '{btype}'"),
            Some(_) => fail!("Output file has multiple types: {}", output.filename),
            None => found = Some((btype, info)),
        }
    }
    let Some((btype, info)) = found else { fail!("No typeinfo for: {}", output.filename) };
    if types.get(&btype).is_none() {
        fail!("Output type {btype} not listed in build types");
    }
    let info = match info {
        Value::Struct(info) => info,
        _ => Struct::new(),
    };
    let components = match &output.components {
        None => Found::default(),
        Some(_) if matches!(btype.as_str(), "maven" | "win") => {
            fail!("Component list not allowed for archives of type {btype}")
        }
        Some(list) => components::find(cx, log, list).await?,
    };
    let subdir = output.subdir.trim_matches('/');
    Ok(Kind::Archive { info: TypeInfo::read(&btype, info)?.in_subdir(subdir), components })
}

/// Imports a file into its build.
pub(super) async fn enter(cx: &mut Call<'_>, build: &Build, root: BuildrootId, file: Prepared) -> Result<()> {
    let Prepared { output, file, checksum_type, kind } = file;
    let extra = output.extra.map(|extra| json(&extra.into())).transpose()?;
    match kind {
        Kind::Rpm => {
            let header = import::read_upload(cx.hub(), &file).await?;
            let rpm = import::import_rpm(cx, &file, &header, build, Some(root), Some(&output.given)).await?;
            if extra.is_some() {
                let sql = "UPDATE rpminfo SET extra = $2 WHERE id = $1";
                cx.db().await?.execute(sql, args![rpm.id, extra]).await?;
            }
        }
        // of a log nothing but the file is known
        Kind::Log if output.metadata_only => {}
        Kind::Log => {
            let (logs, subdir) = (build.dir().logs(), output.subdir.trim_matches('/'));
            let dir = if subdir.is_empty() { logs } else { format!("{logs}/{subdir}") };
            import_log(cx, &file, &dir).await?;
        }
        Kind::Archive { info, components } => {
            let filename = if output.metadata_only { &output.filename } else { basename(&file) };
            let new = NewArchive {
                filename: filename.to_owned(),
                file: (!output.metadata_only).then(|| file.clone()),
                size: output.size,
                checksum: output.checksum,
                checksum_type,
                info,
                buildroot: Some(root),
                extra,
                fileinfo: output.given,
            };
            let id = new.import(cx, build).await?;
            enter_components(cx, id, &components).await?;
        }
    }
    Ok(())
}

async fn enter_components(cx: &mut Call<'_>, id: ArchiveId, found: &Found) -> Result<()> {
    let db = cx.db().await?;
    db.execute(
        sql!(
            "INSERT INTO archive_rpm_components (archive_id, rpm_id)
             SELECT $1, rpminfo.id FROM rpminfo WHERE rpminfo.id ",
            {in "$2"}
        ),
        args![id, list(&found.rpms)],
    )
    .await?;
    db.execute(
        sql!(
            "INSERT INTO archive_components (archive_id, component_id)
             SELECT $1, archiveinfo.id FROM archiveinfo WHERE archiveinfo.id ",
            {in "$2"}
        ),
        args![id, list(&found.archives)],
    )
    .await?;
    Ok(())
}
