//! Comps groups of tags: what belongs in a buildroot, or together in an installer.

mod packages;
mod requirements;
mod tag_groups;

use std::collections::HashMap;

use koji_core::ids::{EventId, GroupId, TagId};
use koji_core::model::{GroupPackage, GroupRequirement, TagGroup};

pub(crate) use packages::{add_package, remove_package, unblock_package};
pub(crate) use requirements::{add_requirement, remove_requirement, unblock_requirement};
pub(crate) use tag_groups::{add, remove, unblock};

use crate::db::{Conn, FromDb, Select, args, list as db_list, sql};
use crate::{Result, tags};

/// What of a tag's groups is read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parts {
    /// With what the tag inherits.
    pub inherit: bool,
    /// With the packages in them.
    pub packages: bool,
    /// With the groups that they require.
    pub requirements: bool,
}

impl Parts {
    /// All there is.
    pub(crate) const ALL: Parts = Parts { inherit: true, packages: true, requirements: true };
}

/// A tag's groups, now or at an event, without what is blocked.
pub(crate) async fn unblocked(
    db: &mut Conn,
    tag: TagId,
    event: Option<EventId>,
    parts: Parts,
) -> Result<Vec<TagGroup>> {
    let mut groups = all(db, tag, event, parts).await?;
    groups.retain(|group| !group.blocked);
    for group in &mut groups {
        group.packagelist.iter_mut().for_each(|list| list.retain(|entry| !entry.blocked));
        group.grouplist.iter_mut().for_each(|list| list.retain(|entry| !entry.blocked));
    }
    Ok(groups)
}

/// A tag's groups, now or at an event, with what is blocked. What is in a group that is blocked is not read, nor
/// requirements of one that is blocked.
pub(crate) async fn all(db: &mut Conn, tag: TagId, event: Option<EventId>, parts: Parts) -> Result<Vec<TagGroup>> {
    let mut line = vec![tag];
    if parts.inherit {
        line.extend(tags::inheritance(db, tag, event).await?.into_iter().map(|step| step.parent_id));
    }
    let query = Select::from("group_config AS g").join("JOIN groups ON groups.id = g.group_id").columns(&[
        ("groups.name", "name"),
        ("g.group_id", "group_id"),
        ("g.tag_id", "tag_id"),
        ("g.blocked", "blocked"),
        ("g.exported", "exported"),
        ("g.display_name", "display_name"),
        ("g.is_default", "is_default"),
        ("g.uservisible", "uservisible"),
        ("g.description", "description"),
        ("g.langonly", "langonly"),
        ("g.biarchonly", "biarchonly"),
    ]);
    let mut groups: Vec<TagGroup> = Vec::new();
    let mut places: HashMap<GroupId, usize> = HashMap::new();
    for group in in_line(db, query, &line, event, |group: &TagGroup| group.tag_id).await? {
        // the nearest counts
        places.entry(group.group_id).or_insert_with(|| {
            groups.push(group);
            groups.len() - 1
        });
    }
    if parts.packages {
        groups.iter_mut().for_each(|group| group.packagelist = Some(Vec::new()));
        let query = Select::from("group_package_listing AS g").columns(&[
            ("g.group_id", "group_id"),
            ("g.tag_id", "tag_id"),
            ("g.package", "package"),
            ("g.blocked", "blocked"),
            ("g.type", "type"),
            ("g.basearchonly", "basearchonly"),
            ("g.requires", "requires"),
        ]);
        for entry in in_line(db, query, &line, event, |entry: &GroupPackage| entry.tag_id).await? {
            let group = places.get(&entry.group_id).and_then(|at| groups.get_mut(*at)).filter(|group| !group.blocked);
            if let Some(list) = group.and_then(|group| group.packagelist.as_mut())
                && !list.iter().any(|other| other.package == entry.package)
            {
                list.push(entry);
            }
        }
    }
    if parts.requirements {
        groups.iter_mut().for_each(|group| group.grouplist = Some(Vec::new()));
        let query = Select::from("group_req_listing AS g").join("JOIN groups ON groups.id = g.req_id").columns(&[
            ("g.group_id", "group_id"),
            ("g.tag_id", "tag_id"),
            ("g.req_id", "req_id"),
            ("g.blocked", "blocked"),
            ("g.type", "type"),
            ("g.is_metapkg", "is_metapkg"),
            ("groups.name", "name"),
        ]);
        for entry in in_line(db, query, &line, event, |entry: &GroupRequirement| entry.tag_id).await? {
            let is_open = |id: GroupId| places.get(&id).and_then(|at| groups.get(*at)).is_some_and(|g| !g.blocked);
            if !is_open(entry.group_id) || !is_open(entry.req_id) {
                continue;
            }
            let group = places.get(&entry.group_id).and_then(|at| groups.get_mut(*at));
            if let Some(list) = group.and_then(|group| group.grouplist.as_mut())
                && !list.iter().any(|other| other.req_id == entry.req_id)
            {
                list.push(entry);
            }
        }
    }
    Ok(groups)
}

/// Rows of the tags of a line, those of the nearest first.
async fn in_line<'a, T: FromDb>(
    db: &mut Conn,
    query: Select<'a>,
    line: &'a [TagId],
    event: Option<EventId>,
    tag: impl Fn(&T) -> TagId,
) -> Result<Vec<T>> {
    let query = query.filter(sql!("g.tag_id ", { in "$1" }), args![db_list(line)]).at("g", event);
    let mut rows: Vec<T> = query.order_by("g.create_event").order_by("g.group_id").fetch_all(db).await?;
    let places: HashMap<TagId, usize> = line.iter().enumerate().rev().map(|(at, tag)| (*tag, at)).collect();
    rows.sort_by_key(|row| places.get(&tag(row)).copied());
    Ok(rows)
}
