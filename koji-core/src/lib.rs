//! Types and rules of the Koji build system, without I/O.
//!
//! Start at [`xmlrpc`] for the wire.

pub mod fault;
pub mod ids;
pub mod json;
pub mod time;
pub mod xmlrpc;
