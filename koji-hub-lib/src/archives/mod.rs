//! Archives: what builds hold beside RPMs.

mod contents;
mod find;
mod list;
mod tar_file;
mod types;
mod zip_file;

pub(crate) use contents::{file, files};
pub(crate) use find::{find, get, image_info, maven_info, win_info};
pub(crate) use list::{COLUMNS, list};
pub(crate) use types::{add_type, type_by_id, type_by_name, type_of_file, types};
