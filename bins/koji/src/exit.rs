//! How a command ends before its end.

use std::io::ErrorKind;
use std::path::Path;

use koji_client::Error;
use koji_core::python;

use crate::output::time;

/// Why a command stops.
#[derive(Debug)]
pub enum Stop {
    /// With this code; all that is to be said was said.
    Exit(i32),
    /// With an error of the hub, or on the way to it.
    Failed(Error),
    /// With an error of our own, in Koji's words: the class of its exception, and the message.
    Raised(&'static str, String),
}

/// The result of a command: its exit code.
pub type Outcome = Result<i32, Stop>;

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Stop::Failed(error)
    }
}

impl From<koji_core::Error> for Stop {
    fn from(error: koji_core::Error) -> Self {
        Stop::Raised("GenericError", error.to_string())
    }
}

impl Stop {
    /// Stops with code 1, after a message.
    pub fn error(message: impl std::fmt::Display) -> Self {
        crate::warn!("{message}");
        Stop::Exit(1)
    }

    /// An error with a local file.
    pub fn io(path: impl AsRef<Path>, error: std::io::Error) -> Self {
        let (class, message) = os_error(path.as_ref(), &error);
        Stop::Raised(class, message)
    }

    /// An error in Koji's words.
    pub fn generic(message: impl Into<String>) -> Self {
        Stop::Raised("GenericError", message.into())
    }

    /// Says why, as Koji's log does, and gives the exit code.
    pub fn report(self) -> i32 {
        match self {
            Stop::Exit(code) => code,
            Stop::Failed(error) => {
                let (class, message) = describe(&error);
                log_error(&format!("{class}: {message}"));
                1
            }
            Stop::Raised(class, message) => {
                log_error(&format!("{class}: {message}"));
                1
            }
        }
    }
}

/// Writes a line as Koji's log does: `2026-11-22 08:12:22,835 [ERROR] koji: text`.
pub fn log_error(text: &str) {
    crate::warn!("{} [ERROR] koji: {text}", time::log_stamp());
}

/// The class of the exception that Koji's client would raise, and its text.
pub fn describe(error: &Error) -> (&'static str, String) {
    match error {
        Error::Fault(fault) => match fault.kind() {
            // what is not an error of Koji's own stays a plain fault of XML-RPC
            None | Some(koji_client::FaultKind::Unknown) => {
                ("Fault", format!("<Fault {}: {}>", fault.code, python::repr_str(&fault.message)))
            }
            Some(kind) => (kind.class(), fault.message.clone()),
        },
        Error::Login(_) | Error::NotLoggedIn => ("AuthError", chain(error)),
        Error::Configuration(_) => ("ConfigurationError", chain(error)),
        Error::Transport { .. } | Error::Deadline { .. } => ("ConnectionError", chain(error)),
        Error::Status { .. } => ("HTTPError", chain(error)),
        Error::Io { path, source } => os_error(path, source),
        _ => ("GenericError", chain(error)),
    }
}

/// An error with a local file as Python says it: `[Errno 2] No such file or directory: 'a.src.rpm'`.
fn os_error(path: &Path, error: &std::io::Error) -> (&'static str, String) {
    let class = match error.kind() {
        ErrorKind::NotFound => "FileNotFoundError",
        ErrorKind::PermissionDenied => "PermissionError",
        ErrorKind::AlreadyExists => "FileExistsError",
        ErrorKind::IsADirectory => "IsADirectoryError",
        ErrorKind::NotADirectory => "NotADirectoryError",
        _ => "OSError",
    };
    let path = path.display().to_string();
    let Some(number) = error.raw_os_error() else { return (class, format!("{path}: {error}")) };
    let text = error.to_string();
    let text = text.strip_suffix(&format!(" (os error {number})")).unwrap_or(&text);
    (class, format!("[Errno {number}] {text}: {}", python::repr_str(&path)))
}

/// The error with all its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut at = error.source();
    while let Some(cause) = at {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        at = cause.source();
    }
    text
}
