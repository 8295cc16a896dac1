//! Builds, as the hub's callers see them.

mod deletion;
mod merge_scratch;
mod moves;

use koji_core::api::builds::*;
use koji_core::api::query::Rows;
use koji_core::api::{BuildRef, QueryOpts, UserRef};
use koji_core::fault::FaultKind;
use koji_core::ids::{BuildId, TaskId, VolumeId};
use koji_core::model::BuildState;
use koji_core::xmlrpc::{Struct, Value};
use koji_tests::{Caller, hubs};

async fn create(user: &Caller<'_>, name: &str, version: &str, release: &str) -> BuildId {
    user.call(CreateEmptyBuild::new(name, version, release, None)).await.unwrap()
}

#[tokio::test]
async fn a_build_is_found_by_each_of_its_names() {
    for hub in hubs("a_build_is_found").await {
        let admin = hub.admin().await;
        let id = admin.call(CreateEmptyBuild::new("hello", "2.10", "1.el9", 3)).await.unwrap();
        let parts = BuildRef::Parts { name: "hello".into(), version: "2.10".into(), release: "1.el9".into() };
        for build in [BuildRef::Id(id), "hello-2.10-1.el9".into(), parts] {
            let found = admin.call(GetBuild::new(build.clone())).await.unwrap().unwrap();
            assert_eq!((found.id, found.build_id, found.nvr.as_str()), (id, id, "hello-2.10-1.el9"));
            assert_eq!((found.epoch, found.state, found.owner_id), (Some(3), BuildState::Complete, admin.id));
            assert_eq!((found.volume_name.as_str(), found.task_id, found.extra), ("DEFAULT", None, None));
            assert_eq!(found.creation_ts.0, found.creation_time.as_secs_f64());
            assert_eq!(admin.call(FindBuildId::new(build)).await.unwrap(), Some(id));
        }
        assert_eq!(admin.call(GetBuild::new("nosuch-1-1")).await.unwrap(), None);
        assert_eq!(admin.call(FindBuildId::new(BuildId(99))).await.unwrap(), Some(BuildId(99)));
        let refused = admin.refused(GetBuild::new("nosuch-1-1").strict(true)).await;
        assert_eq!(refused, (FaultKind::Generic, "No such build: 'nosuch-1-1'".into()));
        assert_eq!(admin.refused(GetBuild::new("nosuch")).await.1, "invalid format: nosuch");
        for (value, text) in [
            (Value::Array(vec![]), "Invalid type for argument: <class 'list'>"),
            (Value::Struct(Struct::new()), "did not provide name, version, and release"),
        ] {
            let fault = admin.call_raw("getBuild", vec![value]).await.unwrap_err();
            assert_eq!((fault.code, fault.message.as_str()), (1000, text));
        }
    }
}

