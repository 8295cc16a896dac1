use std::collections::BTreeMap;

use koji_core::api::query::Rows;
use koji_core::api::tasks::*;
use koji_core::api::{Args, Param};
use koji_core::ids::TaskId;
use koji_core::model::{Task, TaskListItem, TaskState};
use koji_core::xmlrpc::{Struct, Value, to_value};

use crate::Result;
use crate::call::Call;
use crate::db::{args, list, sql};
use crate::error::fail;
use crate::given::read;
use crate::hosts;
use crate::registry::{Handle, Registry};
use crate::scheduler;
use crate::signals::Change;
use crate::tasks::make::{DEFAULT_PRIORITY, NewTask};
use crate::tasks::{self, request, state};

pub(super) fn register(r: &mut Registry) {
    r.add::<Build>()
        .add::<ChainBuild>()
        .add::<NewRepo>()
        .add::<RestartHosts>()
        .add::<MakeTask>()
        .add::<GetTaskInfo>()
        .add::<GetTaskRequest>()
        .add::<GetTaskResult>()
        .add::<GetTaskChildren>()
        .add::<GetTaskDescendents>()
        .add::<TaskFinished>()
        .add::<ListTasks>()
        .add::<CancelTask>()
        .add::<CancelTaskFull>()
        .add::<CancelTaskChildren>()
        .add::<ResubmitTask>()
        .add::<SetTaskPriority>()
        .add::<FreeTask>()
        .add::<AssignTask>()
        .add::<ListTaskOutput>()
        .add::<DownloadTaskOutput>()
        .add::<WaitTasks>();
}

/// The task of a build that a user asks for; `priority` is relative, and only administrators may go below zero.
pub(super) async fn submit(
    cx: &mut Call<'_>,
    mut task: NewTask,
    priority: Option<i32>,
    channel: Option<String>,
) -> Result<TaskId> {
    if let Some(priority) = priority.filter(|p| *p != 0) {
        if priority < 0 && !cx.has_perm("admin").await? {
            fail!(ActionNotAllowed, "only admins may create high-priority tasks");
        }
        task.priority = Some(DEFAULT_PRIORITY.saturating_add(priority));
    }
    task.channel = channel;
    task.make(cx).await
}

impl Handle for Build {
    async fn handle(self, cx: &mut Call<'_>) -> Result<TaskId> {
        if self.src.as_str().is_none() {
            fail!(
                Parameter,
                "Invalid type for value '{}': {}",
                koji_core::python::str(&self.src),
                self.src.type_name()
            );
        }
        let params = vec![self.src, self.target, self.opts.unwrap_or_default().into()];
        submit(cx, NewTask::new("build", params), self.priority, self.channel).await
    }
}

impl Handle for ChainBuild {
    async fn handle(self, cx: &mut Call<'_>) -> Result<TaskId> {
        let params = vec![self.srcs.into(), self.target, self.opts.unwrap_or_default().into()];
        submit(cx, NewTask::new("chainbuild", params), self.priority, self.channel).await
    }
}

impl Handle for NewRepo {
    async fn handle(self, cx: &mut Call<'_>) -> Result<TaskId> {
        if !cx.hub().config().allow_new_repo {
            fail!(ActionNotAllowed, "newRepo api call is disabled");
        }
        if !cx.has_perm("repo").await? {
            cx.assert_perm("regen-repo").await?;
        }
        crate::tags::get(cx.db().await?, &self.tag, self.event).await?;
        cx.storage().create_dir("repos").await?;
        let mut named = Struct::new();
        if let Some(event) = self.event {
            named.insert("event", event.0);
        }
        for (name, on) in [("src", self.src), ("separate_src", self.separate_src), ("debuginfo", self.debuginfo)] {
            if on {
                named.insert(name, true);
            }
        }
        let params = Args { positional: vec![self.tag.into_value()], named }.into_params();
        let task =
            NewTask { priority: Some(15), channel: Some("createrepo".into()), ..NewTask::new("newRepo", params) };
        task.make(cx).await
    }
}

