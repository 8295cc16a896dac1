//! What was changed, when and by whom: the tables that keep history, with all rows that they ever had.

mod tables;

use koji_core::api::{BuildRef, Param, QueryOpts, Ref};
use koji_core::fault::FaultKind;
use koji_core::ids::{CgId, ChannelId, ExternalRepoId, GroupId, HostId, PackageId, PermissionId, TagId, TargetId};
use koji_core::time::Timestamp;
use koji_core::xmlrpc::{Struct, Value};

use tables::{LINKED, TABLES, Table};

use crate::db::{Args, Conn, Fields, Select, args};
use crate::error::fail;
use crate::names::{self, Named};
use crate::{Error, Result, builds, users};

/// The history that `queryHistory` is asked for.
pub(crate) async fn query(db: &mut Conn, tables: Option<&[String]>, mut filters: Struct) -> Result<Struct> {
    let opts = match filters.remove("queryOpts") {
        Some(opts) => Option::<QueryOpts>::from_value(opts).map_err(|e| wrong("queryOpts", &e))?,
        None => None,
    };
    let chosen: Vec<&Table> = match tables {
        None => TABLES.iter().collect(),
        Some(names) => names.iter().map(|name| table(name)).collect::<Result<_>>()?,
    };
    let mut out = Struct::new();
    for table in chosen {
        if filters.iter().any(|(name, _)| LINKED.contains(&name) && table.condition(name).is_none()) {
            continue;
        }
        let rows = of_table(db, table, &filters, opts.as_ref()).await?;
        out.insert(table.name, rows);
    }
    Ok(out)
}

fn table(name: &str) -> Result<&'static Table> {
    match TABLES.iter().find(|table| table.name == name) {
        Some(table) => Ok(table),
        None => fail!("No such history table: {name}"),
    }
}

/// A field that tells which side of a filter a row is on: its name, what it is compared to, and how.
struct Mark {
    name: &'static str,
    of: &'static str,
    holds: Box<dyn Fn(f64) -> bool + Send>,
}

impl Mark {
    fn new(name: &'static str, of: &'static str, holds: impl Fn(f64) -> bool + Send + 'static) -> Mark {
        Mark { name, of, holds: Box::new(holds) }
    }
}

async fn of_table(db: &mut Conn, table: &Table, filters: &Struct, opts: Option<&QueryOpts>) -> Result<Value> {
    let mut query = Select::from(table.name).columns(table.columns);
    for link in table.links {
        query = query.columns(link.columns);
    }
    for join in table.joins.into_iter().chain(table.links.iter().filter_map(|link| link.join)) {
        query = query.join(join);
    }
    let mut marks = Vec::new();
    for (name, value) in filters.iter() {
        if let Some(condition) = table.condition(name) {
            query = query.filter(condition, named(db, table, name, value).await?);
            continue;
        }
        match name {
            "active" if value.is_nil() => {}
            "active" if value.is_truthy() => query = query.filter(table.current, args![]),
            "active" => query = query.filter(table.past, args![]),
            "editor" => {
                let user = users::get(db, &read(name, value)?).await?.id;
                query = query.filter("creator.id = $1 OR revoker.id = $1", args![user]);
                let is = move |id: f64| id == f64::from(user.0);
                marks.push(Mark::new("_created_by", "creator_id", is));
                marks.push(Mark::new("_revoked_by", "revoker_id", is));
            }
            "after" => {
                let time: Timestamp = read(name, value)?;
                query = query.filter("ev1.time > $1 OR ev2.time > $1", args![time]);
                let later = move |seconds: f64| Timestamp::from_secs_f64(seconds) > time;
                marks.push(Mark::new("_created_after", "create_ts", later));
                marks.push(Mark::new("_revoked_after", "revoke_ts", later));
            }
            "before" => {
                let time: Timestamp = read(name, value)?;
                query = query.filter("ev1.time < $1 OR ev2.time < $1", args![time]);
                let earlier = move |seconds: f64| Timestamp::from_secs_f64(seconds) < time;
                marks.push(Mark::new("_created_before", "create_ts", earlier));
                marks.push(Mark::new("_revoked_before", "revoke_ts", earlier));
            }
            "afterEvent" => {
                let event: i32 = read(name, value)?;
                query = query.filter(table.after_event, args![event]);
                let later = move |id: f64| id > f64::from(event);
                marks.push(Mark::new("_created_after_event", "create_event", later));
                marks.push(Mark::new("_revoked_after_event", "revoke_event", later));
            }
            "beforeEvent" => {
                let event: i32 = read(name, value)?;
                query = query.filter(table.before_event, args![event]);
                let earlier = move |id: f64| id < f64::from(event);
                marks.push(Mark::new("_created_before_event", "create_event", earlier));
                marks.push(Mark::new("_revoked_before_event", "revoke_event", earlier));
            }
            // as Koji, which knows no wrong ones
            _ => {}
        }
    }
    query = query.order_by("create_event");
    if let Some(opts) = opts {
        query = query.options(opts)?;
        if opts.count_only == Some(true) {
            return Ok(query.count(db).await?.into());
        }
    }
    let rows: Vec<Fields> = query.fetch_all(db).await?;
    let as_list = opts.and_then(|o| o.as_list) == Some(true);
    let row = |Fields(mut row): Fields| {
        for mark in &marks {
            let holds = number(row.get(mark.of)).map(|number| (mark.holds)(number));
            row.insert(mark.name, holds);
        }
        if as_list { Value::Array(row.into_iter().map(|(_, value)| value).collect()) } else { Value::Struct(row) }
    };
    Ok(Value::Array(rows.into_iter().map(row).collect()))
}

