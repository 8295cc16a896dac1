//! From a builder's task to a complete build, as builders and users see it.

use koji_core::api::builds::{CancelBuild, GetBuild, GetBuildLogs, GetBuildType};
use koji_core::api::host_builds::{CompleteBuild, FailBuild, InitBuild, MoveBuildToScratch};
use koji_core::api::rpms::ListBuildRpms;
use koji_core::ids::{BuildId, TaskId};
use koji_core::model::BuildState;
use koji_core::xmlrpc::{Struct, Value};
use koji_tests::{BuiltRpms, Caller, TestHub, build_rpms, hubs};

fn data(task: TaskId, nvr: [&str; 3]) -> Struct {
    [
        ("task_id", Value::from(task.0)),
        ("name", nvr[0].into()),
        ("version", nvr[1].into()),
        ("release", nvr[2].into()),
        ("epoch", Value::Nil),
        ("source", "git://x#1".into()),
        ("extra", Struct::from_iter([("note", "x")]).into()),
    ]
    .into_iter()
    .collect()
}

/// Uploads as the task would; the paths.
async fn upload(hub: &TestHub, task: TaskId, rpms: &BuiltRpms) -> Vec<String> {
    let mut paths = Vec::new();
    for (name, bytes) in &rpms.0 {
        let path = format!("tasks/{task}/{task}/{name}");
        hub.hub.storage().put(&format!("work/{path}"), bytes.clone().into()).await.unwrap();
        paths.push(path);
    }
    let log = format!("work/tasks/{task}/{task}/build.log");
    hub.hub.storage().put(&log, "built".into()).await.unwrap();
    paths
}

fn logs(task: TaskId) -> Struct {
    let log = |name: &str| Value::Array(vec![format!("tasks/{task}/{task}/{name}").into()]);
    [("noarch", log("build.log"))].into_iter().collect()
}

async fn exists(hub: &TestHub, path: &str) -> bool {
    hub.hub.storage().metadata(path).await.unwrap().is_some()
}

async fn state(user: &Caller<'_>, build: BuildId) -> BuildState {
    user.call(GetBuild::new(build)).await.unwrap().unwrap().state
}

#[tokio::test]
async fn a_build_is_complete_with_all_its_files_or_not_at_all() {
    let rpms = build_rpms("hello", "2.10", "1", "");
    for hub in hubs("a_build_is_complete").await {
        let builder = hub.builder("builder1").await;
        let alice = hub.user("alice", &[]).await;
        let task = hub.open_task(&builder, &alice, "build").await;
        let id = builder.call(InitBuild::new(data(task, ["hello", "2.10", "1"]))).await.unwrap();
        // a task that was restarted goes on with its build
        assert_eq!(builder.call(InitBuild::new(data(task, ["hello", "2.10", "1"]))).await.unwrap(), id);
        assert_eq!(state(&alice, id).await, BuildState::Building);
        let paths = upload(&hub, task, &rpms).await;
        let (srpm, others) = paths.split_first().unwrap();

        let complete = |srpm: &str, rpms: &[String], logs: Struct| {
            CompleteBuild::new(task, id, srpm, rpms.to_vec()).brmap(Struct::new()).logs(logs)
        };
        let dir = "packages/hello/2.10/1";
        let missing = Struct::from_iter([("noarch", Value::Array(vec!["tasks/1/1/nosuch.log".into()]))]);
        let refused = builder.refused(complete(srpm, others, missing)).await.1;
        assert_eq!(refused, "Error importing build log. /mnt/koji/work/tasks/1/1/nosuch.log is not a regular file.");
        assert_eq!(state(&alice, id).await, BuildState::Building);
        assert!(!exists(&hub, dir).await, "what was placed stays after the refusal");
        let refused = builder.refused(complete("tasks/1/1/nosuch.src.rpm", others, Struct::new())).await.1;
        assert_eq!(refused, "No such file: /mnt/koji/work/tasks/1/1/nosuch.src.rpm");
        let refused = builder.refused(complete(&others[0], &[], Struct::new())).await.1;
        assert!(refused.starts_with("not a source package: "), "{refused}");
        let refused = builder.refused(complete("../../etc/passwd", &[], Struct::new())).await.1;
        assert_eq!(refused, "Invalid path: ../../etc/passwd");

        let build = builder.call(complete(srpm, others, logs(task))).await.unwrap();
        assert_eq!(
            (build.id, build.state, build.task_id, build.owner_id),
            (id, BuildState::Complete, Some(task), alice.id)
        );
        assert_eq!((build.source.as_deref(), build.nvr.as_str()), (Some("git://x#1"), "hello-2.10-1"));
        for file in [
            "src/hello-2.10-1.src.rpm",
            "noarch/hello-2.10-1.noarch.rpm",
            "noarch/hello-doc-2.10-1.noarch.rpm",
            "data/logs/noarch/build.log",
            "data/sigcache/noarch/hello-2.10-1.noarch.rpm.sig",
        ] {
            assert!(exists(&hub, &format!("{dir}/{file}")).await, "{file}");
        }
        assert!(exists(&hub, &format!("work/{srpm}")).await);
        let types = alice.call(GetBuildType::new(id)).await.unwrap().unwrap();
        assert_eq!(types, Struct::from_iter([("rpm", Value::Nil)]));
        let logs_found = alice.call(GetBuildLogs::new(id)).await.unwrap();
        assert_eq!(logs_found[0].path, format!("{dir}/data/logs/noarch/build.log"));
        let again = builder.refused(complete(srpm, others, Struct::new())).await.1;
        assert_eq!(again, "Unable to complete build: state is COMPLETE");
        assert!(exists(&hub, &format!("{dir}/src/hello-2.10-1.src.rpm")).await, "a refusal removed the build");
    }
}

