//! Tasks that build something else than RPMs, as users ask for them.

use koji_core::api::builds::CreateEmptyBuild;
use koji_core::api::tags::CreateTag;
use koji_core::api::targets::{CreateBuildTarget, GetBuildTarget};
use koji_core::api::tasks::*;
use koji_core::api::typed_tasks::*;
use koji_core::fault::FaultKind;
use koji_core::ids::TaskId;
use koji_core::xmlrpc::{Struct, Value, from_value, to_value};
use koji_hub_lib::db::args;
use koji_tests::{Caller, TestHub, databases, hubs};

/// A task's method, channel, arch and priority, and its arguments.
async fn task(hub: &TestHub, user: &Caller<'_>, id: TaskId) -> ((String, String, String, i32), Vec<Value>) {
    let mut db = hub.db.db.begin().await.unwrap();
    let row = db
        .fetch_one(
            "SELECT task.method, channels.name, task.arch, task.priority FROM task
             JOIN channels ON channels.id = task.channel_id WHERE task.id = $1",
            args![id],
        )
        .await
        .unwrap();
    (row, user.call(GetTaskRequest::new(id)).await.unwrap())
}

fn kind(method: &str, channel: &str, arch: &str, priority: i32) -> (String, String, String, i32) {
    (method.into(), channel.into(), arch.into(), priority)
}

async fn target(admin: &Caller<'_>) {
    for tag in ["root", "dest"] {
        admin.call(CreateTag::new(tag)).await.unwrap();
    }
    admin.call(CreateBuildTarget::new("tgt", "root", "dest")).await.unwrap();
}

#[tokio::test]
async fn maven_builds_go_to_their_channel() {
    for hub in hubs("maven_builds_go").await {
        let (admin, alice) = (hub.admin().await, hub.user("alice", &[]).await);
        let id = alice.call(MavenBuild::new("git://x/y", "tgt").priority(3)).await.unwrap();
        let expected = vec!["git://x/y".into(), "tgt".into(), Struct::new().into()];
        assert_eq!(task(&hub, &alice, id).await, (kind("maven", "maven", "noarch", 23), expected));
        let id = admin.call(MavenBuild::new("git://x/y", "tgt").priority(-3).channel("default")).await.unwrap();
        assert_eq!(task(&hub, &alice, id).await.0, kind("maven", "default", "noarch", 17));
        let builds: Struct = [("g-a", Struct::from_iter([("scmurl", "git://x")]))].into_iter().collect();
        let id = alice.call(ChainMaven::new(builds.clone(), "tgt")).await.unwrap();
        let expected = vec![builds.into(), "tgt".into(), Value::Nil];
        assert_eq!(task(&hub, &alice, id).await, (kind("chainmaven", "maven", "noarch", 20), expected));

        let refused = alice.refused(MavenBuild::new("x", "tgt").priority(-1)).await;
        assert_eq!(refused, (FaultKind::ActionNotAllowed, "only admins may create high-priority tasks".into()));
        let refused = alice.refused(MavenBuild::new(5, "tgt")).await;
        let expected = "Invalid type for value '5': <class 'int'>, expected type <class 'str'>";
        assert_eq!(refused, (FaultKind::Parameter, expected.into()));
        let refused = alice.refused(MavenBuild::new(Value::Nil, "tgt")).await.1;
        assert_eq!(refused, "Invalid type, expected type <class 'str'>");
        assert_eq!(alice.refused(ChainMaven::new(Vec::new(), "tgt")).await.0, FaultKind::Parameter);
        let refused = hub.nobody().refused(MavenBuild::new("x", "tgt")).await.1;
        assert_eq!(refused, "you must be logged in for this operation");
        assert_eq!(alice.refused(MavenBuild::new("x", "tgt").channel("nosuch")).await.1, "No such channel: nosuch");
    }
    for db in databases("maven_is_off").await {
        let hub = TestHub::with(db, |config| (config.enable_maven, config.enable_win) = (false, false));
        let admin = hub.admin().await;
        assert_eq!(admin.refused(MavenBuild::new("x", "tgt")).await.1, "Maven support not enabled");
        assert_eq!(admin.refused(WrapperRpm::new("a-1-1", "x", "tgt")).await.1, "Maven support not enabled");
        assert_eq!(admin.refused(WinBuild::new("vm", "x", "tgt")).await.1, "Windows support not enabled");
    }
}

#[tokio::test]
async fn builds_that_have_rpms_are_not_wrapped_again() {
    for hub in hubs("builds_that_have_rpms").await {
        let (admin, alice) = (hub.admin().await, hub.user("alice", &[]).await);
        target(&admin).await;
        let build = admin.call(CreateEmptyBuild::new("hello", "2", "1", None)).await.unwrap();
        let wrap = || WrapperRpm::new("hello-2-1", "git://x", "tgt");
        let opts: Struct = [("repo_id", Value::from(5)), ("x", 1.into())].into_iter().collect();
        let id = alice.call(wrap().opts(opts)).await.unwrap();
        let (found, request) = task(&hub, &alice, id).await;
        assert_eq!(found, kind("wrapperRPM", "maven", "noarch", 20));
        let target = alice.call(GetBuildTarget::new("tgt")).await.unwrap().unwrap();
        assert_eq!((&request[0], &request[1]), (&Value::from("git://x"), &to_value(&target).unwrap()));
        let of: koji_core::model::Build = from_value(request[2].clone()).unwrap();
        assert_eq!((of.id, &request[3]), (build, &Value::Nil));
        assert_eq!(request[4], Struct::from_iter([("x", 1)]).into());

        assert_eq!(alice.refused(WrapperRpm::new("nosuch-1-1", "x", "tgt")).await.1, "No such build: 'nosuch-1-1'");
        assert_eq!(alice.refused(WrapperRpm::new(build, "x", "nosuch")).await.1, "No such build target: nosuch");
        let mut db = hub.db.db.begin().await.unwrap();
        db.execute(
            "INSERT INTO rpminfo (build_id, draft, name, version, release, arch, external_repo_id, payloadhash, size,
                                  buildtime)
             VALUES ($1, FALSE, 'x', '1', '1', 'noarch', 0, 'x', 1, 1)",
            args![build],
        )
        .await
        .unwrap();
        db.commit().await.unwrap();
        let refused = alice.refused(wrap()).await;
        assert_eq!(refused, (FaultKind::PreBuild, "wrapper rpms for hello-2-1 have already been built".into()));
        alice.call(wrap().opts(Struct::from_iter([("scratch", true)]))).await.unwrap();
        alice.call(wrap().opts(Struct::from_iter([("create_build", true)]))).await.unwrap();
    }
}

