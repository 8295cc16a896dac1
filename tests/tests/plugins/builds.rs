//! What plugins hear of builds that come in other ways than from a build task, that move, and that go.

use std::collections::BTreeSet;

use koji_core::api::archives::ImportArchive;
use koji_core::api::builds::*;
use koji_core::api::content_generators::*;
use koji_core::api::host_repos::RepoDone;
use koji_core::api::tags::CreateTag;
use koji_core::api::tasks::GetTaskRequest;
use koji_core::api::typed_builds::{CompleteImageBuild, CreateImageBuild, InitImageBuild};
use koji_core::api::typed_tasks::DistRepo;
use koji_core::api::volumes::AddVolume;
use koji_core::api::{BuildRef, KwArgs, Param};
use koji_core::ids::{BuildId, RepoId, TaskId};
use koji_core::xmlrpc::{Struct, Value};
use koji_hub_lib::config::HubConfig;
use koji_hub_lib::db::args;
use koji_hub_lib::plugin::CallbackType;
use koji_tests::TestHub;
use serde_json::json;

use crate::{both, field, recorded, recorded_with};

/// The MD5 of `hello`.
const MD5: &str = "5d41402abc4b2a76b9719d911017c592";

async fn put(hub: &TestHub, path: &str, content: &str) {
    hub.hub.storage().put(path, content.to_owned().into()).await.unwrap();
}

fn texts(names: &[&str]) -> Value {
    Value::Array(names.iter().map(|name| Value::from(*name)).collect())
}

fn parts(name: &str, release: &str) -> Struct {
    [("name", Value::from(name)), ("version", "9".into()), ("release", release.into()), ("epoch", Value::Nil)]
        .into_iter()
        .collect()
}

fn metadata(build_id: Option<BuildId>) -> Value {
    let json = json!({
        "metadata_version": 0,
        "build": {
            "name": "os", "version": "9", "release": "1", "source": "git://x#1", "start_time": 1_700_000_000,
            "end_time": 1_700_000_100, "build_id": build_id.map(|id| id.0), "extra": {"typeinfo": {"image": {}}}
        },
        "buildroots": [{
            "id": 1, "host": {"os": "linux", "arch": "x86_64"}, "content_generator": {"name": "osbuild", "version": "7"},
            "container": {"type": "none", "arch": "x86_64"}, "tools": [], "components": []
        }],
        "output": [
            {"buildroot_id": 1, "filename": "os.raw", "filesize": 5, "arch": "x86_64", "checksum_type": "md5",
             "checksum": MD5, "type": "image", "extra": {"image": {"arch": "x86_64"}}}
        ]
    });
    serde_json::from_value(json).unwrap()
}

