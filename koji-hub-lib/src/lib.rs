//! koji-hub-lib

pub mod db;
