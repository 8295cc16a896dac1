//! The repo daemon: keeps the build repos current, and removes those that nobody needs.
//!
//! [`RepoUpkeep::run`] is the whole of it: loops that have the hub note changes of tags, ask for repos and start the
//! tasks that make them, beside one that expires and deletes repos by rules of its own and removes their files.

mod config;
mod external;
mod files;
mod prune;
mod rules;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use koji_client::Session;
use koji_core::api::Method;
use koji_core::api::repos::{
    CheckRepoQueue, QueryRepos, RepoAutoRequests, RepoExpire, RepoProblem, RepoReferences, SetRepoState,
    UpdateRepoEndEvents,
};
use koji_core::api::targets::GetBuildTargets;
use koji_core::ids::RepoId;
use koji_core::model::RepoState;
use koji_core::time::Timestamp;
use koji_core::xmlrpc::{Value, from_value};
use tokio::time::Instant;

pub use config::{Cli, UpkeepConfig};
use files::Remover;
use rules::{FIELDS, RepoRow, Verdict};

use crate::error::{Error, Result, chain};

/// How long the hub has to answer when the daemon ends.
const FAREWELL: Duration = Duration::from_secs(10);

/// A repo daemon.
#[derive(Debug)]
pub struct RepoUpkeep {
    config: Arc<UpkeepConfig>,
    session: Session,
    remover: Remover,
    /// When the checks that cost more were last made, by repo.
    checked: HashMap<RepoId, Instant>,
    last_prune: Option<Instant>,
}

impl RepoUpkeep {
    /// Logs in, and works until `shutdown` is done. An error means that it cannot go on: it could not log in, or another
    /// session has taken over.
    pub async fn run(config: UpkeepConfig, shutdown: impl Future<Output = ()>) -> Result<()> {
        let session = config.login().await?;
        session.exclusive_session(config.force_lock).await?;
        tracing::info!(hub = session.server(), "logged in");
        let config = Arc::new(config);
        let remover = Remover::new(config.max_delete_processes);
        let mut upkeep = Self {
            config: config.clone(),
            session: session.clone(),
            remover,
            checked: HashMap::new(),
            last_prune: None,
        };
        let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
        let pause = config.sleeptime;
        let ended = tokio::select! {
            () = shutdown => Ok(()),
            error = repeat(&session, UpdateRepoEndEvents::new, pause) => error,
            error = repeat(&session, CheckRepoQueue::new, pause) => error,
            error = repeat(&session, RepoAutoRequests::new, pause) => error,
            error = external::watch(&session, &config) => error,
            error = upkeep.look_after() => error,
        };
        let _ = sd_notify::notify(&[sd_notify::NotifyState::Stopping]);
        if ended.is_ok() {
            // the hub ends it some time by itself
            let _ = tokio::time::timeout(FAREWELL, session.logout()).await;
        }
        ended
    }

    async fn look_after(&mut self) -> Result<()> {
        loop {
            if let Err(error) = self.look_after_once().await {
                go_on_after(error, "looking after repos")?;
            }
            tokio::time::sleep(self.config.sleeptime).await;
        }
    }

    async fn look_after_once(&mut self) -> Result<()> {
        let rows = self.repos().await?;
        let now = Timestamp::now().as_secs_f64();
        for row in &rows {
            match row.verdict(&self.config, now) {
                Verdict::Keep => {}
                Verdict::Problem(why) => {
                    tracing::warn!(repo = %row.id, tag = row.tag_name, task = ?row.task_id, why, "a repo is broken");
                    self.session.call(RepoProblem::new(row.id)).await?;
                }
                Verdict::ExpireUnlessLatest => {
                    if self.is_due(row.id, self.config.recheck_period) && !self.is_needed(row).await? {
                        tracing::info!(repo = %row.id, tag = row.tag_name, "expiring a repo");
                        self.session.call(RepoExpire::new(row.id)).await?;
                    }
                }
                Verdict::DeleteUnlessUsed => {
                    if self.is_due(row.id, self.config.reference_recheck_period) {
                        self.delete(row).await?;
                    }
                }
            }
        }
        self.checked.retain(|id, _| rows.iter().any(|row| row.id == *id));
        if self.last_prune.is_none_or(|last| last.elapsed() > self.config.recheck_period) {
            self.last_prune = Some(Instant::now());
            let known = rows.iter().map(|row| row.id).collect();
            prune::prune(&self.session, &self.config, known, &self.remover).await?;
        }
        Ok(())
    }

