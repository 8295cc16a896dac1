//! From a builder's task to a complete build, as builders and users see it.

use base64::Engine;
use koji_core::api::builds::{CancelBuild, GetBuild, GetBuildLogs, GetBuildType, GetChangelogEntries};
use koji_core::api::host::{CloseTask, GetHostTasks, GetTasks, OpenTask, RefuseTask, Subtask, WaitWork};
use koji_core::api::host_builds::{CompleteBuild, FailBuild, InitBuild, MoveBuildToScratch};
use koji_core::api::repos::{CheckRepoQueue, QueryRepoQueue, RequestRepo};
use koji_core::api::rpms::*;
use koji_core::api::tags::CreateTag;
use koji_core::api::tasks::{AssignTask, DownloadTaskOutput, GetTaskInfo, GetTaskResult, MakeTask, SetTaskPriority};
use koji_core::api::{QueryOpts, RpmRef, VarArgs};
use koji_core::fault::{Fault, FaultKind};
use koji_core::ids::{BuildId, TaskId};
use koji_core::model::{BuildState, DepType};
use koji_core::xmlrpc::{Struct, Value, from_value, write_fault, write_response};
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

#[tokio::test]
async fn what_is_in_an_rpm_is_read_from_its_file() {
    let rpms = build_rpms("hello", "2.10", "1", "Epoch: 2\n");
    for hub in hubs("what_is_in_an_rpm").await {
        let admin = hub.admin().await;
        for (name, bytes) in &rpms.0 {
            hub.hub.storage().put(&format!("work/cli/{name}"), bytes.clone().into()).await.unwrap();
            let answer = admin.call(ImportRpm::new("cli", name.as_str())).await.unwrap();
            let answer = answer.as_struct().unwrap();
            assert_eq!(answer.get("epoch"), Some(&Value::Int(2)));
            assert_eq!(answer.get("sourcepackage").unwrap().is_nil(), !name.ends_with(".src.rpm"));
        }
        let refused = admin.refused(ImportRpm::new("cli", rpms.0[0].0.as_str())).await.1;
        assert!(refused.ends_with("already exists"), "{refused}");
        let id = admin.call(GetRpm::new("hello-2.10-1.noarch")).await.unwrap();
        let id = id.as_struct().unwrap().get("id").unwrap().as_int().unwrap();
        let hello = RpmRef::Nvra("hello-2.10-1.noarch.rpm".into());
        let listed = admin.call(ListRpms::new().arches("noarch".to_owned())).await.unwrap().into_list();
        assert_eq!(listed.iter().map(|rpm| rpm.nvr.as_str()).collect::<Vec<_>>(), ["hello-2.10-1", "hello-doc-2.10-1"]);
        assert_eq!((listed[0].epoch, listed[0].external_repo_name.as_str()), (Some(2), "INTERNAL"));
        assert_eq!(admin.call(GetRpm::new("nosuch-1-1.noarch")).await.unwrap(), Value::Nil);
        let multi = admin.call(GetRpm::new(hello.clone()).multi(true)).await.unwrap();
        assert_eq!(multi.as_array().unwrap().len(), 1);

        let deps = admin.call(GetRpmDeps::new(hello.clone())).await.unwrap().into_list();
        let bash = deps.iter().find(|dep| dep.name == "bash").unwrap();
        assert_eq!((bash.version.as_str(), bash.flags, bash.kind), ("5", 12, DepType::Require));
        let provides = admin.call(GetRpmDeps::new(hello.clone()).dep_type(1)).await.unwrap().into_list();
        assert!(provides.iter().any(|dep| dep.name == "hello" && dep.version == "2:2.10-1" && dep.flags == 8));
        assert_eq!(admin.call(GetRpmDeps::new(hello.clone()).dep_type("x")).await.unwrap().count(), 0);

        let opts = QueryOpts { order: Some("-name".into()), ..QueryOpts::default() };
        let files = admin.call(ListRpmFiles::new(hello.clone()).query_opts(opts)).await.unwrap().into_list();
        assert_eq!((files[0].name.as_str(), files[0].size, files[0].mode), ("/usr/share/hello/hello", 6, 0o100644));
        assert_eq!(
            (files[0].digest_algo.as_str(), files[0].digest.len(), files[0].user.as_str()),
            ("sha256", 64, "root")
        );
        assert_eq!((files[1].name.as_str(), files[1].digest.as_str()), ("/usr/share/hello", ""));

        let headers =
            ["name", "EPOCH", "filenames", "recommendname", "vcs", "nevra", "optflags"].map(String::from).to_vec();
        let fields = admin.call(GetRpmHeaders::new().rpm_id(hello.clone()).headers(headers)).await.unwrap();
        assert_eq!(fields.get("name"), Some(&"hello".into()));
        assert_eq!(fields.get("EPOCH"), Some(&2.into()));
        assert_eq!(fields.get("nevra"), Some(&"hello-2:2.10-1.noarch".into()));
        assert_eq!((fields.get("vcs"), fields.get("recommendname")), (Some(&Value::Nil), Some(&Value::Array(vec![]))));
        assert_eq!(fields.get("filenames").unwrap().as_array().unwrap().len(), 2);
        let all = admin.call(GetRpmHeaders::new().rpm_id(hello.clone())).await.unwrap();
        assert_eq!(all.get("SUMMARY"), Some(&"A test".into()));
        assert!(all.get("SIGMD5").is_some() && all.get("SIGSIZE").is_some() && all.get("FILEMD5S").is_some());
        let refused = admin.refused(GetRpmHeaders::new().rpm_id(hello).headers(vec!["nosuch".into()])).await.1;
        assert_eq!(refused, "No such rpm header field: NOSUCH");

        let log = admin.call(GetChangelogEntries::new().build_id("hello-2.10-1")).await.unwrap().into_list();
        assert_eq!((log[0].date.as_str(), log[0].text.as_str()), ("2025-01-06 12:00:00", "- Second"));
        assert_eq!(log[1].author, "Žofie <zofie@example.com>");

        let sums = admin.call(GetRpmChecksums::new(i32::try_from(id).unwrap())).await.unwrap();
        let sums: Struct = from_value(sums.get("").unwrap().clone()).unwrap();
        assert_eq!(sums.get("md5").unwrap().as_str().unwrap().len(), 32);
        let path = "packages/hello/2.10/1/noarch/hello-2.10-1.noarch.rpm";
        let stored = hub.hub.storage().read(path, 0, u64::MAX).await.unwrap();
        assert_eq!(&stored[..], &rpms.0.iter().find(|(name, _)| name == "hello-2.10-1.noarch.rpm").unwrap().1[..]);
        let sigs = admin.call(QueryRpmSigs::new()).await.unwrap().into_list();
        assert_eq!(sigs.iter().map(|sig| (sig.sigkey.as_str(), sig.sighash.len())).collect::<Vec<_>>(), [("", 32); 3]);
    }
}

