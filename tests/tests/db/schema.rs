//! Creating and adopting the schema.

use std::collections::BTreeMap;

use koji_core::api::tags::{CreateTag, GetTag};
use koji_hub_lib::db::Dialect;
use koji_hub_lib::db::{Db, DbError, args};
use koji_tests::{TestDb, TestHub, database, databases, empty_database};

const BOTH: [Dialect; 2] = [Dialect::Sqlite, Dialect::Postgres];

async fn run(db: &Db, sql: &'static str) {
    let mut conn = db.begin().await.unwrap();
    conn.execute(sql, args![]).await.unwrap();
    conn.commit().await.unwrap();
}

#[tokio::test]
async fn migrating_twice_changes_nothing() {
    for dialect in BOTH {
        let test = empty_database("twice", dialect).await;
        let first = test.db.migrate().await.unwrap();
        assert_eq!(first.to_string(), "created the database's schema");
        run(&test.db, "INSERT INTO tag (name) VALUES ('kept')").await;
        let second = test.db.migrate().await.unwrap();
        assert_eq!(second.to_string(), "the database's schema is up to date");
        let mut conn = test.db.read().await.unwrap();
        assert_eq!(conn.fetch_scalar::<String>("SELECT name FROM tag", args![]).await.unwrap(), "kept");
    }
}

#[tokio::test]
async fn hubs_that_start_together_migrate_once() {
    for dialect in BOTH {
        let test = empty_database("together", dialect).await;
        let other = Db::connect(&test.url.parse().unwrap()).await.unwrap();
        let (one, two) = tokio::join!(test.db.migrate(), other.migrate());
        let applied = [one.unwrap().applied.len(), two.unwrap().applied.len()];
        assert!(applied.contains(&0) && applied.iter().sum::<usize>() > 0, "{applied:?}");
    }
}

#[tokio::test]
async fn a_koji_database_is_adopted_with_its_rows() {
    for test in databases("adopt").await {
        run(&test.db, "INSERT INTO tag (name) VALUES ('old')").await;
        // A Koji hub's database is ours without our own tables.
        run(&test.db, "DROP TABLE hub_migrations").await;
        let adopted = test.db.migrate().await.unwrap();
        assert_eq!(
            adopted.to_string(),
            "adopted an existing database with the schema of Koji 1.37: 0 users, 1 tags, 0 builds, 0 tasks; \
             added the table hub_migrations; all else is as it was"
        );
        assert_eq!(test.db.migrate().await.unwrap().adopted, None);
        let mut conn = test.db.read().await.unwrap();
        assert_eq!(conn.fetch_scalar::<String>("SELECT name FROM tag", args![]).await.unwrap(), "old");
    }
}

/// All that the schema is made of but for our own tables, and all rows: a text for each.
async fn contents(test: &TestDb) -> BTreeMap<String, String> {
    let mut conn = test.db.read().await.unwrap();
    let mut out = BTreeMap::new();
    let schema = match test.dialect() {
        Dialect::Sqlite => {
            "SELECT type || ' ' || name, COALESCE(sql, '') FROM sqlite_schema WHERE tbl_name NOT LIKE 'hub%'"
        }
        Dialect::Postgres => {
            "SELECT 'column ' || attrelid::regclass || '.' || attname, format_type(atttypid, atttypmod) || attnotnull
                    || COALESCE(pg_get_expr(adbin, adrelid), '')
             FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
             LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
             WHERE relnamespace = 'public'::regnamespace AND relname NOT LIKE 'hub%' AND attnum > 0
             UNION ALL SELECT 'constraint ' || conrelid::regclass || '.' || conname, pg_get_constraintdef(oid)
             FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text NOT LIKE 'hub%'
             UNION ALL SELECT 'index ' || indexname, indexdef FROM pg_indexes
             WHERE schemaname = 'public' AND tablename NOT LIKE 'hub%'
             UNION ALL SELECT 'function ' || proname, pg_get_functiondef(oid) FROM pg_proc
             WHERE pronamespace = 'public'::regnamespace
             UNION ALL SELECT 'sequence ' || sequencename, COALESCE(last_value, 0) || ' ' || increment_by
             FROM pg_sequences WHERE schemaname = 'public'
             UNION ALL SELECT 'grants ' || relname, COALESCE(relacl::text, '') FROM pg_class
             WHERE relnamespace = 'public'::regnamespace AND relname NOT LIKE 'hub%'"
        }
    };
    out.extend(conn.fetch_all::<(String, String)>(schema, args![]).await.unwrap());
    drop(conn);
    let mut tables: Vec<String> = columns(test).await.into_iter().map(|(table, _)| table).collect();
    tables.dedup();
    for table in tables.iter().filter(|table| !table.starts_with("hub_")) {
        let rows: String = match &test.db {
            Db::Postgres { pool, .. } => {
                let sql = format!("SELECT COALESCE(string_agg(t::text, ' ' ORDER BY t::text), '') FROM {table} AS t");
                sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
                    .fetch_one(pool.acquire().await.unwrap().raw().unwrap())
                    .await
                    .unwrap()
            }
            Db::Sqlite { read, .. } => {
                let sql = format!("SELECT CAST(COUNT(*) AS TEXT) FROM {table}");
                sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
                    .fetch_one(read.acquire().await.unwrap().raw().unwrap())
                    .await
                    .unwrap()
            }
        };
        out.insert(format!("rows of {table}"), rows);
    }
    out
}

