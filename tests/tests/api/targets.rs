//! Build targets, as the hub's callers see them.

use koji_core::api::QueryOpts;
use koji_core::api::events::{GetEvent, GetLastEvent};
use koji_core::api::tags::{CreateTag, DeleteTag};
use koji_core::api::targets::*;
use koji_core::ids::EventId;
use koji_tests::hubs;

#[tokio::test]
async fn targets_are_made_changed_and_deleted() {
    for hub in hubs("targets_are_made_changed").await {
        let user = hub.user("releng", &["tag", "target"]).await;
        for tag in ["build", "dest", "other"] {
            user.call(CreateTag::new(tag)).await.unwrap();
        }
        user.call(CreateBuildTarget::new("f44", "build", "dest")).await.unwrap();
        let target = user.call(GetBuildTarget::new("f44")).await.unwrap().unwrap();
        assert_eq!((target.build_tag_name.as_str(), target.dest_tag_name.as_str()), ("build", "dest"));
        let made = user.call(GetLastEvent::new()).await.unwrap().unwrap().id;
        user.call(EditBuildTarget::new("f44", "f45", "build", "other")).await.unwrap();
        let target = user.call(GetBuildTarget::new(target.id)).await.unwrap().unwrap();
        assert_eq!((target.name.as_str(), target.dest_tag_name.as_str()), ("f45", "other"));
        let then = user.call(GetBuildTarget::new("f45").event(made)).await.unwrap().unwrap();
        assert_eq!(then.dest_tag_name, "dest");

        let text = async |request: CreateBuildTarget| user.refused(request).await.1;
        let taken = CreateBuildTarget::new("f45", "build", "dest");
        assert_eq!(text(taken).await, "A build target with the name 'f45' already exists");
        let no_tag = CreateBuildTarget::new("x", "nosuch", "dest");
        assert_eq!(text(no_tag).await, "build tag 'nosuch' does not exist");
        let no_tag = CreateBuildTarget::new("x", "build", "nosuch");
        assert_eq!(text(no_tag).await, "destination tag 'nosuch' does not exist");
        let bad = CreateBuildTarget::new("a b", "build", "dest");
        assert_eq!(text(bad).await, "Name a b does not match RegexNameInternal value");
        let refused = user.refused(EditBuildTarget::new("nosuch", "x", "build", "dest")).await.1;
        assert_eq!(refused, "No such build target: nosuch");
        let refused = user.refused(GetBuildTarget::new("nosuch").strict(true)).await.1;
        assert_eq!(refused, "No such build target: nosuch");

        user.call(DeleteBuildTarget::new("f45")).await.unwrap();
        assert_eq!(user.call(GetBuildTarget::new("f45")).await.unwrap(), None);
        user.call(CreateBuildTarget::new("f45", "build", "dest")).await.unwrap();
        assert_eq!(user.call(GetBuildTarget::new("f45")).await.unwrap().unwrap().id, target.id);
        user.call(DeleteTag::new("dest")).await.unwrap();
        assert_eq!(user.call(GetBuildTarget::new("f45")).await.unwrap(), None, "it goes with its tag");
    }
}

#[tokio::test]
async fn targets_are_listed_as_asked() {
    for hub in hubs("targets_are_listed_as_asked").await {
        let user = hub.user("releng", &["tag", "target"]).await;
        for tag in ["build", "a", "b"] {
            user.call(CreateTag::new(tag)).await.unwrap();
        }
        user.call(CreateBuildTarget::new("z", "build", "a")).await.unwrap();
        user.call(CreateBuildTarget::new("y", "a", "b")).await.unwrap();
        let names = async |request: GetBuildTargets| {
            let targets = user.call(request).await.unwrap().into_list();
            targets.into_iter().map(|target| target.name).collect::<Vec<_>>()
        };
        assert_eq!(names(GetBuildTargets::new()).await, ["z", "y"]);
        assert_eq!(names(GetBuildTargets::new().build_tag_id("build")).await, ["z"]);
        assert_eq!(names(GetBuildTargets::new().dest_tag_id("b")).await, ["y"]);
        assert!(names(GetBuildTargets::new().dest_tag_id("nosuch")).await.is_empty());
        let opts = QueryOpts { order: Some("name".into()), ..Default::default() };
        assert_eq!(names(GetBuildTargets::new().query_opts(opts)).await, ["y", "z"]);
        let opts = QueryOpts { as_list: Some(true), limit: Some(1), ..Default::default() };
        let raw = user.call(GetBuildTargets::new().query_opts(opts)).await.unwrap();
        assert_eq!(raw.count(), 1);
    }
}

#[tokio::test]
async fn events_are_told() {
    for hub in hubs("events_are_told").await {
        let user = hub.user("releng", &["tag"]).await;
        user.call(CreateTag::new("a")).await.unwrap();
        let first = user.call(GetLastEvent::new()).await.unwrap().unwrap();
        user.call(CreateTag::new("b")).await.unwrap();
        let second = user.call(GetLastEvent::new()).await.unwrap().unwrap();
        assert!(second.id > first.id && second.ts >= first.ts);
        assert_eq!(user.call(GetEvent::new(first.id)).await.unwrap(), Some(first.clone()));
        assert_eq!(user.call(GetLastEvent::new().before(second.ts.0)).await.unwrap(), Some(first));
        assert_eq!(user.refused(GetLastEvent::new().before(5)).await.1, "query returned no rows");
        assert_eq!(user.call(GetLastEvent::new().before(5).strict(false)).await.unwrap(), None);
        assert_eq!(user.refused(GetLastEvent::new().before("x")).await.1, "Invalid type for before: <class 'str'>");
        assert_eq!(user.refused(GetEvent::new(EventId(99_999))).await.1, "query returned no rows");
    }
}
