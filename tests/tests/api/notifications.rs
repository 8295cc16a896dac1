//! What users want mail about, and whom the hub has told.

use koji_core::api::builds::CreateEmptyBuild;
use koji_core::api::host_builds::{FailBuild, InitBuild};
use koji_core::api::notifications::*;
use koji_core::api::packages::{PackageListAdd, PackageListBlock};
use koji_core::api::tagging::{TagBuildBypass, UntagBuildBypass};
use koji_core::api::tags::{CreateTag, SetInheritanceData};
use koji_core::api::{AnyId, PackageRef, TagRef, UserRef};
use koji_core::fault::FaultKind;
use koji_core::ids::{NotificationBlockId, NotificationId};
use koji_core::xmlrpc::{Struct, Value};
use koji_hub_lib::db::args;
use koji_tests::{Caller, TestHub, databases, hubs};

fn notify(user: &Caller<'_>) -> CreateNotification {
    CreateNotification::new(UserRef::Id(user.id), None, None, false)
}

#[tokio::test]
async fn notifications_are_their_users_own() {
    for db in databases("notifications_are_their_users_own").await {
        let hub = TestHub::with(db, |config| config.email_domain = Some("example.com".into()));
        let (admin, alice, bob) = (hub.admin().await, hub.user("alice", &[]).await, hub.user("bob", &[]).await);
        let tag = admin.call(CreateTag::new("f44")).await.unwrap();
        admin.call(PackageListAdd::new("f44", "hello").owner(UserRef::Id(admin.id))).await.unwrap();

        alice.call(notify(&alice)).await.unwrap();
        let of_hello = CreateNotification::new("alice", PackageRef::from("hello"), TagRef::from("f44"), true);
        alice.call(of_hello.clone()).await.unwrap();
        assert_eq!(alice.refused(of_hello).await.1, "notification already exists");
        let found = alice.call(GetBuildNotifications::new()).await.unwrap();
        assert_eq!(found, admin.call(GetBuildNotifications::new().user_id("alice")).await.unwrap());
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].package_id, found[0].tag_id, found[0].success_only), (None, None, false));
        assert_eq!((found[1].tag_id, found[1].success_only), (Some(tag), true));
        assert_eq!(found[1].email, "alice@example.com");
        let (first, second) = (found[0].id, found[1].id);
        assert_eq!(bob.call(GetBuildNotification::new(second)).await.unwrap().as_ref(), Some(&found[1]));

        let refused = bob.refused(notify(&alice)).await;
        assert_eq!(refused, (FaultKind::Generic, "user bob cannot create notifications for user alice".into()));
        admin.call(notify(&bob)).await.unwrap();
        assert_eq!(hub.nobody().refused(notify(&bob)).await, (FaultKind::Generic, "Not logged-in".into()));
        assert_eq!(hub.nobody().refused(GetBuildNotifications::new()).await.1, "No user provided");
        let refused = alice.refused(CreateNotification::new("alice", PackageRef::from("nosuch"), None, true)).await.1;
        assert_eq!(refused, "No such entry in table package: nosuch");
        assert_eq!(
            admin.refused(CreateNotification::new("nosuch", None, None, true)).await.1,
            "No such user ID: nosuch"
        );

        let update = |id, tag: Option<TagRef>, success_only| UpdateNotification::new(id, None, tag, success_only);
        let refused = bob.refused(update(first, None, true)).await.1;
        assert_eq!(refused, format!("user {} cannot update notifications for user {}", bob.id, alice.id));
        assert_eq!(alice.refused(update(first, None, false)).await.1, "notification already exists");
        let refused = alice.refused(update(NotificationId(99), None, false)).await.1;
        assert_eq!(refused, "No notification with ID 99 found");
        assert_eq!(hub.nobody().refused(update(first, None, true)).await.1, "Not logged-in");
        alice.call(update(first, Some("f44".into()), false)).await.unwrap();
        let changed = alice.call(GetBuildNotification::new(first)).await.unwrap().unwrap();
        assert_eq!((changed.tag_id, changed.package_id, changed.success_only), (Some(tag), None, false));

        let refused = bob.refused(DeleteNotification::new(first)).await.1;
        assert_eq!(refused, format!("user {} cannot delete notifications for user {}", bob.id, alice.id));
        alice.call(DeleteNotification::new(first)).await.unwrap();
        admin.call(DeleteNotification::new(second)).await.unwrap();
        let refused = alice.refused(DeleteNotification::new(first)).await.1;
        assert_eq!(refused, format!("No notification with ID {first} found"));
        assert_eq!(alice.call(GetBuildNotification::new(first)).await.unwrap(), None);
        let refused = alice.refused(GetBuildNotification::new(first).strict(true)).await.1;
        assert_eq!(refused, format!("No notification with ID {first} found"));
        assert_eq!(alice.call(GetBuildNotification::new(AnyId(None))).await.unwrap(), None);
        assert_eq!(alice.call(GetBuildNotifications::new()).await.unwrap(), []);
    }
}

