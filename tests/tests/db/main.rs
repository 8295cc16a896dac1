//! The hub's database layer: every convention of `koji_hub_lib::db` holds on SQLite and on Postgres.

mod arguments;
mod connections;
mod errors;
mod history;
mod queries;
mod schema;

use koji_hub_lib::db::{Conn, DbError, args};

/// A user, a tag, a channel and a package to hang rows on: all have id 1.
async fn basics(conn: &mut Conn) -> Result<(), DbError> {
    conn.execute("INSERT INTO users (name, status, usertype) VALUES ($1, 0, 0)", args!["admin"]).await?;
    conn.execute("INSERT INTO tag (name) VALUES ($1)", args!["f44-build"]).await?;
    conn.execute("INSERT INTO package (name) VALUES ($1)", args!["hello"]).await?;
    Ok(())
}
