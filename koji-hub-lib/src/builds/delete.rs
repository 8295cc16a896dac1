//! Builds that are deleted, or forgotten but for their names.

use koji_core::api::BuildRef;
use koji_core::ids::BuildId;
use koji_core::model::{BuildReferences, BuildState};
use koji_core::python;
use koji_core::time::Timestamp;
use koji_core::xmlrpc::to_value;
use serde::Serialize;

use super::directories::{Afterwards, all_of};
use super::{find, get_by_id, lock, references};
use crate::Result;
use crate::call::Call;
use crate::db::args;
use crate::error::fail;
use crate::plugin::{self, BuildChange};

/// Deletes a build that nothing refers to, and whose last use is that many seconds ago: true. None if it is deleted
/// already. A build that has to stay is a fault if strict, else false.
pub(crate) async fn delete(cx: &mut Call<'_>, id: BuildId, strict: bool, min_ref_age: i64) -> Result<Option<bool>> {
    // whoever tags it now waits for the end, and sees a deleted build then
    let build = lock(cx.db().await?, id).await?;
    if build.state == BuildState::Deleted {
        return Ok(None);
    }
    let found = references(cx.db().await?, build.id, Some(10), true).await?;
    let reason = match reason_to_stay(&found, min_ref_age)? {
        None if build.state == BuildState::Building => Some("still in the making".to_owned()),
        reason => reason,
    };
    if let Some(reason) = reason {
        if strict {
            fail!("Cannot delete build, {reason}");
        }
        return Ok(Some(false));
    }
    let change = BuildChange::State { old: Some(build.state), new: BuildState::Deleted };
    plugin::before_build(cx, build.id, &change).await?;
    cx.revoke("tag_listing", vec![("build_id", build.id.into())]).await?;
    let db = cx.db().await?;
    for sql in [
        "DELETE FROM rpmsigs WHERE rpm_id IN (SELECT id FROM rpminfo WHERE build_id = $1)",
        "DELETE FROM rpm_checksum WHERE rpm_id IN (SELECT id FROM rpminfo WHERE build_id = $1)",
    ] {
        db.execute(sql, args![build.id]).await?;
    }
    db.execute("UPDATE build SET state = $2 WHERE id = $1", args![build.id, BuildState::Deleted]).await?;
    let remove = all_of(db, &build).await?;
    let gone = get_by_id(db, build.id).await?;
    Afterwards { remove, links: Vec::new() }.of(cx, gone);
    plugin::after_build(cx, build.id, change).await?;
    tracing::warn!(build = build.nvr, user = cx.user_id()?.0, "a build is deleted");
    Ok(Some(true))
}

/// Why a build has to stay, if it has to.
fn reason_to_stay(found: &BuildReferences, min_ref_age: i64) -> Result<Option<String>> {
    let (rpms, archives) = (found.rpms.as_deref(), found.archives.as_deref());
    let component_of = found.component_of.as_deref();
    for (what, shown) in [
        ("tagged", shown(&found.tags)?),
        ("used in buildroots", shown(rpms.unwrap_or_default())?),
        ("used in archive buildroots", shown(archives.unwrap_or_default())?),
        ("used as component of", shown(component_of.unwrap_or_default())?),
    ] {
        if let Some(shown) = shown {
            return Ok(Some(format!("{what}: {shown}")));
        }
    }
    let Some(last_used) = found.last_used.flatten() else { return Ok(None) };
    let age = Timestamp::now().as_secs_f64() - last_used;
    Ok((age < min_ref_age as f64).then(|| "used in recent buildroot".to_owned()))
}

/// As Koji's messages show a list; none if it is empty.
fn shown<T: Serialize>(list: &[T]) -> Result<Option<String>> {
    Ok(if list.is_empty() { None } else { Some(python::repr(&to_value(list)?)) })
}

/// All that belongs to a build, but for the build itself: each statement deletes rows that later ones refer to.
const BELONGINGS: &[&str] = &[
    "DELETE FROM rpmsigs WHERE rpm_id IN (SELECT id FROM rpminfo WHERE build_id = $1)",
    "DELETE FROM rpm_checksum WHERE rpm_id IN (SELECT id FROM rpminfo WHERE build_id = $1)",
    "DELETE FROM buildroot_listing WHERE rpm_id IN (SELECT id FROM rpminfo WHERE build_id = $1)",
    "DELETE FROM archive_rpm_components WHERE rpm_id IN (SELECT id FROM rpminfo WHERE build_id = $1)
                                           OR archive_id IN (SELECT id FROM archiveinfo WHERE build_id = $1)",
    "DELETE FROM rpminfo WHERE build_id = $1",
    "DELETE FROM maven_archives WHERE archive_id IN (SELECT id FROM archiveinfo WHERE build_id = $1)",
    "DELETE FROM win_archives WHERE archive_id IN (SELECT id FROM archiveinfo WHERE build_id = $1)",
    "DELETE FROM image_archives WHERE archive_id IN (SELECT id FROM archiveinfo WHERE build_id = $1)",
    "DELETE FROM buildroot_archives WHERE archive_id IN (SELECT id FROM archiveinfo WHERE build_id = $1)",
    "DELETE FROM archive_components WHERE archive_id IN (SELECT id FROM archiveinfo WHERE build_id = $1)
                                       OR component_id IN (SELECT id FROM archiveinfo WHERE build_id = $1)",
    "DELETE FROM archiveinfo WHERE build_id = $1",
    "DELETE FROM maven_builds WHERE build_id = $1",
    "DELETE FROM win_builds WHERE build_id = $1",
    "DELETE FROM image_builds WHERE build_id = $1",
    "DELETE FROM build_types WHERE build_id = $1",
    "DELETE FROM build_reservations WHERE build_id = $1",
    "DELETE FROM tag_listing WHERE build_id = $1",
];

/// Forgets all that belongs to a build, which is canceled then: it can be made or imported anew. No such build is no fault.
pub(crate) async fn reset(cx: &mut Call<'_>, build: &BuildRef) -> Result<()> {
    let Some(build) = find(cx.db().await?, build).await? else { return Ok(()) };
    let build = lock(cx.db().await?, build.id).await?;
    let change = BuildChange::State { old: Some(build.state), new: BuildState::Canceled };
    plugin::before_build(cx, build.id, &change).await?;
    let db = cx.db().await?;
    for sql in BELONGINGS {
        db.execute(*sql, args![build.id]).await?;
    }
    db.execute(
        "UPDATE build SET state = $2, task_id = NULL, volume_id = 0, completion_time = COALESCE(completion_time, $3)
         WHERE id = $1",
        args![build.id, BuildState::Canceled, Timestamp::now()],
    )
    .await?;
    let remove = all_of(db, &build).await?;
    let now = get_by_id(db, build.id).await?;
    Afterwards { remove, links: Vec::new() }.of(cx, now);
    plugin::after_build(cx, build.id, change).await
}
