//! koji-core
