//! Asking for a repo.

use koji_core::ids::{EventId, RepoRequestId, TagId};
use koji_core::model::{RepoRequest, RepoRequestResult, RepoRequestStatus, Tag};
use koji_core::time::Timestamp;
use koji_core::xmlrpc::Value;

use super::options::RepoOptions;
use crate::Result;
use crate::call::Call;
use crate::db::{Conn, args};
use crate::error::fail;
use crate::signals::Change;
use crate::tasks::make::DEFAULT_PRIORITY;
use crate::{tags, tasks};

/// The query of requests, with the rest of the statement.
macro_rules! concat_request {
    ($rest:literal) => {
        concat!(
            "SELECT q.id, q.create_time, q.create_time AS create_ts, q.owner, users.name AS owner_name, q.priority, q.tag_id,
                    tag.name AS tag_name, q.at_event, q.min_event, q.opts, q.update_time, q.update_time AS update_ts,
                    q.active, q.task_id, task.state AS task_state, q.tries, q.repo_id
             FROM repo_queue q
             JOIN tag ON tag.id = q.tag_id
             JOIN users ON users.id = q.owner
             LEFT JOIN task ON task.id = q.task_id ",
            $rest
        )
    };
}
pub(crate) use concat_request;

/// Which events' content will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Of that event or later.
    Since(EventId),
    /// Of that event.
    At(EventId),
}

/// Reads what a caller says of the events; without a word, the tag's last change, or a bit before.
pub(crate) async fn wanted(
    cx: &mut Call<'_>,
    tag: &Tag,
    min_event: &Value,
    at_event: Option<EventId>,
) -> Result<Wanted> {
    if let Some(event) = at_event {
        if !min_event.is_nil() {
            fail!(Parameter, "The min_event and at_event options conflict");
        }
        known_event(cx.db().await?, event).await?;
        return Ok(Wanted::At(event));
    }
    Ok(Wanted::Since(match min_event {
        Value::Nil => {
            let lag = tag.extra.get("repo.lag").and_then(|v| if let Value::Int(v) = v { Some(*v) } else { None });
            let config = cx.hub().config();
            let lag = lag.unwrap_or(i64::try_from(config.repo_lag.as_secs()).unwrap_or(i64::MAX));
            lagging_event(cx, tag.id, lag).await?
        }
        Value::String(text) if text == "last" => last_change(cx.db().await?, tag.id).await?,
        other => match other.as_int().and_then(|id| i32::try_from(id).ok()).map(EventId) {
            Some(event) => {
                known_event(cx.db().await?, event).await?;
                event
            }
            None => fail!(Parameter, "Invalid event: {}", koji_core::python::str(other)),
        },
    }))
}

/// The last event at which a tag changed; of one that exists there is one.
async fn last_change(db: &mut Conn, tag: TagId) -> Result<EventId> {
    match tags::last_change(db, &tag.into(), None, true).await? {
        Some(event) => Ok(event),
        None => fail!("No such tagInfo: {tag}"),
    }
}

async fn known_event(db: &mut Conn, event: EventId) -> Result<()> {
    let found: Option<EventId> = db.fetch_scalar_optional("SELECT id FROM events WHERE id = $1", args![event]).await?;
    if found.is_none() {
        fail!(Parameter, "Invalid event: {event}");
    }
    Ok(())
}

/// The tag's last change, or the last event before `lag` seconds ago if that is earlier. Requests that come close
/// together get the same.
pub(crate) async fn lagging_event(cx: &mut Call<'_>, tag: TagId, lag: i64) -> Result<EventId> {
    let window = cx.hub().config().repo_lag_window.as_secs_f64().max(1.0);
    let db = cx.db().await?;
    let last = last_change(db, tag).await?;
    let moment = ((Timestamp::now().as_secs_f64() - lag as f64) / window).floor() * window;
    let base: Option<EventId> = db
        .fetch_scalar_optional(
            "SELECT id FROM events WHERE time < $1 ORDER BY id DESC LIMIT 1",
            args![Timestamp::from_secs_f64(moment)],
        )
        .await?;
    let base = match base {
        Some(base) => base,
        // only a hub that has just begun has none
        None => tags::first_change(db, &tag.into(), None, true).await?.unwrap_or(last),
    };
    Ok(base.min(last))
}

