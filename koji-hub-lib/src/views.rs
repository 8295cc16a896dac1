//! Tables that clients query with clauses of their own: `repo.query`, `scheduler.getTaskRuns` and their like.

use koji_core::json::Json;
use koji_core::time::Timestamp;
use koji_core::xmlrpc::{Struct, Value};

use crate::Result;
use koji_core::api::QueryOpts;

use crate::db::{Conn, Fields, OwnedList, Select, args};
use crate::error::fail;

/// A table with the fields that may be asked for.
pub(crate) struct View {
    pub table: &'static str,
    /// What can be joined: a name, and the join.
    pub joins: &'static [(&'static str, &'static str)],
    pub fields: &'static [Field],
    pub default_fields: &'static [&'static str],
    /// The order when none is asked for.
    pub default_order: &'static str,
}

/// A field of a view.
pub(crate) struct Field {
    pub name: &'static str,
    /// Its column.
    pub column: &'static str,
    /// The conditions on it, by operator.
    pub conditions: Conditions,
    /// The join that it needs.
    pub join: Option<&'static str>,
}

/// The texts of all conditions on a column: SQL text is never made of what a client sends.
pub(crate) struct Conditions {
    pub eq: &'static str,
    pub ne: &'static str,
    pub gt: &'static str,
    pub lt: &'static str,
    pub ge: &'static str,
    pub le: &'static str,
    pub null: &'static str,
    pub not_null: &'static str,
    pub within: crate::db::Sql,
}

/// `field!("name", "table.column")`, and with a third argument the join that it needs.
macro_rules! field {
    ($name:literal, $column:literal $(, $join:literal)?) => {
        $crate::views::Field {
            name: $name,
            column: $column,
            conditions: $crate::views::Conditions {
                eq: concat!($column, " = $1"),
                ne: concat!($column, " <> $1"),
                gt: concat!($column, " > $1"),
                lt: concat!($column, " < $1"),
                ge: concat!($column, " >= $1"),
                le: concat!($column, " <= $1"),
                null: concat!($column, " IS NULL"),
                not_null: concat!($column, " IS NOT NULL"),
                within: $crate::sql!($column, " ", {in "$1"}),
            },
            join: $crate::views::field!(@join $($join)?),
        }
    };
    (@join $join:literal) => { Some($join) };
    (@join) => { None };
}
pub(crate) use field;

impl View {
    fn field(&self, name: &str) -> Result<&Field> {
        match self.fields.iter().find(|f| f.name == name) {
            Some(field) => Ok(field),
            None => fail!(Parameter, "Invalid field for query {name}"),
        }
    }

    /// The rows that match all clauses (`[field, value]` or `[field, operator, value]`), with the fields asked for: a
    /// list of names, in which `*` stands for all of the table and `**` for all.
    pub(crate) async fn query(
        &self,
        db: &mut Conn,
        clauses: &Value,
        fields: &Value,
        opts: Option<Struct>,
    ) -> Result<Value> {
        let mut opts: QueryOpts = match opts {
            Some(opts) => koji_core::xmlrpc::from_value(opts.into())?,
            None => QueryOpts { order: Some(self.default_order.into()), ..QueryOpts::default() },
        };
        let mut joins: Vec<&'static str> = Vec::new();
        let mut need = |field: &Field| {
            if let Some(join) = field.join
                && !joins.contains(&join)
            {
                joins.push(join);
            }
        };
        let mut chosen: Vec<&Field> = Vec::new();
        let mut choose = |field: &'static str| -> Result<()> {
            match field {
                "*" => chosen.extend(self.fields.iter().filter(|f| f.join.is_none())),
                "**" => chosen.extend(self.fields),
                name => chosen.push(self.field(name)?),
            }
            Ok(())
        };
        let known = |name: &str| {
            let own = self.fields.iter().map(|f| f.name).chain(["*", "**"]).find(|n| *n == name);
            match own {
                Some(name) => Ok(name),
                None => Err(crate::Error::fault(
                    koji_core::fault::FaultKind::Parameter,
                    format!("Invalid field for query {name}"),
                )),
            }
        };
        match fields {
            none if !none.is_truthy() => self.default_fields.iter().try_for_each(|f| choose(f))?,
            Value::String(name) => choose(known(name)?)?,
            Value::Array(names) => {
                for name in names {
                    let Some(name) = name.as_str() else { fail!(Parameter, "a field's name must be a string") };
                    choose(known(name)?)?;
                }
            }
            _ => fail!(Parameter, "fields must be a list of names"),
        }
        chosen.sort_by_key(|f| f.name);
        chosen.dedup_by_key(|f| f.name);
        chosen.iter().for_each(|f| need(f));
        let mut filters = Vec::new();
        if let Value::Array(clauses) = clauses {
            for clause in clauses {
                let (field, op, value) = match clause.as_array() {
                    Some([Value::String(field), value @ Value::Array(_)]) => (field, "IN".to_owned(), value),
                    Some([Value::String(field), value]) => (field, "=".to_owned(), value),
                    Some([Value::String(field), Value::String(op), value]) => (field, op.to_uppercase(), value),
                    _ => fail!(Parameter, "Invalid clause: {}", koji_core::python::repr(clause)),
                };
                let field = self.field(field)?;
                need(field);
                filters.push((field, op, value.clone()));
            }
        } else if clauses.is_truthy() {
            fail!(Parameter, "clauses must be a list");
        }
        let mut order = Vec::new();
        for name in opts.order.take().iter().flat_map(|order| order.split(',')).filter(|name| !name.is_empty()) {
            let (name, descending) = name.strip_prefix('-').map_or((name, false), |name| (name, true));
            let field = self.field(name)?;
            need(field);
            order.push((field.column, descending));
        }

