//! The hub's API: each method once, for client and hub alike.
//!
//! A method is a request struct (`GetTag::new("f44-build").strict(true)`) that implements [`Method`]. The areas are those
//! of the hub's implementation. [`methods`] lists all of them. A hub's plugin defines its own with [`methods!`](crate::methods).

mod method;
pub(crate) mod param;
mod refs;

pub mod archives;
pub mod buildroots;
pub mod builds;
pub mod content_generators;
pub mod events;
pub mod external_repos;
pub mod groups;
pub mod history;
pub mod host;
pub mod host_builds;
pub mod host_repos;
pub mod hosts;
pub mod notifications;
pub mod packages;
pub mod plugins;
pub mod policies;
pub mod query;
pub mod repos;
pub mod results;
pub mod rpms;
pub mod scheduler;
pub mod search;
pub mod sessions;
pub mod system;
pub mod tagging;
pub mod tags;
pub mod targets;
pub mod tasks;
pub mod typed_builds;
pub mod typed_tasks;
pub mod uploads;
pub mod users;
pub mod volumes;

#[doc(hidden)]
pub use method::wrong_type;
pub use method::{Access, Args, ArgsError, Method, MethodInfo, Mode, ParamInfo};
pub use param::{AnyId, KwArgs, OneOrMany, Param, ParamKind, VarArgs};
pub use query::QueryOpts;
pub use refs::*;

/// All methods, area by area.
pub fn methods() -> impl Iterator<Item = (MethodInfo, Vec<ParamInfo>)> {
    [
        archives::METHODS,
        buildroots::METHODS,
        builds::METHODS,
        content_generators::METHODS,
        events::METHODS,
        external_repos::METHODS,
        groups::METHODS,
        history::METHODS,
        host::METHODS,
        host_builds::METHODS,
        host_repos::METHODS,
        hosts::METHODS,
        notifications::METHODS,
        packages::METHODS,
        plugins::METHODS,
        policies::METHODS,
        repos::METHODS,
        results::METHODS,
        rpms::METHODS,
        scheduler::METHODS,
        search::METHODS,
        sessions::METHODS,
        system::METHODS,
        tagging::METHODS,
        tags::METHODS,
        targets::METHODS,
        tasks::METHODS,
        typed_builds::METHODS,
        typed_tasks::METHODS,
        uploads::METHODS,
        users::METHODS,
        volumes::METHODS,
    ]
    .into_iter()
    .flatten()
    .map(|info| info())
}

#[cfg(test)]
mod tests;
