//! External repos, as the hub's callers see them.

use koji_core::api::external_repos::*;
use koji_core::api::repos::{GetExternalRepoData, SetExternalRepoData};
use koji_core::api::tags::CreateTag;
use koji_core::model::TagExternalRepo;
use koji_core::xmlrpc::Value;
use koji_tests::hubs;

fn shown(repos: &[TagExternalRepo]) -> Vec<(&str, &str, i32)> {
    repos.iter().map(|r| (r.tag_name.as_str(), r.external_repo_name.as_str(), r.priority)).collect()
}

#[tokio::test]
async fn repos_are_registered_and_changed() {
    for hub in hubs("repos_are_registered").await {
        let admin = hub.admin().await;
        let made = admin.call(CreateExternalRepo::new("ext", "http://example.com/$arch")).await.unwrap();
        assert_eq!(made.url, "http://example.com/$arch/");
        let text = admin.refused(CreateExternalRepo::new("ext", "x")).await.1;
        assert_eq!(text, "An external repo named \"ext\" already exists");
        admin.call(CreateExternalRepo::new("other", "http://example.org/")).await.unwrap();
        let text = admin.refused(EditExternalRepo::new("other").name("ext")).await.1;
        assert_eq!(text, format!("name \"ext\" is already taken by external repo {}", made.id));
        admin.call(EditExternalRepo::new("ext").name("new").url("http://example.net")).await.unwrap();
        let found = admin.call(GetExternalRepo::new(made.id)).await.unwrap().unwrap();
        assert_eq!((found.name.as_str(), found.url.as_str()), ("new", "http://example.net/"));
        let at = admin.call(ListExternalRepos::new().url("http://example.org/")).await.unwrap().into_list();
        assert_eq!((at.len(), at[0].name.as_str()), (1, "other"));
        assert_eq!(admin.call(GetExternalRepo::new("ext")).await.unwrap(), None);
        assert_eq!(admin.refused(GetExternalRepo::new("ext").strict(true)).await.1, "No such repo: ext");
        admin.call(DeleteExternalRepo::new("new")).await.unwrap();
        assert_eq!(admin.refused(DeleteExternalRepo::new("new")).await.1, "No such repo: new");
    }
}

#[tokio::test]
async fn tags_use_repos_and_inherit_them() {
    for hub in hubs("tags_use_repos").await {
        let admin = hub.admin().await;
        admin.call(CreateTag::new("base")).await.unwrap();
        admin.call(CreateTag::new("top").parent("base")).await.unwrap();
        for name in ["a", "b", "c"] {
            admin.call(CreateExternalRepo::new(name, "http://example.com/")).await.unwrap();
        }
        admin.call(AddExternalRepoToTag::new("base", "a", 10).arches("x86_64,i686")).await.unwrap();
        admin.call(AddExternalRepoToTag::new("base", "b", 5).merge_mode("bare")).await.unwrap();
        admin.call(AddExternalRepoToTag::new("top", "a", 20)).await.unwrap();
        let refused = async |request: AddExternalRepoToTag| admin.refused(request).await.1;
        let again = AddExternalRepoToTag::new("base", "a", 7);
        assert_eq!(refused(again).await, "tag base already associated with external repo a");
        let taken = AddExternalRepoToTag::new("base", "c", 10);
        assert_eq!(refused(taken).await, "tag base already associated with an external repo at priority 10");
        let wrong = AddExternalRepoToTag::new("base", "c", 1).merge_mode("x");
        assert_eq!(refused(wrong).await, "No such merge mode: x");

        let of_base = admin.call(GetTagExternalRepos::new().tag_info("base")).await.unwrap();
        assert_eq!(shown(&of_base), [("base", "b", 5), ("base", "a", 10)]);
        assert_eq!((of_base[0].merge_mode.as_str(), of_base[1].arches.as_deref()), ("bare", Some("x86_64 i686")));
        let of_a = admin.call(GetTagExternalRepos::new().repo_info("a")).await.unwrap();
        assert_eq!(shown(&of_a), [("base", "a", 10), ("top", "a", 20)]);
        let line = admin.call(GetExternalRepoList::new("top")).await.unwrap();
        assert_eq!(shown(&line), [("top", "a", 20), ("base", "b", 5)]);

        assert!(admin.call(EditTagExternalRepo::new("base", "a").priority(1)).await.unwrap());
        assert!(!admin.call(EditTagExternalRepo::new("base", "a").priority(1)).await.unwrap());
        let of_base = admin.call(GetTagExternalRepos::new().tag_info("base")).await.unwrap();
        assert_eq!(shown(&of_base), [("base", "a", 1), ("base", "b", 5)]);
        admin.call(RemoveExternalRepoFromTag::new("base", "a")).await.unwrap();
        let text = admin.refused(RemoveExternalRepoFromTag::new("base", "a")).await.1;
        assert_eq!(text, "external repo a not associated with tag base");
        admin.call(DeleteExternalRepo::new("b")).await.unwrap();
        assert!(admin.call(GetTagExternalRepos::new().tag_info("base")).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn what_was_seen_of_a_repo_is_kept() {
    for hub in hubs("what_was_seen_of_a_repo").await {
        let admin = hub.admin().await;
        let (kojira, alice) = (hub.user("kojira", &["repo"]).await, hub.user("alice", &[]).await);
        admin.call(CreateExternalRepo::new("ext", "http://example.com/")).await.unwrap();
        assert_eq!(alice.call(GetExternalRepoData::new("ext")).await.unwrap(), Value::Nil);
        let data = |time: i32| Value::Struct([("max_ts", time)].into_iter().collect());
        let refused = alice.refused(SetExternalRepoData::new("ext", data(1))).await.1;
        assert_eq!(refused, "repo permission required (logged in as alice)");
        for time in [1_700_000_000, 1_700_000_001] {
            kojira.call(SetExternalRepoData::new("ext", data(time))).await.unwrap();
            assert_eq!(alice.call(GetExternalRepoData::new("ext")).await.unwrap(), data(time));
        }
        let refused = kojira.refused(SetExternalRepoData::new("ext", Value::Int(1))).await.1;
        assert_eq!(refused, "Invalid type for value '1': <class 'int'>");
        let refused = kojira.refused(SetExternalRepoData::new("nosuch", data(1))).await.1;
        assert_eq!(refused, "No such entry in table external_repo: nosuch");
        assert_eq!(alice.refused(GetExternalRepoData::new("nosuch")).await.1, refused);
    }
}
