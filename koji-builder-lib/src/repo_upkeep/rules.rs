//! When a repo is given up, and when its files may go.

use std::time::Duration;

use koji_core::ids::{EventId, RepoId, TagId, TaskId};
use koji_core::model::{RepoState, TaskState};
use koji_core::time::EpochSeconds;
use koji_core::xmlrpc::Value;
use serde::Deserialize;

use super::UpkeepConfig;

/// A repo, as `repo.query` tells of it.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct RepoRow {
    pub(super) id: RepoId,
    pub(super) tag_id: TagId,
    pub(super) tag_name: String,
    pub(super) state: RepoState,
    pub(super) create_event: EventId,
    pub(super) dist: Option<bool>,
    pub(super) task_id: Option<TaskId>,
    pub(super) task_state: Option<TaskState>,
    pub(super) creation_ts: Option<EpochSeconds>,
    pub(super) state_ts: Option<EpochSeconds>,
    pub(super) end_event: Option<EventId>,
    #[serde(default)]
    pub(super) custom_opts: Value,
}

/// The fields that make a [`RepoRow`].
pub(super) const FIELDS: &[&str] = &[
    "id",
    "tag_id",
    "tag_name",
    "state",
    "create_event",
    "dist",
    "task_id",
    "task_state",
    "creation_ts",
    "state_ts",
    "end_event",
    "custom_opts",
];

impl RepoRow {
    pub(super) fn is_dist(&self) -> bool {
        self.dist.unwrap_or_default()
    }

    pub(super) fn has_custom_opts(&self) -> bool {
        self.custom_opts.is_truthy()
    }

    /// How long it has been in its state; nothing if the hub does not say since when.
    fn age(&self, now: f64) -> Option<f64> {
        self.state_ts.map(|since| now - since.0)
    }

    /// What to do with it, as far as that can be said without asking the hub more.
    pub(super) fn verdict(&self, config: &UpkeepConfig, now: f64) -> Verdict {
        match self.state {
            RepoState::Init => self.verdict_in_the_making(config, now),
            RepoState::Ready => {
                // what is current and as the tag wants it stays
                if self.end_event.is_none() && !self.has_custom_opts() {
                    return Verdict::Keep;
                }
                let lifetime = if self.is_dist() { config.dist_repo_lifetime } else { config.repo_lifetime };
                if self.is_older(lifetime, now) { Verdict::ExpireUnlessLatest } else { Verdict::Keep }
            }
            RepoState::Expired | RepoState::Problem if self.is_older(config.expired_repo_lifetime, now) => {
                Verdict::DeleteUnlessUsed
            }
            _ => Verdict::Keep,
        }
    }

    fn verdict_in_the_making(&self, config: &UpkeepConfig, now: f64) -> Verdict {
        let Some(since) = self.creation_ts else { return Verdict::Problem("it has no creation time") };
        if now - since.0 > config.init_timeout.as_secs_f64() {
            return Verdict::Problem("it is in the making for too long");
        }
        match self.task_state {
            Some(TaskState::Canceled | TaskState::Failed) => Verdict::Problem("its task failed or was canceled"),
            _ => Verdict::Keep,
        }
    }

    fn is_older(&self, lifetime: Duration, now: f64) -> bool {
        self.age(now).is_some_and(|age| age > lifetime.as_secs_f64())
    }
}

/// What to do with a repo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing.
    Keep,
    /// To mark it as broken, and why.
    Problem(&'static str),
    /// To expire it, unless it is the newest that builds can use.
    ExpireUnlessLatest,
    /// To delete it, unless buildroots use it.
    DeleteUnlessUsed,
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: f64 = 86_400.0;

    fn row(state: RepoState, age_in_days: f64) -> RepoRow {
        RepoRow {
            id: RepoId(1),
            tag_id: TagId(1),
            tag_name: "t".to_owned(),
            state,
            create_event: EventId(1),
            dist: Some(false),
            task_id: None,
            task_state: Some(TaskState::Open),
            creation_ts: Some(EpochSeconds(-age_in_days * DAY)),
            state_ts: Some(EpochSeconds(-age_in_days * DAY)),
            end_event: Some(EventId(2)),
            custom_opts: Value::Nil,
        }
    }

    #[test]
    fn repos_age_by_kojiras_rules() {
        let config = UpkeepConfig::default();
        let verdict = |row: RepoRow| row.verdict(&config, 0.0);
        assert_eq!(verdict(row(RepoState::Init, 0.01)), Verdict::Keep);
        assert!(matches!(verdict(row(RepoState::Init, 0.1)), Verdict::Problem(_)));
        let failed = RepoRow { task_state: Some(TaskState::Failed), ..row(RepoState::Init, 0.01) };
        assert!(matches!(verdict(failed), Verdict::Problem(_)));
        assert_eq!(verdict(row(RepoState::Ready, 6.9)), Verdict::Keep);
        assert_eq!(verdict(row(RepoState::Ready, 7.1)), Verdict::ExpireUnlessLatest);
        let current = RepoRow { end_event: None, ..row(RepoState::Ready, 100.0) };
        assert_eq!(verdict(current.clone()), Verdict::Keep);
        let opts: koji_core::xmlrpc::Struct = [("src", true)].into_iter().collect();
        let custom = RepoRow { custom_opts: Value::Struct(opts), ..current };
        assert_eq!(verdict(custom), Verdict::ExpireUnlessLatest);
        for state in [RepoState::Expired, RepoState::Problem] {
            assert_eq!(verdict(row(state, 6.9)), Verdict::Keep);
            assert_eq!(verdict(row(state, 7.1)), Verdict::DeleteUnlessUsed);
        }
        // without a time nothing is done
        let timeless = RepoRow { state_ts: None, ..row(RepoState::Expired, 0.0) };
        assert_eq!(verdict(timeless), Verdict::Keep);
    }
}
