//! Repos.

mod dist;