#[tokio::test]
async fn blocks_are_their_users_own() {
    for hub in hubs("blocks_are_their_users_own").await {
        let (admin, alice, bob) = (hub.admin().await, hub.user("alice", &[]).await, hub.user("bob", &[]).await);
        let tag = admin.call(CreateTag::new("f44")).await.unwrap();
        alice.call(CreateNotificationBlock::new("alice")).await.unwrap();
        assert_eq!(alice.refused(CreateNotificationBlock::new("alice")).await.1, "notification already exists");
        alice.call(CreateNotificationBlock::new("alice").tag_id("f44")).await.unwrap();
        let refused = bob.refused(CreateNotificationBlock::new("alice")).await.1;
        assert_eq!(refused, "user bob cannot create notification blocks for user alice");
        assert_eq!(hub.nobody().refused(CreateNotificationBlock::new("alice")).await.1, "Not logged-in");
        let found = alice.call(GetBuildNotificationBlocks::new()).await.unwrap();
        assert_eq!(
            found.iter().map(|b| (b.user_id, b.tag_id)).collect::<Vec<_>>(),
            [(alice.id, None), (alice.id, Some(tag))]
        );
        let id = found[0].id;
        assert_eq!(bob.call(GetBuildNotificationBlock::new(id)).await.unwrap().as_ref(), Some(&found[0]));
        let refused = bob.refused(DeleteNotificationBlock::new(id)).await.1;
        assert_eq!(refused, format!("user {} cannot delete notification blocks for user {}", bob.id, alice.id));
        alice.call(DeleteNotificationBlock::new(id)).await.unwrap();
        let refused = alice.refused(DeleteNotificationBlock::new(id)).await.1;
        assert_eq!(refused, format!("No notification block with ID {id} found"));
        let missing = GetBuildNotificationBlock::new(NotificationBlockId(99));
        assert_eq!(alice.call(missing.clone()).await.unwrap(), None);
        assert_eq!(alice.refused(missing.strict(true)).await.1, "No notification block with ID 99 found");
    }
}

/// Who was told by the tasks of a method since the last look, in the order of their addresses, a list a task.
async fn told(hub: &TestHub, user: &Caller<'_>, method: &str) -> Vec<Vec<String>> {
    let asked: Struct = [("method", Value::from(method)), ("decode", true.into())].into_iter().collect();
    let tasks = user.call_raw("listTasks", vec![asked.into()]).await.unwrap();
    let of_task = |task: &Value| {
        let request = task.as_struct().unwrap().get("request").unwrap().as_array().unwrap();
        let mut to: Vec<String> =
            request[0].as_array().unwrap().iter().map(|to| to.as_str().unwrap().to_owned()).collect();
        to.sort();
        to
    };
    let told = tasks.as_array().unwrap().iter().map(of_task).collect();
    let mut db = hub.db.db.begin().await.unwrap();
    db.execute("DELETE FROM task WHERE method = $1", args![method]).await.unwrap();
    db.commit().await.unwrap();
    told
}

