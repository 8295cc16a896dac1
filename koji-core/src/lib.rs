//! Types and rules of the Koji build system, without I/O.
//!
//! Start at [`api`] for the methods of a hub, [`model`] for the records they answer with, [`task`] for what
//! builders do, and [`xmlrpc`] for the wire.

pub mod api;
pub mod arch;
pub mod config;
mod error;
pub mod evr;
pub mod fault;
pub mod glob;
pub mod ids;
pub mod json;
pub mod model;
pub mod nvr;
pub mod paths;
pub mod policy;
pub mod python;
pub mod secret;
pub mod task;
pub mod time;
pub mod xmlrpc;

pub use error::{Error, Result};
