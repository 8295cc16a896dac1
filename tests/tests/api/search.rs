//! Searches, as the hub's callers see them.

use koji_core::api::QueryOpts;
use koji_core::api::builds::CreateEmptyBuild;
use koji_core::api::search::Search;
use koji_core::api::tags::{CreateTag, DeleteTag};
use koji_tests::hubs;

fn names(found: Vec<koji_core::model::Found>) -> Vec<String> {
    let mut names: Vec<String> = found.into_iter().map(|f| f.name).collect();
    names.sort();
    names
}

#[tokio::test]
async fn things_are_found_by_parts_of_their_names() {
    for hub in hubs("things_are_found_by_parts").await {
        let admin = hub.admin().await;
        for tag in ["f44-build", "f44_build", "F45-build", "gone"] {
            admin.call(CreateTag::new(tag)).await.unwrap();
        }
        admin.call(DeleteTag::new("gone")).await.unwrap();
        for version in ["1", "2"] {
            admin.call(CreateEmptyBuild::new("hello", version, "1.fc44", None)).await.unwrap();
        }
        let find = async |terms: &str, kind: &str, how: &str| {
            names(admin.call(Search::new(terms, kind, how)).await.unwrap().into_list())
        };
        assert_eq!(find("f4?-*", "tag", "glob").await, ["F45-build", "f44-build"]);
        assert_eq!(find("f44_build", "tag", "glob").await, ["f44_build"], "an underscore is itself");
        assert_eq!(find("^F44", "tag", "regexp").await, ["f44-build", "f44_build"]);
        assert_eq!(find("f44", "tag", "exact").await, [""; 0]);
        assert_eq!(find("g*", "tag", "glob").await, [""; 0], "what is deleted is not found");
        assert_eq!(find("HELLO-*", "build", "glob").await, ["hello-1-1.fc44", "hello-2-1.fc44"]);
        assert_eq!(find("hello", "package", "any other").await, ["hello"]);
        for kind in ["user", "host", "target", "rpm", "maven", "win", "file"] {
            assert_eq!(find("nosuch*", kind, "glob").await, [""; 0], "{kind}");
        }
        let opts = QueryOpts { order: Some("-name".into()), limit: Some(1), ..QueryOpts::default() };
        let last = admin.call(Search::new("*", "build", "glob").query_opts(opts)).await.unwrap();
        assert_eq!(names(last.into_list()), ["hello-2-1.fc44"]);
        let opts = QueryOpts { count_only: Some(true), ..QueryOpts::default() };
        assert_eq!(admin.call(Search::new("*", "build", "glob").query_opts(opts)).await.unwrap().count(), 2);

        let text = async |terms: &str, kind: &str, how: &str| admin.refused(Search::new(terms, kind, how)).await.1;
        assert_eq!(text("", "tag", "glob").await, "empty search terms");
        assert_eq!(text("*", "cg", "glob").await, "No such search type: cg");
        assert!(text("(", "tag", "regexp").await.contains("regular expression"));
    }
}
