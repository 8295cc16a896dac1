//! Builds of Maven, of Windows and of images, as importers and builders make them.

mod results;

use koji_core::api::buildroots::*;
use koji_core::api::builds::*;
use koji_core::api::host_repos::*;
use koji_core::api::typed_builds::*;
use koji_core::fault::FaultKind;
use koji_core::model::BuildState;
use koji_core::xmlrpc::{Struct, Value};
use koji_hub_lib::db::args;
use koji_tests::hubs;

fn parts(name: &str, release: &str) -> Struct {
    [("name", Value::from(name)), ("version", "1.0".into()), ("release", release.into()), ("epoch", Value::Nil)]
        .into_iter()
        .collect()
}

fn maven(version: &str) -> Struct {
    [("group_id", "org.example"), ("artifact_id", "lib"), ("version", version)].into_iter().collect()
}

#[tokio::test]
async fn importers_give_builds_a_type() {
    for hub in hubs("importers_give_builds").await {
        let (admin, alice) = (hub.admin().await, hub.user("alice", &["maven-import"]).await);
        alice.call(CreateMavenBuild::new(parts("lib", "1"), maven("1.0"))).await.unwrap();
        let build = admin.call(GetBuild::new("lib-1.0-1")).await.unwrap().unwrap();
        assert_eq!((build.state, build.owner_id, build.task_id), (BuildState::Complete, alice.id, None));
        let info = admin.call(GetMavenBuild::new(build.id)).await.unwrap().unwrap();
        assert_eq!((info.get("group_id"), info.get("version")), (Some(&"org.example".into()), Some(&"1.0".into())));
        let types = admin.call(GetBuildType::new(build.id)).await.unwrap().unwrap();
        assert_eq!(types.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["maven"]);
        // again the same, and not another
        admin.call(CreateMavenBuild::new("lib-1.0-1", maven("1.0"))).await.unwrap();
        let refused = admin.refused(CreateMavenBuild::new("lib-1.0-1", maven("2"))).await;
        assert_eq!(refused, (FaultKind::Build, "version mismatch (current: 1.0, new: 2)".into()));
        let refused = admin.refused(CreateMavenBuild::new("nosuch-1-1", maven("2"))).await;
        assert_eq!(refused, (FaultKind::Generic, "Invalid type for build_info: <class 'str'>".into()));
        let refused = alice.refused(CreateWinBuild::new("lib-1.0-1", Struct::new())).await.1;
        assert_eq!(refused, "win-import permission required (logged in as alice)");

        let empty = admin.refused(CreateMavenBuild::new(parts("other", "1"), Struct::new())).await.1;
        assert_eq!(empty, "Maven info is empty");
        assert!(admin.call(GetBuild::new("other-1.0-1")).await.unwrap().is_none(), "a refusal leaves a build");
        let part: Struct = [("group_id", "x")].into_iter().collect();
        let refused = admin.refused(CreateMavenBuild::new(parts("other", "1"), part)).await.1;
        assert_eq!(refused, "Maven info doesn't have mandatory 'artifact_id' key");
        let refused = admin.refused(CreateMavenBuild::new("lib-1.0-1", "x")).await.1;
        assert_eq!(refused, "Invalid type for maven_info: <class 'str'>");
        let mut asked = parts("other", "1");
        asked.remove("epoch");
        let refused = admin.refused(CreateImageBuild::new(asked.clone())).await.1;
        assert_eq!(refused, "Build info doesn't have mandatory 'epoch' key");
        asked.insert("draft", true);
        assert_eq!(admin.refused(CreateImageBuild::new(asked)).await.1, "Draft build not supported");
        admin.call(CreateEmptyBuild::new("wip", "1", "1", None).draft(true)).await.unwrap();
        let draft = admin.call(ListBuilds::new()).await.unwrap().into_list().into_iter().find(|b| b.draft).unwrap();
        let refused = admin.refused(CreateImageBuild::new(draft.nvr)).await.1;
        assert_eq!(refused, "Draft build not supported");

        admin.call(CreateWinBuild::new(parts("win", "1"), Struct::from_iter([("platform", "w7")]))).await.unwrap();
        admin.call(CreateWinBuild::new("win-1.0-1", Struct::from_iter([("platform", "w8")]))).await.unwrap();
        let info = admin.call(GetWinBuild::new("win-1.0-1")).await.unwrap().unwrap();
        assert_eq!(info.get("platform"), Some(&"w8".into()));
        let refused = admin.refused(CreateWinBuild::new("win-1.0-1", Struct::new())).await.1;
        assert_eq!(refused, "Windows info is empty");
        let refused = admin.refused(CreateWinBuild::new("win-1.0-1", Struct::from_iter([("x", "y")]))).await.1;
        assert_eq!(refused, "Windows info doesn't have mandatory platform key");
        admin.call(CreateImageBuild::new("win-1.0-1")).await.unwrap();
        admin.call(CreateImageBuild::new("win-1.0-1")).await.unwrap();
        let types = admin.call(GetBuildType::new("win-1.0-1")).await.unwrap().unwrap();
        assert_eq!(types.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["win", "image"]);
    }
}

