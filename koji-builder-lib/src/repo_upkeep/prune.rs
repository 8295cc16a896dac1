//! Directories of repos that the hub does not know (any more).

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use koji_client::Session;
use koji_core::api::repos::RepoInfo;
use koji_core::api::volumes::ListVolumes;
use koji_core::ids::{RepoId, TagId};
use koji_core::model::{Repo, RepoState};
use koji_core::paths;

use super::UpkeepConfig;
use super::files::Remover;
use crate::error::Result;

/// Removes old directories of repos that are deleted or, unless that is not wanted, that the hub has never known.
///
/// `known` are the repos that are not deleted; theirs are left alone, and so is all that is not called as a repo is.
pub(super) async fn prune(
    session: &Session,
    config: &UpkeepConfig,
    known: HashSet<RepoId>,
    remover: &Remover,
) -> Result<()> {
    if remover.is_busy() {
        return Ok(());
    }
    let mut places = vec![config.topdir.join("repos"), config.topdir.join("repos-dist")];
    if !config.ignore_other_volumes {
        for volume in session.call(ListVolumes::new()).await? {
            if volume.name != paths::DEFAULT_VOLUME && paths::is_component(&volume.name) {
                places.push(config.topdir.join(paths::volume(Some(&volume.name))).join("repos-dist"));
            }
        }
    }
    let strays = tokio::task::spawn_blocking(move || strays(&places, &known)).await.map_err(std::io::Error::other)?;
    for stray in strays {
        let info = session.call(RepoInfo::new(stray.id)).await?;
        if is_garbage(&stray.directory, &stray.tag, info.as_ref(), config) {
            tracing::info!(directory = %stray.directory.display(), "removing a stray repo");
            remover.remove(stray.directory);
        }
    }
    Ok(())
}

/// A directory that may be of no use.
struct Stray {
    directory: PathBuf,
    tag: String,
    id: RepoId,
}

/// The directories called as a repo is that is not known, nor what `latest` leads to.
fn strays(places: &[PathBuf], known: &HashSet<RepoId>) -> Vec<Stray> {
    let mut found = Vec::new();
    for place in places {
        for tag in directories(place) {
            let latest = std::fs::read_link(place.join(&tag).join("latest")).ok();
            for name in directories(&place.join(&tag)) {
                let Ok(id) = name.parse::<RepoId>() else { continue };
                let is_latest = latest.as_deref().is_some_and(|latest| latest.ends_with(&name));
                // a number that is written in another way is no repo's
                if !known.contains(&id) && !is_latest && id.to_string() == name {
                    found.push(Stray { directory: place.join(&tag).join(&name), tag: tag.clone(), id });
                }
            }
        }
    }
    found
}

fn is_garbage(directory: &Path, tag: &str, info: Option<&Repo>, config: &UpkeepConfig) -> bool {
    let Some(age) = age(directory) else { return false };
    let limit = config.expired_repo_lifetime.as_secs_f64();
    let Some(repo) = info else { return !config.ignore_stray_repos && age > limit };
    if repo.state != RepoState::Deleted {
        return false;
    }
    // the tag may have been renamed since
    if repo.tag_name != tag && tag_in(directory) != Some(repo.tag_id) {
        tracing::warn!(directory = %directory.display(), tag = repo.tag_name, "this repo is another tag's");
        return false;
    }
    let since_deletion = repo.state_ts.map(|ts| koji_core::time::Timestamp::now().as_secs_f64() - ts.0);
    age > limit && since_deletion.is_none_or(|age| age > limit)
}

/// How old a directory, or a link in its place, is in seconds.
fn age(path: &Path) -> Option<f64> {
    let changed = std::fs::symlink_metadata(path).ok()?.modified().ok()?;
    Some(SystemTime::now().duration_since(changed).ok()?.as_secs_f64())
}

/// The tag of a repo, as its `repo.json` has it.
fn tag_in(directory: &Path) -> Option<TagId> {
    let text = std::fs::read_to_string(directory.join("repo.json")).ok()?;
    let info: serde_json::Value = serde_json::from_str(&text).ok()?;
    info.get("tag_id")?.as_i64().and_then(|id| i32::try_from(id).ok()).map(TagId)
}

/// The names of the directories, and links to such, in a directory.
fn directories(path: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
    let names = entries.filter(|entry| entry.path().is_dir()).filter_map(|entry| entry.file_name().into_string().ok());
    let mut names: Vec<String> = names.filter(|name| name != "latest").collect();
    names.sort();
    names
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn only_old_directories_of_unknown_repos_are_garbage() {
        let dir = tempfile::tempdir().unwrap();
        let at_once = UpkeepConfig { expired_repo_lifetime: Duration::ZERO, ..UpkeepConfig::default() };
        let later = UpkeepConfig::default();
        let careful = UpkeepConfig { ignore_stray_repos: true, ..at_once.clone() };
        std::thread::sleep(Duration::from_millis(2));
        assert!(is_garbage(dir.path(), "t", None, &at_once));
        assert!(!is_garbage(dir.path(), "t", None, &later));
        assert!(!is_garbage(dir.path(), "t", None, &careful));
        assert!(!is_garbage(&dir.path().join("gone"), "t", None, &at_once));
    }
}
