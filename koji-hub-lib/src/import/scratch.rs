//! Scratch builds: their files go where users find them, and nowhere else.

use koji_core::ids::TaskId;
use koji_core::paths;

use super::{BuildFiles, file_name, place};
use crate::call::Call;
use crate::db::args;
use crate::{Result, tasks};

/// Puts a scratch build's files into the folder of its user and task.
pub(crate) async fn to_scratch(cx: &mut Call<'_>, task: TaskId, files: BuildFiles) -> Result<()> {
    let mut incoming = vec![super::read(cx, &files.srpm).await?];
    for path in &files.rpms {
        incoming.push(super::read(cx, path).await?);
    }
    let incoming = super::noarch::without_doubles(incoming)?;
    let db = cx.db().await?;
    let owner = tasks::owner(db, task).await?;
    let user: String = db.fetch_scalar("SELECT name FROM users WHERE id = $1", args![owner]).await?;
    let dir = paths::scratch_build(&user, task);
    for rpm in incoming {
        place(cx, &rpm.path, &format!("{dir}/{}", file_name(&rpm.path))).await?;
    }
    for (folder, logs) in &files.logs {
        let folder = if folder.is_empty() { format!("{dir}/logs") } else { format!("{dir}/logs/{folder}") };
        for log in logs {
            place(cx, log, &format!("{folder}/{}", file_name(log))).await?;
        }
    }
    Ok(())
}