#[tokio::test]
async fn imports_of_content_generators_are_told() {
    for (hub, plugin) in recorded("imports_of_content_generators").await {
        let (admin, alice) = (hub.admin().await, hub.user("alice", &[]).await);
        admin.call(GrantCgAccess::new("alice", "osbuild").create(true)).await.unwrap();
        put(&hub, "work/cg/up/os.raw", "hello").await;
        plugin.take();
        let reserve = || CgInitBuild::new("osbuild", parts("os", "1"));
        let first = alice.call(reserve()).await.unwrap();
        assert_eq!(plugin.words(), both("BuildStateChange state - 0"));
        alice.call(CgRefundBuild::new("osbuild", first.build_id, first.token)).await.unwrap();
        assert_eq!(plugin.words(), both("BuildStateChange state 0 3"));
        let reserved = alice.call(reserve()).await.unwrap();
        plugin.take();

        let import = CgImport::new(metadata(Some(reserved.build_id)), "cg/up").token(reserved.token);
        plugin.refuse(Some(CallbackType::PreImport));
        alice.refused(import.clone()).await;
        plugin.refuse(None);
        assert_eq!(plugin.words(), ["preImport cg"]);
        alice.call(import).await.unwrap();
        let heard = plugin.take();
        let words: Vec<_> = heard.iter().map(|(kind, about)| (kind.name(), about.get("type").cloned())).collect();
        let (cg, archive) = (Some("cg".into()), Some("archive".into()));
        let expected = [
            ("preImport", cg.clone()),
            ("preBuildStateChange", None),
            ("postBuildStateChange", None),
            ("preImport", archive.clone()),
            ("postImport", archive),
            ("postImport", cg),
        ];
        assert_eq!(words, expected);
        let [before, pre_state, post_state, pre, post, after] = [0, 1, 2, 3, 4, 5].map(|n| &heard[n].1);
        assert_eq!(field(before, "metadata.build.name"), &"os".into());
        assert_eq!((field(before, "directory"), before.get("build")), (&"cg/up".into(), None));
        assert_eq!((field(pre_state, "old"), field(pre_state, "info.state")), (&0.into(), &0.into()));
        assert_eq!((field(post_state, "new"), field(post_state, "info.state")), (&1.into(), &1.into()));
        assert_eq!((field(pre, "archive.filename"), field(pre, "archive.checksum")), (&"os.raw".into(), &MD5.into()));
        assert_eq!((field(pre, "build.nvr"), field(pre, "build_type")), (&"os-9-1".into(), &"image".into()));
        assert_eq!(field(pre, "filepath"), &"/mnt/koji/work/cg/up/os.raw".into());
        assert_eq!(field(pre, "fileinfo.extra.image.arch"), &"x86_64".into());
        assert!(field(pre, "archive").as_struct().unwrap().get("id").is_none());
        assert_eq!(field(post, "archive.type_name"), &"raw".into());
        assert_eq!((field(after, "build.nvr"), field(after, "build.state")), (&"os-9-1".into(), &1.into()));
    }
}

#[tokio::test]
async fn a_content_generators_build_is_told_with_its_volume() {
    let slow = |config: &mut HubConfig| config.policies.push(("volume".into(), "cg_match_all osbuild :: slow".into()));
    for (hub, plugin) in recorded_with("told_with_its_volume", slow).await {
        let (admin, alice) = (hub.admin().await, hub.user("alice", &[]).await);
        admin.call(GrantCgAccess::new("alice", "osbuild").create(true)).await.unwrap();
        hub.hub.storage().create_dir("vol/slow").await.unwrap();
        let volume = admin.call(AddVolume::new("slow")).await.unwrap().id;
        put(&hub, "work/cg/up/os.raw", "hello").await;
        // as a new build, and over one that was canceled
        for old in [Value::Nil, 4.into()] {
            plugin.take();
            let build = alice.call(CgImport::new(metadata(None), "cg/up")).await.unwrap();
            let heard = plugin.take();
            let changes: Vec<_> = heard.iter().filter(|(_, about)| about.get("attribute").is_some()).collect();
            assert_eq!(changes.len(), 2);
            for (_, about) in changes {
                assert_eq!((field(about, "old"), field(about, "new")), (&old, &1.into()));
                assert_eq!(field(about, "info.volume_id"), &volume.0.into());
            }
            let told = field(&heard.last().unwrap().1, "build.volume_name");
            assert_eq!((told, &*build.volume_name), (&"slow".into(), "slow"));
            let mut db = hub.db.db.begin().await.unwrap();
            db.execute("DELETE FROM image_archives", args![]).await.unwrap();
            db.execute("DELETE FROM archiveinfo", args![]).await.unwrap();
            db.execute("UPDATE build SET state = 4", args![]).await.unwrap();
            db.commit().await.unwrap();
            for dir in ["vol/slow/packages", "packages"] {
                hub.hub.storage().remove(dir).await.unwrap();
            }
            put(&hub, "work/cg/up/os.raw", "hello").await;
        }
    }
}

