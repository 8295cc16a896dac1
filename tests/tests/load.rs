//! Two builders and twenty builds at once; sixteen clients that mix all kinds of calls.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use koji_client::Session;
use koji_core::api::tasks::GetTaskResult;
use koji_core::model::TaskState;
use koji_core::xmlrpc::Struct;
use koji_hub_lib::db::{Dialect, args};
use koji_tests::{Processes, Watcher, build_source_rpm, mixed_load, problems, submit};

const CLIENTS: usize = 4;
const BUILDS: usize = 20;
/// How many builds come after them, to see whether the hub's memory grows.
const MORE_BUILDS: usize = 12;
/// By how much, in KiB, the most memory that the hub has used may grow then.
const MEMORY: u64 = 24 << 10;

#[tokio::test(flavor = "multi_thread")]
async fn twenty_builds_at_once_on_sqlite() {
    twenty_builds(Dialect::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_builds_at_once_on_postgres() {
    twenty_builds(Dialect::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_mix_all_calls_lose_nothing() {
    for dialect in [Dialect::Sqlite, Dialect::Postgres] {
        let done = mixed_load(dialect, Duration::from_secs(8)).await;
        eprintln!("{} calls on {dialect:?}, memory {:?} KiB", done.calls, done.memory);
        assert!(done.wrong.is_empty(), "{dialect:?}: {:#?}", done.wrong);
        let [first, second, _] = done.memory;
        assert!(second <= first + MEMORY, "the hub's memory has grown from {first} KiB to {second} KiB");
    }
}

async fn twenty_builds(dialect: Dialect) {
    let all = Processes::start("load", dialect, 2).await;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut packages = Vec::new();
    for number in 0..BUILDS + MORE_BUILDS {
        let name = format!("load{number}");
        all.add_package(&name).await;
        packages.push(build_source_rpm(folder.path(), &name, "1", "true"));
    }
    let mut sessions = Vec::new();
    for _ in 0..CLIENTS {
        sessions.push(all.session().await);
    }
    let watcher = Watcher::start(&all).await;
    build(&all, &sessions, &packages[..BUILDS]).await;
    let before = all.hub.memory();
    build(&all, &sessions, &packages[BUILDS..]).await;
    let memory = all.hub.memory();
    eprintln!("the hub's memory: {before} KiB, then at most {memory} KiB");

    let mut wrong = watcher.stop().await;
    wrong.extend(problems(&all).await);
    for task in all.tasks("", &[TaskState::Failed, TaskState::Canceled]).await {
        let result = all.admin.call(GetTaskResult::new(task.task.id)).await;
        wrong.push(format!("task {} ({}) ended {}: {result:?}", task.task.id, task.task.method, task.task.state));
    }
    let mut db = all.db.db.read().await.expect("a connection");
    let tagged: i64 = db.fetch_scalar("SELECT COUNT(*) FROM tag_listing", args![]).await.expect("a number");
    if usize::try_from(tagged) != Ok(packages.len()) {
        wrong.push(format!("{tagged} builds are tagged"));
    }
    let hosts: i64 = db
        .fetch_scalar("SELECT COUNT(DISTINCT host_id) FROM task WHERE method = 'buildArch'", args![])
        .await
        .expect("a number");
    if hosts != 2 {
        wrong.push(format!("{hosts} of the builders have built"));
    }
    let logs = all.logs();
    for word in ["deadlock", "is locked", "could not serialize", "could not obtain"] {
        wrong.extend(logs.lines().filter(|line| line.contains(word)).map(str::to_owned));
    }
    if memory > before + MEMORY {
        wrong.push(format!("the hub's memory has grown from {before} KiB to {memory} KiB"));
    }
    assert!(wrong.is_empty(), "{wrong:#?}\n{logs}");
}

/// Has packages built, asked for in several sessions at once.
async fn build(all: &Processes, sessions: &[Session], packages: &[PathBuf]) {
    let begin = Instant::now();
    let share = packages.len().div_ceil(sessions.len());
    let clients = sessions.iter().zip(packages.chunks(share)).map(|(session, packages)| async move {
        for srpm in packages {
            submit(session, srpm, Struct::new()).await;
        }
    });
    futures_util::future::join_all(clients).await;
    all.wait_until_idle().await;
    eprintln!("{} builds on {:?}: {:.1} s", packages.len(), all.db.dialect(), begin.elapsed().as_secs_f64());
}
