//! Errors carry their meaning, the same on both databases.

use koji_core::ids::UserId;
use koji_hub_lib::db::{Conn, DbError, Dialect, args, insert_versioned, new_event};
use koji_tests::databases;

async fn fails(conn: &mut Conn, sql: &'static str) -> DbError {
    conn.savepoint("try").await.unwrap();
    let error = conn.execute(sql, args![]).await.unwrap_err();
    conn.rollback_to("try").await.unwrap();
    error
}

#[tokio::test]
async fn a_key_that_exists_is_named_as_postgres_names_it() {
    for test in databases("unique").await {
        let mut conn = test.db.begin().await.unwrap();
        crate::basics(&mut conn).await.unwrap();
        for sql in [
            "INSERT INTO events DEFAULT VALUES",
            "INSERT INTO tag_config (tag_id, create_event, creator_id) VALUES (1, 1, 1)",
            "INSERT INTO build (volume_id, pkg_id, version, release, create_event, state, owner) \
             VALUES (0, 1, '1', '1', 1, 0, 1)",
            "INSERT INTO external_repo (id, name) VALUES (1, 'x')",
            "INSERT INTO rpminfo (name, version, release, arch, external_repo_id, payloadhash, size, buildtime) \
             VALUES ('a', '1', '1', 'noarch', 1, '', 1, 1)",
            "INSERT INTO rpmsigs VALUES (1, 'k', 'h')",
            "INSERT INTO user_krb_principals VALUES (1, 'a@B')",
            "INSERT INTO task (channel_id, owner, arch) VALUES (1, 1, 'noarch')",
            "INSERT INTO task (channel_id, owner, arch, parent, label) VALUES (1, 1, 'noarch', 1, 'l')",
            "INSERT INTO build_types VALUES (1, 1)",
        ] {
            conn.execute(sql, args![]).await.unwrap_or_else(|e| panic!("{sql}: {e}"));
        }
        for (sql, expected) in [
            ("INSERT INTO tag (name) VALUES ('f44-build')", "tag_name_key"),
            ("INSERT INTO tag (id, name) VALUES (1, 'x')", "tag_pkey"),
            (
                "INSERT INTO tag_config (tag_id, create_event, creator_id, revoke_event, revoker_id, active) \
                 VALUES (1, 1, 1, 1, 1, NULL)",
                "tag_config_pkey",
            ),
            (
                "INSERT INTO build (volume_id, pkg_id, version, release, create_event, state, owner) \
                 VALUES (0, 1, '1', '1', 1, 0, 1)",
                "build_pkg_ver_rel",
            ),
            (
                "INSERT INTO rpminfo (name, version, release, arch, external_repo_id, payloadhash, size, buildtime) \
                 VALUES ('a', '1', '1', 'noarch', 1, '', 1, 1)",
                "rpminfo_unique_nvra_not_draft",
            ),
            ("INSERT INTO rpmsigs VALUES (1, 'k', 'h2')", "rpmsigs_no_resign"),
            (
                "INSERT INTO task (channel_id, owner, arch, parent, label) VALUES (1, 1, 'noarch', 1, 'l')",
                "task_parent_label_key",
            ),
        ] {
            match fails(&mut conn, sql).await {
                DbError::Unique { constraint, .. } => assert_eq!(constraint, expected, "{sql}"),
                e => panic!("{sql}: {e:?}"),
            }
        }
        let second = new_event(&mut conn).await.unwrap();
        let again = insert_versioned(&mut conn, "tag_config", vec![("tag_id", 1.into())], second, UserId(1)).await;
        match again.unwrap_err() {
            DbError::Unique { constraint, .. } => assert_eq!(constraint, "tag_config_tag_id_active_key"),
            e => panic!("{e:?}"),
        }
    }
}

#[tokio::test]
async fn what_the_schema_does_not_allow_is_refused() {
    for test in databases("refused").await {
        let mut conn = test.db.begin().await.unwrap();
        crate::basics(&mut conn).await.unwrap();
        conn.execute("INSERT INTO events DEFAULT VALUES", args![]).await.unwrap();
        for sql in [
            "INSERT INTO tag (name) VALUES (NULL)",
            "INSERT INTO tag_config (tag_id, create_event, creator_id, active) VALUES (1, 1, 1, FALSE)",
            "INSERT INTO tag_config (tag_id, create_event, creator_id, active) VALUES (1, 1, 1, NULL)",
            "INSERT INTO tag_config (tag_id, create_event, creator_id, revoke_event) VALUES (1, 1, 1, 1)",
            "INSERT INTO build (volume_id, pkg_id, version, release, create_event, state, owner) \
             VALUES (0, 1, '1', '1', 1, 1, 1)",
            "INSERT INTO build (volume_id, pkg_id, version, release, create_event, state, owner, draft) \
             VALUES (0, 1, '1', '1', 1, 0, 1, TRUE)",
            "INSERT INTO build (id, volume_id, pkg_id, version, release, create_event, state, owner, draft) \
             VALUES (17, 0, 1, '1', '1,draft_7', 1, 0, 1, TRUE)",
            "INSERT INTO task (channel_id, owner, arch, label) VALUES (1, 1, 'noarch', 'l')",
            "INSERT INTO task (channel_id, owner, arch) VALUES (1, 1, 'a-name-of-an-arch')",
            "INSERT INTO task (channel_id, owner, arch, weight) VALUES (1, 1, 'noarch', -1)",
        ] {
            match fails(&mut conn, sql).await {
                DbError::Refused { .. } => {}
                e => panic!("{sql}: {e:?}"),
            }
        }
        for sql in ["INSERT INTO tag_config (tag_id, create_event, creator_id) VALUES (99, 1, 1)", "DELETE FROM events"]
        {
            conn.execute("INSERT INTO event_labels VALUES (1, 'x') ON CONFLICT DO NOTHING", args![]).await.unwrap();
            match fails(&mut conn, sql).await {
                DbError::ForeignKey { .. } => {}
                e => panic!("{sql}: {e:?}"),
            }
        }
        let draft = "INSERT INTO build (id, volume_id, pkg_id, version, release, create_event, state, owner, draft) \
                     VALUES (17, 0, 1, '1', '1,draft_17', 1, 0, 1, TRUE)";
        conn.execute(draft, args![]).await.unwrap();
        let missing = conn.fetch_one::<(i32,)>("SELECT id FROM tag WHERE id = $1", args![99]).await;
        assert!(matches!(missing, Err(DbError::NotFound)));
    }
}

#[tokio::test]
async fn a_wrong_type_is_an_error_and_not_a_wrong_value() {
    for test in databases("mismatch").await {
        let mut conn = test.db.read().await.unwrap();
        assert!(conn.fetch_scalars::<i32>("SELECT name FROM channels", args![]).await.is_err());
        assert!(conn.fetch_scalars::<String>("SELECT id FROM channels", args![]).await.is_err());
        let null = conn.fetch_scalars::<String>("SELECT description FROM channels", args![]).await;
        assert_eq!(null.is_err(), test.dialect() == Dialect::Postgres);
        assert!(conn.fetch_scalar::<i32>("SELECT id FROM channels WHERE name = $2", args!["default"]).await.is_err());
    }
}
