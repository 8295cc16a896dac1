use koji_core::api::host::*;
use koji_core::api::{Args, Param};
use koji_core::ids::{HostId, TaskId};
use koji_core::model::{AssignedTask, Host, HostTask, TaskState};
use koji_core::time::Timestamp;
use koji_core::xmlrpc::{Struct, Value, from_value, to_value};

use crate::Result;
use crate::call::Call;
use crate::db::{Conn, args};
use crate::error::fail;
use crate::registry::{Handle, Registry};
use crate::scheduler;
use crate::signals::Change;
use crate::tasks::make::NewTask;
use crate::tasks::{self, request, state, wait};

pub(super) fn register(r: &mut Registry) {
    r.add::<GetHostId>()
        .add::<GetOwnHost>()
        .add::<IsEnabled>()
        .add::<UpdateHost>()
        .add::<SetHostData>()
        .add::<GetLoadData>()
        .add::<GetTasks>()
        .add::<GetHostTasks>()
        .add::<OpenTask>()
        .add::<CloseTask>()
        .add::<FailTask>()
        .add::<FreeTasks>()
        .add::<RefuseTask>()
        .add::<SetTaskWeight>()
        .add::<TaskSetWait>()
        .add::<TaskWait>()
        .add::<TaskWaitResults>()
        .add::<Subtask>()
        .add::<Subtask2>()
        .add::<WaitWork>()
        .add::<WaitSubtasks>();
}

async fn own_host(db: &mut Conn, id: HostId) -> Result<Option<Host>> {
    Ok(db
        .fetch_optional(
            "SELECT h.id, h.user_id, h.name, h.update_time AS update_ts, h.ready, h.task_load, c.arches, c.capacity,
                    c.description, c.comment, c.enabled
             FROM host h JOIN host_config c ON c.host_id = h.id AND c.active = TRUE WHERE h.id = $1",
            args![id],
        )
        .await?)
}

impl Handle for GetHostId {
    async fn handle(self, cx: &mut Call<'_>) -> Result<HostId> {
        cx.host_id()
    }
}

impl Handle for GetOwnHost {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Host> {
        let id = cx.host_id()?;
        match own_host(cx.db().await?, id).await? {
            Some(host) => Ok(host),
            None => fail!("No such host: {id}"),
        }
    }
}

impl Handle for IsEnabled {
    async fn handle(self, cx: &mut Call<'_>) -> Result<bool> {
        let id = cx.host_id()?;
        let sql = "SELECT enabled FROM host_config WHERE host_id = $1 AND active = TRUE";
        Ok(cx.db().await?.fetch_scalar_optional(sql, args![id]).await?.unwrap_or(false))
    }
}

/// Stores what a host says it can do.
async fn store_data(cx: &mut Call<'_>, host: HostId, data: Value) -> Result<()> {
    if data.as_struct().is_none() {
        fail!(Parameter, "Host data should be a dictionary");
    }
    let json: serde_json::Value = from_value(data)?;
    cx.db()
        .await?
        .execute(
            "INSERT INTO scheduler_host_data (host_id, data) VALUES ($1, $2) ON CONFLICT (host_id) DO UPDATE SET data = $2",
            args![host, koji_core::json::Json(json)],
        )
        .await?;
    Ok(())
}

impl Handle for UpdateHost {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        let host = cx.host_id()?;
        if self.task_load.is_nan() || self.task_load < 0.0 {
            fail!(Parameter, "a host's load must not be negative: {}", self.task_load);
        }
        cx.db()
            .await?
            .execute(
                "UPDATE host SET task_load = $2, ready = $3, update_time = $4 WHERE id = $1",
                args![host, self.task_load, self.ready, Timestamp::now()],
            )
            .await?;
        cx.announce(Change::Tasks);
        match self.data {
            Some(data) => store_data(cx, host, data).await,
            None => Ok(()),
        }
    }
}

impl Handle for SetHostData {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        let host = cx.host_id()?;
        let data = match self.hostdata {
            Value::String(text) => match serde_json::from_str::<Value>(&text) {
                Ok(data) => data,
                Err(e) => fail!(Parameter, "Host data is not JSON: {e}"),
            },
            other => other,
        };
        store_data(cx, host, data).await
    }
}

