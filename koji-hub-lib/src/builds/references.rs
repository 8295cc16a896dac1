//! What refers to a build, and so keeps it from being deleted.

use koji_core::api::QueryOpts;
use koji_core::ids::{ArchiveId, BuildId};
use koji_core::model::{ArchiveReference, BuildReferences, BuildState, RpmReference, TagReference};

use crate::Result;
use crate::db::{Conn, Select, args, sql};

/// What refers to a build, up to `limit` of each kind but tags; if `lazy`, no further than the first kind that is found.
pub(crate) async fn references(
    db: &mut Conn,
    build: BuildId,
    limit: Option<i64>,
    lazy: bool,
) -> Result<BuildReferences> {
    let opts = QueryOpts { limit, ..QueryOpts::default() };
    let mut found = BuildReferences { tags: tags(db, build).await?, ..BuildReferences::default() };
    if lazy && !found.tags.is_empty() {
        return Ok(found);
    }
    let rpms = found.rpms.insert(built_with_rpms(db, build, &opts).await?);
    if lazy && !rpms.is_empty() {
        return Ok(found);
    }
    let component_of = found.component_of.insert(holding(db, RPMS_HELD, OWN_RPMS, build, &opts).await?);
    if lazy && !component_of.is_empty() {
        return Ok(found);
    }
    let archives = found.archives.insert(built_with_archives(db, build, &opts).await?);
    if lazy && !archives.is_empty() {
        return Ok(found);
    }
    let more = holding(db, ARCHIVES_HELD, OWN_ARCHIVES, build, &opts).await?;
    let component_of = found.component_of.get_or_insert_default();
    component_of.extend(more);
    if lazy && !component_of.is_empty() {
        return Ok(found);
    }
    found.last_used = Some(last_used(db, build).await?);
    found.images = found.component_of.clone();
    Ok(found)
}

async fn tags(db: &mut Conn, build: BuildId) -> Result<Vec<TagReference>> {
    let sql = "SELECT tag.name AS name, tag.id AS tag_id FROM tag_listing AS l JOIN tag ON tag.id = l.tag_id
               WHERE l.active = TRUE AND l.build_id = $1 ORDER BY l.create_event, tag.id";
    Ok(db.fetch_all(sql, args![build]).await?)
}

async fn built_with_rpms(db: &mut Conn, build: BuildId, opts: &QueryOpts) -> Result<Vec<RpmReference>> {
    let used = "rpminfo.buildroot_id IN (SELECT l.buildroot_id FROM buildroot_listing AS l
                                         JOIN rpminfo AS own ON own.id = l.rpm_id WHERE own.build_id = $1)";
    let query = Select::from("rpminfo")
        .columns(&[
            ("rpminfo.arch", "arch"),
            ("rpminfo.build_id", "build_id"),
            ("rpminfo.id", "id"),
            ("rpminfo.name", "name"),
            ("rpminfo.release", "release"),
            ("rpminfo.version", "version"),
        ])
        .join("JOIN build ON build.id = rpminfo.build_id")
        .filter(used, args![build])
        .filter("build.state = $1", args![BuildState::Complete])
        .order_by("rpminfo.id");
    Ok(query.options(opts)?.fetch_all(db).await?)
}

async fn built_with_archives(db: &mut Conn, build: BuildId, opts: &QueryOpts) -> Result<Vec<ArchiveReference>> {
    let used = "archiveinfo.buildroot_id IN (SELECT l.buildroot_id FROM buildroot_archives AS l
                                             JOIN archiveinfo AS own ON own.id = l.archive_id WHERE own.build_id = $1)";
    let query = Select::from("archiveinfo")
        .columns(&[
            ("archiveinfo.build_id", "build_id"),
            ("archiveinfo.filename", "filename"),
            ("archiveinfo.id", "id"),
            ("archiveinfo.type_id", "type_id"),
            ("archivetypes.name", "type_name"),
        ])
        .join("JOIN build ON build.id = archiveinfo.build_id")
        .join("JOIN archivetypes ON archivetypes.id = archiveinfo.type_id")
        .filter(used, args![build])
        .filter("build.state = $1", args![BuildState::Complete])
        .order_by("archiveinfo.id");
    Ok(query.options(opts)?.fetch_all(db).await?)
}

const RPMS_HELD: &str = "archive_rpm_components AS component";
const OWN_RPMS: &str = "JOIN rpminfo AS own ON own.id = component.rpm_id";
const ARCHIVES_HELD: &str = "archive_components AS component";
const OWN_ARCHIVES: &str = "JOIN archiveinfo AS own ON own.id = component.component_id";

/// An archive as often as it holds something of the build: `components` is the table of what archives hold, and `own` joins
/// what of it is the build's.
async fn holding(
    db: &mut Conn,
    components: &'static str,
    own: &'static str,
    build: BuildId,
    opts: &QueryOpts,
) -> Result<Vec<ArchiveId>> {
    let query = Select::from(components)
        .column("component.archive_id", "archive_id")
        .join(own)
        .join("JOIN archiveinfo ON archiveinfo.id = component.archive_id")
        .join("JOIN build ON build.id = archiveinfo.build_id")
        .filter("own.build_id = $1", args![build])
        .filter("build.state = $1", args![BuildState::Complete])
        .order_by("own.id")
        .order_by("component.archive_id");
    Ok(query.options(opts)?.fetch_scalars(db).await?)
}

async fn last_used(db: &mut Conn, build: BuildId) -> Result<Option<f64>> {
    let sql = sql!(
        "SELECT ", {epoch "events.time"}, " FROM events WHERE events.id = (
             SELECT MAX(root.create_event) FROM standard_buildroot AS root WHERE root.buildroot_id IN (
                 SELECT l.buildroot_id FROM buildroot_listing AS l JOIN rpminfo ON rpminfo.id = l.rpm_id
                 WHERE rpminfo.build_id = $1
                 UNION
                 SELECT l.buildroot_id FROM buildroot_archives AS l JOIN archiveinfo ON archiveinfo.id = l.archive_id
                 WHERE archiveinfo.build_id = $1))"
    );
    Ok(db.fetch_scalar_optional(sql, args![build]).await?)
}
