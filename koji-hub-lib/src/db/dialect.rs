//! Statement text, and the few fragments in which the two databases differ.

use sqlx::{AssertSqlSafe, SqlSafeStr, SqlStr};

/// Which of the two databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// SQLite: embedded, one file.
    Sqlite,
    /// PostgreSQL, in Koji's own schema.
    Postgres,
}

/// One statement or fragment in both dialects; made by [`sql!`](crate::sql), or from text that serves both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sql {
    #[doc(hidden)]
    pub sqlite: &'static str,
    #[doc(hidden)]
    pub postgres: &'static str,
}

impl Sql {
    /// The text for one of the databases.
    pub const fn text(self, dialect: Dialect) -> &'static str {
        match dialect {
            Dialect::Sqlite => self.sqlite,
            Dialect::Postgres => self.postgres,
        }
    }
}

impl From<&'static str> for Sql {
    fn from(text: &'static str) -> Self {
        Self { sqlite: text, postgres: text }
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for &'static str {}
    impl Sealed for super::Sql {}
    impl Sealed for super::Statement {}
}

/// What may be run as a statement: text that was written in the program, never text that was read.
pub trait IntoSql: sealed::Sealed + Send {
    #[doc(hidden)]
    fn into_sql(self, dialect: Dialect) -> SqlStr;
}

impl IntoSql for &'static str {
    fn into_sql(self, _: Dialect) -> SqlStr {
        self.into_sql_str()
    }
}

impl IntoSql for Sql {
    fn into_sql(self, dialect: Dialect) -> SqlStr {
        self.text(dialect).into_sql_str()
    }
}

/// A statement put together at run time, from pieces of the program's own text.
#[derive(Debug)]
pub struct Statement(pub(super) String);

impl IntoSql for Statement {
    fn into_sql(self, _: Dialect) -> SqlStr {
        AssertSqlSafe(self.0).into_sql_str()
    }
}

/// The `LIKE` pattern of a client's pattern, in which `*` is any run of characters, `?` is one, and all else itself but
/// for `%`, as in Koji.
pub fn glob_to_like(pattern: &str) -> String {
    pattern.replace('\\', "\\\\").replace('_', "\\_").replace('?', "_").replace('*', "%")
}

