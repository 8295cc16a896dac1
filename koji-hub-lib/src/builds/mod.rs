//! Builds: looking them up, making them, ending them, moving and deleting them.

mod btypes;
mod delete;
mod directories;
mod end;
mod find;
mod list;
mod make;
mod promote;
mod references;
mod release;
mod typed;
mod volume;

pub(crate) use btypes::{add_type, image_info, maven_info, types, win_info};
pub(crate) use delete::{delete, reset};
pub(crate) use end::{cancel, cancel_of_task, fail_build, fail_of_task};
pub(crate) use find::find;
pub(crate) use list::{average_duration, list};
pub(crate) use make::{NewBuild, make};
pub(crate) use promote::promote;
pub(crate) use references::references;
pub(crate) use release::next_release;
pub(crate) use typed::{find_or_make, make_image, make_maven, make_win};
pub(crate) use volume::{apply_policy, apply_policy_ahead, change_volume, change_volume_ahead};

use koji_core::api::BuildRef;
use koji_core::ids::{BuildId, RpmId};
use koji_core::model::{Build, BuildState};
use koji_core::nvr::{Nvr, target_release};
use koji_core::paths::BuildDir;

use crate::Result;
use crate::db::{Conn, args, sql};
use crate::error::fail;

/// The build; a fault if there is none.
pub(crate) async fn get(db: &mut Conn, build: &BuildRef) -> Result<Build> {
    match find(db, build).await? {
        Some(found) => Ok(found),
        None => fail!("No such build: {build}"),
    }
}

/// The build with that id; a fault if there is none.
pub(crate) async fn get_by_id(db: &mut Conn, id: BuildId) -> Result<Build> {
    get(db, &BuildRef::Id(id)).await
}

/// The build with that id, whose row stays locked until the transaction ends; a fault if there is none.
pub(crate) async fn lock(db: &mut Conn, id: BuildId) -> Result<Build> {
    let sql = sql!("SELECT id FROM build WHERE id = $1", {for update});
    db.fetch_scalar_optional::<BuildId>(sql, args![id]).await?;
    get_by_id(db, id).await
}

/// The build's id, if there is one. An id is taken as it is.
pub(crate) async fn find_id(db: &mut Conn, build: &BuildRef) -> Result<Option<BuildId>> {
    let Some(nvr) = parts(build)? else {
        let BuildRef::Id(id) = build else { return Ok(None) };
        return Ok(Some(*id));
    };
    Ok(db
        .fetch_scalar_optional(
            "SELECT build.id FROM build JOIN package ON package.id = build.pkg_id
             WHERE package.name = $1 AND build.version = $2 AND build.release = $3",
            args![nvr.name, nvr.version, nvr.release],
        )
        .await?)
}

/// The build's id; a fault if there is no build of that name.
pub(crate) async fn get_id(db: &mut Conn, build: &BuildRef) -> Result<BuildId> {
    match find_id(db, build).await? {
        Some(id) => Ok(id),
        None => fail!("No such build: {build}"),
    }
}

/// Whether a build has RPMs.
pub(crate) async fn has_rpms(db: &mut Conn, build: BuildId) -> Result<bool> {
    let sql = "SELECT id FROM rpminfo WHERE build_id = $1 LIMIT 1";
    Ok(db.fetch_scalar_optional::<RpmId>(sql, args![build]).await?.is_some())
}

/// The name by which a build is meant; none if it is by its id.
fn parts(build: &BuildRef) -> Result<Option<Nvr>> {
    Ok(match build {
        BuildRef::Id(_) => None,
        BuildRef::Nvr(text) => Some(text.parse()?),
        BuildRef::Parts { name, version, release } => Some(Nvr::new(name, version, release)),
    })
}

/// What else is to be known of builds.
pub(crate) trait BuildExt {
    /// Its name.
    fn name(&self) -> Nvr;
    /// Where its files are.
    fn dir(&self) -> BuildDir;
    /// The name that its RPMs have: without the mark of a draft.
    fn rpm_nvr(&self) -> Result<Nvr>;
    /// A fault if it is a draft: only builds of RPMs are.
    fn reject_draft(&self) -> Result<()>;
    /// A fault if it is over with the build, or was never complete.
    fn assert_alive(&self) -> Result<()>;
}

impl BuildExt for Build {
    fn name(&self) -> Nvr {
        Nvr::new(&self.name, &self.version, &self.release)
    }

    fn dir(&self) -> BuildDir {
        BuildDir::new(Some(&self.volume_name), &self.name())
    }

    fn rpm_nvr(&self) -> Result<Nvr> {
        let release = if self.draft { target_release(&self.release)? } else { &self.release };
        Ok(Nvr::new(&self.name, &self.version, release))
    }

    fn reject_draft(&self) -> Result<()> {
        if self.draft {
            fail!("Draft build not supported");
        }
        Ok(())
    }

    fn assert_alive(&self) -> Result<()> {
        match self.state {
            BuildState::Failed | BuildState::Canceled | BuildState::Deleted => {
                fail!("Build is {}: {}", self.state, self.nvr)
            }
            BuildState::Building | BuildState::Complete => Ok(()),
        }
    }
}
