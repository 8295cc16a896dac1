//! The queue of requests: tasks for those that wait, and a look at the tasks that run.

use koji_core::api::Args;
use koji_core::ids::{RepoId, RepoRequestId, TagId, TaskId, UserId};
use koji_core::model::{Repo, RepoRequest, RepoState, TaskState};
use koji_core::time::Timestamp;
use koji_core::xmlrpc::{Struct, Value};

use super::options::RepoOptions;
use super::request::{self, Wanted, concat_request};
use crate::Result;
use crate::call::Call;
use crate::db::{args, sql};
use crate::signals::Change;
use crate::tasks::make::{DEFAULT_PRIORITY, NewTask};
use crate::tasks::request as task_request;
use crate::{Error, tags};

/// Works on the queue once, unless another hub does so right now.
pub(crate) async fn check(cx: &mut Call<'_>) -> Result<()> {
    let lock = sql!("SELECT name FROM locks WHERE name = 'repo-queue'", {for update skip locked});
    if cx.db().await?.fetch_scalar_optional::<String>(lock, args![]).await?.is_none() {
        return Ok(());
    }
    let waiting: Vec<RepoRequest> = cx
        .db()
        .await?
        .fetch_all(concat_request!("WHERE q.active = TRUE AND q.repo_id IS NULL ORDER BY q.priority, q.id"), args![])
        .await?;
    let retries = cx.hub().config().repo_retries;
    let (mut running, mut running_maven) = (0, 0);
    let mut without_task = Vec::new();
    for request in waiting {
        let is_maven = RepoOptions::from_stored(Some(&request.opts)).is_on("maven");
        let Some(task) = request.task_id else {
            without_task.push((request, is_maven));
            continue;
        };
        match request.task_state {
            Some(TaskState::Closed) => {
                if let Some(repo) = repo_of(cx, task).await?
                    && fits(&request, &repo)
                {
                    answer(cx, request.id, repo.id).await?;
                    continue;
                }
                tracing::error!(task = %task, request = %request.id, "a repo task made no repo that fits its request");
            }
            Some(TaskState::Failed | TaskState::Canceled) | None => {
                tracing::warn!(task = %task, request = %request.id, "a repo task did not end well");
            }
            Some(_) => {
                running += 1;
                running_maven += i64::from(is_maven);
                continue;
            }
        }
        if request.tries > retries {
            tracing::error!(request = %request.id, tag = request.tag_name, "a repo was tried too often");
            give_up(cx, request.id).await?;
        } else {
            without_task.push((request, is_maven));
        }
    }
    let (most, most_maven) = (cx.hub().config().max_repo_tasks, cx.hub().config().max_repo_tasks_maven);
    for (request, is_maven) in without_task {
        if running >= most {
            break;
        }
        if is_maven && running_maven >= most_maven {
            continue;
        }
        let task = make_task(cx, &request).await?;
        running += 1;
        running_maven += i64::from(is_maven);
        cx.db()
            .await?
            .execute(
                "UPDATE repo_queue SET task_id = $2, tries = $3, update_time = $4 WHERE id = $1",
                args![request.id, task, request.tries + 1, Timestamp::now()],
            )
            .await?;
    }
    clean(cx).await
}

/// Forgets requests that ended a while ago.
async fn clean(cx: &mut Call<'_>) -> Result<()> {
    let age = i64::try_from(cx.hub().config().request_clean_time.as_secs()).unwrap_or(i64::MAX);
    cx.db()
        .await?
        .execute(
            "DELETE FROM repo_queue WHERE active = FALSE AND update_time < $1",
            args![Timestamp::now().plus_secs(-age)],
        )
        .await?;
    Ok(())
}

async fn answer(cx: &mut Call<'_>, request: RepoRequestId, repo: RepoId) -> Result<()> {
    let sql = "UPDATE repo_queue SET repo_id = $2, active = FALSE, update_time = $3 WHERE id = $1";
    cx.db().await?.execute(sql, args![request, repo, Timestamp::now()]).await?;
    cx.announce(Change::Repos);
    Ok(())
}

async fn give_up(cx: &mut Call<'_>, request: RepoRequestId) -> Result<()> {
    let sql = "UPDATE repo_queue SET active = FALSE, update_time = $2 WHERE id = $1";
    cx.db().await?.execute(sql, args![request, Timestamp::now()]).await?;
    cx.announce(Change::Repos);
    Ok(())
}

