//! Tasks: the arguments of each task method, defined once, and the labels that people see.
//!
//! A task's request is a list of wire values, as in a call of the API: arguments by position, then perhaps a struct of
//! named ones. [`TaskArgs`] goes between it and one typed struct for each method; [`named`] gives the arguments of any
//! method by name; [`task_label`] describes a task in a line.

mod build;
mod host;
mod image;
mod label;
mod notification;
mod opts;
mod plugin;
mod repo;
mod signature;

pub use build::*;
pub use host::*;
pub use image::*;
pub use label::task_label;
pub use notification::*;
pub use opts::{BuildArchOpts, BuildOpts, SrpmOpts};
pub use plugin::*;
pub use repo::*;
pub use signature::TaskArgs;

/// What [`task_args!`](crate::task_args) makes use of.
#[doc(hidden)]
pub mod macros {
    pub use super::signature::{bind, param, read, write_named};
}

use crate::api::ParamInfo;
use crate::fault::Fault;
use crate::xmlrpc::{Struct, Value};

/// A method's name and how to get its parameters.
type Signature = (&'static str, fn() -> Vec<ParamInfo>);

const AREAS: &[&[Signature]] = &[
    build::SIGNATURES,
    host::SIGNATURES,
    image::SIGNATURES,
    notification::SIGNATURES,
    plugin::SIGNATURES,
    repo::SIGNATURES,
];

/// The parameters of a task method; `None` for one that is not defined here.
pub fn signature(method: &str) -> Option<Vec<ParamInfo>> {
    let (_, params) = AREAS.iter().copied().flatten().find(|(name, _)| *name == method)?;
    Some(params())
}

/// The names of all task methods that are defined here.
pub fn methods() -> impl Iterator<Item = &'static str> {
    AREAS.iter().copied().flatten().map(|(name, _)| *name)
}

/// The arguments of a task by name, with the defaults of what was not given: Koji's `parse_task_params`.
///
/// `None` for a method that is not defined here. An error, Koji's `ParameterError`, if the request does not fit the
/// method. A request that names its arguments itself (a single struct with `__method__`) is taken as it is.
pub fn named(method: &str, request: &[Value]) -> Option<Result<Struct, Fault>> {
    if let Some(arguments) = signature::self_named(request) {
        return Some(Ok(arguments));
    }
    let params = signature(method)?;
    let names = params.iter().map(|param| param.name);
    Some(signature::bind(method, &params, request).map(|values| names.zip(values).collect()))
}

#[cfg(test)]
mod tests;
