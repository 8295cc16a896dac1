//! Builds of Maven, of Windows and of images.

use koji_core::api::typed_builds::*;
use koji_core::api::typed_builds::{CreateImageBuild, CreateMavenBuild, CreateWinBuild};
use koji_core::ids::{BuildId, TaskId};
use koji_core::xmlrpc::{Struct, Value};

use super::host_builds::{in_the_making, owner_name, required, task_owner};
use crate::call::Call;
use crate::given::{check_type, read};
use crate::import::{self, ImageResults, MavenResults, RpmResults, WinResults};
use crate::registry::{Handle, Registry};
use crate::{Result, builds};

pub(super) fn register(r: &mut Registry) {
    r.add::<CreateMavenBuild>()
        .add::<CreateWinBuild>()
        .add::<CreateImageBuild>()
        .add::<InitMavenBuild>()
        .add::<HostCreateMavenBuild>()
        .add::<InitWinBuild>()
        .add::<InitImageBuild>()
        .add::<CompleteMavenBuild>()
        .add::<CompleteWinBuild>()
        .add::<CompleteImageBuild>()
        .add::<ImportImage>()
        .add::<ImportWrapperRpms>()
        .add::<MoveMavenBuildToScratch>()
        .add::<MoveWinBuildToScratch>()
        .add::<MoveImageBuildToScratch>();
}

impl Handle for CreateMavenBuild {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        cx.hub().config().require_maven()?;
        let build = builds::find_or_make(cx, &self.build_info).await?;
        builds::make_maven(cx.db().await?, build.id, &self.maven_info).await
    }
}

impl Handle for CreateWinBuild {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        cx.hub().config().require_win()?;
        let build = builds::find_or_make(cx, &self.build_info).await?;
        builds::make_win(cx.db().await?, build.id, &self.win_info).await
    }
}

impl Handle for CreateImageBuild {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        let build = builds::find_or_make(cx, &self.build_info).await?;
        builds::make_image(cx.db().await?, build.id).await
    }
}

/// Begins a build of a task, and adds its id to what it was asked with. Without a release it may get the next one.
async fn begin(cx: &mut Call<'_>, task: TaskId, data: &mut Struct, may_count: bool) -> Result<BuildId> {
    let owner = task_owner(cx, task).await?;
    if may_count && data.get("release").is_none_or(Value::is_nil) {
        let (name, version): (String, String) = (required(data, "name")?, required(data, "version")?);
        let release = builds::next_release(cx.db().await?, &name, &version, 1).await?;
        data.insert("release", release);
    }
    let new = in_the_making(data, task, owner)?;
    let build = builds::make(cx, new).await?;
    data.insert("id", build.0);
    Ok(build)
}

impl Handle for InitMavenBuild {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Struct> {
        cx.hub().config().require_maven()?;
        let mut data = self.build_info;
        // always the next one
        data.insert("release", Value::Nil);
        let build = begin(cx, self.task_id, &mut data, true).await?;
        builds::make_maven(cx.db().await?, build, &self.maven_info).await?;
        Ok(data)
    }
}

impl Handle for HostCreateMavenBuild {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        cx.hub().config().require_maven()?;
        let db = cx.db().await?;
        let build = builds::get(db, &self.build_info).await?;
        builds::make_maven(db, build.id, &self.maven_info).await
    }
}

impl Handle for InitWinBuild {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Struct> {
        cx.hub().config().require_win()?;
        let mut data = self.build_info;
        let build = begin(cx, self.task_id, &mut data, false).await?;
        builds::make_win(cx.db().await?, build, &self.win_info).await?;
        Ok(data)
    }
}

impl Handle for InitImageBuild {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Struct> {
        let mut data = self.build_info;
        let build = begin(cx, self.task_id, &mut data, true).await?;
        builds::make_image(cx.db().await?, build).await?;
        Ok(data)
    }
}

impl Handle for CompleteMavenBuild {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        cx.hub().config().require_maven()?;
        task_owner(cx, self.task_id).await?;
        let (results, rpms) = (MavenResults::read(self.maven_results)?, RpmResults::read(self.rpm_results)?);
        import::complete_maven(cx, self.task_id, self.build_id, results, rpms).await
    }
}

impl Handle for CompleteWinBuild {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        cx.hub().config().require_win()?;
        task_owner(cx, self.task_id).await?;
        let (results, rpms) = (WinResults::read(self.results)?, RpmResults::read(self.rpm_results)?);
        import::complete_win(cx, self.task_id, self.build_id, results, rpms).await
    }
}

impl Handle for CompleteImageBuild {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        task_owner(cx, self.task_id).await?;
        let results = ImageResults::read_all(self.results)?;
        import::complete_image(cx, self.task_id, self.build_id, results).await
    }
}

impl Handle for ImportImage {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        task_owner(cx, self.task_id).await?;
        let results = ImageResults::read_all(self.results)?;
        let build = builds::get(cx.db().await?, &self.build_info).await?;
        import::import_images(cx, self.task_id, &build, results).await
    }
}

impl Handle for ImportWrapperRpms {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        cx.hub().config().require_maven()?;
        task_owner(cx, self.task_id).await?;
        let build = builds::get_by_id(cx.db().await?, self.build_id).await?;
        let results = RpmResults::of_task(self.task_id, self.rpm_results)?;
        import::import_wrapper(cx, &build, &results).await
    }
}

impl Handle for MoveMavenBuildToScratch {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        cx.hub().config().require_maven()?;
        let owner = owner_name(cx, self.task_id).await?;
        let (results, rpms) = (MavenResults::read(self.results)?, RpmResults::read(self.rpm_results)?);
        import::maven_to_scratch(cx, self.task_id, &owner, &results, rpms.as_ref()).await
    }
}

impl Handle for MoveWinBuildToScratch {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        cx.hub().config().require_win()?;
        let owner = owner_name(cx, self.task_id).await?;
        let (results, rpms) = (WinResults::read(self.results)?, RpmResults::read(self.rpm_results)?);
        import::win_to_scratch(cx, self.task_id, &owner, &results, rpms.as_ref()).await
    }
}

impl Handle for MoveImageBuildToScratch {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        check_type(&self.results, "dict")?;
        let owner = owner_name(cx, self.task_id).await?;
        let results = ImageResults::read_all(read("results", self.results)?)?;
        import::images_to_scratch(cx, &owner, &results).await
    }
}
