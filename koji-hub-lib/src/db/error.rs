//! What can go wrong in the database, by meaning.

use std::fmt;

use sqlx::error::DatabaseError;

/// An error of the database layer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DbError {
    /// A row that must exist does not.
    #[error("no such row")]
    NotFound,
    /// A row with the same key exists. The constraint is named as Postgres names it (`tag_name_key`), on SQLite too.
    #[error("a row with this key exists already ({constraint})")]
    Unique {
        /// The violated key.
        constraint: String,
        /// The database's error.
        #[source]
        source: sqlx::Error,
    },
    /// A row refers to one that does not exist, or one that is referred to is to go.
    #[error("a row refers to one that does not exist, or is still referred to: {source}")]
    ForeignKey {
        /// The database's error.
        #[source]
        source: sqlx::Error,
    },
    /// A value that its column does not allow: null, too long, or against a check.
    #[error("the database refuses a value: {source}")]
    Refused {
        /// The database's error.
        #[source]
        source: sqlx::Error,
    },
    /// Another transaction was in the way; the whole transaction may be tried again.
    #[error("another transaction was in the way: {source}")]
    Serialization {
        /// The database's error.
        #[source]
        source: sqlx::Error,
    },
    /// An earlier statement of this transaction failed, and its error was not acted on; a fault of the program.
    #[error("an earlier statement of this transaction failed")]
    Aborted,
    /// The database's disk is full.
    #[error("the database's disk is full: {source}")]
    DiskFull {
        /// The database's error.
        #[source]
        source: sqlx::Error,
    },
    /// The database cannot be reached or opened, or is shutting down.
    #[error("the database is not available: {source}")]
    Unavailable {
        /// The database's error.
        #[source]
        source: sqlx::Error,
    },
    /// The database's file or folder cannot be made.
    #[error("cannot create the database: {0}")]
    Create(#[source] std::io::Error),
    /// The text names no database.
    #[error("{0}")]
    Url(String),
    /// The database's schema is not one that this program can work with.
    #[error("{0}")]
    Schema(String),
    /// The caller asked for an order by something that the query does not have.
    #[error("Invalid order: {0}")]
    InvalidOrder(String),
    /// The caller's offset or limit is negative.
    #[error("{option} must not be negative: {value}")]
    Negative {
        /// `offset` or `limit`.
        option: &'static str,
        /// What was given.
        value: i64,
    },
    /// Anything else; a fault of the program or of the database.
    #[error("database error: {0}")]
    Other(#[source] sqlx::Error),
}

impl DbError {
    /// True when the transaction failed only because of others, and another try from its start may succeed.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Serialization { .. })
    }

    /// True when a row with the same key exists.
    pub fn is_unique(&self) -> bool {
        matches!(self, Self::Unique { .. })
    }
}

impl From<sqlx::Error> for DbError {
    fn from(source: sqlx::Error) -> Self {
        match &source {
            sqlx::Error::RowNotFound => Self::NotFound,
            sqlx::Error::Database(error) => match meaning(error.as_ref()) {
                Meaning::Unique(constraint) => Self::Unique { constraint, source },
                Meaning::ForeignKey => Self::ForeignKey { source },
                Meaning::Refused => Self::Refused { source },
                Meaning::Serialization => Self::Serialization { source },
                Meaning::DiskFull => Self::DiskFull { source },
                Meaning::Unavailable => Self::Unavailable { source },
                Meaning::Other => Self::Other(source),
            },
            sqlx::Error::Io(error) if error.kind() == std::io::ErrorKind::StorageFull => Self::DiskFull { source },
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => Self::Unavailable { source },
            _ => Self::Other(source),
        }
    }
}

#[derive(Debug, PartialEq)]
enum Meaning {
    Unique(String),
    ForeignKey,
    Refused,
    Serialization,
    DiskFull,
    Unavailable,
    Other,
}

