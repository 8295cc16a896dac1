//! What the fuzz targets share: a hub in this process, and values made of the fuzzer's bytes.

mod bytes;
mod world;

pub use bytes::Source;
pub use world::{World, check, members, with_world};
