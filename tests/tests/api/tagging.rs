//! Builds in tags, as the hub's callers see them.

use koji_client::Session;
use koji_core::api::builds::{CreateEmptyBuild, GetBuild};
use koji_core::api::packages::{PackageListAdd, PackageListBlock};
use koji_core::api::tagging::HostTagBuild;
use koji_core::api::tagging::*;
use koji_core::api::tags::{CreateTag, EditTag2, SetInheritanceData};
use koji_core::api::{KwArgs, UserRef};
use koji_core::fault::FaultKind;
use koji_core::ids::{BuildId, EventId, TagId};
use koji_core::model::TaggedRpms;
use koji_core::xmlrpc::{Struct, Value};
use koji_hub_lib::db::args;
use koji_tests::{Caller, TestHub, hubs};

async fn tag(user: &Caller<'_>, name: &str, packages: &[&str]) -> TagId {
    let id = user.call(CreateTag::new(name)).await.unwrap();
    for package in packages {
        user.call(PackageListAdd::new(id, *package).owner(UserRef::Id(user.id))).await.unwrap();
    }
    id
}

async fn build(user: &Caller<'_>, nvr: &str) -> BuildId {
    let parts: Vec<&str> = nvr.split('-').collect();
    user.call(CreateEmptyBuild::new(parts[0], parts[1], parts[2], None)).await.unwrap()
}

async fn listed(user: &Caller<'_>, request: ListTagged) -> Vec<String> {
    let builds = user.call(request).await.unwrap();
    builds.into_iter().map(|build| format!("{} {}", build.tag_name, build.nvr)).collect()
}

async fn inherit(user: &Caller<'_>, child: &str, parent: TagId, filter: &str) {
    let link: Struct = [
        ("parent_id", Value::from(parent.0)),
        ("priority", 0.into()),
        ("maxdepth", Value::Nil),
        ("intransitive", false.into()),
        ("noconfig", false.into()),
        ("pkg_filter", filter.into()),
    ]
    .into_iter()
    .collect();
    user.call(SetInheritanceData::new(child, link)).await.unwrap();
}

#[tokio::test]
async fn what_was_tagged_last_comes_first_and_counts_once() {
    for hub in hubs("what_was_tagged_last").await {
        let admin = hub.admin().await;
        let base = tag(&admin, "base", &["alpha", "beta"]).await;
        let top = tag(&admin, "top", &["alpha"]).await;
        for nvr in ["alpha-2-1", "alpha-1-1", "beta-1-1", "gamma-1-1"] {
            build(&admin, nvr).await;
            admin.call(TagBuildBypass::new(base, nvr)).await.unwrap();
        }
        inherit(&admin, "top", base, "").await;
        build(&admin, "alpha-3-1").await;
        admin.call(TagBuildBypass::new(top, "alpha-3-1")).await.unwrap();

        let all = ["base beta-1-1", "base alpha-1-1", "base alpha-2-1"];
        assert_eq!(listed(&admin, ListTagged::new("base")).await, all, "a package that is not listed does not count");
        assert_eq!(listed(&admin, ListTagged::new("base").latest(true)).await, all[..2]);
        assert_eq!(listed(&admin, ListTagged::new("base").latest(2)).await, all);
        assert_eq!(listed(&admin, ListTagged::new("base").prefix("AL")).await, all[1..]);
        assert_eq!(listed(&admin, ListTagged::new("base").package("beta")).await, all[..1]);
        assert_eq!(listed(&admin, ListTagged::new("base").package("nosuch")).await, all[..0]);
        assert_eq!(listed(&admin, ListTagged::new("base").owner("nobody")).await, all[..0]);
        assert_eq!(listed(&admin, ListTagged::new("base").draft(true)).await, all[..0]);
        assert_eq!(listed(&admin, ListTagged::new("top")).await, ["top alpha-3-1"]);
        let inherited = ["top alpha-3-1", "base beta-1-1", "base alpha-1-1", "base alpha-2-1"];
        assert_eq!(listed(&admin, ListTagged::new("top").inherit(true)).await, inherited);
        let latest: Vec<String> = admin
            .call(GetLatestBuilds::new("top"))
            .await
            .unwrap()
            .into_iter()
            .map(|build| format!("{} {}", build.tag_name, build.nvr))
            .collect();
        assert_eq!(latest, inherited[..2]);
        let builds = admin.call(ListTagged::new("base").extra(true)).await.unwrap();
        assert_eq!((builds[0].extra.clone(), builds[0].maven_group_id.clone()), (Some(None), None));
        let before = builds[0].create_event;
        assert!(admin.call(ListTagged::new("base")).await.unwrap()[0].extra.is_none());

        // anew: it becomes the latest
        let refused = admin.refused(TagBuildBypass::new("base", "alpha-2-1")).await;
        assert_eq!(refused, (FaultKind::Tag, "build alpha-2-1 already tagged (base)".into()));
        admin.call(TagBuildBypass::new("base", "alpha-2-1").force(true)).await.unwrap();
        assert_eq!(listed(&admin, ListTagged::new("base").latest(true)).await, ["base alpha-2-1", "base beta-1-1"]);
        assert_eq!(listed(&admin, ListTagged::new("base").event(EventId(before.0))).await, all);
        admin.call(PackageListBlock::new("base", "alpha")).await.unwrap();
        assert_eq!(listed(&admin, ListTagged::new("base")).await, ["base beta-1-1"]);
        let untagged = admin.call(UntaggedBuilds::new()).await.unwrap().into_list();
        assert_eq!(untagged.len(), 0);
        assert_eq!(admin.refused(ListTagged::new("nosuch")).await.1, "No such tagInfo: 'nosuch'");
        assert_eq!(listed(&admin, ListTagged::new("nosuch").strict(false)).await, all[..0]);
        assert_eq!(admin.refused(GetLatestBuilds::new("nosuch")).await.1, "No such entry in table tag: nosuch");
        let refused = admin.refused(ListTagged::new("base").kind("nosuch")).await.1;
        assert_eq!(refused, "unsupported build type: nosuch");
    }
}

