//! koji-client
