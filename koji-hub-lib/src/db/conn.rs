//! A connection in use: a plain one for reads, or one inside a transaction.

use futures_util::stream::{BoxStream, StreamExt, TryStreamExt};
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::QueryAs;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{FromRow, PgConnection, Postgres, Sqlite, SqliteConnection};

use super::args::{self, Args};
use super::pool::Lent;
use super::{DbError, Dialect, IntoSql, Statement};

/// A row, or part of one, that can be read from either database; `#[derive(sqlx::FromRow)]` makes one, and tuples are.
pub trait FromDb: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin + 'static {}

impl<T> FromDb for T where T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin + 'static {}

/// A connection, from [`Db::read`](super::Db::read) or [`Db::begin`](super::Db::begin).
///
/// Dropping one from `begin` undoes what was not committed. After a failed statement a transaction takes no further
/// ones, and no commit, until [`rollback_to`](Self::rollback_to) a savepoint: so it is on Postgres.
pub struct Conn {
    inner: Inner,
    /// A statement of the transaction failed. Postgres would take a commit for a rollback, and say nothing.
    failed: bool,
}

pub(super) enum Inner {
    Sqlite(Lent<Sqlite>),
    Postgres(Lent<Postgres>),
}

enum Raw<'c> {
    Sqlite(&'c mut SqliteConnection),
    Postgres(&'c mut PgConnection),
}

type SqliteQueryAs<T> = QueryAs<'static, Sqlite, T, SqliteArguments>;
type PgQueryAs<T> = QueryAs<'static, Postgres, T, PgArguments>;

impl Conn {
    pub(super) fn new(inner: Inner) -> Self {
        Self { inner, failed: false }
    }

    /// Opens a transaction.
    pub(crate) async fn begin(mut self) -> Result<Self, DbError> {
        let statement = match self.dialect() {
            Dialect::Sqlite => "BEGIN IMMEDIATE",
            Dialect::Postgres => "BEGIN ISOLATION LEVEL READ COMMITTED",
        };
        self.simple(statement, true).await?;
        Ok(self)
    }

    /// Which database this is.
    pub fn dialect(&self) -> Dialect {
        match self.inner {
            Inner::Sqlite(_) => Dialect::Sqlite,
            Inner::Postgres(_) => Dialect::Postgres,
        }
    }

    /// True inside a transaction.
    pub fn is_tx(&self) -> bool {
        match &self.inner {
            Inner::Sqlite(lent) => lent.in_tx(),
            Inner::Postgres(lent) => lent.in_tx(),
        }
    }

    /// All rows.
    pub async fn fetch_all<T: FromDb>(&mut self, sql: impl IntoSql, args: Args<'_>) -> Result<Vec<T>, DbError> {
        let result = match self.raw()? {
            Raw::Sqlite(conn) => sqlite_as(sql, args)?.fetch_all(conn).await,
            Raw::Postgres(conn) => postgres_as(sql, args)?.fetch_all(conn).await,
        };
        self.noted(result)
    }

    /// The first row, if there is one.
    pub async fn fetch_optional<T: FromDb>(&mut self, sql: impl IntoSql, args: Args<'_>) -> Result<Option<T>, DbError> {
        let result = match self.raw()? {
            Raw::Sqlite(conn) => sqlite_as(sql, args)?.fetch_optional(conn).await,
            Raw::Postgres(conn) => postgres_as(sql, args)?.fetch_optional(conn).await,
        };
        self.noted(result)
    }

    /// The first row; [`DbError::NotFound`] when there is none.
    pub async fn fetch_one<T: FromDb>(&mut self, sql: impl IntoSql, args: Args<'_>) -> Result<T, DbError> {
        self.fetch_optional(sql, args).await?.ok_or(DbError::NotFound)
    }

    /// The rows one by one as the database finds them, for answers too large to hold.
    pub fn stream<T: FromDb>(
        &mut self,
        sql: impl IntoSql,
        args: Args<'_>,
    ) -> Result<BoxStream<'_, Result<T, DbError>>, DbError> {
        Ok(match self.raw()? {
            Raw::Sqlite(conn) => sqlite_as(sql, args)?.fetch(conn).map_err(DbError::from).boxed(),
            Raw::Postgres(conn) => postgres_as(sql, args)?.fetch(conn).map_err(DbError::from).boxed(),
        })
    }

    /// The first column of every row.
    pub async fn fetch_scalars<T>(&mut self, sql: impl IntoSql, args: Args<'_>) -> Result<Vec<T>, DbError>
    where
        (T,): FromDb,
    {
        Ok(self.fetch_all::<(T,)>(sql, args).await?.into_iter().map(|(value,)| value).collect())
    }

    /// The first column of the first row; [`DbError::NotFound`] when there is none.
    pub async fn fetch_scalar<T>(&mut self, sql: impl IntoSql, args: Args<'_>) -> Result<T, DbError>
    where
        (T,): FromDb,
    {
        Ok(self.fetch_one::<(T,)>(sql, args).await?.0)
    }

    /// The first column of the first row, if there is a row; a column that may be null is another `Option`.
    pub async fn fetch_scalar_optional<T>(&mut self, sql: impl IntoSql, args: Args<'_>) -> Result<Option<T>, DbError>
    where
        (T,): FromDb,
    {
        Ok(self.fetch_optional::<(T,)>(sql, args).await?.map(|(value,)| value))
    }

    /// Runs a statement; says how many rows it changed.
    pub async fn execute(&mut self, sql: impl IntoSql, args: Args<'_>) -> Result<u64, DbError> {
        let result = match self.raw()? {
            Raw::Sqlite(conn) => {
                let query = sqlx::query_with(sql.into_sql(Dialect::Sqlite), args::sqlite(&args)?);
                query.execute(conn).await.map(|done| done.rows_affected())
            }
            Raw::Postgres(conn) => {
                let query = sqlx::query_with(sql.into_sql(Dialect::Postgres), args::postgres(&args)?);
                query.execute(conn).await.map(|done| done.rows_affected())
            }
        };
        self.noted(result)
    }

    /// Sets a savepoint, to which [`rollback_to`](Self::rollback_to) returns; in a transaction only.
    pub async fn savepoint(&mut self, name: &'static str) -> Result<(), DbError> {
        self.script(Statement(format!("SAVEPOINT {name}"))).await
    }

    /// Undoes what was done since the savepoint, which stays set, and makes up for a failed statement.
    pub async fn rollback_to(&mut self, name: &'static str) -> Result<(), DbError> {
        self.failed = false;
        self.script(Statement(format!("ROLLBACK TO SAVEPOINT {name}"))).await
    }

    /// Forgets the savepoint and keeps what was done since.
    pub async fn release(&mut self, name: &'static str) -> Result<(), DbError> {
        self.script(Statement(format!("RELEASE SAVEPOINT {name}"))).await
    }

    /// Makes the transaction's changes permanent; nothing to do for a plain connection.
    pub async fn commit(mut self) -> Result<(), DbError> {
        if self.failed {
            return Err(DbError::Aborted);
        }
        if self.is_tx() { self.simple("COMMIT", false).await } else { Ok(()) }
    }

    /// Undoes the transaction's changes; nothing to do for a plain connection.
    pub async fn rollback(mut self) -> Result<(), DbError> {
        if self.is_tx() { self.simple("ROLLBACK", false).await } else { Ok(()) }
    }

    /// Runs a statement that begins or ends a transaction.
    async fn simple(&mut self, sql: &'static str, in_tx: bool) -> Result<(), DbError> {
        let sql = sql.into_sql(self.dialect());
        match &mut self.inner {
            Inner::Sqlite(lent) => lent.script(sql, in_tx).await,
            Inner::Postgres(lent) => lent.script(sql, in_tx).await,
        }
    }

    /// Runs one or several statements that take no parameters, unprepared.
    pub(super) async fn script(&mut self, sql: impl IntoSql) -> Result<(), DbError> {
        let sql = sqlx::raw_sql(sql.into_sql(self.dialect()));
        let result = match self.raw()? {
            Raw::Sqlite(conn) => sql.execute(conn).await.map(|_| ()),
            Raw::Postgres(conn) => sql.execute(conn).await.map(|_| ()),
        };
        self.noted(result)
    }

    fn raw(&mut self) -> Result<Raw<'_>, DbError> {
        if self.failed {
            return Err(DbError::Aborted);
        }
        Ok(match &mut self.inner {
            Inner::Sqlite(lent) => Raw::Sqlite(lent.raw()?),
            Inner::Postgres(lent) => Raw::Postgres(lent.raw()?),
        })
    }

    fn noted<T>(&mut self, result: sqlx::Result<T>) -> Result<T, DbError> {
        match &mut self.inner {
            Inner::Sqlite(lent) => lent.done(result.is_ok()),
            Inner::Postgres(lent) => lent.done(result.is_ok()),
        }
        self.failed = result.is_err() && self.is_tx();
        Ok(result?)
    }
}

fn sqlite_as<T: FromDb>(sql: impl IntoSql, args: Args<'_>) -> Result<SqliteQueryAs<T>, DbError> {
    Ok(sqlx::query_as_with(sql.into_sql(Dialect::Sqlite), args::sqlite(&args)?))
}

fn postgres_as<T: FromDb>(sql: impl IntoSql, args: Args<'_>) -> Result<PgQueryAs<T>, DbError> {
    Ok(sqlx::query_as_with(sql.into_sql(Dialect::Postgres), args::postgres(&args)?))
}
