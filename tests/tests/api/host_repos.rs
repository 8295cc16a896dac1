//! Repos, as builders make them.

mod dist;
mod maven;
