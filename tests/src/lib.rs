//! What the end-to-end tests share: throw-away databases, hubs, and whole systems ([`Standalone`]).
//!
//! A test that touches the database loops over [`databases`], or over [`hubs`], so that it holds for SQLite and for
//! Postgres.

mod brittle;
mod consistency;
pub mod drive;
mod hub;
mod mixed_load;
pub mod packages;
mod postgres;
mod processes;
pub mod programs;
mod rpms;
mod standalone;

use koji_hub_lib::db::{Db, DbUrl, Dialect};
use tempfile::TempDir;

pub use brittle::BrittleStorage;
pub use consistency::{Watcher, count_successes, problems};
pub use hub::{Caller, TestHub, hubs};
pub use mixed_load::{CLIENTS, MixedLoad, mixed_load};
pub use postgres::Server;
pub use processes::{PATIENCE, Processes, Program, submit};
pub use rpms::{BuiltRpms, build_arch_rpms, build_rpms, build_source_rpm, build_spec};
pub use standalone::{Standalone, free_port};

/// A fresh database with the hub's schema, removed after the test.
pub struct TestDb {
    /// The database, connected.
    pub db: Db,
    /// Where it is, as `DBConnectionString` says it.
    pub url: String,
    _folder: Option<TempDir>,
}

impl TestDb {
    /// Which of the two databases this is.
    pub fn dialect(&self) -> Dialect {
        self.db.dialect()
    }
}

/// A fresh database of each kind, with the hub's schema. `name` is the test's, to tell them apart.
///
/// # Panics
/// When there is no Postgres server to start, with words that say what to install.
pub async fn databases(name: &str) -> Vec<TestDb> {
    let mut databases = Vec::new();
    for dialect in [Dialect::Sqlite, Dialect::Postgres] {
        databases.push(database(name, dialect).await);
    }
    databases
}

/// A fresh database of one kind, with the hub's schema.
///
/// # Panics
/// As [`databases`].
pub async fn database(name: &str, dialect: Dialect) -> TestDb {
    let test = empty_database(name, dialect).await;
    test.db.migrate().await.unwrap_or_else(|e| panic!("cannot migrate {}: {e}", test.url));
    test
}

/// A fresh database of one kind, with nothing in it.
///
/// # Panics
/// As [`databases`].
pub async fn empty_database(name: &str, dialect: Dialect) -> TestDb {
    let (url, folder) = match dialect {
        Dialect::Sqlite => {
            let folder = TempDir::with_prefix(format!("koji-tests-{name}-")).expect("a temporary folder");
            (format!("sqlite://{}", folder.path().join("hub.db").display()), Some(folder))
        }
        Dialect::Postgres => {
            let url = match Server::shared().await {
                Ok(server) => server.create_database(name).await,
                Err(e) => Err(e),
            };
            (url.unwrap_or_else(|e| panic!("{e:#}")), None)
        }
    };
    let parsed: DbUrl = url.parse().unwrap_or_else(|e| panic!("{url}: {e}"));
    let db = Db::connect(&parsed).await.unwrap_or_else(|e| panic!("cannot connect to {url}: {e}"));
    TestDb { db, url, _folder: folder }
}
