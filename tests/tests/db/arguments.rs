//! Values go in and come out unchanged.

use koji_core::ids::{EventId, TagId, UserId};
use koji_core::json::{Json, JsonText};
use koji_core::time::{EpochSeconds, Timestamp};
use koji_hub_lib::db::{args, list, new_event, sql};
use koji_tests::databases;
use serde_json::json;

#[derive(Debug, PartialEq, sqlx::FromRow)]
struct Task {
    id: i32,
    label: Option<String>,
    waiting: Option<bool>,
    weight: f64,
    create_time: Timestamp,
    completion_time: Option<Timestamp>,
    completion_ts: Option<EpochSeconds>,
    eta: Option<i32>,
}

const INSERT_TASK: &str = "INSERT INTO task (channel_id, owner, arch, parent, label, waiting, weight, completion_time, eta) \
     VALUES (1, $1, 'noarch', $2, $3, $4, $5, $6, $7) RETURNING id";
const TASK: &str = "SELECT id, label, waiting, weight, create_time, completion_time, \
     completion_time AS completion_ts, eta FROM task WHERE id = $1";

#[tokio::test]
async fn columns_of_each_type_come_back_as_they_went_in() {
    for test in databases("types").await {
        let before = Timestamp::now().plus_secs(-60);
        let mut conn = test.db.begin().await.unwrap();
        crate::basics(&mut conn).await.unwrap();
        let time: Timestamp = "2024-01-02 03:04:05.678901+00:00".parse().unwrap();

        let nulls = args![UserId(1), None::<i32>, None::<&str>, None::<bool>, 1.0, None::<Timestamp>, None::<i32>];
        let first: i32 = conn.fetch_scalar(INSERT_TASK, nulls).await.unwrap();
        let label = String::from("läbel '\"\\ $1 ?");
        let values = args![UserId(1), first, &label, true, 0.25, time, -7];
        let second: i32 = conn.fetch_scalar(INSERT_TASK, values).await.unwrap();

        let task: Task = conn.fetch_one(TASK, args![first]).await.unwrap();
        assert_eq!((task.label, task.waiting, task.weight, task.eta), (None, None, 1.0, None));
        assert_eq!((task.completion_time, task.completion_ts), (None, None));
        assert!(task.create_time > before && task.create_time < Timestamp::now().plus_secs(60), "{}", task.create_time);
        assert_eq!(task.create_time.as_micros() % 1000 == 0, test.dialect() == koji_hub_lib::db::Dialect::Sqlite);

        let task: Task = conn.fetch_one(TASK, args![second]).await.unwrap();
        assert_eq!((task.label, task.waiting, task.weight), (Some(label), Some(true), 0.25));
        assert_eq!((task.completion_time, task.eta), (Some(time), Some(-7)));
        assert_eq!(task.completion_ts, Some(EpochSeconds(1_704_164_645.678_901)));
        assert_eq!(time.to_string(), "2024-01-02 03:04:05.678901+00:00");

        let later = "SELECT id FROM task WHERE completion_time > $1";
        assert_eq!(conn.fetch_scalars::<i32>(later, args![time.plus_secs(-1)]).await.unwrap(), [second]);
        assert_eq!(conn.fetch_scalars::<i32>(later, args![time]).await.unwrap(), [0; 0]);
    }
}

