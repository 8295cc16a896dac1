//! The values of options.

use koji_core::python;

use super::Take;
use crate::output::time;

/// What an option's value must be.
#[derive(Clone, Copy)]
pub enum Kind {
    /// Any text.
    Text,
    /// A whole number, in decimal or behind `0x`, `0b` or `0`.
    Int,
    /// A moment.
    Time,
}

/// What was read for an option.
pub enum Stored {
    /// Whether the option sets or clears.
    Set(bool),
    /// All texts that were given, of which the last one counts unless all do.
    Texts(Vec<String>),
    /// A whole number.
    Int(i64),
    /// Seconds since 1970.
    Time(f64),
}

impl Kind {
    /// Reads a value; the error is in optparse's words.
    pub(super) fn read(self, name: &str, text: String) -> Result<Stored, String> {
        match self {
            Kind::Text => Ok(Stored::Texts(vec![text])),
            Kind::Int => int(&text)
                .map(Stored::Int)
                .ok_or_else(|| format!("option {name}: invalid integer value: {}", python::repr_str(&text))),
            Kind::Time => time::parse(&text)
                .map(Stored::Time)
                .ok_or_else(|| format!("option {name}: invalid time specification: {}", python::repr_str(&text))),
        }
    }
}

impl Stored {
    pub(super) fn add(&mut self, newer: Stored) {
        match (self, newer) {
            (Stored::Texts(all), Stored::Texts(more)) => all.extend(more),
            (old, newer) => *old = newer,
        }
    }
}

fn int(text: &str) -> Option<i64> {
    let text = text.trim();
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let lower = digits.to_ascii_lowercase();
    let value = if let Some(hex) = lower.strip_prefix("0x") {
        i64::from_str_radix(hex, 16)
    } else if let Some(binary) = lower.strip_prefix("0b") {
        i64::from_str_radix(binary, 2)
    } else if lower.len() > 1 && lower.starts_with('0') {
        i64::from_str_radix(&lower, 8)
    } else {
        lower.parse()
    };
    value.ok().map(|value| if negative { -value } else { value })
}

impl Take for bool {
    fn take(stored: Option<&Stored>) -> Self {
        matches!(stored, Some(Stored::Set(true)))
    }
}

impl Take for Option<bool> {
    fn take(stored: Option<&Stored>) -> Self {
        match stored {
            Some(Stored::Set(set)) => Some(*set),
            _ => None,
        }
    }
}

impl Take for Option<String> {
    fn take(stored: Option<&Stored>) -> Self {
        match stored {
            Some(Stored::Texts(texts)) => texts.last().cloned(),
            _ => None,
        }
    }
}

impl Take for Vec<String> {
    fn take(stored: Option<&Stored>) -> Self {
        match stored {
            Some(Stored::Texts(texts)) => texts.clone(),
            _ => Vec::new(),
        }
    }
}

impl Take for Option<i64> {
    fn take(stored: Option<&Stored>) -> Self {
        match stored {
            Some(Stored::Int(n)) => Some(*n),
            _ => None,
        }
    }
}

impl Take for Option<f64> {
    fn take(stored: Option<&Stored>) -> Self {
        match stored {
            Some(Stored::Time(at)) => Some(*at),
            _ => None,
        }
    }
}