#[tokio::test]
async fn rpms_are_those_of_the_builds() {
    for hub in hubs("rpms_are_those").await {
        let admin = hub.admin().await;
        tag(&admin, "base", &["alpha"]).await;
        for (n, nvr) in ["alpha-1-1", "alpha-2-1"].into_iter().enumerate() {
            let id = build(&admin, nvr).await;
            rpm(&hub, id, nvr, "src").await;
            rpm(&hub, id, nvr, if n == 0 { "noarch" } else { "x86_64" }).await;
            admin.call(TagBuildBypass::new("base", nvr)).await.unwrap();
        }
        let (rpms, builds) = admin.call(GetLatestRpms::new("base")).await.unwrap();
        let shown: Vec<_> = rpms.iter().map(|rpm| (rpm.version.as_str(), rpm.arch.as_str())).collect();
        assert_eq!((shown, builds.len()), (vec![("2", "src"), ("2", "x86_64")], 1));
        assert_eq!((rpms[0].extra.clone(), rpms[0].sigkey.clone()), (Some(None), None));
        let request = ListTaggedRpms::new("base").arch("noarch".to_owned()).rpmsigs(true).extra(false);
        let TaggedRpms::Found(rpms, builds) = admin.call(request).await.unwrap() else { panic!("no tag") };
        assert_eq!(
            (rpms.len(), builds.len(), rpms[0].sigkey.clone(), rpms[0].extra.is_none()),
            (1, 2, Some(None), true)
        );
        let none = admin.call(ListTaggedRpms::new("nosuch").strict(false)).await.unwrap();
        assert_eq!(none, TaggedRpms::NoTag([]));
    }
}

async fn rpm(hub: &TestHub, build: BuildId, nvr: &str, arch: &str) {
    let parts: Vec<&str> = nvr.split('-').collect();
    let mut db = hub.db.db.begin().await.unwrap();
    db.execute(
        "INSERT INTO rpminfo (build_id, draft, name, version, release, arch, external_repo_id, payloadhash, size, buildtime)
         VALUES ($1, FALSE, $2, $3, $4, $5, 0, 'x', 1, 1)",
        koji_hub_lib::db::args![build, parts[0], parts[1], parts[2], arch],
    )
    .await
    .unwrap();
    db.commit().await.unwrap();
}

