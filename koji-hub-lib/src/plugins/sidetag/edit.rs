//! Changing side tags, as far as the tag that they are beside allows it: its extra options `sidetag_debuginfo_allowed` and
//! `sidetag_rpm_macros_allowed`.

use koji_core::api::plugins::EditSideTag;
use koji_core::glob;
use koji_core::model::Tag;
use koji_core::python;
use koji_core::xmlrpc::{Struct, Value};

use super::own;
use crate::call::Call;
use crate::error::fail;
use crate::{Result, tags};

pub(super) async fn edit(cx: &mut Call<'_>, asked: EditSideTag) -> Result<()> {
    let tag = own(cx, &asked.sidetag).await?;
    if (asked.extra.is_some() || asked.remove_extra.is_some())
        && !cx.has_perm("sidetag_admin").await?
        && !cx.has_perm("admin").await?
    {
        fail!("Extra can be modified only with sidetag_admin or admin permissions.");
    }
    let db = cx.db().await?;
    let Some(link) = tags::links(db, tag.id, None).await?.into_iter().next() else {
        fail!("Sidetag {} has no parent tag", tag.name)
    };
    let parent = tags::get(db, &link.parent_id.into(), None).await?;

    let mut extra = asked.extra.unwrap_or_default();
    let mut remove = asked.remove_extra.unwrap_or_default();
    if let Some(debuginfo) = asked.debuginfo {
        if !parent.extra.get("sidetag_debuginfo_allowed").is_some_and(Value::is_truthy) {
            fail!("Debuginfo setting is not allowed in parent tag.");
        }
        extra.insert("with_debuginfo", debuginfo);
    }
    let (set, unset) = (asked.rpm_macros.unwrap_or_default(), asked.remove_rpm_macros.unwrap_or_default());
    if !set.is_empty() || !unset.is_empty() {
        let allowed = allowed_macros(&parent)?;
        for (name, value) in set {
            if !is_macro_name(&name) {
                fail!("Invalid macro name {}", python::repr_str(&name));
            }
            assert_allowed(&name, &allowed)?;
            extra.insert(option(&name), value);
        }
        for name in unset {
            assert_allowed(&name, &allowed)?;
            remove.push(option(&name));
        }
    }
    let remove = Value::Array(remove.into_iter().map(Value::from).collect());
    let changes: Struct = [("extra", Value::from(extra)), ("remove_extra", remove)].into_iter().collect();
    tags::edit(cx, &tag.id.into(), changes).await
}

/// The tag's extra option that sets a macro.
fn option(name: &str) -> String {
    format!("rpm.macro.{name}")
}

/// The patterns of the macros that may be set: a list, or words of a text.
fn allowed_macros(parent: &Tag) -> Result<Vec<String>> {
    let patterns: Vec<String> = match parent.extra.get("sidetag_rpm_macros_allowed") {
        None | Some(Value::Nil) => Vec::new(),
        Some(Value::String(text)) => text.split_whitespace().map(str::to_owned).collect(),
        Some(list @ Value::Array(values)) => {
            let texts: Option<Vec<String>> = values.iter().map(|v| v.as_str().map(str::to_owned)).collect();
            match texts {
                Some(texts) => texts,
                None => fail!("Allowed rpm macro list {} is invalid for {}.", python::repr(list), parent.name),
            }
        }
        Some(other) => fail!("rpm_macros_allowed in {} has invalid type: {}", parent.name, other.type_name()),
    };
    if patterns.is_empty() {
        fail!("RPM macros change is not allowed in parent tag.");
    }
    Ok(patterns)
}

fn assert_allowed(name: &str, allowed: &[String]) -> Result<()> {
    if !allowed.iter().any(|pattern| glob::matches(pattern, name)) {
        fail!("RPM macro {name} editing is not allowed via parent tag");
    }
    Ok(())
}

fn is_macro_name(name: &str) -> bool {
    name.chars().count() > 1 && name.starts_with(|c: char| c.is_alphabetic() || c == '_')
}
