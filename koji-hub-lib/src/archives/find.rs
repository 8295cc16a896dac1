//! One archive, and what is known of it as one of its type.

use koji_core::ids::ArchiveId;
use koji_core::model::{Archive, ImageArchive, MavenArchive, WinArchive};

use super::list::select;
use crate::Result;
use crate::db::{Conn, args};
use crate::error::fail;

/// The archive, with what is known of it as one of its type, if there is one. None that is named is the first there is,
/// as Koji has it, of which nothing more is told.
pub(crate) async fn find(db: &mut Conn, id: Option<ArchiveId>) -> Result<Option<Archive>> {
    let query = match id {
        Some(id) => select().filter("archiveinfo.id = $1", args![id]),
        None => select().limit(1),
    };
    let found: Option<Archive> = query.fetch_optional(db).await?;
    let (Some(mut archive), Some(id)) = (found.clone(), id) else { return Ok(found) };
    if let Some(maven) = maven_info(db, id).await? {
        archive.group_id = Some(maven.group_id);
        archive.artifact_id = Some(maven.artifact_id);
        archive.version = Some(maven.version);
    }
    if let Some(win) = win_info(db, id).await? {
        archive.relpath = Some(win.relpath);
        archive.platforms = Some(win.platforms);
        archive.flags = Some(win.flags);
    }
    if let Some(image) = image_info(db, id).await? {
        archive.arch = Some(image.arch);
        archive.rootid = Some(image.rootid);
    }
    Ok(Some(archive))
}

/// The archive; a fault if there is none.
pub(crate) async fn get(db: &mut Conn, id: Option<ArchiveId>) -> Result<Archive> {
    match find(db, id).await? {
        Some(found) => Ok(found),
        None => fail!("No such archive: {}", id.map_or("None".into(), |id| id.to_string())),
    }
}

/// What is known of an archive as one of Maven.
pub(crate) async fn maven_info(db: &mut Conn, id: ArchiveId) -> Result<Option<MavenArchive>> {
    let sql = "SELECT archive_id, group_id, artifact_id, version FROM maven_archives WHERE archive_id = $1";
    Ok(db.fetch_optional(sql, args![id]).await?)
}

/// What is known of an archive as one of Windows.
pub(crate) async fn win_info(db: &mut Conn, id: ArchiveId) -> Result<Option<WinArchive>> {
    let sql = "SELECT archive_id, relpath, platforms, flags FROM win_archives WHERE archive_id = $1";
    Ok(db.fetch_optional(sql, args![id]).await?)
}

/// What is known of an archive as an image.
pub(crate) async fn image_info(db: &mut Conn, id: ArchiveId) -> Result<Option<ImageArchive>> {
    let sql = "SELECT archive_id, arch,
                      EXISTS (SELECT 1 FROM archive_rpm_components AS c WHERE c.archive_id = $1) AS rootid
               FROM image_archives WHERE archive_id = $1";
    Ok(db.fetch_optional(sql, args![id]).await?)
}
