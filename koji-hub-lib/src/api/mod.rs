//! The hub's side of each API method, area by area as in [`koji_core::api`].
//!
//! A handler does little: it hands over to the domain module that does the work.

mod archives;
mod buildroots;
mod builds;
mod content_generators;
mod events;
mod external_repos;
mod groups;
mod history;
mod host;
mod host_builds;
mod host_repos;
mod hosts;
mod notifications;
mod packages;
mod policies;
mod repos;
mod results;
mod rpms;
mod scheduler;
mod search;
mod sessions;
mod system;
mod tagging;
mod tags;
mod targets;
mod tasks;
mod typed_builds;
mod typed_tasks;
mod uploads;
mod users;
mod volumes;

pub(crate) use system::KOJI_VERSION;

use crate::registry::Registry;

/// All methods of the hub.
pub(crate) fn registry() -> Registry {
    let mut r = Registry::default();
    archives::register(&mut r);
    buildroots::register(&mut r);
    builds::register(&mut r);
    content_generators::register(&mut r);
    events::register(&mut r);
    external_repos::register(&mut r);
    groups::register(&mut r);
    host::register(&mut r);
    host_builds::register(&mut r);
    host_repos::register(&mut r);
    policies::register(&mut r);
    repos::register(&mut r);
    rpms::register(&mut r);
    scheduler::register(&mut r);
    hosts::register(&mut r);
    notifications::register(&mut r);
    packages::register(&mut r);
    sessions::register(&mut r);
    system::register(&mut r);
    tasks::register(&mut r);
    typed_tasks::register(&mut r);
    typed_builds::register(&mut r);
    uploads::register(&mut r);
    users::register(&mut r);
    tagging::register(&mut r);
    volumes::register(&mut r);
    tags::register(&mut r);
    targets::register(&mut r);
    search::register(&mut r);
    results::register(&mut r);
    history::register(&mut r);
    r
}

/// When a wait of that many seconds ends; not in more than two minutes.
fn deadline(seconds: i32) -> tokio::time::Instant {
    let seconds = u64::try_from(seconds).unwrap_or(0).min(120);
    tokio::time::Instant::now() + std::time::Duration::from_secs(seconds)
}
