//! Waiting for a repo of a tag that is new enough, or that has certain builds.

use std::time::Duration;

use koji_client::Session;
use koji_core::api::Method;
use koji_core::api::repos::{CheckRepoRequest, FindRepo, RequestRepo, WaitRepoRequest};
use koji_core::api::tagging::ListTagged;
use koji_core::api::tags::TagLastChangeEvent;
use koji_core::ids::{EventId, TagId};
use koji_core::model::{Repo, RepoRequest, RepoRequestResult, RepoRequestStatus, Tag};
use koji_core::nvr::Nvr;
use koji_core::xmlrpc::{Struct, Value, to_value};
use tokio::time::Instant;

use super::event::int32;
use crate::exit::Stop;
use crate::output::or_none;
use crate::say;

/// How much is said of what happens.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Verbosity {
    /// Only errors.
    Quiet,
    /// What Koji says by itself.
    Normal,
    /// Each step.
    Verbose,
}

/// Waits for a repo of a tag.
pub struct RepoWatcher<'a> {
    session: &'a Session,
    tag: TagId,
    tag_name: String,
    /// The builds that it must hold.
    pub builds: Vec<Nvr>,
    /// The event whose content it must have.
    pub at_event: Option<EventId>,
    /// What it must hold beside binary rpms.
    pub content: Option<Struct>,
    min_event: Option<EventId>,
    began: Instant,
    timeout: Duration,
    verbosity: Verbosity,
    long_poll: bool,
}

impl<'a> RepoWatcher<'a> {
    /// Waits for any repo of the tag, for so many minutes from now.
    pub fn new(session: &'a Session, tag: &Tag, minutes: u64, verbosity: Verbosity) -> Self {
        Self {
            session,
            tag: tag.id,
            tag_name: tag.name.clone(),
            builds: Vec::new(),
            at_event: None,
            content: None,
            min_event: None,
            began: Instant::now(),
            timeout: Duration::from_secs(minutes * 60),
            verbosity,
            long_poll: true,
        }
    }

    /// The oldest event that it may be of; `last` is the tag's last change.
    pub async fn set_min_event(&mut self, event: Option<Value>) -> Result<(), Stop> {
        self.min_event = match event {
            None => None,
            Some(Value::Int(event)) => Some(EventId(int32(event)?)),
            Some(_) => self.last_change().await?,
        };
        Ok(())
    }

    async fn last_change(&self) -> Result<Option<EventId>, Stop> {
        Ok(self.session.call(TagLastChangeEvent::new(self.tag)).await?)
    }

    /// Asks the hub for a repo.
    pub async fn request(&self, min_event: Option<EventId>) -> Result<RepoRequestResult, Stop> {
        self.info("Requesting a repo");
        let mut request = RequestRepo::new(self.tag);
        request.min_event = min_event.or(self.min_event).map(|event| event.0).into();
        request.at_event = self.at_event;
        request.opts = self.content.clone();
        Ok(self.session.call(request).await?)
    }

    /// Waits until there is a repo. An `anonymous` watcher makes no requests.
    pub async fn wait_repo(&mut self, anonymous: bool) -> Result<Repo, Stop> {
        self.info(&format!("Waiting on repo for {}", self.tag_name));
        let mut min_event = self.min_event;
        loop {
            if anonymous {
                let mut find = FindRepo::new(self.tag);
                find.min_event = min_event.map(|event| event.0).into();
                find.at_event = self.at_event;
                find.opts = self.content.clone();
                if let Some(repo) = self.session.call(find).await?
                    && self.fits(&repo).await?
                {
                    return Ok(repo);
                }
            }
            if !self.builds.is_empty() {
                // before they are tagged, no repo has them
                self.wait_builds().await?;
                min_event = self.last_change().await?;
            }
            if !anonymous {
                let answer = self.request(min_event).await?;
                let repo = match (answer.repo, answer.request) {
                    (Some(repo), _) => Some(repo),
                    (None, Some(request)) => {
                        self.info(&format!("Got request: {}", request.id));
                        Some(self.wait_request(request).await?)
                    }
                    (None, None) => None,
                };
                if let Some(repo) = repo {
                    if self.fits(&repo).await? {
                        return Ok(repo);
                    }
                    // the tag may have changed once more
                    self.error("Repo request did not satisfy conditions");
                    min_event = self.last_change().await?;
                }
            }
            if self.timed_out() {
                return Err(self.gave_up(&format!("a new {} repo", self.tag_name)));
            }
            self.pause().await;
        }
    }