#[tokio::test]
async fn builders_begin_builds_of_their_tasks() {
    for hub in hubs("builders_begin_builds").await {
        let (admin, alice) = (hub.admin().await, hub.user("alice", &[]).await);
        let (builder, other) = (hub.builder("builder1").await, hub.builder("builder2").await);
        let task = hub.open_task(&builder, &alice, "maven").await;
        admin.call(CreateEmptyBuild::new("lib", "1.0", "4", None)).await.unwrap();
        let asked: Struct = [("name", Value::from("lib")), ("version", "1.0".into()), ("epoch", Value::Nil)]
            .into_iter()
            .chain([("source", "git://x".into()), ("release", "99".into())])
            .collect();
        let data = builder.call(InitMavenBuild::new(task, asked.clone(), maven("1.0"))).await.unwrap();
        let build = admin.call(GetBuild::new("lib-1.0-5")).await.unwrap().unwrap();
        assert_eq!((build.state, build.owner_id, build.task_id), (BuildState::Building, alice.id, Some(task)));
        assert_eq!((build.source.as_deref(), build.completion_time), (Some("git://x"), None));
        let expected: Struct = asked
            .into_iter()
            .chain([
                ("release".to_owned(), "5".into()),
                ("task_id".into(), task.0.into()),
                ("owner".into(), alice.id.0.into()),
                ("state".into(), 0.into()),
                ("completion_time".into(), Value::Nil),
                ("id".into(), build.id.0.into()),
            ])
            .collect();
        assert_eq!(data, expected);
        assert!(admin.call(GetMavenBuild::new(build.id)).await.unwrap().is_some());
        builder.call(HostCreateMavenBuild::new(build.id, maven("1.0"))).await.unwrap();
        let refused = builder.refused(HostCreateMavenBuild::new(build.id, maven("2"))).await.0;
        assert_eq!(refused, FaultKind::Build);
        let refused = other.refused(InitMavenBuild::new(task, parts("lib", "1"), maven("1.0"))).await;
        assert_eq!(refused.0, FaultKind::ActionNotAllowed);
        let short = Struct::from_iter([("name", "lib")]);
        assert!(builder.call(InitMavenBuild::new(task, short, maven("1.0"))).await.is_err());

        let platform = Struct::from_iter([("platform", "w7")]);
        let data = builder.call(InitWinBuild::new(task, parts("win", "1"), platform.clone())).await.unwrap();
        assert_eq!(data.get("release"), Some(&"1".into()));
        let mut short = parts("win", "1");
        short.remove("release");
        let refused = builder.refused(InitWinBuild::new(task, short.clone(), platform)).await.1;
        assert_eq!(refused, "No release value for build");
        // only images and Maven builds count by themselves
        let data = builder.call(InitImageBuild::new(task, short)).await.unwrap();
        assert_eq!(data.get("release"), Some(&"2".into()));
        let data = builder.call(InitImageBuild::new(task, parts("img", "7"))).await.unwrap();
        assert_eq!(data.get("release"), Some(&"7".into()));
        assert!(admin.call(GetImageBuild::new("img-1.0-7")).await.unwrap().is_some());
        assert!(alice.call(InitImageBuild::new(task, parts("img", "8"))).await.is_err());
    }
}

#[tokio::test]
async fn archives_are_in_a_buildroot_once() {
    for hub in hubs("archives_are_in_a_buildroot").await {
        let admin = hub.admin().await;
        let builder = hub.builder("builder1").await;
        let task = hub.open_task(&builder, &admin, "maven").await;
        let build = admin.call(CreateEmptyBuild::new("lib", "1", "1", None)).await.unwrap();
        admin.call(koji_core::api::tags::CreateTag::new("root")).await.unwrap();
        let (repo, _) = builder.call(RepoInit::new("root")).await.unwrap();
        let root = builder.call(NewBuildRoot::new(repo, "x86_64".to_owned()).task_id(task)).await.unwrap();
        let mut db = hub.db.db.begin().await.unwrap();
        let archive: i32 = db
            .fetch_scalar(
                "INSERT INTO archiveinfo (type_id, btype_id, build_id, filename, size, checksum, checksum_type)
                 VALUES (1, 2, $1, 'a.jar', 1, 'x', 0) RETURNING id",
                args![build],
            )
            .await
            .unwrap();
        db.commit().await.unwrap();
        let update = |id: i32| UpdateBuildrootArchives::new(root, task, vec![Struct::from_iter([("id", id)])]);
        let refused = builder.refused(update(archive)).await.1;
        assert_eq!(refused, format!("buildroot {root} in wrong state 0"));
        builder.call(SetBuildRootState::new(root, "BUILDING")).await.unwrap();
        builder.call(update(archive)).await.unwrap();
        builder.call(update(archive).project(true)).await.unwrap();
        assert_eq!(builder.refused(update(9999)).await.1, "No such archive: 9999");
        let other = hub.open_task(&builder, &admin, "maven").await;
        let wrong = UpdateBuildrootArchives::new(root, other, Vec::new());
        assert_eq!(builder.refused(wrong).await.0, FaultKind::ActionNotAllowed);
        let mut db = hub.db.db.read().await.unwrap();
        let sql = "SELECT archive_id, project_dep FROM buildroot_archives WHERE buildroot_id = $1";
        let rows: Vec<(i32, bool)> = db.fetch_all(sql, args![root]).await.unwrap();
        assert_eq!(rows, [(archive, false)]);
    }
}
