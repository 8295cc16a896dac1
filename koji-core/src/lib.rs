//! Types and rules of the Koji build system, without I/O.
//!
//! Start at [`xmlrpc`] for the wire.

pub mod arch;
pub mod config;
mod error;
pub mod evr;
pub mod fault;
pub mod glob;
pub mod nvr;
pub mod paths;
pub mod xmlrpc;

pub use error::{Error, Result};
