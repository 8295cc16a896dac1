//! Snapshots: copies of what a tag is, or was, without what it inherits from. [`make`] makes a new tag, [`update`] brings
//! one up to date.
//!
//! As in Koji, groups come without their settings, and each change has an event of its own, so that the order stays.

mod builds;
mod groups;

use std::collections::BTreeMap;

use koji_core::api::{TagRef, UserRef};
use koji_core::ids::{EventId, TagId};
use koji_core::model::{Tag, TagPackage};
use koji_core::xmlrpc::{Struct, Value};

use crate::Result;
use crate::call::Call;
use crate::db::Conn;
use crate::error::fail;
use crate::packages::{self, Change, Listing};
use crate::tagging::Contents;
use crate::tags::{self, NewTag};

/// What of a tag is copied, and how.
#[derive(Debug, Clone)]
pub(crate) struct Snapshot {
    /// Arches, permission, lock, Maven settings and extra options.
    pub config: bool,
    /// The list of packages, with what is inherited.
    pub packages: bool,
    /// The builds; only with the packages.
    pub builds: bool,
    /// The groups.
    pub groups: bool,
    /// Of each package only the build that was tagged last.
    pub latest_only: bool,
    /// Builds that are inherited, too.
    pub inherit_builds: bool,
    /// As of an event.
    pub event: Option<EventId>,
    /// Whether locks and blocks are passed over.
    pub force: bool,
    /// Whether what the source does not have goes.
    pub remove: bool,
}

impl Snapshot {
    fn check(&self) -> Result<()> {
        if self.builds && !self.packages {
            fail!(Parameter, "builds can't be used without pkgs in snapshotTag");
        }
        Ok(())
    }

    fn contents(&self) -> Contents {
        Contents {
            event: self.event,
            inherit: self.inherit_builds,
            latest: self.latest_only.then_some(1),
            ..Contents::default()
        }
    }
}

/// All packages of a tag, blocked ones included, in their order.
async fn listed(db: &mut Conn, tag: TagId, event: Option<EventId>) -> Result<Vec<TagPackage>> {
    packages::list(db, &Listing { inherit: true, event, ..Listing::of_tag(tag) }).await
}

/// Lists a package as another tag does.
async fn list_package(cx: &mut Call<'_>, tag: TagId, like: TagPackage, block: bool, update: bool) -> Result<()> {
    let change = Change {
        owner: like.owner_id.map(UserRef::Id),
        block: Some(block),
        extra_arches: like.extra_arches,
        force: true,
        update,
        unasked: true,
    };
    packages::change(cx, &tag.into(), &like.package_id.into(), change).await?;
    cx.next_event();
    Ok(())
}

/// Copies a tag into a new one.
pub(crate) async fn make(cx: &mut Call<'_>, source: &TagRef, target: &TagRef, what: &Snapshot) -> Result<()> {
    what.check()?;
    let db = cx.db().await?;
    if tags::find(db, target, None).await?.is_some() {
        fail!("Target tag already exists");
    }
    let source = tags::get(db, source, what.event).await?;
    if source.locked && !what.force {
        fail!("Source tag is locked, use force to copy");
    }
    let TagRef::Name(name) = target else { fail!(Parameter, "Name should be string, not {target}") };
    let mut new = NewTag { name: name.clone(), ..NewTag::default() };
    if what.config {
        new = NewTag {
            arches: source.arches.clone(),
            perm: source.perm_id.map(Into::into),
            locked: source.locked,
            maven_support: source.maven_support,
            maven_include_all: source.maven_include_all,
            extra: source.extra.clone(),
            ..new
        };
    }
    let target = tags::create(cx, new).await?;
    cx.next_event();
    let target = tags::get(cx.db().await?, &target.into(), None).await?;
    if what.packages {
        for package in listed(cx.db().await?, source.id, what.event).await? {
            let block = package.blocked;
            list_package(cx, target.id, package, block, false).await?;
        }
    }
    if what.builds {
        builds::copy(cx, source.id, &target, what).await?;
    }
    if what.groups {
        groups::copy(cx, source.id, target.id, what).await?;
    }
    Ok(())
}

/// Brings a tag up to date with another.
pub(crate) async fn update(cx: &mut Call<'_>, source: &TagRef, target: &TagRef, what: &Snapshot) -> Result<()> {
    what.check()?;
    let db = cx.db().await?;
    let source = tags::get(db, source, what.event).await?;
    let mut target = tags::get(db, target, None).await?;
    if (source.locked || target.locked) && !what.force {
        fail!("Source or destination tag is locked, use force to copy");
    }
    if what.config {
        configure(cx, &source, &target).await?;
        cx.next_event();
        target = tags::get(cx.db().await?, &target.id.into(), None).await?;
    }
    if what.packages {
        update_packages(cx, source.id, target.id, what).await?;
    }
    if what.builds {
        builds::update(cx, source.id, &target, what).await?;
    }
    if what.groups {
        groups::update(cx, source.id, target.id, what).await?;
    }
    Ok(())
}

/// Gives a tag the settings of another.
async fn configure(cx: &mut Call<'_>, source: &Tag, target: &Tag) -> Result<()> {
    let gone = target.extra.iter().map(|(key, _)| key).filter(|key| source.extra.get(key).is_none());
    let gone: Vec<Value> = gone.map(Value::from).collect();
    let mut changes: Struct = [
        ("arches", Value::from(source.arches.clone())),
        ("perm_id", source.perm_id.map(|perm| perm.0).into()),
        ("locked", source.locked.into()),
        ("extra", source.extra.clone().into()),
        ("remove_extra", gone.into()),
    ]
    .into_iter()
    .collect();
    for (name, from, to) in [
        ("maven_support", source.maven_support, target.maven_support),
        ("maven_include_all", source.maven_include_all, target.maven_include_all),
    ] {
        if from != to {
            changes.insert(name, from);
        }
    }
    tags::edit(cx, &target.id.into(), changes).await
}

/// Blocks packages that the source does not list, and lists those that only it does.
async fn update_packages(cx: &mut Call<'_>, source: TagId, target: TagId, what: &Snapshot) -> Result<()> {
    let by_name = |list: Vec<TagPackage>| -> BTreeMap<String, TagPackage> {
        list.into_iter().map(|package| (package.package_name.clone(), package)).collect()
    };
    let wanted = by_name(listed(cx.db().await?, source, what.event).await?);
    let present = by_name(listed(cx.db().await?, target, None).await?);
    for (name, package) in &present {
        if !wanted.contains_key(name) {
            list_package(cx, target, package.clone(), true, true).await?;
        }
    }
    for (name, package) in wanted {
        if !present.contains_key(&name) {
            let block = package.blocked;
            list_package(cx, target, package, block, false).await?;
        }
    }
    Ok(())
}
