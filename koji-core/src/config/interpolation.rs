//! `%(option)s` in values, as Python's BasicInterpolation expands it.

use std::borrow::Cow;

use super::ini::Entry;

/// How many options may refer to one another in a chain.
const MAX_DEPTH: usize = 10;

/// Expands a value; `lookup` finds other options by name. An error says what is wrong.
pub(super) fn expand<'a>(value: &'a str, lookup: &dyn Fn(&str) -> Option<&'a Entry>) -> Result<Cow<'a, str>, String> {
    if !value.contains('%') {
        return Ok(Cow::Borrowed(value));
    }
    let mut expanded = String::new();
    expand_into(&mut expanded, value, lookup, 1)?;
    Ok(Cow::Owned(expanded))
}

fn expand_into<'a>(
    expanded: &mut String,
    value: &str,
    lookup: &dyn Fn(&str) -> Option<&'a Entry>,
    depth: usize,
) -> Result<(), String> {
    if depth > MAX_DEPTH {
        return Err(format!("values refer to one another more than {MAX_DEPTH} deep, at: {value}"));
    }
    let mut rest = value;
    while let Some((before, after)) = rest.split_once('%') {
        expanded.push_str(before);
        if let Some(after) = after.strip_prefix('%') {
            expanded.push('%');
            rest = after;
            continue;
        }
        let reference =
            after.strip_prefix('(').ok_or_else(|| format!("'%' must be followed by '%' or '(': %{after}"))?;
        let (name, after) = reference
            .split_once(')')
            .and_then(|(name, after)| Some((name, after.strip_prefix('s')?)))
            .filter(|(name, _)| !name.is_empty())
            .ok_or_else(|| format!("bad reference, should be like %(option)s: %{after}"))?;
        let entry = lookup(name).ok_or_else(|| format!("reference to an option that is not there: %({name})s"))?;
        if entry.value.contains('%') {
            expand_into(expanded, &entry.value, lookup, depth + 1)?;
        } else {
            expanded.push_str(&entry.value);
        }
        rest = after;
    }
    expanded.push_str(rest);
    Ok(())
}
