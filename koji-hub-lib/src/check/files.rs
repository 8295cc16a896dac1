//! The files of complete builds: each is where it belongs, as large as the database says, and with the same content.

use futures_util::TryStreamExt;
use koji_core::model::ChecksumType;
use koji_core::nvr::{Nvr, Nvra};
use koji_core::paths::BuildDir;
use md5::Digest;

use super::Report;
use crate::db::args;
use crate::import::TypeInfo;
use crate::rpm_file::{self, Spliced, hex};
use crate::storage::{self, StorageError};
use crate::sums::{self, Sums};
use crate::{Error, Hub, Result};

pub(super) async fn check(hub: &Hub, checksums: bool, report: &mut Report<'_>) -> Result<()> {
    rpms(hub, checksums, report).await?;
    signatures(hub, checksums, report).await?;
    if checksums {
        signed_sums(hub, report).await?;
    }
    archives(hub, checksums, report).await
}

/// What tells where a build's directory is.
#[derive(sqlx::FromRow)]
struct Place {
    package: String,
    build_version: String,
    build_release: String,
    volume: String,
}

impl Place {
    fn dir(&self) -> BuildDir {
        BuildDir::new(Some(&self.volume), &Nvr::new(&self.package, &self.build_version, &self.build_release))
    }
}

#[derive(sqlx::FromRow)]
struct RpmRow {
    id: i32,
    name: String,
    version: String,
    release: String,
    arch: String,
    payloadhash: String,
    size: i64,
    #[sqlx(flatten)]
    place: Place,
}

impl RpmRow {
    fn nvra(&self) -> Nvra {
        Nvra::new(Nvr::new(&self.name, &self.version, &self.release), &self.arch)
    }

    fn path(&self) -> String {
        self.place.dir().rpm(&self.nvra())
    }
}

/// A question about RPMs that have files, with further columns and tables.
macro_rules! rpm_query {
    ($columns:literal, $joins:literal) => {
        concat!(
            "SELECT rpminfo.id, rpminfo.name, rpminfo.version, rpminfo.release, rpminfo.arch, rpminfo.payloadhash,
                    rpminfo.size, package.name AS package, build.version AS build_version,
                    build.release AS build_release, volume.name AS volume",
            $columns,
            "
             FROM rpminfo JOIN build ON build.id = rpminfo.build_id JOIN package ON package.id = build.pkg_id
             JOIN volume ON volume.id = build.volume_id ",
            $joins,
            "
             WHERE build.state = 1 AND rpminfo.metadata_only = FALSE"
        )
    };
}

/// Tells of a file that is not there, or of another size. Whether it is as it should be.
async fn sized(hub: &Hub, what: &str, path: &str, size: i64, report: &mut Report<'_>) -> Result<bool> {
    match hub.storage().metadata(path).await?.filter(|found| !found.is_dir) {
        None => report.fault(format!("{what}: {path} is not there")),
        Some(found) if i64::try_from(found.size) != Ok(size) => {
            report.fault(format!("{what}: {path} has {} bytes, not {size}", found.size));
        }
        Some(_) => return Ok(true),
    }
    Ok(false)
}

async fn rpms(hub: &Hub, checksums: bool, report: &mut Report<'_>) -> Result<()> {
    let mut db = hub.db().read().await?;
    let mut rows = db.stream::<RpmRow>(rpm_query!("", ""), args![])?;
    while let Some(rpm) = rows.try_next().await? {
        let (what, path) = (format!("rpm {}", rpm.id), rpm.path());
        if sized(hub, &what, &path, rpm.size, report).await?
            && checksums
            && let Some(wrong) = told(digest(hub, &path).await)?.wrong(&rpm.payloadhash)
        {
            report.fault(format!("{what}: {path}: {wrong}, not {}", rpm.payloadhash));
        }
    }
    Ok(())
}

/// A checksum, or why there is none.
struct Found(std::result::Result<String, String>);

impl Found {
    /// What is there in place of a checksum.
    fn wrong(self, expected: &str) -> Option<String> {
        match self.0 {
            Ok(found) if found == expected => None,
            Ok(found) => Some(format!("has the checksum {found}")),
            Err(reason) => Some(reason),
        }
    }
}

