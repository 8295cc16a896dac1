//! What a handler has at hand: [`TaskContext`].

use std::path::{Path, PathBuf};
use std::sync::Arc;

use koji_client::Session;
use koji_core::api::host::{GetOwnHost, SetTaskWeight};
use koji_core::ids::TaskId;
use koji_core::model::{Host, Task};
use koji_core::paths;
use tokio::sync::{Notify, watch};

use super::error::TaskError;
use super::log::TaskLog;
use crate::config::BuilderConfig;
use crate::manager::Request;

/// A running task: the session with the hub, the working directory, uploads, subtasks, logs.
///
/// Clones are the same task.
#[derive(Debug, Clone)]
pub struct TaskContext {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    session: Session,
    info: Task,
    config: Arc<BuilderConfig>,
    workdir: PathBuf,
    wake: Notify,
    manager: Option<ManagerAccess>,
}

/// What tasks that run in the manager can do to it.
#[derive(Debug)]
pub(crate) struct ManagerAccess {
    /// When it began, in seconds since 1970.
    pub(crate) started: f64,
    pub(crate) requests: watch::Sender<Request>,
}

impl TaskContext {
    pub(crate) fn new(
        session: Session,
        info: Task,
        config: Arc<BuilderConfig>,
        manager: Option<ManagerAccess>,
    ) -> TaskContext {
        let workdir = config.workdir.join(paths::task_in_work(info.id));
        Self { inner: Arc::new(Inner { session, info, config, workdir, wake: Notify::new(), manager }) }
    }

    /// The task's id.
    pub fn id(&self) -> TaskId {
        self.inner.info.id
    }

    /// The task, as it was when it was opened.
    pub fn info(&self) -> &Task {
        &self.inner.info
    }

    /// The session with the hub: one of the host's, for this task alone.
    pub fn session(&self) -> &Session {
        &self.inner.session
    }

    /// The builder's settings.
    pub fn config(&self) -> &BuilderConfig {
        &self.inner.config
    }

    /// The directory for the task's files. It is empty when the task begins and is removed when it ends.
    pub fn workdir(&self) -> &Path {
        &self.inner.workdir
    }

    /// The directory below the hub's `work` where the task's files are uploaded to.
    pub fn upload_dir(&self) -> String {
        paths::task_in_work(self.id())
    }

    /// Uploads a file under its own name: its path below the hub's `work`.
    pub async fn upload(&self, file: &Path) -> Result<String, TaskError> {
        self.upload_as(file, file_name(file)?).await
    }

    /// Uploads a file under another name: its path below the hub's `work`.
    pub async fn upload_as(&self, file: &Path, name: &str) -> Result<String, TaskError> {
        self.session().upload(file, self.upload_dir()).name(name).send().await?;
        Ok(format!("{}/{name}", self.upload_dir()))
    }

    /// Begins a log in the working directory, which is uploaded while it grows.
    pub fn log(&self, name: &str) -> TaskLog {
        TaskLog::follow(self.clone(), self.workdir().join(name), name)
    }

    /// A file below the hub's top directory: in place if that is mounted, else downloaded.
    pub async fn local_path(&self, relative: &str) -> Result<PathBuf, TaskError> {
        if !paths::is_relative(relative) {
            return Err(TaskError::generic(format!("not a path below the top directory: {relative}")));
        }
        let mounted = self.config().topdir.join(relative);
        if mounted.exists() {
            return Ok(mounted);
        }
        let copy = self.workdir().join("local").join(relative);
        if !copy.exists() {
            if let Some(parent) = copy.parent() {
                fs_err::create_dir_all(parent)?;
            }
            self.session().download(relative).save(&copy).await?;
        }
        Ok(copy)
    }

    /// Tells the hub the load that the task is.
    pub async fn set_weight(&self, weight: f64) -> Result<(), TaskError> {
        Ok(self.session().call(SetTaskWeight::new(self.id(), weight)).await?)
    }

    /// The host that runs the task.
    pub async fn host(&self) -> Result<Host, TaskError> {
        Ok(self.session().call(GetOwnHost::new()).await?)
    }

    pub(crate) fn manager(&self) -> Result<&ManagerAccess, TaskError> {
        let manager = self.inner.manager.as_ref();
        manager.ok_or_else(|| TaskError::generic("the task must run in the foreground"))
    }

    /// Wakes a [`wait`](TaskContext::wait): a subtask may have ended.
    pub(crate) fn wake(&self) {
        self.inner.wake.notify_one();
    }

    pub(super) async fn woken(&self) {
        self.inner.wake.notified().await;
    }
}

/// The name of a file, without its directory.
pub(crate) fn file_name(path: &Path) -> Result<&str, TaskError> {
    let name = path.file_name().and_then(|name| name.to_str());
    name.ok_or_else(|| TaskError::generic(format!("{} is not a usable file name", path.display())))
}
