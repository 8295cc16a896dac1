//! The Koji builder as a library: a task manager, task handlers, SCM, buildroots, repository creation.
//!
//! A builder of one's own is a `main` of a few lines: [`main`] with [`Handlers::standard`] and whatever is added to them.
//! [`TaskHandler`] is what to implement, [`Manager`] what runs them, [`scm`] and [`buildroot`] what builds are made with,
//! and [`repo_upkeep`] the repo daemon.

pub mod buildroot;
pub mod config;
mod error;
mod handlers;
mod manager;
mod process_tree;
mod program;
pub mod repo_upkeep;
pub mod scm;
mod task;
#[cfg(test)]
mod testing;

pub use config::BuilderConfig;
pub use error::{Error, Result};
pub use handlers::{BuildSrpmFromScmHandler, SourceInfo, SrpmResult};
pub use manager::{Finish, Manager, Request};
pub use program::{main, requests_of_signals};
pub use task::{
    Handlers, LoggedCommand, SubtaskOpts, TaskContext, TaskError, TaskHandler, TaskLog, Waiting, describe,
    run_task_process_if_asked,
};
