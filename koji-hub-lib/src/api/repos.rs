use koji_core::api::Param;
use koji_core::api::repos::*;
use koji_core::ids::EventId;
use koji_core::model::{ActiveRepo, Repo, RepoReference, RepoRequestResult, RepoRequestStatus, RepoState};
use koji_core::xmlrpc::Value;

use crate::Result;
use crate::call::Call;
use crate::db::args;
use crate::error::fail;
use crate::external_repos::data;
use crate::registry::{Handle, Registry};
use crate::repos::options::RepoOptions;
use crate::repos::{self, queue, request, state};
use crate::signals::Change;
use crate::views::{View, field};
use crate::{names, tags};

pub(super) fn register(r: &mut Registry) {
    r.add::<GetRepo>()
        .add::<RepoInfo>()
        .add::<GetActiveRepos>()
        .add::<RepoExpire>()
        .add::<RepoDelete>()
        .add::<RepoProblem>()
        .add::<RequestRepo>()
        .add::<FindRepo>()
        .add::<CheckRepoRequest>()
        .add::<SetRepoRequestPriority>()
        .add::<RepoReferences>()
        .add::<SetRepoState>()
        .add::<QueryRepos>()
        .add::<QueryRepoQueue>()
        .add::<RepoAutoRequests>()
        .add::<CheckRepoQueue>()
        .add::<UpdateRepoEndEvents>()
        .add::<WaitRepoRequest>()
        .add::<GetExternalRepoData>()
        .add::<SetExternalRepoData>();
}

const REPOS: View = View {
    table: "repo",
    joins: &[
        ("tag", "JOIN tag ON repo.tag_id = tag.id"),
        ("create_ev", "JOIN events AS create_ev ON repo.create_event = create_ev.id"),
        ("begin_ev", "LEFT JOIN events AS begin_ev ON repo.begin_event = begin_ev.id"),
        ("end_ev", "LEFT JOIN events AS end_ev ON repo.end_event = end_ev.id"),
        ("task", "LEFT JOIN task ON repo.task_id = task.id"),
    ],
    fields: &[
        field!("id", "repo.id"),
        field!("tag_id", "repo.tag_id"),
        field!("creation_time", "repo.creation_time"),
        field!("creation_ts", "repo.creation_time"),
        field!("state_time", "repo.state_time"),
        field!("state_ts", "repo.state_time"),
        field!("create_event", "repo.create_event"),
        field!("create_ts", "create_ev.time", "create_ev"),
        field!("begin_event", "repo.begin_event"),
        field!("begin_ts", "begin_ev.time", "begin_ev"),
        field!("end_event", "repo.end_event"),
        field!("end_ts", "end_ev.time", "end_ev"),
        field!("state", "repo.state"),
        field!("dist", "repo.dist"),
        field!("opts", "repo.opts"),
        field!("custom_opts", "repo.custom_opts"),
        field!("task_id", "repo.task_id"),
        field!("task_state", "task.state", "task"),
        field!("tag_name", "tag.name", "tag"),
    ],
    default_fields: &["id", "tag_id", "create_event", "state", "dist", "task_id", "opts", "custom_opts"],
    default_order: "id",
};

const QUEUE: View = View {
    table: "repo_queue",
    joins: &[
        ("tag", "JOIN tag ON repo_queue.tag_id = tag.id"),
        ("task", "LEFT JOIN task ON repo_queue.task_id = task.id"),
        ("users", "JOIN users ON repo_queue.owner = users.id"),
    ],
    fields: &[
        field!("id", "repo_queue.id"),
        field!("create_time", "repo_queue.create_time"),
        field!("create_ts", "repo_queue.create_time"),
        field!("owner", "repo_queue.owner"),
        field!("owner_name", "users.name", "users"),
        field!("priority", "repo_queue.priority"),
        field!("tag_id", "repo_queue.tag_id"),
        field!("tag_name", "tag.name", "tag"),
        field!("at_event", "repo_queue.at_event"),
        field!("min_event", "repo_queue.min_event"),
        field!("opts", "repo_queue.opts"),
        field!("update_time", "repo_queue.update_time"),
        field!("update_ts", "repo_queue.update_time"),
        field!("active", "repo_queue.active"),
        field!("task_id", "repo_queue.task_id"),
        field!("task_state", "task.state", "task"),
        field!("tries", "repo_queue.tries"),
        field!("repo_id", "repo_queue.repo_id"),
    ],
    default_fields: &[
        "id",
        "tag_id",
        "at_event",
        "min_event",
        "create_ts",
        "task_id",
        "tries",
        "repo_id",
        "opts",
        "active",
        "update_ts",
    ],
    default_order: "id",
};

impl Handle for GetRepo {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Option<Repo>> {
        let db = cx.db().await?;
        let (tag, _) = names::get(db, &self.tag).await?;
        let state = match self.state {
            None => RepoState::Ready,
            Some(code) => match RepoState::from_code(code) {
                Some(state) => state,
                None => return Ok(None),
            },
        };
        // 0 stands for none, as in Python
        let event = self.event.filter(|e| *e != EventId(0));
        repos::newest(db, tag, state, event, self.dist, self.min_event).await
    }
}

