//! Content generators: who may act as one, and the builds that they reserve and import.
//!
//! An import ([`import`]) reads its metadata (`metadata`), checks all of it against what is there (`components`,
//! `outputs`), and only then begins to write.

mod access;
mod buildroots;
mod components;
mod import;
mod metadata;
mod outputs;
mod reserve;

pub(crate) use access::{assert_access, grant, list, revoke};
pub(crate) use import::{import, read_ahead};
pub(crate) use reserve::{end_state, refund, reserve};
