//! Repos that are as new as a task needs them.

use std::time::Duration;

use koji_core::api::TagRef;
use koji_core::api::repos::{CheckRepoRequest, RequestRepo, WaitRepoRequest};
use koji_core::api::tagging::ListTagged;
use koji_core::ids::TagId;
use koji_core::model::{Repo, RepoRequestStatus};
use koji_core::nvr::Nvr;
use koji_core::task::WaitRepo;
use koji_core::xmlrpc::Value;
use tokio::time::Instant;

use super::context::TaskContext;
use super::error::TaskError;
use super::wait::SubtaskOpts;

/// How long a repo is waited for.
const TIMEOUT: Duration = Duration::from_secs(120 * 60);
/// How long the hub may hold an answer back.
const LONG_POLL: i32 = 30;
/// The pause between two looks at builds, and at a hub that cannot be waited for.
const POLL: Duration = Duration::from_secs(6);

impl TaskContext {
    /// A repo of the tag: one that is ready if it will do, else one that a `waitrepo` subtask waits for.
    ///
    /// `builds` must be in it. With `wait`, it must be as new as the tag is now.
    pub async fn get_repo(&self, tag: TagId, builds: &[String], wait: bool) -> Result<Repo, TaskError> {
        let min_event = if wait { Value::from("last") } else { Value::Nil };
        if builds.is_empty() {
            let found = self.session().call(RequestRepo::new(tag).min_event(min_event.clone())).await?;
            if let Some(repo) = found.repo {
                return Ok(repo);
            }
        }
        let nvrs = Some(builds.to_vec()).filter(|builds| !builds.is_empty());
        let task = WaitRepo { tag: tag.into(), newer_than: Value::Nil, nvrs, min_event };
        let task = self.subtask(task, SubtaskOpts::default()).await?;
        self.wait_for(task).await
    }

    /// Waits, in this task itself, for a repo that holds builds, or is of `min_event` (an event or `last`) or newer.
    pub async fn wait_for_repo(&self, tag: TagId, nvrs: &[String], mut min_event: Value) -> Result<Repo, TaskError> {
        let until = Instant::now() + TIMEOUT;
        if !nvrs.is_empty() {
            self.wait_for_builds(tag, nvrs, until).await?;
            if min_event.is_nil() {
                let current = self.session().call(RequestRepo::new(tag)).await?;
                match current.repo {
                    Some(repo) if self.tagged_at(&repo, nvrs).await? => return Ok(repo),
                    _ => min_event = Value::from("last"),
                }
            }
        }
        let asked = self.session().call(RequestRepo::new(tag).min_event(min_event)).await?;
        if let Some(repo) = asked.repo {
            return Ok(repo);
        }
        let Some(request) = asked.request else {
            return Err(TaskError::generic("the hub gave neither a repo nor a request for one"));
        };
        let mut long_poll = true;
        loop {
            let began = Instant::now();
            let status = if long_poll {
                match self.session().call(WaitRepoRequest::new(request.id).timeout(LONG_POLL)).await {
                    Ok(status) => status,
                    Err(error) if error.is_unknown_method() => {
                        long_poll = false;
                        continue;
                    }
                    Err(error) => return Err(error.into()),
                }
            } else {
                tokio::time::sleep(POLL).await;
                self.session().call(CheckRepoRequest::new(request.id)).await?
            };
            if let Some(repo) = finished(status)? {
                return Ok(repo);
            }
            if Instant::now() > until {
                return Err(TaskError::generic(format!(
                    "Unsuccessfully waited {} for a new repo",
                    duration_text(TIMEOUT)
                )));
            }
            if began.elapsed() < Duration::from_millis(200) {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }

    async fn wait_for_builds(&self, tag: TagId, nvrs: &[String], until: Instant) -> Result<(), TaskError> {
        loop {
            let mut missing = Vec::new();
            for nvr in nvrs {
                if !self.is_tagged(tag.into(), nvr, None).await? {
                    missing.push(nvr.as_str());
                }
            }
            if missing.is_empty() {
                return Ok(());
            }
            if Instant::now() > until {
                let text = duration_text(TIMEOUT);
                return Err(TaskError::generic(format!(
                    "Unsuccessfully waited {text} for {} to appear in the tag",
                    missing.join(", ")
                )));
            }
            tokio::time::sleep(POLL).await;
        }
    }

    async fn tagged_at(&self, repo: &Repo, nvrs: &[String]) -> Result<bool, TaskError> {
        for nvr in nvrs {
            if !self.is_tagged(repo.tag_id.into(), nvr, Some(repo)).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether a build is in the tag, by inheritance too: now, or at the event of a repo.
    async fn is_tagged(&self, tag: TagRef, nvr: &str, at: Option<&Repo>) -> Result<bool, TaskError> {
        let parsed: Nvr = nvr.parse()?;
        let mut call = ListTagged::new(tag).inherit(true).package(parsed.name);
        if let Some(repo) = at {
            call = call.event(repo.create_event);
        }
        let builds = self.session().call(call).await?;
        Ok(builds.iter().any(|build| build.nvr == nvr))
    }
}

fn finished(status: RepoRequestStatus) -> Result<Option<Repo>, TaskError> {
    if let Some(repo) = status.repo {
        return Ok(Some(repo));
    }
    if !status.request.active {
        let task = status.request.task_id.map(|id| format!(", task {id}")).unwrap_or_default();
        return Err(TaskError::generic(format!(
            "Repo request no longer active: request {} for {}{task}",
            status.request.id, status.request.tag_name
        )));
    }
    Ok(None)
}

fn duration_text(duration: Duration) -> String {
    format!("{}:{:02} minutes", duration.as_secs() / 60, duration.as_secs() % 60)
}
