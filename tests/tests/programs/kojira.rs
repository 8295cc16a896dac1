//! Python's own `kojira`, with work for each of its threads.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use koji_core::api::KwArgs;
use koji_core::api::external_repos::{AddExternalRepoToTag, CreateExternalRepo};
use koji_core::api::host::{CloseTask, OpenTask};
use koji_core::api::host_repos::{RepoDone, RepoInit};
use koji_core::api::repos::*;
use koji_core::api::tags::{CreateTag, EditTag2};
use koji_core::api::targets::CreateBuildTarget;
use koji_core::api::tasks::CancelTask;
use koji_core::ids::{RepoId, TaskId};
use koji_core::model::{Repo, RepoState};
use koji_core::xmlrpc::{Struct, Value, from_value, write_response};
use koji_hub_lib::NewUser;
use koji_hub_lib::storage::LocalStorage;
use koji_tests::programs::run;
use koji_tests::{Caller, PATIENCE, TestHub, databases};

use crate::Home;

const REPOMD: &str = "<repomd xmlns='http://linux.duke.edu/metadata/repo'>\
    <data type='primary'><timestamp>1700000000</timestamp></data></repomd>";

/// A running kojira, killed when it is dropped.
struct Kojira {
    child: Child,
    log: PathBuf,
}

impl Kojira {
    fn start(home: &Home, url: &str, topdir: &Path) -> Self {
        let log = home.path().join("kojira.log");
        let config = home.path().join("kojira.conf");
        let settings = format!(
            "[kojira]\nserver = {url}\ntopdir = {}\nlogfile = {}\nuser = kojira\npassword = secret\nsleeptime = 1\n\
             repo_lifetime = 0\nexpired_repo_lifetime = 0\nrecheck_period = 0\n",
            topdir.display(),
            log.display()
        );
        std::fs::write(&config, settings).unwrap();
        let mut command = home.program("kojira");
        command.args(["-f", "-v", "--force-lock", "-c"]).arg(config);
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        Kojira { child, log }
    }

    fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Waits until something is so.
    async fn until(&mut self, what: &str, mut holds: impl AsyncFnMut() -> bool) {
        let begin = Instant::now();
        while !holds().await {
            assert_eq!(self.child.try_wait().unwrap(), None, "kojira ended:\n{}", self.log());
            assert!(begin.elapsed() < PATIENCE, "not in time: {what}\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Asks it to end, and waits for that: whether it was content, and its log.
    async fn end(mut self) -> (bool, String) {
        run(Command::new("kill").arg(self.child.id().to_string())).ok();
        let begin = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return (status.success(), self.log());
            }
            assert!(begin.elapsed() < PATIENCE, "it does not end:\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

impl Drop for Kojira {
    fn drop(&mut self) {
        // it may have ended
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn begun(builder: &Caller<'_>, tag: &str, task: Option<TaskId>) -> RepoId {
    let request = RepoInit::new(tag);
    builder.call(RepoInit { task_id: task, ..request }).await.unwrap().0
}

async fn ready(builder: &Caller<'_>, tag: &str) -> RepoId {
    let id = begun(builder, tag, None).await;
    builder.call(RepoDone::new(id, Struct::new())).await.unwrap();
    id
}

async fn repo(user: &Caller<'_>, id: RepoId) -> Repo {
    user.call(RepoInfo::new(id)).await.unwrap().unwrap()
}

async fn state(user: &Caller<'_>, id: RepoId) -> RepoState {
    repo(user, id).await.state
}

/// Whether an event has ended a repo's time.
async fn has_ended(user: &Caller<'_>, id: RepoId) -> bool {
    repo(user, id).await.end_event.is_some()
}

/// The task of a request for a repo of a tag.
async fn task_for(user: &Caller<'_>, tag: &str) -> Option<TaskId> {
    let clause = |field: &str, value: Value| Value::Array(vec![field.into(), "=".into(), value]);
    let clauses = vec![clause("tag_name", tag.into()), clause("active", true.into())];
    let fields = vec![Value::from("task_id")];
    let request = QueryRepoQueue { clauses: clauses.into(), fields: fields.into(), opts: None };
    let rows: Vec<Struct> = from_value(user.call(request).await.unwrap()).unwrap();
    from_value(rows.first()?.get("task_id")?.clone()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn repos_are_renewed_expired_and_deleted() {
    for db in databases("repos_are_renewed").await {
        let top = tempfile::tempdir().unwrap();
        let topdir = top.path().to_owned();
        let hub = TestHub::with_storage(db, Arc::new(LocalStorage::new(&topdir).unwrap()), |config| {
            config.koji_dir = topdir.clone();
            config.repo_auto_lag = Duration::ZERO;
            config.repo_lag_window = Duration::ZERO;
        });
        let (admin, builder) = (hub.admin().await, hub.builder("builder1").await);
        let kojira = NewUser {
            name: "kojira".into(),
            password: Some("secret".into()),
            permissions: vec!["repo".into()],
            ..NewUser::default()
        };
        hub.hub.add_user(kojira).await.unwrap();
        let url = hub.serve().await;
        let at = |tag: &str, repo: RepoId| topdir.join(format!("repos/{tag}/{repo}"));

        for tag in ["f44-build", "ext-build", "idle"] {
            admin.call(CreateTag::new(tag).arches("x86_64".to_owned())).await.unwrap();
        }
        admin.call(CreateBuildTarget::new("f44", "f44-build", "f44-build")).await.unwrap();
        admin.call(CreateBuildTarget::new("ext", "ext-build", "ext-build")).await.unwrap();
        let files = url.replace("/kojihub", "/kojifiles");
        std::fs::create_dir_all(topdir.join("repos/outside/x86_64/repodata")).unwrap();
        std::fs::write(topdir.join("repos/outside/x86_64/repodata/repomd.xml"), REPOMD).unwrap();
        admin.call(CreateExternalRepo::new("ext", format!("{files}/repos/outside/$arch"))).await.unwrap();
        admin.call(AddExternalRepoToTag::new("ext-build", "ext", 5)).await.unwrap();
        let seen = |max_ts: i32| Value::Struct([("max_ts", max_ts)].into_iter().collect());
        admin.call(SetExternalRepoData::new("ext", seen(1_600_000_000))).await.unwrap();

        let (current, outer, idle) =
            (ready(&builder, "f44-build").await, ready(&builder, "ext-build").await, ready(&builder, "idle").await);
        let expired = ready(&builder, "idle").await;
        admin.call(RepoExpire::new(expired)).await.unwrap();
        let task = hub.open_task(&builder, &admin, "newRepo").await;
        let broken = begun(&builder, "f44-build", Some(task)).await;
        admin.call(CancelTask::new(task)).await.unwrap();
        let stray = at("idle", RepoId(9999));
        std::fs::create_dir(&stray).unwrap();
        let auto: Struct = [("repo.auto", true)].into_iter().collect();
        let change = KwArgs([("extra", Value::from(auto))].into_iter().collect());
        admin.call(EditTag2::new("f44-build").changes(change)).await.unwrap();

        let home = Home::new(&url);
        let mut running = Kojira::start(&home, &url, &topdir);
        for (tag, gone) in [("idle", expired), ("f44-build", broken)] {
            let what = format!("{tag} {gone} is deleted");
            running
                .until(&what, async || state(&admin, gone).await == RepoState::Deleted && !at(tag, gone).exists())
                .await;
        }
        running.until("what nobody knows is removed", async || !stray.exists()).await;
        running
            .until("the external repo is looked at", async || {
                admin.call(GetExternalRepoData::new("ext")).await.unwrap() == seen(1_700_000_000)
            })
            .await;
        running.until("it has ended the repo that uses it", async || has_ended(&admin, outer).await).await;
        running.until("the tag's change has ended its repo", async || has_ended(&admin, current).await).await;
        running.until("a new one is asked for", async || task_for(&admin, "f44-build").await.is_some()).await;
        assert_eq!(state(&admin, current).await, RepoState::Ready, "without another it must stay");

        let task = task_for(&admin, "f44-build").await.unwrap();
        builder.call(OpenTask::new(task)).await.unwrap().unwrap();
        let new = begun(&builder, "f44-build", Some(task)).await;
        builder.call(RepoDone::new(new, Struct::new())).await.unwrap();
        let result = write_response(&Value::Array(vec![new.0.into(), 1.into()])).unwrap();
        builder.call(CloseTask::new(task, result)).await.unwrap();
        running.until("the request is answered", async || task_for(&admin, "f44-build").await.is_none()).await;
        running
            .until("the old one goes", async || {
                state(&admin, current).await == RepoState::Deleted && !at("f44-build", current).exists()
            })
            .await;
        for (tag, kept) in [("idle", idle), ("ext-build", outer), ("f44-build", new)] {
            assert_eq!((state(&admin, kept).await, at(tag, kept).exists()), (RepoState::Ready, true), "{tag}");
        }

        let (content, log) = running.end().await;
        assert!(content && !log.contains("Traceback"), "{log}");
    }
}