/// The repo that a task says it made.
async fn repo_of(cx: &mut Call<'_>, task: TaskId) -> Result<Option<Repo>> {
    let result = match task_request::result_of_task(cx.db().await?, task).await {
        Ok(Ok(result)) => result,
        // a failed task, or an answer that is no document
        Ok(Err(_)) | Err(Error::Fault(_) | Error::Wire(_)) => return Ok(None),
        Err(e) => return Err(e),
    };
    let id = result.as_array().and_then(<[Value]>::first).and_then(Value::as_int);
    match id.and_then(|id| i32::try_from(id).ok()) {
        Some(id) => super::find(cx.db().await?, RepoId(id)).await,
        None => Ok(None),
    }
}

fn fits(request: &RepoRequest, repo: &Repo) -> bool {
    let of_event = match (request.at_event, request.min_event) {
        (Some(at), _) => repo.create_event == at,
        (None, Some(min)) => repo.create_event >= min,
        (None, None) => true,
    };
    let options = RepoOptions::from_stored(Some(&request.opts));
    repo.tag_id == request.tag_id && repo.state == RepoState::Ready && of_event && options.are_met_by(repo)
}

async fn make_task(cx: &mut Call<'_>, request: &RepoRequest) -> Result<TaskId> {
    let tag: Struct =
        [("id", Value::from(request.tag_id.0)), ("name", request.tag_name.as_str().into())].into_iter().collect();
    let mut named = Struct::new();
    named.insert("opts", RepoOptions::from_stored(Some(&request.opts)).to_struct());
    if let Some(event) = request.at_event {
        named.insert("event", event.0);
    }
    let params = Args { positional: vec![tag.into()], named }.into_params();
    let user = cx.hub().config().repo_queue_user.clone();
    let owner: Option<UserId> =
        cx.db().await?.fetch_scalar_optional("SELECT id FROM users WHERE name = $1", args![user.as_str()]).await?;
    cx.storage().create_dir("repos").await?;
    let task = NewTask {
        priority: Some(15),
        channel: Some("createrepo".into()),
        owner: Some(owner.unwrap_or(request.owner)),
        ..NewTask::new("newRepo", params)
    };
    task.make(cx).await
}

/// Makes requests for the tags with the option `repo.auto`.
pub(crate) async fn auto_requests(cx: &mut Call<'_>) -> Result<()> {
    let auto: Vec<(TagId, Option<String>)> = cx
        .db()
        .await?
        .fetch_all(
            "SELECT tag_id, value FROM tag_extra WHERE key = 'repo.auto' AND active = TRUE ORDER BY tag_id",
            args![],
        )
        .await?;
    let default_lag = i64::try_from(cx.hub().config().repo_auto_lag.as_secs()).unwrap_or(i64::MAX);
    for (id, value) in auto {
        let on = value.as_deref().and_then(|v| serde_json::from_str::<Value>(v).ok()).is_some_and(|v| v.is_truthy());
        if !on {
            continue;
        }
        let Some(tag) = tags::find(cx.db().await?, &id.into(), None).await? else { continue };
        let lag = match tag.extra.get("repo.lag") {
            Some(Value::Int(lag)) => *lag,
            _ => default_lag,
        };
        let since = request::lagging_event(cx, id, lag).await?;
        // after those that someone waits for
        let priority = DEFAULT_PRIORITY + 5;
        request::request(cx, &tag, Wanted::Since(since), &RepoOptions::default(), priority, false).await?;
    }
    Ok(())
}

/// Notes for each ready repo the event at which its tag changed, if it has.
pub(crate) async fn update_end_events(cx: &mut Call<'_>) -> Result<()> {
    let repos: Vec<(RepoId, TagId, koji_core::ids::EventId)> = cx
        .db()
        .await?
        .fetch_all(
            "SELECT id, tag_id, create_event FROM repo WHERE end_event IS NULL AND state = $1 ORDER BY id",
            args![RepoState::Ready],
        )
        .await?;
    for (repo, tag, event) in repos {
        if let Some(end) = tags::first_change(cx.db().await?, &tag.into(), Some(event), true).await? {
            cx.db().await?.execute("UPDATE repo SET end_event = $2 WHERE id = $1", args![repo, end]).await?;
        }
    }
    Ok(())
}
