//! Python's literals: what `ast.literal_eval` reads and the wire can carry.

use crate::xmlrpc::{Base64, Struct, Value};

/// How deep lists and dictionaries may nest.
const MAX_DEPTH: usize = 100;

/// Reads a Python literal: `None`, `True`, `False`, numbers, strings, bytes, lists, tuples (as lists) and dictionaries with
/// strings as keys. `None` for anything else.
pub fn literal(text: &str) -> Option<Value> {
    let mut reader = Reader { rest: text.trim() };
    let value = reader.value(0)?;
    reader.rest.is_empty().then_some(value)
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn skip(&mut self) {
        self.rest = self.rest.trim_start();
    }

    /// Takes the text if it comes next.
    fn take(&mut self, text: &str) -> bool {
        self.skip();
        match self.rest.strip_prefix(text) {
            Some(rest) => {
                self.rest = rest;
                self.skip();
                true
            }
            None => false,
        }
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        if depth > MAX_DEPTH {
            return None;
        }
        self.skip();
        match self.rest.chars().next()? {
            '[' => self.items("[", "]", depth).map(|(items, _)| Value::Array(items)),
            '(' => {
                let (mut items, comma) = self.items("(", ")", depth)?;
                // parentheses alone make no tuple
                Some(if items.len() == 1 && !comma { items.remove(0) } else { Value::Array(items) })
            }
            '{' => self.members(depth),
            '\'' | '"' => self.strings(),
            'b' | 'B' | 'r' | 'R' | 'u' | 'U' if self.is_string() => self.strings(),
            '-' => {
                self.take("-");
                match self.value(depth + 1)? {
                    Value::Int(n) => n.checked_neg().map(Value::Int),
                    Value::Double(n) => Some(Value::Double(-n)),
                    _ => None,
                }
            }
            _ => self.word(),
        }
    }

    /// What is between brackets, and whether the last comma ends it.
    fn items(&mut self, open: &str, close: &str, depth: usize) -> Option<(Vec<Value>, bool)> {
        self.take(open);
        let mut items = Vec::new();
        let mut comma = false;
        while !self.take(close) {
            if !items.is_empty() && !comma {
                return None;
            }
            items.push(self.value(depth + 1)?);
            comma = self.take(",");
        }
        Some((items, comma))
    }

    fn members(&mut self, depth: usize) -> Option<Value> {
        self.take("{");
        let mut members = Struct::new();
        let mut comma = true;
        while !self.take("}") {
            if !comma {
                return None;
            }
            let Value::String(name) = self.value(depth + 1)? else { return None };
            if !self.take(":") {
                return None;
            }
            members.insert(name, self.value(depth + 1)?);
            comma = self.take(",");
        }
        Some(members.into())
    }

    fn word(&mut self) -> Option<Value> {
        let end =
            self.rest.find(|c: char| !(c.is_ascii_alphanumeric() || "_.+-".contains(c))).unwrap_or(self.rest.len());
        let (mut word, _) = self.rest.split_at(end);
        // a sign belongs to a number only behind its exponent's mark
        let sign = word.char_indices().skip(1).find(|(at, c)| "+-".contains(*c) && !word[..*at].ends_with(['e', 'E']));
        if let Some((at, _)) = sign {
            word = &word[..at];
        }
        let value = match word {
            "None" => Value::Nil,
            "True" => true.into(),
            "False" => false.into(),
            _ => number(word)?,
        };
        self.rest = &self.rest[word.len()..];
        Some(value)
    }

    fn is_string(&self) -> bool {
        self.rest.trim_start_matches(|c: char| c.is_ascii_alphabetic()).starts_with(['\'', '"'])
    }

    /// Strings that stand side by side are one.
    fn strings(&mut self) -> Option<Value> {
        let mut value = self.string()?;
        self.skip();
        while self.rest.starts_with(['\'', '"']) || (self.rest.starts_with(['b', 'r', 'u']) && self.is_string()) {
            match (&mut value, self.string()?) {
                (Value::String(text), Value::String(more)) => text.push_str(&more),
                (Value::Base64(bytes), Value::Base64(more)) => bytes.0.extend(more.0),
                _ => return None,
            }
            self.skip();
        }
        Some(value)
    }

    fn string(&mut self) -> Option<Value> {
        let start = self.rest.find(['\'', '"'])?;
        let prefix = self.rest[..start].to_ascii_lowercase();
        if !["", "b", "r", "u", "br", "rb"].contains(&prefix.as_str()) {
            return None;
        }
        let body = &self.rest[start..];
        let quote = &body[..1];
        let triple = quote.repeat(3);
        let quote = if body.starts_with(&triple) { triple.as_str() } else { quote };
        let body = &body[quote.len()..];
        let mut text = String::new();
        let mut at = 0;
        loop {
            let rest = body.get(at..)?;
            if rest.starts_with(quote) {
                at += quote.len();
                break;
            }
            let c = rest.chars().next()?;
            if c == '\n' && quote.len() == 1 {
                return None;
            }
            at += c.len_utf8();
            if c != '\\' {
                text.push(c);
                continue;
            }
            let escaped = body.get(at..)?.chars().next()?;
            if prefix.contains('r') {
                text.extend(['\\', escaped]);
                at += escaped.len_utf8();
            } else {
                at += escape(&body[at..], &mut text)?;
            }
        }
        self.rest = &body[at..];
        if !prefix.contains('b') {
            return Some(text.into());
        }
        let bytes: Option<Vec<u8>> = text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect();
        Some(Base64(bytes?).into())
    }
}

