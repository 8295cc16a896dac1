//! Subtasks: making them, and waiting for them.

use std::collections::BTreeMap;
use std::time::Duration;

use koji_core::api::KwArgs;
use koji_core::api::host::{Subtask, TaskSetWait, TaskWait, TaskWaitResults, WaitSubtasks};
use koji_core::api::tasks::{CancelTaskChildren, GetTaskResult};
use koji_core::ids::TaskId;
use koji_core::task::TaskArgs;
use koji_core::xmlrpc::{Struct, Value, from_value};
use serde::de::DeserializeOwned;

use super::context::TaskContext;
use super::error::TaskError;

/// How long the hub may hold an answer back.
const LONG_POLL: i32 = 30;
/// The pause between two looks at a hub that cannot be waited for.
const POLL: Duration = Duration::from_secs(5);

/// For which subtasks to wait, and what to do when one fails.
#[derive(Debug, Clone, Default)]
pub struct Waiting {
    /// Whether to wait for all of them, and not just for one.
    pub all: bool,
    /// Whether one that fails ends the others, and the wait.
    pub failany: bool,
    /// Those that may fail; their result is then the fault, as the hub gives it.
    pub canfail: Vec<TaskId>,
}

impl Waiting {
    /// For all; one that fails ends the others.
    pub fn for_all() -> Self {
        Self { all: true, failany: true, canfail: Vec::new() }
    }
}

/// What a subtask is beside its method and arguments.
#[derive(Debug, Clone, Default)]
pub struct SubtaskOpts(Struct);

impl SubtaskOpts {
    /// What it is called among its siblings.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.0.insert("label", label.into());
        self
    }

    /// For which arch it is; `noarch` for any host.
    #[must_use]
    pub fn arch(mut self, arch: impl Into<String>) -> Self {
        self.0.insert("arch", arch.into());
        self
    }

    /// Another option of `host.subtask`: `channel`, `priority`, `weight`, `assign`.
    #[must_use]
    pub fn option(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.insert(name, value);
        self
    }
}

impl TaskContext {
    /// Makes a subtask.
    pub async fn subtask<A: TaskArgs>(&self, args: A, opts: SubtaskOpts) -> Result<TaskId, TaskError> {
        self.subtask_raw(A::METHOD, args.into_request(), opts).await
    }

    /// Makes a subtask of any method.
    pub async fn subtask_raw(&self, method: &str, args: Vec<Value>, opts: SubtaskOpts) -> Result<TaskId, TaskError> {
        let call = Subtask::new(method, args, self.id()).opts(KwArgs(opts.0));
        Ok(self.session().call(call).await?)
    }

    /// Waits for one subtask: its result.
    pub async fn wait_for<T: DeserializeOwned>(&self, task: TaskId) -> Result<T, TaskError> {
        let mut results = self.wait(&[task], &Waiting::for_all()).await?;
        let result = results.remove(&task).unwrap_or_default();
        from_value(result).map_err(|e| TaskError::generic(format!("the result of task {task} cannot be read: {e}")))
    }

    /// Waits for subtasks: the results of those that have ended, by task. A task that failed, and may not, is the error.
    pub async fn wait(&self, tasks: &[TaskId], how: &Waiting) -> Result<BTreeMap<TaskId, Value>, TaskError> {
        if tasks.is_empty() {
            return Ok(BTreeMap::new());
        }
        let session = self.session();
        session.call(TaskSetWait::new(self.id(), tasks.to_vec())).await?;
        let mut long_poll = true;
        // each that has ended is told once
        let (mut finished, mut unfinished) = session.call(TaskWait::new(self.id())).await?;
        while !unfinished.is_empty() {
            if how.all && how.failany {
                self.fail_with_any(finished.iter().filter(|task| !how.canfail.contains(task))).await?;
            } else if !how.all && !finished.is_empty() {
                break;
            }
            if long_poll {
                match session.call(WaitSubtasks::new(self.id()).timeout(LONG_POLL)).await {
                    Ok(_) => {}
                    Err(error) if error.is_unknown_method() => long_poll = false,
                    Err(error) => return Err(error.into()),
                }
            } else {
                let _ = tokio::time::timeout(POLL, self.woken()).await;
            }
            (finished, unfinished) = session.call(TaskWait::new(self.id())).await?;
        }
        let ended = if how.all { tasks.to_vec() } else { finished };
        let call = TaskWaitResults::new(self.id(), ended).canfail(how.canfail.clone());
        Ok(session.call(call).await?.into_iter().collect())
    }

    async fn fail_with_any(&self, finished: impl Iterator<Item = &TaskId>) -> Result<(), TaskError> {
        for task in finished {
            if let Err(error) = self.session().call(GetTaskResult::new(*task)).await {
                if error.fault().is_some() {
                    tracing::info!(task = %task, "a subtask failed or was canceled: canceling the others");
                    self.session().call(CancelTaskChildren::new(self.id())).await?;
                }
                return Err(error.into());
            }
        }
        Ok(())
    }
}
