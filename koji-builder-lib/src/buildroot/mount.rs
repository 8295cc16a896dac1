//! Laying files over the host's `/usr`, in a process of its own that then becomes another program.
//!
//! bubblewrap learned to do so late; the kernel can since long ago, in a mount namespace that goes with the process.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use serde::{Deserialize, Serialize};

use crate::task::{LoggedCommand, ROLE, TaskError};

/// The value of the role variable in such a process.
pub(crate) const ROLE_MOUNT: &str = "mount";
/// The environment variable with what to do.
const PLAN: &str = "KOJI_BUILDER_MOUNT";

#[derive(Debug, Serialize, Deserialize)]
struct Plan {
    over: PathBuf,
    target: PathBuf,
    program: String,
    args: Vec<String>,
}

/// The command that lays `over` over `/usr`, read-only, at `target`, and then becomes a program.
pub(super) fn through_overlay(
    over: &Path,
    target: &Path,
    program: &str,
    args: Vec<String>,
) -> Result<LoggedCommand, TaskError> {
    fs_err::create_dir_all(target)?;
    let plan = Plan { over: over.to_owned(), target: target.to_owned(), program: program.to_owned(), args };
    let plan = serde_json::to_string(&plan).map_err(std::io::Error::from)?;
    Ok(LoggedCommand::new("/proc/self/exe").env(ROLE, ROLE_MOUNT).env(PLAN, plan))
}

/// Does what the environment says; comes back only with the exit code of a failure.
pub(crate) fn run_mount_process() -> i32 {
    match become_program() {
        Ok(never) => match never {},
        Err(error) => {
            eprintln!("cannot lay packages over /usr: {error}");
            125
        }
    }
}

fn become_program() -> std::io::Result<std::convert::Infallible> {
    let plan: Plan = serde_json::from_str(&std::env::var(PLAN).unwrap_or_default())?;
    enter_namespace()?;
    mount(Some("none"), "/", None::<&str>, MsFlags::MS_REC | MsFlags::MS_PRIVATE, None::<&str>)?;
    // the first is the topmost
    let options = format!("lowerdir={}:/usr", escaped(&plan.over)?);
    mount(Some("overlay"), &plan.target, Some("overlay"), MsFlags::MS_RDONLY, Some(options.as_str()))?;
    let mut command = std::process::Command::new(&plan.program);
    Err(command.args(&plan.args).env_remove(ROLE).env_remove(PLAN).exec())
}

/// Enters a mount namespace; who may not do so alone gets a user namespace with it.
fn enter_namespace() -> std::io::Result<()> {
    if unshare(CloneFlags::CLONE_NEWNS).is_ok() {
        return Ok(());
    }
    let (uid, gid) = (nix::unistd::geteuid(), nix::unistd::getegid());
    unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNS)?;
    fs_err::write("/proc/self/setgroups", "deny")?;
    fs_err::write("/proc/self/uid_map", format!("{uid} {uid} 1"))?;
    fs_err::write("/proc/self/gid_map", format!("{gid} {gid} 1"))
}

fn escaped(path: &Path) -> std::io::Result<String> {
    let text = path.to_str().ok_or_else(|| std::io::Error::other("a path is not UTF-8"))?;
    Ok(text.replace('\\', "\\\\").replace(':', "\\:").replace(',', "\\,"))
}
