//! The hub as a whole: what every request shares.

use std::sync::Arc;

use crate::Result;
use crate::config::HubConfig;
use crate::db::{Db, DbUrl};
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
    signals: Signals,
    upload_locks: Locks,
}

impl Hub {
    /// A hub with a storage of one's own. The database must have been [migrated](Db::migrate). A policy that cannot be
    /// read is an error.
    pub fn new(config: HubConfig, db: Db, storage: Arc<dyn Storage>) -> Result<Hub> {
        Ok(Hub(Arc::new(Inner {
            policies: Policies::new(&config)?,
            config,
            db,
            storage,
            registry: crate::api::registry(),
            signals: Signals::new(),
            upload_locks: Locks::default(),
        })))
    }

    /// A hub on the database and in the directory that the configuration names.
    pub async fn open(config: HubConfig) -> Result<Hub> {
        let url: DbUrl = config.database.parse()?;
        let db = Db::connect(&url).await?;
        let storage = LocalStorage::new(&config.koji_dir)?;
        Hub::new(config, db, Arc::new(storage))
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

    /// The announcements of changes.
    pub fn signals(&self) -> &Signals {
        &self.0.signals
    }

    pub(crate) fn upload_locks(&self) -> &Locks {
        &self.0.upload_locks
    }
}
