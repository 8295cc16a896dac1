//! Builds that end without success. What they left of files goes with them.

use koji_core::ids::{BuildId, TaskId};
use koji_core::model::BuildState;
use koji_core::time::Timestamp;

use super::get_by_id;
use super::make::remove_files;
use crate::call::Call;
use crate::db::{args, sql};
use crate::error::fail;
use crate::plugin::{self, BuildChange};
use crate::tasks::state::cancel_full;
use crate::{Result, notifications};

/// Marks a build as failed; a fault if it is not in the making.
pub(crate) async fn fail_build(cx: &mut Call<'_>, build: BuildId) -> Result<()> {
    if !end(cx, build, BuildState::Failed).await? {
        let state = get_by_id(cx.db().await?, build).await?.state;
        fail!("cannot update build {build}, state: {state}");
    }
    Ok(())
}

/// Cancels a build and its task; false if it is not in the making.
pub(crate) async fn cancel(cx: &mut Call<'_>, build: BuildId) -> Result<bool> {
    if !end(cx, build, BuildState::Canceled).await? {
        return Ok(false);
    }
    let build = get_by_id(cx.db().await?, build).await?;
    if let Some(task) = build.task_id {
        notifications::about_build(cx, task, &build).await?;
        cancel_full(cx, task, false).await?;
    }
    Ok(true)
}

/// Cancels what a task is building.
pub(crate) async fn cancel_of_task(cx: &mut Call<'_>, task: TaskId) -> Result<()> {
    for build in in_the_making(cx, task).await? {
        end(cx, build, BuildState::Canceled).await?;
    }
    Ok(())
}

/// Marks as failed what a task that failed was still building.
pub(crate) async fn fail_of_task(cx: &mut Call<'_>, task: TaskId) -> Result<()> {
    for build in in_the_making(cx, task).await? {
        end(cx, build, BuildState::Failed).await?;
        let build = get_by_id(cx.db().await?, build).await?;
        notifications::about_build(cx, task, &build).await?;
    }
    Ok(())
}

async fn in_the_making(cx: &mut Call<'_>, task: TaskId) -> Result<Vec<BuildId>> {
    // builds in the making are those without an end, for which there is an index; for tasks there is none
    let sql = "SELECT id FROM build WHERE completion_time IS NULL AND task_id = $1 AND state = $2 ORDER BY id";
    Ok(cx.db().await?.fetch_scalars(sql, args![task, BuildState::Building]).await?)
}

/// Ends a build that is in the making; false if it is not. The row stays locked, so that nothing is imported meanwhile.
async fn end(cx: &mut Call<'_>, build: BuildId, state: BuildState) -> Result<bool> {
    let db = cx.db().await?;
    let locked = sql!("SELECT state FROM build WHERE id = $1", {for update});
    match db.fetch_scalar_optional::<BuildState>(locked, args![build]).await? {
        None => fail!("No such build: {build}"),
        Some(BuildState::Building) => {}
        Some(_) => return Ok(false),
    }
    let change = BuildChange::State { old: Some(BuildState::Building), new: state };
    plugin::before_build(cx, build, &change).await?;
    let db = cx.db().await?;
    let sql = "UPDATE build SET state = $2, completion_time = $3 WHERE id = $1";
    db.execute(sql, args![build, state, Timestamp::now()]).await?;
    db.execute("DELETE FROM build_reservations WHERE build_id = $1", args![build]).await?;
    let ended = get_by_id(db, build).await?;
    remove_files(cx, &ended).await?;
    plugin::after_build(cx, build, change).await?;
    Ok(true)
}
