//! Creating, upgrading and adopting the schema.
//!
//! The first migration is Koji's own schema. Tables of ours begin with `hub_` and come in later migrations, so that an
//! adopted Koji database gets just these and stays what it is for a Koji hub. What was applied is in `hub_migrations`.

use std::fmt;

use super::{Conn, Db, DbError, Dialect, Sql};
use crate::args;

struct Migration {
    name: &'static str,
    script: Sql,
}

macro_rules! migrations {
    ($($name:literal),* $(,)?) => {
        [$(Migration {
            name: $name,
            script: Sql {
                sqlite: include_str!(concat!("../../migrations/sqlite/", $name, ".sql")),
                postgres: include_str!(concat!("../../migrations/postgres/", $name, ".sql")),
            },
        }),*]
    };
}

/// In the order in which they are applied; never changed once released, only added to.
const MIGRATIONS: &[Migration] = &migrations!["0001_koji"];

/// The migration that an adopted database has already.
const KOJI: &str = MIGRATIONS[0].name;

/// The newest parts of Koji's schema: what an older Koji's database lacks.
const RECENT: [(&str, &str); 6] = [
    ("repo_queue", "opts"),
    ("external_repo_data", "data"),
    ("repo", "custom_opts"),
    ("build", "promotion_time"),
    ("scheduler_task_refusals", "msg"),
    ("tag_package_owners", "owner"),
];

/// A Koji hub's database, as it was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Adopted {
    /// The Koji whose schema it has.
    pub version: &'static str,
    /// How many users, tags, builds and tasks are in it.
    pub counts: [(&'static str, i64); 4],
}

/// What [`Db::migrate`] did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Migrated {
    /// An existing Koji database was taken over as it is.
    pub adopted: Option<Adopted>,
    /// The migrations applied, in order; the first, when it is among them, made a new schema.
    pub applied: Vec<&'static str>,
}

impl fmt::Display for Migrated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let created = self.applied.first() == Some(&KOJI);
        match (&self.adopted, created, self.applied.as_slice()) {
            (Some(found), _, applied) => {
                write!(f, "adopted an existing database with the schema of Koji {}:", found.version)?;
                for (n, (what, count)) in found.counts.iter().enumerate() {
                    write!(f, "{} {count} {what}", if n == 0 { "" } else { "," })?;
                }
                f.write_str("; added the table hub_migrations")?;
                applied.iter().try_for_each(|name| write!(f, ", {name}"))?;
                f.write_str("; all else is as it was")
            }
            (_, true, _) => f.write_str("created the database's schema"),
            (_, _, []) => f.write_str("the database's schema is up to date"),
            (_, _, applied) => write!(f, "upgraded the database's schema: {}", applied.join(", ")),
        }
    }
}

impl Db {
    /// Creates the schema, or brings it up to date; one that a Koji hub made is adopted, with all that is in it. Safe
    /// to repeat, and to run from several hubs at once.
    ///
    /// [`DbError::Schema`] when the database is newer than this program, of a Koji older than 1.35, or no hub's.
    pub async fn migrate(&self) -> Result<Migrated, DbError> {
        let mut conn = self.begin().await?;
        if conn.dialect() == Dialect::Postgres {
            // Any constant number; ends with the transaction.
            conn.fetch_one::<()>("SELECT pg_advisory_xact_lock(5230948)", args![]).await?;
        }
        let mut done = Migrated::default();
        let mut applied = Vec::new();
        if has_table(&mut conn, "hub_migrations").await? {
            applied = conn.fetch_scalars::<String>("SELECT name FROM hub_migrations", args![]).await?;
        } else {
            if has_table(&mut conn, "events").await? {
                check_koji(&mut conn).await?;
                done.adopted = Some(look(&mut conn).await?);
                applied.push(KOJI.to_owned());
            }
            conn.script(MIGRATIONS_TABLE).await?;
            for name in &applied {
                record(&mut conn, name).await?;
            }
        }
        if let Some(unknown) = applied.iter().find(|name| MIGRATIONS.iter().all(|known| known.name != **name)) {
            return Err(DbError::Schema(format!(
                "the database was migrated by a newer version of this program ({unknown}); use that one"
            )));
        }
        for migration in MIGRATIONS.iter().filter(|m| applied.iter().all(|name| name != m.name)) {
            conn.script(migration.script.text(conn.dialect())).await?;
            record(&mut conn, migration.name).await?;
            done.applied.push(migration.name);
        }
        conn.commit().await?;
        Ok(done)
    }
}

const MIGRATIONS_TABLE: &str = "CREATE TABLE hub_migrations (name TEXT PRIMARY KEY, applied_time TIMESTAMPTZ NOT NULL)";

async fn record(conn: &mut Conn, name: &str) -> Result<(), DbError> {
    let now = koji_core::time::Timestamp::now();
    conn.execute("INSERT INTO hub_migrations (name, applied_time) VALUES ($1, $2)", args![name, now]).await?;
    Ok(())
}

async fn has_table(conn: &mut Conn, name: &str) -> Result<bool, DbError> {
    let sql = Sql {
        sqlite: "SELECT COUNT(*) FROM sqlite_schema WHERE type = 'table' AND name = $1",
        postgres: "SELECT COUNT(*) FROM pg_catalog.pg_class \
                   WHERE relkind IN ('r', 'p') AND relname = $1 AND pg_catalog.pg_table_is_visible(oid)",
    };
    Ok(conn.fetch_scalar::<i64>(sql, args![name]).await? > 0)
}

/// What is in a Koji hub's database. Schemas since 1.35 differ in nothing but the types of archives that come with them.
async fn look(conn: &mut Conn) -> Result<Adopted, DbError> {
    let newest = "SELECT MAX(CASE name WHEN 'wsl' THEN 2 WHEN 'erofs' THEN 1 ELSE 0 END) FROM archivetypes";
    let version = match conn.fetch_scalar::<Option<i32>>(newest, args![]).await? {
        Some(2) => "1.37",
        Some(1) => "1.36",
        _ => "1.35",
    };
    let mut count = async |sql| conn.fetch_scalar::<i64>(sql, args![]).await;
    let counts = [
        ("users", count("SELECT COUNT(*) FROM users").await?),
        ("tags", count("SELECT COUNT(*) FROM tag").await?),
        ("builds", count("SELECT COUNT(*) FROM build").await?),
        ("tasks", count("SELECT COUNT(*) FROM task").await?),
    ];
    Ok(Adopted { version, counts })
}

/// Makes sure that the tables found are those of a Koji hub, and recent enough.
async fn check_koji(conn: &mut Conn) -> Result<(), DbError> {
    let column = Sql {
        sqlite: "SELECT COUNT(*) FROM pragma_table_info($1) WHERE name = $2",
        postgres: "SELECT COUNT(*) FROM pg_catalog.pg_attribute \
                   WHERE attrelid = pg_catalog.to_regclass($1) AND attname = $2 AND NOT attisdropped",
    };
    for table in ["tag_listing", "rpminfo"] {
        if !has_table(conn, table).await? {
            return Err(DbError::Schema(format!("the database has tables, but no {table}: it is not a Koji hub's")));
        }
    }
    for (table, name) in RECENT {
        if conn.fetch_scalar::<i64>(column, args![table, name]).await? == 0 {
            return Err(DbError::Schema(format!(
                "the database is of a Koji older than 1.35: it has no {table}.{name}. \
                 Bring it to 1.35 with Koji's own schema-upgrade scripts first; nothing was changed"
            )));
        }
    }
    Ok(())
}
