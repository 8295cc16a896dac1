//! When tags changed: what tells whether a repo is still current.

use koji_core::api::{EventRef, TagRef};
use koji_core::ids::{EventId, ExternalRepoId, TagId};

use super::{get, inheritance, moment};
use crate::db::{Conn, Select, args, list, sql};
use crate::{Result, names};

/// The first or last event, on one side of `$2`, at which rows for the ids `$1` of a column changed.
macro_rules! extreme_event {
    ($extreme:literal, $than:literal, $column:literal in $($table:literal),*) => {
        sql!(
            "SELECT ", $extreme, "(event) FROM (SELECT CAST(NULL AS INTEGER) AS event",
            $(
                " UNION ALL SELECT ", $extreme, "(create_event) FROM ", $table, " WHERE ", $column, " ", { in "$1" },
                " AND create_event ", $than, " $2 UNION ALL SELECT ", $extreme, "(revoke_event) FROM ", $table,
                " WHERE ", $column, " ", { in "$1" }, " AND revoke_event ", $than, " $2",
            )*
            ") AS changes"
        )
    };
}

/// The same in all tables that keep the history of tags.
macro_rules! extreme_event_of_tags {
    ($extreme:literal, $than:literal) => {
        extreme_event!($extreme, $than, "tag_id" in "tag_listing", "tag_inheritance", "tag_config", "tag_extra",
            "tag_packages", "tag_external_repos", "group_package_listing", "group_req_listing", "group_config")
    };
}

macro_rules! extreme_event_of_repos {
    ($extreme:literal, $than:literal) => {
        extreme_event!($extreme, $than, "external_repo_id" in "external_repo_config", "external_repo_data")
    };
}

async fn first_after(db: &mut Conn, tags: &[TagId], after: EventId) -> Result<Option<EventId>> {
    let query = sql!("SELECT MIN(update_event) FROM tag_updates WHERE update_event > $2 AND tag_id ", {in "$1"});
    let updated: Option<EventId> = db.fetch_scalar(query, args![list(tags), after]).await?;
    let changed: Option<EventId> =
        db.fetch_scalar(extreme_event_of_tags!("MIN", ">"), args![list(tags), after]).await?;
    Ok(updated.into_iter().chain(changed).min())
}

async fn last_before(db: &mut Conn, tags: &[TagId], before: EventId) -> Result<Option<EventId>> {
    let query = sql!("SELECT MAX(update_event) FROM tag_updates WHERE update_event < $2 AND tag_id ", {in "$1"});
    let updated: Option<EventId> = db.fetch_scalar(query, args![list(tags), before]).await?;
    let changed = db.fetch_scalar(extreme_event_of_tags!("MAX", "<"), args![list(tags), before]).await?;
    Ok(updated.max(changed))
}

/// The tag and, if asked for, those that it inherits from.
async fn line(db: &mut Conn, tag: TagId, event: Option<EventId>, inherit: bool) -> Result<Vec<TagId>> {
    let mut tags = vec![tag];
    if inherit {
        tags.extend(inheritance(db, tag, event).await?.into_iter().map(|step| step.parent_id));
    }
    Ok(tags)
}

/// The external repos of any of the tags.
async fn external_repos(db: &mut Conn, tags: &[TagId], event: Option<EventId>) -> Result<Vec<ExternalRepoId>> {
    Ok(Select::from("tag_external_repos")
        .column("external_repo_id", "external_repo_id")
        .filter(sql!("tag_id ", {in "$1"}), args![list(tags)])
        .at("tag_external_repos", event)
        .fetch_scalars(db)
        .await?)
}

/// Whether any of the tags changed after an event; what they inherit from is not looked at.
pub(crate) async fn changed_since(db: &mut Conn, event: EventId, tags: &[TagId]) -> Result<bool> {
    Ok(first_after(db, tags, event).await?.is_some())
}

/// The last event, before one if given, at which a tag or one that it inherits from changed.
pub(crate) async fn last_change(
    db: &mut Conn,
    which: &TagRef,
    before: Option<EventId>,
    inherit: bool,
) -> Result<Option<EventId>> {
    let (event, deleted) = moment(db, which, Some(EventRef::Auto)).await?;
    let tag = get(db, which, event).await?.id;
    if before.is_none() && deleted.is_some() {
        return Ok(deleted);
    }
    let tags = line(db, tag, before, inherit).await?;
    // no event is beyond this
    let bound = before.unwrap_or(EventId(i32::MAX));
    let mut last = last_before(db, &tags, bound).await?;
    let repos = external_repos(db, &tags, before).await?;
    if !repos.is_empty() {
        last = last.max(db.fetch_scalar(extreme_event_of_repos!("MAX", "<"), args![list(&repos), bound]).await?);
    }
    Ok(match (last, deleted) {
        (Some(last), Some(deleted)) => Some(last.min(deleted)),
        (last, _) => last,
    })
}

/// The first event after one at which a tag or one that it inherits from changed; without one, that of its making.
pub(crate) async fn first_change(
    db: &mut Conn,
    which: &TagRef,
    after: Option<EventId>,
    inherit: bool,
) -> Result<Option<EventId>> {
    let (tag, _) = names::get(db, which).await?;
    let made: Option<EventId> =
        db.fetch_scalar("SELECT MIN(create_event) FROM tag_config WHERE tag_id = $1", args![tag]).await?;
    let Some(after) = after else { return Ok(made) };
    let tags = line(db, tag, Some(after), inherit).await?;
    let mut first = first_after(db, &tags, after).await?;
    let repos = external_repos(db, &tags, Some(after)).await?;
    if !repos.is_empty() {
        let of_repos: Option<EventId> =
            db.fetch_scalar(extreme_event_of_repos!("MIN", ">"), args![list(&repos), after]).await?;
        first = first.into_iter().chain(of_repos).min();
    }
    Ok(first.max(first.and(made)))
}
