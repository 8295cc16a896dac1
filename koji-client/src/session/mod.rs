//! Sessions: calls to a hub, with or without a login.

mod auth;
mod deliver;
mod options;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use koji_core::api::{Args, Method, Mode};
use koji_core::config::Profile;
use koji_core::model::SessionKeys;
use koji_core::xmlrpc::{Struct, Value, write_call};
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};
use crate::transport::Transport;
use auth::Credentials;
pub(crate) use deliver::Outgoing;
pub use options::{Options, SessionBuilder};

/// A connection to a hub. Clones share the login.
///
/// While it is logged in, its calls are sent one after the other, numbered, so that the hub sees them in order and never
/// does one twice. Calls without a login, and those that only wait (`hub.wait*`), run side by side.
///
/// Calls that get no answer are sent again, with growing pauses, within the limits of the [`Options`]; when a
/// login has expired it is renewed.
#[derive(Clone)]
pub struct Session {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    server: String,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) options: Options,
    state: Mutex<State>,
    // held while a numbered call is on its way
    order: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    keys: Option<SessionKeys>,
    // the number of the next call
    callnum: u64,
    exclusive: bool,
    credentials: Option<Credentials>,
    hub_version: Option<String>,
}

/// Shows the hub and the session's id; never the key.
impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = self.state().keys.as_ref().map(|keys| keys.session_id);
        f.debug_struct("Session").field("server", &self.inner.server).field("id", &id).finish_non_exhaustive()
    }
}

impl Session {
    /// A session with the hub at that URL (`https://koji.example.org/kojihub`), with all defaults.
    pub fn new(server: impl Into<String>) -> Result<Self> {
        Self::builder(server).build()
    }

    /// Settings for a session with the hub at that URL.
    pub fn builder(server: impl Into<String>) -> SessionBuilder {
        SessionBuilder::new(server)
    }

    /// A session with the hub of a profile and its settings. It is not logged in, see [`Session::authenticate`].
    pub fn from_profile(profile: &Profile) -> Result<Self> {
        SessionBuilder::from_profile(profile).build()
    }

    fn assemble(server: String, transport: Arc<dyn Transport>, options: Options) -> Self {
        let state = Mutex::new(State::default());
        Self { inner: Arc::new(Inner { server, transport, options, state, order: tokio::sync::Mutex::new(()) }) }
    }

    /// Another session with the same hub and settings, not logged in.
    #[must_use]
    pub fn anonymous(&self) -> Self {
        Self::assemble(self.inner.server.clone(), self.inner.transport.clone(), self.inner.options.clone())
    }

    /// The hub's URL.
    pub fn server(&self) -> &str {
        &self.inner.server
    }

    /// The session's settings.
    pub fn options(&self) -> &Options {
        &self.inner.options
    }

    /// The version that the hub last said it has, in its answers' `Koji-Version`; hubs before 1.35 do not say it.
    pub fn hub_version(&self) -> Option<String> {
        self.state().hub_version.clone()
    }

    /// Calls a method: `session.call(GetTag::new("f44-build")).await?`.
    pub async fn call<M: Method>(&self, method: M) -> Result<M::Output> {
        self.call_into(method).await
    }

    /// Calls a method and reads the answer into a type of one's own, for instance a
    /// [`Struct`] to keep fields that our record does not have.
    pub async fn call_into<T: DeserializeOwned, M: Method>(&self, method: M) -> Result<T> {
        let body = write_call(M::INFO.name, &method.into_params()).map_err(Error::protocol(M::INFO.name))?;
        let outgoing = Outgoing::call(M::INFO.name, body).numbered(M::INFO.mode != Mode::Wait);
        self.answer(&outgoing).await
    }

    /// Calls any method by its name, with parameters by position.
    pub async fn call_raw(&self, method: &str, params: Vec<Value>) -> Result<Value> {
        let body = write_call(method, &params).map_err(Error::protocol(method))?;
        self.answer(&Outgoing::call(method, body)).await
    }

    /// Calls any method by its name, with parameters by position and by name.
    pub async fn call_raw_named(&self, method: &str, positional: Vec<Value>, named: Struct) -> Result<Value> {
        self.call_raw(method, Args { positional, named }.into_params()).await
    }

    pub(crate) async fn answer<T: DeserializeOwned>(&self, outgoing: &Outgoing) -> Result<T> {
        self.deliver(outgoing).await?.read(&outgoing.name)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // the state is valid after every single change, so a panic elsewhere does not spoil it
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
