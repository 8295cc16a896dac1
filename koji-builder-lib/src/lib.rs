//! koji-builder-lib