#[tokio::test]
async fn adopting_changes_nothing_that_is_there_and_koji_goes_on() {
    for test in databases("goes_on").await {
        run(&test.db, "INSERT INTO users (name, status, usertype) VALUES ('old', 0, 0)").await;
        run(&test.db, "DROP TABLE hub_migrations").await;
        let before = contents(&test).await;
        for _ in 0..2 {
            test.db.migrate().await.unwrap();
            assert_eq!(contents(&test).await, before);
        }
        let postgres = test.dialect() == Dialect::Postgres;
        let hub = TestHub::new(test);
        let admin = hub.admin().await;
        admin.call(CreateTag::new("ours").arches("x86_64")).await.unwrap();
        // Koji's hub, which then goes on with the same tables and sequences
        if postgres {
            for sql in [
                "INSERT INTO tag (id, name) VALUES (nextval('tag_id_seq'), 'theirs')",
                "INSERT INTO tag_config (tag_id, arches, create_event, creator_id)
                 SELECT id, 'ppc64le', get_event(), 1 FROM tag WHERE name = 'theirs'",
                "UPDATE tag_config SET active = NULL, revoke_event = get_event(), revoker_id = 1
                 WHERE tag_id = (SELECT id FROM tag WHERE name = 'ours') AND active = TRUE",
                "INSERT INTO tag_config (tag_id, arches, creator_id) SELECT id, 's390x', 1 FROM tag WHERE name = 'ours'",
            ] {
                run(&hub.db.db, sql).await;
            }
            for (tag, arches) in [("theirs", "ppc64le"), ("ours", "s390x")] {
                let found = admin.call(GetTag::new(tag)).await.unwrap().unwrap();
                assert_eq!(found.arches.as_deref(), Some(arches));
            }
        }
        assert_eq!(admin.call(CreateTag::new("ours2")).await.unwrap().0, if postgres { 3 } else { 2 });
        let mut told = Vec::new();
        hub.hub.check_data(true, |line| told.push(line)).await.unwrap();
        assert_eq!(told, [""; 0]);
    }
}

#[tokio::test]
async fn the_version_of_an_adopted_koji_is_told() {
    for dialect in BOTH {
        for (sql, version) in [
            ("DELETE FROM archivetypes WHERE name = 'wsl'", "1.36"),
            ("DELETE FROM archivetypes WHERE name IN ('wsl', 'erofs')", "1.35"),
        ] {
            let test = database("version", dialect).await;
            run(&test.db, "DROP TABLE hub_migrations").await;
            run(&test.db, sql).await;
            assert_eq!(test.db.migrate().await.unwrap().adopted.map(|found| found.version), Some(version));
        }
    }
}