#[tokio::test]
async fn who_may_not_tag_is_refused() {
    for hub in hubs("who_may_not_tag").await {
        let admin = hub.admin().await;
        let alice = hub.user("alice", &[]).await;
        let builder = hub.builder("builder1").await;
        let base = tag(&admin, "base", &["alpha"]).await;
        let held = tag(&admin, "held", &["alpha"]).await;
        let changes: Struct = [("perm", "tag")].into_iter().collect();
        admin.call(EditTag2::new("held").changes(KwArgs(changes))).await.unwrap();
        let id = build(&admin, "alpha-1-1").await;
        build(&admin, "beta-1-1").await;

        let task = alice.call(TagBuild::new("base", "alpha-1-1")).await.unwrap();
        assert!(task.0 > 0);
        assert_eq!(alice.refused(TagBuild::new("base", "beta-1-1")).await.1, "Package beta not in list for base");
        let refused = alice.refused(TagBuild::new("held", "alpha-1-1")).await;
        assert_eq!(refused, (FaultKind::ActionNotAllowed, "tag requires tag permission".into()));
        let refused = alice.refused(TagBuildBypass::new("base", "alpha-1-1")).await.1;
        assert_eq!(refused, "tag permission required (logged in as alice)");
        let refused = hub.nobody().refused(TagBuild::new("base", "alpha-1-1")).await.1;
        assert_eq!(refused, "you must be logged in for this operation");

        // as the task's owner, not as the builder
        let task = hub.open_task(&builder, &alice, "tagBuild").await;
        let refused = builder.refused(HostTagBuild::new(task, held, id)).await.1;
        assert_eq!(refused, "tag requires tag permission");
        builder.call(HostTagBuild::new(task, base, id)).await.unwrap();
        assert_eq!(listed(&admin, ListTagged::new("base")).await, ["base alpha-1-1"]);
        let refused = builder.refused(HostTagBuild::new(task, "base", "beta-1-1")).await.1;
        assert_eq!(refused, "Package beta not in list for base");

        let changes: Struct = [("locked", true)].into_iter().collect();
        admin.call(EditTag2::new("base").changes(KwArgs(changes))).await.unwrap();
        assert_eq!(admin.refused(UntagBuild::new("base", id)).await.1, "tag is locked");
        assert_eq!(alice.refused(UntagBuild::new("base", id).force(true)).await.1, "tag is locked");
        admin.call(UntagBuild::new("base", id).force(true)).await.unwrap();
        let refused = admin.refused(UntagBuildBypass::new("base", id).force(true)).await;
        assert_eq!(refused, (FaultKind::Tag, "build alpha-1-1 not in tag base".into()));
        admin.call(UntagBuildBypass::new("base", id).force(true).strict(false)).await.unwrap();
        let untagged = admin.call(UntaggedBuilds::new().name("alpha")).await.unwrap().into_list();
        assert_eq!(untagged.iter().map(|build| build.id).collect::<Vec<_>>(), [id]);
        assert!(admin.call(GetBuild::new(id)).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn moves_are_asked_for_in_the_order_of_tagging() {
    for hub in hubs("moves_are_asked_for").await {
        let admin = hub.admin().await;
        for name in ["one", "two"] {
            tag(&admin, name, &["alpha"]).await;
        }
        for nvr in ["alpha-2-1", "alpha-1-1"] {
            build(&admin, nvr).await;
            admin.call(TagBuildBypass::new("one", nvr)).await.unwrap();
        }
        let tasks = admin.call(MoveAllBuilds::new("one", "two", "alpha")).await.unwrap();
        assert_eq!(tasks.len(), 2);
        admin.call(MoveBuild::new("one", "two", "alpha-1-1")).await.unwrap();
        let refused = admin.refused(MoveBuild::new("nosuch", "two", "alpha-1-1")).await.1;
        assert_eq!(refused, "No such entry in table tag: nosuch");
        tag(&admin, "three", &[]).await;
        let refused = admin.refused(MoveAllBuilds::new("one", "three", "alpha")).await;
        assert_eq!(refused, (FaultKind::Tag, "Package alpha not in list for tag three".into()));
        // an administrator who insists has it listed
        admin.call(MoveAllBuilds::new("one", "three", "alpha").force(true)).await.unwrap();
    }
}

#[tokio::test]
async fn a_long_list_goes_out_in_pieces() {
    const BUILDS: i32 = 5000;
    for hub in hubs("a_long_list").await {
        let admin = hub.admin().await;
        admin.call(CreateTag::new("long")).await.unwrap();
        admin.call(PackageListAdd::new("long", "hello").owner("kojiadmin")).await.unwrap();
        let mut db = hub.db.db.begin().await.unwrap();
        let builds =
            "INSERT INTO build (volume_id, pkg_id, version, release, create_event, completion_time, state, owner)
            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
            SELECT 0, package.id, 'v' || i, '1', events.id, events.time, 1, users.id FROM n, package, events, users
            WHERE events.id = (SELECT MAX(id) FROM events) AND users.name = 'kojiadmin'";
        db.execute(builds, args![BUILDS]).await.unwrap();
        let tagged = "INSERT INTO tag_listing (build_id, tag_id, creator_id, create_event)
            SELECT build.id, tag.id, build.owner, build.create_event FROM build, tag";
        db.execute(tagged, args![]).await.unwrap();
        db.commit().await.unwrap();

        let whole = admin.call(ListTagged::new("long")).await.unwrap();
        assert_eq!(whole.len(), BUILDS as usize);
        let session = Session::new(&hub.serve().await).unwrap();
        let pieces = session.call(ListTagged::new("long")).await.unwrap();
        assert!(pieces == whole);
        let count = admin.call_raw("count", vec!["listTagged".into(), "long".into()]).await.unwrap();
        assert_eq!(count, Value::Int(BUILDS.into()));
        let refused = session.call(ListTagged::new("nosuch")).await.unwrap_err();
        assert!(refused.to_string().contains("No such tagInfo: 'nosuch'"), "{refused}");
    }
}
