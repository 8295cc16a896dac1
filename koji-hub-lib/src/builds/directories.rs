//! The directories of a build, and what becomes of them when the build moves or goes.
//!
//! New directories are complete before the commit, and old ones go after it: what dies in between leaves files too many,
//! never a build without its files.

use koji_core::model::{Build, BuildState};
use koji_core::nvr::{Nvr, draft_release};
use koji_core::paths::{self, BuildDir};

use super::{BuildExt, lock};
use crate::call::Call;
use crate::db::Conn;
use crate::error::fail;
use crate::storage::{CopiedDir, Storage, StorageError, exists};
use crate::{Hub, Result, volumes};

/// The places at which a build's files or links to them may be: on all volumes, and those of the draft that it may have
/// been.
pub(super) async fn all_of(db: &mut Conn, build: &Build) -> Result<Vec<String>> {
    let mut names = vec![build.name()];
    if !build.draft {
        names.push(Nvr::new(&build.name, &build.version, draft_release(&build.release, build.id)));
    }
    let volumes = volumes::list(db).await?;
    let of_volume = |name: &Nvr| volumes.iter().map(|v| BuildDir::new(Some(&v.name), name).path().to_owned()).collect();
    Ok(names.iter().flat_map(|name| -> Vec<String> { of_volume(name) }).collect())
}

/// What is to happen to a build's directories once the call is committed.
#[derive(Debug, Clone, Default)]
pub(super) struct Afterwards {
    /// What is removed.
    pub remove: Vec<String>,
    /// Links that are made then, in place of what is removed: each target and path.
    pub links: Vec<(String, String)>,
}

impl Afterwards {
    /// Has it happen to a build as it is after the change, unless it is made anew before. The directory that is the
    /// build's by then stays as it is, but for that of a build which is no more.
    pub(super) fn of(self, cx: &mut Call<'_>, build: Build) {
        let hub = cx.hub().clone();
        cx.on_commit(async move {
            if let Err(e) = self.happen(&hub, &build).await {
                tracing::error!(build = build.nvr, error = %e, "directories that a build has left stay");
            }
        });
    }

    async fn happen(self, hub: &Hub, before: &Build) -> Result<()> {
        let storage = hub.storage();
        // the row is locked, so that nobody makes the build anew meanwhile
        let mut db = hub.db().begin().await?;
        let build = lock(&mut db, before.id).await?;
        let mut aside = Vec::new();
        if build.state == before.state && build.creation_event_id == before.creation_event_id {
            let own = build.dir();
            let stays = |dir: &str| build.state == BuildState::Complete && dir == own.path();
            for dir in self.remove.iter().filter(|dir| !stays(dir)) {
                aside.extend(put_aside(storage, dir).await?);
            }
            for (target, path) in self.links.iter().filter(|(_, path)| !stays(path)) {
                storage.link(target, path).await?;
            }
        }
        db.rollback().await?;
        for dir in aside {
            storage.remove(&dir).await?;
        }
        Ok(())
    }
}

/// A name beside a directory that nothing else has.
fn beside(dir: &str) -> String {
    let (folder, name) = dir.rsplit_once('/').unwrap_or(("work", dir));
    format!("{folder}/.{name}.{:016x}", rand::random::<u64>())
}

/// Takes a directory out of the way in one step: where it is then, if it was there.
async fn put_aside(storage: &dyn Storage, dir: &str) -> Result<Option<String>> {
    let to = beside(dir);
    match storage.rename(dir, &to).await {
        Ok(()) => Ok(Some(to)),
        Err(StorageError::NotFound { .. }) => Ok(None),
        Err(e) => Err(e.into()),
    }
}

