//! Repos for distribution: asked for, begun, and put in place by builders.

use koji_core::api::host_repos::{DistRepoMove, RepoDone};
use koji_core::api::repos::{GetRepo, RepoInfo};
use koji_core::api::rpms::{GetRpm, ImportRpm};
use koji_core::api::tags::{CreateTag, EditTag2};
use koji_core::api::tasks::{GetTaskInfo, GetTaskRequest};
use koji_core::api::typed_tasks::DistRepo;
use koji_core::api::{KwArgs, TagRef};
use koji_core::fault::FaultKind;
use koji_core::ids::{RepoId, TaskId};
use koji_core::model::{RepoState, Task, TaskState};
use koji_core::xmlrpc::{Struct, Value, from_value};
use koji_tests::{Caller, TestHub, build_rpms, databases, hubs};

fn options(members: impl IntoIterator<Item = (&'static str, Value)>) -> KwArgs {
    let arches = Value::Array(vec!["x86_64".into(), "i686".into()]);
    KwArgs([("arch", arches)].into_iter().chain(members).collect())
}

fn asked() -> DistRepo {
    DistRepo::new("dist", vec![Value::from("abcd1234")]).task_opts(options([]))
}

async fn repo_of(user: &Caller<'_>, task: TaskId) -> RepoId {
    let request = user.call(GetTaskRequest::new(task)).await.unwrap();
    RepoId(i32::try_from(request[1].as_int().unwrap()).unwrap())
}

async fn task(user: &Caller<'_>, id: TaskId) -> Task {
    from_value(user.call(GetTaskInfo::new(id.0)).await.unwrap()).unwrap()
}

async fn exists(hub: &TestHub, path: &str) -> bool {
    hub.hub.storage().metadata(path).await.unwrap().is_some()
}

async fn put(hub: &TestHub, path: &str, content: &str) {
    hub.hub.storage().put(path, content.to_owned().into()).await.unwrap();
}

#[tokio::test]
async fn a_repo_is_begun_with_its_task() {
    for hub in hubs("a_repo_is_begun").await {
        let admin = hub.admin().await;
        admin.call(CreateTag::new("dist")).await.unwrap();
        hub.hub.storage().create_dir("vol/slow").await.unwrap();
        admin.call(koji_core::api::volumes::AddVolume::new("slow")).await.unwrap();
        put(&hub, "work/cli/comps.xml", "<comps/>").await;
        let opts = options([("comps", "cli/comps.xml".into()), ("volume", "slow".into()), ("latest", true.into())]);
        let id = admin.call(asked().task_opts(opts.clone())).await.unwrap();
        let found = task(&admin, id).await;
        assert_eq!((found.method.as_str(), found.priority, found.arch.as_str()), ("distRepo", Some(15), "noarch"));
        let repo = repo_of(&admin, id).await;
        let info = admin.call(RepoInfo::new(repo)).await.unwrap().unwrap();
        assert_eq!((info.state, info.dist, info.tag_name.as_str()), (RepoState::Init, Some(true), "dist"));
        assert_eq!((info.opts, info.custom_opts, info.task_id), (None, None, None));
        let request = admin.call(GetTaskRequest::new(id)).await.unwrap();
        let mut expected = opts.0;
        expected.insert("event", info.create_event.0);
        assert_eq!(request[0], "dist".into());
        assert_eq!(request[2..], [Value::Array(vec!["abcd1234".into()]), expected.into()]);
        for path in ["x86_64", "i386", "groups/comps.xml", "repo.json"] {
            assert!(exists(&hub, &format!("vol/slow/repos-dist/dist/{repo}/{path}")).await, "{path}");
        }
        assert!(exists(&hub, &format!("repos-dist/dist/{repo}/repo.json")).await, "no link from the usual volume");

        assert!(admin.call(DistRepo::new("dist", Vec::new())).await.is_err(), "no arches");
        let refused = admin.refused(DistRepo::new("nosuch", Vec::new()).task_opts(options([]))).await.1;
        assert_eq!(refused, "No such tagInfo: 'nosuch'");
        let refused = admin.refused(DistRepo::new("dist", "notalist").task_opts(options([]))).await;
        let expected = "Invalid type for value 'notalist': <class 'str'>, expected type <class 'list'>";
        assert_eq!(refused, (FaultKind::Parameter, expected.into()));
        let refused = admin.refused(asked().task_opts(options([("volume", "nosuch".into())]))).await.1;
        assert_eq!(refused, "No such entry in table volume: nosuch");
        let refused = admin.refused(asked().task_opts(options([("comps", "../../etc/passwd".into())]))).await.1;
        assert_eq!(refused, "Invalid path: ../../etc/passwd");
        let refused = admin.refused(asked().task_opts(options([("event", 9999.into())]))).await.1;
        assert_eq!(refused, "No such event: 9999");
        let wrong = KwArgs(Struct::from_iter([("arch", Value::Array(vec!["../x".into()]))]));
        assert_eq!(admin.refused(asked().task_opts(wrong)).await.0, FaultKind::Parameter);
    }
}

#[tokio::test]
async fn the_policy_says_who_may_ask() {
    for db in databases("dist_repo_policy").await {
        let hub = TestHub::with(db, |config| {
            config.policies.push(("dist_repo".into(), "match tag open* :: allow\nall :: deny not here".into()));
        });
        let (admin, alice) = (hub.admin().await, hub.user("alice", &[]).await);
        admin.call(CreateTag::new("dist")).await.unwrap();
        admin.call(CreateTag::new("open")).await.unwrap();
        let refused = alice.refused(asked()).await;
        assert_eq!(refused, (FaultKind::ActionNotAllowed, "policy violation (dist_repo): not here".into()));
        alice.call(DistRepo::new("open", Vec::new()).task_opts(options([]))).await.unwrap();
        hub.user("rel", &["dist-repo"]).await.call(asked()).await.unwrap();
        admin.call(asked()).await.unwrap();
        let refused = hub.nobody().refused(DistRepo::new("open", Vec::new()).task_opts(options([]))).await.1;
        assert_eq!(refused, "task must have an owner");
        assert!(!exists(&hub, "repos-dist/open/5").await && !exists(&hub, "repos-dist/open/4").await);
    }
}

#[tokio::test]
async fn a_new_repo_may_cancel_others() {
    for hub in hubs("a_new_repo_may_cancel").await {
        let admin = hub.admin().await;
        for tag in ["dist", "other"] {
            admin.call(CreateTag::new(tag)).await.unwrap();
        }
        let first = admin.call(asked()).await.unwrap();
        let other = admin.call(DistRepo::new("other", Vec::new()).task_opts(options([]))).await.unwrap();
        let second = admin.call(asked()).await.unwrap();
        assert_eq!(task(&admin, first).await.state, TaskState::Free);
        let extra: Struct = [("extra", Struct::from_iter([("distrepo.cancel_others", true)]))].into_iter().collect();
        admin.call(EditTag2::new("dist").changes(KwArgs(extra))).await.unwrap();
        let third = admin.call(asked()).await.unwrap();
        for (id, state) in [
            (first, TaskState::Canceled),
            (second, TaskState::Canceled),
            (other, TaskState::Free),
            (third, TaskState::Free),
        ] {
            assert_eq!(task(&admin, id).await.state, state, "{id}");
        }
    }
}

#[tokio::test]
async fn a_builder_puts_each_arch_in_place() {
    let rpms = build_rpms("hello", "2.10", "1", "");
    for hub in hubs("a_builder_puts_each_arch").await {
        let (admin, builder) = (hub.admin().await, hub.builder("builder1").await);
        admin.call(CreateTag::new("dist")).await.unwrap();
        for (name, bytes) in &rpms.0 {
            hub.hub.storage().put(&format!("work/cli/{name}"), bytes.clone().into()).await.unwrap();
            admin.call(ImportRpm::new("cli", name.as_str())).await.unwrap();
        }
        let asked = admin.call(asked()).await.unwrap();
        let repo = repo_of(&admin, asked).await;
        let place = |arch: &str| DistRepoMove::new(repo, "tasks/7/7", arch.to_owned());
        let top = format!("/mnt/koji/repos-dist/dist/{repo}");
        let refused = builder.refused(place("s390x")).await.1;
        assert_eq!(refused, format!("Repo arch directory missing: {top}/s390x"));
        assert_eq!(builder.refused(place("x86_64")).await.1, "Missing repo manifest");
        put(&hub, "work/tasks/7/7/repo_manifest", r#"["kojipkgs", "repodata/repomd.xml"]"#).await;
        assert_eq!(builder.refused(place("x86_64")).await.1, "Missing kojipkgs file");
        let rpm = admin.call(GetRpm::new("hello-2.10-1.noarch")).await.unwrap();
        let mut entry = serde_json::to_value(&rpm).unwrap();
        entry["sigkey"] = "".into();
        let packages = |entry: &serde_json::Value| serde_json::json!({ "hello-2.10-1.noarch.rpm": entry }).to_string();
        put(&hub, "work/tasks/7/7/kojipkgs", &packages(&entry)).await;
        let refused = builder.refused(place("x86_64")).await.1;
        assert_eq!(refused, "uploaded file missing: /mnt/koji/work/tasks/7/7/repodata/repomd.xml");
        put(&hub, "work/tasks/7/7/repodata/repomd.xml", "<repomd/>").await;
        let mut wrong = entry.clone();
        wrong["size"] = 5.into();
        put(&hub, "work/tasks/7/7/kojipkgs", &packages(&wrong)).await;
        let refused = builder.refused(place("x86_64")).await.1;
        assert_eq!(refused, "kojipkgs entry does not match db: file hello-2.10-1.noarch.rpm, key size");
        wrong = entry.clone();
        wrong["sigkey"] = "nosuch".into();
        put(&hub, "work/tasks/7/7/kojipkgs", &packages(&wrong)).await;
        assert!(builder.refused(place("x86_64")).await.1.starts_with("No such file: /mnt/koji/packages/hello/"));
        put(&hub, "work/tasks/7/7/kojipkgs", &serde_json::json!({ "../x": entry }).to_string()).await;
        assert_eq!(builder.refused(place("x86_64")).await.1, "Invalid file name: ../x");
        put(&hub, "work/tasks/7/7/kojipkgs", &packages(&entry)).await;
        assert!(!exists(&hub, &format!("repos-dist/dist/{repo}/x86_64/kojipkgs")).await, "a refusal left a file");

        builder.call(place("x86_64")).await.unwrap();
        for path in ["kojipkgs", "repodata/repomd.xml", "Packages/h/hello-2.10-1.noarch.rpm"] {
            assert!(exists(&hub, &format!("repos-dist/dist/{repo}/x86_64/{path}")).await, "{path}");
        }
        let refused = builder.refused(place("x86_64")).await.1;
        assert_eq!(refused, format!("File already in repo: {top}/x86_64/Packages/h/hello-2.10-1.noarch.rpm"));
        assert!(exists(&hub, &format!("repos-dist/dist/{repo}/x86_64/kojipkgs")).await, "a refusal removed a file");
        builder.call(RepoDone::new(repo, Struct::new())).await.unwrap();
        let ready = admin.call(GetRepo::new(TagRef::from("dist")).dist(true)).await.unwrap().unwrap();
        assert_eq!((ready.id, ready.state), (repo, RepoState::Ready));
        assert_eq!(builder.refused(place("x86_64")).await.1, "Repo is in state: READY");
        let outside = DistRepoMove::new(repo, "../../etc", "x86_64".to_owned());
        assert!(builder.call(outside).await.is_err());
    }
}