    /// Waits until a request is done.
    pub async fn wait_request(&mut self, request: RepoRequest) -> Result<Repo, Stop> {
        let mut known = progress(&request);
        loop {
            let status = self.check(&request).await?;
            if let Some(repo) = status.repo {
                return Ok(repo);
            }
            let now = progress(&status.request);
            for ((name, before), (_, after)) in known.iter().zip(&now).filter(|(before, after)| before != after) {
                self.info(&format!("Request updated: {name}: {before} -> {after}"));
            }
            known = now;
            if self.timed_out() {
                return Err(self.gave_up(&format!("a new {} repo", self.tag_name)));
            }
            if !status.request.active {
                if let (Some(task), Some(state)) = (status.request.task_id, status.request.task_state) {
                    self.error(&format!("Task {task} state is {state}"));
                }
                return Err(Stop::generic("Repo request no longer active"));
            }
        }
    }

    /// How the request stands after a while, or as soon as it is done where the hub can tell.
    async fn check(&mut self, request: &RepoRequest) -> Result<RepoRequestStatus, Stop> {
        let status = self.session.call(CheckRepoRequest::new(request.id)).await?;
        if status.repo.is_some() || !status.request.active {
            return Ok(status);
        }
        if self.long_poll {
            let seconds = self.timeout.saturating_sub(self.began.elapsed()).as_secs().min(30);
            let wait = WaitRepoRequest::new(request.id).timeout(i32::try_from(seconds).unwrap_or(30));
            match self.session.call(wait).await {
                Err(error) if error.is_unknown_method() => {
                    tracing::debug!("no {}", WaitRepoRequest::INFO.name);
                    self.long_poll = false;
                }
                other => return Ok(other?),
            }
        }
        self.pause().await;
        Ok(status)
    }

    async fn wait_builds(&self) -> Result<(), Stop> {
        let names: Vec<String> = self.builds.iter().map(Nvr::to_string).collect();
        self.info(&format!("Waiting for nvrs {} in tag {}", names.join(", "), self.tag_name));
        while !self.has_builds(None).await? {
            if self.timed_out() {
                return Err(self.gave_up(&format!("{} to appear in the {} repo", joined(&names), self.tag_name)));
            }
            self.pause().await;
        }
        Ok(())
    }

    /// Whether the tag has the builds, or had them at an event.
    async fn has_builds(&self, event: Option<EventId>) -> Result<bool, Stop> {
        for build in &self.builds {
            let mut list = ListTagged::new(self.tag).package(build.name.as_str()).inherit(true);
            list.event = event;
            let tagged = self.session.call(list).await?;
            if !tagged.iter().any(|other| other.version == build.version && other.release == build.release) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn fits(&self, repo: &Repo) -> Result<bool, Stop> {
        let event = repo.create_event;
        let fits = match (self.at_event, self.min_event) {
            (Some(at), _) => event == at,
            (None, Some(min)) => event >= min,
            (None, None) => true,
        };
        let content = repo.opts.as_ref().map(|opts| to_value(&opts.0).unwrap_or_default());
        let has = |name: &str| content.as_ref().and_then(|c| c.as_struct()?.get(name)).is_some_and(Value::is_truthy);
        let complete = self.content.iter().flat_map(Struct::iter).all(|(name, _)| has(name));
        Ok(repo.tag_id == self.tag && fits && complete && self.has_builds(Some(event)).await?)
    }

    fn timed_out(&self) -> bool {
        self.began.elapsed() >= self.timeout
    }

    fn gave_up(&self, what: &str) -> Stop {
        let seconds = self.began.elapsed().as_secs();
        Stop::generic(format!("Unsuccessfully waited {}:{:02} for {what}", seconds / 60, seconds % 60))
    }

    async fn pause(&self) {
        let left = self.timeout.saturating_sub(self.began.elapsed());
        tokio::time::sleep(self.session.options().poll_interval.min(left)).await;
    }

    fn info(&self, text: &str) {
        if self.verbosity == Verbosity::Verbose {
            say!("{text}");
        }
    }

    fn error(&self, text: &str) {
        say!("{text}");
    }
}

/// What is told of a request when it changes.
fn progress(request: &RepoRequest) -> [(&'static str, String); 5] {
    [
        ("task_id", or_none(request.task_id)),
        ("task_state", or_none(request.task_state)),
        ("repo_id", or_none(request.repo_id)),
        ("active", if request.active { "True" } else { "False" }.to_owned()),
        ("tries", request.tries.to_string()),
    ]
}

/// `a, b, and c`.
fn joined(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [one, two] => format!("{one} and {two}"),
        [most @ .., last] => format!("{}, and {last}", most.join(", ")),
    }
}
