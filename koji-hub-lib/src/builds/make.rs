//! New builds, and builds that begin anew.

use koji_core::api::BuildRef;
use koji_core::ids::{BuildId, CgId, PackageId, TaskId, UserId, VolumeId};
use koji_core::json::JsonText;
use koji_core::model::{Build, BuildState};
use koji_core::nvr::{Nvr, draft_release};
use koji_core::paths::{self, BuildDir};
use koji_core::python;
use koji_core::time::Timestamp;
use koji_core::xmlrpc::{Struct, Value};

use super::find;
use crate::Result;
use crate::call::Call;
use crate::db::{Conn, args};
use crate::error::fail;
use crate::names;
use crate::plugin::{self, BuildChange, NewBuildInfo};

/// What a new build is to be. A draft's release is the one that it is to have in the end.
#[derive(Debug, Clone)]
pub(crate) struct NewBuild {
    pub name: String,
    pub version: String,
    pub release: String,
    pub epoch: Option<i32>,
    pub draft: bool,
    pub state: BuildState,
    pub owner: UserId,
    pub task_id: Option<TaskId>,
    pub source: Option<String>,
    pub extra: Option<JsonText>,
    pub volume: VolumeId,
    pub start_time: Option<Timestamp>,
    pub completion_time: Option<Timestamp>,
    pub cg_id: Option<CgId>,
    /// What was asked for, to be shown in a refusal.
    pub asked: Struct,
}

impl NewBuild {
    /// A complete build of now, without anything in it.
    pub(crate) fn complete(nvr: Nvr, epoch: Option<i32>, owner: UserId) -> Self {
        let now = Some(Timestamp::now());
        NewBuild {
            name: nvr.name,
            version: nvr.version,
            release: nvr.release,
            epoch,
            draft: false,
            state: BuildState::Complete,
            owner,
            task_id: None,
            source: None,
            extra: None,
            volume: VolumeId(0),
            start_time: now,
            completion_time: now,
            cg_id: None,
            asked: Struct::new(),
        }
    }

    /// What plugins learn of it.
    fn told(&self, package: PackageId) -> NewBuildInfo {
        NewBuildInfo {
            name: self.name.clone(),
            pkg_id: package,
            version: self.version.clone(),
            release: self.release.clone(),
            epoch: self.epoch,
            draft: self.draft,
            state: self.state,
            owner: self.owner,
            task_id: self.task_id,
            source: self.source.clone(),
            volume_id: self.volume,
        }
    }
}

/// Makes a build, or begins a failed or canceled one anew; its id.
///
/// For a build that is in the making by the same task, nothing is done. Everything else of that name is a fault.
pub(crate) async fn make(cx: &mut Call<'_>, new: NewBuild) -> Result<BuildId> {
    names::check_internal(cx.hub().config(), &new.name)?;
    // its directory has a level for each, and no other build's is in it
    for (what, part) in [("name", &new.name), ("version", &new.version), ("release", &new.release)] {
        if !paths::is_component(part) {
            fail!("Invalid {what} of a build: {part}");
        }
    }
    let package: PackageId = names::get_or_make(cx.db().await?, &new.name).await?;
    let (name, version, release) = (new.name.clone(), new.version.clone(), new.release.clone());
    let old = find(cx.db().await?, &BuildRef::Parts { name, version, release }).await?;
    match old {
        Some(old) if new.draft => fail!("Target build already exists: {} (id={})", old.nvr, old.id),
        Some(old) => {
            recycle(cx, &old, &new, package).await?;
            Ok(old.id)
        }
        None => insert(cx, &new, package).await,
    }
}

async fn insert(cx: &mut Call<'_>, new: &NewBuild, package: PackageId) -> Result<BuildId> {
    let event = cx.event().await?;
    plugin::before_new_build(cx, None, || new.told(package)).await?;
    let db = cx.db().await?;
    // a draft's release holds its id, which is not known before
    let release = if new.draft { format!("{},draft", new.release) } else { new.release.clone() };
    let id: BuildId = db
        .fetch_scalar(
            "INSERT INTO build (pkg_id, version, release, epoch, draft, state, volume_id, task_id, owner, start_time,
                                completion_time, source, extra, cg_id, create_event)
             VALUES ($1, $2, $3, $4, FALSE, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) RETURNING id",
            args![
                package,
                new.version.as_str(),
                release,
                new.epoch,
                new.state,
                new.volume,
                new.task_id,
                new.owner,
                new.start_time,
                new.completion_time,
                new.source.as_deref(),
                new.extra.clone(),
                new.cg_id,
                event
            ],
        )
        .await?;
    if new.draft {
        let release = draft_release(&new.release, id);
        db.execute("UPDATE build SET draft = TRUE, release = $2 WHERE id = $1", args![id, release]).await?;
    }
    plugin::after_build(cx, id, BuildChange::State { old: None, new: new.state }).await?;
    Ok(id)
}