#[tokio::test]
async fn rpms_of_another_build_are_refused() {
    let (own, other) = (build_rpms("hello", "2.10", "1", ""), build_rpms("other", "1", "1", "Epoch: 3\n"));
    for hub in hubs("rpms_of_another_build").await {
        let builder = hub.builder("builder1").await;
        let task = hub.open_task(&builder, &builder, "build").await;
        let id = builder.call(InitBuild::new(data(task, ["hello", "2.10", "1"]))).await.unwrap();
        let own = upload(&hub, task, &own).await;
        let other = upload(&hub, task, &other).await;
        let refused = async |srpm: &str, rpm: &str| {
            builder.refused(CompleteBuild::new(task, id, srpm, vec![rpm.to_owned()])).await.1
        };
        assert_eq!(
            refused(&own[0], &other[1]).await,
            format!("srpm mismatch for /mnt/koji/work/{}: other-1-1.src.rpm (expected hello-2.10-1.src.rpm)", other[1])
        );
        assert_eq!(
            refused(&other[0], &own[1]).await,
            "Unable to complete build: name mismatch (build: hello, rpm: other)"
        );
        let doubled = vec![own[1].clone(), own[1].replace("tasks/", "tasks/../tasks/")];
        let fault = builder.refused(CompleteBuild::new(task, id, own[0].as_str(), doubled)).await.1;
        assert!(fault.starts_with("Invalid path"), "{fault}");
        // noarch packages that two tasks built count once
        let doubled = vec![own[1].clone(), own[1].clone(), own[2].clone()];
        builder.call(CompleteBuild::new(task, id, own[0].as_str(), doubled)).await.unwrap();
        assert_eq!(builder.call(ListBuildRpms::new(id)).await.unwrap().len(), 3);
    }
}

#[tokio::test]
async fn failed_and_canceled_builds_leave_nothing_and_begin_anew() {
    for hub in hubs("failed_and_canceled").await {
        let builder = hub.builder("builder1").await;
        let (admin, alice, bob) = (hub.admin().await, hub.user("alice", &[]).await, hub.user("bob", &[]).await);
        let task = hub.open_task(&builder, &alice, "build").await;
        let id = builder.call(InitBuild::new(data(task, ["hello", "2.10", "1"]))).await.unwrap();
        hub.hub.storage().put("packages/hello/2.10/1/stray", "x".into()).await.unwrap();
        builder.call(FailBuild::new(task, id)).await.unwrap();
        assert_eq!(state(&admin, id).await, BuildState::Failed);
        assert!(!exists(&hub, "packages/hello/2.10/1").await);
        let refused = builder.refused(FailBuild::new(task, id)).await.1;
        assert_eq!(refused, format!("cannot update build {id}, state: FAILED"));

        let task = hub.open_task(&builder, &alice, "build").await;
        assert_eq!(builder.call(InitBuild::new(data(task, ["hello", "2.10", "1"]))).await.unwrap(), id);
        let other = hub.open_task(&builder, &alice, "build").await;
        let refused = builder.refused(InitBuild::new(data(other, ["hello", "2.10", "1"]))).await.1;
        assert_eq!(refused, format!("Build already in progress (task {task})"));
        assert_eq!(bob.refused(CancelBuild::new(id)).await.1, "Cannot cancel build, not owner");
        assert!(alice.call(CancelBuild::new(id)).await.unwrap());
        assert!(!alice.call(CancelBuild::new(id)).await.unwrap());
        assert!(!alice.call(CancelBuild::new("nosuch-1-1")).await.unwrap());
        assert_eq!(state(&admin, id).await, BuildState::Canceled);
    }
}

#[tokio::test]
async fn scratch_builds_are_put_where_users_find_them() {
    let rpms = build_rpms("hello", "2.10", "1", "");
    for hub in hubs("scratch_builds").await {
        let builder = hub.builder("builder1").await;
        let alice = hub.user("alice", &[]).await;
        let task = hub.open_task(&builder, &alice, "build").await;
        let paths = upload(&hub, task, &rpms).await;
        let request = MoveBuildToScratch::new(task, paths[0].as_str(), paths[1..].to_vec()).logs(logs(task));
        builder.call(request).await.unwrap();
        for file in ["hello-2.10-1.src.rpm", "hello-2.10-1.noarch.rpm", "logs/noarch/build.log"] {
            assert!(exists(&hub, &format!("scratch/alice/task_{task}/{file}")).await, "{file}");
        }
    }
}
