//! History, as the hub's callers see it.

use koji_core::api::KwArgs;
use koji_core::api::Param;
use koji_core::api::builds::CreateEmptyBuild;
use koji_core::api::history::QueryHistory;
use koji_core::api::packages::PackageListAdd;
use koji_core::api::tagging::{TagBuildBypass, UntagBuildBypass};
use koji_core::api::tags::CreateTag;
use koji_core::xmlrpc::{Struct, Value};
use koji_tests::hubs;

fn filters<const N: usize>(filters: [(&str, Value); N]) -> QueryHistory {
    QueryHistory::new().filters(KwArgs(Struct::from_iter(filters)))
}

fn rows(history: &Struct, table: &str) -> Vec<Struct> {
    let rows = history.get(table).unwrap_or_else(|| panic!("no {table} in {history:?}"));
    rows.as_array().unwrap().iter().map(|row| row.as_struct().unwrap().clone()).collect()
}

#[tokio::test]
async fn each_change_is_told_with_who_made_it_and_when() {
    for hub in hubs("each_change_is_told").await {
        let admin = hub.admin().await;
        for tag in ["base", "top"] {
            admin.call(CreateTag::new(tag)).await.unwrap();
        }
        admin.call(PackageListAdd::new("top", "hello").owner("kojiadmin")).await.unwrap();
        let build = admin.call(CreateEmptyBuild::new("hello", "1", "1", None)).await.unwrap();
        admin.call(TagBuildBypass::new("top", build)).await.unwrap();
        admin.call(UntagBuildBypass::new("top", build)).await.unwrap();
        admin.call(TagBuildBypass::new("top", build)).await.unwrap();

        let all = admin.call(QueryHistory::new()).await.unwrap();
        assert_eq!(all.len(), 18);
        let of_build = admin.call(filters([("build", "hello-1-1".into())])).await.unwrap();
        let listing = rows(&of_build, "tag_listing");
        assert_eq!((of_build.len(), listing.len()), (1, 2), "only the table that knows builds");
        let get =
            |row: &Struct, field: &str| row.get(field).cloned().unwrap_or_else(|| panic!("no {field} in {row:?}"));
        assert_eq!(get(&listing[0], "active"), Value::Nil);
        assert_eq!(get(&listing[1], "active"), Value::Bool(true));
        assert_eq!(get(&listing[0], "revoker_name"), "kojiadmin".into());
        assert_eq!(get(&listing[1], "revoker_name"), Value::Nil);
        for (field, value) in [("tag.name", "top"), ("name", "hello"), ("version", "1"), ("creator_name", "kojiadmin")]
        {
            assert_eq!(get(&listing[0], field), value.into());
        }
        assert!(matches!(get(&listing[0], "create_ts"), Value::Double(_)));
        let revoked = get(&listing[0], "revoke_event").as_int().unwrap();

        let active = admin.call(filters([("package", "hello".into()), ("active", true.into())])).await.unwrap();
        assert_eq!(rows(&active, "tag_listing").len(), 1);
        assert_eq!(rows(&active, "tag_packages").len(), 1);
        assert_eq!(rows(&active, "tag_package_owners").len(), 1);
        assert_eq!(rows(&active, "group_package_listing").len(), 0);
        let past = admin.call(filters([("tag", "top".into()), ("active", false.into())])).await.unwrap();
        assert_eq!(rows(&past, "tag_listing").len(), 1);

        let since = admin.call(filters([("tag", "top".into()), ("afterEvent", Value::Int(revoked))])).await.unwrap();
        let listing = rows(&since, "tag_listing");
        assert_eq!(listing.len(), 1);
        assert_eq!(get(&listing[0], "_created_after_event"), Value::Bool(true));
        assert_eq!(get(&listing[0], "_revoked_after_event"), Value::Nil);
        let before = admin.call(filters([("before", 1000.into())])).await.unwrap();
        assert!(before.iter().all(|(_, rows)| rows.as_array().is_some_and(<[Value]>::is_empty)));
        let by = admin.call(filters([("editor", "kojiadmin".into()), ("build", build.into_value())])).await.unwrap();
        assert_eq!(get(&rows(&by, "tag_listing")[0], "_revoked_by"), Value::Bool(true));
    }
}

#[tokio::test]
async fn an_inheritance_is_history_of_both_its_tags() {
    for hub in hubs("an_inheritance_is_history_of").await {
        let admin = hub.admin().await;
        let base = admin.call(CreateTag::new("base")).await.unwrap();
        let top = admin.call(CreateTag::new("top").parent("base")).await.unwrap();
        for tag in ["base", "top"] {
            let history = admin.call(filters([("tag", tag.into())])).await.unwrap();
            let links = rows(&history, "tag_inheritance");
            assert_eq!(links.len(), 1);
            assert_eq!(links[0].get("parent.name"), Some(&"base".into()));
            assert_eq!(links[0].get("tag.name"), Some(&"top".into()));
            assert_eq!(links[0].get("tag_id"), Some(&top.into_value()));
            assert_eq!(links[0].get("parent_id"), Some(&base.into_value()));
        }
    }
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused_by_name() {
    for hub in hubs("what_cannot_be_asked_is_refused").await {
        let admin = hub.admin().await;
        let text = async |request: QueryHistory| admin.refused(request).await.1;
        let table = QueryHistory::new().tables(vec!["build".to_owned()]);
        assert_eq!(text(table).await, "No such history table: build");
        assert_eq!(text(filters([("tag", "nosuch".into())])).await, "No such entry in table tag: nosuch");
        assert!(text(filters([("after", "no time".into())])).await.contains("invalid value for after"));
        let rows = admin.call(filters([("host", "nosuch".into())])).await.unwrap();
        assert_eq!(rows.get("host_config"), Some(&Value::Array(vec![])));
    }
}
