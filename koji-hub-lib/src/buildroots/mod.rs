//! Buildroots: what builders report of them, and what is known of them.

pub(crate) mod maven;

use std::collections::BTreeSet;

use koji_core::arch;
use koji_core::ids::{ArchiveId, BuildrootId, HostId, RepoId, RpmId, TaskId};
use koji_core::model::{Buildroot, BuildrootRpm, BuildrootState};
use koji_core::xmlrpc::{Struct, Value};

use crate::call::Call;
use crate::db::{Conn, Select, args, list, sql};
use crate::error::fail;
use crate::{Result, rpms, tasks};

/// Koji's number for a builder's buildroot.
const STANDARD: i32 = 0;

#[derive(sqlx::FromRow)]
struct Row {
    host_id: HostId,
    task_id: TaskId,
    state: Option<BuildrootState>,
}

/// Registers a new buildroot of a host.
pub(crate) async fn create(
    cx: &mut Call<'_>,
    host: HostId,
    repo: RepoId,
    arch: &str,
    task: Option<TaskId>,
) -> Result<BuildrootId> {
    if arch != arch::NOARCH && !arch::is_valid(arch) {
        fail!("Architecture must be a string, not {arch:?}");
    }
    if let Some(task) = task {
        tasks::assert_host(cx.db().await?, task, host).await?;
    }
    let known: Option<RepoId> =
        cx.db().await?.fetch_scalar_optional("SELECT id FROM repo WHERE id = $1", args![repo]).await?;
    if known.is_none() {
        fail!("No such repo: {repo}");
    }
    let Some(task) = task else { fail!("a buildroot belongs to a task") };
    let event = cx.event().await?;
    let db = cx.db().await?;
    let id = db
        .fetch_scalar(
            "INSERT INTO buildroot (br_type, container_type, container_arch) VALUES ($1, 'chroot', $2) RETURNING id",
            args![STANDARD, arch],
        )
        .await?;
    db.execute(
        "INSERT INTO standard_buildroot (buildroot_id, host_id, repo_id, task_id, create_event, state)
         VALUES ($1, $2, $3, $4, $5, $6)",
        args![id, host, repo, task, event, BuildrootState::Init],
    )
    .await?;
    Ok(id)
}

/// The buildroot, locked, if it is the host's and, where one is given, the task's; a fault otherwise.
async fn owned(cx: &mut Call<'_>, id: BuildrootId, host: HostId, task: Option<TaskId>) -> Result<Row> {
    if let Some(task) = task {
        tasks::assert_host(cx.db().await?, task, host).await?;
    }
    let sql = sql!("SELECT host_id, task_id, state FROM standard_buildroot WHERE buildroot_id = $1", {for update});
    let row: Option<Row> = cx.db().await?.fetch_optional(sql, args![id]).await?;
    let Some(row) = row else { fail!("no buildroot with ID: {id}") };
    if row.host_id != host {
        fail!(ActionNotAllowed, "Host {host} not owner of buildroot {id}");
    }
    if let Some(task) = task
        && row.task_id != task
    {
        fail!(ActionNotAllowed, "Task {task} does not have lock on buildroot {id}");
    }
    Ok(row)
}

/// Sets a buildroot's state, by name or number.
pub(crate) async fn set_state(
    cx: &mut Call<'_>,
    id: BuildrootId,
    host: HostId,
    task: Option<TaskId>,
    state: &Value,
) -> Result<()> {
    let new = match state {
        Value::String(name) => BuildrootState::from_name(name),
        other => other.as_int().and_then(|code| i32::try_from(code).ok()).and_then(BuildrootState::from_code),
    };
    let row = owned(cx, id, host, task).await?;
    let Some(new) = new else { fail!("Invalid buildroot state: {}", koji_core::python::str(state)) };
    if new == BuildrootState::Init {
        fail!("Cannot change buildroot state to INIT");
    }
    if row.state == Some(BuildrootState::Expired) {
        if new == BuildrootState::Expired {
            return Ok(());
        }
        fail!("buildroot {id} is EXPIRED");
    }
    let retired = if new == BuildrootState::Expired { Some(cx.event().await?) } else { None };
    cx.db()
        .await?
        .execute(
            "UPDATE standard_buildroot SET state = $2, retire_event = $3 WHERE buildroot_id = $1",
            args![id, new, retired],
        )
        .await?;
    Ok(())
}

/// Stores what RPMs are in a buildroot: the first list while it is made, later ones while it is in use.
pub(crate) async fn set_rpms(
    cx: &mut Call<'_>,
    id: BuildrootId,
    host: HostId,
    task: Option<TaskId>,
    content: &[Struct],
    update: bool,
) -> Result<()> {
    let row = owned(cx, id, host, task).await?;
    let expected = if update { BuildrootState::Building } else { BuildrootState::Init };
    if row.state != Some(expected) {
        let state = row.state.map_or(-1, BuildrootState::code);
        fail!("buildroot {id} in wrong state {state}");
    }
    let mut ids: Vec<i32> = Vec::with_capacity(content.len());
    for rpm in content {
        let id: RpmId = rpms::find_or_register(cx, rpm).await?;
        ids.push(id.0);
    }
    ids.sort_unstable();
    ids.dedup();
    cx.db()
        .await?
        .execute(
            sql!(
                "INSERT INTO buildroot_listing (buildroot_id, rpm_id, is_update)
                 SELECT $1, rpminfo.id, $3 FROM rpminfo WHERE rpminfo.id ", {in "$2"},
                " AND NOT EXISTS (SELECT 1 FROM buildroot_listing b WHERE b.buildroot_id = $1 AND b.rpm_id = rpminfo.id)"
            ),
            args![id, list(&ids), update],
        )
        .await?;
    Ok(())
}