impl Handle for RestartHosts {
    async fn handle(self, cx: &mut Call<'_>) -> Result<TaskId> {
        let params = self.options.map(Value::from).into_iter().collect();
        NewTask { priority: Some(self.priority), ..NewTask::new("restartHosts", params) }.make(cx).await
    }
}

impl Handle for MakeTask {
    async fn handle(self, cx: &mut Call<'_>) -> Result<TaskId> {
        let mut named = self.opts.0;
        let mut positional = self.args.0.into_iter();
        let mut next = |name: &str| positional.next().or_else(|| named.remove(name));
        let (Some(method), Some(arglist)) = (next("method"), next("arglist")) else {
            fail!(Parameter, "make_task() missing required arguments: 'method' and 'arglist'");
        };
        let (Value::String(method), Value::Array(params)) = (method, arglist) else {
            fail!(Parameter, "make_task() takes a method's name and a list of arguments");
        };
        if named.get("owner").is_some() {
            fail!(ActionNotAllowed, "The owner option is not allowed here");
        }
        NewTask::new(method, params).options(cx, named).await?.make(cx).await
    }
}

/// A task with its arguments, if asked for.
async fn info(cx: &mut Call<'_>, id: TaskId, with_request: bool) -> Result<Option<Task>> {
    let db = cx.db().await?;
    let Some(mut task) = tasks::find(db, id).await? else { return Ok(None) };
    if with_request {
        task.request = Some(request::of_task(db, id).await?);
    }
    Ok(Some(task))
}

impl Handle for GetTaskInfo {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Value> {
        let (single, ids) = match self.task_id {
            Value::Array(ids) => (false, ids),
            one => (true, vec![one]),
        };
        let mut out = Vec::with_capacity(ids.len());
        for id in ids {
            let id = match TaskId::from_value(id) {
                Ok(id) => id,
                Err(e) => fail!(Parameter, "getTaskInfo(): invalid value for task_id: {e}"),
            };
            match info(cx, id, self.request).await? {
                None if self.strict => fail!("No such task: {id}"),
                task => out.push(to_value(&task)?),
            }
        }
        Ok(if single { out.pop().unwrap_or_default() } else { out.into() })
    }
}

impl Handle for GetTaskRequest {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Vec<Value>> {
        request::of_task(cx.db().await?, self.task_id).await
    }
}

impl Handle for GetTaskResult {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Value> {
        match request::result_of_task(cx.db().await?, self.task_id).await? {
            Ok(value) => Ok(value),
            Err(fault) if self.raise_fault => Err(fault.into()),
            Err(fault) => Ok(to_value(&fault)?),
        }
    }
}

async fn children(cx: &mut Call<'_>, parent: TaskId, with_request: bool) -> Result<Vec<Task>> {
    let db = cx.db().await?;
    let mut children = tasks::children(db, parent).await?;
    if with_request {
        for child in &mut children {
            child.request = Some(request::of_task(db, child.id).await?);
        }
    }
    Ok(children)
}

impl Handle for GetTaskChildren {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Vec<Task>> {
        if self.strict {
            tasks::get(cx.db().await?, self.task_id).await?;
        }
        children(cx, self.task_id, self.request).await
    }
}

impl Handle for GetTaskDescendents {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Struct> {
        let mut out = Struct::new();
        let mut todo = vec![self.task_id];
        while let Some(task) = todo.pop() {
            let children = children(cx, task, self.request).await?;
            todo.extend(children.iter().map(|c| c.id));
            out.insert(task.to_string(), to_value(&children)?);
        }
        Ok(out)
    }
}

impl Handle for TaskFinished {
    async fn handle(self, cx: &mut Call<'_>) -> Result<bool> {
        Ok(tasks::get(cx.db().await?, self.task_id).await?.state.is_finished())
    }
}

impl Handle for ListTasks {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Rows<TaskListItem>> {
        tasks::list(cx.db().await?, self.opts.unwrap_or_default(), self.query_opts).await
    }
}

impl Handle for CancelTask {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        tasks::assert_may_cancel(cx, self.task_id).await?;
        state::cancel(cx, self.task_id, self.recurse).await
    }
}

