//! Hub, builder and task processes are killed at many points of a build: what was begun comes to its end all the same,
//! once, and nothing half done is ever to be seen.

use std::time::{Duration, Instant};

use koji_core::api::OneOrMany;
use koji_core::api::builds::ListBuilds;
use koji_core::api::tasks::{GetTaskChildren, GetTaskInfo, GetTaskResult};
use koji_core::ids::TaskId;
use koji_core::model::{BuildState, Task, TaskState};
use koji_core::paths;
use koji_core::xmlrpc::{Struct, Value, from_value};
use koji_hub_lib::db::Dialect;
use koji_tests::{PATIENCE, Processes, Program, Watcher, build_source_rpm, count_successes, problems, submit};

/// Who is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Victim {
    Hub,
    Builder,
    Task,
}

/// When.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Point {
    /// A task of the build, or one that makes the repo it waits for, has just begun.
    Begun(&'static str),
    /// The source package, made anew, arrives at the hub.
    SourceArrives,
    /// The first log of the build arrives at the hub.
    Builds,
    /// The built package arrives at the hub.
    PackageArrives,
    /// The hub files what was built.
    Imports,
    /// The build has just ended.
    Ended,
}

const POINTS: [Point; 11] = [
    Point::Begun("build"),
    Point::Begun("waitrepo"),
    Point::Begun("newRepo"),
    Point::Begun("createrepo"),
    Point::Begun("rebuildSRPM"),
    Point::SourceArrives,
    Point::Builds,
    Point::PackageArrives,
    Point::Imports,
    Point::Begun("tagBuild"),
    Point::Ended,
];

