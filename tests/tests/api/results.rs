//! Results that are counted, ordered and cut, as the hub's callers see them.

use koji_core::api::builds::CreateEmptyBuild;
use koji_core::api::results::{Count, CountAndFilterResults, FilterResults};
use koji_core::api::{KwArgs, VarArgs};
use koji_core::xmlrpc::{Struct, Value};
use koji_tests::hubs;

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
