//! Buildroots and files that nobody uses any more.

use std::collections::HashSet;
use std::path::Path;
use std::time::{Duration, SystemTime};

use koji_core::api::OneOrMany;
use koji_core::api::buildroots::ListBuildroots;
use koji_core::api::buildroots::SetBuildRootState;
use koji_core::ids::TaskId;
use koji_core::model::BuildrootState;
use koji_core::xmlrpc::Value;

use super::Manager;
use crate::error::Result;
use crate::process_tree;

impl Manager {
    /// Gives up buildroots of this host whose task does not run here, and removes what tasks have left behind.
    pub(super) async fn look_after_buildroots(&self) -> Result<()> {
        let active = [BuildrootState::Init, BuildrootState::Waiting, BuildrootState::Building];
        let mut call = ListBuildroots::new().host_id(self.id);
        call.state = Some(OneOrMany::from(active.map(BuildrootState::code).to_vec()));
        for buildroot in self.session.call(call).await?.into_list() {
            if buildroot.task_id.is_some_and(|task| self.children.contains_key(&task)) {
                continue;
            }
            tracing::info!(buildroot = %buildroot.id, task = ?buildroot.task_id, "expiring a buildroot without its task");
            let expired = Value::from(BuildrootState::Expired.name());
            self.session.call(SetBuildRootState::new(buildroot.id, expired)).await?;
        }
        let tasks = self.config.workdir.join("tasks");
        let running: HashSet<TaskId> = self.children.keys().copied().collect();
        let delay = self.config.buildroot_basic_cleanup_delay;
        tokio::task::spawn_blocking(move || remove_strays(&tasks, &running, delay))
            .await
            .map_err(std::io::Error::other)?;
        Ok(())
    }
}

/// Removes the working directories of tasks that do not run here, once they are old.
fn remove_strays(tasks: &Path, running: &HashSet<TaskId>, delay: Duration) {
    let Ok(groups) = std::fs::read_dir(tasks) else { return };
    for group in groups.flatten() {
        let Ok(directories) = std::fs::read_dir(group.path()) else { continue };
        for directory in directories.flatten() {
            let task = directory.file_name().to_str().and_then(|name| name.parse::<TaskId>().ok());
            let runs = task.is_some_and(|task| running.contains(&task));
            if runs || !is_older(&directory.path(), delay) {
                continue;
            }
            tracing::info!(directory = %directory.path().display(), "removing what a task has left");
            if let Err(error) = process_tree::remove_tree(&directory.path()) {
                tracing::warn!(%error, "cannot remove it");
            }
        }
    }
}

fn is_older(path: &Path, age: Duration) -> bool {
    let changed = std::fs::metadata(path).and_then(|meta| meta.modified());
    changed.is_ok_and(|time| SystemTime::now().duration_since(time).is_ok_and(|passed| passed > age))
}
