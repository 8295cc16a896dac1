//! How a task can end other than well.

use std::io;

use koji_core::fault::{Fault, FaultKind};

use crate::error::chain;

/// Why a task's handler did not give a result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TaskError {
    /// The task failed. The fault is what those who wait for it get; a hub's fault is passed on as it is.
    #[error("{0}")]
    Failed(#[from] Fault),
    /// The hub did not answer, or not in a way that can be understood.
    #[error(transparent)]
    Hub(koji_client::Error),
    /// The system refused; the text names the file or the program.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// This host cannot do the task for now; another one may.
    #[error("{0}")]
    Refused(String),
    /// The task was canceled, or the builder ends, or an answer of the hub got lost: the hub is not told of any outcome.
    #[error("the task was ended from outside")]
    Interrupted,
}

impl TaskError {
    /// A `BuildError`.
    pub fn build(message: impl Into<String>) -> Self {
        Fault::new(FaultKind::Build, message).into()
    }

    /// A `BuildrootError`.
    pub fn buildroot(message: impl Into<String>) -> Self {
        Fault::new(FaultKind::Buildroot, message).into()
    }

    /// A `GenericError`.
    pub fn generic(message: impl Into<String>) -> Self {
        Fault::new(FaultKind::Generic, message).into()
    }

    /// The fault that the hub is told.
    pub fn to_fault(&self) -> Fault {
        match self {
            TaskError::Failed(fault) => fault.clone(),
            other => Fault::new(FaultKind::Unknown, chain(other)),
        }
    }
}

impl From<koji_client::Error> for TaskError {
    fn from(error: koji_client::Error) -> Self {
        match error {
            // the call was done, and its answer got lost: the task is to run again, which finds what is done
            koji_client::Error::Fault(fault) if fault.is(FaultKind::Retry) => TaskError::Interrupted,
            koji_client::Error::Fault(fault) => TaskError::Failed(fault),
            other => TaskError::Hub(other),
        }
    }
}

impl From<koji_core::Error> for TaskError {
    fn from(error: koji_core::Error) -> Self {
        TaskError::Failed(error.into())
    }
}
