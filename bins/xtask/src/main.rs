//! The project's own tasks: `cargo xtask demo` and `cargo xtask test`.

mod demo;
mod test;
mod tools;

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::{Context, bail};

fn main() -> ExitCode {
    let task = std::env::args().nth(1);
    let done = match task.as_deref() {
        Some("demo") => demo::demo(),
        Some("test") => test::test(),
        _ => {
            eprintln!(
                "usage: cargo xtask demo | test\n\n  \
                 demo  start a hub and a builder, build two packages, install from the repository they make\n  \
                 test  set up what the tests need, and run all of them"
            );
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("xtask: {e:#}");
            ExitCode::FAILURE
        }
    }
}

/// The project's top folder.
fn top() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).map(PathBuf::from).unwrap_or(here)
}

/// A command of cargo, in the project's folder.
fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(top());
    command
}

/// Runs a command to its end; one that fails is an error.
fn run(command: &mut Command) -> anyhow::Result<()> {
    let status = command.status().with_context(|| format!("cannot run {:?}", command.get_program()))?;
    if !status.success() {
        bail!("{:?} failed: {status}", command.get_program());
    }
    Ok(())
}

/// Runs a command and takes what it prints.
fn output(command: &mut Command) -> anyhow::Result<String> {
    let out = command.output().with_context(|| format!("cannot run {:?}", command.get_program()))?;
    if !out.status.success() {
        let said = String::from_utf8_lossy(&out.stderr);
        bail!("{:?} failed: {}: {}", command.get_program(), out.status, said.trim());
    }
    let said = String::from_utf8(out.stdout).with_context(|| format!("what {:?} printed", command.get_program()))?;
    Ok(said.trim().to_owned())
}
