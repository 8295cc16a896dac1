//! One RPM: checked against its build, filed, and entered.

use koji_core::api::BuildRef;
use koji_core::ids::{BuildrootId, RpmId};
use koji_core::model::Build;
use koji_core::nvr::{Nvr, Nvra};
use koji_core::xmlrpc::{Struct, Value};

use super::{basename, place, read_upload, remove_unless_committed, shown, upload};
use crate::builds::{self, BuildExt, NewBuild};
use crate::call::Call;
use crate::db::args;
use crate::error::fail;
use crate::plugin::{Callback, Import, hears_of_imports};
use crate::rpm_file::{RpmFile, Summary};
use crate::{Result, rpms};

/// An RPM that was imported.
pub(crate) struct Imported {
    pub id: RpmId,
    pub summary: Summary,
    pub size: i64,
    pub build: Build,
}

/// Imports an RPM of a build; `fileinfo` is what a content generator says of it.
pub(crate) async fn import(
    cx: &mut Call<'_>,
    file: &str,
    header: &RpmFile,
    build: &Build,
    buildroot: Option<BuildrootId>,
    fileinfo: Option<&Struct>,
) -> Result<Imported> {
    let summary = check_name(cx, file, header)?;
    let expected = Nvra::new(build.rpm_nvr()?, "src").file_name();
    let found = match &summary.sourcerpm {
        _ if summary.source => Some(basename(file)),
        sourcerpm => sourcerpm.as_deref(),
    };
    if found != Some(&expected) {
        let (path, found) = (shown(cx.hub(), &upload(file)), found.unwrap_or("None"));
        fail!("srpm mismatch for {path}: {found} (expected {expected})");
    }
    enter(cx, file, header, summary, build, buildroot, fileinfo).await
}

/// Imports an RPM into the build that it names: one of its source package, which is made if there is none.
pub(crate) async fn import_alone(cx: &mut Call<'_>, file: &str) -> Result<Imported> {
    let header = read_upload(cx.hub(), file).await?;
    let summary = check_name(cx, file, &header)?;
    let nvr = match &summary.sourcerpm {
        _ if summary.source => summary.nvra.nvr.clone(),
        Some(sourcerpm) => sourcerpm.parse::<Nvra>()?.nvr,
        None => fail!("No such build"),
    };
    let Nvr { name, version, release, .. } = nvr.clone();
    let build = BuildRef::Parts { name, version, release };
    let build = match builds::find(cx.db().await?, &build).await? {
        Some(build) => {
            // one import at a time: what is undone below is this one's own
            let db = cx.db().await?;
            db.execute("UPDATE build SET state = state WHERE id = $1", args![build.id]).await?;
            builds::get_by_id(db, build.id).await?
        }
        None if summary.source => {
            let owner = cx.user_id()?;
            let id = builds::make(cx, NewBuild::complete(nvr, summary.epoch, owner)).await?;
            builds::get_by_id(cx.db().await?, id).await?
        }
        None => fail!("No such build"),
    };
    add(cx, file, &header, summary, &build, None).await
}

/// Imports an RPM that wraps what a build holds: its source package is another.
pub(super) async fn import_wrapper(
    cx: &mut Call<'_>,
    file: &str,
    build: &Build,
    buildroot: Option<BuildrootId>,
) -> Result<Imported> {
    let header = read_upload(cx.hub(), file).await?;
    let summary = check_name(cx, file, &header)?;
    add(cx, file, &header, summary, build, buildroot).await
}

/// Adds an RPM to a build in which others may be, and makes the build one of RPMs.
async fn add(
    cx: &mut Call<'_>,
    file: &str,
    header: &RpmFile,
    summary: Summary,
    build: &Build,
    buildroot: Option<BuildrootId>,
) -> Result<Imported> {
    build.assert_alive()?;
    let dir = build.dir();
    let to = dir.rpm(&summary.nvra);
    if cx.storage().metadata(&to).await?.is_some() {
        fail!("Error importing archive file, {} already exists", shown(cx.hub(), &to));
    }
    remove_unless_committed(cx, to);
    remove_unless_committed(cx, dir.sighdr(&summary.nvra, &summary.sigkey));
    builds::add_type(cx.db().await?, build.id, "rpm").await?;
    enter(cx, file, header, summary, build, buildroot, None).await
}