#[tokio::test(flavor = "multi_thread")]
async fn hub_on_sqlite() {
    pass("kill-hub", Dialect::Sqlite, Victim::Hub, &POINTS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hub_on_postgres() {
    let points = [Point::Begun("newRepo"), Point::Builds, Point::Imports, Point::Begun("tagBuild")];
    pass("kill-hub-pg", Dialect::Postgres, Victim::Hub, &points).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn builder() {
    pass("kill-builder", Dialect::Sqlite, Victim::Builder, &POINTS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn task() {
    pass("kill-task", Dialect::Sqlite, Victim::Task, &POINTS[..10]).await;
}

/// A task is not tried for ever: it fails, and what it was building with it.
#[tokio::test(flavor = "multi_thread")]
async fn a_task_whose_process_always_dies() {
    let all = Processes::start("kill-always", Dialect::Sqlite, 1).await;
    all.add_package("tiny").await;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let srpm = build_source_rpm(folder.path(), "tiny", "1", "sleep 10");
    let build = submit(&all.admin, &srpm, Struct::new()).await;
    reach(&all, build, Point::Begun("buildArch"), 1).await;
    for _ in 0..3 {
        kill_task(&all, build).await;
    }
    let ended = wait_for_end(&all, build).await;
    let said = all.admin.call(GetTaskResult::new(build)).await.map(drop).map_err(|e| e.to_string());
    assert_eq!(ended.state, TaskState::Failed);
    assert!(said.as_ref().is_err_and(|text| text.contains("ended 3 times without a result")), "{said:?}");
    all.wait_until_idle().await;
    let failed = ListBuilds::new().task_id(build).state(OneOrMany::from(vec![BuildState::Failed.code()]));
    assert_eq!(all.admin.call(failed).await.expect("the builds").into_list().len(), 1);
    let wrong = problems(&all).await;
    assert!(wrong.is_empty(), "{wrong:#?}\n{}", all.logs());
}

/// One build a point.
async fn pass(name: &str, dialect: Dialect, victim: Victim, points: &[Point]) {
    let mut all = Processes::start(name, dialect, 1).await;
    if dialect == Dialect::Sqlite {
        count_successes(&all.db).await;
    }
    all.add_package("tiny").await;
    let watcher = Watcher::start(&all).await;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut wrong = Vec::new();
    for (number, point) in points.iter().enumerate() {
        let begin = Instant::now();
        let srpm = build_source_rpm(folder.path(), "tiny", &format!("{}", number + 1), "echo begun; sleep 0.5");
        let opts: Struct = [("wait_repo", Value::from(true))].into_iter().collect();
        let build = submit(&all.admin, &srpm, opts).await;
        let hit = reach(&all, build, *point, number + 1).await;
        match (victim, hit) {
            (Victim::Hub, _) => all.restart_hub().await,
            (Victim::Builder, _) => all.builders[0].restart(),
            (Victim::Task, Some(task)) => kill_task(&all, task).await,
            (Victim::Task, None) => {}
        }
        let ended = wait_for_end(&all, build).await;
        all.wait_until_idle().await;
        eprintln!("{victim:?} {point:?}: {} after {:.1} s", ended.state, begin.elapsed().as_secs_f64());
        if ended.state != TaskState::Closed {
            let said = all.admin.call(GetTaskResult::new(build)).await;
            wrong.push(format!("{victim:?} killed, {point:?}: the build ended {}: {said:?}", ended.state));
        }
    }
    wrong.extend(watcher.stop().await);
    wrong.extend(problems(&all).await);
    assert!(wrong.is_empty(), "{wrong:#?}\n{}", all.logs());
}

/// Waits until the build is at that point. The task that is at work then.
async fn reach(all: &Processes, build: TaskId, point: Point, version: usize) -> Option<TaskId> {
    let begin = Instant::now();
    loop {
        let top = info(all, build).await;
        let tasks = all.admin.call(GetTaskChildren::new(build)).await.expect("its subtasks");
        let begun = |method: &str| tasks.iter().find(|task| task.method == method && task.start_time.is_some());
        let arrived = |method: &str, ending: &str| {
            let task = begun(method)?.id;
            let files = std::fs::read_dir(all.top().join(paths::task_output(None, task))).ok()?;
            let mut names = files.flatten().map(|file| file.file_name().to_string_lossy().into_owned());
            names.any(|name| name.ends_with(ending)).then_some(task)
        };
        let hit = match point {
            Point::Begun("build") => (top.state == TaskState::Open).then_some(build),
            Point::Begun(method @ ("newRepo" | "createrepo")) => {
                all.tasks(method, &[TaskState::Open]).await.first().map(|task| task.task.id)
            }
            Point::Begun(method) => begun(method).map(|task| task.id),
            Point::SourceArrives => arrived("rebuildSRPM", ".src.rpm"),
            Point::Builds => arrived("buildArch", "build.log"),
            Point::PackageArrives => arrived("buildArch", ".noarch.rpm"),
            Point::Imports => {
                let folder = all.top().join(format!("packages/tiny/{version}/1"));
                let closed = begun("buildArch").is_some_and(|task| task.state == TaskState::Closed);
                while closed && !folder.exists() {
                    tokio::time::sleep(Duration::from_micros(200)).await;
                }
                closed.then_some(build)
            }
            Point::Ended => (top.state == TaskState::Closed).then_some(build),
        };
        if hit.is_some() {
            return hit;
        }
        assert!(
            !top.state.is_finished() && begin.elapsed() < PATIENCE,
            "the build is {} and was never at {point:?}\n{}",
            top.state,
            all.logs()
        );
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

async fn info(all: &Processes, task: TaskId) -> Task {
    let info = all.admin.call(GetTaskInfo::new(Value::from(task.0))).await.expect("the task");
    from_value(info).expect("a task")
}

async fn wait_for_end(all: &Processes, task: TaskId) -> Task {
    let begin = Instant::now();
    loop {
        let info = info(all, task).await;
        if info.state.is_finished() {
            return info;
        }
        assert!(begin.elapsed() < PATIENCE, "task {task} is {} and does not end\n{}", info.state, all.logs());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Kills the process of a task, which may be about to begin.
async fn kill_task(all: &Processes, task: TaskId) {
    let begin = Instant::now();
    let title = format!("koji-task-{task}");
    let builders = || all.builders.iter().map(Program::id).collect();
    loop {
        if let Some(process) = process_titled(&title, builders()) {
            let killed = std::process::Command::new("kill").args(["-9", &process]).status();
            killed.expect("kill");
            // a second kill is to find the next process, not this one at its end
            while process_titled(&title, builders()).is_some_and(|left| left == process) {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            return;
        }
        if info(all, task).await.state.is_finished() {
            return;
        }
        assert!(begin.elapsed() < PATIENCE, "{title} does not run\n{}", all.logs());
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

fn parent(process: &str) -> Option<u32> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix("PPid:"))?.trim().parse().ok()
}

/// The process of that title below one of the builders: other tests have tasks of the same numbers.
fn process_titled(title: &str, builders: Vec<u32>) -> Option<String> {
    let processes = std::fs::read_dir("/proc").expect("/proc").flatten();
    let mut ids = processes.filter_map(|entry| entry.file_name().into_string().ok());
    ids.find(|id| {
        let command = std::fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
        command.split(|byte| *byte == 0).next() == Some(title.as_bytes())
            && parent(id).is_some_and(|parent| builders.contains(&parent))
    })
}
