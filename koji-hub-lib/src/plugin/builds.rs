//! Telling of changes of builds.

use koji_core::ids::BuildId;

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

/// Tells that a build has changed.
pub(crate) async fn after_build(cx: &mut Call<'_>, build: BuildId, change: BuildChange) -> Result<()> {
    if !cx.tells(CallbackType::PostBuildStateChange) {
        return Ok(());
    }
    let now = builds::get_by_id(cx.db().await?, build).await?;
    let about = BuildStateChange { change, info: BuildInfo::Known(&now) };
    cx.tell(Callback::PostBuildStateChange(about)).await
}

/// Tells that a build is to be made; [`after_build`] tells that it was.
pub(crate) async fn before_new_build(cx: &mut Call<'_>, info: impl FnOnce() -> NewBuildInfo) -> Result<()> {
    if !cx.tells(CallbackType::PreBuildStateChange) {
        return Ok(());
    }
    let info = info();
    let change = BuildChange::State { old: None, new: info.state };
    cx.tell(Callback::PreBuildStateChange(BuildStateChange { change, info: BuildInfo::New(&info) })).await
}
