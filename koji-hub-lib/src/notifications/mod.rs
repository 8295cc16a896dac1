//! Mail about builds and tags: what users want to be told ([`wishes`]), and the tasks that tell them.

mod send;
pub(crate) mod wishes;

pub(crate) use send::{Tagging, about_build, about_tagging};
