//! Connections that are handed on.
//!
//! sqlx's pool asks the database about every connection that is given back, which takes as long as a small query does. One
//! that is known to be in order is kept here for its next user; all others go back to sqlx's pool.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use sqlx::pool::PoolConnection;
use sqlx::{Database, PgConnection, Postgres, SqlStr, Sqlite, SqliteConnection};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::DbError;

/// For how long a connection is handed on. The next user after that gets one from sqlx's pool, which ends those that are old or
/// broken.
const KEPT: Duration = Duration::from_secs(10);

/// One of the two databases.
pub trait Backend: Database {
    #[doc(hidden)]
    fn script(conn: &mut Self::Connection, sql: SqlStr) -> BoxFuture<'_, sqlx::Result<()>>;
}

impl Backend for Sqlite {
    fn script(conn: &mut SqliteConnection, sql: SqlStr) -> BoxFuture<'_, sqlx::Result<()>> {
        Box::pin(async move { sqlx::raw_sql(sql).execute(conn).await.map(|_| ()) })
    }
}

impl Backend for Postgres {
    fn script(conn: &mut PgConnection, sql: SqlStr) -> BoxFuture<'_, sqlx::Result<()>> {
        Box::pin(async move { sqlx::raw_sql(sql).execute(conn).await.map(|_| ()) })
    }
}

/// Some connections to a database. Clones share them.
#[derive(Debug)]
pub struct Pool<DB: Backend>(Arc<Shared<DB>>);

#[derive(Debug)]
struct Shared<DB: Backend> {
    pool: sqlx::Pool<DB>,
    /// As many as there may be connections, so that who has one gets a connection: from `kept`, or else from `pool`.
    turns: Arc<Semaphore>,
    timeout: Duration,
    kept: Mutex<Vec<Kept<DB>>>,
}

#[derive(Debug)]
struct Kept<DB: Database> {
    conn: PoolConnection<DB>,
    /// When it was taken from sqlx's pool.
    since: Instant,
}

impl<DB: Backend> Clone for Pool<DB> {
    fn clone(&self) -> Self {
        Pool(self.0.clone())
    }
}

impl<DB: Backend> Pool<DB> {
    pub(super) fn new(pool: sqlx::Pool<DB>) -> Self {
        let options = pool.options();
        let turns = Arc::new(Semaphore::new(options.get_max_connections() as usize));
        let timeout = options.get_acquire_timeout();
        Pool(Arc::new(Shared { pool, turns, timeout, kept: Mutex::new(Vec::new()) }))
    }

    /// A connection, when there is one free.
    pub async fn acquire(&self) -> Result<Lent<DB>, DbError> {
        let turn = tokio::time::timeout(self.0.timeout, self.0.turns.clone().acquire_owned()).await;
        let turn = turn.map_err(|_| sqlx::Error::PoolTimedOut)?.map_err(|_| sqlx::Error::PoolClosed)?;
        let kept = match self.0.take() {
            Some(kept) => kept,
            None => Kept { conn: self.0.pool.acquire().await?, since: Instant::now() },
        };
        Ok(Lent { kept: Some(kept), shared: self.0.clone(), turn: Some(turn), in_order: true, in_tx: false })
    }

    /// Closes the connections, once they are given back.
    pub(super) async fn close(&self) {
        self.0.turns.close();
        drop(std::mem::take(&mut *self.0.kept()));
        self.0.pool.close().await;
    }
}

impl<DB: Backend> Shared<DB> {
    fn kept(&self) -> std::sync::MutexGuard<'_, Vec<Kept<DB>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection that was used last.
    fn take(&self) -> Option<Kept<DB>> {
        let mut kept = self.kept();
        kept.retain(|kept| kept.since.elapsed() < KEPT);
        kept.pop()
    }

    fn keep(&self, one: Kept<DB>) {
        let mut kept = self.kept();
        if !self.turns.is_closed() {
            kept.push(one);
        }
    }
}

impl<DB: Backend> Drop for Shared<DB> {
    fn drop(&mut self) {
        // there may be no runtime any more in which they could be given back
        for kept in self.kept().drain(..) {
            drop(kept.conn.detach());
        }
    }
}

/// A connection that is given back when it is dropped. A transaction that is open then is undone.
#[derive(Debug)]
pub struct Lent<DB: Backend> {
    /// There until it is dropped.
    kept: Option<Kept<DB>>,
    shared: Arc<Shared<DB>>,
    turn: Option<OwnedSemaphorePermit>,
    /// Whether the last statement came to its end without an error.
    in_order: bool,
    in_tx: bool,
}

impl<DB: Backend> Lent<DB> {
    /// The connection itself, for a statement of one's own. It goes back to sqlx's pool afterwards: what is set or begun there
    /// must not be left behind.
    pub fn raw(&mut self) -> Result<&mut DB::Connection, DbError> {
        self.in_order = false;
        let kept = self.kept.as_mut().ok_or(DbError::Aborted)?;
        Ok(&mut kept.conn)
    }

    /// Notes whether the statement that [`raw`](Self::raw) was taken for came to its end without an error.
    pub(super) fn done(&mut self, in_order: bool) {
        self.in_order = in_order;
    }

    pub(super) fn in_tx(&self) -> bool {
        self.in_tx
    }

    /// Runs statements that take no parameters, after which a transaction is open or not.
    pub(super) async fn script(&mut self, sql: SqlStr, in_tx: bool) -> Result<(), DbError> {
        // if it is broken off, the transaction may be open
        self.in_tx |= in_tx;
        DB::script(self.raw()?, sql).await?;
        self.in_tx = in_tx;
        self.in_order = true;
        Ok(())
    }
}

/// Undoes an open transaction; whether it could.
async fn undo<DB: Backend>(conn: &mut DB::Connection) -> bool {
    // the first answer may still be that of the statement that was broken off
    for _ in 0..2 {
        if DB::script(conn, sqlx::SqlSafeStr::into_sql_str("ROLLBACK")).await.is_ok() {
            return true;
        }
    }
    false
}

impl<DB: Backend> Drop for Lent<DB> {
    fn drop(&mut self) {
        let Some(mut kept) = self.kept.take() else { return };
        if self.in_order && !self.in_tx {
            self.shared.keep(kept);
            return;
        }
        let Ok(runtime) = Handle::try_current() else {
            drop(kept.conn.detach());
            return;
        };
        let (shared, turn, in_tx) = (self.shared.clone(), self.turn.take(), self.in_tx);
        runtime.spawn(async move {
            if !in_tx {
                kept.conn.return_to_pool().await;
            } else if undo::<DB>(&mut kept.conn).await {
                shared.keep(kept);
            } else if let Err(e) = kept.conn.close().await {
                tracing::debug!(error = %e, "a connection broke");
            }
            drop(turn);
        });
    }
}
