//! Images: their files, their logs, and what is installed in them.

use std::collections::BTreeSet;

use koji_core::api::RpmRef;
use koji_core::ids::{RpmId, TaskId};
use koji_core::model::Build;

use super::complete::assert_type;
use super::results::ImageResults;
use super::{NewArchive, TypeInfo, import_log_as, shown, upload, wrapper};
use crate::builds::BuildExt;
use crate::call::Call;
use crate::db::{args, list, sql};
use crate::error::fail;
use crate::plugin::{Callback, Import, hears_of_imports};
use crate::{Result, rpms, tasks};

/// Task methods of which one task makes all images, so that their logs need no folder for each arch.
const ONE_FOLDER: [&str; 4] = ["appliance", "image", "indirectionimage", "livecd"];

/// Imports into a build what the subtasks of a task made.
pub(crate) async fn import(cx: &mut Call<'_>, task: TaskId, build: &Build, results: Vec<ImageResults>) -> Result<()> {
    build.assert_alive()?;
    let method = tasks::get(cx.db().await?, task).await?.method;
    for one in results {
        import_one(cx, &method, build, &one).await?;
        if let Some(rpms) = &one.wrapper {
            wrapper::import(cx, build, rpms).await?;
        }
    }
    Ok(())
}

async fn import_one(cx: &mut Call<'_>, method: &str, build: &Build, image: &ImageResults) -> Result<()> {
    let arch = image.arch()?;
    let mut about = hears_of_imports(cx).then(|| image.about());
    if let Some(image) = &about {
        cx.tell(Callback::PreImport(Import::Image { image, build: None, fullpath: None })).await?;
    }
    let mut archives = Vec::with_capacity(image.files.len());
    for file in &image.files {
        assert_type(cx, file, "Unsupported").await?;
        let info = TypeInfo::Image { arch: arch.clone() };
        let new = NewArchive::of_upload(cx.hub(), &image.dir.file(file)?, info, None).await?;
        let describes = new.filename.ends_with("xml");
        let id = new.import(cx, build).await?;
        if !describes {
            archives.push(id.0);
        }
    }
    import_logs(cx, method, build, image, &arch).await?;

    let installed = installed(cx, image).await?;
    cx.db()
        .await?
        .execute(
            sql!(
                "INSERT INTO archive_rpm_components (archive_id, rpm_id)
                 SELECT archiveinfo.id, rpminfo.id FROM archiveinfo CROSS JOIN rpminfo WHERE archiveinfo.id ",
                {in "$1"}, " AND rpminfo.id ", {in "$2"}
            ),
            args![list(&archives), list(&installed)],
        )
        .await?;
    if let Some(about) = &mut about {
        about.insert("relpath", image.dir.path());
        let last = image.files.last().map(|file| image.dir.file(file)).transpose()?;
        let fullpath = last.map(|file| shown(cx.hub(), &upload(&file)));
        let import = Import::Image { image: about, build: Some(build), fullpath: fullpath.as_deref() };
        cx.tell(Callback::PostImport(import)).await?;
    }
    Ok(())
}

/// All logs that the task left, whichever it names.
async fn import_logs(cx: &mut Call<'_>, method: &str, build: &Build, image: &ImageResults, arch: &str) -> Result<()> {
    let dir = format!("{}/image", build.dir().logs());
    for name in cx.storage().list(&upload(image.dir.path())).await? {
        if !name.ends_with(".log") {
            continue;
        }
        let mut to = format!("{dir}/{name}");
        if !ONE_FOLDER.contains(&method) || cx.storage().metadata(&to).await?.is_some() {
            to = format!("{dir}/{arch}/{name}");
        }
        import_log_as(cx, &image.dir.file(&name)?, &to).await?;
    }
    Ok(())
}

/// The RPMs that are installed in it: the hub's own, but of no draft, or of external repos.
async fn installed(cx: &mut Call<'_>, image: &ImageResults) -> Result<Vec<i32>> {
    let mut ids = BTreeSet::new();
    for rpm in image.installed()? {
        let id: RpmId = rpms::find_or_register(cx, &rpm).await?;
        if rpms::get(cx.db().await?, &RpmRef::Id(id)).await?.draft == Some(true) {
            fail!("Draft rpm not supported");
        }
        ids.insert(id.0);
    }
    Ok(ids.into_iter().collect())
}
