//! The error of this crate.

use std::path::PathBuf;
use std::time::Duration;

use koji_core::fault::{Fault, FaultKind};

use crate::transport::TransportError;

/// A result with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong between a program and a hub.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The hub refused or failed: its own words.
    #[error("{0}")]
    Fault(#[from] Fault),
    /// The hub could not be reached, or the connection broke, as often as it was tried.
    #[error("{method}: the hub did not answer, tried {attempts} times")]
    Transport {
        /// The call.
        method: String,
        /// How often it was sent.
        attempts: u32,
        /// The last failure.
        #[source]
        source: TransportError,
    },
    /// Something between here and the hub, or the hub's web server, answered with an HTTP error.
    #[error("{method}: HTTP status {status}{}", .text.as_ref().map(|t| format!(": {t}")).unwrap_or_default())]
    Status {
        /// The call, or the URL of a download.
        method: String,
        /// The HTTP status.
        status: u16,
        /// What a hub says of a bad request, if it said something.
        text: Option<String>,
    },
    /// The answer is not XML-RPC, or not what the method answers with.
    #[error("{method}: the hub's answer cannot be read")]
    Protocol {
        /// The call.
        method: String,
        /// What is wrong with it.
        #[source]
        source: koji_core::xmlrpc::Error,
    },
    /// An answer that is well formed but makes no sense.
    #[error("{method}: unexpected answer: {problem}")]
    Unexpected {
        /// The call.
        method: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The time for a call was over, all its retries included.
    #[error("{method}: no answer within {} seconds", .after.as_secs())]
    Deadline {
        /// The call.
        method: String,
        /// How long it was waited.
        after: Duration,
    },
    /// The operation needs a session that is logged in.
    #[error("You must be logged in")]
    NotLoggedIn,
    /// The hub did not give a session for these credentials.
    #[error("unable to obtain a session: {0}")]
    Login(String),
    /// The settings cannot work: a URL, a certificate file, a way to log in that is not built in.
    #[error("{0}")]
    Configuration(String),
    /// A file did not arrive as it was sent.
    #[error("{file}: {problem}")]
    Checksum {
        /// The file.
        file: String,
        /// Which checksums or sizes differ.
        problem: String,
    },
    /// The result of a call in a batch that has not run, or that ran and failed as a whole.
    #[error("{0}: the batch with this call has not run")]
    NotRun(String),
    /// A local file.
    #[error("cannot use {path}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
}

impl Error {
    /// Whether it is a fault of that kind, or of one that Koji derives from it.
    pub fn is(&self, kind: FaultKind) -> bool {
        self.fault().is_some_and(|fault| fault.is(kind))
    }

    /// The hub's fault, if it is one.
    pub fn fault(&self) -> Option<&Fault> {
        match self {
            Error::Fault(fault) => Some(fault),
            _ => None,
        }
    }

    /// Whether the hub does not know the method.
    pub fn is_unknown_method(&self) -> bool {
        self.fault().is_some_and(|fault| fault.message.contains("Invalid method"))
    }

    pub(crate) fn io(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Error {
        let path = path.into();
        move |source| Error::Io { path, source }
    }

    pub(crate) fn protocol(method: &str) -> impl FnOnce(koji_core::xmlrpc::Error) -> Error {
        move |source| Error::Protocol { method: method.to_owned(), source }
    }

    pub(crate) fn unexpected(method: &str, problem: impl Into<String>) -> Error {
        Error::Unexpected { method: method.to_owned(), problem: problem.into() }
    }
}