#[tokio::test]
async fn those_are_told_who_want_to_and_do_not_refuse() {
    for db in databases("those_are_told").await {
        let hub = TestHub::with(db, |config| {
            config.email_domain = Some("example.com".into());
            config.notify_on_success = false;
        });
        let admin = hub.admin().await;
        let (alice, bob) = (hub.user("alice", &[]).await, hub.user("bob", &[]).await);
        let (carol, dave) = (hub.user("carol", &[]).await, hub.user("dave", &[]).await);
        admin.call(CreateTag::new("f44")).await.unwrap();
        admin.call(CreateTag::new("f45")).await.unwrap();
        for package in ["hello", "other"] {
            admin.call(PackageListAdd::new("f44", package).owner(UserRef::Id(dave.id))).await.unwrap();
        }
        for nvr in [["hello", "1", "1"], ["other", "1", "1"]] {
            admin.call(CreateEmptyBuild::new(nvr[0], nvr[1], nvr[2], None)).await.unwrap();
        }
        let of = |user: &Caller<'_>, package: Option<&str>, tag: Option<&str>, success_only: bool| {
            CreateNotification::new(
                UserRef::Id(user.id),
                package.map(PackageRef::from),
                tag.map(TagRef::from),
                success_only,
            )
        };
        alice.call(of(&alice, Some("hello"), None, false)).await.unwrap();
        bob.call(of(&bob, None, Some("f44"), true)).await.unwrap();
        carol.call(of(&carol, None, None, false)).await.unwrap();

        let tag = async |nvr: &str| {
            admin.call(TagBuildBypass::new("f44", nvr).notify(true)).await.unwrap();
            told(&hub, &admin, "tagNotification").await
        };
        let to = |names: &[&str]| vec![names.iter().map(|name| format!("{name}@example.com")).collect::<Vec<_>>()];
        assert_eq!(tag("hello-1-1").await, to(&["alice", "bob", "carol"]));
        assert_eq!(tag("other-1-1").await, to(&["bob", "carol"]));
        admin.call(UntagBuildBypass::new("f44", "hello-1-1").notify(false)).await.unwrap();
        assert_eq!(told(&hub, &admin, "tagNotification").await, Vec::<Vec<String>>::new());

        // a block keeps what a wish asks for
        carol.call(CreateNotificationBlock::new("carol").package_id("hello")).await.unwrap();
        alice.call(CreateNotificationBlock::new("alice").tag_id("f45")).await.unwrap();
        assert_eq!(tag("hello-1-1").await, to(&["alice", "bob"]));
        bob.call(CreateNotificationBlock::new("bob")).await.unwrap();
        admin.call(UntagBuildBypass::new("f44", "hello-1-1").notify(true)).await.unwrap();
        assert_eq!(told(&hub, &admin, "tagNotification").await, to(&["alice"]));

        // a failed build without a target: its owner is told too, and nobody who wants to hear of success alone, or of a
        // tag
        let builder = hub.builder("builder1").await;
        let fail = async || {
            let task = hub.open_task(&builder, &alice, "build").await;
            let data: Struct = [
                ("task_id", Value::from(task.0)),
                ("name", "other".into()),
                ("version", "2".into()),
                ("release", "1".into()),
                ("epoch", Value::Nil),
            ]
            .into_iter()
            .collect();
            let id = builder.call(InitBuild::new(data)).await.unwrap();
            builder.call(FailBuild::new(task, id)).await.unwrap();
            told(&hub, &admin, "buildNotification").await
        };
        assert_eq!(fail().await, to(&["alice", "carol"]));
        alice.call(CreateNotificationBlock::new("alice").package_id("other")).await.unwrap();
        assert_eq!(fail().await, to(&["carol"]));
    }
}

#[tokio::test]
async fn the_owner_of_an_inherited_package_is_told() {
    for db in databases("the_owner_of_an_inherited_package").await {
        let hub = TestHub::with(db, |config| config.email_domain = Some("example.com".into()));
        let (admin, dave) = (hub.admin().await, hub.user("dave", &[]).await);
        let base = admin.call(CreateTag::new("base")).await.unwrap();
        admin.call(CreateTag::new("top")).await.unwrap();
        admin.call(PackageListAdd::new("base", "hello").owner(UserRef::Id(dave.id))).await.unwrap();
        let link: Struct = [
            ("parent_id", Value::from(base.0)),
            ("priority", 0.into()),
            ("maxdepth", Value::Nil),
            ("intransitive", false.into()),
            ("noconfig", false.into()),
            ("pkg_filter", "".into()),
        ]
        .into_iter()
        .collect();
        admin.call(SetInheritanceData::new("top", link)).await.unwrap();
        admin.call(CreateEmptyBuild::new("hello", "1", "1", None)).await.unwrap();
        admin.call(TagBuildBypass::new("top", "hello-1-1").notify(true)).await.unwrap();
        let both = ["dave@example.com", "kojiadmin@example.com"].map(String::from).to_vec();
        assert_eq!(told(&hub, &admin, "tagNotification").await, [both]);
        admin.call(PackageListBlock::new("base", "hello")).await.unwrap();
        admin.call(UntagBuildBypass::new("top", "hello-1-1").notify(true)).await.unwrap();
        assert_eq!(told(&hub, &admin, "tagNotification").await, [["kojiadmin@example.com"]]);
    }
}
