//! Whether a hub's storage and database agree.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use koji_client::Session;
use koji_core::api::BuildRef;
use koji_core::api::builds::{GetBuild, ListBuilds};
use koji_core::api::repos::GetActiveRepos;
use koji_core::api::rpms::ListBuildRpms;
use koji_core::ids::{BuildId, RepoId};
use koji_core::model::{BuildState, RepoState};
use koji_core::nvr::{Nvr, Nvra};
use koji_core::paths::{self, BuildDir};
use koji_hub_lib::db::{Dialect, args};
use tokio::task::JoinHandle;

use crate::{Processes, TestDb};

/// All that is wrong when nothing runs any more: nothing, one hopes.
pub async fn problems(all: &Processes) -> Vec<String> {
    let mut found = Vec::new();
    let mut looked = Looked::default();
    looked.look(&all.admin, &all.top(), &mut found).await;
    found.extend(all.check_data().await);
    for (what, sql) in [
        ("builds in the making", "SELECT id FROM build WHERE state = 0"),
        ("tasks that have not ended", "SELECT id FROM task WHERE state IN (0, 1, 4)"),
        ("repos in the making", "SELECT id FROM repo WHERE state = 0"),
        (
            "builds made twice",
            "SELECT MIN(id) FROM build WHERE task_id IS NOT NULL GROUP BY task_id HAVING COUNT(*) > 1",
        ),
        (
            "builds whose task ended well, not tagged once",
            "SELECT b.id FROM build b JOIN task t ON t.id = b.task_id WHERE t.state = 2
             AND (SELECT COUNT(*) FROM tag_listing l WHERE l.build_id = b.id) <> 1",
        ),
        (
            "build tasks that ended well without a complete build",
            "SELECT t.id FROM task t WHERE t.method = 'build' AND t.state = 2
             AND NOT EXISTS (SELECT 1 FROM build b WHERE b.task_id = t.id AND b.state = 1)",
        ),
    ] {
        let mut db = all.db.db.read().await.expect("a connection");
        let rows: Vec<i32> = db.fetch_scalars(sql, args![]).await.expect("an answer");
        if !rows.is_empty() {
            found.push(format!("{what}: {rows:?}"));
        }
    }
    found
}

/// The directories that many levels below one.
fn entries(folder: &Path, levels: usize) -> Vec<PathBuf> {
    let mut found = vec![folder.to_owned()];
    for _ in 0..levels {
        let below = found.iter().filter_map(|folder| fs::read_dir(folder).ok());
        found = below.flatten().map(|entry| entry.expect("an entry").path()).collect();
    }
    found
}

/// Has a SQLite database count how often each task ends well; says those that did so more than once.
///
/// # Panics
/// When the database refuses, or is no SQLite.
pub async fn count_successes(db: &TestDb) {
    assert_eq!(db.dialect(), Dialect::Sqlite);
    let mut tx = db.db.begin().await.expect("a transaction");
    for sql in [
        "CREATE TABLE IF NOT EXISTS success (task INTEGER PRIMARY KEY)",
        // the second time is refused
        "CREATE TRIGGER IF NOT EXISTS success AFTER UPDATE OF state ON task WHEN NEW.state = 2 AND OLD.state <> 2
         BEGIN INSERT INTO success (task) VALUES (NEW.id); END",
        "CREATE TRIGGER IF NOT EXISTS success_once BEFORE UPDATE OF state ON task WHEN OLD.state = 2
         BEGIN SELECT RAISE(ABORT, 'a task that ended well has changed'); END",
    ] {
        tx.execute(sql, args![]).await.expect("a trigger");
    }
    tx.commit().await.expect("a commit");
}

/// What was looked at and found whole.
#[derive(Default)]
struct Looked {
    builds: HashSet<BuildId>,
    repos: HashSet<RepoId>,
}

impl Looked {
    /// Looks at the builds and repos that have become visible since the last time.
    async fn look(&mut self, session: &Session, top: &Path, problems: &mut Vec<String>) {
        let builds = session.call(ListBuilds::new()).await.expect("the builds").into_list();
        for build in builds {
            if self.builds.contains(&build.build_id) {
                continue;
            }
            let id = BuildRef::Id(build.build_id);
            let rpms = session.call(ListBuildRpms::new(id.clone())).await.expect("its packages");
            if build.state != BuildState::Complete {
                let now = session.call(GetBuild::new(id)).await.expect("the build").expect("the build");
                if !rpms.is_empty() && now.state != BuildState::Complete {
                    problems.push(format!("{} is {} and has packages", build.nvr, build.state));
                }
                continue;
            }
            let dir = BuildDir::new(None, &Nvr::new(&build.name, &build.version, &build.release));
            if rpms.len() != 2 {
                problems.push(format!("{} has {} packages", build.nvr, rpms.len()));
            }
            for rpm in rpms {
                let nvra = Nvra::new(Nvr::new(&rpm.name, &rpm.version, &rpm.release), &rpm.arch);
                let file = top.join(dir.rpm(&nvra));
                let size = fs::metadata(&file).map(|m| m.len()).ok();
                if size != u64::try_from(rpm.size).ok() {
                    problems.push(format!("{}: size {size:?}, not {}", file.display(), rpm.size));
                }
            }
            if entries(&top.join(dir.logs()), 2).is_empty() {
                problems.push(format!("{} has no logs", build.nvr));
            }
            self.builds.insert(build.build_id);
        }
        let repos = session.call(GetActiveRepos::new()).await.expect("the repos");
        for repo in repos.iter().filter(|repo| repo.state == RepoState::Ready) {
            if self.repos.insert(repo.id) {
                let file = top.join(paths::repo(&repo.tag_name, repo.id)).join(std::env::consts::ARCH);
                if !file.join("repodata/repomd.xml").is_file() {
                    problems.push(format!("{} has no metadata", file.display()));
                }
            }
        }
    }
}

/// Looks again and again, while others work, at what the hub shows: whether all of it is whole.
pub struct Watcher(JoinHandle<()>, std::sync::Arc<std::sync::Mutex<Vec<String>>>);

impl Watcher {
    /// Begins to look.
    pub async fn start(all: &Processes) -> Self {
        let (session, top) = (all.session().await, all.top());
        let problems = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
        let seen = problems.clone();
        let watching = tokio::spawn(async move {
            let mut looked = Looked::default();
            loop {
                let mut found = Vec::new();
                looked.look(&session, &top, &mut found).await;
                seen.lock().expect("the problems").append(&mut found);
                tokio::time::sleep(Duration::from_millis(30)).await;
            }
        });
        Watcher(watching, problems)
    }

    /// Ends; all that was ever wrong.
    ///
    /// # Panics
    /// When it could not look.
    pub async fn stop(self) -> Vec<String> {
        assert!(!self.0.is_finished(), "the watcher has ended: {:?}", self.0.await);
        self.0.abort();
        self.1.lock().expect("the problems").clone()
    }
}
