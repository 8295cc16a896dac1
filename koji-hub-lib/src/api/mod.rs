//! The hub's side of each API method, area by area as in [`koji_core::api`].
//!
//! A handler does little: it hands over to the domain module that does the work.

mod sessions;
mod system;

pub(crate) use system::KOJI_VERSION;

use crate::registry::Registry;

/// All methods of the hub.
pub(crate) fn registry() -> Registry {
    let mut r = Registry::default();
    sessions::register(&mut r);
    system::register(&mut r);
    r
}