/// What the RPM is, which its file must be called after.
fn check_name(cx: &Call<'_>, file: &str, header: &RpmFile) -> Result<Summary> {
    let summary = match header.summary() {
        Ok(summary) => summary,
        Err(reason) => fail!("{}: {reason}", shown(cx.hub(), &upload(file))),
    };
    let (found, expected) = (basename(file), summary.nvra.file_name());
    if found != expected {
        fail!("bad filename: {found} (expected {expected})");
    }
    Ok(summary)
}

async fn enter(
    cx: &mut Call<'_>,
    file: &str,
    header: &RpmFile,
    summary: Summary,
    build: &Build,
    buildroot: Option<BuildrootId>,
    fileinfo: Option<&Struct>,
) -> Result<Imported> {
    let Nvra { nvr, arch, .. } = &summary.nvra;
    let (name, version, release) = (nvr.name.as_str(), nvr.version.as_str(), nvr.release.as_str());
    let db = cx.db().await?;
    let known: Option<RpmId> = db
        .fetch_scalar_optional(
            "SELECT id FROM rpminfo WHERE name = $1 AND version = $2 AND release = $3 AND arch = $4
                AND external_repo_id = 0 AND (build_id = $5 OR NOT (draft OR $6))",
            args![name, version, release, arch.as_str(), build.id, build.draft],
        )
        .await?;
    if known.is_some() {
        fail!("rpm already exists: {}", summary.nvra);
    }
    let size = i64::try_from(header.size).unwrap_or(i64::MAX);
    let told = hears_of_imports(cx);
    let (mut filepath, mut row) = (String::new(), Struct::new());
    if told {
        filepath = shown(cx.hub(), &upload(file));
        row = columns(&summary, build, buildroot, size);
        cx.tell(Callback::PreImport(Import::Rpm { rpm: &row, build, filepath: &filepath, fileinfo })).await?;
    }
    let db = cx.db().await?;
    let id: RpmId = db
        .fetch_scalar(
            "INSERT INTO rpminfo (build_id, buildroot_id, name, version, release, epoch, arch, draft, external_repo_id,
                                  payloadhash, size, buildtime)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9, $10, $11) RETURNING id",
            args![
                build.id,
                buildroot,
                name,
                version,
                release,
                summary.epoch,
                arch.as_str(),
                build.draft,
                summary.sigmd5.as_str(),
                size,
                summary.buildtime
            ],
        )
        .await?;
    if told {
        row.insert("id", id.0);
        cx.tell(Callback::PostImport(Import::Rpm { rpm: &row, build, filepath: &filepath, fileinfo })).await?;
    }
    place(cx, file, &build.dir().rpm(&summary.nvra)).await?;
    rpms::add_signature(cx, build, id, &summary.nvra, &summary.sigkey, header.sighdr.clone()).await?;
    Ok(Imported { id, summary, size, build: build.clone() })
}

/// What an RPM's row is to hold, as plugins see it.
fn columns(summary: &Summary, build: &Build, buildroot: Option<BuildrootId>, size: i64) -> Struct {
    let Nvra { nvr, arch, .. } = &summary.nvra;
    [
        ("name", Value::from(nvr.name.as_str())),
        ("version", nvr.version.as_str().into()),
        ("release", nvr.release.as_str().into()),
        ("epoch", summary.epoch.into()),
        ("arch", arch.as_str().into()),
        ("draft", build.draft.into()),
        ("build_id", build.id.0.into()),
        ("buildroot_id", buildroot.map(|id| id.0).into()),
        ("external_repo_id", 0.into()),
        ("payloadhash", summary.sigmd5.as_str().into()),
        ("size", size.into()),
        ("buildtime", summary.buildtime.into()),
        ("sourcepackage", summary.source.into()),
        ("sourcerpm", summary.sourcerpm.as_deref().into()),
    ]
    .into_iter()
    .collect()
}