/// Adds what stands behind a backslash: how many bytes it is long.
fn escape(rest: &str, out: &mut String) -> Option<usize> {
    let c = rest.chars().next()?;
    let hex = |digits: usize| char::from_u32(u32::from_str_radix(rest.get(1..=digits)?, 16).ok()?);
    let plain = match c {
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'a' => '\x07',
        'b' => '\x08',
        'f' => '\x0c',
        'v' => '\x0b',
        '\\' | '\'' | '"' => c,
        '\n' => return Some(1),
        'x' | 'u' | 'U' => {
            let digits = match c {
                'x' => 2,
                'u' => 4,
                _ => 8,
            };
            out.push(hex(digits)?);
            return Some(1 + digits);
        }
        '0'..='7' => {
            let digits = rest.bytes().take(3).take_while(|b| (b'0'..=b'7').contains(b)).count();
            out.push(char::from_u32(u32::from_str_radix(&rest[..digits], 8).ok()?)?);
            return Some(digits);
        }
        other => {
            // unknown ones stay as they are
            out.extend(['\\', other]);
            return Some(other.len_utf8());
        }
    };
    out.push(plain);
    Some(c.len_utf8())
}

fn number(word: &str) -> Option<Value> {
    if !word.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    let word = word.replace('_', "").to_ascii_lowercase();
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if let Some(digits) = word.strip_prefix(prefix) {
            return i64::from_str_radix(digits, radix).ok().map(Value::Int);
        }
    }
    match word.parse::<i64>() {
        // Python refuses leading zeros
        Ok(n) if n == 0 || !word.starts_with('0') => Some(n.into()),
        Ok(_) => None,
        Err(_) => word.parse::<f64>().ok().map(Value::Double),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_read_as_python_does() {
        for (text, expected) in [
            ("None", Value::Nil),
            (" 5 ", 5.into()),
            ("-0x1F", (-31).into()),
            ("1.5e-3", 0.0015.into()),
            ("'it''s'", "its".into()),
            (r#""\x41\u00e9\n\101\q""#, "A\u{e9}\nA\\q".into()),
            (r"r'\d'", r"\d".into()),
            ("'''a\n'b'''", "a\n'b".into()),
            (r"b'\xff'", Base64(vec![255]).into()),
            ("[]", Value::Array(vec![])),
            ("(1)", 1.into()),
            ("(1,)", Value::Array(vec![1.into()])),
            ("[1, 'a', [True,],]", Value::Array(vec![1.into(), "a".into(), Value::Array(vec![true.into()])])),
        ] {
            assert_eq!(literal(text), Some(expected), "{text}");
        }
        let expected: Struct = [("a", Value::from(1)), ("b c", Value::Struct(Struct::new()))].into_iter().collect();
        assert_eq!(literal("{'a': 1, 'b c': {}}"), Some(expected.into()));
    }

    #[test]
    fn other_things_are_refused() {
        let deep = "[".repeat(500);
        for text in
            ["", "foo", "1 2", "[1 2]", "[1", "{1: 2}", "{'a'}", "'a", "'a\nb'", "007", "f('x')", "-'a'", "1+2", &deep]
        {
            assert_eq!(literal(text), None, "{text}");
        }
    }
}