#[tokio::test]
async fn a_signature_belongs_to_its_rpm() {
    let (rpms, other) = (build_rpms("hello", "2.10", "1", ""), build_rpms("other", "1", "1", ""));
    for hub in hubs("a_signature_belongs").await {
        let admin = hub.admin().await;
        for (name, bytes) in rpms.0.iter().chain(&other.0) {
            hub.hub.storage().put(&format!("work/cli/{name}"), bytes.clone().into()).await.unwrap();
            admin.call(ImportRpm::new("cli", name.as_str())).await.unwrap();
        }
        let header = async |rpm: &str| {
            let path = format!("packages/{rpm}");
            base64::engine::general_purpose::STANDARD.encode(hub.hub.storage().read(&path, 0, 1 << 20).await.unwrap())
        };
        let own = header("hello/2.10/1/data/sigcache/noarch/hello-2.10-1.noarch.rpm.sig").await;
        let foreign = header("other/1/1/data/sigcache/noarch/other-1-1.noarch.rpm.sig").await;
        let refused = admin.refused(AddRpmSig::new("hello-2.10-1.noarch", own)).await.1;
        assert_eq!(refused, "Signature already exists for package hello-2.10-1.noarch, key ");
        let refused = admin.refused(AddRpmSig::new("hello-2.10-1.noarch", foreign)).await.1;
        assert!(refused.starts_with("wrong md5 for hello-2.10-1.noarch: "), "{refused}");
        let refused = admin.refused(AddRpmSig::new("hello-2.10-1.noarch", "aGVsbG8=")).await.1;
        assert!(refused.starts_with("invalid signature header for hello-2.10-1.noarch: "), "{refused}");
        let refused = admin.refused(WriteSignedRpm::new("hello-2.10-1.noarch", "D30CB247")).await.1;
        assert_eq!(refused, "No cached signature for package hello-2.10-1.noarch, key d30cb247");
        admin.call(WriteSignedRpm::new("hello-2.10-1.noarch", "")).await.unwrap();
        let copy = "packages/hello/2.10/1/data/signed/noarch/hello-2.10-1.noarch.rpm";
        let copy = hub.hub.storage().read(copy, 0, u64::MAX).await.unwrap();
        assert_eq!(&copy[..], &rpms.0.iter().find(|(name, _)| name == "hello-2.10-1.noarch.rpm").unwrap().1[..]);
        let refused = admin.refused(DeleteRpmSig::new("hello-2.10-1.noarch").sigkey("x")).await.1;
        assert_eq!(refused, "hello-2.10-1.noarch has no matching signatures to delete");
        assert_eq!(admin.refused(DeleteRpmSig::new("hello-2.10-1.noarch")).await.1, "No signature specified");
        admin.call(DeleteRpmSig::new("hello-2.10-1.noarch").all_sigs(true)).await.unwrap();
        assert!(!exists(&hub, "packages/hello/2.10/1/data/signed/noarch/hello-2.10-1.noarch.rpm").await);
        assert!(!exists(&hub, "packages/hello/2.10/1/data/sigcache/noarch/hello-2.10-1.noarch.rpm.sig").await);
        let sigs = admin.call(QueryRpmSigs::new().rpm_id(RpmRef::from("hello-2.10-1.noarch"))).await.unwrap();
        assert_eq!(sigs.count(), 0);
    }
}