/// Begins an ended build anew, if nothing is left of it.
async fn recycle(cx: &mut Call<'_>, old: &Build, new: &NewBuild, package: PackageId) -> Result<()> {
    match old.state {
        // the task was restarted
        BuildState::Building if new.state == old.state && new.task_id == old.task_id => return Ok(()),
        BuildState::Building => {
            fail!("Build already in progress (task {})", old.task_id.map_or("None".into(), |id| id.to_string()))
        }
        BuildState::Failed | BuildState::Canceled => {}
        BuildState::Complete | BuildState::Deleted => {
            let shown = python::repr(&describe(new, package).into());
            fail!("Build already exists (id={}, state={}): {shown}", old.id, old.state);
        }
    }
    let event = cx.event().await?;
    let db = cx.db().await?;
    for (sql, what) in [
        ("SELECT tag_id FROM tag_listing WHERE build_id = $1 LIMIT 1", "has tag history"),
        ("SELECT id FROM rpminfo WHERE build_id = $1 LIMIT 1", "has rpm data"),
        ("SELECT id FROM archiveinfo WHERE build_id = $1 LIMIT 1", "has archive data"),
    ] {
        if db.fetch_scalar_optional::<i32>(sql, args![old.id]).await?.is_some() {
            fail!("Build already exists. Unable to recycle, {what}");
        }
    }
    plugin::before_new_build(cx, Some(old.state), || new.told(package)).await?;
    let db = cx.db().await?;
    for sql in [
        "DELETE FROM maven_builds WHERE build_id = $1",
        "DELETE FROM win_builds WHERE build_id = $1",
        "DELETE FROM image_builds WHERE build_id = $1",
        "DELETE FROM build_types WHERE build_id = $1",
    ] {
        db.execute(sql, args![old.id]).await?;
    }
    db.execute(
        "UPDATE build SET state = $2, task_id = $3, owner = $4, start_time = $5, completion_time = $6, epoch = $7,
                          source = $8, extra = $9, volume_id = $10, cg_id = COALESCE($11, cg_id), create_event = $12
         WHERE id = $1",
        args![
            old.id,
            new.state,
            new.task_id,
            new.owner,
            new.start_time,
            new.completion_time,
            new.epoch,
            new.source.as_deref(),
            new.extra.clone(),
            new.volume,
            new.cg_id,
            event
        ],
    )
    .await?;
    remove_files(cx, old).await?;
    plugin::after_build(cx, old.id, BuildChange::State { old: Some(old.state), new: new.state }).await
}

/// Removes what is left of a build's files on all volumes.
pub(crate) async fn remove_files(cx: &mut Call<'_>, build: &Build) -> Result<()> {
    let nvr = Nvr::new(&build.name, &build.version, &build.release);
    for volume in volumes(cx.db().await?).await? {
        let dir = BuildDir::new(Some(&volume), &nvr);
        cx.storage().remove(dir.path()).await?;
    }
    Ok(())
}

async fn volumes(db: &mut Conn) -> Result<Vec<String>> {
    Ok(db.fetch_scalars("SELECT name FROM volume ORDER BY id", args![]).await?)
}

/// What was asked for and what was added to it, as Koji's message shows it.
fn describe(new: &NewBuild, package: PackageId) -> Struct {
    let time = |time: Option<Timestamp>| if time.is_some() { Value::from("NOW") } else { Value::Nil };
    let extra = new.extra.as_ref().map(|extra| extra.0.to_string());
    let mut shown = new.asked.clone();
    if shown.get("extra").is_some() {
        shown.insert("extra", extra.clone());
    }
    for (name, value) in [
        ("pkg_id", Value::from(package.0)),
        ("extra", extra.into()),
        ("state", new.state.code().into()),
        ("start_time", time(new.start_time)),
        ("completion_time", time(new.completion_time)),
        ("source", new.source.as_deref().into()),
        ("owner", new.owner.0.into()),
        ("task_id", new.task_id.map(|id| id.0).into()),
        ("volume_id", new.volume.0.into()),
        ("draft", new.draft.into()),
    ] {
        if shown.get(name).is_none() {
            shown.insert(name, value);
        }
    }
    shown
}