#[tokio::test]
async fn big_and_small_numbers_keep_their_width() {
    for test in databases("numbers").await {
        let mut conn = test.db.begin().await.unwrap();
        let insert = "INSERT INTO rpminfo (name, version, release, arch, external_repo_id, payloadhash, size, buildtime) \
             VALUES ('a', '1', '1', 'noarch', $1, '', $2, $3) RETURNING id";
        conn.execute("INSERT INTO external_repo (id, name) VALUES (5, 'x')", args![]).await.unwrap();
        let rpm: i32 = conn.fetch_scalar(insert, args![5, i64::MAX, 0_i64]).await.unwrap();
        conn.execute("INSERT INTO rpm_checksum VALUES ($1, 'k', 'c', $2)", args![rpm, 2_i16]).await.unwrap();

        let row: (i64, i64, bool) = conn
            .fetch_one("SELECT size, buildtime, draft IS NULL FROM rpminfo WHERE id = $1", args![rpm])
            .await
            .unwrap();
        assert_eq!(row, (i64::MAX, 0, true));
        assert_eq!(conn.fetch_scalar::<i16>("SELECT checksum_type FROM rpm_checksum", args![]).await.unwrap(), 2);
        assert_eq!(conn.fetch_scalar::<i64>("SELECT COUNT(*) FROM rpminfo", args![]).await.unwrap(), 1);
        let sum = "SELECT CAST(SUM(size) AS BIGINT), SUM(external_repo_id) FROM rpminfo";
        assert_eq!(conn.fetch_one::<(i64, i64)>(sum, args![]).await.unwrap(), (i64::MAX, 5));
    }
}

#[tokio::test]
async fn json_comes_back_from_text_and_jsonb_and_json_columns() {
    for test in databases("json").await {
        let mut conn = test.db.begin().await.unwrap();
        crate::basics(&mut conn).await.unwrap();
        for value in [json!({"a": [1, null, "ü"], "b": {"c": 1.5}}), json!([]), json!("7"), json!(7), json!(null)] {
            let insert = "INSERT INTO repo_queue (owner, priority, tag_id, opts) VALUES (1, 1, 1, $1) RETURNING opts";
            let (back,): (Json,) = conn.fetch_one(insert, args![Json(value.clone())]).await.unwrap();
            assert_eq!(back.0, value);

            let insert = "INSERT INTO buildroot (br_type, extra) VALUES (1, $1) RETURNING extra";
            let (back,): (Option<JsonText>,) = conn.fetch_one(insert, args![JsonText(value.clone())]).await.unwrap();
            assert_eq!(back.unwrap().0, value);

            let insert = "INSERT INTO proton_queue (address, props, body) VALUES ('a', $1, $1) RETURNING body";
            let (back,): (Json,) = conn.fetch_one(insert, args![Json(value.clone())]).await.unwrap();
            assert_eq!(back.0, value);
        }
        let event = new_event(&mut conn).await.unwrap();
        let insert = "INSERT INTO repo (create_event, tag_id, opts) VALUES ($1, $2, $3) RETURNING opts";
        let none = conn.fetch_scalar::<Option<Json>>(insert, args![event, TagId(1), None::<Json>]).await.unwrap();
        assert_eq!(none, None);
    }
}

#[tokio::test]
async fn ids_are_arguments_and_columns() {
    for test in databases("ids").await {
        let mut conn = test.db.begin().await.unwrap();
        let first = new_event(&mut conn).await.unwrap();
        let second = new_event(&mut conn).await.unwrap();
        assert_eq!((first, second), (EventId(1), EventId(2)));
        let found: Vec<(EventId,)> =
            conn.fetch_all(sql!("SELECT id FROM events WHERE id ", {in "$1"}), args![list(&[second])]).await.unwrap();
        assert_eq!(found, [(second,)]);
        let later: Option<EventId> =
            conn.fetch_scalar_optional("SELECT id FROM events WHERE id > $1", args![Some(second)]).await.unwrap();
        assert_eq!(later, None);
    }
}

