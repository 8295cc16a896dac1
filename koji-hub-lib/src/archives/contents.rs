//! The files in an archive, from its own directory of them. Nothing is unpacked.

use koji_core::ids::ArchiveId;
use koji_core::model::{Archive, ArchiveFile};

use super::{find, tar_file, types, zip_file};
use crate::builds::{self, BuildExt};
use crate::call::Call;
use crate::error::fail;
use crate::import::TypeInfo;
use crate::storage::BlockingFile;
use crate::{Hub, Result};

/// The most files that are listed of an archive.
pub(super) const MOST_FILES: usize = 1_000_000;

/// A file in an archive, as the archive itself tells.
pub(super) struct Entry {
    pub name: String,
    pub size: u64,
    pub mtime: i64,
    /// Permissions, owner and group, where they are kept.
    pub owner: Option<(u32, String, String)>,
}

/// The files in an archive: none if it is of a kind that has none or if its file is not there. `strict` refuses such a
/// kind.
pub(crate) async fn files(cx: &mut Call<'_>, id: Option<ArchiveId>, strict: bool) -> Result<Vec<ArchiveFile>> {
    let db = cx.db().await?;
    let archive = find::get(db, id).await?;
    let Some(kind) = types::type_by_id(db, archive.type_id).await? else { fail!("query returned no rows") };
    let build = builds::get_by_id(db, archive.build_id).await?;
    let dir = place(cx, &archive).await?.dir(&build.dir())?;
    let path = format!("{dir}/{}", archive.filename);
    let entries = match kind.compression_type.as_deref() {
        Some("zip") => read(cx.hub(), path, zip_file::entries).await?,
        Some("tar") => read(cx.hub(), path, tar_file::entries).await?,
        _ if strict => fail!("Unsupported archive type: {}", kind.name),
        _ => Vec::new(),
    };
    let record = |entry: Entry| {
        let (mode, user, group) = match entry.owner {
            Some((mode, user, group)) => (Some(i64::from(mode)), Some(user), Some(group)),
            None => (None, None, None),
        };
        let size = i64::try_from(entry.size).unwrap_or(i64::MAX);
        ArchiveFile { archive_id: id, name: entry.name, size, mtime: entry.mtime, mode, user, group }
    };
    Ok(entries.into_iter().map(record).collect())
}

/// The file of that name in an archive; `strict` refuses one that is not there.
pub(crate) async fn file(
    cx: &mut Call<'_>,
    id: Option<ArchiveId>,
    name: &str,
    strict: bool,
) -> Result<Option<ArchiveFile>> {
    let found = files(cx, id, strict).await?.into_iter().find(|file| file.name == name);
    if strict && found.is_none() {
        fail!("No such file: {name} in archive#{}", id.map_or("None".into(), |id| id.to_string()));
    }
    Ok(found)
}

/// What tells where the archive has its place.
async fn place(cx: &mut Call<'_>, archive: &Archive) -> Result<TypeInfo> {
    let db = cx.db().await?;
    let place = match archive.btype.as_str() {
        "maven" => find::maven_info(db, archive.id).await?.map(|info| TypeInfo::Maven {
            group_id: info.group_id,
            artifact_id: info.artifact_id,
            version: info.version,
        }),
        "win" => find::win_info(db, archive.id).await?.map(|info| TypeInfo::Win {
            relpath: info.relpath,
            platforms: Vec::new(),
            flags: Vec::new(),
        }),
        "image" => find::image_info(db, archive.id).await?.map(|info| TypeInfo::Image { arch: info.arch }),
        other => Some(TypeInfo::Other { btype: other.to_owned(), subdir: String::new() }),
    };
    match place {
        Some(place) => Ok(place),
        None => fail!("query returned no rows"),
    }
}

/// Reads the entries of a file in a thread of its own; the error says what is wrong with the file.
async fn read(hub: &Hub, path: String, entries: fn(BlockingFile) -> Result<Vec<Entry>, String>) -> Result<Vec<Entry>> {
    let Some(found) = hub.storage().metadata(&path).await?.filter(|found| !found.is_dir) else {
        return Ok(Vec::new());
    };
    let file = BlockingFile::new(hub.clone(), path.clone(), found.size);
    let read = tokio::task::spawn_blocking(move || entries(file)).await;
    match read.unwrap_or_else(|e| Err(e.to_string())) {
        Ok(entries) => Ok(entries),
        Err(reason) => fail!("cannot read {path}: {reason}"),
    }
}
