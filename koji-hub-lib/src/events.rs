//! Events: the order of all changes.

use koji_core::ids::EventId;
use koji_core::model::Event;
use koji_core::time::Timestamp;

use crate::Result;
use crate::db::{Conn, args};

/// The event of that id.
pub(crate) async fn find(db: &mut Conn, id: EventId) -> Result<Option<Event>> {
    Ok(db.fetch_optional("SELECT id, time AS ts FROM events WHERE id = $1", args![id]).await?)
}

/// The last event, or the last before a moment.
pub(crate) async fn last(db: &mut Conn, before: Option<Timestamp>) -> Result<Option<Event>> {
    Ok(match before {
        None => db.fetch_optional("SELECT id, time AS ts FROM events ORDER BY id DESC LIMIT 1", args![]).await?,
        Some(before) => {
            let sql = "SELECT id, time AS ts FROM events WHERE time < $1 ORDER BY id DESC LIMIT 1";
            db.fetch_optional(sql, args![before]).await?
        }
    })
}
