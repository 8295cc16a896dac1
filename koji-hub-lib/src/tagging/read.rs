//! What is in a tag: what was tagged, as far as the tag's package list has it, its own before what it inherits.

use std::collections::{HashMap, HashSet};

use koji_core::api::UserRef;
use koji_core::ids::{BTypeId, BuildId, EventId, PackageId, TagId, TaskId, UserId, VolumeId};
use koji_core::json::JsonText;
use koji_core::model::{BuildState, TaggedBuild, TaggedRpm};
use koji_core::time::Timestamp;
use koji_core::xmlrpc::Value;
use sqlx::FromRow;

use crate::Result;
use crate::db::{Conn, Select, args, list, sql};
use crate::error::fail;

use crate::{names, packages, tags};

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
    /// Only of packages whose names begin so, in whatever case.
    pub prefix: Option<String>,
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
}

/// Where the builds of a tag are, in the order in which they count: a few bytes a build, however many there are.
pub(crate) struct Found {
    places: Vec<Place>,
    names: Names,
}

#[derive(Debug, Clone, Copy)]
struct Place {
    tag_id: TagId,
    build_id: BuildId,
    package_id: PackageId,
    /// When it was put there.
    create_event: EventId,
}

/// Finds the builds in a tag: of each tag on the line of inheritance those tagged last before others.
pub(crate) async fn find(db: &mut Conn, tag: TagId, wanted: &Contents) -> Result<Found> {
    let steps = tags::inheritance(db, tag, wanted.event).await?;
    let mut line = vec![tag];
    if wanted.inherit {
        line.extend(steps.iter().map(|step| step.parent_id));
    }
    let mut found = Found { places: Vec::new(), names: Names::new(db, &line).await? };
    let package: Option<PackageId> = match wanted.package.as_deref() {
        None => None,
        Some(name) => match names::find::<PackageId>(db, &name.into()).await? {
            Some((id, _)) => Some(id),
            None => return Ok(found),
        },
    };
    // a build counts only if its package is in the list, which is always inherited
    let prefix = wanted.prefix.as_deref().unwrap_or("");
    let listed = packages::unblocked(db, tag, &steps, package, prefix, wanted.event).await?;

    let mut by_tag: HashMap<TagId, Vec<Place>> = HashMap::new();
    for place in places(db, &line, package, wanted).await? {
        if listed.contains(&place.package_id) {
            by_tag.entry(place.tag_id).or_default().push(place);
        }
    }
    let mut counts: HashMap<PackageId, i64> = HashMap::new();
    // a tag may be on the line more than once
    for place in line.iter().filter_map(|tag| by_tag.get(tag)).flatten() {
        if let Some(most) = wanted.latest {
            let count = counts.entry(place.package_id).or_default();
            if *count >= most {
                continue;
            }
            *count += 1;
        }
        found.places.push(*place);
    }
    Ok(found)
}

/// What was tagged, the last first.
async fn places(db: &mut Conn, line: &[TagId], package: Option<PackageId>, wanted: &Contents) -> Result<Vec<Place>> {
    let mut query = Select::from("tag_listing")
        .columns(&[
            ("tag_listing.tag_id", "tag_id"),
            ("tag_listing.build_id", "build_id"),
            ("build.pkg_id", "package_id"),
            ("tag_listing.create_event", "create_event"),
        ])
        .join(sql!({look up "build", "tag_listing.build_id"}))
        .at("tag_listing", wanted.event)
        .filter(sql!({among "tag_listing.tag_id", "$1"}), args![list(line)])
        .filter("build.state = $1", args![BuildState::Complete]);
    if let Some(package) = package {
        query = query.filter("tag_listing.build_id IN (SELECT id FROM build WHERE pkg_id = $1)", args![package]);
    }
    match &wanted.owner {
        None => {}
        Some(UserRef::Id(id)) => query = query.filter("build.owner = $1", args![*id]),
        Some(UserRef::Name(name) | UserRef::Fields { name: Some(name), .. }) => {
            query = query.join("JOIN users ON users.id = build.owner").filter("users.name = $1", args![name.as_str()]);
        }
        Some(UserRef::Fields { .. } | UserRef::Me) => return Ok(Vec::new()),
    }
    if let Some(draft) = wanted.draft {
        query = query.filter(if draft { "build.draft" } else { "NOT build.draft" }, args![]);
    }
    query = match wanted.kind.as_deref() {
        None => query,
        Some("maven") => query.join("JOIN maven_builds ON maven_builds.build_id = build.id"),
        Some("win") => query.join("JOIN win_builds ON win_builds.build_id = build.id"),
        Some("image") => query.join("JOIN image_builds ON image_builds.build_id = build.id"),
        Some(other) => {
            let Some((id, _)) = names::find::<BTypeId>(db, &other.into()).await? else {
                fail!("unsupported build type: {other}");
            };
            let join = "JOIN build_types ON build_types.build_id = build.id AND build_types.btype_id = $1";
            query.join_with(join, args![id])
        }
    };
    let rows: Vec<(TagId, BuildId, PackageId, EventId)> = query.fetch_all(db).await?;
    let place = |(tag_id, build_id, package_id, create_event)| Place { tag_id, build_id, package_id, create_event };
    let mut places: Vec<Place> = rows.into_iter().map(place).collect();
    places.sort_unstable_by_key(|place| std::cmp::Reverse((place.create_event, place.build_id)));
    Ok(places)
}

