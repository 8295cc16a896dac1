//! Packages, and which of them a tag lists.

mod change;

use std::collections::{HashMap, HashSet};

use koji_core::ids::{EventId, PackageId, TagId, UserId};
use koji_core::model::{InheritanceStep, TagPackage};

pub(crate) use change::{Change, block, change, remove, unblock};

use crate::Result;
use crate::db::{Conn, Select, args, list as db_list, sql};
use crate::tags::{self, PackageFilter};

/// Which entries of the lists of packages are read, and how.
#[derive(Debug, Clone, Default)]
pub(crate) struct Listing {
    /// Those of a tag.
    pub tag: Option<TagId>,
    /// Those that a user owns.
    pub owner: Option<UserId>,
    /// Those of a package.
    pub package: Option<PackageId>,
    /// As of an event.
    pub event: Option<EventId>,
    /// With what the tag inherits.
    pub inherit: bool,
    /// With entries that others have precedence over.
    pub with_dups: bool,
    /// With the owners.
    pub with_owners: bool,
    /// With those that are blocked.
    pub with_blocked: bool,
}

impl Listing {
    /// All entries of a tag, with owners and blocked ones.
    pub(crate) fn of_tag(tag: TagId) -> Self {
        Listing { tag: Some(tag), with_owners: true, with_blocked: true, ..Listing::default() }
    }
}

/// Reads the lists of packages. A package stands where its first entry does, and what a tag says itself has precedence
/// over what it inherits.
pub(crate) async fn list(db: &mut Conn, listing: &Listing) -> Result<Vec<TagPackage>> {
    let steps = match listing.tag {
        Some(tag) if listing.inherit => tags::inheritance(db, tag, listing.event).await?,
        _ => Vec::new(),
    };
    let line: Option<Vec<TagId>> =
        listing.tag.map(|tag| std::iter::once(tag).chain(steps.iter().map(|step| step.parent_id)).collect());
    let rows = entries(db, listing, line.as_deref()).await?;

    let mut found = Found { with_dups: listing.with_dups, ..Found::default() };
    let Some(tag) = listing.tag else {
        rows.into_iter().for_each(|entry| found.add(entry, true));
        return Ok(found.entries());
    };
    let mut by_tag: HashMap<TagId, Vec<TagPackage>> = HashMap::new();
    for entry in rows {
        by_tag.entry(entry.tag_id).or_default().push(entry);
    }
    by_tag.get(&tag).into_iter().flatten().for_each(|entry| found.add(entry.clone(), true));
    for step in steps {
        let filter = PackageFilter::new(&step.filter)?;
        let inherited = by_tag.get(&step.parent_id).into_iter().flatten();
        inherited.filter(|entry| filter.passes(&entry.package_name)).for_each(|entry| found.add(entry.clone(), false));
    }
    Ok(found.entries())
}

/// The entry of one package in a tag.
pub(crate) async fn find(
    db: &mut Conn,
    tag: TagId,
    package: PackageId,
    event: Option<EventId>,
) -> Result<Option<TagPackage>> {
    let listing = Listing { package: Some(package), inherit: true, event, ..Listing::of_tag(tag) };
    Ok(list(db, &listing).await?.pop())
}

#[derive(sqlx::FromRow)]
struct Entry {
    package_id: PackageId,
    tag_id: TagId,
    blocked: bool,
    name: String,
}

