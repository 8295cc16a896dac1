//! What is in a tag: what was tagged, as far as the tag's package list has it, its own before what it inherits.

use std::collections::{HashMap, HashSet};

use koji_core::api::UserRef;
use koji_core::ids::{BTypeId, BuildId, EventId, PackageId, TagId};
use koji_core::model::{BuildState, TaggedBuild, TaggedRpm};
use koji_core::xmlrpc::Value;

use crate::Result;
use crate::db::{Conn, Select, args, list, sql};
use crate::error::fail;
use crate::packages::{self, Listing};
use crate::{names, tags};

/// What of a tag's contents is wanted.
#[derive(Debug, Clone, Default)]
pub(crate) struct Contents {
    /// As of an event.
    pub event: Option<EventId>,
    /// With what the tag inherits.
    pub inherit: bool,
    /// At most that many builds of a package, those tagged last.
    pub latest: Option<i64>,
    /// Only of that package.
    pub package: Option<String>,
    /// Only of that owner.
    pub owner: Option<UserRef>,
    /// Only of that type.
    pub kind: Option<String>,
    /// With whatever else is known of builds or RPMs.
    pub extra: bool,
    /// Only drafts, or none.
    pub draft: Option<bool>,
}

impl Contents {
    /// Reads `latest` as Koji does: a number, or anything that is true for one.
    pub(crate) fn latest(value: &Value) -> Option<i64> {
        match value {
            value if !value.is_truthy() => None,
            Value::Int(n) => Some(*n),
            Value::Double(n) => Some(n.ceil() as i64),
            _ => Some(1),
        }
    }

    /// The tag and those that it inherits from, in the order in which they count.
    async fn line(&self, db: &mut Conn, tag: TagId) -> Result<Vec<TagId>> {
        let mut line = vec![tag];
        if self.inherit {
            line.extend(tags::inheritance(db, tag, self.event).await?.iter().map(|step| step.parent_id));
        }
        Ok(line)
    }
}

/// The builds in a tag: of each tag on the line of inheritance those tagged last before others.
pub(crate) async fn builds(db: &mut Conn, tag: TagId, wanted: &Contents) -> Result<Vec<TaggedBuild>> {
    let line = wanted.line(db, tag).await?;
    let package: Option<PackageId> = match wanted.package.as_deref().filter(|name| !name.is_empty()) {
        None => None,
        Some(name) => match names::find::<PackageId>(db, &name.into()).await? {
            Some((id, _)) => Some(id),
            None => return Ok(Vec::new()),
        },
    };
    // a build counts only if its package is in the list, whatever else is wanted
    let listing = Listing {
        tag: Some(tag),
        package,
        event: wanted.event,
        inherit: true,
        with_blocked: true,
        ..Listing::default()
    };
    let listed: HashSet<PackageId> = packages::list(db, &listing)
        .await?
        .iter()
        .filter(|entry| !entry.blocked)
        .map(|entry| entry.package_id)
        .collect();

    let mut rows: HashMap<TagId, Vec<TaggedBuild>> = HashMap::new();
    for mut build in tagged(db, &line, package, wanted).await? {
        if listed.contains(&build.package_id) {
            build.extra = wanted.extra.then(|| build.extra.flatten());
            rows.entry(build.tag_id).or_default().push(build);
        }
    }
    let mut out = Vec::new();
    let mut counts: HashMap<PackageId, i64> = HashMap::new();
    for (at, tag) in line.iter().enumerate() {
        // a tag may be on the line more than once
        let again = line.iter().skip(at + 1).any(|later| later == tag);
        let builds = if again { rows.get(tag).cloned() } else { rows.remove(tag) };
        for build in builds.unwrap_or_default() {
            if let Some(most) = wanted.latest {
                let count = counts.entry(build.package_id).or_default();
                if *count >= most {
                    continue;
                }
                *count += 1;
            }
            out.push(build);
        }
    }
    Ok(out)
}