fn number(value: Option<&Value>) -> Option<f64> {
    match value? {
        Value::Double(number) => Some(*number),
        other => i32::try_from(other.as_int()?).ok().map(f64::from),
    }
}

/// The arguments of a filter on a thing: its id, or its name.
async fn named(db: &mut Conn, table: &Table, filter: &str, value: &Value) -> Result<Args<'static>> {
    Ok(match filter {
        "tag" => args![id::<TagId>(db, filter, value).await?],
        "build" => args![builds::get_id(db, &read::<BuildRef>(filter, value)?).await?],
        "host" => args![host(db, &read(filter, value)?).await?],
        "channel" => {
            let found = names::find::<ChannelId>(db, &read(filter, value)?).await?;
            args![found.map(|(id, _)| id)]
        }
        "package" if table.name == "group_package_listing" => args![text(value)],
        "package" => args![id::<PackageId>(db, filter, value).await?],
        "user" => args![users::get(db, &read(filter, value)?).await?.id],
        "permission" => args![id::<PermissionId>(db, filter, value).await?],
        "cg" => args![id::<CgId>(db, filter, value).await?],
        "external_repo" => args![id::<ExternalRepoId>(db, filter, value).await?],
        "build_target" => args![id::<TargetId>(db, filter, value).await?],
        "group" => args![id::<GroupId>(db, filter, value).await?],
        _ => args![text(value)],
    })
}

async fn id<I: Named>(db: &mut Conn, filter: &str, value: &Value) -> Result<I>
where
    Ref<I>: Param,
{
    Ok(names::get::<I>(db, &read(filter, value)?).await?.0)
}

async fn host(db: &mut Conn, which: &Ref<HostId>) -> Result<Option<HostId>> {
    match which {
        Ref::Id(id) => Ok(Some(*id)),
        Ref::Name(name) => {
            Ok(db.fetch_scalar_optional("SELECT id FROM host WHERE name = $1", args![name.clone()]).await?)
        }
    }
}

fn text(value: &Value) -> String {
    match value.as_str() {
        Some(text) => text.to_owned(),
        None => koji_core::python::repr(value),
    }
}

fn read<T: Param>(name: &str, value: &Value) -> Result<T> {
    T::from_value(value.clone()).map_err(|e| wrong(name, &e))
}

fn wrong(name: &str, why: &str) -> Error {
    Error::fault(FaultKind::Parameter, format!("queryHistory(): invalid value for {name}: {why}"))
}
