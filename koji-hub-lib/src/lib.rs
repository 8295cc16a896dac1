//! The Koji hub as a library.
//!
//! A [`Hub`] has a database ([`db`]), a place for files ([`storage`]) and the API's methods ([`registry`]); [`router`]
//! serves it over HTTP, and [`Hub::answer`] answers a request of any other origin. A request goes from
//! `http` to `dispatch` (session, arguments, access, transaction), to its handler in `api`, which hands over to the domain
//! modules. [`plugin`] is what others add.
//!
//! A program that embeds it does well to take over two things from `koji-hub`: jemalloc as its allocator (for C, too), and
//! `LIBSQLITE3_FLAGS` of the workspace's `.cargo/config.toml`, with which SQLite's connections do not wait for each other.

mod api;
mod archives;
mod body;
mod buildroots;
mod builds;
pub mod call;
mod check;
pub mod config;
mod content_generators;
pub mod db;
pub mod dispatch;
mod error;
mod events;
mod external_repos;
mod given;
mod groups;
mod history;
mod hosts;
mod http;
mod hub;
mod import;
mod listing;
mod names;
mod notifications;
mod packages;
pub mod plugin;
mod plugins;
pub mod policy;
pub mod registry;
mod repos;
mod rpm_file;
mod rpms;
mod scheduler;
mod search;
mod serve;
pub mod session;
pub mod signals;
mod snapshots;
pub mod storage;
mod sums;
mod tagging;
mod tags;
mod targets;
mod tasks;
mod unpack;
mod uploads;
mod users;
mod views;
mod volumes;

pub use check::{Checked, Decided, PolicyData};
pub use error::{Error, Result};
pub use http::router;
pub use hub::{Hub, HubBuilder};
pub use names::NameRule;
pub use serve::Caller;
pub use users::NewUser;
