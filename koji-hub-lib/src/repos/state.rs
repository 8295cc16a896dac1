//! The states of repos.

use koji_core::ids::RepoId;
use koji_core::model::{BuildrootState, Repo, RepoReference, RepoRequest, RepoState};
use koji_core::time::Timestamp;

use super::options::RepoOptions;
use super::request::concat_request;
use crate::Result;
use crate::call::Call;
use crate::db::{Conn, args, sql};
use crate::error::fail;
use crate::signals::Change;

/// Sets a repo's state. It only goes up, but for the deletion of a broken one. A ready repo answers the requests it fits.
pub(crate) async fn set(cx: &mut Call<'_>, id: RepoId, state: RepoState) -> Result<()> {
    let sql = sql!("SELECT state FROM repo WHERE id = $1", {for update});
    let old: Option<RepoState> = cx.db().await?.fetch_scalar_optional(sql, args![id]).await?;
    let Some(old) = old else { fail!("No such repo: {id}") };
    if old == state {
        return Ok(());
    }
    if old.code() > state.code() && state != RepoState::Deleted {
        fail!("Invalid repo state transition for repo {id}: {old} -> {state}");
    }
    if old == RepoState::Deleted {
        fail!("Repo {id} is deleted");
    }
    cx.db()
        .await?
        .execute("UPDATE repo SET state = $2, state_time = $3 WHERE id = $1", args![id, state, Timestamp::now()])
        .await?;
    cx.announce(Change::Repos);
    if state == RepoState::Ready {
        let repo = super::get(cx.db().await?, id).await?;
        answer_requests(cx, &repo).await?;
    }
    Ok(())
}

/// Ends the requests that a repo fits.
async fn answer_requests(cx: &mut Call<'_>, repo: &Repo) -> Result<()> {
    if repo.dist == Some(true) {
        return Ok(());
    }
    let waiting: Vec<RepoRequest> = cx
        .db()
        .await?
        .fetch_all(
            concat_request!("WHERE q.tag_id = $1 AND q.active = TRUE AND q.repo_id IS NULL AND (q.min_event <= $2 OR q.at_event = $2) ORDER BY q.id"),
            args![repo.tag_id, repo.create_event],
        )
        .await?;
    for request in waiting {
        if !RepoOptions::from_stored(Some(&request.opts)).are_met_by(repo) {
            continue;
        }
        cx.db()
            .await?
            .execute(
                "UPDATE repo_queue SET repo_id = $2, active = FALSE, update_time = $3 WHERE id = $1",
                args![request.id, repo.id, Timestamp::now()],
            )
            .await?;
    }
    Ok(())
}

/// The buildroots that still use a repo.
pub(crate) async fn references(db: &mut Conn, id: RepoId) -> Result<Vec<RepoReference>> {
    Ok(db
        .fetch_all(
            "SELECT buildroot_id AS id, host_id, task_id, create_event, state FROM standard_buildroot
             WHERE repo_id = $1 AND retire_event IS NULL AND (state IS NULL OR state <> $2) ORDER BY buildroot_id",
            args![id, BuildrootState::Expired],
        )
        .await?)
}