#[tokio::test]
async fn a_subtask_of_the_most_urgent_task_is_as_urgent() {
    for hub in hubs("a_subtask_of_the_most_urgent_task").await {
        let builder = hub.builder("builder1").await;
        let admin = hub.admin().await;
        let parent = hub.open_task(&builder, &admin, "build").await;
        admin.call(SetTaskPriority::new(parent, i32::MIN)).await.unwrap();
        let child = builder.call(Subtask::new("buildNotification", vec![], parent)).await.unwrap();
        let child = admin.call(GetTaskInfo::new(child.0)).await.unwrap();
        assert_eq!(child.as_struct().unwrap().get("priority"), Some(&i32::MIN.into()));
    }
}

#[tokio::test]
async fn a_repo_task_that_answers_nonsense_does_not_stop_the_queue() {
    for hub in hubs("a_repo_task_that_answers_nonsense").await {
        let builder = hub.builder("builder1").await;
        let user = hub.user("releng", &["tag", "repo"]).await;
        for tag in ["f44", "f45"] {
            user.call(CreateTag::new(tag).arches("x86_64")).await.unwrap();
        }
        user.call(RequestRepo::new("f44")).await.unwrap();
        user.call(CheckRepoQueue::new()).await.unwrap();
        let queue = user.call(QueryRepoQueue::new()).await.unwrap();
        let first = queue.as_array().and_then(<[Value]>::first).and_then(Value::as_struct).unwrap();
        let task: TaskId = from_value(first.get("task_id").cloned().unwrap()).unwrap();
        builder.call(OpenTask::new(task)).await.unwrap().unwrap();
        builder.call(CloseTask::new(task, write_response(&Value::from("nonsense")).unwrap())).await.unwrap();
        user.call(RequestRepo::new("f45")).await.unwrap();
        user.call(CheckRepoQueue::new()).await.unwrap();
        let queue = user.call(QueryRepoQueue::new()).await.unwrap();
        let tasks = queue.as_array().unwrap().iter().filter_map(|r| r.as_struct()?.get("task_id")?.as_int());
        let mut tasks: Vec<i64> = tasks.collect();
        tasks.dedup();
        assert!(tasks.len() == 2 && !tasks.contains(&task.0.into()), "{tasks:?}");
    }
}

