//! What can go wrong in the hub, and the fault that a caller sees of it.

use koji_core::fault::{Fault, FaultKind};

use crate::db::DbError;
use crate::storage::StorageError;

/// An error of the hub.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The caller's own: it is answered as it is.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// The database's.
    #[error("database: {0}")]
    Db(#[from] DbError),
    /// The storage's.
    #[error("storage: {0}")]
    Storage(#[from] StorageError),
    /// A value that the wire has no form for, or a document that is none.
    #[error(transparent)]
    Wire(#[from] koji_core::xmlrpc::Error),
    /// A setting that is wrong.
    #[error("{0}")]
    Config(String),
    /// An RPM that cannot be read.
    #[error("{path}: {reason}")]
    Rpm {
        /// The file, below the storage's top.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// The result of the hub's functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// A fault of a kind.
    pub fn fault(kind: FaultKind, message: impl Into<String>) -> Self {
        Fault::new(kind, message).into()
    }

    /// Koji's most common fault.
    pub fn generic(message: impl Into<String>) -> Self {
        Fault::generic(message).into()
    }

    /// Whether the whole request may be tried again.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Error::Db(e) if e.is_retryable())
    }

    /// What the caller is answered. Inner failures are named, but not shown.
    pub fn into_fault(self) -> Fault {
        match self {
            Error::Fault(fault) => fault,
            Error::Db(e @ DbError::Unavailable { .. }) => {
                tracing::error!(error = &e as &dyn std::error::Error, "database outage");
                Fault::new(FaultKind::ServerOffline, "database outage")
            }
            Error::Db(e @ (DbError::InvalidOrder(_) | DbError::Negative { .. })) => Fault::generic(e.to_string()),
            Error::Wire(e) => Fault::new(FaultKind::Parameter, e.to_string()),
            Error::Rpm { .. } | Error::Storage(StorageError::BadPath { .. }) => Fault::generic(self.to_string()),
            other => {
                tracing::error!(error = &other as &dyn std::error::Error, "request failed");
                Fault::generic(other.to_string())
            }
        }
    }
}

impl From<koji_core::Error> for Error {
    fn from(e: koji_core::Error) -> Self {
        Error::generic(e.to_string())
    }
}

/// Ends the function with a fault: `fail!(Tag, "tag {name} is locked")`; without a kind, `GenericError`.
macro_rules! fail {
    ($kind:ident, $($text:tt)+) => {
        return Err($crate::Error::fault(koji_core::fault::FaultKind::$kind, format!($($text)+)))
    };
    ($text:literal $($rest:tt)*) => {
        return Err($crate::Error::generic(format!($text $($rest)*)))
    };
}
pub(crate) use fail;
