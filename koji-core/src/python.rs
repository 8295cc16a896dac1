//! Values as Python writes them: much text that Koji shows, and some that clients parse, comes from `str` and `repr`.

mod literal;
mod pprint;

use std::fmt::Write;

pub use literal::literal;
pub use pprint::pformat;

use crate::xmlrpc::{Value, format_double};

/// Python's `str(value)`, the text of `%s`: strings as they are, anything else as [`repr`].
pub fn str(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::DateTime(time) => time.0.clone(),
        other => repr(other),
    }
}

/// Python's `repr(value)`, the text of `%r`: `'a'`, `None`, `True`, `[1, 'a']`, `{'id': 1}`.
pub fn repr(value: &Value) -> String {
    let mut out = String::new();
    write_repr(&mut out, value);
    out
}

/// Python's `json.dumps(value)`, the form in which Koji's database has JSON as text.
pub fn json(value: &Value) -> String {
    let mut out = String::new();
    write_json(&mut out, value);
    out
}

/// Python's `repr` of a string: in single quotes, or in double ones if it has single ones and no double ones; what
/// cannot be printed is escaped.
pub fn repr_str(text: &str) -> String {
    let mut out = String::new();
    write_repr_str(&mut out, text);
    out
}

fn write_repr(out: &mut String, value: &Value) {
    match value {
        Value::Nil => out.push_str("None"),
        Value::Bool(true) => out.push_str("True"),
        Value::Bool(false) => out.push_str("False"),
        Value::Int(n) => push(out, format_args!("{n}")),
        Value::Double(n) => out.push_str(&format_double(*n)),
        Value::String(text) => write_repr_str(out, text),
        Value::DateTime(time) => push(out, format_args!("<DateTime '{}'>", time.0)),
        Value::Base64(bytes) => push(out, format_args!("b'{}'", bytes.0.escape_ascii())),
        Value::Array(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                out.push_str(if i == 0 { "" } else { ", " });
                write_repr(out, item);
            }
            out.push(']');
        }
        Value::Struct(members) => {
            out.push('{');
            for (i, (name, value)) in members.iter().enumerate() {
                out.push_str(if i == 0 { "" } else { ", " });
                write_repr_str(out, name);
                out.push_str(": ");
                write_repr(out, value);
            }
            out.push('}');
        }
    }
}

fn write_json(out: &mut String, value: &Value) {
    match value {
        Value::Nil => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Int(n) => push(out, format_args!("{n}")),
        Value::Double(n) => out.push_str(&format_double(*n)),
        Value::String(text) => write_json_str(out, text),
        Value::DateTime(time) => write_json_str(out, &time.0),
        Value::Base64(bytes) => write_json_str(out, &bytes.0.escape_ascii().to_string()),
        Value::Array(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                out.push_str(if i == 0 { "" } else { ", " });
                write_json(out, item);
            }
            out.push(']');
        }
        Value::Struct(members) => {
            out.push('{');
            for (i, (name, value)) in members.iter().enumerate() {
                out.push_str(if i == 0 { "" } else { ", " });
                write_json_str(out, name);
                out.push_str(": ");
                write_json(out, value);
            }
            out.push('}');
        }
    }
}

fn write_json_str(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            ' '..='~' => out.push(c),
            _ => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    push(out, format_args!("\\u{unit:04x}"));
                }
            }
        }
    }
    out.push('"');
}

fn write_repr_str(out: &mut String, text: &str) {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    out.push(quote);
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\\' => out.push_str("\\\\"),
            _ if c == quote => push(out, format_args!("\\{c}")),
            _ if is_printable(c) => out.push(c),
            _ => match u32::from(c) {
                code @ ..=0xff => push(out, format_args!("\\x{code:02x}")),
                code @ ..=0xffff => push(out, format_args!("\\u{code:04x}")),
                code => push(out, format_args!("\\U{code:08x}")),
            },
        }
    }
    out.push(quote);
}

/// Whether Python's `str.isprintable` says so. The standard library tells by whether its own debug form escapes the
/// character; behind another one, so that combining marks count as printable.
fn is_printable(c: char) -> bool {
    match c {
        ' '..='~' => true,
        _ if c.is_ascii() => false,
        _ => ['a', c].iter().collect::<String>().escape_debug().count() == 2,
    }
}

/// Writing to a `String` cannot fail.
fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    let _ = out.write_fmt(text);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xmlrpc::Struct;

    #[test]
    fn strings_are_quoted_as_python_does() {
        for (text, expected) in [
            ("a", "'a'"),
            ("it's", "\"it's\""),
            ("\"it's\"", "'\"it\\'s\"'"),
            ("a\\b\n\t\r", "'a\\\\b\\n\\t\\r'"),
            ("\0\x1b\x7f\u{80}\u{ad}\u{a0}", "'\\x00\\x1b\\x7f\\x80\\xad\\xa0'"),
            ("žluťoučký e\u{301} 漢 😀", "'žluťoučký e\u{301} 漢 😀'"),
            ("\u{200b}\u{2028}\u{feff}\u{e000}\u{1d173}", "'\\u200b\\u2028\\ufeff\\ue000\\U0001d173'"),
        ] {
            assert_eq!(repr_str(text), expected);
        }
    }

    #[test]
    fn json_is_as_python_writes_it() {
        let members: Struct =
            [("a", Value::Nil), ("b", Value::Double(1.0)), ("é😀", "\"\n".into())].into_iter().collect();
        let value = Value::Array(vec![1.into(), true.into(), members.into()]);
        assert_eq!(json(&value), r#"[1, true, {"a": null, "b": 1.0, "\u00e9\ud83d\ude00": "\"\n"}]"#);
    }

    #[test]
    fn containers_nest() {
        let members: Struct = [("a", Value::Nil), ("b", Value::Double(1.0)), ("c", true.into())].into_iter().collect();
        let value = Value::Array(vec!["x".into(), 5.into(), members.into(), Value::Array(vec![])]);
        assert_eq!(repr(&value), "['x', 5, {'a': None, 'b': 1.0, 'c': True}, []]");
        assert_eq!(str(&value), repr(&value));
        assert_eq!(str(&"x".into()), "x");
    }
}