/// Some of the builds of a tag, as they were read.
pub(crate) struct Part(HashMap<BuildId, Row>);

impl Found {
    /// How many builds are read at once.
    const PART: usize = 250;

    fn places(&self, n: usize) -> Option<&[Place]> {
        self.places.chunks(Self::PART).nth(n)
    }

    /// Reads some of the builds; `n` counts these parts. Nothing after the last.
    pub(crate) async fn read(&self, db: &mut Conn, n: usize, wanted: &Contents) -> Result<Option<Part>> {
        let Some(places) = self.places(n) else { return Ok(None) };
        let ids: Vec<BuildId> = places.iter().map(|place| place.build_id).collect();
        let rows = read(db, &ids, wanted).await?;
        Ok(Some(Part(rows.into_iter().map(|row| (row.id, row)).collect())))
    }

    /// Learns the names that the part needs.
    pub(crate) async fn learn(&mut self, db: &mut Conn, Part(rows): &Part) -> Result<()> {
        let users: HashSet<UserId> = rows.values().flat_map(|row| [Some(row.owner), row.promoter]).flatten().collect();
        self.names.learn_users(db, users).await
    }

    /// The builds of the part `n`, of which the names are known. What has been deleted since it was found is left out.
    pub(crate) fn builds(&self, n: usize, Part(rows): &Part, wanted: &Contents) -> impl Iterator<Item = TaggedBuild> {
        // a build may be there more than once, as a tag may be
        let places = self.places(n).unwrap_or_default().iter();
        places.filter_map(|place| Some(build(*place, rows.get(&place.build_id)?, &self.names, wanted)))
    }
}

/// What is read of each build; names that many of them share are read once.
struct Row {
    id: BuildId,
    version: String,
    release: String,
    epoch: Option<i32>,
    draft: bool,
    task_id: Option<TaskId>,
    owner: UserId,
    promoter: Option<UserId>,
    volume_id: VolumeId,
    create_event: EventId,
    creation_time: Timestamp,
    start_time: Option<Timestamp>,
    completion_time: Option<Timestamp>,
    promotion_time: Option<Timestamp>,
    package_name: String,
    more: More,
}

/// The columns that are always read, by number: finding each by its name takes a tenth of the whole time of a long list.
type Columns = (
    BuildId,
    String,
    String,
    Option<i32>,
    bool,
    Option<TaskId>,
    UserId,
    Option<UserId>,
    VolumeId,
    EventId,
    Timestamp,
    Option<Timestamp>,
    Option<Timestamp>,
    Option<Timestamp>,
    String,
);
const COLUMNS: usize = 15;

/// What else may be read.
#[derive(Default, sqlx::FromRow)]
#[sqlx(default)]
struct More {
    extra: Option<JsonText>,
    maven_group_id: Option<String>,
    maven_artifact_id: Option<String>,
    maven_version: Option<String>,
    platform: Option<String>,
}

impl<'r, R> FromRow<'r, R> for Row
where
    R: sqlx::Row,
    Columns: FromRow<'r, R>,
    More: FromRow<'r, R>,
{
    fn from_row(row: &'r R) -> sqlx::Result<Self> {
        let columns = Columns::from_row(row)?;
        let (id, version, release, epoch, draft, task_id, owner, promoter, volume_id, create_event, ..) = columns;
        let (.., creation_time, start_time, completion_time, promotion_time, package_name) = columns;
        let more = if row.len() > COLUMNS { More::from_row(row)? } else { More::default() };
        Ok(Row {
            id,
            version,
            release,
            epoch,
            draft,
            task_id,
            owner,
            promoter,
            volume_id,
            create_event,
            creation_time,
            start_time,
            completion_time,
            promotion_time,
            package_name,
            more,
        })
    }
}

