//! Statements that are put together at run time.

use koji_core::api::QueryOpts;
use koji_hub_lib::db::{Conn, DbError, Select, args, list, sql};
use koji_tests::databases;

/// Five tasks, with priorities 2, none, 1, none, 3.
async fn tasks(conn: &mut Conn) {
    crate::basics(conn).await.unwrap();
    for priority in [Some(2), None, Some(1), None, Some(3)] {
        let insert = "INSERT INTO task (channel_id, owner, arch, priority) VALUES (1, 1, 'noarch', $1)";
        conn.execute(insert, args![priority]).await.unwrap();
    }
}

fn query<'a>() -> Select<'a> {
    Select::from("task")
        .columns(&[("task.id", "id"), ("task.priority", "priority"), ("channels.name", "channel_name")])
        .join_with("JOIN channels ON channels.id = task.channel_id AND channels.name <> $1", args!["nosuch"])
}

fn order(order: &str) -> QueryOpts {
    QueryOpts { order: Some(order.to_owned()), ..QueryOpts::default() }
}

async fn ids(conn: &mut Conn, query: Select<'_>) -> Vec<i32> {
    query.fetch_all::<(i32, Option<i32>, String)>(conn).await.unwrap().into_iter().map(|row| row.0).collect()
}

#[tokio::test]
async fn orders_are_the_same_with_nulls() {
    for test in databases("order").await {
        let mut conn = test.db.begin().await.unwrap();
        tasks(&mut conn).await;
        for (by, expected) in [
            ("priority,id", [3, 1, 5, 2, 4]),
            ("-priority,id", [2, 4, 5, 1, 3]),
            ("channel_name,-id", [5, 4, 3, 2, 1]),
            ("task.id", [1, 2, 3, 4, 5]),
        ] {
            assert_eq!(ids(&mut conn, query().options(&order(by)).unwrap()).await, expected, "{by}");
        }
        assert_eq!(ids(&mut conn, query().order_by_desc("task.id")).await, [5, 4, 3, 2, 1]);
        assert!(matches!(query().options(&order("owner")), Err(DbError::InvalidOrder(name)) if name == "owner"));
    }
}

#[tokio::test]
async fn filters_limits_and_counts() {
    for test in databases("count").await {
        let mut conn = test.db.begin().await.unwrap();
        tasks(&mut conn).await;
        let page = |limit, offset| QueryOpts { limit, offset, ..order("id") };
        let filtered = || query().filter(sql!("task.id ", {not in "$1"}), args![list(&[3])]);
        assert_eq!(filtered().count(&mut conn).await.unwrap(), 4);
        for (options, expected) in [
            (page(None, None), vec![1, 2, 4, 5]),
            (page(Some(0), Some(0)), vec![1, 2, 4, 5]),
            (page(Some(2), None), vec![1, 2]),
            (page(Some(2), Some(1)), vec![2, 4]),
            (page(None, Some(3)), vec![5]),
            (page(Some(9), Some(9)), vec![]),
        ] {
            assert_eq!(ids(&mut conn, filtered().options(&options).unwrap()).await, expected, "{options:?}");
            let count = filtered().options(&options).unwrap().count(&mut conn).await.unwrap();
            assert_eq!(count, expected.len() as i64, "{options:?}");
        }
        let groups = Select::from("task").column("priority IS NULL", "none").group_by("priority IS NULL");
        assert_eq!(groups.count(&mut conn).await.unwrap(), 2);
        let first = query().order_by("task.id").limit(1).lock(sql!({for update of "task"}));
        assert_eq!(first.fetch_optional::<(i32, Option<i32>, String)>(&mut conn).await.unwrap().unwrap().0, 1);
    }
}

#[tokio::test]
async fn a_query_reads_into_structs_by_name() {
    #[derive(sqlx::FromRow)]
    struct Row {
        channel_name: String,
        id: i32,
    }
    for test in databases("structs").await {
        let mut conn = test.db.begin().await.unwrap();
        tasks(&mut conn).await;
        let rows: Vec<Row> = query().filter("task.priority = $1", args![3]).fetch_all(&mut conn).await.unwrap();
        assert_eq!((rows.len(), rows[0].id, rows[0].channel_name.as_str()), (1, 5, "default"));
    }
}
