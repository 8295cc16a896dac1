//! Snapshots of tags, as the hub's callers see them.

use koji_core::api::builds::CreateEmptyBuild;
use koji_core::api::groups::*;
use koji_core::api::packages::{ListPackages, PackageListAdd, PackageListBlock};
use koji_core::api::tagging::{ListTagged, TagBuildBypass, UntagBuildBypass};
use koji_core::api::tags::*;
use koji_core::api::{KwArgs, TagRef, UserRef};
use koji_core::fault::FaultKind;
use koji_core::ids::EventId;
use koji_core::model::TagPackage;
use koji_core::xmlrpc::{Struct, Value, from_value};
use koji_tests::{Caller, TestHub, databases, hubs};

/// `base` with a, b and c, c blocked; three builds of a and one of b; `top` inherits it.
async fn tags(admin: &Caller<'_>) {
    let extra = Struct::from_iter([("k", 1)]);
    admin.call(CreateTag::new("base").arches("x86_64").maven_support(true).extra(extra)).await.unwrap();
    for package in ["a", "b", "c"] {
        admin.call(PackageListAdd::new("base", package).owner(UserRef::Id(admin.id))).await.unwrap();
    }
    admin.call(PackageListBlock::new("base", "c")).await.unwrap();
    for nvr in ["a-1-1", "b-1-1", "a-3-1", "a-2-1"] {
        let parts: Vec<&str> = nvr.split('-').collect();
        admin.call(CreateEmptyBuild::new(parts[0], parts[1], parts[2], None)).await.unwrap();
        admin.call(TagBuildBypass::new("base", nvr)).await.unwrap();
    }
    for group in ["build", "srpm"] {
        admin.call(GroupListAdd::new("base", group)).await.unwrap();
        admin.call(GroupPackageListAdd::new("base", group, "bash")).await.unwrap();
    }
    admin.call(GroupReqListAdd::new("base", "build", "srpm")).await.unwrap();
    admin.call(CreateTag::new("top").parent("base")).await.unwrap();
}

async fn builds(user: &Caller<'_>, tag: &str) -> Vec<String> {
    user.call(ListTagged::new(tag)).await.unwrap().into_iter().map(|build| build.nvr).collect()
}

async fn packages(user: &Caller<'_>, tag: &str) -> Vec<(String, bool)> {
    let list = user.call(ListPackages::new().tag_id(TagRef::from(tag))).await.unwrap();
    let list: Vec<TagPackage> = from_value(list).unwrap();
    let mut list: Vec<_> = list.into_iter().map(|package| (package.package_name, package.blocked)).collect();
    list.sort();
    list
}

/// Each group with its packages and what it requires.
async fn groups(user: &Caller<'_>, tag: &str) -> Vec<String> {
    let groups = user.call(GetTagGroups::new(tag)).await.unwrap();
    let mut out = Vec::new();
    for group in groups {
        let packages: Vec<_> = group.packagelist.into_iter().flatten().map(|entry| entry.package).collect();
        let required: Vec<_> = group.grouplist.into_iter().flatten().map(|entry| entry.name).collect();
        out.push(format!("{}: {} + {}", group.name, packages.join(" "), required.join(" ")));
    }
    out
}

fn listed(names: &[(&str, bool)]) -> Vec<(String, bool)> {
    names.iter().map(|(name, blocked)| ((*name).to_owned(), *blocked)).collect()
}

