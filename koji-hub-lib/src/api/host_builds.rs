use koji_core::api::Param;
use koji_core::api::host_builds::*;
use koji_core::ids::{BuildId, TaskId, UserId, VolumeId};
use koji_core::json::JsonText;
use koji_core::model::{Build, BuildState};
use koji_core::time::Timestamp;
use koji_core::xmlrpc::{Struct, Value};

use crate::Result;
use crate::builds::{self, NewBuild};
use crate::call::Call;
use crate::error::fail;
use crate::given::read;
use crate::import::{self, BuiltFiles};
use crate::registry::{Handle, Registry};
use crate::{notifications, tasks, users};

pub(super) fn register(r: &mut Registry) {
    r.add::<InitBuild>().add::<CompleteBuild>().add::<FailBuild>().add::<MoveBuildToScratch>();
}

/// The owner of a task that is open on the calling host.
pub(super) async fn task_owner(cx: &mut Call<'_>, task: TaskId) -> Result<UserId> {
    let host = cx.host_id()?;
    let db = cx.db().await?;
    tasks::assert_host(db, task, host).await?;
    tasks::owner(db, task).await
}

/// The name of that owner, who finds scratch builds below it.
pub(super) async fn owner_name(cx: &mut Call<'_>, task: TaskId) -> Result<String> {
    let owner = task_owner(cx, task).await?;
    match users::find_by_id(cx.db().await?, owner).await? {
        Some(owner) => Ok(owner.name),
        None => fail!("No such user: {owner}"),
    }
}

/// A value that must be there.
pub(super) fn required<T: Param>(data: &Struct, name: &str) -> Result<T> {
    match optional(data, name)? {
        Some(value) => Ok(value),
        None => fail!("No {name} value for build"),
    }
}

pub(super) fn optional<T: Param>(data: &Struct, name: &str) -> Result<Option<T>> {
    read(name, data.get(name).cloned().unwrap_or_default())
}

/// A build that a task of that owner begins, of what a builder says of it. What is added to that is what was asked for.
pub(super) fn in_the_making(data: &mut Struct, task_id: TaskId, owner: UserId) -> Result<NewBuild> {
    let Some(name) = optional(data, "name")? else { fail!("No name or package id provided for build") };
    if data.get("epoch").is_none() {
        fail!("No epoch value for build");
    }
    let extra = match data.get("extra") {
        None | Some(Value::Nil) => None,
        Some(extra) => match serde_json::to_value(extra) {
            Ok(json) => Some(JsonText(json)),
            Err(_) => fail!("No such build extra data: {}", koji_core::python::repr(extra)),
        },
    };
    data.insert("task_id", task_id.0);
    data.insert("owner", owner.0);
    data.insert("state", BuildState::Building.code());
    data.insert("completion_time", Value::Nil);
    Ok(NewBuild {
        name,
        version: required(data, "version")?,
        release: required(data, "release")?,
        epoch: optional(data, "epoch")?,
        draft: data.get("draft").is_some_and(Value::is_truthy),
        state: BuildState::Building,
        owner,
        task_id: Some(task_id),
        source: optional(data, "source")?,
        extra,
        volume: VolumeId(0),
        start_time: Some(optional(data, "start_time")?.unwrap_or_else(Timestamp::now)),
        completion_time: None,
        cg_id: None,
        asked: data.clone(),
    })
}

impl Handle for InitBuild {
    async fn handle(self, cx: &mut Call<'_>) -> Result<BuildId> {
        let mut data = self.data;
        let task_id = optional(&data, "task_id")?;
        let Some(task_id) = task_id else { fail!(Parameter, "host.initBuild(): no task_id") };
        let owner = task_owner(cx, task_id).await?;
        let new = in_the_making(&mut data, task_id, owner)?;
        let build = builds::make(cx, new).await?;
        builds::add_type(cx.db().await?, build, "rpm").await?;
        Ok(build)
    }
}

impl Handle for CompleteBuild {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Build> {
        task_owner(cx, self.task_id).await?;
        let files = BuiltFiles::new(self.srpm, self.rpms, self.brmap, self.logs)?;
        let build = import::import_build(cx, files, self.task_id, self.build_id).await?;
        notifications::about_build(cx, self.task_id, &build).await?;
        Ok(build)
    }
}

impl Handle for FailBuild {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        task_owner(cx, self.task_id).await?;
        builds::fail_build(cx, self.build_id).await?;
        let build = builds::get_by_id(cx.db().await?, self.build_id).await?;
        notifications::about_build(cx, self.task_id, &build).await
    }
}

impl Handle for MoveBuildToScratch {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        let owner = owner_name(cx, self.task_id).await?;
        let files = BuiltFiles::new(self.srpm, self.rpms, None, self.logs)?;
        import::move_to_scratch(cx, files, self.task_id, &owner).await
    }
}
