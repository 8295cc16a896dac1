//! Builds that move from one volume to another.

use koji_core::ids::{BuildId, TaskId, VolumeId};
use koji_core::model::{Build, BuildState, TagUpdateType};
use koji_core::paths;
use koji_core::xmlrpc::Struct;

use super::directories::{copy_ahead, relocate};
use super::{get_by_id, lock};
use crate::call::Call;
use crate::db::args;
use crate::error::fail;
use crate::plugin;
use crate::storage::Storage;
use crate::{Result, policy, tagging};

/// Moves a build to a volume; if strict, one that is there is a fault.
pub(crate) async fn change_volume(
    cx: &mut Call<'_>,
    build: BuildId,
    (volume, name): (VolumeId, String),
    strict: bool,
) -> Result<()> {
    let build = lock(cx.db().await?, build).await?;
    if build.volume_id == volume {
        if strict {
            fail!("Build {} already on volume {}", build.nvr, build.volume_name);
        }
        return Ok(());
    }
    if !matches!(build.state, BuildState::Complete | BuildState::Deleted) {
        fail!("Build {} is {}", build.nvr, build.state);
    }
    assert_directory(cx.storage(), &name).await?;
    let change = plugin::before_move(cx, &build, volume, &name).await?;
    let moved = set_volume(cx, build.id, volume).await?;
    relocate(cx, &build, &moved).await?;
    plugin::after_build(cx, build.id, change).await
}

/// Copies the files of a build that is to move to a volume, before the transaction in which it does.
pub(crate) async fn change_volume_ahead(
    cx: &mut Call<'_>,
    build: &Build,
    volume_id: VolumeId,
    volume: &str,
) -> Result<()> {
    if !matches!(build.state, BuildState::Complete | BuildState::Deleted) {
        return Ok(());
    }
    assert_directory(cx.storage(), volume).await?;
    let moved = Build { volume_id, volume_name: volume.to_owned(), ..build.clone() };
    copy_ahead(cx, build, &moved).await
}

/// As [`change_volume_ahead`], for [`apply_policy`].
pub(crate) async fn apply_policy_ahead(cx: &mut Call<'_>, build: &Build, strict: bool) -> Result<()> {
    match by_policy(cx, build, strict).await? {
        Some((volume, name)) => change_volume_ahead(cx, build, volume, &name).await,
        None => Ok(()),
    }
}

/// Enters the volume of a build, whose files are not there yet.
pub(super) async fn set_volume(cx: &mut Call<'_>, build: BuildId, volume: VolumeId) -> Result<Build> {
    cx.db().await?.execute("UPDATE build SET volume_id = $2 WHERE id = $1", args![build, volume]).await?;
    tagging::note_update(cx, build, TagUpdateType::VolumeChange).await?;
    get_by_id(cx.db().await?, build).await
}

/// Refuses a volume whose directory is not there.
pub(super) async fn assert_directory(storage: &dyn Storage, volume: &str) -> Result<()> {
    if volume != paths::DEFAULT_VOLUME
        && !storage.metadata(&paths::volume(Some(volume))).await?.is_some_and(|found| found.is_dir)
    {
        fail!("Directory entry missing for volume {volume}");
    }
    Ok(())
}

/// Moves a build to the volume that the policy says. If that is none, the build stays; or it is a fault, if strict.
pub(crate) async fn apply_policy(cx: &mut Call<'_>, build: BuildId, strict: bool) -> Result<()> {
    let build = get_by_id(cx.db().await?, build).await?;
    match by_policy(cx, &build, strict).await? {
        Some((volume, name)) if volume != build.volume_id => change_volume(cx, build.id, (volume, name), false).await,
        _ => Ok(()),
    }
}

/// The volume that the policy says for a build.
pub(super) async fn by_policy(cx: &mut Call<'_>, build: &Build, strict: bool) -> Result<Option<(VolumeId, String)>> {
    let mut data: Struct = [("build", build.id.0)].into_iter().collect();
    if let Some(task) = task_of(build) {
        data.extend(policy::of_task(cx, task).await?);
    }
    policy::chosen_volume(cx, &data, strict).await
}

/// The task that made a build; some content generators note it with what else they know of it.
fn task_of(build: &Build) -> Option<TaskId> {
    let noted = || {
        let id = build.extra.as_ref()?.0.get("container_koji_task_id")?.as_i64()?;
        i32::try_from(id).ok().map(TaskId)
    };
    build.task_id.or_else(noted)
}