#[tokio::test]
async fn a_snapshot_has_what_the_tag_has() {
    for hub in hubs("a_snapshot_has").await {
        let admin = hub.admin().await;
        tags(&admin).await;
        let before = admin.call(ListTagged::new("base")).await.unwrap()[1].create_event;
        admin.call(SnapshotTag::new("base", "snap")).await.unwrap();
        let (base, snap) = (tag(&admin, "base").await, tag(&admin, "snap").await);
        assert_eq!((snap.arches, snap.maven_support, snap.extra), (base.arches, true, base.extra));
        assert_eq!(packages(&admin, "snap").await, listed(&[("a", false), ("b", false), ("c", true)]));
        assert_eq!(builds(&admin, "snap").await, ["a-2-1", "b-1-1"]);
        assert_eq!(groups(&admin, "snap").await, ["build: bash + srpm", "srpm: bash + "]);
        assert_eq!(admin.call(GetInheritanceData::new("snap")).await.unwrap().len(), 0);

        // all builds, and those that are inherited
        admin.call(SnapshotTag::new("top", "all").latest_only(false).groups(false)).await.unwrap();
        assert_eq!(builds(&admin, "all").await, ["a-2-1", "a-3-1", "b-1-1", "a-1-1"]);
        assert_eq!(groups(&admin, "all").await.len(), 0);
        admin.call(SnapshotTag::new("top", "own").inherit_builds(false)).await.unwrap();
        assert_eq!((builds(&admin, "own").await.len(), packages(&admin, "own").await.len()), (0, 3));
        assert_eq!(groups(&admin, "own").await.len(), 2);
        let old = SnapshotTag::new("base", "old").event(EventId(before.0)).groups(false);
        admin.call(old).await.unwrap();
        assert_eq!(builds(&admin, "old").await, ["a-3-1", "b-1-1"]);
        let bare = SnapshotTag::new("base", "bare").config(false).pkgs(false).builds(false).groups(false);
        admin.call(bare).await.unwrap();
        let bare = tag(&admin, "bare").await;
        assert_eq!((bare.extra.len(), bare.maven_support, packages(&admin, "bare").await.len()), (0, false, 0));

        let refused = admin.refused(SnapshotTag::new("base", "x").pkgs(false)).await;
        assert_eq!(refused, (FaultKind::Parameter, "builds can't be used without pkgs in snapshotTag".into()));
        assert_eq!(admin.refused(SnapshotTag::new("base", "snap")).await.1, "Target tag already exists");
        assert_eq!(admin.refused(SnapshotTag::new("nosuch", "x")).await.1, "No such tagInfo: 'nosuch'");
        let alice = hub.user("alice", &[]).await;
        let refused = alice.refused(SnapshotTag::new("base", "x")).await.1;
        assert_eq!(refused, "tag permission required (logged in as alice)");
        admin.call(EditTag2::new("base").changes(KwArgs(Struct::from_iter([("locked", true)])))).await.unwrap();
        let refused = admin.refused(SnapshotTag::new("base", "x")).await.1;
        assert_eq!(refused, "Source tag is locked, use force to copy");
        admin.call(SnapshotTag::new("base", "x").force(true)).await.unwrap();
        assert!(tag(&admin, "x").await.locked);
    }
}

