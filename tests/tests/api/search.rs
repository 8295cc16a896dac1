//! Searches, and results that are counted and cut, as the hub's callers see them.

use koji_core::api::builds::CreateEmptyBuild;
use koji_core::api::results::{Count, CountAndFilterResults, FilterResults};
use koji_core::api::search::Search;
use koji_core::api::tags::{CreateTag, DeleteTag};
use koji_core::api::{KwArgs, QueryOpts, VarArgs};
use koji_core::xmlrpc::{Struct, Value};
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

#[tokio::test]
async fn results_are_counted_ordered_and_cut() {
    for hub in hubs("results_are_counted").await {
        let admin = hub.admin().await;
        for version in ["1", "3", "2"] {
            admin.call(CreateEmptyBuild::new("hello", version, "1", None)).await.unwrap();
        }
        let args = |args: &[&str]| VarArgs(args.iter().map(|a| Value::from(*a)).collect());
        assert_eq!(admin.call(Count::new("listBuilds")).await.unwrap(), 3);
        assert_eq!(admin.call(Count::new("getBuild").args(args(&["nosuch-1-1"]))).await.unwrap(), 0);
        assert_eq!(admin.call(Count::new("getAPIVersion")).await.unwrap(), 1);
        assert_eq!(admin.call(Count::new("createTag").args(args(&["t"]))).await.unwrap(), 1, "a call that writes");
        assert_eq!(admin.call(Count::new("getTag").args(args(&["t"]))).await.unwrap(), 9);

        let opts = Struct::from_iter([("order", Value::from("-version")), ("offset", 1.into()), ("limit", 1.into())]);
        let named = KwArgs(Struct::from_iter([("filterOpts", opts)]));
        let (count, part) = admin.call(CountAndFilterResults::new("listBuilds").named(named.clone())).await.unwrap();
        assert_eq!(count, 3);
        let versions = |rows: &Value| -> Vec<Value> {
            let rows = rows.as_array().unwrap().iter();
            rows.map(|row| row.as_struct().unwrap().get("version").unwrap().clone()).collect()
        };
        assert_eq!(versions(&part), ["2".into()]);
        let part = admin.call(FilterResults::new("listBuilds").named(named)).await.unwrap();
        assert_eq!(versions(&part), ["2".into()]);

        let text = async |method: &str, a: &[&str]| admin.refused(FilterResults::new(method).args(args(a))).await.1;
        assert_eq!(text("nosuch", &[]).await, "method nosuch doesn't exist");
        assert_eq!(text("getAPIVersion", &[]).await, "getAPIVersion() did not return a list");
        let refused = text("listTagged", &["nosuch"]).await;
        assert!(refused.starts_with("method listTagged raised an exception (No such"), "{refused}");
        assert_eq!(text("count", &["count"]).await, "count of another count is not possible");
        let anyone = hub.nobody();
        let (_, refused) = anyone.refused(Count::new("createTag").args(args(&["u"]))).await;
        assert_eq!(refused, "tag permission required (user not logged in)");
    }
}
