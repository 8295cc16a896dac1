//! Running programs for tasks.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use super::error::TaskError;

/// A program to run, with its output appended to a log. It is killed when the future that runs it is dropped.
#[derive(Debug)]
pub struct LoggedCommand {
    program: OsString,
    args: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
    cwd: Option<PathBuf>,
    timeout: Duration,
}

/// How long a program may run for which nothing else is said.
const TIMEOUT: Duration = Duration::from_secs(24 * 60 * 60);

impl LoggedCommand {
    /// Runs `program`, found as `PATH` says, without a shell.
    pub fn new(program: impl AsRef<OsStr>) -> Self {
        Self { program: program.as_ref().into(), args: Vec::new(), env: Vec::new(), cwd: None, timeout: TIMEOUT }
    }

    /// Adds an argument.
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.args.push(arg.as_ref().into());
        self
    }

    /// Adds arguments.
    pub fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args.extend(args.into_iter().map(|arg| arg.as_ref().into()));
        self
    }

    /// Sets a variable of the environment.
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.env.push((name.as_ref().into(), value.as_ref().into()));
        self
    }

    /// Runs it in that directory.
    pub fn cwd(mut self, directory: impl Into<PathBuf>) -> Self {
        self.cwd = Some(directory.into());
        self
    }

    /// Kills it after that time, and fails with [`io::ErrorKind::TimedOut`]. Unless this is called, that is one day.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The command, for messages.
    pub fn text(&self) -> String {
        let words = std::iter::once(&self.program).chain(&self.args);
        words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
    }

    /// Runs it, with standard output and error appended to the file `log`.
    pub async fn run(&self, log: &Path) -> Result<ExitStatus, TaskError> {
        if let Some(parent) = log.parent() {
            fs_err::create_dir_all(parent)?;
        }
        let out = fs_err::OpenOptions::new().create(true).append(true).open(log)?.into_parts().0;
        let err = out.try_clone()?;
        let mut child = self.command().stdout(out).stderr(err).spawn().map_err(|e| self.failed(&e))?;
        Ok(self.within_time(child.wait()).await??)
    }

    /// Runs it for its standard output; standard error is appended to the file `log`, if one is given.
    pub async fn output(&self, log: Option<&Path>) -> Result<(ExitStatus, Vec<u8>), TaskError> {
        let mut command = self.command();
        match log {
            Some(log) => {
                let file = fs_err::OpenOptions::new().create(true).append(true).open(log)?;
                command.stderr(file.into_parts().0);
            }
            None => {
                command.stderr(Stdio::null());
            }
        }
        let child = command.stdout(Stdio::piped()).spawn().map_err(|e| self.failed(&e))?;
        let output = self.within_time(child.wait_with_output()).await??;
        Ok((output.status, output.stdout))
    }

    fn command(&self) -> tokio::process::Command {
        let mut command = tokio::process::Command::new(&self.program);
        command.args(&self.args).envs(self.env.iter().map(|(k, v)| (k, v))).stdin(Stdio::null()).kill_on_drop(true);
        if let Some(directory) = &self.cwd {
            command.current_dir(directory);
        }
        command
    }

    async fn within_time<T>(&self, running: impl Future<Output = T>) -> Result<T, TaskError> {
        let limit = self.timeout;
        let late = |_| {
            let text = format!("{} took longer than {} seconds", self.program.to_string_lossy(), limit.as_secs());
            TaskError::Io(io::Error::new(io::ErrorKind::TimedOut, text))
        };
        tokio::time::timeout(limit, running).await.map_err(late)
    }

    fn failed(&self, error: &io::Error) -> TaskError {
        let text = format!("cannot run {}: {error}", self.program.to_string_lossy());
        TaskError::Io(io::Error::new(error.kind(), text))
    }
}

/// How a program ended, in Koji's words: `rpmbuild exited with status 1`, `rpmbuild was killed by signal 9`.
pub fn describe(program: &str, status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt;
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("{program} exited with status {code}"),
        (None, Some(signal)) => format!("{program} was killed by signal {signal}"),
        (None, None) => format!("{program} terminated for unknown reasons"),
    }
}