// Of a host's tasks nearly all have ended: `+host_id` has the databases look for the state, of which there are few, and
// not through all that the host ever did. The state stands in the text for the same reason: with an argument, Postgres
// would not know how few.

/// The tasks that are assigned to a host, the most urgent first.
async fn assigned(db: &mut Conn, host: HostId) -> Result<Vec<AssignedTask>> {
    Ok(db
        .fetch_all(
            "SELECT id, state, channel_id, host_id, arch, method, priority, create_time AS create_ts
             FROM task WHERE +host_id = $1 AND state = 4 ORDER BY priority, create_time",
            args![host],
        )
        .await?)
}

/// The tasks of a host that asks for them: if it has none, the scheduler gives it some if it can.
async fn asked_for(cx: &mut Call<'_>, host: HostId) -> Result<Vec<AssignedTask>> {
    let tasks = assigned(cx.db().await?, host).await?;
    if tasks.is_empty() && scheduler::run_when_due(cx).await? {
        return assigned(cx.db().await?, host).await;
    }
    Ok(tasks)
}

impl Handle for GetTasks {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Vec<AssignedTask>> {
        let host = cx.host_id()?;
        asked_for(cx, host).await
    }
}

impl Handle for GetLoadData {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Value> {
        let id = cx.host_id()?;
        let db = cx.db().await?;
        let Some(host) = own_host(db, id).await? else { fail!("No such host: {id}") };
        let channels: Vec<i32> = db
            .fetch_scalars("SELECT channel_id FROM host_channels WHERE host_id = $1 AND active = TRUE", args![id])
            .await?;
        let tasks = asked_for(cx, id).await?;
        let mut host = to_value(&host)?;
        if let Value::Struct(host) = &mut host {
            host.insert("channels", to_value(&channels)?);
        }
        Ok(vec![Value::Array(vec![host]), to_value(&tasks)?].into())
    }
}

impl Handle for GetHostTasks {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Vec<HostTask>> {
        let host = cx.host_id()?;
        let db = cx.db().await?;
        let mut open: Vec<HostTask> = db
            .fetch_all(
                "SELECT id, waiting, weight FROM task WHERE +host_id = $1 AND state = 1 ORDER BY id",
                args![host],
            )
            .await?;
        for task in open.iter_mut().filter(|t| t.waiting == Some(true)) {
            let (ended, _) = wait::look(db, task.id).await?;
            task.alert = (!ended.is_empty()).then_some(true);
        }
        Ok(open)
    }
}

impl Handle for OpenTask {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Option<Struct>> {
        let host = cx.host_id()?;
        if !state::open(cx, self.task_id, host).await? {
            return Ok(None);
        }
        let db = cx.db().await?;
        let task = tasks::get(db, self.task_id).await?;
        let stored: Option<String> =
            db.fetch_scalar("SELECT request FROM task WHERE id = $1", args![self.task_id]).await?;
        let Value::Struct(mut out) = to_value(&task)? else { return Ok(None) };
        out.insert("request", tasks::request::text(&stored.unwrap_or_default())?.into_owned());
        Ok(Some(out))
    }
}

impl Handle for CloseTask {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        let host = cx.host_id()?;
        tasks::assert_host(cx.db().await?, self.task_id, host).await?;
        // neither a fault nor what nobody could read is the result of a task that ended well
        request::result(&self.response)??;
        state::end(cx, self.task_id, TaskState::Closed, &self.response).await
    }
}

impl Handle for FailTask {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        let host = cx.host_id()?;
        tasks::assert_host(cx.db().await?, self.task_id, host).await?;
        state::end(cx, self.task_id, TaskState::Failed, &self.response).await?;
        crate::builds::fail_of_task(cx, self.task_id).await
    }
}

impl Handle for FreeTasks {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        let host = cx.host_id()?;
        for task in self.tasks {
            // one that was freed or given away meanwhile is no error
            if tasks::is_on_host(cx.db().await?, task, host).await? {
                state::free(cx, task).await?;
            }
        }
        Ok(())
    }
}

impl Handle for RefuseTask {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        let host = cx.host_id()?;
        // it may be another host's by now
        state::lock(cx, self.task_id).await?;
        let task = tasks::get(cx.db().await?, self.task_id).await?;
        if task.host_id != Some(host) {
            tracing::warn!(host = %host, task = %task.id, "a host refused a task that is not its own");
            return Ok(());
        }
        scheduler::refuse(cx, task.id, host, self.soft, true, &self.msg).await?;
        state::free(cx, task.id).await
    }
}