#[tokio::test]
async fn a_task_is_refused_by_the_host_that_it_is_on_only() {
    for hub in hubs("a_task_is_refused_by_the_host").await {
        let (one, two) = (hub.builder("builder1").await, hub.builder("builder2").await);
        let admin = hub.admin().await;
        let task = hub.open_task(&one, &admin, "build").await;
        two.call(RefuseTask::new(task)).await.unwrap();
        let state = |task: Value| task.as_struct().and_then(|t| t.get("state")?.as_int());
        assert_eq!(state(admin.call(GetTaskInfo::new(task.0)).await.unwrap()), Some(1));
        one.call(RefuseTask::new(task).msg("no room")).await.unwrap();
        assert_eq!(state(admin.call(GetTaskInfo::new(task.0)).await.unwrap()), Some(0));
    }
}

#[tokio::test]
async fn a_host_hears_of_its_own_tasks_that_have_not_ended() {
    for hub in hubs("a_host_hears_of_its_own_tasks").await {
        let (one, two) = (hub.builder("builder1").await, hub.builder("builder2").await);
        let admin = hub.admin().await;
        let open = hub.open_task(&one, &admin, "build").await;
        let ended = hub.open_task(&one, &admin, "build").await;
        one.call(CloseTask::new(ended, write_response(&Value::Nil).unwrap())).await.unwrap();
        let args = VarArgs(vec!["sleep".into(), Value::Array(vec![])]);
        let assigned = admin.call(MakeTask::new().args(args)).await.unwrap();
        assert!(admin.call(AssignTask::new(assigned, "builder2")).await.unwrap());
        let ids = |tasks: Vec<TaskId>| tasks.into_iter().map(|t| t.0).collect::<Vec<_>>();
        let open_on = async |b: &Caller<'_>| b.call(GetHostTasks::new()).await.unwrap().iter().map(|t| t.id).collect();
        let assigned_to = async |b: &Caller<'_>| b.call(GetTasks::new()).await.unwrap().iter().map(|t| t.id).collect();
        assert_eq!((ids(open_on(&one).await), ids(assigned_to(&one).await)), (vec![open.0], vec![]));
        assert_eq!((ids(open_on(&two).await), ids(assigned_to(&two).await)), (vec![], vec![assigned.0]));
        assert!(two.call(WaitWork::new().timeout(0)).await.unwrap());
        assert!(!one.call(WaitWork::new().timeout(0)).await.unwrap());
    }
}

#[tokio::test]
async fn a_large_file_comes_in_parts_or_not_at_all() {
    for hub in hubs("a_large_file_comes_in_parts").await {
        let task = TaskId(7);
        let bytes = vec![b'x'; (64 << 20) + 1];
        hub.hub.storage().put("work/tasks/7/7/big", bytes.into()).await.unwrap();
        let nobody = hub.nobody();
        let refused = nobody.refused(DownloadTaskOutput::new(task, "big")).await.1;
        assert!(refused.contains("too large for one answer: 67108865 bytes"), "{refused}");
        let part = nobody.call(DownloadTaskOutput::new(task, "big").offset(-2)).await.unwrap();
        assert_eq!(part, "eHg=");
    }
}

#[tokio::test]
async fn a_task_ends_well_with_a_result_that_can_be_read() {
    for hub in hubs("a_task_ends_well_with_a_result").await {
        let builder = hub.builder("builder1").await;
        let admin = hub.admin().await;
        let task = hub.open_task(&builder, &admin, "sleep").await;
        let fault = write_fault(&Fault::new(FaultKind::Build, "it broke"));
        assert_eq!(builder.refused(CloseTask::new(task, fault)).await, (FaultKind::Build, "it broke".into()));
        builder.refused(CloseTask::new(task, "not XML-RPC")).await;
        let open = builder.call(GetHostTasks::new()).await.unwrap();
        assert_eq!(open.iter().map(|t| t.id).collect::<Vec<_>>(), [task]);
        builder.call(CloseTask::new(task, write_response(&Value::from("done")).unwrap())).await.unwrap();
        assert_eq!(admin.call(GetTaskResult::new(task)).await.unwrap(), Value::from("done"));
    }
}
