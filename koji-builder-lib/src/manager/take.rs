//! Beginning a task, or refusing it.

use koji_core::api::host::{FreeTasks, OpenTask, RefuseTask, SetTaskWeight};
use koji_core::api::tasks::GetTaskInfo;
use koji_core::ids::TaskId;
use koji_core::model::{AssignedTask, Host, Task};
use koji_core::xmlrpc::{Value, from_value};

use super::child::Child;
use super::{Manager, unreadable};
use crate::error::{Result, chain};
use crate::task::{AnyHandler, Job, ManagerAccess, TaskContext, report, run_handler};

impl Manager {
    /// Begins a task that is assigned to this host: whether it did.
    pub(super) async fn take(&mut self, task: &AssignedTask, host: &Host) -> Result<bool> {
        let Some(handler) = self.handlers.get(&task.method).cloned() else {
            tracing::warn!(task = %task.id, method = task.method, "there is no handler for this");
            self.refuse(task.id, format!("no handler available for method {}", task.method)).await?;
            return Ok(false);
        };
        let info = self.session.call(GetTaskInfo::new(Value::from(task.id.0)).request(true)).await?;
        let Some(info) = from_value::<Option<Task>>(info).map_err(unreadable)? else { return Ok(false) };
        let request = info.request.clone().unwrap_or_default();
        match handler.suits_host(&request, &self.session, host).await {
            Ok(true) => {}
            Ok(false) => {
                tracing::info!(task = %task.id, "this host cannot do the task");
                self.refuse(task.id, "failed checkHost".to_owned()).await?;
                return Ok(false);
            }
            // the task itself will meet the same problem, and fail with it
            Err(error) => tracing::warn!(task = %task.id, error = chain(&error), "cannot tell whether the host suits"),
        }
        if self.session.call(OpenTask::new(task.id)).await?.is_none() {
            tracing::warn!(task = %task.id, "the task is not this host's to begin any more");
            return Ok(false);
        }
        tracing::info!(task = %task.id, method = task.method, arch = task.arch, "beginning a task");
        let begun = self.begin(handler.as_ref(), info).await;
        if let Err(error) = &begun {
            tracing::error!(task = %task.id, error = chain(error), "cannot begin the task: giving it back");
            self.session.call(FreeTasks::new(vec![task.id])).await?;
        }
        begun.map(|()| true)
    }

    async fn begin(&mut self, handler: &dyn AnyHandler, task: Task) -> Result<()> {
        let id = task.id;
        self.session.call(SetTaskWeight::new(id, handler.weight())).await?;
        if handler.foreground() {
            return self.run_here(handler, task).await;
        }
        let session = self.session.subsession().await?;
        let keys = session.keys().ok_or(koji_client::Error::NotLoggedIn)?;
        session.forget();
        let job = Job { config: (*self.config).clone(), session: keys, task };
        let child = Child::spawn(&job, self.ending.clone()).await?;
        self.children.insert(id, child);
        Ok(())
    }

    async fn run_here(&self, handler: &dyn AnyHandler, task: Task) -> Result<()> {
        let access = ManagerAccess { started: self.started, requests: self.requests.clone() };
        let cx = TaskContext::new(self.session.clone(), task, self.config.clone(), Some(access));
        let outcome = run_handler(handler, &cx).await;
        if let Err(error) = report(&cx, outcome).await {
            tracing::error!(task = %cx.id(), error = chain(&error), "cannot report how the task ended");
        }
        Ok(())
    }

    /// Refuses a task for good.
    async fn refuse(&self, task: TaskId, why: String) -> Result<()> {
        Ok(self.session.call(RefuseTask::new(task).soft(false).msg(why)).await?)
    }
}
