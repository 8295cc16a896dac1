use std::cmp::Ordering;

use koji_core::api::results::*;
use koji_core::api::{Args, KwArgs, VarArgs};
use koji_core::fault::FaultKind;
use koji_core::xmlrpc::{Struct, Value, from_value};

use crate::call::Call;
use crate::error::fail;
use crate::registry::{Answer, Entry, Handle, RESULTS, Registry};
use crate::{Error, Result};

pub(super) fn register(r: &mut Registry) {
    r.add::<Count>().add::<FilterResults>().add::<CountAndFilterResults>();
}

fn method<'h>(cx: &Call<'h>, name: &str) -> Result<&'h Entry> {
    if RESULTS.contains(&name) {
        fail!("{name} of another {name} is not possible");
    }
    match cx.hub().registry().get(name) {
        Some(entry) => Ok(entry),
        None => fail!("method {name} doesn't exist"),
    }
}

async fn call(cx: &mut Call<'_>, method: &Entry, args: VarArgs, named: KwArgs) -> Result<Value> {
    let mut answer = Value::Nil;
    let args = Args { positional: args.0, named: named.0 };
    (method.run)(args, cx, Answer::Value(&mut answer)).await?;
    Ok(answer)
}

fn length(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

impl Handle for Count {
    async fn handle(self, cx: &mut Call<'_>) -> Result<i64> {
        let method = method(cx, &self.method)?;
        Ok(match call(cx, method, self.args, self.named).await? {
            Value::Nil => 0,
            Value::Array(items) => length(items.len()),
            Value::Struct(members) => length(members.len()),
            _ => 1,
        })
    }
}

impl Handle for FilterResults {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Value> {
        Ok(filtered(cx, &self.method, self.args, self.named).await?.1)
    }
}

impl Handle for CountAndFilterResults {
    async fn handle(self, cx: &mut Call<'_>) -> Result<(i64, Value)> {
        filtered(cx, &self.method, self.args, self.named).await
    }
}

/// Koji's `filterOpts`.
#[derive(Default, serde::Deserialize)]
struct FilterOpts {
    order: Option<String>,
    offset: Option<i64>,
    limit: Option<i64>,
    #[serde(rename = "noneGreatest")]
    none_greatest: Option<bool>,
}

async fn filtered(cx: &mut Call<'_>, name: &str, args: VarArgs, mut named: KwArgs) -> Result<(i64, Value)> {
    let opts: FilterOpts = match named.0.remove("filterOpts") {
        None | Some(Value::Nil) => FilterOpts::default(),
        Some(opts) => from_value(opts).map_err(|e| Error::fault(FaultKind::Parameter, format!("filterOpts: {e}")))?,
    };
    let results = match call(cx, method(cx, name)?, args, named).await {
        Err(Error::Fault(fault)) => fail!("method {name} raised an exception ({})", fault.message),
        results => results?,
    };
    let mut results = match results {
        Value::Nil => return Ok((0, Value::Nil)),
        Value::Array(results) => results,
        _ => fail!("{name}() did not return a list"),
    };
    let count = length(results.len());
    if let Some(order) = opts.order.as_deref().filter(|order| !order.is_empty()) {
        let (field, descending) = order.strip_prefix('-').map_or((order, false), |field| (field, true));
        let none_greatest = opts.none_greatest.unwrap_or(true);
        sort(&mut results, field, descending, none_greatest)?;
    }
    let kept = slice(opts.offset, opts.limit, results.len());
    results.truncate(kept.end);
    results.drain(..kept.start);
    Ok((count, results.into()))
}

fn sort(results: &mut [Value], field: &str, descending: bool, none_greatest: bool) -> Result<()> {
    let of = |row: &Value| row.as_struct().and_then(|row: &Struct| row.get(field).cloned());
    if results.iter().any(|row| of(row).is_none()) {
        return Err(Error::fault(FaultKind::Unknown, format!("<class 'KeyError'>: '{field}'")));
    }
    results.sort_by(|a, b| {
        let ordering = compare(&of(a).unwrap_or_default(), &of(b).unwrap_or_default(), none_greatest);
        if descending { ordering.reverse() } else { ordering }
    });
    Ok(())
}

/// As Python orders what is of one kind; nothing is the greatest, or the least. What cannot be compared stays in place.
fn compare(a: &Value, b: &Value, none_greatest: bool) -> Ordering {
    let nothing = a.is_nil().cmp(&b.is_nil());
    if a.is_nil() || b.is_nil() {
        return if none_greatest { nothing } else { nothing.reverse() };
    }
    match (a, b) {
        (Value::Double(a), Value::Double(b)) => a.total_cmp(b),
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        _ => match (a.as_str(), b.as_str()) {
            (Some(a), Some(b)) => a.cmp(b),
            _ => a.as_int().cmp(&b.as_int()),
        },
    }
}

/// Which of `len` items a slice of Python's keeps, first `[offset:]` and then `[:limit]`; negative ones count from the end.
fn slice(offset: Option<i64>, limit: Option<i64>, len: usize) -> std::ops::Range<usize> {
    let place = |at: i64, len: usize| {
        let distance = usize::try_from(at.unsigned_abs()).unwrap_or(usize::MAX);
        if at < 0 { len.saturating_sub(distance) } else { distance.min(len) }
    };
    let start = place(offset.unwrap_or(0), len);
    let end = start + limit.map_or(len - start, |limit| place(limit, len - start));
    start..end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_are_pythons() {
        assert_eq!(slice(None, None, 5), 0..5);
        assert_eq!(slice(Some(2), Some(2), 5), 2..4);
        assert_eq!(slice(Some(-2), None, 5), 3..5);
        assert_eq!(slice(Some(1), Some(-1), 5), 1..4);
        assert_eq!(slice(Some(9), Some(3), 5), 5..5);
        assert_eq!(slice(Some(i64::MIN), Some(i64::MAX), 5), 0..5);
    }

    #[test]
    fn nothing_is_the_greatest_if_so_asked() {
        let mut rows: Vec<Value> = [Value::Int(2), Value::Nil, Value::Int(1)]
            .into_iter()
            .map(|v| Value::from(Struct::from_iter([("n", v)])))
            .collect();
        let order = |rows: &[Value]| -> Vec<Option<i64>> {
            rows.iter().map(|r| r.as_struct().and_then(|r| r.get("n")).and_then(Value::as_int)).collect()
        };
        sort(&mut rows, "n", false, true).unwrap();
        assert_eq!(order(&rows), [Some(1), Some(2), None]);
        sort(&mut rows, "n", false, false).unwrap();
        assert_eq!(order(&rows), [None, Some(1), Some(2)]);
        sort(&mut rows, "n", true, true).unwrap();
        assert_eq!(order(&rows), [None, Some(2), Some(1)]);
        assert!(sort(&mut rows, "m", false, true).is_err());
    }
}