    async fn repos(&self) -> Result<Vec<RepoRow>> {
        let clause = vec![Value::from("state"), "!=".into(), RepoState::Deleted.code().into()];
        let fields = Value::Array(FIELDS.iter().map(|field| Value::from(*field)).collect());
        read(self.session.call(QueryRepos::new(vec![clause.into()]).fields(fields)).await?)
    }

    /// Whether a repo was not looked at closely for a while; from now on it was.
    fn is_due(&mut self, repo: RepoId, period: Duration) -> bool {
        let due = self.checked.get(&repo).is_none_or(|last| last.elapsed() >= period);
        if due {
            self.checked.insert(repo, Instant::now());
        }
        due
    }

    /// Whether a repo that is not current is still the best there is for those who need one.
    async fn is_needed(&self, row: &RepoRow) -> Result<bool> {
        if !row.is_dist() {
            if row.has_custom_opts() {
                return Ok(false);
            }
            let targets = self.session.call(GetBuildTargets::new().build_tag_id(row.tag_id)).await?;
            if targets.into_list().is_empty() {
                return Ok(false);
            }
        }
        let clause =
            |field: &str, operator: &str, value: Value| Value::from(vec![field.into(), operator.into(), value]);
        let mut clauses = vec![
            clause("tag_id", "=", row.tag_id.0.into()),
            clause("state", "=", RepoState::Ready.code().into()),
            clause("create_event", ">", row.create_event.0.into()),
            clause("dist", "=", row.is_dist().into()),
        ];
        if !row.is_dist() {
            clauses.push(clause("custom_opts", "=", "{}".into()));
        }
        let fields = Value::Array(vec!["id".into()]);
        let newer = self.session.call(QueryRepos::new(clauses).fields(fields)).await?;
        Ok(newer.as_array().is_some_and(<[Value]>::is_empty))
    }

    async fn delete(&mut self, row: &RepoRow) -> Result<()> {
        let users = self.session.call(RepoReferences::new(row.id)).await?;
        if !users.is_empty() {
            tracing::warn!(repo = %row.id, buildroots = users.len(), "an old repo is still used by buildroots");
            return Ok(());
        }
        // first in the database, so that nobody begins to use files that go
        let deleted = Value::from(RepoState::Deleted.code());
        self.session.call(SetRepoState::new(row.id, deleted)).await?;
        tracing::info!(repo = %row.id, tag = row.tag_name, "deleting a repo");
        files::remove_repo(row, &self.config, &self.remover);
        Ok(())
    }
}

/// Makes a call again and again, in a session of its own so that a slow one does not keep the others waiting.
async fn repeat<M: Method>(session: &Session, call: impl Fn() -> M, pause: Duration) -> Result<()> {
    let mut own: Option<Session> = None;
    loop {
        let done = match &own {
            Some(own) => own.call(call()).await.map(drop),
            None => match session.subsession().await {
                Ok(new) => own.insert(new).call(call()).await.map(drop),
                Err(error) => Err(error),
            },
        };
        if let Err(error) = done {
            go_on_after(error.into(), M::INFO.name)?;
        }
        tokio::time::sleep(pause).await;
    }
}

/// Logs an error, unless it is the end.
fn go_on_after(error: Error, what: &str) -> Result<()> {
    if error.is_session_lost() {
        return Err(error);
    }
    tracing::error!(error = chain(&error), "{what} failed");
    Ok(())
}

fn read<T: serde::de::DeserializeOwned>(value: Value) -> Result<T> {
    let unreadable = |source| koji_client::Error::Protocol { method: "repo.query".to_owned(), source };
    Ok(from_value(value).map_err(unreadable)?)
}
