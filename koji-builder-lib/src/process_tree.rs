//! Killing what a process has started, however deep it hides, and removing what it wrote.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::{Pid, getpid};

/// What `/proc` says of a process.
#[derive(Debug, Clone, Copy)]
struct Process {
    pid: i32,
    parent: i32,
    session: i32,
    zombie: bool,
}

/// Kills all processes below this one. It must be a subreaper, so that none of them can leave.
pub(crate) fn kill_descendants() {
    kill_below(getpid().as_raw());
}

/// Kills all processes below that one, but not itself. While it is a subreaper and lives, none can leave.
pub(crate) fn kill_below(root: i32) {
    // each round kills what the one before has started meanwhile
    for round in 0..200 {
        let below = below(&processes(), root);
        if below.is_empty() {
            return;
        }
        signal_all(&below, Signal::SIGKILL);
        if round > 0 {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// Kills what is left of the session that a process led.
pub(crate) fn kill_session(leader: i32) {
    for _ in 0..200 {
        let left: Vec<i32> = processes().values().filter(|p| p.session == leader && !p.zombie).map(|p| p.pid).collect();
        if left.is_empty() {
            return;
        }
        signal_all(&left, Signal::SIGKILL);
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Takes note of this process's children that have ended and that nobody has waited for: orphans of others, which come to
/// a subreaper. Those that were there the last time too are waited for; a program's own children do not stay that long.
pub(crate) fn reap_orphans(before: &mut HashSet<i32>) {
    let own = getpid().as_raw();
    let zombies: HashSet<i32> = processes().values().filter(|p| p.parent == own && p.zombie).map(|p| p.pid).collect();
    for pid in zombies.intersection(before) {
        let _ = waitpid(Pid::from_raw(*pid), Some(WaitPidFlag::WNOHANG));
    }
    *before = zombies;
}

fn signal_all(pids: &[i32], signal: Signal) {
    for pid in pids {
        // it may have ended by itself
        let _ = kill(Pid::from_raw(*pid), signal);
    }
}

fn below(all: &HashMap<i32, Process>, root: i32) -> Vec<i32> {
    let mut found: Vec<i32> = Vec::new();
    let mut parents = vec![root];
    while let Some(parent) = parents.pop() {
        for process in all.values().filter(|p| p.parent == parent && p.pid != root) {
            parents.push(process.pid);
            if !process.zombie {
                found.push(process.pid);
            }
        }
    }
    found
}

fn processes() -> HashMap<i32, Process> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return HashMap::new() };
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter_map(|pid: i32| Some((pid, read(pid)?))).collect()
}

fn read(pid: i32) -> Option<Process> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // the name, in parentheses, may hold anything
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace();
    let state = fields.next()?;
    let parent = fields.next()?.parse().ok()?;
    let session = fields.nth(1)?.parse().ok()?;
    Some(Process { pid, parent, session, zombie: matches!(state, "Z" | "X") })
}

/// Removes a directory with all that is in it, also where a build has taken its own permissions away.
pub(crate) fn remove_tree(directory: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fn unlock(directory: &Path) {
        let _ = std::fs::set_permissions(directory, std::fs::Permissions::from_mode(0o700));
        let Ok(entries) = std::fs::read_dir(directory) else { return };
        for entry in entries.flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                unlock(&entry.path());
            }
        }
    }
    match std::fs::remove_dir_all(directory) {
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            unlock(directory);
            fs_err::remove_dir_all(directory)
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(std::io::Error::new(error.kind(), format!("{}: {error}", directory.display()))),
        Ok(()) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn nothing_below_a_process_is_missed() {
        // a shell that is the subreaper of what it starts, since it is the first process of its namespace
        let script = "setsid sh -c 'sleep 600 & setsid sleep 601 &'; sleep 602";
        let args = ["--unshare-pid", "--dev-bind", "/", "/", "--die-with-parent", "sh", "-c", script];
        let mut top = Command::new("bwrap").args(args).stdin(Stdio::null()).spawn().unwrap();
        let id = i32::try_from(top.id()).unwrap();
        let started = std::time::Instant::now();
        while below(&processes(), id).len() < 5 {
            assert!(started.elapsed() < Duration::from_secs(20), "{:?}", below(&processes(), id));
            std::thread::sleep(Duration::from_millis(10));
        }
        let all = below(&processes(), id);
        kill_below(id);
        top.wait().unwrap();
        let alive = |pid: &i32| read(*pid).is_some_and(|process| !process.zombie);
        assert!(!all.iter().any(alive), "{all:?}");
    }

    #[test]
    fn locked_directories_are_removed_too() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a/b");
        std::fs::create_dir_all(&path).unwrap();
        std::fs::write(path.join("c"), "").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o500)).unwrap();
        remove_tree(&directory.path().join("a")).unwrap();
        assert!(!directory.path().join("a").exists());
        remove_tree(&directory.path().join("a")).unwrap();
    }
}
