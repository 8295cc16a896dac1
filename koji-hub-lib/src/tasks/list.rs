//! Listing tasks.

use koji_core::api::query::Rows;
use koji_core::api::{OneOrMany, Param, QueryOpts};
use koji_core::ids::{ChannelId, HostId, TaskId, UserId};
use koji_core::model::{Task, TaskListItem, TaskState, UserType};
use koji_core::time::{EpochSeconds, Timestamp};
use koji_core::xmlrpc::{Struct, Value, to_value};
use sqlx::FromRow;

use super::request;
use crate::Result;
use crate::db::{Conn, OwnedList, Select, args, sql};
use crate::error::fail;

struct Row {
    task: Task,
    request: Option<String>,
    result: Option<String>,
    owner_name: Option<String>,
    owner_type: Option<UserType>,
}

/// The first columns, by number: finding each by its name takes a tenth of the whole time.
type Columns = (
    TaskId,
    TaskState,
    Timestamp,
    EpochSeconds,
    Option<Timestamp>,
    Option<EpochSeconds>,
    Option<Timestamp>,
    Option<EpochSeconds>,
    ChannelId,
    Option<HostId>,
    Option<TaskId>,
    Option<String>,
    Option<bool>,
    Option<bool>,
    UserId,
    String,
);

/// The others.
#[derive(sqlx::FromRow)]
struct Rest {
    arch: String,
    priority: Option<i32>,
    weight: Option<f64>,
    request: Option<String>,
    result: Option<String>,
    owner_name: Option<String>,
    owner_type: Option<UserType>,
}

impl<'r, R> FromRow<'r, R> for Row
where
    R: sqlx::Row,
    Columns: FromRow<'r, R>,
    Rest: FromRow<'r, R>,
{
    fn from_row(row: &'r R) -> sqlx::Result<Self> {
        let columns = Columns::from_row(row)?;
        let (id, state, create_time, create_ts, start_time, start_ts, completion_time, completion_ts, ..) = columns;
        let (.., channel_id, host_id, parent, label, waiting, awaited, owner, method) = columns;
        let Rest { arch, priority, weight, request, result, owner_name, owner_type } = Rest::from_row(row)?;
        let task = Task {
            id,
            state,
            create_time,
            create_ts,
            start_time,
            start_ts,
            completion_time,
            completion_ts,
            channel_id,
            host_id,
            parent,
            label,
            waiting,
            awaited,
            owner,
            method,
            arch,
            priority,
            weight,
            request: None,
        };
        Ok(Row { task, request, result, owner_name, owner_type })
    }
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

/// Keeps the rows whose column has one of the values. One value is an equality, which leaves the planner an index in the order
/// of the ids.
macro_rules! any_of {
    ($select:expr, $column:literal, $values:expr) => {{
        let mut values = $values.0;
        match (values.len(), values.pop()) {
            (1, Some(value)) => $select.filter(concat!($column, " = $1"), vec![value.into()]),
            (_, last) => {
                values.extend(last);
                $select.filter(sql!($column, " ", {in "$1"}), vec![OwnedList(values).into()])
            }
        }
    }};
}

/// Keeps the rows whose column has none of the values.
macro_rules! none_of {
    ($select:expr, $column:literal, $values:expr) => {
        $select.filter(sql!($column, " ", {not in "$1"}), vec![OwnedList($values.0).into()])
    };
}

/// Lists the tasks that match all options; `decode` among them gives requests and results as values.
pub(crate) async fn list(db: &mut Conn, options: Struct, query: Option<QueryOpts>) -> Result<Rows<TaskListItem>> {
    let query = query.unwrap_or_default();
    let mut select = Select::from("task").columns(COLUMNS);
    let mut decode = false;
    for (name, value) in options {
        select = match name.as_str() {
            "decode" => {
                decode = value.is_truthy();
                select
            }
            "method" => select.filter("task.method = $1", args![read::<String>(&name, value)?]),
            "arch" => any_of!(select, "task.arch", read::<OneOrMany<String>>(&name, value)?),
            "not_arch" => none_of!(select, "task.arch", read::<OneOrMany<String>>(&name, value)?),
            "state" => any_of!(select, "task.state", read::<OneOrMany<i32>>(&name, value)?),
            "not_state" => none_of!(select, "task.state", read::<OneOrMany<i32>>(&name, value)?),
            "owner" if value.is_nil() => select.filter("task.owner IS NULL", args![]),
            "owner" => any_of!(select, "task.owner", read::<OneOrMany<i32>>(&name, value)?),
            "not_owner" if value.is_nil() => select.filter("task.owner IS NOT NULL", args![]),
            "not_owner" => none_of!(select, "task.owner", read::<OneOrMany<i32>>(&name, value)?),
            "host_id" if value.is_nil() => select.filter("task.host_id IS NULL", args![]),
            "host_id" => any_of!(select, "task.host_id", read::<OneOrMany<i32>>(&name, value)?),
            "not_host_id" if value.is_nil() => select.filter("task.host_id IS NOT NULL", args![]),
            "not_host_id" => none_of!(select, "task.host_id", read::<OneOrMany<i32>>(&name, value)?),
            "channel_id" if value.is_nil() => select.filter("task.channel_id IS NULL", args![]),
            "channel_id" => any_of!(select, "task.channel_id", read::<OneOrMany<i32>>(&name, value)?),
            "not_channel_id" if value.is_nil() => select.filter("task.channel_id IS NOT NULL", args![]),
            "not_channel_id" => none_of!(select, "task.channel_id", read::<OneOrMany<i32>>(&name, value)?),
            "parent" if value.is_nil() => select.filter("task.parent IS NULL", args![]),
            "parent" => any_of!(select, "task.parent", read::<OneOrMany<i32>>(&name, value)?),
            "not_parent" if value.is_nil() => select.filter("task.parent IS NOT NULL", args![]),
            "not_parent" => none_of!(select, "task.parent", read::<OneOrMany<i32>>(&name, value)?),
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
    let select = select.join("LEFT JOIN users ON task.owner = users.id");
    let rows: Vec<Row> = select.fetch_all(db).await?;
    let as_list = query.as_list == Some(true);
    let items = rows.into_iter().map(|row| item(row, decode && !as_list)).collect::<Result<Vec<_>>>()?;
    let mut names: Vec<&str> = COLUMNS.iter().map(|(_, name)| *name).collect();
    names.sort_unstable();
    Ok(if as_list { Rows::values(items, &names) } else { Rows::List(items) })
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