/// Statement text for both databases, put together when the program is compiled: literals, and in braces the fragments
/// that differ.
///
/// | fragment | stands for |
/// |---|---|
/// | `"task.id ", {in "$1"}` | is in the [`list`](crate::db::list) `$1` |
/// | `"task.id ", {not in "$1"}` | is not in the list `$1` |
/// | `{among "l.tag_id", "$1"}` | is in the list `$1`, which names few of the rows: SQLite, which does not know that, would rather read all of a table |
/// | `"FROM ", {each "$1", "x"}` | a row for each value of the list `$1`, read as `x.value` |
/// | `{like "t.name", "$1"}` | `LIKE`, case matters, `\` escapes |
/// | `{ilike "t.name", "$1"}` | `LIKE`, whatever the case (on SQLite of ASCII letters) |
/// | `{regex "t.name", "$1"}`, `{iregex ..}` | matches the regular expression `$1` |
/// | `{epoch "t.time"}` | a `TIMESTAMPTZ` as seconds since the epoch, an `f64` |
/// | `{for update}`, `{for update of "task"}`, `{for update skip locked}` | locks the rows; nothing on SQLite, where a transaction is alone |
/// | `{look up "t", "x.t_id"}` | joins the row of table `t` with that id, and each by itself: for few rows of a large table, which Postgres would rather read as a whole |
/// | `{current "t"}` | the rows of versioned table `t` that hold now |
/// | `{at "t", "$1"}` | the rows of versioned table `t` that held at event `$1` |
///
/// ```
/// # use koji_hub_lib::db::{Dialect, sql};
/// let text = sql!("SELECT id FROM task WHERE id ", {in "$1"}, " ORDER BY id", {for update});
/// assert_eq!(text.text(Dialect::Postgres), "SELECT id FROM task WHERE id = ANY($1) ORDER BY id FOR UPDATE");
/// ```
#[macro_export]
macro_rules! sql {
    ($($part:tt),+ $(,)?) => {
        $crate::db::Sql {
            sqlite: ::std::concat!($($crate::__sqlite!($part)),+),
            postgres: ::std::concat!($($crate::__postgres!($part)),+),
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __sqlite {
    ({in $list:literal}) => {
        ::std::concat!("IN (SELECT value FROM json_each(", $list, "))")
    };
    ({not in $list:literal}) => {
        ::std::concat!("NOT IN (SELECT value FROM json_each(", $list, "))")
    };
    ({among $column:literal, $list:literal}) => {
        ::std::concat!("unlikely(", $column, " IN (SELECT value FROM json_each(", $list, ")))")
    };
    ({each $list:literal, $name:literal}) => {
        ::std::concat!("json_each(", $list, ") AS ", $name)
    };
    ({like $text:literal, $pattern:literal}) => {
        ::std::concat!($text, " LIKE ", $pattern, " ESCAPE '\\'")
    };
    ({ilike $text:literal, $pattern:literal}) => {
        ::std::concat!("LOWER(", $text, ") LIKE LOWER(", $pattern, ") ESCAPE '\\'")
    };
    ({regex $text:literal, $pattern:literal}) => {
        ::std::concat!($text, " REGEXP ", $pattern)
    };
    ({iregex $text:literal, $pattern:literal}) => {
        ::std::concat!($text, " REGEXP ('(?i)' || ", $pattern, ")")
    };
    ({epoch $time:literal}) => {
        ::std::concat!("(", $time, " / 1000000.0)")
    };
    ({for update $($rest:tt)*}) => {
        ""
    };
    ({look up $table:literal, $id:literal}) => {
        ::std::concat!("JOIN ", $table, " ON ", $table, ".id = ", $id)
    };
    ($both:tt) => {
        $crate::__both!($both)
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __postgres {
    ({in $list:literal}) => {
        ::std::concat!("= ANY(", $list, ")")
    };
    ({not in $list:literal}) => {
        ::std::concat!("<> ALL(", $list, ")")
    };
    ({among $column:literal, $list:literal}) => {
        ::std::concat!($column, " = ANY(", $list, ")")
    };
    ({each $list:literal, $name:literal}) => {
        ::std::concat!("unnest(", $list, ") AS ", $name, "(value)")
    };
    ({like $text:literal, $pattern:literal}) => {
        ::std::concat!($text, " LIKE ", $pattern)
    };
    ({ilike $text:literal, $pattern:literal}) => {
        ::std::concat!($text, " ILIKE ", $pattern)
    };
    ({regex $text:literal, $pattern:literal}) => {
        ::std::concat!($text, " ~ ", $pattern)
    };
    ({iregex $text:literal, $pattern:literal}) => {
        ::std::concat!($text, " ~* ", $pattern)
    };
    ({epoch $time:literal}) => {
        ::std::concat!("CAST(EXTRACT(EPOCH FROM ", $time, ") AS FLOAT8)")
    };
    ({look up $table:literal, $id:literal}) => {
        // what has an offset is not taken apart by the planner
        ::std::concat!("CROSS JOIN LATERAL (SELECT * FROM ", $table, " WHERE id = ", $id, " OFFSET 0) AS ", $table)
    };
    ({for update}) => {
        " FOR UPDATE"
    };
    ({for update skip locked}) => {
        " FOR UPDATE SKIP LOCKED"
    };
    ({for update of $table:literal}) => {
        ::std::concat!(" FOR UPDATE OF ", $table)
    };
    ({for update of $table:literal skip locked}) => {
        ::std::concat!(" FOR UPDATE OF ", $table, " SKIP LOCKED")
    };
    ($both:tt) => {
        $crate::__both!($both)
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __both {
    ({current $table:literal}) => {
        ::std::concat!($table, ".active = TRUE")
    };
    ({at $table:literal, $event:literal}) => {
        ::std::concat!(
            "(",
            $table,
            ".create_event <= ",
            $event,
            " AND (",
            $table,
            ".revoke_event IS NULL OR ",
            $event,
            " < ",
            $table,
            ".revoke_event))"
        )
    };
    ($text:literal) => {
        $text
    };
}
