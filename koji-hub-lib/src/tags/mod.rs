//! Tags: what they are, how they inherit, and who may change what is in them.

mod access;
mod changes;
mod config;
mod edit;
mod filter;
mod inheritance;
mod links;
mod list;

use koji_core::api::{EventRef, TagRef};
use koji_core::ids::{EventId, TagId};
use koji_core::model::Tag;
use koji_core::xmlrpc::{Struct, Value};

pub(crate) use access::{access, require_access};
pub(crate) use changes::{changed_since, first_change, last_change};
pub(crate) use config::build_config;
pub(crate) use edit::{NewTag, create, delete, edit};
pub(crate) use filter::PackageFilter;
pub(crate) use inheritance::{descendants, inheritance};
pub(crate) use links::{links, set_links};
pub(crate) use list::{Filter, list};

use crate::Result;
use crate::db::{Conn, args, sql};
use crate::error::fail;

/// The tag, now or at an event; none if it did not exist then.
pub(crate) async fn find(db: &mut Conn, which: &TagRef, event: Option<EventId>) -> Result<Option<Tag>> {
    let Some((mut tag, extra)) = read(db, which, event).await? else { return Ok(None) };
    tag.extra = extra.into_iter().filter_map(|(key, value)| Some((key, value?))).collect();
    Ok(Some(tag))
}

/// The tag, now or at an event; a fault if it did not exist then.
pub(crate) async fn get(db: &mut Conn, which: &TagRef, event: Option<EventId>) -> Result<Tag> {
    match find(db, which, event).await? {
        Some(tag) => Ok(tag),
        None => fail!("No such tagInfo: {which}"),
    }
}

/// The tag as [`find`] does, but each extra option as `[is blocked, value]`, those included that are blocked.
pub(crate) async fn find_with_blocked(db: &mut Conn, which: &TagRef, event: Option<EventId>) -> Result<Option<Tag>> {
    let Some((mut tag, extra)) = read(db, which, event).await? else { return Ok(None) };
    let pair = |value: Option<Value>| Value::Array(vec![value.is_none().into(), value.unwrap_or_default()]);
    tag.extra = extra.into_iter().map(|(key, value)| (key, pair(value))).collect();
    Ok(Some(tag))
}

/// When to look at a tag: with `auto`, before it was deleted. Gives that event, and when the tag was deleted.
pub(crate) async fn moment(
    db: &mut Conn,
    which: &TagRef,
    event: Option<EventRef>,
) -> Result<(Option<EventId>, Option<EventId>)> {
    match event {
        None => return Ok((None, None)),
        Some(EventRef::At(event)) => return Ok((Some(event), None)),
        Some(EventRef::Auto) => {}
    }
    let (id, name) = split(which);
    let deleted: Option<Option<EventId>> = db
        .fetch_scalar_optional(
            "SELECT c.revoke_event FROM tag_config c JOIN tag ON tag.id = c.tag_id
             WHERE tag.id = $1 OR tag.name = $2 ORDER BY c.create_event DESC LIMIT 1",
            args![id, name],
        )
        .await?;
    let deleted = deleted.flatten();
    Ok((deleted.map(|event| EventId(event.0 - 1)), deleted))
}

fn split(which: &TagRef) -> (Option<TagId>, Option<&str>) {
    match which {
        TagRef::Id(id) => (Some(*id), None),
        TagRef::Name(name) => (None, Some(name)),
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    id: TagId,
    name: String,
    perm_id: Option<koji_core::ids::PermissionId>,
    perm: Option<String>,
    arches: Option<String>,
    locked: bool,
    maven_support: bool,
    maven_include_all: bool,
    key: Option<String>,
    value: Option<String>,
}

/// A tag's extra options in their order; nothing for those that are blocked.
type Extra = Vec<(String, Option<Value>)>;

/// A row for each extra option, or one without.
macro_rules! tag_query {
    ($which:tt, $config:tt, $extra:tt) => {
        sql!(
            "SELECT tag.id, tag.name, c.perm_id, p.name AS perm, c.arches, c.locked, c.maven_support,
                    c.maven_include_all, e.key, e.value
             FROM tag_config c
             JOIN tag ON tag.id = c.tag_id
             LEFT JOIN permissions p ON p.id = c.perm_id
             LEFT JOIN tag_extra e ON e.tag_id = c.tag_id AND ",
            $extra,
            " WHERE ",
            $which,
            " AND ",
            $config
        )
    };
}

async fn read(db: &mut Conn, which: &TagRef, event: Option<EventId>) -> Result<Option<(Tag, Extra)>> {
    let rows: Vec<Row> = match (which, event) {
        (TagRef::Id(id), None) => {
            db.fetch_all(tag_query!("tag.id = $1", { current "c" }, { current "e" }), args![*id]).await?
        }
        (TagRef::Name(name), None) => {
            db.fetch_all(tag_query!("tag.name = $1", { current "c" }, { current "e" }), args![name.as_str()]).await?
        }
        (TagRef::Id(id), Some(event)) => {
            db.fetch_all(tag_query!("tag.id = $1", { at "c", "$2" }, { at "e", "$2" }), args![*id, event]).await?
        }
        (TagRef::Name(name), Some(event)) => {
            let query = tag_query!("tag.name = $1", { at "c", "$2" }, { at "e", "$2" });
            db.fetch_all(query, args![name.as_str(), event]).await?
        }
    };
    let mut rows = rows.into_iter();
    let Some(first) = rows.next() else { return Ok(None) };
    let tag = Tag {
        id: first.id,
        name: first.name,
        perm_id: first.perm_id,
        perm: first.perm,
        arches: first.arches,
        locked: first.locked,
        maven_support: first.maven_support,
        maven_include_all: first.maven_include_all,
        extra: Struct::new(),
        query_event: event,
        revoke_event: None,
        config_inheritance: None,
    };
    let mut extra = Vec::new();
    for (key, value) in std::iter::once((first.key, first.value)).chain(rows.map(|row| (row.key, row.value))) {
        let Some(key) = key else { continue };
        let value = match value.as_deref().map(serde_json::from_str).transpose() {
            Ok(value) => value,
            Err(e) => fail!("No such tag extra data: {key}: {e}"),
        };
        extra.push((key, value));
    }
    extra.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(Some((tag, extra)))
}