/// What is wrong with a file is a fault of the data, not of the check.
fn told(found: Result<String>) -> Result<Found> {
    match found {
        Ok(sum) => Ok(Found(Ok(sum))),
        Err(Error::Rpm { reason, .. }) => Ok(Found(Err(reason))),
        Err(Error::Fault(fault)) => Ok(Found(Err(fault.message))),
        Err(Error::Storage(StorageError::NotFound { .. })) => Ok(Found(Err("is not there".into()))),
        Err(e) => Err(e),
    }
}

/// The digest by which an RPM is known, of what is in the file where that can be told.
async fn digest(hub: &Hub, path: &str) -> Result<String> {
    let wrong = |reason: String| Error::Rpm { path: path.to_owned(), reason };
    let Some(file) = rpm_file::read(hub.storage(), path).await? else { return Err(wrong("is not there".into())) };
    let named = file.summary().map_err(wrong)?.sigmd5;
    if named.len() != 32 {
        return Ok(named);
    }
    let mut sum = md5::Md5::new();
    let mut at = rpm_file::SIGNATURE_START + file.sighdr.len() as u64;
    loop {
        let part = hub.storage().read(path, at, 1 << 20).await?;
        if part.is_empty() {
            return Ok(hex(&sum.finalize()));
        }
        at += part.len() as u64;
        sum.update(&part);
    }
}

#[derive(sqlx::FromRow)]
struct SignatureRow {
    #[sqlx(flatten)]
    rpm: RpmRow,
    sigkey: String,
    sighash: String,
}

/// The signature headers that are kept, and the copies that have them: a copy need not be there.
async fn signatures(hub: &Hub, checksums: bool, report: &mut Report<'_>) -> Result<()> {
    let sql = rpm_query!(", s.sigkey, s.sighash", "JOIN rpmsigs AS s ON s.rpm_id = rpminfo.id");
    let storage = hub.storage();
    let mut db = hub.db().read().await?;
    let mut rows = db.stream::<SignatureRow>(sql, args![])?;
    while let Some(SignatureRow { rpm, sigkey, sighash }) = rows.try_next().await? {
        let (dir, nvra) = (rpm.place.dir(), rpm.nvra());
        let (header, copy) = (dir.sighdr(&nvra, &sigkey), dir.signed(&nvra, &sigkey));
        let what = format!("rpm {}, signature of key '{sigkey}'", rpm.id);
        let Some(found) = storage.metadata(&header).await? else {
            report.fault(format!("{what}: {header} is not there"));
            continue;
        };
        if checksums {
            let sum = hex(&md5::Md5::digest(&storage.read(&header, 0, found.size).await?));
            if sum != sighash {
                report.fault(format!("{what}: {header} has the checksum {sum}, not {sighash}"));
            }
        }
        let Some(copied) = storage.metadata(&copy).await? else { continue };
        // a file that is not there, or is none, was told of
        if let Ok(Some(file)) = rpm_file::read(storage, &rpm.path()).await {
            let size = file.size - file.sighdr.len() as u64 + found.size;
            if copied.size != size {
                report.fault(format!("{what}: {copy} has {} bytes, not {size}", copied.size));
            }
        }
    }
    Ok(())
}

#[derive(sqlx::FromRow)]
struct SumRow {
    #[sqlx(flatten)]
    rpm: RpmRow,
    sigkey: String,
    checksum_type: i16,
    checksum: String,
}

/// The checksums that RPMs have with their signatures.
async fn signed_sums(hub: &Hub, report: &mut Report<'_>) -> Result<()> {
    let sql = rpm_query!(", s.sigkey, s.checksum_type, s.checksum", "JOIN rpm_checksum AS s ON s.rpm_id = rpminfo.id");
    let mut db = hub.db().read().await?;
    let mut rows = db.stream::<SumRow>(sql, args![])?;
    while let Some(row) = rows.try_next().await? {
        let Some(kind) = ChecksumType::from_code(row.checksum_type.into()) else { continue };
        if let Some(wrong) = told(signed_sum(hub, &row, kind).await)?.wrong(&row.checksum) {
            let SumRow { rpm, sigkey, checksum, .. } = row;
            let path = rpm.path();
            report.fault(format!("rpm {}, signature of key '{sigkey}': {path}: {wrong}, not {checksum}", rpm.id));
        }
    }
    Ok(())
}

