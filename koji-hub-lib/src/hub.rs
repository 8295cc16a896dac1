//! The hub as a whole: what every request shares.

use std::sync::Arc;

use crate::Result;
use crate::config::HubConfig;
use crate::db::{Db, DbUrl};
use crate::plugin::{Plugin, Plugins};
use crate::plugins;
use crate::policy::Policies;
use crate::registry::Registry;
use crate::signals::Signals;
use crate::storage::{LocalStorage, Storage};
use crate::uploads::Locks;

/// A hub. Clones are the same hub.
#[derive(Clone)]
pub struct Hub(Arc<Inner>);

struct Inner {
    config: HubConfig,
    db: Db,
    storage: Arc<dyn Storage>,
    registry: Registry,
    policies: Policies,
    plugins: Plugins,
    signals: Signals,
    upload_locks: Locks,
}

/// A hub to be, with all that is not the usual.
pub struct HubBuilder {
    config: HubConfig,
    db: Option<Db>,
    storage: Option<Arc<dyn Storage>>,
    plugins: Vec<Arc<dyn Plugin>>,
}

impl HubBuilder {
    /// A database, which must have been [migrated](Db::migrate), in place of the one that the configuration names.
    #[must_use]
    pub fn db(mut self, db: Db) -> Self {
        self.db = Some(db);
        self
    }

    /// A storage in place of the directory that the configuration names.
    #[must_use]
    pub fn storage(mut self, storage: Arc<dyn Storage>) -> Self {
        self.storage = Some(storage);
        self
    }

    /// A plugin beside those that the configuration names.
    #[must_use]
    pub fn plugin(mut self, plugin: impl Plugin) -> Self {
        self.plugins.push(Arc::new(plugin));
        self
    }

    /// The hub. A policy that cannot be read and a plugin that there is not are errors.
    pub async fn open(self) -> Result<Hub> {
        let HubBuilder { config, db, storage, plugins } = self;
        let db = match db {
            Some(db) => db,
            None => Db::connect(&config.database.parse::<DbUrl>()?).await?,
        };
        let storage = match storage {
            Some(storage) => storage,
            None => Arc::new(LocalStorage::new(&config.koji_dir)?),
        };
        Hub::assemble(config, db, storage, plugins)
    }
}

impl Hub {
    /// A hub with a storage of one's own. The database must have been [migrated](Db::migrate). A policy that cannot be
    /// read is an error.
    pub fn new(config: HubConfig, db: Db, storage: Arc<dyn Storage>) -> Result<Hub> {
        Hub::assemble(config, db, storage, Vec::new())
    }

    /// A hub on the database and in the directory that the configuration names.
    pub async fn open(config: HubConfig) -> Result<Hub> {
        Hub::builder(config).open().await
    }

    /// A hub with plugins, or another part, of one's own.
    pub fn builder(config: HubConfig) -> HubBuilder {
        HubBuilder { config, db: None, storage: None, plugins: Vec::new() }
    }

    fn assemble(config: HubConfig, db: Db, storage: Arc<dyn Storage>, more: Vec<Arc<dyn Plugin>>) -> Result<Hub> {
        let mut plugins = Plugins::default();
        for plugin in plugins::configured(&config)?.into_iter().chain(more) {
            plugins.add(plugin)?;
        }
        let mut registry = crate::api::registry();
        plugins.methods(&mut registry);
        Ok(Hub(Arc::new(Inner {
            policies: Policies::with_tests(&config, |name| plugins.has_policy_test(name))?,
            config,
            db,
            storage,
            registry,
            plugins,
            signals: Signals::new(),
            upload_locks: Locks::default(),
        })))
    }

    /// Creates or migrates the database, and the storage's directories. Safe to repeat. Says what was done.
    pub async fn init(config: &HubConfig) -> Result<crate::db::Migrated> {
        let url: DbUrl = config.database.parse()?;
        let storage = LocalStorage::new(&config.koji_dir)?;
        for dir in ["packages", "repos", "repos-dist", "work", "scratch", "vol"] {
            storage.create_dir(dir).await?;
        }
        Ok(Db::connect(&url).await?.migrate().await?)
    }

    /// The settings.
    pub fn config(&self) -> &HubConfig {
        &self.0.config
    }

    /// The database.
    pub fn db(&self) -> &Db {
        &self.0.db
    }

    /// The place for files.
    pub fn storage(&self) -> &dyn Storage {
        &*self.0.storage
    }

    /// The policies.
    pub fn policies(&self) -> &Policies {
        &self.0.policies
    }

    /// The methods.
    pub fn registry(&self) -> &Registry {
        &self.0.registry
    }

    /// The plugin of that type, if the hub has it: how the handlers of its methods come to its settings.
    pub fn plugin<P: Plugin>(&self) -> Option<&P> {
        self.0.plugins.get()
    }

    pub(crate) fn plugins(&self) -> &Plugins {
        &self.0.plugins
    }

    /// The announcements of changes.
    pub fn signals(&self) -> &Signals {
        &self.0.signals
    }

    pub(crate) fn upload_locks(&self) -> &Locks {
        &self.0.upload_locks
    }
}
