//! Importing what builders made: checked, entered into the database, put in place.
//!
//! Files are put in place before the transaction is committed, so that a complete build always has them; if it is not,
//! they are removed again, and a retry replaces what a hub that died left behind. The uploaded files become links once it
//! is committed.

mod noarch;
mod scratch;

use std::collections::HashMap;

use koji_core::fault::FaultKind;
use koji_core::ids::{BuildId, BuildrootId, RpmId, TaskId};
use koji_core::model::{Build, BuildState};
use koji_core::nvr::Nvra;
use koji_core::paths;
use koji_core::time::Timestamp;
use koji_core::xmlrpc::{Struct, Value};

use crate::builds::{self, BuildExt};
use crate::call::Call;
use crate::db::args;
use crate::error::fail;
use crate::rpm_file::{self, RpmFile, Summary};
use crate::storage::StorageError;
use crate::{Error, Result, policy, rpms};

pub(crate) use scratch::to_scratch;

/// What a builder says of a finished build. Paths are below the folder of uploads.
pub(crate) struct BuildFiles {
    pub srpm: String,
    pub rpms: Vec<String>,
    /// By path: the buildroot in which the RPM was built.
    pub buildroots: HashMap<String, BuildrootId>,
    /// The folder below the build's logs, empty for the top, and the logs.
    pub logs: Vec<(String, Vec<String>)>,
}

impl BuildFiles {
    pub(crate) fn read(
        srpm: String,
        rpms: Vec<String>,
        buildroots: Option<Struct>,
        logs: Option<Struct>,
    ) -> Result<BuildFiles> {
        let mut by_path = HashMap::new();
        for (path, id) in buildroots.unwrap_or_default() {
            match id.as_int().and_then(|id| i32::try_from(id).ok()) {
                Some(id) => by_path.insert(path, BuildrootId(id)),
                None => fail!(Parameter, "brmap must give a buildroot's id for {path}"),
            };
        }
        let mut by_folder = Vec::new();
        for (folder, paths) in logs.unwrap_or_default() {
            let texts = paths.as_array().map(|paths| paths.iter().map(|p| p.as_str().map(str::to_owned)).collect());
            match texts {
                Some(Some(paths)) => by_folder.push((folder, paths)),
                _ => fail!(Parameter, "logs must give a list of paths for {folder}"),
            }
        }
        let files = BuildFiles { srpm, rpms, buildroots: by_path, logs: by_folder };
        for path in files.all() {
            if !paths::is_relative(path) {
                fail!("Invalid path: {path}");
            }
        }
        for (folder, _) in &files.logs {
            if !folder.is_empty() && !paths::is_component(folder) {
                fail!("Invalid log directory: {folder}");
            }
        }
        Ok(files)
    }

    fn all(&self) -> impl Iterator<Item = &String> {
        let logs = self.logs.iter().flat_map(|(_, paths)| paths);
        std::iter::once(&self.srpm).chain(&self.rpms).chain(logs)
    }
}