async fn signed_sum(hub: &Hub, row: &SumRow, kind: ChecksumType) -> Result<String> {
    let storage = hub.storage();
    let header = row.rpm.place.dir().sighdr(&row.rpm.nvra(), &row.sigkey);
    let sighdr = storage.read(&header, 0, u64::from(u32::MAX)).await?;
    let mut sums = Sums::new(&[kind]);
    let mut file = Spliced::open(storage, &row.rpm.path(), sighdr).await?;
    while let Some(part) = file.next().await? {
        sums.update(&part);
    }
    Ok(sums.finish().pop().map(|(_, sum)| sum).unwrap_or_default())
}

#[derive(sqlx::FromRow)]
struct ArchiveRow {
    id: i32,
    filename: String,
    size: i64,
    checksum: String,
    checksum_type: i32,
    btype: Option<String>,
    group_id: Option<String>,
    artifact_id: Option<String>,
    maven_version: Option<String>,
    relpath: Option<String>,
    #[sqlx(flatten)]
    place: Place,
}

async fn archives(hub: &Hub, checksums: bool, report: &mut Report<'_>) -> Result<()> {
    let sql = "SELECT a.id, a.filename, a.size, a.checksum, a.checksum_type, btype.name AS btype, m.group_id,
                      m.artifact_id, m.version AS maven_version, w.relpath, package.name AS package,
                      build.version AS build_version, build.release AS build_release, volume.name AS volume
               FROM archiveinfo AS a JOIN build ON build.id = a.build_id JOIN package ON package.id = build.pkg_id
               JOIN volume ON volume.id = build.volume_id LEFT JOIN btype ON btype.id = a.btype_id
               LEFT JOIN maven_archives AS m ON m.archive_id = a.id LEFT JOIN win_archives AS w ON w.archive_id = a.id
               WHERE build.state = 1 AND a.metadata_only = FALSE";
    let mut db = hub.db().read().await?;
    let mut rows = db.stream::<ArchiveRow>(sql, args![])?;
    while let Some(archive) = rows.try_next().await? {
        let what = format!("archive {}", archive.id);
        let path = match path_of(hub, &archive).await {
            Ok(path) => path,
            Err(Error::Fault(fault)) => {
                report.fault(format!("{what}: {}", fault.message));
                continue;
            }
            Err(e) => return Err(e),
        };
        if !sized(hub, &what, &path, archive.size, report).await? || !checksums {
            continue;
        }
        let Some(kind) = ChecksumType::from_code(archive.checksum_type) else {
            report.fault(format!("{what} has a checksum of the unknown type {}", archive.checksum_type));
            continue;
        };
        let sum = sums::of_file(hub.storage(), &path, &[kind]).await?.pop().map(|(_, sum)| sum).unwrap_or_default();
        if sum != archive.checksum {
            report.fault(format!("{what}: {path} has the checksum {sum}, not {}", archive.checksum));
        }
    }
    Ok(())
}

/// Where an archive's file is to be.
async fn path_of(hub: &Hub, archive: &ArchiveRow) -> Result<String> {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let info = match archive.btype.as_deref().unwrap_or_default() {
        "maven" => TypeInfo::Maven {
            group_id: text(&archive.group_id),
            artifact_id: text(&archive.artifact_id),
            version: text(&archive.maven_version),
        },
        "win" => TypeInfo::Win { relpath: text(&archive.relpath), platforms: Vec::new(), flags: Vec::new() },
        "image" => TypeInfo::Image { arch: String::new() },
        other => TypeInfo::Other { btype: other.to_owned(), subdir: String::new() },
    };
    let dir = info.dir(&archive.place.dir())?;
    let path = format!("{dir}/{}", archive.filename);
    // archives of further types may be in a folder of their own, which is not in the database
    if matches!(info, TypeInfo::Other { .. }) && hub.storage().metadata(&path).await?.is_none() {
        let end = format!("/{}", archive.filename);
        let files = storage::walk(hub.storage(), &dir).await?;
        if let Some(file) = files.into_iter().find(|file| file.ends_with(&end)) {
            return Ok(format!("{dir}/{file}"));
        }
    }
    Ok(path)
}
