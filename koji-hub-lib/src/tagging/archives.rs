//! The archives of the builds in a tag.

use std::collections::HashMap;

use koji_core::ids::{ArchiveId, BuildId, EventId, PackageId, TagId};
use koji_core::model::{LatestMavenArchive, TaggedArchive, TaggedBuild};

use super::read::ranks;
use super::{Contents, builds};
use crate::Result;
use crate::db::{Conn, Select, args, list, sql};
use crate::error::fail;
use crate::packages::{self, Listing};
use crate::tags;

/// The archives of the builds in a tag, of Maven, of Windows or all, and the builds.
pub(crate) async fn archives(
    db: &mut Conn,
    tag: TagId,
    wanted: &Contents,
) -> Result<(Vec<TaggedArchive>, Vec<TaggedBuild>)> {
    let builds = builds(db, tag, &Contents { extra: false, ..wanted.clone() }).await?;
    let ranks = ranks(&builds);
    let ids: Vec<BuildId> = ranks.keys().copied().collect();
    let mut query = Select::from("archiveinfo")
        .columns(crate::archives::COLUMNS)
        .join("JOIN btype ON btype.id = archiveinfo.btype_id")
        .filter(sql!("archiveinfo.build_id ", {in "$1"}), args![list(&ids)])
        .order_by("archiveinfo.id");
    query = match wanted.kind.as_deref() {
        None => query,
        Some("maven") => query.join("JOIN maven_archives ON maven_archives.archive_id = archiveinfo.id").columns(&[
            ("maven_archives.group_id", "maven_group_id"),
            ("maven_archives.artifact_id", "maven_artifact_id"),
            ("maven_archives.version", "maven_version"),
        ]),
        Some("win") => query.join("JOIN win_archives ON win_archives.archive_id = archiveinfo.id").columns(&[
            ("win_archives.relpath", "relpath"),
            ("win_archives.platforms", "platforms"),
            ("win_archives.flags", "flags"),
        ]),
        Some(other) => fail!("unsupported archive type: {other}"),
    };
    if wanted.extra {
        query = query.column("archiveinfo.extra", "extra");
    }
    let mut found: Vec<TaggedArchive> = query.fetch_all(db).await?;
    for archive in &mut found {
        archive.extra = wanted.extra.then(|| archive.extra.take().flatten());
        archive.flags = (wanted.kind.as_deref() == Some("win")).then(|| archive.flags.take().flatten());
    }
    found.sort_by_key(|archive| ranks.get(&archive.build_id));
    Ok((found, builds))
}

/// The Maven archives in a tag: of each artifact those of the build that was tagged last, its own before what it
/// inherits. From tags that include all, those of each version.
pub(crate) async fn latest_maven(
    db: &mut Conn,
    tag: TagId,
    event: Option<EventId>,
    inherit: bool,
) -> Result<Vec<LatestMavenArchive>> {
    let listing = Listing { tag: Some(tag), event, inherit: true, with_blocked: true, ..Listing::default() };
    let listed = packages::list(db, &listing).await?;
    let listed: Vec<PackageId> = listed.iter().filter(|entry| !entry.blocked).map(|entry| entry.package_id).collect();
    let mut line = vec![tag];
    if inherit {
        line.extend(tags::inheritance(db, tag, event).await?.iter().map(|step| step.parent_id));
    }
    let mut seen = Seen::default();
    let mut out = Vec::new();
    for tag in line {
        let all_versions = tags::get(db, &tag.into(), event).await?.maven_include_all;
        for archive in tagged_maven(db, tag, event, &listed).await? {
            if seen.takes(&archive, all_versions) {
                out.push(archive);
            }
        }
    }
    Ok(out)
}

/// Of which build each version of each artifact was taken.
#[derive(Default)]
struct Seen {
    artifacts: HashMap<(String, String), HashMap<String, BuildId>>,
    archives: std::collections::HashSet<ArchiveId>,
}

impl Seen {
    /// Whether an archive is wanted after those that came before.
    fn takes(&mut self, archive: &LatestMavenArchive, all_versions: bool) -> bool {
        let artifact = (archive.group_id.clone(), archive.artifact_id.clone());
        let versions = self.artifacts.entry(artifact).or_default();
        match versions.get(&archive.version) {
            None if versions.is_empty() || all_versions => {
                versions.insert(archive.version.clone(), archive.build_id);
            }
            Some(build) if *build == archive.build_id => {}
            _ => return false,
        }
        self.archives.insert(archive.id)
    }
}

async fn tagged_maven(
    db: &mut Conn,
    tag: TagId,
    event: Option<EventId>,
    packages: &[PackageId],
) -> Result<Vec<LatestMavenArchive>> {
    Ok(Select::from("tag_listing")
        .columns(&[
            ("tag.id", "tag_id"),
            ("tag.name", "tag_name"),
            ("build.pkg_id", "pkg_id"),
            ("build.id", "build_id"),
            ("package.name", "build_name"),
            ("build.version", "build_version"),
            ("build.release", "build_release"),
            ("build.epoch", "build_epoch"),
            ("build.state", "state"),
            ("build.task_id", "task_id"),
            ("build.owner", "owner"),
            ("volume.id", "volume_id"),
            ("volume.name", "volume_name"),
            ("archiveinfo.id", "id"),
            ("archiveinfo.type_id", "type_id"),
            ("archiveinfo.buildroot_id", "buildroot_id"),
            ("archiveinfo.filename", "filename"),
            ("archiveinfo.size", "size"),
            ("archiveinfo.checksum", "checksum"),
            ("archiveinfo.checksum_type", "checksum_type"),
            ("archiveinfo.metadata_only", "metadata_only"),
            ("archiveinfo.extra", "extra"),
            ("maven_archives.group_id", "group_id"),
            ("maven_archives.artifact_id", "artifact_id"),
            ("maven_archives.version", "version"),
            ("tag_listing.create_event", "tag_event"),
        ])
        .join("JOIN tag ON tag.id = tag_listing.tag_id")
        .join("JOIN build ON build.id = tag_listing.build_id")
        .join("JOIN volume ON volume.id = build.volume_id")
        .join("JOIN package ON package.id = build.pkg_id")
        .join("JOIN archiveinfo ON archiveinfo.build_id = build.id")
        .join("JOIN maven_archives ON maven_archives.archive_id = archiveinfo.id")
        .at("tag_listing", event)
        .filter("tag_listing.tag_id = $1", args![tag])
        .filter(sql!("build.pkg_id ", {in "$1"}), args![list(packages)])
        .order_by_desc("tag_listing.create_event")
        .order_by("archiveinfo.id")
        .fetch_all(db)
        .await?)
}
