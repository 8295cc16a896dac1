//! koji-hub-lib
