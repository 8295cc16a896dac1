//! The whole of a builder program, for a `main` of a few lines.

use std::collections::HashSet;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use koji_core::config::ResourceLimit;
use nix::sys::prctl;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tracing_subscriber::EnvFilter;

use crate::config::{BuilderConfig, Cli};
use crate::error::{Error, Result, chain};
use crate::manager::{Finish, Manager, Request};
use crate::process_tree;
use crate::task::{Handlers, run_task_process_if_asked};

/// A whole kojid with those handlers: it reads kojid's command line and configuration, and works until it is told to end.
///
/// SIGTERM and SIGINT end it, its tasks with it; SIGUSR1 restarts it when its tasks are done.
///
/// ```no_run
/// use koji_builder_lib::Handlers;
///
/// fn main() -> std::process::ExitCode {
///     koji_builder_lib::main(Handlers::standard())
/// }
/// ```
pub fn main(handlers: Handlers) -> ExitCode {
    run_task_process_if_asked(&handlers);
    let cli = Cli::parse();
    let only_check = cli.skip_main;
    let config = match cli.into_config() {
        Ok(config) => config,
        Err(error) => return fail(&error),
    };
    start_tracing(&config.log_filter);
    if only_check {
        return ExitCode::SUCCESS;
    }
    match run(config, handlers) {
        Ok(Finish::Stopped) => ExitCode::SUCCESS,
        Ok(Finish::Restart) => fail(&restart()),
        Err(error) => {
            tracing::error!(error = chain(&error), "the builder ends");
            fail(&error)
        }
    }
}

fn run(config: BuilderConfig, handlers: Handlers) -> Result<Finish> {
    // orphans of killed tasks come here
    let _ = prctl::set_child_subreaper(true);
    nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(0o022));
    config.rlimits.iter().try_for_each(ResourceLimit::apply)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let requests = requests_of_signals()?;
        tokio::spawn(reap_orphans());
        Manager::run(config, handlers, requests).await
    })
}

/// Waits for the orphans that come here, from time to time.
async fn reap_orphans() {
    let mut seen = HashSet::new();
    loop {
        tokio::time::sleep(Duration::from_secs(10)).await;
        process_tree::reap_orphans(&mut seen);
    }
}

/// What the process's signals ask of a manager: SIGTERM and SIGINT to stop, SIGUSR1 to restart.
pub fn requests_of_signals() -> Result<watch::Sender<Request>> {
    let requests = watch::Sender::new(Request::Run);
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut restart = signal(SignalKind::user_defined1())?;
    let sender = requests.clone();
    tokio::spawn(async move {
        loop {
            let request = tokio::select! {
                _ = terminate.recv() => Request::Stop,
                _ = interrupt.recv() => Request::Stop,
                _ = restart.recv() => Request::Restart,
            };
            tracing::info!(?request, "signaled");
            sender.send_if_modified(|now| {
                let change = *now != Request::Stop;
                if change {
                    *now = request;
                }
                change
            });
        }
    });
    Ok(requests)
}

/// Replaces this process by a new one of the same program and arguments; only an error comes back.
fn restart() -> Error {
    use std::os::unix::process::CommandExt;
    let program = match std::env::current_exe() {
        Ok(program) => program,
        Err(error) => return error.into(),
    };
    std::process::Command::new(program).args(std::env::args_os().skip(1)).exec().into()
}

/// Logs to standard error. Does nothing if the program logs already.
pub(crate) fn start_tracing(filter: &str) {
    let filter = EnvFilter::try_from_default_env().or_else(|_| EnvFilter::try_new(filter)).unwrap_or_default();
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).try_init();
}

fn fail(error: &Error) -> ExitCode {
    eprintln!("{}", chain(error));
    ExitCode::from(1)
}