impl Handle for CancelTaskFull {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        state::cancel_full(cx, self.task_id, self.strict).await
    }
}

impl Handle for CancelTaskChildren {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        tasks::assert_may_cancel(cx, self.task_id).await?;
        state::cancel_children(cx, self.task_id).await
    }
}

impl Handle for ResubmitTask {
    async fn handle(self, cx: &mut Call<'_>) -> Result<TaskId> {
        let task = tasks::get(cx.db().await?, self.task_id).await?;
        if !matches!(task.state, TaskState::Canceled | TaskState::Failed) {
            fail!("only canceled or failed tasks may be resubmitted");
        }
        if task.parent.is_some() {
            fail!("only top-level tasks may be resubmitted");
        }
        if cx.user_id()? != task.owner && !cx.has_perm("admin").await? {
            fail!("only the task owner or an admin may resubmit a task");
        }
        let db = cx.db().await?;
        let params = request::of_task(db, task.id).await?;
        let channel: String =
            db.fetch_scalar("SELECT name FROM channels WHERE id = $1", args![task.channel_id]).await?;
        let again = NewTask {
            arch: Some(task.arch),
            channel: Some(channel),
            priority: task.priority,
            ..NewTask::new(task.method, params)
        };
        again.make(cx).await
    }
}

impl Handle for SetTaskPriority {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        if tasks::get(cx.db().await?, self.task_id).await?.state.is_finished() {
            fail!("Finished task's priority can't be updated");
        }
        state::set_priority(cx, self.task_id, self.priority, self.recurse).await
    }
}

impl Handle for FreeTask {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        state::free(cx, self.task_id).await
    }
}

impl Handle for AssignTask {
    async fn handle(self, cx: &mut Call<'_>) -> Result<bool> {
        let host = hosts::get(cx.db().await?, &self.host, None).await?.id;
        tasks::get(cx.db().await?, self.task_id).await?;
        scheduler::assign(cx, self.task_id, host, self.force, self.over_ride).await
    }
}

impl Handle for ListTaskOutput {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Value> {
        let task: Result<TaskId> = read("taskID", self.task_id);
        if self.strict {
            match &task {
                Ok(task) if tasks::find(cx.db().await?, *task).await?.is_some() => {}
                _ => fail!("Task doesn't exist"),
            }
        }
        tasks::list_output(cx, task?, self.stat, self.all_volumes).await
    }
}

impl Handle for DownloadTaskOutput {
    async fn handle(self, cx: &mut Call<'_>) -> Result<String> {
        tasks::read_output(cx, self.task_id, &self.file_name, self.offset, self.size, self.volume.as_deref()).await
    }
}

impl Handle for WaitTasks {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Struct> {
        let mut known = BTreeMap::new();
        for (id, state) in self.states {
            match id.parse::<i32>() {
                Ok(id) => known.insert(id, state.as_int()),
                Err(_) => fail!(Parameter, "hub.waitTasks() takes a struct of states by task id"),
            };
        }
        let ids: Vec<i32> = known.keys().copied().collect();
        let mut changes = cx.hub().signals().listen(Change::Tasks);
        let deadline = super::deadline(self.timeout);
        loop {
            let sql = sql!("SELECT id, state FROM task WHERE id ", {in "$1"}, " OR parent ", {in "$1"}, " ORDER BY id");
            let now: Vec<(i32, TaskState)> = cx.db().await?.fetch_all(sql, args![list(&ids)]).await?;
            let changed: Struct = now
                .iter()
                .filter(|(id, state)| known.get(id) != Some(&Some(i64::from(state.code()))))
                .map(|(id, state)| (id.to_string(), state.code()))
                .collect();
            if let Some(id) = ids.iter().find(|id| !now.iter().any(|(found, _)| found == *id)) {
                fail!("No such task: {id}");
            }
            cx.release().await?;
            if !changed.is_empty() || cx.hub().signals().is_stopping() || !changes.wait(deadline).await {
                return Ok(changed);
            }
        }
    }
}