impl Handle for RepoInfo {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Option<Repo>> {
        let db = cx.db().await?;
        match self.repo_id {
            Some(id) if self.strict => repos::get(db, id).await.map(Some),
            Some(id) => repos::find(db, id).await,
            None if self.strict => fail!("No such repo: None"),
            None => Ok(None),
        }
    }
}

impl Handle for GetActiveRepos {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Vec<ActiveRepo>> {
        Ok(cx
            .db()
            .await?
            .fetch_all(
                "SELECT repo.id, repo.tag_id, tag.name AS tag_name, repo.state, repo.dist, repo.opts, repo.task_id,
                        repo.create_event, events.time AS create_ts, repo.creation_time AS creation_ts,
                        repo.state_time AS state_ts, repo.end_event
                 FROM repo JOIN tag ON tag.id = repo.tag_id JOIN events ON events.id = repo.create_event
                 WHERE repo.state <> $1 ORDER BY repo.id",
                args![RepoState::Deleted],
            )
            .await?)
    }
}

impl Handle for RepoExpire {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        state::set(cx, self.repo_id, RepoState::Expired).await
    }
}

impl Handle for RepoDelete {
    async fn handle(self, cx: &mut Call<'_>) -> Result<i64> {
        let used = state::references(cx.db().await?, self.repo_id).await?.len();
        if used == 0 {
            state::set(cx, self.repo_id, RepoState::Deleted).await?;
        }
        Ok(i64::try_from(used).unwrap_or(i64::MAX))
    }
}

impl Handle for RepoProblem {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        state::set(cx, self.repo_id, RepoState::Problem).await
    }
}

impl Handle for RequestRepo {
    async fn handle(self, cx: &mut Call<'_>) -> Result<RepoRequestResult> {
        let tag = tags::get(cx.db().await?, &self.tag, None).await?;
        let options = RepoOptions::from_caller(self.opts.as_ref())?;
        let wanted = request::wanted(cx, &tag, &self.min_event, self.at_event).await?;
        let priority = request::priority(cx, self.priority).await?;
        request::request(cx, &tag, wanted, &options, priority, self.force).await
    }
}

impl Handle for FindRepo {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Option<Repo>> {
        let options = RepoOptions::from_caller(self.opts.as_ref())?;
        let min_event = match Option::<EventId>::from_value(self.min_event) {
            Ok(event) => event,
            Err(e) => fail!(Parameter, "repo.get(): invalid value for min_event: {e}"),
        };
        let db = cx.db().await?;
        let (tag, _) = names::get(db, &self.tag).await?;
        repos::fit(db, tag, min_event, self.at_event, &options).await
    }
}

impl Handle for CheckRepoRequest {
    async fn handle(self, cx: &mut Call<'_>) -> Result<RepoRequestStatus> {
        request::status(cx.db().await?, self.req_id).await
    }
}

impl Handle for SetRepoRequestPriority {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        request::set_priority(cx, self.req_id, self.priority).await
    }
}

impl Handle for RepoReferences {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Vec<RepoReference>> {
        match self.repo_id.0 {
            Some(repo) => state::references(cx.db().await?, repo).await,
            None => Ok(Vec::new()),
        }
    }
}

impl Handle for SetRepoState {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        let state = match &self.state {
            Value::String(name) => RepoState::from_name(name),
            other => other.as_int().and_then(|code| i32::try_from(code).ok()).and_then(RepoState::from_code),
        };
        match state {
            Some(state) => state::set(cx, self.repo_id, state).await,
            None => fail!(Parameter, "Unknown repo state: {}", koji_core::python::str(&self.state)),
        }
    }
}

impl Handle for QueryRepos {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Value> {
        REPOS.query(cx.db().await?, &self.clauses, &self.fields, self.opts).await
    }
}

impl Handle for QueryRepoQueue {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Value> {
        QUEUE.query(cx.db().await?, &self.clauses, &self.fields, self.opts).await
    }
}

impl Handle for RepoAutoRequests {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        queue::auto_requests(cx).await
    }
}

impl Handle for CheckRepoQueue {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        queue::check(cx).await
    }
}

impl Handle for UpdateRepoEndEvents {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        queue::update_end_events(cx).await
    }
}

impl Handle for WaitRepoRequest {
    async fn handle(self, cx: &mut Call<'_>) -> Result<RepoRequestStatus> {
        let mut changes = cx.hub().signals().listen(Change::Repos);
        let deadline = super::deadline(self.timeout);
        loop {
            let status = request::status(cx.db().await?, self.req_id).await?;
            cx.release().await?;
            if !status.request.active || cx.hub().signals().is_stopping() || !changes.wait(deadline).await {
                return Ok(status);
            }
        }
    }
}

impl Handle for GetExternalRepoData {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Value> {
        data::get(cx.db().await?, &self.erepo).await
    }
}

impl Handle for SetExternalRepoData {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        data::set(cx, &self.external_repo_id, &self.data).await
    }
}
