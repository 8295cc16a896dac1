//! Values as they are typed on a command line.

use koji_core::xmlrpc::{Struct, Value};

/// What a word means: a number, `None`, `True`, `False`, or itself.
pub fn guess(word: &str) -> Value {
    let trimmed = word.trim();
    if let Ok(n) = trimmed.parse::<i64>() {
        return n.into();
    }
    // Rust's floats are Python's but for its underscores
    if let Ok(n) = trimmed.parse::<f64>() {
        return n.into();
    }
    match word {
        "None" => Value::Nil,
        "True" => true.into(),
        "False" => false.into(),
        _ => word.into(),
    }
}

/// As [`guess`], but what is JSON is taken as that.
pub fn guess_json(word: &str) -> Value {
    match guess(word) {
        Value::String(text) => json(&text).unwrap_or(Value::String(text)),
        other => other,
    }
}

/// The value of a JSON text.
pub fn json(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok()
}

/// The struct of `KEY=VALUE` words; the first word without `=`, or with a key that was there, is an error.
pub fn pairs(words: &[String], read: fn(&str) -> Value) -> Result<Struct, String> {
    let mut out = Struct::new();
    for word in words {
        let (key, value) = word.split_once('=').ok_or_else(|| format!("Not of the form key=value: {word}"))?;
        if out.get(key).is_some() {
            return Err(format!("Duplicate extra key: {key}"));
        }
        out.insert(key, read(value));
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_what_they_look_like() {
        for (word, expected) in [
            ("5", Value::from(5)),
            ("-5", (-5).into()),
            ("1.5", 1.5.into()),
            ("1e3", 1000.0.into()),
            ("None", Value::Nil),
            ("True", true.into()),
            ("true", "true".into()),
            ("x86_64", "x86_64".into()),
            ("", "".into()),
        ] {
            assert_eq!(guess(word), expected, "{word}");
        }
        assert_eq!(guess_json("[1, \"a\"]"), Value::Array(vec![1.into(), "a".into()]));
        assert_eq!(guess_json("true"), true.into());
        assert_eq!(guess_json("{oops"), "{oops".into());
    }

    #[test]
    fn pairs_have_a_key_once() {
        let words = ["a=1", "b=x=y"].map(str::to_owned);
        let expected: Struct = [("a", Value::from(1)), ("b", "x=y".into())].into_iter().collect();
        assert_eq!(pairs(&words, guess), Ok(expected));
        assert!(pairs(&["a".to_owned()], guess).is_err());
        assert!(pairs(&["a=1", "a=2"].map(str::to_owned), guess).is_err());
    }
}