#[tokio::test]
async fn archives_and_images_are_told() {
    for (hub, plugin) in recorded("archives_and_images").await {
        let (admin, builder) = (hub.admin().await, hub.builder("builder1").await);
        let build = admin.call(CreateEmptyBuild::new("alone", "1", "1", None)).await.unwrap();
        let which = || BuildRef::Id(build).into_value();
        admin.call(CreateImageBuild::new(which())).await.unwrap();
        put(&hub, "work/up/a.iso", "hello").await;
        plugin.take();
        let arch: Struct = [("arch", "noarch")].into_iter().collect();
        admin.call(ImportArchive::new("up/a.iso", which(), "image", arch)).await.unwrap();
        let heard = plugin.take();
        assert_eq!(heard.iter().map(|(kind, _)| kind.name()).collect::<Vec<_>>(), ["preImport", "postImport"]);
        for (_, about) in &heard {
            assert_eq!((field(about, "type"), field(about, "build_type")), (&"archive".into(), &"image".into()));
            assert_eq!((field(about, "build.id"), field(about, "archive.size")), (&build.0.into(), &5.into()));
            assert_eq!(field(about, "filepath"), &"/mnt/koji/work/up/a.iso".into());
            assert_eq!(field(about, "fileinfo"), &Struct::new().into());
        }

        let task = hub.open_task(&builder, &admin, "image").await;
        let begun = builder.call(InitImageBuild::new(task, parts("img", "1"))).await.unwrap();
        let id = BuildId(i32::try_from(begun.get("id").unwrap().as_int().unwrap()).unwrap());
        put(&hub, &format!("work/tasks/{task}/{task}/b.iso"), "b").await;
        let image: Struct = [
            ("task_id", Value::from(task.0)),
            ("files", texts(&["b.iso"])),
            ("logs", texts(&[])),
            ("arch", "x86_64".into()),
        ]
        .into_iter()
        .collect();
        plugin.take();
        builder
            .call(CompleteImageBuild::new(task, id, [("x86_64", image)].into_iter().collect::<Struct>()))
            .await
            .unwrap();
        let heard = plugin.take();
        let words: Vec<_> = heard.iter().map(|(kind, about)| (kind.name(), about.get("type").cloned())).collect();
        let (image, archive) = (Some("image".into()), Some("archive".into()));
        let expected = [
            ("preImport", image.clone()),
            ("preImport", archive.clone()),
            ("postImport", archive),
            ("postImport", image),
            ("preBuildStateChange", None),
            ("postBuildStateChange", None),
        ];
        // then the mail to the owner
        assert_eq!(words[..6], expected);
        let (before, after) = (&heard[0].1, &heard[3].1);
        assert_eq!((field(before, "image.arch"), before.get("build")), (&"x86_64".into(), None));
        assert_eq!(field(after, "image.files"), &texts(&["b.iso"]));
        assert_eq!((field(after, "build.id"), field(after, "image.task_id")), (&id.0.into(), &task.0.into()));
        assert_eq!(field(after, "fullpath"), &format!("/mnt/koji/work/tasks/{task}/{task}/b.iso").into());
        assert_eq!((field(&heard[4].1, "old"), field(&heard[5].1, "info.state")), (&0.into(), &1.into()));
    }
}

#[tokio::test]
async fn builds_that_move_and_go_are_told() {
    for (hub, plugin) in recorded("builds_that_move").await {
        let admin = hub.admin().await;
        hub.hub.storage().create_dir("vol/vol2").await.unwrap();
        let volume = admin.call(AddVolume::new("vol2")).await.unwrap().id;
        let one = admin.call(CreateEmptyBuild::new("one", "1", "1", None)).await.unwrap();
        put(&hub, "packages/one/1/1/x", "x").await;
        plugin.take();
        admin.call(ChangeBuildVolume::new(one, "vol2")).await.unwrap();
        let heard = plugin.take();
        assert_eq!(heard.len(), 2);
        for (_, about) in &heard {
            assert_eq!(field(about, "attribute"), &"volume_id".into());
            assert_eq!((field(about, "old"), field(about, "new")), (&0.into(), &volume.0.into()));
            let info = (field(about, "info.volume_name"), field(about, "info.volume_id"));
            assert_eq!(info, (&"vol2".into(), &volume.0.into()));
        }

        admin.call(DeleteBuild::new(one)).await.unwrap();
        let heard = plugin.take();
        assert_eq!((field(&heard[0].1, "info.state"), field(&heard[1].1, "info.state")), (&1.into(), &2.into()));
        let two = admin.call(CreateEmptyBuild::new("two", "1", "1", None)).await.unwrap();
        plugin.take();
        plugin.refuse(Some(CallbackType::PostBuildStateChange));
        admin.refused(DeleteBuild::new(two)).await;
        plugin.refuse(None);
        assert_eq!(plugin.words(), both("BuildStateChange state 1 2"));
        assert!(admin.call(GetBuild::new(two)).await.unwrap().unwrap().state == koji_core::model::BuildState::Complete);
        admin.call(ResetBuild::new(two)).await.unwrap();
        assert_eq!(plugin.words(), both("BuildStateChange state 1 4"));

        let draft = admin.call(CreateEmptyBuild::new("three", "1", "1", None).draft(true)).await.unwrap();
        let release = admin.call(GetBuild::new(draft)).await.unwrap().unwrap().release;
        put(&hub, &format!("packages/three/1/{release}/x"), "x").await;
        plugin.take();
        admin.call(PromoteBuild::new(draft).force(true)).await.unwrap();
        let heard = plugin.take();
        assert_eq!(
            heard.iter().map(|(kind, _)| kind.name()).collect::<Vec<_>>(),
            ["preBuildPromote", "postBuildPromote"]
        );
        for (_, about) in &heard {
            assert_eq!(field(about, "draft_release"), &release.as_str().into());
            assert_eq!((field(about, "target_release"), field(about, "user.name")), (&"1".into(), &"kojiadmin".into()));
        }
        assert_eq!(field(&heard[0].1, "build.release"), &release.as_str().into());
        assert_eq!(field(&heard[1].1, "build.nvr"), &"three-1-1".into());
    }
}