async fn tagged(
    db: &mut Conn,
    line: &[TagId],
    package: Option<PackageId>,
    wanted: &Contents,
) -> Result<Vec<TaggedBuild>> {
    let mut query = Select::from("tag_listing")
        .columns(&[
            ("tag.id", "tag_id"),
            ("tag.name", "tag_name"),
            ("build.id", "id"),
            ("build.id", "build_id"),
            ("build.version", "version"),
            ("build.release", "release"),
            ("build.epoch", "epoch"),
            ("build.state", "state"),
            ("build.completion_time", "completion_time"),
            ("build.promotion_time", "promotion_time"),
            ("build.start_time", "start_time"),
            ("build.task_id", "task_id"),
            ("build.draft", "draft"),
            ("users.id", "owner_id"),
            ("users.name", "owner_name"),
            ("promoter.id", "promoter_id"),
            ("promoter.name", "promoter_name"),
            ("events.id", "creation_event_id"),
            ("events.time", "creation_time"),
            ("volume.id", "volume_id"),
            ("volume.name", "volume_name"),
            ("package.id", "package_id"),
            ("package.name", "package_name"),
            ("package.name", "name"),
            ("package.name || '-' || build.version || '-' || build.release", "nvr"),
            ("tag_listing.create_event", "create_event"),
        ])
        .join("JOIN tag ON tag.id = tag_listing.tag_id")
        .join("JOIN build ON build.id = tag_listing.build_id")
        .join("JOIN events ON events.id = build.create_event")
        .join("JOIN package ON package.id = build.pkg_id")
        .join("JOIN volume ON volume.id = build.volume_id")
        .join("JOIN users ON users.id = build.owner")
        .join("LEFT JOIN users AS promoter ON promoter.id = build.promoter")
        .at("tag_listing", wanted.event)
        .filter(sql!("tag_listing.tag_id ", {in "$1"}), args![list(line)])
        .filter("build.state = $1", args![BuildState::Complete])
        .order_by_desc("tag_listing.create_event")
        .order_by_desc("build.id");
    if wanted.extra {
        query = query.column("build.extra", "extra");
    }
    if let Some(package) = package {
        query = query.filter("build.pkg_id = $1", args![package]);
    }
    match &wanted.owner {
        None => {}
        Some(UserRef::Id(id)) => query = query.filter("users.id = $1", args![*id]),
        Some(UserRef::Name(name) | UserRef::Fields { name: Some(name), .. }) => {
            query = query.filter("users.name = $1", args![name.as_str()]);
        }
        Some(UserRef::Fields { .. } | UserRef::Me) => return Ok(Vec::new()),
    }
    if let Some(draft) = wanted.draft {
        query = query.filter(if draft { "build.draft" } else { "NOT build.draft" }, args![]);
    }
    query = match wanted.kind.as_deref() {
        None => query,
        Some("maven") => query.join("JOIN maven_builds ON maven_builds.build_id = build.id").columns(&[
            ("maven_builds.group_id", "maven_group_id"),
            ("maven_builds.artifact_id", "maven_artifact_id"),
            ("maven_builds.version", "maven_version"),
        ]),
        Some("win") => query
            .join("JOIN win_builds ON win_builds.build_id = build.id")
            .columns(&[("win_builds.platform", "platform")]),
        Some("image") => query.join("JOIN image_builds ON image_builds.build_id = build.id"),
        Some(other) => {
            let Some((id, _)) = names::find::<BTypeId>(db, &other.into()).await? else {
                fail!("unsupported build type: {other}");
            };
            let join = "JOIN build_types ON build_types.build_id = build.id AND build_types.btype_id = $1";
            query.join_with(join, args![id])
        }
    };
    Ok(query.fetch_all(db).await?)
}

/// The place of each build's tag among the tags of a list: what builds hold is listed in the order of their tags.
pub(super) fn places(builds: &[TaggedBuild]) -> HashMap<BuildId, usize> {
    let mut tags: HashMap<TagId, usize> = HashMap::new();
    let mut places = HashMap::with_capacity(builds.len());
    for build in builds {
        let next = tags.len();
        places.insert(build.id, *tags.entry(build.tag_id).or_insert(next));
    }
    places
}

/// The RPMs of the builds in a tag, of these arches or of all; with `signatures` once for each of them.
pub(crate) async fn rpms(
    db: &mut Conn,
    tag: TagId,
    wanted: &Contents,
    arches: Option<&[String]>,
    signatures: bool,
) -> Result<(Vec<TaggedRpm>, Vec<TaggedBuild>)> {
    let builds = builds(db, tag, &Contents { extra: false, ..wanted.clone() }).await?;
    let places = places(&builds);
    let ids: Vec<BuildId> = places.keys().copied().collect();
    let mut query = Select::from("rpminfo")
        .columns(&[
            ("rpminfo.name", "name"),
            ("rpminfo.version", "version"),
            ("rpminfo.release", "release"),
            ("rpminfo.arch", "arch"),
            ("rpminfo.id", "id"),
            ("rpminfo.epoch", "epoch"),
            ("rpminfo.draft", "draft"),
            ("rpminfo.payloadhash", "payloadhash"),
            ("rpminfo.size", "size"),
            ("rpminfo.buildtime", "buildtime"),
            ("rpminfo.buildroot_id", "buildroot_id"),
            ("rpminfo.build_id", "build_id"),
            ("rpminfo.metadata_only", "metadata_only"),
        ])
        .filter(sql!("rpminfo.build_id ", {in "$1"}), args![list(&ids)])
        .order_by("rpminfo.id");
    if signatures {
        query = query
            .column("rpmsigs.sigkey", "sigkey")
            .join("LEFT JOIN rpmsigs ON rpmsigs.rpm_id = rpminfo.id")
            .order_by("rpmsigs.sigkey");
    }
    if wanted.extra {
        query = query.column("rpminfo.extra", "extra");
    }
    if let Some(arches) = arches.filter(|arches| !arches.is_empty()) {
        query = query.filter(sql!("rpminfo.arch ", {in "$1"}), args![list(arches)]);
    }
    if let Some(draft) = wanted.draft {
        query = query.filter(if draft { "rpminfo.draft" } else { "NOT rpminfo.draft" }, args![]);
    }
    let mut rpms: Vec<TaggedRpm> = query.fetch_all(db).await?;
    for rpm in &mut rpms {
        rpm.extra = wanted.extra.then(|| rpm.extra.take().flatten());
        rpm.sigkey = signatures.then(|| rpm.sigkey.take().flatten());
    }
    rpms.sort_by_key(|rpm| places.get(&rpm.build_id));
    Ok((rpms, builds))
}

/// The RPMs that a repo of the tag has: with what it inherits, of the latest builds or of all.
pub(crate) async fn rpms_for_repo(
    db: &mut Conn,
    tag: TagId,
    event: EventId,
    latest: bool,
) -> Result<(Vec<TaggedRpm>, Vec<TaggedBuild>)> {
    let wanted = Contents { event: Some(event), inherit: true, latest: latest.then_some(1), ..Contents::default() };
    rpms(db, tag, &wanted, None, false).await
}