fn uploaded(path: &str) -> String {
    format!("{}/{path}", paths::work(None))
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// An RPM that is to be imported.
struct Incoming {
    path: String,
    file: RpmFile,
    summary: Summary,
}

async fn read(cx: &mut Call<'_>, path: &str) -> Result<Incoming> {
    let full = uploaded(path);
    let Some(file) = rpm_file::read(cx.storage(), &full).await? else { fail!("No such file: {full}") };
    match file.summary() {
        Ok(summary) => Ok(Incoming { path: path.to_owned(), file, summary }),
        Err(reason) => Err(Error::Rpm { path: full, reason }),
    }
}

/// Completes a build with what its task made.
pub(crate) async fn complete(cx: &mut Call<'_>, task: TaskId, build: BuildId, files: BuildFiles) -> Result<Build> {
    let srpm = read(cx, &files.srpm).await?;
    if !srpm.summary.source {
        fail!("not a source package: {}", uploaded(&files.srpm));
    }
    let mut incoming = vec![srpm];
    for path in &files.rpms {
        incoming.push(read(cx, path).await?);
    }
    let incoming = noarch::without_doubles(incoming)?;
    for buildroot in files.buildroots.values() {
        let sql = "SELECT id FROM buildroot WHERE id = $1";
        if cx.db().await?.fetch_scalar_optional::<BuildrootId>(sql, args![*buildroot]).await?.is_none() {
            fail!("no buildroot with ID: {buildroot}");
        }
    }
    let build = finish(cx, task, build, &incoming[0].summary, &files).await?;

    let dir = build.dir();
    let (hub, undo) = (cx.hub().clone(), dir.path().to_owned());
    cx.on_rollback(async move {
        if let Err(e) = hub.storage().remove(&undo).await {
            tracing::warn!(error = %e, "cannot remove the files of a build that was not completed");
        }
    });
    builds::add_type(cx.db().await?, build.id, "rpm").await?;
    for rpm in incoming {
        let buildroot = files.buildroots.get(&rpm.path).copied();
        import_rpm(cx, &build, rpm, buildroot).await?;
    }
    for (folder, logs) in &files.logs {
        let folder = if folder.is_empty() { dir.logs() } else { format!("{}/{folder}", dir.logs()) };
        for log in logs {
            place(cx, log, &format!("{folder}/{}", file_name(log))).await?;
        }
    }
    Ok(build)
}

/// Marks a build complete that is in the making, after a look whether the source package is its own.
async fn finish(cx: &mut Call<'_>, task: TaskId, id: BuildId, srpm: &Summary, files: &BuildFiles) -> Result<Build> {
    let build = builds::get_by_id(cx.db().await?, id).await?;
    let nvr = &srpm.nvra.nvr;
    let expected = build.rpm_nvr()?;
    let shown = |epoch: Option<i32>| epoch.map_or("None".to_owned(), |e| e.to_string());
    let task_text = |task: Option<TaskId>| task.map_or("None".to_owned(), |t| t.to_string());
    for (what, of_build, of_rpm) in [
        ("name", expected.name.clone(), nvr.name.clone()),
        ("version", expected.version.clone(), nvr.version.clone()),
        ("release", expected.release.clone(), nvr.release.clone()),
        ("epoch", shown(build.epoch), shown(srpm.epoch)),
        ("task_id", task_text(build.task_id), task_text(Some(task))),
    ] {
        if of_build != of_rpm {
            fail!("Unable to complete build: {what} mismatch (build: {of_build}, rpm: {of_rpm})");
        }
    }
    let mut data = policy::of_task(cx, task).await?;
    let buildroots: Vec<Value> = files.buildroots.values().map(|b| Value::from(b.0)).collect();
    data.extend([
        ("package", Value::from(nvr.name.as_str())),
        ("version", nvr.version.as_str().into()),
        ("release", nvr.release.as_str().into()),
        ("buildroots", buildroots.into()),
        ("import", true.into()),
        ("import_type", "rpm".into()),
    ]);
    let (volume, _) = policy::volume(cx, &data).await?;
    let changed = cx
        .db()
        .await?
        .execute(
            "UPDATE build SET state = $2, completion_time = $3, volume_id = $4 WHERE id = $1 AND state = $5",
            args![id, BuildState::Complete, Timestamp::now(), volume, BuildState::Building],
        )
        .await?;
    if changed == 0 {
        fail!("Unable to complete build: state is {}", build.state);
    }
    builds::get_by_id(cx.db().await?, id).await
}

/// Enters an RPM of a build and puts its file in place.
async fn import_rpm(cx: &mut Call<'_>, build: &Build, rpm: Incoming, buildroot: Option<BuildrootId>) -> Result<RpmId> {
    let Incoming { path, file, summary } = rpm;
    let nvra = &summary.nvra;
    let (name, expected) = (file_name(&path), format!("{nvra}.rpm"));
    if name != expected {
        fail!("bad filename: {name} (expected {expected})");
    }
    let srpm = format!("{}.src.rpm", build.rpm_nvr()?);
    let own = if summary.source { name } else { summary.sourcerpm.as_deref().unwrap_or("None") };
    if own != srpm {
        fail!("srpm mismatch for {}: {own} (expected {srpm})", uploaded(&path));
    }
    let size = i64::try_from(file.size).unwrap_or(i64::MAX);
    let inserted = cx
        .db()
        .await?
        .fetch_scalar::<RpmId>(
            "INSERT INTO rpminfo (build_id, draft, buildroot_id, name, version, release, epoch, arch, external_repo_id,
                                  payloadhash, size, buildtime)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9, $10, $11) RETURNING id",
            args![
                build.id,
                build.draft,
                buildroot,
                nvra.nvr.name.as_str(),
                nvra.nvr.version.as_str(),
                nvra.nvr.release.as_str(),
                summary.epoch,
                nvra.arch.as_str(),
                summary.sigmd5.as_str(),
                size,
                summary.buildtime
            ],
        )
        .await;
    let id = match inserted {
        Ok(id) => id,
        Err(e) if e.is_unique() => return Err(taken(nvra)),
        Err(e) => return Err(e.into()),
    };
    place(cx, &path, &build.dir().rpm(nvra)).await?;
    rpms::add_signature(cx, build, id, nvra, &summary.sigkey, file.sighdr).await?;
    Ok(id)
}

fn taken(nvra: &Nvra) -> Error {
    Error::fault(FaultKind::Generic, format!("an rpm of that name exists already: {nvra}"))
}

/// Puts an uploaded file in place now, and a link in its place once the call is committed.
async fn place(cx: &mut Call<'_>, path: &str, to: &str) -> Result<()> {
    let from = uploaded(path);
    match cx.storage().copy(&from, to).await {
        Err(StorageError::NotFound { .. }) => fail!("No such file: {from}"),
        other => other?,
    }
    let (hub, to) = (cx.hub().clone(), to.to_owned());
    cx.on_commit(async move {
        // what stays instead is a second name of the same file
        if let Err(e) = hub.storage().link(&to, &from).await {
            tracing::warn!(error = %e, "cannot replace an uploaded file by a link");
        }
    });
    Ok(())
}
