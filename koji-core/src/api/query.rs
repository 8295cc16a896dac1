//! How lists are asked for: order, part and form.

use serde::{Deserialize, Serialize};

use super::param::{Param, from_wire, to_wire};
use crate::xmlrpc::Value;

/// Koji's `queryOpts`: what of a list is wanted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct QueryOpts {
    /// Only the number of rows, in place of the rows.
    #[serde(default, rename = "countOnly", skip_serializing_if = "Option::is_none")]
    pub count_only: Option<bool>,
    /// Columns to order by, separated by commas; `-` before one turns it around.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<String>,
    /// How many rows to leave out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<i64>,
    /// How many rows at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
    /// Rows as lists instead of structs: the values in the order of their fields' names.
    #[serde(default, rename = "asList", skip_serializing_if = "Option::is_none")]
    pub as_list: Option<bool>,
    /// Locks the rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rowlock: Option<bool>,
    /// Columns to group by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
}

/// An empty value of any type is no options.
impl Param for QueryOpts {
    fn is_none(value: &Value) -> bool {
        !value.is_truthy()
    }
    fn from_value(value: Value) -> Result<Self, String> {
        from_wire(value)
    }
    fn into_value(self) -> Value {
        to_wire(&self)
    }
}

/// A list; with `countOnly` the number of its rows, with `asList` each row as a list of its values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Rows<T> {
    /// How many there are.
    Count(i64),
    /// The rows.
    List(Vec<T>),
    /// The rows' values.
    Values(Vec<Vec<Value>>),
}

impl<T> Rows<T> {
    /// The rows; none if they were asked for in another form.
    pub fn into_list(self) -> Vec<T> {
        match self {
            Rows::Count(_) | Rows::Values(_) => Vec::new(),
            Rows::List(rows) => rows,
        }
    }

    /// How many there are.
    pub fn count(&self) -> i64 {
        let len = match self {
            Rows::Count(n) => return *n,
            Rows::List(rows) => rows.len(),
            Rows::Values(rows) => rows.len(),
        };
        i64::try_from(len).unwrap_or(i64::MAX)
    }
}

impl<T: Serialize> Rows<T> {
    /// The rows as lists of the fields of these names.
    pub fn values(rows: Vec<T>, names: &[&str]) -> Self {
        let values = |row: &T| match to_wire(row) {
            Value::Struct(mut fields) => names.iter().map(|name| fields.remove(name).unwrap_or_default()).collect(),
            other => vec![other],
        };
        Rows::Values(rows.iter().map(values).collect())
    }
}

impl<T> Rows<T> {
    /// The same rows in another form.
    pub fn map<U>(self, form: impl FnMut(T) -> U) -> Rows<U> {
        match self {
            Rows::Count(n) => Rows::Count(n),
            Rows::List(rows) => Rows::List(rows.into_iter().map(form).collect()),
            Rows::Values(rows) => Rows::Values(rows),
        }
    }
}

impl<T> From<Vec<T>> for Rows<T> {
    fn from(rows: Vec<T>) -> Self {
        Rows::List(rows)
    }
}