/// Asks for a repo of a tag: one that is there and will do, or a request, old or new.
pub(crate) async fn request(
    cx: &mut Call<'_>,
    tag: &Tag,
    wanted: Wanted,
    options: &RepoOptions,
    priority: i32,
    force: bool,
) -> Result<RepoRequestResult> {
    if options.is_on("maven") && !cx.hub().config().enable_maven {
        fail!("Maven support not enabled");
    }
    let owner = cx.user_id()?;
    let (min_event, at_event) = match wanted {
        Wanted::Since(event) => (Some(event), None),
        Wanted::At(event) => (None, Some(event)),
    };
    if !force && let Some(repo) = super::fit(cx.db().await?, tag.id, min_event, at_event, options).await? {
        return Ok(RepoRequestResult { repo: Some(repo), request: None, duplicate: false });
    }
    let same: Vec<RepoRequest> = cx
        .db()
        .await?
        .fetch_all(
            concat_request!(
                "WHERE q.tag_id = $1 AND q.active = TRUE AND (q.min_event >= $2 OR q.at_event = $3) ORDER BY q.priority, q.id"
            ),
            args![tag.id, min_event, at_event],
        )
        .await?;
    if let Some(mut request) = same.into_iter().find(|r| RepoOptions::from_stored(Some(&r.opts)) == *options) {
        if request.priority > priority {
            set_priority(cx, request.id, priority).await?;
            request.priority = priority;
        }
        return Ok(RepoRequestResult { repo: None, request: Some(request), duplicate: true });
    }
    let id: RepoRequestId = cx
        .db()
        .await?
        .fetch_scalar(
            "INSERT INTO repo_queue (owner, priority, tag_id, at_event, min_event, opts)
             VALUES ($1, $2, $3, $4, $5, $6) RETURNING id",
            args![owner, priority, tag.id, at_event, min_event, options.to_json()],
        )
        .await?;
    cx.announce(Change::Repos);
    let request = get(cx.db().await?, id).await?;
    Ok(RepoRequestResult { repo: None, request: Some(request), duplicate: false })
}

/// The priority of a request: relative to the default one, and below it for administrators only.
pub(crate) async fn priority(cx: &mut Call<'_>, relative: Option<i32>) -> Result<i32> {
    let relative = relative.unwrap_or(0);
    if relative < 0 && !cx.has_perm("admin").await? {
        fail!(ActionNotAllowed, "only admins may create high-priority requests");
    }
    Ok(DEFAULT_PRIORITY.saturating_add(relative))
}

/// The request; a fault if there is none.
pub(crate) async fn get(db: &mut Conn, id: RepoRequestId) -> Result<RepoRequest> {
    match db.fetch_optional(concat_request!("WHERE q.id = $1"), args![id]).await? {
        Some(request) => Ok(request),
        None => fail!("No such request"),
    }
}

/// How a request stands.
pub(crate) async fn status(db: &mut Conn, id: RepoRequestId) -> Result<RepoRequestStatus> {
    let request = get(db, id).await?;
    let (mut repo, mut task) = (None, None);
    if let Some(id) = request.repo_id {
        repo = super::find(db, id).await?;
    } else if let Some(id) = request.task_id {
        task = tasks::find(db, id).await?;
    }
    Ok(RepoRequestStatus { request, repo, task })
}

/// Sets a request's priority.
pub(crate) async fn set_priority(cx: &mut Call<'_>, id: RepoRequestId, priority: i32) -> Result<()> {
    cx.db().await?.execute("UPDATE repo_queue SET priority = $2 WHERE id = $1", args![id, priority]).await?;
    Ok(())
}
