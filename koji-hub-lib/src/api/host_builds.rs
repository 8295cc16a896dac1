use koji_core::api::Param;
use koji_core::api::host::{CompleteBuild, FailBuild, InitBuild, MoveBuildToScratch};
use koji_core::ids::{BuildId, TaskId};
use koji_core::json::JsonText;
use koji_core::model::{Build, BuildState};
use koji_core::time::Timestamp;
use koji_core::xmlrpc::{Struct, Value, from_value};

use crate::builds::{self, NewBuild};
use crate::call::Call;
use crate::db::{args, sql};
use crate::error::fail;
use crate::import::{self, BuildFiles};
use crate::registry::{Handle, Registry};
use crate::{Result, tasks};

pub(super) fn register(r: &mut Registry) {
    r.add::<InitBuild>().add::<CompleteBuild>().add::<FailBuild>().add::<MoveBuildToScratch>();
}

/// A field that a builder gives of a new build; nil is none.
fn field<T: Param>(data: &Struct, name: &str) -> Result<Option<T>> {
    match Option::<T>::from_value(data.get(name).cloned().unwrap_or_default()) {
        Ok(value) => Ok(value),
        Err(e) => fail!(Parameter, "host.initBuild(): invalid value for {name}: {e}"),
    }
}

fn needed<T: Param>(data: &Struct, name: &str) -> Result<T> {
    match field(data, name)? {
        Some(value) => Ok(value),
        None => fail!("No {name} value for build"),
    }
}

impl Handle for InitBuild {
    async fn handle(self, cx: &mut Call<'_>) -> Result<BuildId> {
        let data = self.data;
        let host = cx.host_id()?;
        let task: TaskId = needed(&data, "task_id")?;
        tasks::assert_host(cx.db().await?, task, host).await?;
        let owner = tasks::owner(cx.db().await?, task).await?;
        let extra = match data.get("extra") {
            None | Some(Value::Nil) => None,
            Some(extra) => Some(JsonText(from_value(extra.clone())?)),
        };
        let new = NewBuild {
            name: needed(&data, "name")?,
            version: needed(&data, "version")?,
            release: needed(&data, "release")?,
            epoch: field(&data, "epoch")?,
            draft: field(&data, "draft")?.unwrap_or(false),
            state: BuildState::Building,
            owner,
            task_id: Some(task),
            source: field(&data, "source")?,
            extra,
            start_time: Some(Timestamp::now()),
            completion_time: None,
            cg_id: None,
            asked: data,
        };
        let id = builds::make(cx, new).await?;
        builds::add_type(cx.db().await?, id, "rpm").await?;
        Ok(id)
    }
}

impl Handle for CompleteBuild {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Build> {
        let host = cx.host_id()?;
        tasks::assert_host(cx.db().await?, self.task_id, host).await?;
        let files = BuildFiles::read(self.srpm, self.rpms, self.brmap, self.logs)?;
        import::complete(cx, self.task_id, self.build_id, files).await
    }
}

impl Handle for FailBuild {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        let host = cx.host_id()?;
        tasks::assert_host(cx.db().await?, self.task_id, host).await?;
        let sql = sql!("SELECT state FROM build WHERE id = $1", {for update});
        let state: Option<BuildState> = cx.db().await?.fetch_scalar_optional(sql, args![self.build_id]).await?;
        match state {
            None => fail!("No such build: {}", self.build_id),
            Some(BuildState::Building) => {}
            Some(state) => fail!("cannot update build {}, state: {state}", self.build_id),
        }
        builds::end_unfinished(cx, self.build_id, BuildState::Failed).await
    }
}

impl Handle for MoveBuildToScratch {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        let host = cx.host_id()?;
        tasks::assert_host(cx.db().await?, self.task_id, host).await?;
        let files = BuildFiles::read(self.srpm, self.rpms, None, self.logs)?;
        import::to_scratch(cx, self.task_id, files).await
    }
}
