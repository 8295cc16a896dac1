//! Removing the files of repos.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use koji_core::paths;
use tokio::sync::Semaphore;

use super::UpkeepConfig;
use super::rules::RepoRow;
use crate::process_tree::remove_tree;

/// Removes directories beside other work, some at a time.
#[derive(Debug, Clone)]
pub(super) struct Remover {
    turns: Arc<Semaphore>,
    queue: Arc<Mutex<HashSet<PathBuf>>>,
}

impl Remover {
    pub(super) fn new(at_a_time: usize) -> Self {
        Self { turns: Arc::new(Semaphore::new(at_a_time.max(1))), queue: Arc::default() }
    }

    /// Removes a directory, or a link to one (but not what it leads to), some time soon.
    pub(super) fn remove(&self, directory: PathBuf) {
        if !self.queue.lock().unwrap_or_else(PoisonError::into_inner).insert(directory.clone()) {
            return;
        }
        let remover = self.clone();
        tokio::spawn(async move {
            let _turn = remover.turns.acquire().await;
            let path = directory.clone();
            let removed = tokio::task::spawn_blocking(move || remove(&path)).await;
            match removed {
                Ok(Ok(())) => tracing::info!(directory = %directory.display(), "removed"),
                Ok(Err(error)) => tracing::error!(%error, "cannot remove a repo's files"),
                Err(error) => tracing::error!(%error, "cannot remove a repo's files"),
            }
            remover.queue.lock().unwrap_or_else(PoisonError::into_inner).remove(&directory);
        });
    }

    /// Whether anything is being removed.
    pub(super) fn is_busy(&self) -> bool {
        !self.queue.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }
}

fn remove(path: &Path) -> std::io::Result<()> {
    match std::fs::symlink_metadata(path) {
        Ok(meta) if meta.is_symlink() => fs_err::remove_file(path),
        Ok(_) => remove_tree(path),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// Removes the files of a repo, and where it is kept on another volume also what the link leads to.
pub(super) fn remove_repo(row: &RepoRow, config: &UpkeepConfig, remover: &Remover) {
    if !paths::is_component(&row.tag_name) {
        tracing::error!(tag = row.tag_name, "a tag's name is no directory's");
        return;
    }
    let relative = match row.is_dist() {
        true => paths::dist_repo(None, &row.tag_name, row.id),
        false => paths::repo(&row.tag_name, row.id),
    };
    let path = config.topdir.join(relative);
    if path.is_symlink() {
        match volume_path(&path, row, config) {
            Some(real) if !config.ignore_other_volumes => remover.remove(real),
            _ => {
                tracing::error!(link = %path.display(), "this link is not to a repo on a volume to be touched");
                return;
            }
        }
    }
    remover.remove(path);
}

/// Where a dist repo on another volume is, if its link and its `repo.json` agree on that.
fn volume_path(link: &Path, row: &RepoRow, config: &UpkeepConfig) -> Option<PathBuf> {
    let info = std::fs::read_to_string(link.join("repo.json")).ok()?;
    let info: serde_json::Value = serde_json::from_str(&info).ok()?;
    let volume = info.get("volume")?.as_str().filter(|name| paths::is_component(name))?;
    let expected = config.topdir.join(paths::dist_repo(Some(volume), &row.tag_name, row.id));
    (link.canonicalize().ok()? == expected.canonicalize().ok()?).then_some(expected)
}
