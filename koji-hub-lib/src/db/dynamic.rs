//! Rows of which the columns are only known at run time.

use koji_core::json::Json;
use koji_core::time::{EpochSeconds, Timestamp};
use koji_core::xmlrpc::{Struct, Value, to_value};
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{Column, FromRow, Row, TypeInfo, ValueRef};

/// A row as the struct that it is on the wire.
///
/// A column whose name ends in `_ts` is a moment in seconds, one that ends in `_time` a moment as text; all else is what
/// the database says of its type.
#[derive(Debug, Clone, PartialEq)]
pub struct Fields(pub Struct);

/// What a column holds.
enum Kind {
    Integer,
    Float,
    Bool,
    Text,
    Json,
    Seconds,
    Time,
}

impl Kind {
    fn of(column: &str, database: &str) -> Kind {
        if column.ends_with("_ts") || column == "ts" {
            return Kind::Seconds;
        }
        if column.ends_with("_time") {
            return Kind::Time;
        }
        match database {
            "BOOL" | "BOOLEAN" => Kind::Bool,
            "INT2" | "INT4" | "INT8" | "INTEGER" => Kind::Integer,
            "FLOAT4" | "FLOAT8" | "REAL" => Kind::Float,
            "JSON" | "JSONB" => Kind::Json,
            _ => Kind::Text,
        }
    }
}

fn wire<T: serde::Serialize>(value: T) -> sqlx::Result<Value> {
    to_value(&value).map_err(|e| sqlx::Error::Decode(Box::new(e)))
}

impl<'r> FromRow<'r, SqliteRow> for Fields {
    fn from_row(row: &'r SqliteRow) -> sqlx::Result<Self> {
        let mut out = Struct::new();
        for column in row.columns() {
            let (i, name) = (column.ordinal(), column.name());
            let value = match Kind::of(name, column.type_info().name()) {
                _ if row.try_get_raw(i)?.is_null() => Value::Nil,
                Kind::Integer => Value::Int(row.try_get(i)?),
                Kind::Float => Value::Double(row.try_get(i)?),
                Kind::Bool => Value::Bool(row.try_get(i)?),
                Kind::Seconds => wire(row.try_get::<EpochSeconds, _>(i)?)?,
                Kind::Time => wire(row.try_get::<Timestamp, _>(i)?)?,
                Kind::Json => wire(row.try_get::<Json, _>(i)?)?,
                Kind::Text => text(name, row.try_get_unchecked(i)?)?,
            };
            out.insert(name, value);
        }
        Ok(Fields(out))
    }
}

/// SQLite has no type for JSON: what columns of that kind are called tells.
fn text(name: &str, value: String) -> sqlx::Result<Value> {
    match name {
        "opts" | "custom_opts" | "data" => serde_json::from_str(&value).map_err(|e| sqlx::Error::Decode(Box::new(e))),
        _ => Ok(Value::String(value)),
    }
}

impl<'r> FromRow<'r, PgRow> for Fields {
    fn from_row(row: &'r PgRow) -> sqlx::Result<Self> {
        let mut out = Struct::new();
        for column in row.columns() {
            let (i, name) = (column.ordinal(), column.name());
            let value = match Kind::of(name, column.type_info().name()) {
                _ if row.try_get_raw(i)?.is_null() => Value::Nil,
                Kind::Integer if column.type_info().name() == "INT8" => Value::Int(row.try_get(i)?),
                Kind::Integer => Value::Int(row.try_get::<i32, _>(i)?.into()),
                Kind::Float => Value::Double(row.try_get(i)?),
                Kind::Bool => Value::Bool(row.try_get(i)?),
                Kind::Seconds => wire(row.try_get::<EpochSeconds, _>(i)?)?,
                Kind::Time => wire(row.try_get::<Timestamp, _>(i)?)?,
                Kind::Json => wire(row.try_get::<Json, _>(i)?)?,
                Kind::Text => Value::String(row.try_get(i)?),
            };
            out.insert(name, value);
        }
        Ok(Fields(out))
    }
}