#[tokio::test]
async fn repos_for_distribution_are_told() {
    for (hub, plugin) in recorded("repos_for_distribution").await {
        let (admin, builder) = (hub.admin().await, hub.builder("builder1").await);
        admin.call(CreateTag::new("dist")).await.unwrap();
        plugin.take();
        let options = KwArgs([("arch", texts(&["x86_64", "i686"]))].into_iter().collect());
        let task: TaskId =
            admin.call(DistRepo::new("dist", vec![Value::from("abcd1234")]).task_opts(options)).await.unwrap();
        let request = admin.call(GetTaskRequest::new(task)).await.unwrap();
        let repo = RepoId(i32::try_from(request[1].as_int().unwrap()).unwrap());
        let heard = plugin.take();
        let names: Vec<_> = heard.iter().map(|(kind, _)| kind.name()).collect();
        assert_eq!(names, ["preRepoInit", "postRepoInit", "preTaskStateChange", "postTaskStateChange"]);
        let (before, after) = (&heard[0].1, &heard[1].1);
        for about in [before, after] {
            assert_eq!((field(about, "tag.name"), field(about, "dist")), (&"dist".into(), &true.into()));
            assert_eq!(
                (field(about, "keys"), field(about, "arches")),
                (&texts(&["abcd1234"]), &texts(&["i386", "x86_64"]))
            );
            assert_eq!(field(about, "task_opts.arch"), &texts(&["x86_64", "i686"]));
            for never in ["with_src", "with_debuginfo", "with_separate_src"] {
                assert_eq!(field(about, never), &false.into());
            }
        }
        assert_eq!((field(before, "repo_id"), field(before, "event")), (&Value::Nil, &Value::Nil));
        assert!(before.get("repodir").is_none());
        assert_eq!(field(after, "repo_id"), &repo.0.into());
        assert_eq!(field(after, "repodir"), &format!("/mnt/koji/repos-dist/dist/{repo}").into());

        builder.call(RepoDone::new(repo, Struct::new())).await.unwrap();
        assert_eq!(plugin.words(), both("RepoDone"));
    }
}

/// Every moment has its test here or beside; one that is added without is noticed.
#[test]
fn all_moments_are_known() {
    let known: BTreeSet<&str> = CallbackType::ALL.iter().map(|kind| kind.name()).collect();
    let changes = [
        "PackageListChange",
        "TaskStateChange",
        "BuildStateChange",
        "Import",
        "RPMSign",
        "Tag",
        "Untag",
        "RepoInit",
        "RepoDone",
        "BuildPromote",
        "Commit",
    ];
    let expected: Vec<String> = changes.iter().flat_map(|change| both(change)).collect();
    assert_eq!(known, expected.iter().map(String::as_str).collect());
}
