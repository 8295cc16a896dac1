//! The hub's database: SQLite or Postgres behind one [`Db`].
//!
//! [`Db::read`] gives a [`Conn`] for reads of current state, [`Db::begin`] one inside a transaction. A statement is one
//! text for both databases, its parameters are [`args!`], its rows anything that derives `sqlx::FromRow`:
//!
//! ```no_run
//! # use koji_hub_lib::db::{Db, DbError, args, list, sql};
//! #[derive(sqlx::FromRow)]
//! struct Tag {
//!     id: i32,
//!     name: String,
//! }
//! # async fn example(db: &Db) -> Result<(), DbError> {
//! let mut conn = db.begin().await?;
//! let tags: Vec<Tag> = conn
//!     .fetch_all(sql!("SELECT id, name FROM tag WHERE id ", {in "$1"}, " ORDER BY id"), args![list(&[1, 2])])
//!     .await?;
//! conn.execute("UPDATE tag SET name = $2 WHERE id = $1", args![1, "f44-build"]).await?;
//! conn.commit().await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Conventions
//! - **Types.** What Postgres declares decides, and a test on Postgres finds what SQLite lets pass: `INTEGER` is `i32`
//!   (every id, or a newtype of it), `BIGINT` and `COUNT(*)` are `i64`, `SMALLINT` is `i16`, `FLOAT` is `f64`, `SUM` of
//!   an `INTEGER` is `i64`, and `SUM` of a `BIGINT` needs `CAST(.. AS BIGINT)`. What may be null is an `Option`:
//!   Postgres fails where SQLite would read a null as zero or as an empty text.
//!   `TIMESTAMPTZ` is a [`Timestamp`](koji_core::time::Timestamp) or an
//!   [`EpochSeconds`](koji_core::time::EpochSeconds), JSON a [`JsonText`](koji_core::json::JsonText) in a `TEXT` column
//!   and a [`Json`](koji_core::json::Json) in a `JSONB` column.
//! - **Arguments.** `$1`, `$2`, ..; a number may repeat, none may be missing. Lists go in as [`list`], nulls as a typed
//!   `None::<i32>`. Where Postgres cannot know the type of a bare `$1` (`SELECT $1`, `$1 IS NULL`) it takes the
//!   argument's.
//! - **Text.** A `&'static str`, a [`sql!`] where the databases differ, or a [`Select`] for filters that are only known
//!   at run time. Nothing else makes SQL text.
//! - **History.** The tables with `create_event`, `revoke_event` and `active` are changed through
//!   [`insert_versioned`] and [`revoke`], and read with `{current "t"}`, `{at "t", "$1"}` or
//!   [`Select::at`]. SQLite has no default for an event: a statement that inserts passes [`new_event`]'s.
//! - **Time.** Columns with a default (`create_time` and their like) fill themselves in. Everything else is passed in as
//!   an argument, never computed in SQL.
//! - **Transactions.** On SQLite there is one writer: a [`begin`](Db::begin) waits for the one before it, so keep what
//!   is between `begin` and `commit` short. Dropping a [`Conn`] undoes what was not committed. [`DbError::is_retryable`]
//!   says when the whole transaction deserves another try.

mod args;
mod conn;
mod connect;
mod dialect;
mod dynamic;
mod error;
mod migrate;
mod pool;
mod query;
mod url;
mod versioned;

pub use args::{Arg, Args, Bind, List, OwnedList, list};
pub use conn::{Conn, FromDb};
pub use connect::Db;
pub use dialect::{Dialect, IntoSql, Sql, Statement, glob_to_like};
pub use dynamic::Fields;
pub use error::DbError;
pub use migrate::{Adopted, Migrated};
pub use pool::{Backend, Lent, Pool};
pub use query::Select;
pub use url::DbUrl;
pub use versioned::{insert_versioned, new_event, revoke};

pub use crate::{args, sql};
