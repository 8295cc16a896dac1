//! RPMs that wrap what a build of another type holds.

use koji_core::model::{Build, BuildState};

use super::results::RpmResults;
use super::{import_log, rpm};
use crate::Result;
use crate::builds::{self, BuildExt};
use crate::call::Call;
use crate::db::{args, sql};
use crate::error::fail;

/// Imports them into a build.
pub(super) async fn import(cx: &mut Call<'_>, build: &Build, results: &RpmResults) -> Result<()> {
    build.reject_draft()?;
    for file in &results.packages {
        rpm::import_wrapper(cx, &results.dir.file(file)?, build, results.buildroot).await?;
    }
    for log in &results.logs {
        import_log(cx, &results.dir.file(log)?, &format!("{}/noarch", build.dir().logs())).await?;
    }
    Ok(())
}

/// Imports them into a complete build, which has no RPMs yet.
pub(crate) async fn import_into_complete(cx: &mut Call<'_>, build: &Build, results: &RpmResults) -> Result<()> {
    let sql = sql!("SELECT state FROM build WHERE id = $1", {for update});
    let state: BuildState = cx.db().await?.fetch_scalar(sql, args![build.id]).await?;
    if state != BuildState::Complete {
        let state = state.to_string().to_lowercase();
        fail!("cannot import wrapper rpms for {}: build state is {state}, not complete", build.name());
    }
    if builds::has_rpms(cx.db().await?, build.id).await? {
        fail!("wrapper rpms for {} have already been imported", build.name());
    }
    import(cx, build, results).await
}
