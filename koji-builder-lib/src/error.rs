//! The error of this crate.

use std::io;

use koji_core::fault::FaultKind;

/// A result with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a builder or a repo daemon cannot start, or cannot go on.
///
/// What goes wrong in a task is a [`TaskError`](crate::TaskError).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A setting is missing, unknown or of no use.
    #[error("{0}")]
    Configuration(String),
    /// A configuration file cannot be read.
    #[error(transparent)]
    ConfigurationFile(#[from] koji_core::Error),
    /// The hub refused, or did not answer.
    #[error(transparent)]
    Hub(#[from] koji_client::Error),
    /// The system refused; the text names the file or the program.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl Error {
    /// Whether the hub does not accept the session (any more): another one has taken its place, or it has ended.
    ///
    /// A call whose answer was lost is not that: the hub has done it, and the session goes on.
    pub fn is_session_lost(&self) -> bool {
        matches!(self, Error::Hub(error) if error.is(FaultKind::Auth) && !error.is(FaultKind::Retry))
    }
}

/// An error with all its causes, in one line.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut at = error.source();
    while let Some(cause) = at {
        let cause_text = cause.to_string();
        // transparent errors repeat their cause
        if !text.ends_with(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        at = cause.source();
    }
    text
}
