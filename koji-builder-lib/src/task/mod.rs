//! Tasks: what a handler is, what it has at hand, and the process that it runs in.
//!
//! [`TaskHandler`] is what to implement, [`TaskContext`] what it gets.

mod command;
mod context;
mod error;
mod handler;
mod job;
mod log;
mod process;
mod repo;
mod wait;

pub use command::{LoggedCommand, describe};
pub use context::TaskContext;
pub(crate) use context::{ManagerAccess, file_name};
pub use error::TaskError;
pub(crate) use handler::AnyHandler;
pub use handler::{Handlers, TaskHandler};
pub(crate) use job::{Job, ROLE, ROLE_TASK, WAKE};
pub use log::TaskLog;
pub use process::run_task_process_if_asked;
pub(crate) use process::{report, run_handler};
pub use wait::{SubtaskOpts, Waiting};