/// Stores what archives are in a buildroot that is in use: for its set-up, or because the `project` depends on them.
pub(crate) async fn add_archives(
    cx: &mut Call<'_>,
    id: BuildrootId,
    host: HostId,
    task: TaskId,
    archives: &[ArchiveId],
    project: bool,
) -> Result<()> {
    let row = owned(cx, id, host, Some(task)).await?;
    let config = cx.hub().config();
    if !config.enable_maven && !config.enable_win {
        fail!("non-rpm support is not enabled");
    }
    if row.state != Some(BuildrootState::Building) {
        let state = row.state.map_or(-1, BuildrootState::code);
        fail!("buildroot {id} in wrong state {state}");
    }
    let ids: BTreeSet<i32> = archives.iter().map(|archive| archive.0).collect();
    let ids: Vec<i32> = ids.into_iter().collect();
    let known = sql!("SELECT id FROM archiveinfo WHERE id ", {in "$1"});
    let known: Vec<i32> = cx.db().await?.fetch_scalars(known, args![list(&ids)]).await?;
    if let Some(unknown) = ids.iter().find(|id| !known.contains(id)) {
        fail!("No such archive: {unknown}");
    }
    cx.db()
        .await?
        .execute(
            sql!(
                "INSERT INTO buildroot_archives (buildroot_id, archive_id, project_dep)
                 SELECT $1, archiveinfo.id, $3 FROM archiveinfo WHERE archiveinfo.id ", {in "$2"},
                " AND NOT EXISTS (SELECT 1 FROM buildroot_archives b
                                  WHERE b.buildroot_id = $1 AND b.archive_id = archiveinfo.id)"
            ),
            args![id, list(&ids), project],
        )
        .await?;
    Ok(())
}

/// Selects records of buildroots.
pub(crate) fn select<'a>() -> Select<'a> {
    Select::from("buildroot")
        .columns(&[
            ("buildroot.id", "id"),
            ("buildroot.br_type", "br_type"),
            ("buildroot.cg_id", "cg_id"),
            ("content_generator.name", "cg_name"),
            ("buildroot.cg_version", "cg_version"),
            ("buildroot.container_arch", "container_arch"),
            ("buildroot.container_arch", "arch"),
            ("buildroot.container_type", "container_type"),
            ("buildroot.host_os", "host_os"),
            ("buildroot.host_arch", "host_arch"),
            ("buildroot.extra", "extra"),
            ("root.state", "state"),
            ("root.task_id", "task_id"),
            ("host.id", "host_id"),
            ("host.name", "host_name"),
            ("repo.id", "repo_id"),
            ("repo.state", "repo_state"),
            ("tag.id", "tag_id"),
            ("tag.name", "tag_name"),
            ("made.id", "create_event_id"),
            ("made.time", "create_event_time"),
            ("made.time", "create_ts"),
            ("retired.id", "retire_event_id"),
            ("retired.time", "retire_event_time"),
            ("retired.time", "retire_ts"),
            ("repo_made.id", "repo_create_event_id"),
            ("repo_made.time", "repo_create_event_time"),
        ])
        .join("LEFT JOIN standard_buildroot AS root ON root.buildroot_id = buildroot.id")
        .join("LEFT JOIN content_generator ON content_generator.id = buildroot.cg_id")
        .join("LEFT JOIN host ON host.id = root.host_id")
        .join("LEFT JOIN repo ON repo.id = root.repo_id")
        .join("LEFT JOIN tag ON tag.id = repo.tag_id")
        .join("LEFT JOIN events AS made ON made.id = root.create_event")
        .join("LEFT JOIN events AS retired ON retired.id = root.retire_event")
        .join("LEFT JOIN events AS repo_made ON repo_made.id = repo.create_event")
        .order_by("buildroot.id")
}

/// The buildroot, if there is one.
pub(crate) async fn find(db: &mut Conn, id: BuildrootId) -> Result<Option<Buildroot>> {
    Ok(select().filter("buildroot.id = $1", args![id]).fetch_optional(db).await?)
}

/// The RPMs in a buildroot; a fault if there is no such buildroot.
pub(crate) async fn rpms_in(db: &mut Conn, id: BuildrootId) -> Result<Vec<BuildrootRpm>> {
    let known: Option<BuildrootId> =
        db.fetch_scalar_optional("SELECT id FROM buildroot WHERE id = $1", args![id]).await?;
    if known.is_none() {
        fail!("no buildroot with ID: {id}");
    }
    Ok(db
        .fetch_all(
            "SELECT rpminfo.id AS rpm_id, listing.is_update, rpminfo.name, rpminfo.version, rpminfo.release,
                    rpminfo.epoch, rpminfo.arch, rpminfo.build_id, rpminfo.draft, rpminfo.external_repo_id,
                    external_repo.name AS external_repo_name
             FROM buildroot_listing AS listing
             JOIN rpminfo ON rpminfo.id = listing.rpm_id
             JOIN external_repo ON external_repo.id = rpminfo.external_repo_id
             WHERE listing.buildroot_id = $1 ORDER BY rpminfo.id",
            args![id],
        )
        .await?)
}
