//! The tests that need nothing but the data at hand.

use crate::glob;
use crate::python;
use crate::xmlrpc::{Struct, Value};

/// The tests that [`test_data`] knows, with the least number of arguments that each needs.
pub const DATA_TESTS: &[(&str, usize)] = &[
    ("true", 0),
    ("all", 0),
    ("false", 0),
    ("none", 0),
    ("has", 1),
    ("bool", 1),
    ("match", 1),
    ("match_any", 1),
    ("match_all", 1),
    ("compare", 3),
    ("target", 0),
    ("operation", 0),
    ("method", 0),
    ("vm_name", 0),
    ("skip_tag", 0),
    ("is_child_task", 0),
];

/// Whether a test holds of the data; `None` if it is not one of [`DATA_TESTS`]. The error says what is wrong with the
/// arguments or with the field that they name.
///
/// - `has FIELD`: the field is there.
/// - `bool FIELD`, and of their fields `is_child_task` (`parent`) and `skip_tag`: it is true for Python.
/// - `match FIELD PATTERN..`, and of their fields `target`, `operation`, `method` and `vm_name`: it matches one of the
///   patterns.
/// - `match_any FIELD PATTERN..`, `match_all ..`: one, or each, of a list does.
/// - `compare FIELD OP NUMBER`, with `<`, `>`, `<=`, `>=`, `=` or `!=`.
pub fn test_data(name: &str, args: &[String], data: &Struct) -> Option<Result<bool, String>> {
    let rest = args.get(1..).unwrap_or_default();
    let field = || args.first().and_then(|field| data.get(field));
    let truthy = |value: Option<&Value>| value.is_some_and(Value::is_truthy);
    Some(Ok(match name {
        "true" | "all" => true,
        "false" | "none" => false,
        "has" => field().is_some(),
        "bool" => truthy(field()),
        "is_child_task" => truthy(data.get("parent")),
        "skip_tag" => truthy(data.get("skip_tag")),
        "match" => field().is_some_and(|v| matches(v, rest)),
        "target" | "operation" | "method" | "vm_name" => data.get(name).is_some_and(|v| matches(v, args)),
        "match_any" => list(field()).iter().any(|v| matches(v, rest)),
        "match_all" => {
            let list = list(field());
            !list.is_empty() && list.iter().all(|v| matches(v, rest))
        }
        "compare" => return Some(compare(args, field())),
        _ => return None,
    }))
}

/// Whether a value matches one of the patterns; nil matches none.
fn matches(value: &Value, patterns: &[String]) -> bool {
    if value.is_nil() {
        return false;
    }
    let text = python::str(value);
    patterns.iter().any(|pattern| glob::matches(pattern, &text))
}

fn list(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).unwrap_or_default()
}

fn compare(args: &[String], value: Option<&Value>) -> Result<bool, String> {
    let [field, operator, number] = args else { return Err("compare takes a field, an operator and a number".into()) };
    let number: f64 = number.parse().map_err(|_| format!("compare: {number} is not a number"))?;
    let holds: fn(f64, f64) -> bool = match operator.as_str() {
        "<" => |a, b| a < b,
        ">" => |a, b| a > b,
        "<=" => |a, b| a <= b,
        ">=" => |a, b| a >= b,
        "=" => |a, b| a == b,
        "!=" => |a, b| a != b,
        _ => return Err("Invalid comparison in test.".into()),
    };
    match value {
        None => Ok(false),
        Some(Value::Double(v)) => Ok(holds(*v, number)),
        // ids and counts are far below 2^53
        Some(other) => match (other.as_int(), operator.as_str()) {
            (Some(v), _) => Ok(holds(v as f64, number)),
            // what is no number differs from all of them
            (None, "=") => Ok(false),
            (None, "!=") => Ok(true),
            (None, _) => Err(format!("compare: {field} is not a number")),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_tested_as_koji_does() {
        let data: Struct = [
            ("target", Value::from("f44-candidate")),
            ("n", 5.into()),
            ("none", Value::Nil),
            ("list", Value::Array(vec!["GPL".into(), Value::Nil, "MIT".into()])),
            ("parent", 0.into()),
        ]
        .into_iter()
        .collect();
        for (test, expected) in [
            ("true", true),
            ("none", false),
            ("has none", true),
            ("has nosuch", false),
            ("bool n", true),
            ("bool none", false),
            ("is_child_task", false),
            ("target f4?-* x", true),
            ("match target x", false),
            ("match none *", false),
            ("match n 5", true),
            ("match_any list M*", true),
            ("match_all list *", false),
            ("match_all nosuch *", false),
            ("compare n >= 5", true),
            ("compare n < 4.5", false),
            ("compare nosuch < 5", false),
        ] {
            let words: Vec<String> = test.split(' ').map(str::to_owned).collect();
            assert_eq!(test_data(&words[0], &words[1..], &data), Some(Ok(expected)), "{test}");
            assert!(DATA_TESTS.iter().any(|(name, _)| *name == words[0]));
        }
        assert_eq!(test_data("package", &[], &data), None);
        let wrong = ["n", "~", "5"].map(String::from);
        assert_eq!(test_data("compare", &wrong, &data), Some(Err("Invalid comparison in test.".into())));
    }
}