fn meaning(error: &dyn DatabaseError) -> Meaning {
    use sqlx::error::ErrorKind;
    match error.kind() {
        ErrorKind::UniqueViolation => {
            let constraint = match error.constraint() {
                Some(name) => name.to_owned(),
                None => constraint_of_sqlite(error.message()),
            };
            return Meaning::Unique(constraint);
        }
        ErrorKind::ForeignKeyViolation => return Meaning::ForeignKey,
        ErrorKind::NotNullViolation | ErrorKind::CheckViolation => return Meaning::Refused,
        _ => {}
    }
    let code = error.code().unwrap_or_default();
    if error.as_error().is::<sqlx::sqlite::SqliteError>() {
        // The low byte is the primary result code: https://www.sqlite.org/rescode.html
        match code.parse::<i32>().map(|code| code & 0xff) {
            Ok(5 | 6) => Meaning::Serialization,               // BUSY, LOCKED
            Ok(13) => Meaning::DiskFull,                       // FULL
            Ok(8 | 10 | 11 | 14 | 26) => Meaning::Unavailable, // READONLY, IOERR, CORRUPT, CANTOPEN, NOTADB
            Ok(19) => Meaning::Refused,                        // CONSTRAINT, of other kinds
            _ => Meaning::Other,
        }
    } else {
        match code.as_ref() {
            "40001" | "40P01" | "55P03" => Meaning::Serialization,
            "53100" => Meaning::DiskFull,
            // Read-only server, no such database, too many connections, shutdown, crash, start, bad credentials.
            "25006" | "3D000" | "53300" | "57P01" | "57P02" | "57P03" | "28000" | "28P01" => Meaning::Unavailable,
            code if code.starts_with("08") => Meaning::Unavailable,
            // Integrity, and data that its column cannot hold.
            code if code.starts_with("23") || code.starts_with("22") => Meaning::Refused,
            _ => Meaning::Other,
        }
    }
}

/// Keys that have a name of their own in the schema, by the table and columns that SQLite tells.
const NAMED: [(&str, &str); 4] = [
    ("build.pkg_id, build.version, build.release", "build_pkg_ver_rel"),
    ("build.id, build.draft", "draft_for_rpminfo"),
    ("rpmsigs.rpm_id, rpmsigs.sigkey", "rpmsigs_no_resign"),
    (
        "rpminfo.name, rpminfo.version, rpminfo.release, rpminfo.arch, rpminfo.external_repo_id",
        "rpminfo_unique_nvra_not_draft",
    ),
];

/// The name that Postgres gives to a key of which SQLite says `UNIQUE constraint failed: tag.name`.
fn constraint_of_sqlite(message: &str) -> String {
    let columns = message.rsplit_once("failed: ").map_or(message, |(_, columns)| columns);
    if let Some((_, name)) = NAMED.iter().find(|(key, _)| *key == columns) {
        return (*name).to_owned();
    }
    let mut table = "";
    let mut names = Vec::new();
    for column in columns.split(", ") {
        match column.split_once('.') {
            Some((of, name)) => {
                table = of;
                names.push(name);
            }
            None => return columns.to_owned(),
        }
    }
    // A primary key is either the one column `id` or begins with the event.
    if names == ["id"] || names.first() == Some(&"create_event") {
        return format!("{table}_pkey");
    }
    struct Joined<'a>(&'a [&'a str]);
    impl fmt::Display for Joined<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.iter().try_for_each(|name| write!(f, "_{name}"))
        }
    }
    format!("{table}{}_key", Joined(&names))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sqlite_keys_get_their_postgres_names() {
        for (message, name) in [
            ("UNIQUE constraint failed: tag.name", "tag_name_key"),
            ("UNIQUE constraint failed: users.id", "users_pkey"),
            ("UNIQUE constraint failed: build.pkg_id, build.version, build.release", "build_pkg_ver_rel"),
            ("UNIQUE constraint failed: tag_config.tag_id, tag_config.active", "tag_config_tag_id_active_key"),
            ("UNIQUE constraint failed: tag_config.create_event, tag_config.tag_id", "tag_config_pkey"),
        ] {
            assert_eq!(constraint_of_sqlite(message), name);
        }
    }
}
