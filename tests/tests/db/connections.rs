//! Transactions, savepoints, concurrent use, and what is left after a failure.

use std::time::Duration;

use futures_util::TryStreamExt;
use koji_hub_lib::db::{Db, DbError, DbUrl, Dialect, args, list, sql};
use koji_tests::{database, databases};

const ADD: &str = "INSERT INTO tag (name) VALUES ($1)";
const NAMES: &str = "SELECT name FROM tag ORDER BY id";

async fn names(db: &Db) -> Vec<String> {
    db.read().await.unwrap().fetch_scalars(NAMES, args![]).await.unwrap()
}

#[tokio::test]
async fn only_what_is_committed_is_seen() {
    for test in databases("commit").await {
        let mut tx = test.db.begin().await.unwrap();
        assert!(tx.is_tx() && !test.db.read().await.unwrap().is_tx());
        tx.execute(ADD, args!["one"]).await.unwrap();
        assert_eq!(names(&test.db).await, [""; 0]);
        assert_eq!(tx.fetch_scalars::<String>(NAMES, args![]).await.unwrap(), ["one"]);
        tx.commit().await.unwrap();
        assert_eq!(names(&test.db).await, ["one"]);

        let mut tx = test.db.begin().await.unwrap();
        tx.execute(ADD, args!["two"]).await.unwrap();
        tx.rollback().await.unwrap();
        let mut tx = test.db.begin().await.unwrap();
        tx.execute(ADD, args!["three"]).await.unwrap();
        drop(tx);
        let mut tx = test.db.begin().await.unwrap();
        assert_eq!(tx.fetch_scalars::<String>(NAMES, args![]).await.unwrap(), ["one"]);
    }
}

#[tokio::test]
async fn a_savepoint_keeps_the_earlier_changes() {
    for test in databases("savepoint").await {
        let mut tx = test.db.begin().await.unwrap();
        for (name, keep) in [("one", true), ("two", false), ("three", true)] {
            tx.savepoint("call").await.unwrap();
            tx.execute(ADD, args![name]).await.unwrap();
            if !keep {
                tx.rollback_to("call").await.unwrap();
            }
            tx.release("call").await.unwrap();
        }
        tx.commit().await.unwrap();
        assert_eq!(names(&test.db).await, ["one", "three"]);
    }
}