#[tokio::test]
async fn lists_are_one_argument() {
    for test in databases("lists").await {
        let mut conn = test.db.begin().await.unwrap();
        let insert = sql!("INSERT INTO package (name) SELECT x.value FROM ", {each "$1", "x"});
        let names = [r#"a"b"#, r"c\d", "e'f", "gö", ""];
        assert_eq!(conn.execute(insert, args![list(&names)]).await.unwrap(), 5);

        let named = sql!("SELECT name FROM package WHERE name ", {in "$1"}, " ORDER BY id");
        assert_eq!(conn.fetch_scalars::<String>(named, args![list(&names)]).await.unwrap(), names);
        let owned: Vec<String> = vec!["gö".into(), "nosuch".into()];
        assert_eq!(conn.fetch_scalars::<String>(named, args![list(&owned)]).await.unwrap(), ["gö"]);

        let others = sql!("SELECT id FROM package WHERE id ", {not in "$1"}, " ORDER BY id");
        assert_eq!(conn.fetch_scalars::<i32>(others, args![list(&[1, 3])]).await.unwrap(), [2, 4, 5]);
        assert_eq!(conn.fetch_scalars::<i32>(others, args![list::<i32>(&[])]).await.unwrap(), [1, 2, 3, 4, 5]);
        let some = sql!("SELECT id FROM package WHERE id ", {in "$1"});
        assert_eq!(conn.fetch_scalars::<i32>(some, args![list::<i32>(&[])]).await.unwrap(), [0; 0]);

        let many: Vec<i32> = (0..100_000).collect();
        assert_eq!(conn.fetch_scalars::<i32>(some, args![list(&many)]).await.unwrap().len(), 5);
    }
}

#[tokio::test]
async fn fragments_mean_the_same_on_both() {
    for test in databases("fragments").await {
        let mut conn = test.db.begin().await.unwrap();
        let insert = sql!("INSERT INTO tag (name) SELECT x.value FROM ", {each "$1", "x"});
        conn.execute(insert, args![list(&["f44", "F44-build", "f4_x", "el9"])]).await.unwrap();

        let like = sql!("SELECT name FROM tag AS t WHERE ", {like "t.name", "$1"}, " ORDER BY id");
        let ilike = sql!("SELECT name FROM tag AS t WHERE ", {ilike "t.name", "$1"}, " ORDER BY id");
        let regex = sql!("SELECT name FROM tag AS t WHERE ", {regex "t.name", "$1"}, " ORDER BY id");
        let iregex = sql!("SELECT name FROM tag AS t WHERE ", {iregex "t.name", "$1"}, " ORDER BY id");
        for (query, pattern, expected) in [
            (like, "f4%", vec!["f44", "f4_x"]),
            (like, r"f4\_%", vec!["f4_x"]),
            (like, "F4_", vec![]),
            (ilike, "F4%", vec!["f44", "F44-build", "f4_x"]),
            (ilike, r"F4\_X", vec!["f4_x"]),
            (regex, "^f4.$", vec!["f44"]),
            (regex, "^F", vec!["F44-build"]),
            (iregex, "^F44", vec!["f44", "F44-build"]),
        ] {
            let found: Vec<String> = conn.fetch_scalars(query, args![pattern]).await.unwrap();
            assert_eq!(found, expected, "{pattern} {query:?}");
        }

        let insert = "INSERT INTO events (time) VALUES ($1) RETURNING id";
        let event: i32 = conn.fetch_scalar(insert, args![Timestamp::from_micros(1_500_250_000)]).await.unwrap();
        let epoch = sql!("SELECT ", {epoch "e.time"}, " FROM events AS e WHERE e.id = $1");
        assert_eq!(conn.fetch_scalar::<f64>(epoch, args![event]).await.unwrap(), 1500.25);

        for lock in [
            sql!("SELECT id FROM tag ORDER BY id", {for update}),
            sql!("SELECT id FROM tag ORDER BY id", {for update of "tag"}),
            sql!("SELECT id FROM tag ORDER BY id", {for update skip locked}),
            sql!("SELECT id FROM tag ORDER BY id", {for update of "tag" skip locked}),
        ] {
            assert_eq!(conn.fetch_scalars::<i32>(lock, args![]).await.unwrap(), [1, 2, 3, 4]);
        }
    }
}
