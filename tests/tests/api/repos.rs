//! Repos.

mod dist;
mod maven;
