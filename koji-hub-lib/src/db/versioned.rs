//! The tables that keep history: those with `create_event`, `revoke_event`, `creator_id`, `revoker_id` and `active`.
//!
//! A row holds from its `create_event` until its `revoke_event`; `active` is true while it holds and null afterwards,
//! never false. A change is a [`revoke`] and an [`insert_versioned`] with the same event.

use std::fmt::Write;

use koji_core::ids::{EventId, UserId};
use koji_core::time::Timestamp;

use super::{Arg, Args, Conn, DbError, Dialect, Statement};
use crate::args;

/// Makes a new event, the mark of all that one request changes.
pub async fn new_event(conn: &mut Conn) -> Result<EventId, DbError> {
    match conn.dialect() {
        Dialect::Postgres => conn.fetch_scalar("INSERT INTO events DEFAULT VALUES RETURNING id", args![]).await,
        // SQLite's own clock shows milliseconds: events would share one, and clients that sort by time would mix them
        Dialect::Sqlite => {
            conn.fetch_scalar("INSERT INTO events (time) VALUES ($1) RETURNING id", args![Timestamp::now()]).await
        }
    }
}

/// Ends the active rows of `table` that have these values: they stop to hold with `event`, by `user`. Says how many.
pub async fn revoke(
    conn: &mut Conn,
    table: &'static str,
    key: Vec<(&'static str, Arg<'_>)>,
    event: EventId,
    user: UserId,
) -> Result<u64, DbError> {
    let mut sql = format!("UPDATE {table} SET revoke_event = $1, revoker_id = $2, active = NULL WHERE active = TRUE");
    let mut args = args![event, user];
    for (column, value) in key {
        args.push(value);
        let _ = write!(sql, " AND {column} = ${}", args.len());
    }
    conn.execute(Statement(sql), args).await
}

/// Inserts an active row, which holds from `event` on, by `user`.
pub async fn insert_versioned(
    conn: &mut Conn,
    table: &'static str,
    columns: Vec<(&'static str, Arg<'_>)>,
    event: EventId,
    user: UserId,
) -> Result<(), DbError> {
    let mut sql = format!("INSERT INTO {table} (create_event, creator_id");
    let mut values = String::from("$1, $2");
    let mut args: Args<'_> = args![event, user];
    for (column, value) in columns {
        args.push(value);
        let _ = write!(sql, ", {column}");
        let _ = write!(values, ", ${}", args.len());
    }
    let _ = write!(sql, ") VALUES ({values})");
    conn.execute(Statement(sql), args).await?;
    Ok(())
}
