//! Python's `pprint.pformat`: a value over as many lines as it needs.

use super::{repr, repr_str};
use crate::xmlrpc::{Struct, Value};

/// The width that Python fills.
const WIDTH: usize = 80;

/// Python's `pprint.pformat(value)`: structs sorted by name, one member or element a line where a line is too short, and
/// long strings broken at spaces.
pub fn pformat(value: &Value) -> String {
    let mut out = Printer { out: String::new() };
    out.value(&sorted(value), 0, 0, true);
    out.out
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.iter().map(sorted).collect()),
        Value::Struct(members) => {
            let mut members: Vec<(String, Value)> = members.iter().map(|(k, v)| (k.to_owned(), sorted(v))).collect();
            members.sort_by(|(a, _), (b, _)| a.cmp(b));
            Value::Struct(members.into_iter().collect())
        }
        other => other.clone(),
    }
}

struct Printer {
    out: String,
}

impl Printer {
    /// Writes a value at a column; `after` is how much of the line must stay free behind it. `outermost` strings that need
    /// lines get parentheses.
    fn value(&mut self, value: &Value, column: usize, after: usize, outermost: bool) {
        let text = repr(value);
        if length(&text) + column + after <= WIDTH {
            self.out.push_str(&text);
            return;
        }
        match value {
            Value::Struct(members) => self.members(members, column, after),
            Value::Array(items) => self.items(items, column, after),
            Value::String(text) => self.text(text, column, after, outermost),
            _ => self.out.push_str(&text),
        }
    }

    fn members(&mut self, members: &Struct, column: usize, after: usize) {
        self.out.push('{');
        let count = members.len();
        for (i, (name, value)) in members.iter().enumerate() {
            if i > 0 {
                self.next_line(",", column + 1);
            }
            let name = repr_str(name);
            self.out.push_str(&name);
            self.out.push_str(": ");
            let after = if i + 1 == count { after + 1 } else { 1 };
            self.value(value, column + 1 + length(&name) + 2, after, false);
        }
        self.out.push('}');
    }

    fn items(&mut self, items: &[Value], column: usize, after: usize) {
        self.out.push('[');
        for (i, item) in items.iter().enumerate() {
            if i > 0 {
                self.next_line(",", column + 1);
            }
            let after = if i + 1 == items.len() { after + 1 } else { 1 };
            self.value(item, column + 1, after, false);
        }
        self.out.push(']');
    }

    fn text(&mut self, text: &str, column: usize, after: usize, outermost: bool) {
        let (column, after) = if outermost { (column + 1, after + 1) } else { (column, after) };
        let width = WIDTH.saturating_sub(column);
        let chunks = chunks(text, width, width.saturating_sub(after));
        let parentheses = outermost && chunks.len() > 1;
        if parentheses {
            self.out.push('(');
        }
        for (i, chunk) in chunks.iter().enumerate() {
            if i > 0 {
                self.next_line("", column);
            }
            self.out.push_str(chunk);
        }
        if parentheses {
            self.out.push(')');
        }
    }

    fn next_line(&mut self, before: &str, column: usize) {
        self.out.push_str(before);
        self.out.push('\n');
        self.out.extend(std::iter::repeat_n(' ', column));
    }
}

fn length(text: &str) -> usize {
    text.chars().count()
}

/// The string as quoted parts: one a line, and lines that are too long broken behind spaces. The last part has less room.
fn chunks(text: &str, width: usize, last_width: usize) -> Vec<String> {
    let mut out = Vec::new();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    for (i, line) in lines.iter().enumerate() {
        let last_line = i + 1 == lines.len();
        let quoted = repr_str(line);
        if length(&quoted) <= if last_line { last_width } else { width } {
            out.push(quoted);
            continue;
        }
        let parts = words(line);
        let mut current = String::new();
        for (j, part) in parts.iter().enumerate() {
            let room = if last_line && j + 1 == parts.len() { last_width } else { width };
            let candidate = format!("{current}{part}");
            if length(&repr_str(&candidate)) <= room {
                current = candidate;
                continue;
            }
            if !current.is_empty() {
                out.push(repr_str(&current));
            }
            current = (*part).to_owned();
        }
        if !current.is_empty() {
            out.push(repr_str(&current));
        }
    }
    out
}

/// Words with the space behind them.
fn words(line: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut begin = 0;
    let mut in_space = false;
    for (at, c) in line.char_indices() {
        if in_space && !c.is_whitespace() {
            out.push(&line[begin..at]);
            begin = at;
        }
        in_space = c.is_whitespace();
    }
    out.push(&line[begin..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(json: &str) -> Value {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn what_fits_is_a_line() {
        assert_eq!(pformat(&value(r#"{"b": [1, null, true], "a": {}}"#)), "{'a': {}, 'b': [1, None, True]}");
        assert_eq!(pformat(&value(r#""x y""#)), "'x y'");
    }

    #[test]
    fn what_does_not_fit_is_many() {
        let tag = value(
            r#"{"name": "base", "arches": "x86_64 i686", "id": 1, "locked": false, "perm": null,
                "extra": {"list": ["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", 3]}}"#,
        );
        let expected = "\
{'arches': 'x86_64 i686',
 'extra': {'list': ['aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
                    'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb',
                    3]},
 'id': 1,
 'locked': False,
 'name': 'base',
 'perm': None}";
        assert_eq!(pformat(&tag), expected);
    }

    #[test]
    fn long_strings_are_broken_at_spaces_and_lines() {
        let text = "first line\nsecond line ".to_owned() + &"word ".repeat(20);
        let expected = "\
('first line\\n'
 'second line word word word word word word word word word word word word word '
 'word word word word word word word ')";
        assert_eq!(pformat(&text.clone().into()), expected);
        let within: Struct = [("name", text)].into_iter().collect();
        let expected = "\
{'name': 'first line\\n'
         'second line word word word word word word word word word word word '
         'word word word word word word word word word '}";
        assert_eq!(pformat(&within.into()), expected);
    }
}
