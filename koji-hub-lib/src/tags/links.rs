//! A tag's own links to its parents.

use koji_core::api::{Param, TagRef};
use koji_core::ids::{EventId, TagId};
use koji_core::model::InheritanceLink;
use koji_core::xmlrpc::{Struct, Value};

use crate::Result;
use crate::call::Call;
use crate::db::{Arg, Conn, Select};
use crate::error::fail;
use crate::given::take;

/// A tag's links to its parents, by priority.
pub(crate) async fn links(db: &mut Conn, tag: TagId, event: Option<EventId>) -> Result<Vec<InheritanceLink>> {
    Ok(Select::from("tag_inheritance AS i")
        .columns(&[
            ("i.parent_id", "parent_id"),
            ("tag.name", "name"),
            ("i.priority", "priority"),
            ("i.maxdepth", "maxdepth"),
            ("i.intransitive", "intransitive"),
            ("i.noconfig", "noconfig"),
            ("i.pkg_filter", "pkg_filter"),
            ("i.tag_id", "child_id"),
        ])
        .join("JOIN tag ON tag.id = i.parent_id")
        .filter("i.tag_id = $1", vec![Arg::from(tag)])
        .at("i", event)
        .order_by("i.priority")
        .fetch_all(db)
        .await?)
}

/// What a link says beside its two ends.
#[derive(Debug, Clone, PartialEq)]
struct Terms {
    priority: i32,
    maxdepth: Option<i32>,
    intransitive: bool,
    noconfig: bool,
    pkg_filter: Option<String>,
}

impl From<InheritanceLink> for Terms {
    fn from(link: InheritanceLink) -> Self {
        let InheritanceLink { priority, maxdepth, intransitive, noconfig, pkg_filter, .. } = link;
        Terms { priority, maxdepth, intransitive, noconfig, pkg_filter }
    }
}

/// What is asked for a link to a parent: its terms, or that it goes.
struct Wish {
    parent: TagId,
    terms: Option<Terms>,
}

impl Wish {
    fn read(mut wish: Struct) -> Result<Self> {
        let goes = wish.get("delete link").is_some_and(Value::is_truthy);
        let parent = member(&mut wish, "parent_id")?;
        if goes {
            return Ok(Wish { parent, terms: None });
        }
        let terms = Terms {
            priority: member(&mut wish, "priority")?,
            maxdepth: member(&mut wish, "maxdepth")?,
            intransitive: member(&mut wish, "intransitive")?,
            noconfig: member(&mut wish, "noconfig")?,
            pkg_filter: member(&mut wish, "pkg_filter")?,
        };
        Ok(Wish { parent, terms: Some(terms) })
    }
}

fn member<T: Param>(wish: &mut Struct, name: &str) -> Result<T> {
    match take(wish, name)? {
        Some(value) => Ok(value),
        None => fail!("No value for {name}"),
    }
}

/// A link that is there or is to be.
struct Entry {
    parent: TagId,
    /// Nothing for one that goes.
    terms: Option<Terms>,
    changed: bool,
}

/// Changes a tag's links; with `clear`, those that are not named go.
pub(crate) async fn set_links(cx: &mut Call<'_>, tag: TagId, wishes: Vec<Struct>, clear: bool) -> Result<()> {
    let mut read = Vec::new();
    for wish in wishes {
        let wish = Wish::read(wish)?;
        super::get(cx.db().await?, &TagRef::Id(wish.parent), None).await?;
        read.push(wish);
    }
    let mut entries: Vec<Entry> = links(cx.db().await?, tag, None)
        .await?
        .into_iter()
        .map(|link| Entry { parent: link.parent_id, terms: Some(link.into()), changed: false })
        .collect();
    for Wish { parent, terms } in read {
        let found = entries.iter_mut().find(|entry| entry.parent == parent);
        match (found, terms) {
            (Some(entry), None) => (entry.terms, entry.changed) = (None, true),
            (Some(entry), terms) if clear || entry.terms != terms => (entry.terms, entry.changed) = (terms, true),
            (Some(_), Some(_)) | (None, None) => {}
            (None, terms) => entries.push(Entry { parent, terms, changed: true }),
        }
    }
    if clear {
        for entry in entries.iter_mut().filter(|entry| !entry.changed) {
            (entry.terms, entry.changed) = (None, true);
        }
    }
    entries.retain(|entry| entry.changed || entry.terms.is_some());
    if !entries.iter().any(|entry| entry.changed) {
        return Ok(());
    }
    check_priorities(tag, &entries)?;
    entries.retain(|entry| entry.changed);
    for entry in &entries {
        cx.revoke("tag_inheritance", vec![("tag_id", tag.into()), ("parent_id", entry.parent.into())]).await?;
    }
    for entry in &entries {
        let Some(terms) = &entry.terms else { continue };
        let columns = vec![
            ("tag_id", Arg::from(tag)),
            ("parent_id", entry.parent.into()),
            ("priority", terms.priority.into()),
            ("maxdepth", terms.maxdepth.into()),
            ("intransitive", terms.intransitive.into()),
            ("noconfig", terms.noconfig.into()),
            ("pkg_filter", terms.pkg_filter.as_deref().into()),
        ];
        cx.insert_versioned("tag_inheritance", columns).await?;
    }
    Ok(())
}

fn check_priorities(tag: TagId, entries: &[Entry]) -> Result<()> {
    for priority in entries.iter().filter_map(|entry| entry.terms.as_ref()).map(|terms| terms.priority) {
        let same: Vec<String> = entries
            .iter()
            .filter(|entry| entry.terms.as_ref().is_some_and(|terms| terms.priority == priority))
            .map(|entry| entry.parent.to_string())
            .collect();
        if same.len() > 1 {
            fail!(
                "Multiple parent tags ([{}]) cannot have the same priority value ({priority}) on child tag {tag}",
                same.join(", ")
            );
        }
    }
    Ok(())
}
