//! Plugins: what an organization adds to its hub.
//!
//! A [`Plugin`] is told of changes before and after they are made, and may refuse them; it may add methods to the API and
//! tests to the language of policies. It is given to [`HubBuilder::plugin`](crate::HubBuilder::plugin); those that come with
//! the hub are named in `hub.conf` (`Plugins = sidetag_hub`).
//!
//! This one keeps builds out of frozen tags, and says which tags are frozen:
//!
//! ```
//! use koji_core::api::TagRef;
//! use koji_hub_lib::call::Call;
//! use koji_hub_lib::plugin::{Callback, CallbackType, Plugin};
//! use koji_hub_lib::registry::{Handle, Registry};
//! use koji_hub_lib::{Error, Result};
//!
//! koji_core::methods! {
//!     /// Whether a tag is frozen.
//!     [Anyone, Read] "isFrozen" => IsFrozen(tag: String) -> bool;
//! }
//!
//! impl Handle for IsFrozen {
//!     async fn handle(self, cx: &mut Call<'_>) -> Result<bool> {
//!         Ok(cx.hub().plugin::<Freeze>().is_some_and(|freeze| freeze.tags.contains(&self.tag)))
//!     }
//! }
//!
//! struct Freeze {
//!     tags: Vec<String>,
//! }
//!
//! #[async_trait::async_trait]
//! impl Plugin for Freeze {
//!     fn name(&self) -> &str {
//!         "freeze"
//!     }
//!
//!     fn callbacks(&self) -> &[CallbackType] {
//!         &[CallbackType::PreTag]
//!     }
//!
//!     async fn callback(&self, _cx: &mut Call<'_>, what: &Callback<'_>) -> Result<()> {
//!         match what {
//!             Callback::PreTag(about) if self.tags.contains(&about.tag.name) => {
//!                 Err(Error::generic(format!("{} is frozen", about.tag.name)))
//!             }
//!             _ => Ok(()),
//!         }
//!     }
//!
//!     fn methods(&self, registry: &mut Registry) {
//!         registry.add::<IsFrozen>();
//!     }
//! }
//! ```

mod about;
mod builds;
mod callback;
mod imports;
mod set;
mod settings;
mod tasks;

use std::any::Any;

use async_trait::async_trait;
use koji_core::xmlrpc::Struct;

pub use about::*;
pub(crate) use builds::{after_build, before_build, before_move, before_new_build};
pub use callback::{Callback, CallbackType};
pub(crate) use imports::hears_of_imports;
pub(crate) use set::Plugins;
pub(crate) use settings::CONFIG_DIR;
pub use settings::PluginSettings;
pub(crate) use tasks::{after_new_task, after_task, before_new_task, before_task};

use crate::Result;
use crate::call::Call;
use crate::error::fail;
use crate::registry::Registry;

/// An addition to the hub. See the [module](self) for an example.
#[async_trait]
pub trait Plugin: Any + Send + Sync {
    /// Its name, which no other plugin of the hub may have.
    fn name(&self) -> &str;

    /// Which moments it wants to hear of; none otherwise.
    fn callbacks(&self) -> &[CallbackType] {
        &[]
    }

    /// Hears of a change, in the middle of the call that makes it: `cx` is that call, with its user and its transaction.
    /// [`Call::on_commit`] is for what must not happen if the call fails later on.
    ///
    /// An error makes the whole call fail with `CallbackError` (1017), so that before a change it is a refusal. After a
    /// commit what has been done stays done, though the caller sees the fault.
    async fn callback(&self, cx: &mut Call<'_>, what: &Callback<'_>) -> Result<()> {
        let _ = (cx, what);
        Ok(())
    }

    /// Whether the errors of its callbacks are logged, and not the caller's: what such a callback wrote is undone.
    fn ignores_errors(&self) -> bool {
        false
    }

    /// Adds its methods to the API. One of the name of another takes its place.
    fn methods(&self, registry: &mut Registry) {
        let _ = registry;
    }

    /// The names of its policy tests. They take the place of none that there is.
    fn policy_tests(&self) -> &[&str] {
        &[]
    }

    /// Answers one of its policy tests: `args` are the words behind its name, `data` what the policy is asked about.
    async fn policy_test(&self, cx: &mut Call<'_>, name: &str, args: &[String], data: &Struct) -> Result<bool> {
        let _ = (cx, args, data);
        fail!("{} does not answer its policy test {name}", self.name())
    }
}
