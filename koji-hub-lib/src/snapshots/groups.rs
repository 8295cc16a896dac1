//! The groups of a snapshot, with their packages and requirements, as far as they are not blocked in a new one.

use koji_core::api::TagRef;
use koji_core::api::groups::GroupRef;
use koji_core::ids::TagId;
use koji_core::model::TagGroup;
use koji_core::xmlrpc::Struct;

use super::Snapshot;
use crate::Result;
use crate::call::Call;
use crate::groups::{self, Parts};

/// A group in a tag that is changed. Each change has an event of its own.
struct Place<'a> {
    tag: TagRef,
    group: GroupRef,
    force: bool,
    found: &'a TagGroup,
}

impl<'a> Place<'a> {
    fn new(tag: TagId, found: &'a TagGroup, force: bool) -> Self {
        Place { tag: tag.into(), group: found.group_id.into(), force, found }
    }

    async fn add(&self, cx: &mut Call<'_>, block: bool) -> Result<()> {
        groups::add(cx, &self.tag, &self.group, block, self.force, Struct::new()).await?;
        cx.next_event();
        Ok(())
    }

    async fn add_package(&self, cx: &mut Call<'_>, package: &str, block: bool) -> Result<()> {
        groups::add_package(cx, &self.tag, &self.group, package, block, self.force, Struct::new()).await?;
        cx.next_event();
        Ok(())
    }

    async fn add_requirement(&self, cx: &mut Call<'_>, required: &GroupRef, block: bool) -> Result<()> {
        groups::add_requirement(cx, &self.tag, &self.group, required, block, self.force, Struct::new()).await?;
        cx.next_event();
        Ok(())
    }

    /// Adds what is in the group, as far as it is not in `present`.
    async fn fill(&self, cx: &mut Call<'_>, present: Option<&TagGroup>) -> Result<()> {
        for entry in self.found.packagelist.iter().flatten() {
            let mut there = present.and_then(|group| group.packagelist.as_ref()).into_iter().flatten();
            if !there.any(|other| other.package == entry.package) {
                self.add_package(cx, &entry.package, entry.blocked).await?;
            }
        }
        for entry in self.found.grouplist.iter().flatten() {
            let mut there = present.and_then(|group| group.grouplist.as_ref()).into_iter().flatten();
            if !there.any(|other| other.req_id == entry.req_id) {
                self.add_requirement(cx, &entry.req_id.into(), entry.blocked).await?;
            }
        }
        Ok(())
    }

    /// Takes away, or blocks where it is inherited, what is in the group in the tag but not in `wanted`.
    async fn trim(&self, cx: &mut Call<'_>, tag: TagId, wanted: &TagGroup) -> Result<()> {
        for entry in self.found.packagelist.iter().flatten().filter(|entry| !entry.blocked) {
            match wanted.packagelist.iter().flatten().find(|other| other.package == entry.package) {
                Some(other) if other.blocked => self.add_package(cx, &entry.package, true).await?,
                None if entry.tag_id == tag => {
                    groups::remove_package(cx, &self.tag, &self.group, &entry.package).await?;
                    cx.next_event();
                }
                _ => {}
            }
        }
        for entry in self.found.grouplist.iter().flatten().filter(|entry| !entry.blocked) {
            if wanted.grouplist.iter().flatten().any(|other| other.req_id == entry.req_id) {
                continue;
            }
            let required = entry.req_id.into();
            if entry.tag_id == tag {
                groups::remove_requirement(cx, &self.tag, &self.group, &required).await?;
                cx.next_event();
            } else {
                self.add_requirement(cx, &required, true).await?;
            }
        }
        Ok(())
    }
}

/// Copies groups into a new tag.
pub(super) async fn copy(cx: &mut Call<'_>, source: TagId, target: TagId, what: &Snapshot) -> Result<()> {
    let found = groups::unblocked(cx.db().await?, source, what.event, Parts::ALL).await?;
    for group in &found {
        let place = Place::new(target, group, true);
        place.add(cx, false).await?;
        place.fill(cx, None).await?;
    }
    Ok(())
}

/// Adds groups that the target does not have, and what it lacks in others; with `remove`, takes away the rest.
pub(super) async fn update(cx: &mut Call<'_>, source: TagId, target: TagId, what: &Snapshot) -> Result<()> {
    let db = cx.db().await?;
    let wanted = groups::all(db, source, what.event, Parts::ALL).await?;
    let present = groups::all(db, target, None, Parts::ALL).await?;
    let find = |list: &[TagGroup], group: &TagGroup| list.iter().position(|other| other.group_id == group.group_id);
    for group in &wanted {
        let there = find(&present, group).and_then(|at| present.get(at));
        if there.is_none_or(|there| there.blocked != group.blocked) {
            Place::new(target, group, what.force).add(cx, group.blocked).await?;
        }
    }
    if what.remove {
        for group in present.iter().filter(|group| find(&wanted, group).is_none()) {
            let place = Place::new(target, group, what.force);
            if group.tag_id == target {
                groups::remove(cx, &place.tag, &place.group, what.force).await?;
                cx.next_event();
            } else if !group.blocked {
                place.add(cx, true).await?;
            }
        }
    }
    for group in wanted.iter().filter(|group| !group.blocked) {
        let there = find(&present, group).and_then(|at| present.get(at));
        Place::new(target, group, what.force).fill(cx, there).await?;
        if let Some(there) = there.filter(|_| what.remove) {
            Place::new(target, there, what.force).trim(cx, target, group).await?;
        }
    }
    Ok(())
}
