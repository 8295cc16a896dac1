//! Scratch builds: their files go where users find them, and are not imported.

use koji_core::ids::TaskId;
use koji_core::paths;

use super::{BuiltFiles, basename, noarch, place, read_upload, shown, upload};
use crate::Result;
use crate::call::Call;
use crate::error::fail;

/// Puts what a scratch build made into the directory of its task.
pub(crate) async fn move_to_scratch(cx: &mut Call<'_>, files: BuiltFiles, task: TaskId, owner: &str) -> Result<()> {
    let mut rpms = vec![(files.srpm.clone(), read_upload(cx.hub(), &files.srpm).await?)];
    for file in &files.rpms {
        rpms.push((file.clone(), read_upload(cx.hub(), file).await?));
    }
    let dir = paths::scratch_build(owner, task);
    for (file, _) in noarch::same_once(rpms)? {
        place(cx, &file, &format!("{dir}/{}", basename(&file))).await?;
    }
    for (subdir, logs) in &files.logs {
        let dir = if subdir.is_empty() { format!("{dir}/logs") } else { format!("{dir}/logs/{subdir}") };
        for log in logs {
            if cx.storage().metadata(&upload(log)).await?.is_none() {
                fail!("No such file: {}", shown(cx.hub(), &upload(log)));
            }
            place(cx, log, &format!("{dir}/{}", basename(log))).await?;
        }
    }
    Ok(())
}