        let mut select = Select::from(self.table);
        for (name, join) in self.joins {
            if joins.contains(name) {
                select = select.join(*join);
            }
        }
        for field in chosen {
            select = select.column(field.column, field.name);
        }
        for (field, op, value) in filters {
            select = filter(select, field, &op, value)?;
        }
        for (column, descending) in order {
            select = if descending { select.order_by_desc(column) } else { select.order_by(column) };
        }
        let select = select.options(&opts)?;
        if opts.count_only == Some(true) {
            return Ok(Value::Int(select.count(db).await?));
        }
        let rows: Vec<Fields> = select.fetch_all(db).await?;
        Ok(Value::Array(rows.into_iter().map(|row| row.0.into()).collect()))
    }
}

fn filter(select: Select<'static>, field: &Field, op: &str, value: Value) -> Result<Select<'static>> {
    let c = &field.conditions;
    let condition = match (op, &value) {
        ("IS" | "=", Value::Nil) => return Ok(select.filter(c.null, args![])),
        ("IS NOT" | "!=", Value::Nil) => return Ok(select.filter(c.not_null, args![])),
        ("IS" | "=", _) => c.eq,
        ("IS NOT" | "!=", _) => c.ne,
        (">", _) => c.gt,
        ("<", _) => c.lt,
        (">=", _) => c.ge,
        ("<=", _) => c.le,
        ("IN", Value::Array(items)) => {
            let numbers: Option<Vec<i32>> =
                items.iter().map(|v| v.as_int().and_then(|n| i32::try_from(n).ok())).collect();
            let texts: Option<Vec<String>> = items.iter().map(|v| v.as_str().map(str::to_owned)).collect();
            let list = match (numbers, texts) {
                (Some(numbers), _) => OwnedList(numbers).into(),
                (_, Some(texts)) => OwnedList(texts).into(),
                _ => fail!(Parameter, "a list of {} must hold numbers or texts", field.name),
            };
            return Ok(select.filter(c.within, vec![list]));
        }
        _ => fail!(Parameter, "Invalid operator: {op}"),
    };
    let value = match value {
        Value::Double(v) if is_moment(field.name) => Timestamp::from_secs_f64(v).into(),
        Value::Int(v) if is_moment(field.name) => Timestamp::from_secs_f64(v as f64).into(),
        Value::Int(v) => v.into(),
        Value::Double(v) => v.into(),
        Value::Bool(v) => v.into(),
        Value::String(v) if is_json(field.name) => match serde_json::from_str(&v) {
            Ok(v) => Json(v).into(),
            Err(e) => fail!(Parameter, "{} is compared with what is no JSON: {e}", field.name),
        },
        Value::String(v) => v.into(),
        other => fail!(Parameter, "{} cannot be compared with a {}", field.name, other.type_name()),
    };
    Ok(select.filter(condition, vec![value]))
}

/// Whether a field is a document in JSON, which clients send as its text.
fn is_json(name: &str) -> bool {
    matches!(name, "opts" | "custom_opts")
}

/// Whether a field is a moment in seconds.
fn is_moment(name: &str) -> bool {
    name == "ts" || name.ends_with("_ts")
}
