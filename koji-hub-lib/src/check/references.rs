//! References from row to row. Both databases keep them; but a SQLite file may have been changed by a program that does
//! not ask for that, and Postgres takes constraints that were never held against the rows.

use crate::db::Sql;

pub(super) const RULE: Sql = Sql {
    sqlite:
        "SELECT \"table\" || ': row ' || COALESCE(rowid, '') || ' refers to a row of ' || parent || ' that is not there'
             FROM pragma_foreign_key_check",
    postgres: "SELECT conrelid::regclass::text || ': the constraint ' || conname || ' was never checked'
               FROM pg_catalog.pg_constraint WHERE contype = 'f' AND NOT convalidated",
};