#[tokio::test]
async fn builds_are_listed_by_all_that_is_asked_for() {
    for hub in hubs("builds_are_listed").await {
        let admin = hub.admin().await;
        let bob = hub.user("bob", &[]).await;
        let ids = [
            create(&admin, "hello", "2.10", "1").await,
            create(&admin, "hello", "2.10", "2").await,
            create(&admin, "alpha_x", "1", "1").await,
        ];
        let owned = CreateEmptyBuild::new("alpha", "1", "1", None).owner(UserRef::Id(bob.id)).draft(true);
        let draft = admin.call(owned).await.unwrap();
        let list = async |asked: ListBuilds| -> Vec<BuildId> {
            admin.call(asked).await.unwrap().into_list().into_iter().map(|b| b.build_id).collect()
        };
        let all = [ids[0], ids[1], ids[2], draft];
        assert_eq!(list(ListBuilds::new()).await, all);
        assert_eq!(list(ListBuilds::new().package_id("hello")).await, ids[..2]);
        assert_eq!(list(ListBuilds::new().package_id("nosuch")).await, []);
        assert_eq!(list(ListBuilds::new().user_id("bob")).await, [draft]);
        assert_eq!(list(ListBuilds::new().user_id("nobody")).await, []);
        assert_eq!(list(ListBuilds::new().prefix("ALPHA")).await, [ids[2], draft]);
        assert_eq!(list(ListBuilds::new().pattern("*a_x-*")).await, [ids[2]]);
        assert_eq!(list(ListBuilds::new().state(0)).await, []);
        assert_eq!(list(ListBuilds::new().state(vec![0, 1])).await, all);
        assert_eq!(list(ListBuilds::new().volume_id(VolumeId(0)).draft(false)).await, ids);
        assert_eq!(list(ListBuilds::new().task_id(TaskId(-1))).await, []);
        assert_eq!(list(ListBuilds::new().cg_id("nosuch")).await, []);
        assert_eq!(list(ListBuilds::new().kind("rpm")).await, []);
        assert_eq!(admin.refused(ListBuilds::new().kind("nosuch")).await.1, "unsupported build type: nosuch");
        for (since, expected) in [("2020-01-01", &all[..]), ("2100-01-01 00:00:00", &[])] {
            let named: Struct =
                [("createdAfter", Value::from(since)), ("__starstar", true.into())].into_iter().collect();
            let answer = admin.call_raw("listBuilds", vec![named.into()]).await.unwrap();
            assert_eq!(answer.as_array().unwrap().len(), expected.len(), "{since}");
        }
        let opts = QueryOpts { order: Some("-build_id".into()), limit: Some(2), ..QueryOpts::default() };
        assert_eq!(list(ListBuilds::new().query_opts(opts.clone())).await, [draft, ids[2]]);
        let opts = QueryOpts { count_only: Some(true), ..opts };
        assert!(matches!(admin.call(ListBuilds::new().query_opts(opts)).await.unwrap(), Rows::Count(2)));
        let opts = QueryOpts { as_list: Some(true), limit: Some(1), ..QueryOpts::default() };
        let named: Struct =
            [("queryOpts", koji_core::api::Param::into_value(opts)), ("__starstar", true.into())].into_iter().collect();
        let answer = admin.call_raw("listBuilds", vec![named.into()]).await.unwrap();
        let row = answer.as_array().unwrap()[0].as_array().unwrap();
        // the values of fields in the order of their names
        assert_eq!((row.len(), &row[0], row[10].as_str()), (28, &Value::Int(ids[0].0.into()), Some("hello-2.10-1")));
    }
}

#[tokio::test]
async fn a_build_is_made_once() {
    for hub in hubs("a_build_is_made_once").await {
        let admin = hub.admin().await;
        let alice = hub.user("alice", &[]).await;
        let id = create(&admin, "alpha", "1.0", "1").await;
        let refused = admin.refused(CreateEmptyBuild::new("alpha", "1.0", "1", None)).await;
        let shown = "{'name': 'alpha', 'version': '1.0', 'release': '1', 'epoch': None, 'draft': False, 'pkg_id': 1, \
                     'extra': None, 'state': 1, 'start_time': 'NOW', 'completion_time': 'NOW', 'source': None, \
                     'owner': 1, 'task_id': None, 'volume_id': 0}";
        assert_eq!(refused.1, format!("Build already exists (id={id}, state=COMPLETE): {shown}"));
        let refused = admin.refused(CreateEmptyBuild::new("bad name", "1.0", "1", None)).await;
        assert_eq!(refused.1, "Name bad name does not match RegexNameInternal value");
        let refused = alice.refused(CreateEmptyBuild::new("alpha", "1.0", "2", None)).await;
        assert_eq!(refused, (FaultKind::ActionNotAllowed, "admin permission required (logged in as alice)".into()));
        let draft = admin.call(CreateEmptyBuild::new("alpha", "1.0", "2", None).draft(true)).await.unwrap();
        let draft = admin.call(GetBuild::new(draft)).await.unwrap().unwrap();
        assert_eq!((draft.draft, draft.release), (true, format!("2,draft_{}", draft.id)));
        let next = Struct::from_iter([("name", "alpha"), ("version", "1.0")]);
        assert_eq!(admin.call(GetNextRelease::new(next)).await.unwrap(), "2");
        assert_eq!(admin.call(GetAverageBuildDuration::new("alpha")).await.unwrap(), None);
        assert_eq!(admin.call(GetAverageBuildDuration::new("alpha").age(3)).await.unwrap(), None);
    }
}

