//! Checking that a hub can work, and that its data hold together.
//!
//! [`Hub::check`] looks at what the hub stands on, [`Hub::check_data`] at what is in it: [`builds`], [`tasks`],
//! [`sessions`], [`versioned`] rows and [`references`] by questions to the database, [`files`] and [`leftovers`] by
//! comparing it with the storage, [`policy`] at what would be decided.

mod builds;
mod files;
mod leftovers;
mod policy;
mod references;
mod repos;
mod rules;
mod sessions;
mod tasks;
mod versioned;

use std::fmt;

use crate::db::args;
use crate::{Hub, Result};

pub use policy::{Decided, PolicyData};

/// What [`Hub::check_data`] has looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Checked {
    /// How much it told of.
    pub faults: u64,
    /// Builds.
    pub builds: i64,
    /// RPMs.
    pub rpms: i64,
    /// Archives.
    pub archives: i64,
    /// Repos.
    pub repos: i64,
    /// Tasks.
    pub tasks: i64,
    /// Sessions.
    pub sessions: i64,
}

impl fmt::Display for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.faults {
            0 => f.write_str("no faults")?,
            1 => f.write_str("1 fault")?,
            n => write!(f, "{n} faults")?,
        }
        let Checked { builds, rpms, archives, repos, tasks, sessions, .. } = self;
        write!(
            f,
            " in {builds} builds, {rpms} RPMs, {archives} archives, {repos} repos, {tasks} tasks, {sessions} sessions"
        )
    }
}

/// Where what is wrong is told.
struct Report<'r> {
    tell: &'r mut (dyn FnMut(String) + Send),
    faults: u64,
}

impl Report<'_> {
    fn fault(&mut self, text: String) {
        self.faults += 1;
        (self.tell)(text);
    }
}

impl Hub {
    /// Checks what the hub stands on; says what it found, a line each. The first thing that is wrong is an error.
    pub async fn check(&self) -> Result<Vec<String>> {
        let mut out = vec![format!("policies: {} in the configuration", self.config().policies.len())];
        let mut db = self.db().read().await?;
        for (what, sql) in [
            ("users", "SELECT COUNT(*) FROM users"),
            ("tags", "SELECT COUNT(*) FROM tag"),
            ("builds", "SELECT COUNT(*) FROM build"),
            ("tasks", "SELECT COUNT(*) FROM task"),
        ] {
            let count: i64 = db.fetch_scalar(sql, args![]).await?;
            out.push(format!("database: {count} {what}"));
        }
        let probe = format!(".check-{:016x}", rand::random::<u64>());
        self.storage().put(&probe, "ok".into()).await?;
        self.storage().remove(&probe).await?;
        out.push(format!("storage: {} can be written", self.config().koji_dir.display()));
        Ok(out)
    }

    /// Checks that the data hold together: rows with rows, and the database with the storage; with `checksums` every
    /// file is read, too. `tell` gets a line for each thing that is wrong. Only reads, and holds little in memory,
    /// however much there is. On a hub at work, things that are just being made may be told of.
    pub async fn check_data(&self, checksums: bool, mut tell: impl FnMut(String) + Send) -> Result<Checked> {
        let mut report = Report { tell: &mut tell, faults: 0 };
        rules::check(self, &mut report).await?;
        files::check(self, checksums, &mut report).await?;
        repos::check(self, &mut report).await?;
        leftovers::check(self, &mut report).await?;
        let faults = report.faults;
        let mut db = self.db().read().await?;
        let mut count = async |sql| db.fetch_scalar::<i64>(sql, args![]).await;
        Ok(Checked {
            faults,
            builds: count("SELECT COUNT(*) FROM build").await?,
            rpms: count("SELECT COUNT(*) FROM rpminfo").await?,
            archives: count("SELECT COUNT(*) FROM archiveinfo").await?,
            repos: count("SELECT COUNT(*) FROM repo").await?,
            tasks: count("SELECT COUNT(*) FROM task").await?,
            sessions: count("SELECT COUNT(*) FROM sessions").await?,
        })
    }
}