#[tokio::test]
async fn a_failed_statement_ends_the_transaction_unless_rolled_back_to_a_savepoint() {
    for test in databases("failed").await {
        let mut tx = test.db.begin().await.unwrap();
        tx.execute(ADD, args!["one"]).await.unwrap();
        tx.savepoint("call").await.unwrap();
        assert!(tx.execute(ADD, args!["one"]).await.unwrap_err().is_unique());
        assert!(matches!(tx.execute(ADD, args!["two"]).await, Err(DbError::Aborted)));
        tx.rollback_to("call").await.unwrap();
        tx.execute(ADD, args!["two"]).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(names(&test.db).await, ["one", "two"]);

        let mut tx = test.db.begin().await.unwrap();
        tx.execute(ADD, args!["three"]).await.unwrap();
        tx.execute(ADD, args!["one"]).await.unwrap_err();
        assert!(matches!(tx.commit().await, Err(DbError::Aborted)));
        assert_eq!(names(&test.db).await, ["one", "two"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn writers_take_turns_and_readers_do_not_wait() {
    for test in databases("writers").await {
        let tasks: Vec<_> = (0..8)
            .map(|writer| {
                let db = test.db.clone();
                tokio::spawn(async move {
                    for n in 0..10 {
                        let mut tx = db.begin().await.unwrap();
                        let name = format!("{writer}-{n}");
                        tx.execute(ADD, args![&name]).await.unwrap();
                        let id: i32 =
                            tx.fetch_scalar("SELECT id FROM tag WHERE name = $1", args![&name]).await.unwrap();
                        tx.execute("UPDATE tag SET name = $2 WHERE id = $1", args![id, format!("{name}!")])
                            .await
                            .unwrap();
                        tx.commit().await.unwrap();
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(names(&test.db).await.len(), 80);

        let _writing = test.db.begin().await.unwrap();
        let read = tokio::time::timeout(Duration::from_secs(5), names(&test.db)).await;
        assert_eq!(read.unwrap().len(), 80);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_broken_off_does_not_disturb_the_next_user() {
    for test in databases("broken_off").await {
        let tasks: Vec<_> = (0..60)
            .map(|n: u64| {
                let db = test.db.clone();
                tokio::spawn(async move {
                    let work = async {
                        let mut tx = db.begin().await.unwrap();
                        tx.execute(ADD, args![format!("{n}")]).await.unwrap();
                        tx.commit().await.unwrap();
                    };
                    // every other one ends somewhere on its way
                    let whole = n.is_multiple_of(2);
                    let patience = if whole { Duration::from_secs(60) } else { Duration::from_micros(n * 50) };
                    let done = tokio::time::timeout(patience, work).await;
                    let read = tokio::time::timeout(patience, names(&db)).await;
                    assert!(!whole || done.is_ok() && read.is_ok());
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        let names = names(&test.db).await;
        assert!((0..60).step_by(2).all(|n| names.contains(&n.to_string())), "{names:?}");
        let mut tx = test.db.begin().await.unwrap();
        tx.execute(ADD, args!["last"]).await.unwrap();
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn a_statement_that_fails_after_it_was_broken_off_leaves_nothing_behind() {
    let test = database("broken_off_and_failed", Dialect::Postgres).await;
    let mut first = test.db.begin().await.unwrap();
    first.execute(ADD, args!["one"]).await.unwrap();
    let mut second = test.db.begin().await.unwrap();
    let mut watching = test.db.read().await.unwrap();
    let it_waits = async {
        let waiting = "SELECT COUNT(*) FROM pg_stat_activity
            WHERE datname = CURRENT_DATABASE() AND wait_event_type = 'Lock'";
        while watching.fetch_scalar::<i64>(waiting, args![]).await.unwrap() == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        done = second.execute(ADD, args!["one"]) => panic!("{done:?}"),
        () = it_waits => {}
    }
    drop((second, watching));
    first.commit().await.unwrap();
    // all connections that there may be, that one among them
    let mut connections = Vec::new();
    for _ in 0..20 {
        let mut conn = test.db.read().await.unwrap();
        assert_eq!(conn.fetch_scalars::<String>(NAMES, args![]).await.unwrap(), ["one"]);
        connections.push(conn);
    }
}

#[tokio::test]
async fn two_programs_write_to_one_sqlite_file() {
    let test = database("programs", Dialect::Sqlite).await;
    let other = Db::connect(&test.url.parse().unwrap()).await.unwrap();
    let writers = [test.db.clone(), other].map(|db| {
        tokio::spawn(async move {
            for n in 0..20 {
                let mut tx = db.begin().await.unwrap();
                tx.execute("INSERT INTO package (name) SELECT CAST(COUNT(*) AS TEXT) FROM package", args![])
                    .await
                    .unwrap_or_else(|e| panic!("{n}: {e}"));
                tx.commit().await.unwrap();
            }
        })
    });
    for writer in writers {
        writer.await.unwrap();
    }
    let count: i64 = test.db.read().await.unwrap().fetch_scalar("SELECT COUNT(*) FROM package", args![]).await.unwrap();
    assert_eq!(count, 40);
}

#[tokio::test]
async fn sqlite_readers_cannot_write() {
    let test = database("readonly", Dialect::Sqlite).await;
    let mut conn = test.db.read().await.unwrap();
    assert!(conn.execute(ADD, args!["one"]).await.is_err());
}

#[tokio::test]
async fn rows_are_streamed() {
    for test in databases("stream").await {
        let mut tx = test.db.begin().await.unwrap();
        let numbers: Vec<String> = (0..5000).map(|n| n.to_string()).collect();
        let insert = sql!("INSERT INTO package (name) SELECT x.value FROM ", {each "$1", "x"});
        tx.execute(insert, args![list(&numbers)]).await.unwrap();
        tx.commit().await.unwrap();

        let mut conn = test.db.read().await.unwrap();
        let query = "SELECT id, name FROM package WHERE id > $1 ORDER BY id";
        {
            let mut rows = conn.stream::<(i32, String)>(query, args![0]).unwrap();
            let mut count = 0;
            while let Some((id, name)) = rows.try_next().await.unwrap() {
                assert_eq!(id.to_string(), (name.parse::<i32>().unwrap() + 1).to_string());
                count += 1;
            }
            assert_eq!(count, 5000);
            drop(rows);
            let mut rows = conn.stream::<(i32, String)>(query, args![10]).unwrap();
            assert_eq!(rows.try_next().await.unwrap(), Some((11, "10".into())));
        }
        // A stream that is left early leaves the connection usable.
        assert_eq!(conn.fetch_scalar::<i64>("SELECT COUNT(*) FROM package", args![]).await.unwrap(), 5000);
    }
}

#[tokio::test]
async fn a_full_disk_has_its_own_error_and_passes() {
    let test = database("full", Dialect::Sqlite).await;
    let mut tx = test.db.begin().await.unwrap();
    let pages: i64 = tx.fetch_scalar("PRAGMA page_count", args![]).await.unwrap();
    assert!(pages < 400);
    // Stands for the disk: this connection may not make the file any larger.
    tx.fetch_scalar::<i64>("PRAGMA max_page_count = 400", args![]).await.unwrap();
    let mut error = None;
    for n in 0..4000 {
        if let Err(e) = tx.execute(ADD, args![format!("{n:0>1000}")]).await {
            error = Some(e);
            break;
        }
    }
    assert!(matches!(error, Some(DbError::DiskFull { .. })), "{error:?}");
    drop(tx);

    let mut tx = test.db.begin().await.unwrap();
    tx.execute(ADD, args!["one"]).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(names(&test.db).await, ["one"]);
}

#[tokio::test]
async fn a_lost_postgres_connection_is_replaced() {
    let test = database("lost", Dialect::Postgres).await;
    let mut lost = test.db.begin().await.unwrap();
    let pid: i32 = lost.fetch_scalar("SELECT pg_backend_pid()", args![]).await.unwrap();
    let mut tx = test.db.begin().await.unwrap();
    tx.fetch_scalar::<bool>("SELECT pg_terminate_backend($1)", args![pid]).await.unwrap();
    tx.commit().await.unwrap();
    let error = lost.execute(ADD, args!["one"]).await.unwrap_err();
    assert!(matches!(error, DbError::Unavailable { .. }), "{error:?}");
    drop(lost);

    let mut tx = test.db.begin().await.unwrap();
    tx.execute(ADD, args!["two"]).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(names(&test.db).await, ["two"]);
}

#[tokio::test]
async fn a_postgres_deadlock_can_be_retried() {
    let test = database("deadlock", Dialect::Postgres).await;
    let mut tx = test.db.begin().await.unwrap();
    tx.execute(ADD, args!["one"]).await.unwrap();
    tx.execute(ADD, args!["two"]).await.unwrap();
    tx.commit().await.unwrap();

    const TOUCH: &str = "UPDATE tag SET name = name WHERE id = $1";
    let mut first = test.db.begin().await.unwrap();
    let mut second = test.db.begin().await.unwrap();
    first.execute(TOUCH, args![1]).await.unwrap();
    second.execute(TOUCH, args![2]).await.unwrap();
    let (one, two) = tokio::join!(
        async {
            let result = first.execute(TOUCH, args![2]).await;
            drop(first);
            result
        },
        async {
            let result = second.execute(TOUCH, args![1]).await;
            drop(second);
            result
        }
    );
    let error = one.and(two).unwrap_err();
    assert!(error.is_retryable(), "{error:?}");
}

#[tokio::test]
async fn a_database_that_is_not_there_is_reported_at_once() {
    let port = koji_tests::free_port();
    let url: DbUrl = format!("dbname=koji user=koji host=127.0.0.1 port={port}").parse().unwrap();
    let error = tokio::time::timeout(Duration::from_secs(5), Db::connect(&url)).await.unwrap().unwrap_err();
    assert!(matches!(error, DbError::Unavailable { .. }), "{error:?}");

    let test = database("missing", Dialect::Postgres).await;
    let url: DbUrl = format!("{}_nosuch", test.url).parse().unwrap();
    let error = Db::connect(&url).await.unwrap_err();
    assert!(matches!(error, DbError::Unavailable { .. }), "{error:?}");
    assert!(error.to_string().contains("_nosuch"), "{error}");
}

#[tokio::test]
async fn sqlite_makes_its_folder_and_a_private_file() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a/b/hub.db");
    let db = Db::connect(&DbUrl::sqlite(&file)).await.unwrap();
    db.migrate().await.unwrap();
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    db.close().await;
    let left: Vec<_> = std::fs::read_dir(file.parent().unwrap()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left, ["hub.db"]);

    std::fs::write(folder.path().join("text"), "this is not a database, whatever its name may be").unwrap();
    let error = Db::connect(&DbUrl::sqlite(folder.path().join("text"))).await.unwrap_err();
    assert!(matches!(error, DbError::Unavailable { .. }), "{error:?}");
    let error = Db::connect(&DbUrl::sqlite(folder.path().join("text/hub.db"))).await.unwrap_err();
    assert!(matches!(error, DbError::Create(_)), "{error:?}");
}
