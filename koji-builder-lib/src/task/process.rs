//! The process of one task.

use std::io::{BufRead, Write};
use std::sync::Arc;
use std::time::Duration;

use koji_core::api::host::{CloseTask, FailTask, RefuseTask};
use koji_core::fault::Fault;
use koji_core::xmlrpc::write_fault;
use nix::sys::prctl;
use nix::sys::signal::Signal;
use tokio::signal::unix::{SignalKind, signal};

use super::context::TaskContext;
use super::error::TaskError;
use super::handler::{AnyHandler, Handlers};
use super::job::{Job, ROLE, ROLE_TASK, WAKE};
use crate::error::chain;
use crate::process_tree;

/// Runs a task and does not return, if this process was started to do so by a [`Manager`](crate::Manager).
///
/// A program that runs a manager must call it first of all, with the manager's handlers: the manager starts the same
/// program again for each task.
pub fn run_task_process_if_asked(handlers: &Handlers) {
    match std::env::var(ROLE).as_deref() {
        Ok(ROLE_TASK) => {
            let code = run(handlers);
            process_tree::kill_descendants();
            std::process::exit(code);
        }
        Ok(crate::buildroot::ROLE_MOUNT) => std::process::exit(crate::buildroot::run_mount_process()),
        _ => {}
    }
}

/// How a task ended.
pub(crate) enum Outcome {
    /// Well, with this response document.
    Closed(String),
    /// With a fault.
    Failed(Fault),
    /// Another host must do it.
    Refused(String),
    /// From outside: nothing is to be reported.
    Interrupted,
}

fn run(handlers: &Handlers) -> i32 {
    // a session of its own keeps the terminal's signals away, and marks what it starts
    let _ = nix::unistd::setsid();
    let _ = prctl::set_child_subreaper(true);
    let _ = prctl::set_pdeathsig(Signal::SIGTERM);
    let job = match read_job() {
        Ok(job) => job,
        Err(error) => {
            eprintln!("no task to do: {error}");
            return 2;
        }
    };
    crate::program::start_tracing(&job.config.log_filter);
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!(%error, "cannot start");
            return 2;
        }
    };
    let code = runtime.block_on(do_job(job, handlers));
    runtime.shutdown_timeout(Duration::from_secs(1));
    code
}

fn read_job() -> std::io::Result<Job> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    Ok(serde_json::from_str(&line)?)
}

/// Hears what the manager says, and ends everything when it is gone.
fn listen_to_manager(cx: TaskContext) {
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            match line {
                Ok(line) if line == WAKE => cx.wake(),
                Ok(_) => {}
                Err(_) => break,
            }
        }
        process_tree::kill_descendants();
        std::process::exit(3);
    });
}

async fn do_job(job: Job, handlers: &Handlers) -> i32 {
    let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return 2;
    };
    let session = match job.config.session() {
        Ok(session) => session.from_keys(job.session),
        Err(error) => {
            tracing::error!(error = chain(&error), "cannot reach the hub");
            return 2;
        }
    };
    let cx = TaskContext::new(session, job.task, Arc::new(job.config), None);
    listen_to_manager(cx.clone());
    let Some(handler) = handlers.get(&cx.info().method) else { return 2 };
    let outcome = tokio::select! {
        outcome = run_handler(handler.as_ref(), &cx) => outcome,
        _ = interrupt.recv() => Outcome::Interrupted,
        _ = terminate.recv() => Outcome::Interrupted,
    };
    process_tree::kill_descendants();
    remove_workdir(&cx);
    let interrupted = matches!(outcome, Outcome::Interrupted);
    let mut code = i32::from(interrupted);
    if let Err(error) = report(&cx, outcome).await {
        tracing::error!(task = %cx.id(), error = chain(&error), "cannot report how the task ended");
        code = 2;
    }
    if !interrupted {
        let _ = cx.session().logout().await;
    }
    let _ = std::io::stderr().flush();
    code
}

/// Runs the handler in an empty working directory.
pub(crate) async fn run_handler(handler: &dyn AnyHandler, cx: &TaskContext) -> Outcome {
    remove_workdir(cx);
    let request = cx.info().request.clone().unwrap_or_default();
    let result = match fs_err::create_dir_all(cx.workdir()) {
        Ok(()) => handler.run(&request, cx).await,
        Err(error) => Err(error.into()),
    };
    match result {
        Ok(response) => Outcome::Closed(response),
        Err(TaskError::Refused(why)) => Outcome::Refused(why),
        Err(TaskError::Interrupted) => Outcome::Interrupted,
        Err(error) => {
            tracing::info!(task = %cx.id(), error = chain(&error), "the task failed");
            Outcome::Failed(error.to_fault())
        }
    }
}

fn remove_workdir(cx: &TaskContext) {
    if let Err(error) = process_tree::remove_tree(cx.workdir()) {
        tracing::warn!(%error, "cannot remove a task's working directory");
    }
}

/// Tells the hub.
pub(crate) async fn report(cx: &TaskContext, outcome: Outcome) -> Result<(), TaskError> {
    let (session, id) = (cx.session(), cx.id());
    match outcome {
        Outcome::Closed(response) => session.call(CloseTask::new(id, response)).await?,
        Outcome::Failed(fault) => session.call(FailTask::new(id, write_fault(&fault))).await?,
        Outcome::Refused(why) => {
            tracing::info!(task = %id, why, "the task is refused");
            session.call(RefuseTask::new(id).msg(why)).await?;
        }
        Outcome::Interrupted => {}
    }
    Ok(())
}
