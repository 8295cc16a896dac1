//! Lists that do not come from the database, as a client asks for them by `queryOpts`.

use std::cmp::Ordering;

use koji_core::api::QueryOpts;
use koji_core::api::query::Rows;
use koji_core::xmlrpc::{Struct, Value, to_value};
use serde::Serialize;

use crate::Result;
use crate::error::fail;

/// Rows that are at hand, as a client asks for them; `names` are the fields that a list of their values has.
pub(crate) fn apply<T: Serialize>(rows: Vec<T>, opts: Option<&QueryOpts>, names: &[&str]) -> Result<Rows<T>> {
    let Some(opts) = opts else { return Ok(Rows::List(rows)) };
    let mut rows = match opts.order.as_deref().filter(|order| !order.is_empty()) {
        Some(order) => ordered(rows, order)?,
        None => rows,
    };
    for (option, value) in [("offset", opts.offset), ("limit", opts.limit)] {
        match (option, value.map(usize::try_from)) {
            (_, None | Some(Ok(0))) => {}
            ("offset", Some(Ok(n))) => drop(rows.drain(..n.min(rows.len()))),
            (_, Some(Ok(n))) => rows.truncate(n),
            (_, Some(Err(_))) => fail!("{option} must not be negative"),
        }
    }
    if opts.count_only == Some(true) {
        return Ok(Rows::Count(i64::try_from(rows.len()).unwrap_or(i64::MAX)));
    }
    Ok(if opts.as_list == Some(true) { Rows::values(rows, names) } else { Rows::List(rows) })
}

fn fields<T: Serialize>(row: &T) -> Result<Struct> {
    match to_value(row)? {
        Value::Struct(fields) => Ok(fields),
        other => fail!("a row is a struct, not {}", other.type_name()),
    }
}

fn ordered<T: Serialize>(rows: Vec<T>, order: &str) -> Result<Vec<T>> {
    let terms: Vec<(&str, bool)> =
        order.split(',').map(|t| t.strip_prefix('-').map_or((t, false), |name| (name, true))).collect();
    let mut keyed = Vec::with_capacity(rows.len());
    for row in rows {
        let mut fields = fields(&row)?;
        let mut key = Vec::with_capacity(terms.len());
        for (name, _) in &terms {
            match fields.remove(name) {
                Some(value) => key.push(value),
                None => fail!("Invalid order: {name}"),
            }
        }
        keyed.push((key, row));
    }
    keyed.sort_by(|(a, _), (b, _)| {
        let each = a.iter().zip(b).zip(&terms).map(|((a, b), (_, down))| {
            let order = compare(a, b);
            if *down { order.reverse() } else { order }
        });
        each.fold(Ordering::Equal, Ordering::then)
    });
    Ok(keyed.into_iter().map(|(_, row)| row).collect())
}

/// Nil comes first.
fn compare(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::String(a), Value::String(b)) => a.cmp(b),
        (Value::Double(a), Value::Double(b)) => a.total_cmp(b),
        _ => a.as_int().cmp(&b.as_int()),
    }
}
