//! `koji`: Koji's command line.

mod commands;
mod context;
mod exit;
mod globals;
mod optparse;
mod output;

use std::process::ExitCode;

use context::Context;
use exit::Stop;
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    let mut args = std::env::args();
    let program =
        args.next().and_then(|path| Some(path.rsplit('/').next()?.to_owned())).filter(|name| !name.is_empty());
    let program = program.unwrap_or_else(|| "koji".to_owned());
    let outcome = run(&program, args.collect());
    let code = outcome.unwrap_or_else(Stop::report);
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}

#[tokio::main(flavor = "current_thread")]
async fn run(program: &str, args: Vec<String>) -> exit::Outcome {
    let globals = globals::read(program, args)?;
    start_log(&globals.profile);
    let Some(name) = globals.command.first() else {
        commands::list(program, &[]);
        return Ok(0);
    };
    let Some(command) = commands::find(name) else {
        commands::list(program, &[]);
        exit::log_error(&format!("Unknown command: {name}"));
        return Ok(1);
    };
    let args = globals.command[1..].to_vec();
    let cx = Context::new(program, globals, command.anonymous)?;
    let session = cx.session.clone();
    let outcome = tokio::select! {
        // a command that watches says first what it leaves behind
        biased;
        outcome = (command.run)(cx, args) => outcome,
        _ = tokio::signal::ctrl_c() => Ok(1),
    };
    if let Err(error) = session.logout().await {
        tracing::debug!(%error, "logout");
    }
    outcome
}

fn start_log(profile: &koji_core::config::Profile) {
    let level = if profile.debug || profile.debug_xmlrpc { "koji=debug,koji_client=debug" } else { "warn" };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}
