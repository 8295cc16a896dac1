//! Repos of tags. [`request`] is how they are asked for, [`queue`] how requests become tasks, [`make`] how they are made,
//! [`dist`] how those for distribution are, [`maven`] what those of tags with Maven support hold besides.

mod comps;
pub(crate) mod dist;
pub(crate) mod make;
mod maven;
pub(crate) mod options;
pub(crate) mod queue;
pub(crate) mod request;
pub(crate) mod state;

use koji_core::ids::{EventId, RepoId, TagId};
use koji_core::model::{Repo, RepoState};

use crate::Result;
use crate::db::{Conn, args};
use crate::error::fail;
use options::RepoOptions;

macro_rules! repo_query {
    ($rest:literal) => {
        concat!(
            "SELECT repo.id, repo.tag_id, tag.name AS tag_name, repo.state, repo.dist, repo.opts, repo.custom_opts,
                    repo.task_id, task.state AS task_state, repo.creation_time, repo.creation_time AS creation_ts,
                    repo.state_time, repo.state_time AS state_ts, repo.create_event, create_ev.time AS create_ts,
                    repo.begin_event, begin_ev.time AS begin_ts, repo.end_event, end_ev.time AS end_ts
             FROM repo
             JOIN tag ON tag.id = repo.tag_id
             JOIN events create_ev ON create_ev.id = repo.create_event
             LEFT JOIN events begin_ev ON begin_ev.id = repo.begin_event
             LEFT JOIN events end_ev ON end_ev.id = repo.end_event
             LEFT JOIN task ON task.id = repo.task_id ",
            $rest
        )
    };
}

/// The repo, if there is one.
pub(crate) async fn find(db: &mut Conn, id: RepoId) -> Result<Option<Repo>> {
    Ok(db.fetch_optional(repo_query!("WHERE repo.id = $1"), args![id]).await?)
}

/// The repo; a fault if there is none.
pub(crate) async fn get(db: &mut Conn, id: RepoId) -> Result<Repo> {
    match find(db, id).await? {
        Some(repo) => Ok(repo),
        None => fail!("No such repo: {id}"),
    }
}

/// A tag's newest repo in a state, as of `min_event` at least; with `event`, of that event or before, in any state.
pub(crate) async fn newest(
    db: &mut Conn,
    tag: TagId,
    state: RepoState,
    event: Option<EventId>,
    dist: bool,
    min_event: Option<EventId>,
) -> Result<Option<Repo>> {
    Ok(db
        .fetch_optional(
            repo_query!(
                "WHERE repo.tag_id = $1 AND repo.dist = $2 AND ($3 OR repo.state = $4) AND repo.create_event <= $5
                 AND repo.create_event >= $6 ORDER BY repo.creation_time DESC, repo.id DESC LIMIT 1"
            ),
            args![
                tag,
                dist,
                event.is_some(),
                state,
                event.unwrap_or(EventId(i32::MAX)),
                min_event.unwrap_or(EventId(0))
            ],
        )
        .await?)
}

/// A tag's best repo that is ready and will do: with all the options that are asked for and no custom ones beside.
pub(crate) async fn fit(
    db: &mut Conn,
    tag: TagId,
    min_event: Option<EventId>,
    at_event: Option<EventId>,
    wanted: &RepoOptions,
) -> Result<Option<Repo>> {
    let (from, to) = match at_event {
        Some(event) => (event, event),
        None => (min_event.unwrap_or(EventId(0)), EventId(i32::MAX)),
    };
    let ready: Vec<Repo> = db
        .fetch_all(
            repo_query!(
                "WHERE repo.tag_id = $1 AND repo.dist = FALSE AND repo.state = $2 AND repo.create_event >= $3
                 AND repo.create_event <= $4 ORDER BY repo.create_event DESC, repo.id DESC"
            ),
            args![tag, RepoState::Ready, from, to],
        )
        .await?;
    Ok(ready.into_iter().find(|repo| wanted.are_met_by(repo)))
}
