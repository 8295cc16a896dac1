use koji_core::api::BuildRef;
use koji_core::ids::{BuildId, CgId, EventId, PackageId, TaskId, UserId, VolumeId};
use koji_core::json::JsonText;
use koji_core::model::{Build, BuildState};
use koji_core::nvr::Nvr;
use koji_core::time::{EpochSeconds, Timestamp};

use super::parts;
use crate::Result;
use crate::db::{Conn, args};

/// A build, each column once, and without the names that few builds have: on Postgres every column and every join of this,
/// the most frequent query, costs.
#[derive(sqlx::FromRow)]
struct Row {
    id: BuildId,
    package_name: String,
    package_id: PackageId,
    version: String,
    release: String,
    epoch: Option<i32>,
    draft: bool,
    state: BuildState,
    task_id: Option<TaskId>,
    owner_id: UserId,
    owner_name: String,
    promoter_id: Option<UserId>,
    cg_id: Option<CgId>,
    source: Option<String>,
    extra: Option<JsonText>,
    volume_id: VolumeId,
    volume_name: String,
    creation_event_id: EventId,
    creation_time: Timestamp,
    start_time: Option<Timestamp>,
    completion_time: Option<Timestamp>,
    promotion_time: Option<Timestamp>,
}

/// Selects builds; the condition follows.
macro_rules! select_build {
    ($condition:literal) => {
        concat!(
            "SELECT build.id, package.name AS package_name, package.id AS package_id, build.version, build.release,
                    build.epoch, build.draft, build.state, build.task_id, users.id AS owner_id, users.name AS owner_name,
                    build.promoter AS promoter_id, build.cg_id, build.source, build.extra, volume.id AS volume_id,
                    volume.name AS volume_name, events.id AS creation_event_id, events.time AS creation_time,
                    build.start_time, build.completion_time, build.promotion_time
             FROM build
             JOIN package ON package.id = build.pkg_id
             JOIN events ON events.id = build.create_event
             JOIN volume ON volume.id = build.volume_id
             JOIN users ON users.id = build.owner
             WHERE ",
            $condition
        )
    };
}

/// The build, if there is one. A text that is no name-version-release is a fault.
pub(crate) async fn find(db: &mut Conn, build: &BuildRef) -> Result<Option<Build>> {
    let row: Option<Row> = match (parts(build)?, build) {
        (Some(nvr), _) => {
            db.fetch_optional(
                select_build!("package.name = $1 AND build.version = $2 AND build.release = $3"),
                args![nvr.name, nvr.version, nvr.release],
            )
            .await?
        }
        (None, BuildRef::Id(id)) => db.fetch_optional(select_build!("build.id = $1"), args![*id]).await?,
        (None, _) => None,
    };
    let Some(row) = row else { return Ok(None) };
    let (mut promoter_name, mut cg_name) = (None, None);
    if row.promoter_id.is_some() || row.cg_id.is_some() {
        (promoter_name, cg_name) = db
            .fetch_one(
                "SELECT (SELECT name FROM users WHERE id = $1), (SELECT name FROM content_generator WHERE id = $2)",
                args![row.promoter_id, row.cg_id],
            )
            .await?;
    }
    let nvr = Nvr::new(&row.package_name, &row.version, &row.release).to_string();
    let seconds = |time: Option<Timestamp>| time.map(EpochSeconds::from);
    Ok(Some(Build {
        id: row.id,
        build_id: row.id,
        name: row.package_name.clone(),
        package_name: row.package_name,
        package_id: row.package_id,
        version: row.version,
        release: row.release,
        epoch: row.epoch,
        nvr,
        draft: row.draft,
        state: row.state,
        task_id: row.task_id,
        owner_id: row.owner_id,
        owner_name: row.owner_name,
        promoter_id: row.promoter_id,
        promoter_name,
        cg_id: row.cg_id,
        cg_name,
        source: row.source,
        extra: row.extra,
        volume_id: row.volume_id,
        volume_name: row.volume_name,
        creation_event_id: row.creation_event_id,
        creation_time: row.creation_time,
        creation_ts: row.creation_time.into(),
        start_time: row.start_time,
        start_ts: seconds(row.start_time),
        completion_time: row.completion_time,
        completion_ts: seconds(row.completion_time),
        promotion_time: row.promotion_time,
        promotion_ts: seconds(row.promotion_time),
    }))
}