#[tokio::test]
async fn the_policy_says_who_builds_in_virtual_machines() {
    for hub in hubs("the_policy_says_who_builds").await {
        let (admin, alice) = (hub.admin().await, hub.user("alice", &[]).await);
        target(&admin).await;
        let id = admin.call(WinBuild::new("vm1", "git://x/y", "tgt")).await.unwrap();
        let expected = vec!["vm1".into(), "git://x/y".into(), "tgt".into(), Struct::new().into()];
        assert_eq!(task(&hub, &admin, id).await, (kind("winbuild", "vm", "noarch", 20), expected));
        let refused = alice.refused(WinBuild::new("vm1", "x", "tgt")).await;
        let expected = "policy violation (vm): Only admin/win-admin can do this via default policy";
        assert_eq!(refused, (FaultKind::ActionNotAllowed, expected.into()));
        assert_eq!(alice.refused(WinBuild::new("vm1", "x", "nosuch")).await.1, "No such build target: nosuch");
        let builder = hub.user("winner", &["win-admin"]).await;
        builder.call(WinBuild::new("vm1", "x", "tgt")).await.unwrap();
    }
    for db in databases("the_policy_knows_the_vm").await {
        let hub = TestHub::with(db, |config| {
            config.policies.push(("vm".into(), "match vm_name good* && tag dest :: allow\nall :: deny".into()));
        });
        let (admin, alice) = (hub.admin().await, hub.user("alice", &[]).await);
        target(&admin).await;
        alice.call(WinBuild::new("good1", "x", "tgt")).await.unwrap();
        assert_eq!(admin.refused(WinBuild::new("bad1", "x", "tgt")).await.1, "policy violation (vm)");
    }
}

#[tokio::test]
async fn images_are_for_those_with_the_permission() {
    for hub in hubs("images_are_for_those").await {
        let alice = hub.user("alice", &["livecd", "image"]).await;
        let (admin, bob) = (hub.admin().await, hub.user("bob", &[]).await);
        let image = |kind: &str| BuildImage::new("img", "1", "x86_64", "tgt", "ks", kind);
        let id = alice.call(image("livecd")).await.unwrap();
        let expected: Vec<Value> = ["img", "1", "x86_64", "tgt", "ks"].into_iter().map(Value::from).collect();
        let expected = [expected, vec![Value::Nil]].concat();
        assert_eq!(task(&hub, &alice, id).await, (kind("livecd", "livecd", "x86_64", 20), expected));
        let arches = vec![Value::from("x86_64"), "s390x".into()];
        let media = BuildImage::new("img", "1", arches.clone(), "tgt", "ks", "livemedia").priority(1);
        let id = admin.call(media).await.unwrap();
        let (found, request) = task(&hub, &alice, id).await;
        assert_eq!((found, &request[2]), (kind("livemedia", "livemedia", "noarch", 21), &arches.into()));
        let refused = alice.refused(image("appliance")).await;
        let expected = "appliance permission required (logged in as alice)";
        assert_eq!(refused, (FaultKind::ActionNotAllowed, expected.into()));
        assert_eq!(alice.refused(image("nosuch")).await.1, "Unrecognized image type: nosuch");
        let refused = hub.nobody().refused(image("livecd")).await.1;
        assert_eq!(refused, "livecd permission required (user not logged in)");

        let opts: Struct = [("name", "x"), ("arch", "x86_64"), ("scratch", "1")].into_iter().collect();
        let id = alice.call(BuildImageIndirection::new().opts(opts.clone())).await.unwrap();
        let expected = (kind("indirectionimage", "image", "x86_64", 20), vec![opts.into()]);
        assert_eq!(task(&hub, &alice, id).await, expected);
        let opts: Struct = [("indirection_template_url", "git://x")].into_iter().collect();
        alice.call(BuildImageIndirection::new().opts(opts.clone())).await.unwrap();
        let refused = alice.refused(BuildImageIndirection::new().opts(Struct::from_iter([("name", "x")]))).await;
        let expected = "Non-scratch builds must provide url for the indirection template";
        assert_eq!(refused, (FaultKind::ActionNotAllowed, expected.into()));
        assert_eq!(alice.refused(BuildImageIndirection::new()).await.0, FaultKind::Parameter);
        let refused = bob.refused(BuildImageIndirection::new().opts(opts)).await.1;
        assert_eq!(refused, "image permission required (logged in as bob)");

        let oz = || BuildImageOz::new("img", "1", vec![Value::from("x86_64")], "tgt", "http://x");
        let id = alice.call(oz()).await.unwrap();
        assert_eq!(task(&hub, &alice, id).await.0, kind("image", "image", "noarch", 20));
        assert_eq!(bob.refused(oz()).await.1, "image permission required (logged in as bob)");
        assert_eq!(alice.refused(oz().priority(-1)).await.1, "only admins may create high-priority tasks");
    }
}
