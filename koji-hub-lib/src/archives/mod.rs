//! Archives: what builds hold beside RPMs.

mod types;

pub(crate) use types::{type_by_id, type_by_name, type_of_file};