impl Handle for SetTaskWeight {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        let host = cx.host_id()?;
        tasks::assert_host(cx.db().await?, self.task_id, host).await?;
        state::set_weight(cx, self.task_id, self.weight).await
    }
}

impl Handle for TaskSetWait {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        wait::set_wait(cx, self.parent, self.tasks.as_deref()).await
    }
}

impl Handle for TaskWait {
    async fn handle(self, cx: &mut Call<'_>) -> Result<(Vec<TaskId>, Vec<TaskId>)> {
        wait::wait(cx, self.parent).await
    }
}

impl Handle for TaskWaitResults {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Vec<(TaskId, Value)>> {
        wait::results(cx, self.parent, self.tasks, &self.canfail.unwrap_or_default()).await
    }
}

/// Makes a subtask, or finds the one that its parent made before under the same label.
async fn subtask(
    cx: &mut Call<'_>,
    method: String,
    params: Vec<Value>,
    parent: TaskId,
    mut options: Struct,
) -> Result<TaskId> {
    let host = cx.host_id()?;
    tasks::assert_host(cx.db().await?, parent, host).await?;
    if options.get("owner").is_some() {
        fail!(ActionNotAllowed, "The owner option is not allowed here");
    }
    if let Some(label) = options.get("label").and_then(Value::as_str) {
        let sql = "SELECT id FROM task WHERE parent = $1 AND label = $2";
        if let Some(task) = cx.db().await?.fetch_scalar_optional(sql, args![parent, label]).await? {
            return Ok(task);
        }
    }
    let params = match options.remove("kwargs") {
        None => params,
        Some(named) => match Struct::from_value(named) {
            Ok(named) => Args { positional: params, named }.into_params(),
            Err(e) => fail!(Parameter, "host.subtask(): invalid value for kwargs: {e}"),
        },
    };
    options.insert("parent", parent.0);
    NewTask::new(method, params).options(cx, options).await?.make(cx).await
}

impl Handle for Subtask {
    async fn handle(self, cx: &mut Call<'_>) -> Result<TaskId> {
        subtask(cx, self.method, self.arglist, self.parent, self.opts.0).await
    }
}

impl Handle for Subtask2 {
    async fn handle(self, cx: &mut Call<'_>) -> Result<TaskId> {
        let params = Args { positional: self.args.0, named: self.opts.0 }.into_params();
        subtask(cx, self.method, params, self.parent, self.taskopts).await
    }
}

impl Handle for WaitWork {
    async fn handle(self, cx: &mut Call<'_>) -> Result<bool> {
        let host = cx.host_id()?;
        let mut changes = cx.hub().signals().listen(Change::Tasks);
        let _waiting = cx.hub().signals().builder_waits();
        let deadline = super::deadline(self.timeout);
        let open = "SELECT id FROM task WHERE +host_id = $1 AND state = 1 ORDER BY id";
        let before: Vec<TaskId> = cx.db().await?.fetch_scalars(open, args![host]).await?;
        loop {
            let assigned: Option<TaskId> = cx
                .db()
                .await?
                .fetch_scalar_optional("SELECT id FROM task WHERE +host_id = $1 AND state = 4 LIMIT 1", args![host])
                .await?;
            // a task that was canceled or freed is no longer open here, and its process is to end
            let now: Vec<TaskId> = cx.db().await?.fetch_scalars(open, args![host]).await?;
            cx.release().await?;
            if assigned.is_some() || now != before {
                return Ok(true);
            }
            if cx.hub().signals().is_stopping() || !changes.wait(deadline).await {
                return Ok(false);
            }
        }
    }
}

impl Handle for WaitSubtasks {
    async fn handle(self, cx: &mut Call<'_>) -> Result<(Vec<TaskId>, Vec<TaskId>)> {
        let mut changes = cx.hub().signals().listen(Change::Tasks);
        let deadline = super::deadline(self.timeout);
        loop {
            let (ended, others) = wait::look(cx.db().await?, self.parent).await?;
            cx.release().await?;
            if !ended.is_empty()
                || others.is_empty()
                || cx.hub().signals().is_stopping()
                || !changes.wait(deadline).await
            {
                return Ok((ended, others));
            }
        }
    }
}
