//! The versioned tables: what holds now, what held then.

use koji_core::ids::{EventId, UserId};
use koji_hub_lib::db::{Conn, Select, args, insert_versioned, new_event, revoke, sql};
use koji_tests::databases;

const USER: UserId = UserId(1);

async fn set_arches(conn: &mut Conn, arches: Option<&str>) -> EventId {
    let event = new_event(conn).await.unwrap();
    revoke(conn, "tag_config", vec![("tag_id", 1.into())], event, USER).await.unwrap();
    let columns = vec![("tag_id", 1.into()), ("arches", arches.into()), ("locked", true.into())];
    insert_versioned(conn, "tag_config", columns, event, USER).await.unwrap();
    event
}

async fn arches_at(conn: &mut Conn, event: Option<EventId>) -> Vec<Option<String>> {
    let query = Select::from("tag_config").column("arches", "arches").filter("tag_id = $1", args![1]);
    query.at("tag_config", event).fetch_scalars(conn).await.unwrap()
}

#[tokio::test]
async fn a_row_holds_from_its_event_until_it_is_revoked() {
    for test in databases("history").await {
        let mut conn = test.db.begin().await.unwrap();
        crate::basics(&mut conn).await.unwrap();
        let before = new_event(&mut conn).await.unwrap();
        let first = set_arches(&mut conn, Some("x86_64")).await;
        let second = set_arches(&mut conn, None).await;
        let third = new_event(&mut conn).await.unwrap();
        assert_eq!(revoke(&mut conn, "tag_config", vec![("tag_id", 1.into())], third, USER).await.unwrap(), 1);
        assert_eq!(revoke(&mut conn, "tag_config", vec![("tag_id", 1.into())], third, USER).await.unwrap(), 0);
        let fourth = set_arches(&mut conn, Some("aarch64")).await;

        for (event, expected) in [
            (Some(before), vec![]),
            (Some(first), vec![Some("x86_64".to_owned())]),
            (Some(second), vec![None]),
            (Some(third), vec![]),
            (Some(fourth), vec![Some("aarch64".to_owned())]),
            (None, vec![Some("aarch64".to_owned())]),
        ] {
            assert_eq!(arches_at(&mut conn, event).await, expected, "{event:?}");
        }
        let at = sql!("SELECT t.arches FROM tag_config AS t WHERE t.tag_id = $1 AND ", {at "t", "$2"});
        let then: Vec<Option<String>> = conn.fetch_scalars(at, args![1, second]).await.unwrap();
        assert_eq!(then, [None]);
        let current = sql!("SELECT t.arches FROM tag_config AS t WHERE ", {current "t"}, " AND t.locked");
        let now: Vec<Option<String>> = conn.fetch_scalars(current, args![]).await.unwrap();
        assert_eq!(now, [Some("aarch64".to_owned())]);

        let revoked = "SELECT create_event, revoke_event, creator_id, revoker_id, active FROM tag_config \
                       WHERE active IS NULL ORDER BY create_event";
        let rows: Vec<(EventId, EventId, UserId, UserId, Option<bool>)> =
            conn.fetch_all(revoked, args![]).await.unwrap();
        assert_eq!(rows, [(first, second, USER, USER, None), (second, third, USER, USER, None)]);
    }
}

#[tokio::test]
async fn revoking_spares_other_rows() {
    for test in databases("revoke").await {
        let mut conn = test.db.begin().await.unwrap();
        crate::basics(&mut conn).await.unwrap();
        let event = new_event(&mut conn).await.unwrap();
        for key in ["a", "b"] {
            let columns = vec![("tag_id", 1.into()), ("key", key.into()), ("value", "1".into())];
            insert_versioned(&mut conn, "tag_extra", columns, event, USER).await.unwrap();
        }
        let later = new_event(&mut conn).await.unwrap();
        let key = vec![("tag_id", 1.into()), ("key", "a".into())];
        assert_eq!(revoke(&mut conn, "tag_extra", key, later, USER).await.unwrap(), 1);
        let left = sql!("SELECT key FROM tag_extra WHERE ", {current "tag_extra"});
        assert_eq!(conn.fetch_scalars::<String>(left, args![]).await.unwrap(), ["b"]);
    }
}
