//! A tag's settings with those that it inherits, as builds use them.

use koji_core::api::TagRef;
use koji_core::ids::EventId;
use koji_core::model::Tag;
use koji_core::xmlrpc::{Struct, Value};

use super::{get, inheritance, read};
use crate::Result;
use crate::db::Conn;

/// The tag with inherited arches and extra options.
pub(crate) async fn build_config(db: &mut Conn, which: &TagRef, event: Option<EventId>) -> Result<Tag> {
    let Some((mut tag, mut extra)) = read(db, which, event).await? else { return get(db, which, event).await };
    let mut arches_from = Value::Nil;
    let mut extra_from = Struct::new();
    for step in inheritance(db, tag.id, event).await? {
        if step.noconfig {
            continue;
        }
        let which = TagRef::Id(step.parent_id);
        // one that was deleted at that moment is no tag to inherit from: a fault, as for any
        let Some((parent, parent_extra)) = read(db, &which, event).await? else { return get(db, &which, event).await };
        let from = || {
            Value::from(Struct::from_iter([("id", Value::from(parent.id.0)), ("name", parent.name.as_str().into())]))
        };
        if tag.arches.is_none() && parent.arches.is_some() {
            arches_from = from();
            tag.arches = parent.arches.clone();
        }
        for (key, value) in parent_extra {
            if !extra.iter().any(|(have, _)| *have == key) {
                extra_from.insert(key.as_str(), from());
                extra.push((key, value));
            }
        }
    }
    tag.extra = extra.into_iter().filter_map(|(key, value)| Some((key, value?))).collect();
    tag.config_inheritance = Some([("extra", Value::from(extra_from)), ("arches", arches_from)].into_iter().collect());
    Ok(tag)
}
