//! Comps groups of tags, as the hub's callers see them.

use koji_core::api::KwArgs;
use koji_core::api::groups::*;
use koji_core::api::tags::CreateTag;
use koji_core::model::TagGroup;
use koji_core::xmlrpc::{Struct, Value};
use koji_tests::{Caller, hubs};

fn opts(members: &[(&str, Value)]) -> KwArgs {
    KwArgs(members.iter().map(|(k, v)| (*k, v.clone())).collect::<Struct>())
}

async fn groups(user: &Caller<'_>, request: GetTagGroups) -> Vec<TagGroup> {
    user.call(request).await.unwrap()
}

fn packages(group: &TagGroup) -> Vec<(&str, bool)> {
    group.packagelist.iter().flatten().map(|p| (p.package.as_str(), p.blocked)).collect()
}

#[tokio::test]
async fn groups_are_added_changed_and_blocked() {
    for hub in hubs("groups_are_added_changed").await {
        let user = hub.user("releng", &["tag"]).await;
        user.call(CreateTag::new("base")).await.unwrap();
        user.call(CreateTag::new("top").parent("base")).await.unwrap();
        user.call(GroupListAdd::new("base", "build").opts(opts(&[("description", "roots".into())]))).await.unwrap();
        let found = groups(&user, GetTagGroups::new("top")).await;
        assert_eq!((found.len(), found[0].name.as_str(), found[0].display_name.as_str()), (1, "build", "build"));
        assert_eq!(
            (found[0].exported, found[0].uservisible, found[0].biarchonly),
            (Some(true), Some(true), Some(false))
        );
        assert_eq!(found[0].description.as_deref(), Some("roots"));
        user.call(GroupListAdd::new("top", "build").opts(opts(&[("display_name", "Build".into())]))).await.unwrap();
        let found = groups(&user, GetTagGroups::new("top")).await;
        assert_eq!((found[0].display_name.as_str(), found[0].description.as_deref()), ("Build", Some("roots")));
        assert_eq!(groups(&user, GetTagGroups::new("base")).await[0].display_name, "build");

        user.call(GroupListBlock::new("top", "build")).await.unwrap();
        assert!(groups(&user, GetTagGroups::new("top")).await.is_empty());
        assert!(groups(&user, GetTagGroups::new("top").incl_blocked(true)).await[0].blocked);
        let text = user.refused(GroupListAdd::new("top", "build")).await.1;
        assert_eq!(text, "group build is blocked in tag top");
        user.call(GroupListUnblock::new("top", "build")).await.unwrap();
        assert_eq!(groups(&user, GetTagGroups::new("top")).await[0].display_name, "build");
        let text = user.refused(GroupListUnblock::new("top", "build")).await.1;
        assert_eq!(text, "group build is NOT blocked in tag top");
        let text = user.refused(GroupListRemove::new("top", "build")).await.1;
        assert_eq!(text, "No group: build found for tag: top");
        user.call(GroupListRemove::new("top", "build").force(true)).await.unwrap();
        user.call(GroupListRemove::new("base", "build")).await.unwrap();
        assert!(groups(&user, GetTagGroups::new("top")).await.is_empty());
    }
}

#[tokio::test]
async fn packages_of_groups_are_inherited() {
    for hub in hubs("packages_of_groups").await {
        let user = hub.user("releng", &["tag"]).await;
        user.call(CreateTag::new("base")).await.unwrap();
        user.call(CreateTag::new("top").parent("base")).await.unwrap();
        user.call(GroupListAdd::new("base", "build")).await.unwrap();
        for package in ["bash", "gcc"] {
            user.call(GroupPackageListAdd::new("base", "build", package)).await.unwrap();
        }
        user.call(GroupPackageListAdd::new("top", "build", "make").opts(opts(&[("basearchonly", true.into())])))
            .await
            .unwrap();
        user.call(GroupPackageListBlock::new("top", "build", "gcc")).await.unwrap();
        let found = groups(&user, GetTagGroups::new("top")).await;
        assert_eq!(packages(&found[0]), [("make", false), ("bash", false)]);
        assert_eq!(found[0].packagelist.as_ref().unwrap()[0].basearchonly, Some(true));
        let found = groups(&user, GetTagGroups::new("top").incl_blocked(true)).await;
        assert_eq!(packages(&found[0]), [("make", false), ("gcc", true), ("bash", false)]);
        let found = groups(&user, GetTagGroups::new("top").incl_pkgs(false).inherit(false)).await;
        assert!(found.is_empty(), "the tag itself has no group");
        let found = groups(&user, GetTagGroups::new("top").incl_pkgs(false).incl_reqs(false)).await;
        assert_eq!((&found[0].packagelist, &found[0].grouplist), (&None, &None));

        let text = user.refused(GroupPackageListAdd::new("top", "build", "gcc")).await.1;
        assert_eq!(text, "package gcc blocked in group build, tag top");
        user.call(GroupPackageListUnblock::new("top", "build", "gcc")).await.unwrap();
        user.call(GroupPackageListRemove::new("top", "build", "make")).await.unwrap();
        let found = groups(&user, GetTagGroups::new("top")).await;
        assert_eq!(packages(&found[0]), [("bash", false), ("gcc", false)]);
        let text = user.refused(GroupPackageListAdd::new("base", "nosuch", "x")).await.1;
        assert_eq!(text, "No such entry in table groups: nosuch");
        user.call(CreateTag::new("alone")).await.unwrap();
        let text = user.refused(GroupPackageListAdd::new("alone", "build", "x")).await.1;
        assert_eq!(text, "group build not present in tag alone");
    }
}

#[tokio::test]
async fn groups_require_groups() {
    for hub in hubs("groups_require_groups").await {
        let user = hub.user("releng", &["tag"]).await;
        user.call(CreateTag::new("base")).await.unwrap();
        for group in ["build", "srpm-build"] {
            user.call(GroupListAdd::new("base", group)).await.unwrap();
        }
        user.call(GroupReqListAdd::new("base", "build", "srpm-build")).await.unwrap();
        let required = async || {
            let found = groups(&user, GetTagGroups::new("base")).await;
            let list = found[0].grouplist.clone().unwrap();
            list.into_iter().map(|r| (r.name, r.kind, r.is_metapkg)).collect::<Vec<_>>()
        };
        assert_eq!(required().await, [("srpm-build".to_owned(), Some("mandatory".to_owned()), false)]);
        user.call(GroupReqListBlock::new("base", "build", "srpm-build")).await.unwrap();
        assert!(required().await.is_empty());
        let text = user.refused(GroupReqListAdd::new("base", "build", "srpm-build")).await.1;
        assert_eq!(text, "requirement on group srpm-build blocked in group build, tag base");
        user.call(GroupReqListUnblock::new("base", "build", "srpm-build")).await.unwrap();
        user.call(GroupReqListAdd::new("base", "build", "srpm-build").opts(opts(&[("is_metapkg", true.into())])))
            .await
            .unwrap();
        assert!(required().await[0].2);
        user.call(GroupListBlock::new("base", "srpm-build")).await.unwrap();
        assert!(required().await.is_empty(), "a blocked group is not required");
        user.call(GroupReqListRemove::new("base", "build", "srpm-build")).await.unwrap();
    }
}
