//! A task's process, as the manager sees it.

use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use koji_core::ids::{SessionId, TaskId};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::io::AsyncWriteExt;
use tokio::process::{ChildStdin, Command};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::error::Result;
use crate::process_tree;
use crate::task::{Job, ROLE, ROLE_TASK, WAKE};

/// How long a process that is to end has to do so by itself, after each of the gentler signals.
pub(super) const PATIENCE: Duration = Duration::from_secs(3);

/// A task process has ended, with all that it started.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) task: TaskId,
    pub(super) status: io::Result<ExitStatus>,
}

#[derive(Debug)]
pub(super) struct Child {
    pub(super) session: SessionId,
    // its end tells the process that the manager is gone
    control: ChildStdin,
    kill: Option<oneshot::Sender<()>>,
    // since when the task has ended at the hub
    ended_since: Option<Instant>,
}

impl Child {
    /// Starts this same program as the process of a task. `ended` hears of its end.
    pub(super) async fn spawn(job: &Job, ended: mpsc::UnboundedSender<Ended>) -> Result<Child> {
        let mut line = serde_json::to_vec(job).map_err(io::Error::from)?;
        line.push(b'\n');
        // also when the program's file has been replaced, it is the same program
        let mut process = Command::new("/proc/self/exe")
            .arg0(format!("koji-task-{}", job.task.id))
            .env(ROLE, ROLE_TASK)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let Some(mut control) = process.stdin.take() else {
            return Err(io::Error::other("the task process has no standard input").into());
        };
        let (kill, killed) = oneshot::channel();
        let task = job.task.id;
        tokio::spawn(async move {
            let status = supervise(process, killed).await;
            // a manager that is gone need not know
            let _ = ended.send(Ended { task, status });
        });
        control.write_all(&line).await?;
        control.flush().await?;
        Ok(Child { session: job.session.session_id, control, kill: Some(kill), ended_since: None })
    }

    /// Tells it that a subtask may have ended.
    pub(super) async fn wake(&mut self) {
        // it may just have ended
        let _ = self.control.write_all(format!("{WAKE}\n").as_bytes()).await;
    }

    /// Ends it, gently at first, with all that it started.
    pub(super) fn kill(&mut self) {
        if let Some(kill) = self.kill.take() {
            let _ = kill.send(());
        }
    }

    /// Whether this was first asked longer ago than that.
    pub(super) fn overdue(&mut self, grace: Duration) -> bool {
        self.ended_since.get_or_insert_with(Instant::now).elapsed() > grace
    }
}

/// Waits for the end of a process. It alone sends signals to it, so that none can meet another process of the same id.
async fn supervise(mut process: tokio::process::Child, killed: oneshot::Receiver<()>) -> io::Result<ExitStatus> {
    let Some(id) = process.id().and_then(|id| i32::try_from(id).ok()) else { return process.wait().await };
    let order = tokio::select! {
        status = process.wait() => return clean_up(id, status?).await,
        order = killed => order,
    };
    if order.is_err() {
        // the manager has dropped it
        return clean_up(id, process.wait().await?).await;
    }
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let _ = kill(Pid::from_raw(id), signal);
        if let Ok(status) = tokio::time::timeout(PATIENCE, process.wait()).await {
            return clean_up(id, status?).await;
        }
    }
    // while the process lives nothing below it can leave it
    let _ = tokio::task::spawn_blocking(move || process_tree::kill_below(id)).await;
    let _ = kill(Pid::from_raw(id), Signal::SIGKILL);
    let status = process.wait().await?;
    clean_up(id, status).await
}

/// Kills what a process has left behind that ended without doing so itself.
async fn clean_up(id: i32, status: ExitStatus) -> io::Result<ExitStatus> {
    if status.code().is_none() {
        let _ = tokio::task::spawn_blocking(move || process_tree::kill_session(id)).await;
    }
    Ok(status)
}
