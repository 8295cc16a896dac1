//! Listing tasks.

use koji_core::api::query::Rows;
use koji_core::api::{OneOrMany, Param, QueryOpts};
use koji_core::model::{Task, TaskListItem, UserType};
use koji_core::time::Timestamp;
use koji_core::xmlrpc::{Struct, Value, to_value};

use super::request;
use crate::Result;
use crate::db::{Conn, Select, args, sql};
use crate::error::fail;

#[derive(sqlx::FromRow)]
struct Row {
    #[sqlx(flatten)]
    task: Task,
    request: Option<String>,
    result: Option<String>,
    owner_name: Option<String>,
    owner_type: Option<UserType>,
}

const COLUMNS: &[(&str, &str)] = &[
    ("task.id", "id"),
    ("task.state", "state"),
    ("task.create_time", "create_time"),
    ("task.create_time", "create_ts"),
    ("task.start_time", "start_time"),
    ("task.start_time", "start_ts"),
    ("task.completion_time", "completion_time"),
    ("task.completion_time", "completion_ts"),
    ("task.channel_id", "channel_id"),
    ("task.host_id", "host_id"),
    ("task.parent", "parent"),
    ("task.label", "label"),
    ("task.waiting", "waiting"),
    ("task.awaited", "awaited"),
    ("task.owner", "owner"),
    ("task.method", "method"),
    ("task.arch", "arch"),
    ("task.priority", "priority"),
    ("task.weight", "weight"),
    ("task.request", "request"),
    ("task.result", "result"),
    ("users.name", "owner_name"),
    ("users.usertype", "owner_type"),
];

fn read<T: Param>(name: &str, value: Value) -> Result<T> {
    match T::from_value(value) {
        Ok(v) => Ok(v),
        Err(e) => fail!(Parameter, "listTasks(): invalid value for {name}: {e}"),
    }
}

/// A moment that a client gives: seconds since 1970, or a text.
pub(crate) fn moment(name: &str, value: &Value) -> Result<Option<Timestamp>> {
    Ok(Some(match value {
        Value::Nil => return Ok(None),
        Value::Int(v) => Timestamp::from_secs_f64(*v as f64),
        Value::Double(v) => Timestamp::from_secs_f64(*v),
        Value::String(text) => match text.parse() {
            Ok(time) => time,
            Err(_) => fail!("Invalid time for {name}: {text}"),
        },
        Value::DateTime(time) => match time.0.parse() {
            Ok(time) => time,
            Err(_) => fail!("Invalid time for {name}: {}", time.0),
        },
        other => fail!("Invalid type for {name}: {}", other.type_name()),
    }))
}

