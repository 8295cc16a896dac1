//! Telling of changes of builds.

use koji_core::ids::{BuildId, VolumeId};
use koji_core::model::{Build, BuildState};

use super::{BuildChange, BuildInfo, BuildStateChange, Callback, CallbackType, NewBuildInfo};
use crate::call::Call;
use crate::{Result, builds};

/// Tells that a build is to change. Whoever writes to the table of builds calls this before, and [`after_build`]
/// afterwards.
pub(crate) async fn before_build(cx: &mut Call<'_>, build: BuildId, change: &BuildChange) -> Result<()> {
    if !cx.tells(CallbackType::PreBuildStateChange) {
        return Ok(());
    }
    let old = builds::get_by_id(cx.db().await?, build).await?;
    let about = BuildStateChange { change: change.clone(), info: BuildInfo::Known(&old) };
    cx.tell(Callback::PreBuildStateChange(about)).await
}

/// Tells that a build is to move to a volume, and shows it as it will be there, as Koji does: gives the change, for
/// [`after_build`].
pub(crate) async fn before_move(cx: &mut Call<'_>, build: &Build, volume: VolumeId, name: &str) -> Result<BuildChange> {
    let change = BuildChange::VolumeId { old: build.volume_id, new: volume };
    if cx.tells(CallbackType::PreBuildStateChange) {
        let moved = Build { volume_id: volume, volume_name: name.to_owned(), ..build.clone() };
        let about = BuildStateChange { change: change.clone(), info: BuildInfo::Known(&moved) };
        cx.tell(Callback::PreBuildStateChange(about)).await?;
    }
    Ok(change)
}

/// Tells that a build has changed.
pub(crate) async fn after_build(cx: &mut Call<'_>, build: BuildId, change: BuildChange) -> Result<()> {
    if !cx.tells(CallbackType::PostBuildStateChange) {
        return Ok(());
    }
    let now = builds::get_by_id(cx.db().await?, build).await?;
    let about = BuildStateChange { change, info: BuildInfo::Known(&now) };
    cx.tell(Callback::PostBuildStateChange(about)).await
}

/// Tells that a build is to be made, or to begin anew after `old`; [`after_build`] tells that it was.
pub(crate) async fn before_new_build(
    cx: &mut Call<'_>,
    old: Option<BuildState>,
    info: impl FnOnce() -> NewBuildInfo,
) -> Result<()> {
    if !cx.tells(CallbackType::PreBuildStateChange) {
        return Ok(());
    }
    let info = info();
    let change = BuildChange::State { old, new: info.state };
    cx.tell(Callback::PreBuildStateChange(BuildStateChange { change, info: BuildInfo::New(&info) })).await
}