/// Copies the directory of a build that is to move, for [`relocate`] to find, if nothing is in the way of the move.
pub(super) async fn copy_ahead(cx: &mut Call<'_>, old: &Build, new: &Build) -> Result<()> {
    let (from, to) = (old.dir(), new.dir());
    if from != to {
        check_way(cx, old, new).await?;
        cx.release().await?;
        let storage = cx.storage();
        let copy = cx.prepared().copy.insert(CopiedDir::new(from.path(), beside(to.path())));
        copy.update(storage).await?;
    }
    Ok(())
}

/// A fault if a build's directory is not there, or if there is something where it is to be or on any other volume.
async fn check_way(cx: &mut Call<'_>, old: &Build, new: &Build) -> Result<()> {
    let from = old.dir();
    let from = from.path();
    let storage = cx.storage();
    let usual = BuildDir::new(None, &new.name());
    for volume in volumes::list(cx.db().await?).await? {
        let dir = BuildDir::new(Some(&volume.name), &new.name());
        let dir = dir.path();
        let is_left_link = old.release == new.release && dir == usual.path() && storage.is_link(dir).await?;
        if dir == from || is_left_link || !exists(storage, dir).await? {
            continue;
        }
        if volume.id == new.volume_id {
            fail!("Destination directory exists: {}", cx.hub().config().full_path(dir));
        }
        fail!("Unexpected cross-volume content: {}", cx.hub().config().full_path(dir));
    }
    match storage.metadata(from).await? {
        None => fail!("Build directory missing: {}", cx.hub().config().full_path(from)),
        Some(found) if !found.is_dir => fail!("Not a directory: {}", cx.hub().config().full_path(from)),
        Some(_) => Ok(()),
    }
}

/// Copies a build's directory from where it was to where it is to be, and leaves what the move asks for to the time after
/// the commit. `old` and `new` are the same build, locked, before and after.
pub(super) async fn relocate(cx: &mut Call<'_>, old: &Build, new: &Build) -> Result<()> {
    let (from, to) = (old.dir(), new.dir());
    let (from, to) = (from.path(), to.path());
    let storage = cx.storage();
    check_way(cx, old, new).await?;
    // readers see no half of it
    let ahead = cx.prepared().copy.take().filter(|copy| copy.is_beside(from, to));
    let mut copied = ahead.unwrap_or_else(|| CopiedDir::new(from, beside(to)));
    let copy = copied.path().to_owned();
    let usual = BuildDir::new(None, &new.name());
    let (hub, link, made, part) = (cx.hub().clone(), storage.is_link(to).await?, to.to_owned(), copy.clone());
    let target = from.to_owned();
    cx.on_rollback(async move {
        let undone = async {
            let storage = hub.storage();
            storage.remove(&part).await?;
            storage.remove(&made).await?;
            if link {
                storage.link(&target, &made).await?;
            }
            Ok::<(), StorageError>(())
        };
        if let Err(e) = undone.await {
            tracing::error!(error = %e, "what a failed move of a build left stays");
        }
    });
    copied.update(storage).await?;
    if link {
        storage.remove(to).await?;
    }
    storage.rename(&copy, to).await?;
    let mut after = Afterwards { remove: vec![from.to_owned()], links: Vec::new() };
    if to != usual.path() {
        after.links.push((to.to_owned(), usual.path().to_owned()));
    }
    if old.release != new.release {
        after.links.push((target_on_default(storage, &old.volume_name, &usual).await?, from.to_owned()));
    }
    after.of(cx, new.clone());
    Ok(())
}

/// The directory of a build on the default volume as it is reached from a volume, which may be mounted anywhere: through
/// the volume's link to the top.
async fn target_on_default(storage: &dyn Storage, volume: &str, usual: &BuildDir) -> Result<String> {
    if volume == paths::DEFAULT_VOLUME {
        return Ok(usual.path().to_owned());
    }
    let toplink = format!("{}/toplink", paths::volume(Some(volume)));
    Ok(match storage.is_link(&toplink).await? {
        true => format!("{toplink}/{}", usual.path()),
        false => usual.path().to_owned(),
    })
}
