//! Scratch builds: their files go where users find them, and are not imported.

use koji_core::ids::TaskId;
use koji_core::paths;

use super::results::{ImageResults, MavenResults, RpmResults, TaskDir, WinResults};
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

/// Puts files that a task left into a folder, under the same names.
async fn move_files(cx: &mut Call<'_>, from: &TaskDir, files: &[String], to: &str) -> Result<()> {
    for name in files {
        let file = from.file(name)?;
        if cx.storage().metadata(&upload(&file)).await?.is_none_or(|found| found.is_dir) {
            fail!("No such file: {}", shown(cx.hub(), &upload(&file)));
        }
        place(cx, &file, &format!("{to}/{name}")).await?;
    }
    Ok(())
}

async fn move_wrapper(cx: &mut Call<'_>, rpms: Option<&RpmResults>, to: &str) -> Result<()> {
    let Some(rpms) = rpms else { return Ok(()) };
    let to = format!("{to}/rpms");
    move_files(cx, &rpms.dir, &rpms.packages, &to).await?;
    move_files(cx, &rpms.dir, &rpms.logs, &to).await
}

/// Puts what a Maven scratch build made into the directory of its task.
pub(crate) async fn maven_to_scratch(
    cx: &mut Call<'_>,
    task: TaskId,
    owner: &str,
    results: &MavenResults,
    rpms: Option<&RpmResults>,
) -> Result<()> {
    let to = paths::scratch_build(owner, task);
    for (folder, files) in &results.files {
        let in_folder = |file: &String| if folder.is_empty() { file.clone() } else { format!("{folder}/{file}") };
        let files: Vec<String> = files.iter().map(in_folder).collect();
        move_files(cx, &results.dir, &files, &to).await?;
    }
    move_files(cx, &results.dir, &results.logs, &to).await?;
    move_wrapper(cx, rpms, &to).await
}

/// Puts what a Windows scratch build made into the directory of its task.
pub(crate) async fn win_to_scratch(
    cx: &mut Call<'_>,
    task: TaskId,
    owner: &str,
    results: &WinResults,
    rpms: Option<&RpmResults>,
) -> Result<()> {
    let to = paths::scratch_build(owner, task);
    let output: Vec<String> = results.output.iter().map(|(file, _)| file.clone()).collect();
    move_files(cx, &results.dir, &output, &to).await?;
    move_files(cx, &results.dir, &results.logs, &to).await?;
    move_wrapper(cx, rpms, &to).await
}

/// Puts what the subtasks of an image scratch build made into a directory of each subtask.
pub(crate) async fn images_to_scratch(cx: &mut Call<'_>, owner: &str, results: &[ImageResults]) -> Result<()> {
    for image in results {
        let to = paths::scratch_build(owner, image.task);
        move_files(cx, &image.dir, &image.files, &to).await?;
        move_files(cx, &image.dir, &image.logs, &to).await?;
        move_wrapper(cx, image.wrapper.as_ref(), &to).await?;
    }
    Ok(())
}
