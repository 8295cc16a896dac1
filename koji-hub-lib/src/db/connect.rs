//! Opening the databases.

use std::path::Path;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection, PgConnection, Postgres, Sqlite};

use super::conn::Inner;
use super::url::Target;
use super::{Conn, DbError, DbUrl, Dialect, Pool};

/// How long a request waits for a connection before it fails.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(30);
/// How long it waits for SQLite's writer: on a busy machine another's import may take its time.
const WRITER_TIMEOUT: Duration = Duration::from_secs(300);
/// A Postgres connection that was idle for longer is tried before it is used.
const TRUSTED_IDLE: Duration = Duration::from_secs(10);
const POSTGRES_CONNECTIONS: u32 = 20;
const HASTY_CONNECTIONS: u32 = 4;
const SQLITE_READERS: u32 = 8;
/// Statements kept prepared for each connection: there are more texts, few of which are asked often.
const STATEMENTS: usize = 300;
/// How many rows SQLite may be ahead of those who read them.
const ROWS: usize = 1000;

/// The hub's database. Cheap to clone; all clones share the connections.
#[derive(Debug, Clone)]
pub enum Db {
    /// SQLite in WAL mode: readers never wait, writers wait for each other.
    Sqlite {
        /// Connections that only read.
        read: Pool<Sqlite>,
        /// The one connection that writes.
        write: Pool<Sqlite>,
    },
    /// Postgres.
    Postgres {
        /// Connections for everything.
        pool: Pool<Postgres>,
        /// Connections whose commits do not wait for the disk.
        hasty: Pool<Postgres>,
    },
}

impl Db {
    /// Opens the database; a SQLite file, and its folder, are made when they are missing. The schema is
    /// [`migrate`](Self::migrate)'s.
    pub async fn connect(url: &DbUrl) -> Result<Self, DbError> {
        match &url.0 {
            Target::Sqlite(path) => connect_sqlite(path).await,
            Target::Postgres(options) => connect_postgres(options).await,
        }
    }

    /// Which of the two databases this is.
    pub fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite { .. } => Dialect::Sqlite,
            Self::Postgres { .. } => Dialect::Postgres,
        }
    }

    /// A connection for reads; each statement sees what was committed before it began.
    pub async fn read(&self) -> Result<Conn, DbError> {
        Ok(Conn::new(match self {
            Self::Sqlite { read, .. } => Inner::Sqlite(read.acquire().await?),
            Self::Postgres { pool, .. } => Inner::Postgres(pool.acquire().await?),
        }))
    }

    /// A transaction: on SQLite the only one that writes, on Postgres in READ COMMITTED.
    pub async fn begin(&self) -> Result<Conn, DbError> {
        match self {
            Self::Sqlite { write, .. } => Conn::new(Inner::Sqlite(write.acquire().await?)).begin().await,
            Self::Postgres { pool, .. } => Conn::new(Inner::Postgres(pool.acquire().await?)).begin().await,
        }
    }

    /// A connection for what may be forgotten if the database server breaks down right after its commit, as sessions may: on
    /// Postgres the commit does not wait for the disk. Unless a transaction is opened, each statement is committed by itself.
    pub(crate) async fn forgettable(&self) -> Result<Conn, DbError> {
        Ok(Conn::new(match self {
            Self::Sqlite { write, .. } => Inner::Sqlite(write.acquire().await?),
            Self::Postgres { hasty, .. } => Inner::Postgres(hasty.acquire().await?),
        }))
    }

    /// Closes all connections, once they are given back.
    pub async fn close(&self) {
        match self {
            Self::Sqlite { read, write } => {
                read.close().await;
                // The last connection to close folds the write-ahead log into the file.
                write.close().await;
            }
            Self::Postgres { pool, hasty } => {
                pool.close().await;
                hasty.close().await;
            }
        }
    }
}

async fn connect_sqlite(path: &Path) -> Result<Db, DbError> {
    create(path).await.map_err(DbError::Create)?;
    let options = SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .busy_timeout(Duration::from_secs(30))
        .foreign_keys(true)
        .statement_cache_capacity(STATEMENTS)
        .row_buffer_size(ROWS)
        .pragma("cache_size", "-2048")
        .pragma("temp_store", "memory")
        // As on Postgres; `ILIKE` has its fragment.
        .pragma("case_sensitive_like", "on")
        .with_regexp();
    let pool = || {
        SqlitePoolOptions::new()
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
    };
    let write = pool().max_connections(1).acquire_timeout(WRITER_TIMEOUT).connect_with(options.clone()).await?;
    let read = pool().max_connections(SQLITE_READERS).connect_with(options.pragma("query_only", "on")).await?;
    Ok(Db::Sqlite { read: Pool::new(read), write: Pool::new(write) })
}

/// Creates the file, which will hold keys and passwords, for its owner alone.
async fn create(path: &Path) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs_err::tokio::create_dir_all(folder).await?;
    }
    let mut options = fs_err::tokio::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    options.mode(0o600);
    options.open(path).await?;
    Ok(())
}

async fn connect_postgres(options: &PgConnectOptions) -> Result<Db, DbError> {
    // statements are prepared once and run often: planning each run anew costs more than running most of them; and what a hub
    // reads is in memory or on a disk without heads, so that indexes are worth more than Postgres thinks by default. Compiling
    // takes longer than any of them, too
    let settings = [("plan_cache_mode", "force_generic_plan"), ("random_page_cost", "1.1"), ("jit", "off")];
    let options = &options.clone().options(settings);
    // The pool tries again for as long as it may, and then only says that it ran out of time.
    PgConnection::connect_with(options).await?.close().await?;
    let pool = |connections, options: PgConnectOptions| {
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .test_before_acquire(false)
            .before_acquire(|conn, meta| {
                Box::pin(async move {
                    if meta.idle_for > TRUSTED_IDLE {
                        conn.ping().await?;
                    }
                    Ok(true)
                })
            });
        Pool::new(pool.connect_lazy_with(options.statement_cache_capacity(STATEMENTS)))
    };
    let hasty = options.clone().options([("synchronous_commit", "off")]);
    Ok(Db::Postgres { pool: pool(POSTGRES_CONNECTIONS, options.clone()), hasty: pool(HASTY_CONNECTIONS, hasty) })
}
