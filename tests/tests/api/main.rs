//! The hub's API as its callers see it, area by area, on both databases.

mod any;
mod archives;
mod buildroots;
mod builds;
mod content_generators;
mod external_repos;
mod groups;
mod history;
mod host_builds;
mod hosts;
mod notifications;
mod packages;
mod plugins;
mod policies;
mod repos;
mod rpms;
mod search;
mod sessions;
mod tagging;
mod tags;
mod targets;
mod typed_builds;
mod typed_tasks;
mod users;