async fn tag(user: &Caller<'_>, name: &str) -> koji_core::model::Tag {
    user.call(GetTag::new(name)).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_snapshot_follows_its_tag() {
    for hub in hubs("a_snapshot_follows").await {
        let admin = hub.admin().await;
        tags(&admin).await;
        admin.call(SnapshotTag::new("base", "snap").latest_only(false)).await.unwrap();
        admin.call(PackageListAdd::new("base", "d").owner(UserRef::Id(admin.id))).await.unwrap();
        admin.call(PackageListAdd::new("snap", "e").owner(UserRef::Id(admin.id))).await.unwrap();
        for (tag, nvr) in [("base", "d-1-1"), ("snap", "e-1-1"), ("base", "a-4-1"), ("snap", "a-5-1")] {
            let parts: Vec<&str> = nvr.split('-').collect();
            admin.call(CreateEmptyBuild::new(parts[0], parts[1], parts[2], None)).await.unwrap();
            admin.call(TagBuildBypass::new(tag, nvr)).await.unwrap();
        }
        admin.call(UntagBuildBypass::new("base", "a-1-1")).await.unwrap();
        admin.call(TagBuildBypass::new("base", "a-3-1").force(true)).await.unwrap();
        admin.call(GroupPackageListAdd::new("base", "build", "make")).await.unwrap();
        admin.call(GroupPackageListAdd::new("snap", "build", "old")).await.unwrap();
        admin.call(GroupListAdd::new("base", "new")).await.unwrap();
        admin.call(GroupPackageListAdd::new("base", "new", "bash")).await.unwrap();
        admin.call(GroupListAdd::new("snap", "gone")).await.unwrap();
        let changes: Struct = [("remove_extra", Value::Array(vec!["k".into()])), ("arches", "s390x".into())]
            .into_iter()
            .chain([("extra", Struct::from_iter([("n", 2)]).into())])
            .collect();
        admin.call(EditTag2::new("base").changes(KwArgs(changes))).await.unwrap();

        let update = || SnapshotTagModify::new("base", "snap").latest_only(false);
        admin.call(update()).await.unwrap();
        let snap = tag(&admin, "snap").await;
        assert_eq!((snap.arches.as_deref(), snap.extra), (Some("s390x"), Struct::from_iter([("n", 2)])));
        // what only the target has stays, but before all others; its package is blocked
        assert_eq!(of(&builds(&admin, "snap").await, "a"), ["a-3-1", "a-4-1", "a-2-1", "a-5-1", "a-1-1"]);
        assert_eq!(of(&builds(&admin, "snap").await, "d"), ["d-1-1"]);
        let expected = listed(&[("a", false), ("b", false), ("c", true), ("d", false), ("e", true)]);
        assert_eq!(packages(&admin, "snap").await, expected);
        let expected = ["build: bash old make + srpm", "srpm: bash + ", "gone:  + ", "new: bash + "];
        assert_eq!(groups(&admin, "snap").await, expected);

        admin.call(update().remove(true)).await.unwrap();
        assert_eq!(of(&builds(&admin, "snap").await, "a"), ["a-3-1", "a-4-1", "a-2-1"]);
        let expected = ["build: bash make + srpm", "srpm: bash + ", "new: bash + "];
        assert_eq!(groups(&admin, "snap").await, expected);
        // nothing is left to do
        let before = last_event(&hub).await;
        admin.call(update().remove(true)).await.unwrap();
        assert_eq!(last_event(&hub).await, before);

        let locked = || KwArgs(Struct::from_iter([("locked", true)]));
        admin.call(EditTag2::new("snap").changes(locked())).await.unwrap();
        let refused = admin.refused(update()).await.1;
        assert_eq!(refused, "Source or destination tag is locked, use force to copy");
        admin.call(update().force(true)).await.unwrap();
        assert!(!tag(&admin, "snap").await.locked);
        let refused = admin.refused(SnapshotTagModify::new("base", "nosuch")).await.1;
        assert_eq!(refused, "No such tagInfo: 'nosuch'");
        let refused = admin.refused(update().pkgs(false)).await;
        assert_eq!(refused, (FaultKind::Parameter, "builds can't be used without pkgs in snapshotTag".into()));
        let alice = hub.user("alice", &[]).await;
        assert_eq!(alice.refused(update()).await.0, FaultKind::ActionNotAllowed);
    }
}

fn of(nvrs: &[String], package: &str) -> Vec<String> {
    nvrs.iter().filter(|nvr| nvr.starts_with(package)).cloned().collect()
}

async fn last_event(hub: &TestHub) -> i32 {
    let mut db = hub.db.db.read().await.unwrap();
    db.fetch_scalar("SELECT MAX(id) FROM events", koji_hub_lib::db::args![]).await.unwrap()
}

#[tokio::test]
async fn who_may_make_tags_may_copy_lists_that_the_policy_keeps() {
    for db in databases("who_may_make_tags").await {
        let hub = TestHub::with(db, |config| {
            config.policies.push(("package_list".into(), "has_perm admin :: allow\nall :: deny".into()));
        });
        let admin = hub.admin().await;
        tags(&admin).await;
        let tagger = hub.user("tagger", &["tag"]).await;
        tagger.call(SnapshotTag::new("base", "snap")).await.unwrap();
        assert_eq!(packages(&admin, "snap").await.len(), 3);
    }
}
