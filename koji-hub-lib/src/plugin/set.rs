//! The plugins of a hub, and telling them.

use std::any::Any;
use std::sync::Arc;

use koji_core::fault::FaultKind;
use koji_core::xmlrpc::Struct;

use super::{Callback, CallbackType, Plugin};
use crate::call::Call;
use crate::registry::Registry;
use crate::{Error, Result};

/// The plugins of a hub.
#[derive(Default)]
pub(crate) struct Plugins {
    all: Vec<Arc<dyn Plugin>>,
    /// A bit for each moment that one of them wants to hear of.
    wanted: u32,
}

fn bit(kind: CallbackType) -> u32 {
    1 << kind as u32
}

impl Plugins {
    /// Adds one, whose name must be new.
    pub(crate) fn add(&mut self, plugin: Arc<dyn Plugin>) -> Result<()> {
        if self.all.iter().any(|other| other.name() == plugin.name()) {
            return Err(Error::Config(format!("the plugin {} is there twice", plugin.name())));
        }
        self.wanted |= plugin.callbacks().iter().fold(0, |bits, kind| bits | bit(*kind));
        self.all.push(plugin);
        Ok(())
    }

    /// Adds the methods of all of them.
    pub(crate) fn methods(&self, registry: &mut Registry) {
        for plugin in &self.all {
            plugin.methods(registry);
        }
    }

    /// The one of a type.
    pub(crate) fn get<P: Plugin>(&self) -> Option<&P> {
        self.all.iter().find_map(|plugin| (plugin.as_ref() as &dyn Any).downcast_ref())
    }

    /// Whether one of them has a policy test of that name.
    pub(crate) fn has_policy_test(&self, name: &str) -> bool {
        self.with_policy_test(name).is_some()
    }

    fn with_policy_test(&self, name: &str) -> Option<&dyn Plugin> {
        self.all.iter().find(|plugin| plugin.policy_tests().contains(&name)).map(AsRef::as_ref)
    }

    /// Answers a policy test, if one of them has it.
    pub(crate) async fn policy_test(
        &self,
        cx: &mut Call<'_>,
        name: &str,
        args: &[String],
        data: &Struct,
    ) -> Option<Result<bool>> {
        Some(self.with_policy_test(name)?.policy_test(cx, name, args, data).await)
    }
}

impl Call<'_> {
    /// Whether a plugin wants to hear of that moment: if none does, there is nothing to be gathered for it.
    pub(crate) fn tells(&self, kind: CallbackType) -> bool {
        self.hub().plugins().wanted & bit(kind) != 0
    }

    /// Tells the plugins that want to hear of it, in their order.
    pub(crate) async fn tell(&mut self, what: Callback<'_>) -> Result<()> {
        let kind = what.kind();
        if !self.tells(kind) {
            return Ok(());
        }
        for plugin in self.hub().plugins().all.iter().filter(|plugin| plugin.callbacks().contains(&kind)) {
            if plugin.ignores_errors() {
                self.tell_leniently(plugin.as_ref(), &what).await?;
                continue;
            }
            match plugin.callback(self, &what).await {
                Ok(()) => {}
                // the request is tried again as a whole, unless it is done
                Err(e) if kind != CallbackType::PostCommit && self.is_retryable(&e) => return Err(e),
                Err(e) => {
                    let why = e.into_fault().message;
                    let text = format!("Error running {} callback from {}: {why}", kind.name(), plugin.name());
                    return Err(Error::fault(FaultKind::Callback, text));
                }
            }
        }
        Ok(())
    }

    /// Tells a plugin whose errors do not count: what it did before one is undone.
    async fn tell_leniently(&mut self, plugin: &dyn Plugin, what: &Callback<'_>) -> Result<()> {
        const SAVEPOINT: &str = "callback";
        let mark = self.mark();
        let transaction = self.has_transaction();
        if transaction {
            self.db().await?.savepoint(SAVEPOINT).await?;
        }
        match plugin.callback(self, what).await {
            Ok(()) if transaction => Ok(self.db().await?.release(SAVEPOINT).await?),
            Ok(()) => Ok(()),
            Err(e) if what.kind() != CallbackType::PostCommit && self.is_retryable(&e) => Err(e),
            Err(e) => {
                tracing::warn!(plugin = plugin.name(), callback = what.kind().name(), error = %e, "a plugin's callback failed");
                if transaction {
                    self.db().await?.rollback_to(SAVEPOINT).await?;
                } else {
                    self.abandon().await;
                }
                self.undo_since(mark).await;
                Ok(())
            }
        }
    }
}