#[tokio::test]
async fn types_and_logs_are_those_of_the_build() {
    for hub in hubs("types_and_logs").await {
        let admin = hub.admin().await;
        let id = create(&admin, "alpha", "1.0", "1").await;
        let names: Vec<_> = admin.call(ListBTypes::new()).await.unwrap().into_list();
        assert_eq!(names.iter().map(|t| t.name.as_str()).collect::<Vec<_>>(), ["rpm", "maven", "win", "image"]);
        assert_eq!(admin.call(GetBuildType::new(id)).await.unwrap(), Some(Struct::new()));
        assert_eq!(admin.call(GetMavenBuild::new(id)).await.unwrap(), None);
        let refused = admin.refused(GetWinBuild::new("alpha-1.0-1").strict(true)).await;
        assert_eq!(refused.1, "no such Windows build: alpha-1.0-1");
        let storage = hub.hub.storage();
        storage.put("packages/alpha/1.0/1/data/logs/x86_64/build.log", "x".into()).await.unwrap();
        storage.put("packages/alpha/1.0/1/data/logs/top.log", "x".into()).await.unwrap();
        let logs = admin.call(GetBuildLogs::new(id)).await.unwrap();
        let paths: Vec<_> = logs.iter().map(|log| (log.dir.as_str(), log.path.as_str())).collect();
        assert_eq!(
            paths,
            [
                (".", "packages/alpha/1.0/1/data/logs/./top.log"),
                ("x86_64", "packages/alpha/1.0/1/data/logs/x86_64/build.log")
            ]
        );
    }
}

#[tokio::test]
async fn owner_and_time_of_a_build_can_be_set() {
    for hub in hubs("owner_and_time").await {
        let admin = hub.admin().await;
        let alice = hub.user("alice", &[]).await;
        let id = create(&admin, "alpha", "1.0", "1").await;
        admin.call(SetBuildOwner::new(id, "alice")).await.unwrap();
        admin.call(SetBuildTimestamp::new(id, 1_700_000_000)).await.unwrap();
        let build = admin.call(GetBuild::new(id)).await.unwrap().unwrap();
        assert_eq!((build.owner_id, build.completion_ts.unwrap().0), (alice.id, 1_700_000_000.0));
        assert_eq!(admin.refused(SetBuildTimestamp::new(id, "x")).await.1, "Invalid type for timestamp");
        assert_eq!(admin.refused(SetBuildOwner::new(id, "nosuch")).await.1, "No such user: 'nosuch'");
        admin.call(AddBType::new("mytype")).await.unwrap();
        assert_eq!(admin.refused(AddBType::new("mytype")).await.1, "btype already exists");
    }
}

#[tokio::test]
async fn a_build_has_a_directory_that_is_no_other_builds() {
    for hub in hubs("a_build_has_a_directory").await {
        let admin = hub.admin().await;
        for (name, version, release, wrong) in [
            ("hello", "../../x", "1", "version of a build: ../../x"),
            ("hello", "1", "..", "release of a build: .."),
            ("hello", "1/2", "3", "version of a build: 1/2"),
            ("hello", "", "1", "version of a build: "),
            ("hello/1", "2", "3", "name of a build: hello/1"),
            ("..", "2", "3", "name of a build: .."),
        ] {
            let refused = admin.refused(CreateEmptyBuild::new(name, version, release, None)).await;
            assert_eq!(refused, (FaultKind::Generic, format!("Invalid {wrong}")));
        }
        create(&admin, "hello", "1~rc1^git", "3.el9_1+x").await;
    }
}