#[tokio::test]
async fn an_older_koji_another_program_and_the_future_are_refused() {
    for dialect in BOTH {
        let test = database("older", dialect).await;
        run(&test.db, "DROP TABLE hub_migrations").await;
        run(&test.db, "ALTER TABLE repo DROP COLUMN custom_opts").await;
        let error = test.db.migrate().await.unwrap_err();
        assert!(matches!(&error, DbError::Schema(text) if text.contains("no repo.custom_opts")), "{error:?}");

        let test = empty_database("foreign", dialect).await;
        run(&test.db, "CREATE TABLE events (day TEXT)").await;
        assert!(matches!(test.db.migrate().await, Err(DbError::Schema(_))));

        let test = database("future", dialect).await;
        run(
            &test.db,
            "INSERT INTO hub_migrations (name, applied_time) SELECT '9999_x', MAX(applied_time) FROM hub_migrations",
        )
        .await;
        let error = test.db.migrate().await.unwrap_err();
        assert!(matches!(&error, DbError::Schema(text) if text.contains("9999_x")), "{error:?}");
    }
}

#[tokio::test]
async fn a_new_hub_has_what_a_new_koji_has() {
    for test in databases("initial").await {
        let mut conn = test.db.read().await.unwrap();
        for (sql, count) in [
            ("SELECT COUNT(*) FROM archivetypes", 76),
            ("SELECT COUNT(*) FROM permissions", 15),
            ("SELECT COUNT(*) FROM users", 0),
        ] {
            assert_eq!(conn.fetch_scalar::<i64>(sql, args![]).await.unwrap(), count, "{sql}");
        }
        for (sql, names) in [
            ("SELECT name FROM channels ORDER BY id", "default createrepo maven livecd appliance vm image livemedia"),
            ("SELECT name FROM btype ORDER BY id", "rpm maven win image"),
            ("SELECT name FROM locks ORDER BY name", "protonmsg-plugin repo-queue scheduler"),
            ("SELECT name FROM permissions WHERE id IN (1, 15) ORDER BY id", "admin draft-promoter"),
        ] {
            let found: Vec<String> = conn.fetch_scalars(sql, args![]).await.unwrap();
            assert_eq!(found.join(" "), names);
        }
        for table in ["SELECT id, name FROM volume", "SELECT id, name FROM external_repo"] {
            let (id, _): (i32, String) = conn.fetch_one(table, args![]).await.unwrap();
            assert_eq!(id, 0);
        }
    }
}

#[tokio::test]
async fn ids_are_never_used_again() {
    for test in databases("serial").await {
        let mut conn = test.db.begin().await.unwrap();
        let insert = "INSERT INTO volume (name) VALUES ($1) RETURNING id";
        assert_eq!(conn.fetch_scalar::<i32>(insert, args!["a"]).await.unwrap(), 1);
        assert_eq!(conn.fetch_scalar::<i32>(insert, args!["b"]).await.unwrap(), 2);
        conn.execute("DELETE FROM volume WHERE id = $1", args![2]).await.unwrap();
        assert_eq!(conn.fetch_scalar::<i32>(insert, args!["c"]).await.unwrap(), 3);
    }
}

/// The columns of every table, in order, by name.
async fn columns(test: &TestDb) -> Vec<(String, String)> {
    let sql = match test.dialect() {
        Dialect::Sqlite => {
            "SELECT t.name, c.name FROM sqlite_schema AS t, pragma_table_info(t.name) AS c \
             WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%' ORDER BY t.name, c.cid"
        }
        Dialect::Postgres => {
            "SELECT table_name::TEXT, column_name::TEXT FROM information_schema.columns \
             WHERE table_schema = 'public' ORDER BY table_name COLLATE \"C\", ordinal_position"
        }
    };
    test.db.read().await.unwrap().fetch_all(sql, args![]).await.unwrap()
}

#[tokio::test]
async fn both_databases_have_the_same_tables_and_columns() {
    let [sqlite, postgres] = <[_; 2]>::try_from(databases("columns").await).ok().unwrap();
    let (sqlite, postgres) = (columns(&sqlite).await, columns(&postgres).await);
    assert_eq!(sqlite, postgres);
    let mut tables: Vec<&str> = postgres.iter().map(|(table, _)| table.as_str()).collect();
    tables.dedup();
    assert_eq!(tables.iter().filter(|table| !table.starts_with("hub_")).count(), 68);
}