async fn read(db: &mut Conn, builds: &[BuildId], wanted: &Contents) -> Result<Vec<Row>> {
    let mut query = Select::from("build")
        .columns(&[
            ("build.id", "id"),
            ("build.version", "version"),
            ("build.release", "release"),
            ("build.epoch", "epoch"),
            ("build.draft", "draft"),
            ("build.task_id", "task_id"),
            ("build.owner", "owner"),
            ("build.promoter", "promoter"),
            ("build.volume_id", "volume_id"),
            ("build.create_event", "create_event"),
            ("events.time", "creation_time"),
            ("build.start_time", "start_time"),
            ("build.completion_time", "completion_time"),
            ("build.promotion_time", "promotion_time"),
            ("package.name", "package_name"),
        ])
        .join("JOIN events ON events.id = build.create_event")
        .join("JOIN package ON package.id = build.pkg_id")
        .filter(sql!("build.id ", {in "$1"}), args![list(builds)]);
    if wanted.extra {
        query = query.column("build.extra", "extra");
    }
    query = match wanted.kind.as_deref() {
        Some("maven") => query.join("JOIN maven_builds ON maven_builds.build_id = build.id").columns(&[
            ("maven_builds.group_id", "maven_group_id"),
            ("maven_builds.artifact_id", "maven_artifact_id"),
            ("maven_builds.version", "maven_version"),
        ]),
        Some("win") => query
            .join("JOIN win_builds ON win_builds.build_id = build.id")
            .columns(&[("win_builds.platform", "platform")]),
        _ => query,
    };
    Ok(query.fetch_all(db).await?)
}

/// The names that builds share.
#[derive(Default)]
struct Names {
    tags: HashMap<TagId, String>,
    users: HashMap<UserId, String>,
    volumes: HashMap<VolumeId, String>,
}

impl Names {
    async fn new(db: &mut Conn, line: &[TagId]) -> Result<Self> {
        let tags = db
            .fetch_all::<(TagId, String)>(sql!("SELECT id, name FROM tag WHERE id ", {in "$1"}), args![list(line)])
            .await?;
        let volumes = db.fetch_all::<(VolumeId, String)>("SELECT id, name FROM volume", args![]).await?;
        Ok(Names { tags: tags.into_iter().collect(), volumes: volumes.into_iter().collect(), users: HashMap::new() })
    }

    async fn learn_users(&mut self, db: &mut Conn, mut unknown: HashSet<UserId>) -> Result<()> {
        unknown.retain(|user| !self.users.contains_key(user));
        if !unknown.is_empty() {
            let unknown: Vec<UserId> = unknown.into_iter().collect();
            let sql = sql!("SELECT id, name FROM users WHERE id ", {in "$1"});
            self.users.extend(db.fetch_all::<(UserId, String)>(sql, args![list(&unknown)]).await?);
        }
        Ok(())
    }
}

/// The build as it is in its tag.
fn build(place: Place, row: &Row, names: &Names, wanted: &Contents) -> TaggedBuild {
    TaggedBuild {
        id: row.id,
        build_id: row.id,
        name: row.package_name.clone(),
        nvr: format!("{}-{}-{}", row.package_name, row.version, row.release),
        package_name: row.package_name.clone(),
        package_id: place.package_id,
        version: row.version.clone(),
        release: row.release.clone(),
        epoch: row.epoch,
        draft: row.draft,
        state: BuildState::Complete,
        task_id: row.task_id,
        owner_id: row.owner,
        owner_name: names.users.get(&row.owner).cloned().unwrap_or_default(),
        promoter_id: row.promoter,
        promoter_name: row.promoter.and_then(|promoter| names.users.get(&promoter).cloned()),
        tag_id: place.tag_id,
        tag_name: names.tags.get(&place.tag_id).cloned().unwrap_or_default(),
        create_event: place.create_event,
        creation_event_id: row.create_event,
        creation_time: row.creation_time,
        start_time: row.start_time,
        completion_time: row.completion_time,
        promotion_time: row.promotion_time,
        volume_id: row.volume_id,
        volume_name: names.volumes.get(&row.volume_id).cloned().unwrap_or_default(),
        extra: wanted.extra.then(|| row.more.extra.clone()),
        maven_group_id: row.more.maven_group_id.clone(),
        maven_artifact_id: row.more.maven_artifact_id.clone(),
        maven_version: row.more.maven_version.clone(),
        platform: row.more.platform.clone(),
    }
}

/// The builds in a tag, all at once.
pub(crate) async fn builds(db: &mut Conn, tag: TagId, wanted: &Contents) -> Result<Vec<TaggedBuild>> {
    let mut found = find(db, tag, wanted).await?;
    let mut builds = Vec::with_capacity(found.places.len());
    for n in 0.. {
        let Some(part) = found.read(db, n, wanted).await? else { break };
        found.learn(db, &part).await?;
        builds.extend(found.builds(n, &part, wanted));
    }
    Ok(builds)
}

/// The rank of each build's tag among the tags of a list: what builds hold is listed in the order of their tags.
pub(super) fn ranks(builds: &[TaggedBuild]) -> HashMap<BuildId, usize> {
    let mut tags: HashMap<TagId, usize> = HashMap::new();
    let mut ranks = HashMap::with_capacity(builds.len());
    for build in builds {
        let next = tags.len();
        ranks.insert(build.id, *tags.entry(build.tag_id).or_insert(next));
    }
    ranks
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
    let ranks = ranks(&builds);
    let ids: Vec<BuildId> = ranks.keys().copied().collect();
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
    rpms.sort_by_key(|rpm| ranks.get(&rpm.build_id));
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