/// The packages whose builds count in a tag, which inherits by these steps: those that are listed and not blocked, and whose
/// names begin with `prefix`, in whatever case.
pub(crate) async fn unblocked(
    db: &mut Conn,
    tag: TagId,
    steps: &[InheritanceStep],
    package: Option<PackageId>,
    prefix: &str,
    event: Option<EventId>,
) -> Result<HashSet<PackageId>> {
    let line: Vec<TagId> = std::iter::once(tag).chain(steps.iter().map(|step| step.parent_id)).collect();
    let mut query = Select::from("tag_packages")
        .columns(&[
            ("tag_packages.package_id", "package_id"),
            ("tag_packages.tag_id", "tag_id"),
            ("tag_packages.blocked", "blocked"),
        ])
        .at("tag_packages", event)
        .filter(sql!({among "tag_packages.tag_id", "$1"}), args![db_list(&line)]);
    query = if prefix.is_empty() && steps.iter().all(|step| step.filter.is_empty()) {
        query.column("''", "name")
    } else {
        query.column("package.name", "name").join("JOIN package ON package.id = tag_packages.package_id")
    };
    if let Some(package) = package {
        query = query.filter("tag_packages.package_id = $1", args![package]);
    }
    let mut by_tag: HashMap<TagId, Vec<Entry>> = HashMap::new();
    for entry in query.fetch_all::<Entry>(db).await? {
        by_tag.entry(entry.tag_id).or_default().push(entry);
    }
    // what a tag says itself has precedence over what it inherits
    let mut blocked: HashMap<PackageId, bool> = HashMap::new();
    let prefix = prefix.to_lowercase();
    for (n, tag) in line.iter().enumerate() {
        let filter = match n.checked_sub(1).and_then(|n| steps.get(n)) {
            Some(step) => PackageFilter::new(&step.filter)?,
            None => PackageFilter::default(),
        };
        for entry in by_tag.get(tag).into_iter().flatten() {
            if filter.passes(&entry.name) && entry.name.to_lowercase().starts_with(&prefix) {
                blocked.entry(entry.package_id).or_insert(entry.blocked);
            }
        }
    }
    Ok(blocked.into_iter().filter(|(_, blocked)| !blocked).map(|(package, _)| package).collect())
}

/// Entries by package, in the order in which the packages were found.
#[derive(Default)]
struct Found {
    with_dups: bool,
    places: HashMap<PackageId, usize>,
    entries: Vec<Vec<TagPackage>>,
}

impl Found {
    fn add(&mut self, entry: TagPackage, replaces: bool) {
        match self.places.get(&entry.package_id).and_then(|at| self.entries.get_mut(*at)) {
            Some(entries) if self.with_dups => entries.push(entry),
            Some(entries) if replaces => *entries = vec![entry],
            Some(_) => {}
            None => {
                self.places.insert(entry.package_id, self.entries.len());
                self.entries.push(vec![entry]);
            }
        }
    }

    fn entries(self) -> Vec<TagPackage> {
        self.entries.into_iter().flatten().collect()
    }
}

async fn entries(db: &mut Conn, listing: &Listing, tags: Option<&[TagId]>) -> Result<Vec<TagPackage>> {
    let mut query = Select::from("tag_packages AS p")
        .columns(&[
            ("package.id", "package_id"),
            ("package.name", "package_name"),
            ("tag.id", "tag_id"),
            ("tag.name", "tag_name"),
            ("p.extra_arches", "extra_arches"),
            ("p.blocked", "blocked"),
        ])
        .join("JOIN tag ON tag.id = p.tag_id")
        .join("JOIN package ON package.id = p.package_id")
        .at("p", listing.event)
        .order_by("p.create_event")
        .order_by("p.tag_id")
        .order_by("p.package_id");
    if let Some(tags) = tags {
        query = query.filter(sql!("p.tag_id ", { in "$1" }), args![db_list(tags)]);
    }
    if let Some(package) = listing.package {
        query = query.filter("p.package_id = $1", args![package]);
    }
    if listing.with_owners || listing.owner.is_some() {
        query = query
            .columns(&[("users.id", "owner_id"), ("users.name", "owner_name")])
            .join("JOIN tag_package_owners AS o ON o.tag_id = p.tag_id AND o.package_id = p.package_id")
            .join("JOIN users ON users.id = o.owner")
            .at("o", listing.event);
    }
    if let Some(owner) = listing.owner {
        query = query.filter("o.owner = $1", args![owner]);
    }
    if !listing.with_blocked {
        query = query.filter("p.blocked = FALSE", args![]);
    }
    Ok(query.fetch_all(db).await?)
}