/// Lists the tasks that match all options; `decode` among them gives requests and results as values.
pub(crate) async fn list(db: &mut Conn, options: Struct, query: Option<QueryOpts>) -> Result<Rows<TaskListItem>> {
    let query = query.unwrap_or_default();
    let mut select = Select::from("task").columns(COLUMNS).join("LEFT JOIN users ON task.owner = users.id");
    let mut decode = false;
    for (name, value) in options {
        select = match name.as_str() {
            "decode" => {
                decode = value.is_truthy();
                select
            }
            "method" => select.filter("task.method = $1", args![read::<String>(&name, value)?]),
            "arch" => {
                let arches: OneOrMany<String> = read(&name, value)?;
                select.filter(sql!("task.arch ", {in "$1"}), vec![own_texts(arches.0)])
            }
            "not_arch" => {
                let arches: OneOrMany<String> = read(&name, value)?;
                select.filter(sql!("task.arch ", {not in "$1"}), vec![own_texts(arches.0)])
            }
            "state" => filter_ids(select, read(&name, value)?, sql!("task.state ", {in "$1"})),
            "not_state" => filter_ids(select, read(&name, value)?, sql!("task.state ", {not in "$1"})),
            "owner" if value.is_nil() => select.filter("task.owner IS NULL", args![]),
            "owner" => filter_ids(select, read(&name, value)?, sql!("task.owner ", {in "$1"})),
            "not_owner" if value.is_nil() => select.filter("task.owner IS NOT NULL", args![]),
            "not_owner" => filter_ids(select, read(&name, value)?, sql!("task.owner ", {not in "$1"})),
            "host_id" if value.is_nil() => select.filter("task.host_id IS NULL", args![]),
            "host_id" => filter_ids(select, read(&name, value)?, sql!("task.host_id ", {in "$1"})),
            "not_host_id" if value.is_nil() => select.filter("task.host_id IS NOT NULL", args![]),
            "not_host_id" => filter_ids(select, read(&name, value)?, sql!("task.host_id ", {not in "$1"})),
            "channel_id" if value.is_nil() => select.filter("task.channel_id IS NULL", args![]),
            "channel_id" => filter_ids(select, read(&name, value)?, sql!("task.channel_id ", {in "$1"})),
            "not_channel_id" if value.is_nil() => select.filter("task.channel_id IS NOT NULL", args![]),
            "not_channel_id" => filter_ids(select, read(&name, value)?, sql!("task.channel_id ", {not in "$1"})),
            "parent" if value.is_nil() => select.filter("task.parent IS NULL", args![]),
            "parent" => filter_ids(select, read(&name, value)?, sql!("task.parent ", {in "$1"})),
            "not_parent" if value.is_nil() => select.filter("task.parent IS NOT NULL", args![]),
            "not_parent" => filter_ids(select, read(&name, value)?, sql!("task.parent ", {not in "$1"})),
            "createdBefore" => filter_time(select, &name, &value, "task.create_time < $1")?,
            "createdAfter" => filter_time(select, &name, &value, "task.create_time > $1")?,
            "startedBefore" => filter_time(select, &name, &value, "task.start_time < $1")?,
            "startedAfter" => filter_time(select, &name, &value, "task.start_time > $1")?,
            "completeBefore" | "completedBefore" => filter_time(select, &name, &value, "task.completion_time < $1")?,
            "completeAfter" | "completedAfter" => filter_time(select, &name, &value, "task.completion_time > $1")?,
            // as Koji: what it does not know it passes over
            _ => select,
        };
    }
    let select = select.options(&query)?;
    if query.count_only == Some(true) {
        return Ok(Rows::Count(select.count(db).await?));
    }
    let rows: Vec<Row> = select.fetch_all(db).await?;
    let as_list = query.as_list == Some(true);
    let items = rows.into_iter().map(|row| item(row, decode && !as_list)).collect::<Result<Vec<_>>>()?;
    let names: Vec<&str> = COLUMNS.iter().map(|(_, name)| *name).collect();
    Ok(if as_list { Rows::values(items, &names) } else { Rows::List(items) })
}

fn own_texts(texts: Vec<String>) -> crate::db::Arg<'static> {
    crate::db::OwnedList(texts).into()
}

fn filter_ids(select: Select<'static>, ids: OneOrMany<i32>, condition: crate::db::Sql) -> Select<'static> {
    select.filter(condition, vec![crate::db::OwnedList(ids.0).into()])
}

fn filter_time(select: Select<'static>, name: &str, value: &Value, condition: &'static str) -> Result<Select<'static>> {
    Ok(match moment(name, value)? {
        Some(time) => select.filter(condition, args![time]),
        None => select,
    })
}

fn item(row: Row, decode: bool) -> Result<TaskListItem> {
    let stored = |text: Option<String>| text.map_or(Value::Nil, Value::String);
    let (request, result) = if decode {
        let request = match &row.request {
            Some(text) => Value::Array(request::params(text)?),
            None => Value::Nil,
        };
        let result = match &row.result {
            None => Value::Nil,
            Some(text) => match request::result(text)? {
                Ok(value) => Value::Array(vec![value]),
                Err(fault) => to_value(&fault)?,
            },
        };
        (request, result)
    } else {
        (stored(row.request), stored(row.result))
    };
    Ok(TaskListItem {
        task: row.task,
        request,
        result,
        owner_name: row.owner_name.unwrap_or_default(),
        owner_type: row.owner_type.unwrap_or(UserType::Normal),
    })
}
