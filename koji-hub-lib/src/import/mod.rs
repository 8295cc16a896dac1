//! Filing what was built: from the uploads into the build's directory, and into the database.
//!
//! Files are copied before the transaction is committed, so that a build which is complete has its files, and a repeated
//! attempt writes them again; afterwards the uploads become links to them. What is not committed is removed.

mod archive;
mod complete;
mod image;
mod merge;
mod noarch;
mod pom;
mod results;
mod rpm;
mod scratch;
mod wrapper;

use std::collections::HashSet;

use koji_core::ids::{BuildId, BuildrootId, TaskId};
use koji_core::model::{Build, BuildState};
use koji_core::nvr::{Nvr, draft_release};
use koji_core::paths::{self, BuildDir};
use koji_core::time::Timestamp;
use koji_core::xmlrpc::{Struct, Value};

use crate::builds::{self, BuildExt};
use crate::call::Call;
use crate::db::{args, list, sql};
use crate::error::fail;
use crate::given::read;
use crate::plugin::{self, BuildChange, Callback};
use crate::rpm_file::{self, RpmFile};
use crate::{Hub, Result, policy};

pub(crate) use archive::{NewArchive, TypeInfo, info_of_pom, write_sums};
pub(crate) use complete::{complete_image, complete_maven, complete_win};
pub(crate) use image::import as import_images;
pub(crate) use merge::merge_scratch;
pub(crate) use results::{ImageResults, MavenResults, RpmResults, WinResults};
pub(crate) use rpm::{import as import_rpm, import_alone};
pub(crate) use scratch::{images_to_scratch, maven_to_scratch, move_to_scratch, win_to_scratch};
pub(crate) use wrapper::import_into_complete as import_wrapper;

/// What a build task made, as paths below the directory for uploads.
#[derive(Debug, Clone)]
pub(crate) struct BuiltFiles {
    pub srpm: String,
    pub rpms: Vec<String>,
    /// In which buildroot each was built.
    pub buildroots: Vec<(String, BuildrootId)>,
    /// The directory of each group of logs, empty for none, and its files.
    pub logs: Vec<(String, Vec<String>)>,
}

impl BuiltFiles {
    /// Reads what a builder says of them.
    pub(crate) fn new(srpm: String, rpms: Vec<String>, brmap: Option<Struct>, logs: Option<Struct>) -> Result<Self> {
        let buildroots = brmap.unwrap_or_default().into_iter().map(|(file, id)| Ok((file, read("brmap", id)?)));
        let logs = logs.unwrap_or_default().into_iter().map(|(dir, files)| Ok((dir, read("logs", files)?)));
        let files = BuiltFiles {
            srpm,
            rpms,
            buildroots: buildroots.collect::<Result<_>>()?,
            logs: logs.collect::<Result<_>>()?,
        };
        let logs = files.logs.iter().flat_map(|(_, logs)| logs);
        if let Some(path) = [&files.srpm].into_iter().chain(&files.rpms).chain(logs).find(|p| !paths::is_relative(p)) {
            fail!("Invalid path: {path}");
        }
        if let Some((dir, _)) = files.logs.iter().find(|(dir, _)| !dir.is_empty() && !paths::is_relative(dir)) {
            fail!("Invalid log directory: {dir}");
        }
        Ok(files)
    }

    fn buildroot(&self, file: &str) -> Option<BuildrootId> {
        self.buildroots.iter().find(|(path, _)| path == file).map(|(_, id)| *id)
    }
}

/// The path of an uploaded file.
pub(crate) fn upload(file: &str) -> String {
    paths::under(&paths::work(None), file)
}

/// A path as Koji's messages show it.
pub(crate) fn shown(hub: &Hub, path: &str) -> String {
    hub.config().full_path(path)
}

/// The headers of an uploaded RPM; a fault if it is not there.
pub(crate) async fn read_upload(hub: &Hub, file: &str) -> Result<RpmFile> {
    let path = upload(file);
    match rpm_file::read(hub.storage(), &path).await? {
        Some(rpm) => Ok(rpm),
        None => fail!("No such file: {}", shown(hub, &path)),
    }
}

/// The last part of a path.
pub(crate) fn basename(file: &str) -> &str {
    file.rsplit_once('/').map_or(file, |(_, name)| name)
}

/// Copies an uploaded file to its place; once the call is committed, the upload becomes a link to it.
pub(crate) async fn place(cx: &mut Call<'_>, file: &str, to: &str) -> Result<()> {
    let from = upload(file);
    cx.storage().copy(&from, to).await?;
    let (hub, to) = (cx.hub().clone(), to.to_owned());
    cx.on_commit(async move {
        if let Err(e) = hub.storage().link(&to, &from).await {
            tracing::warn!(error = %e, "an imported upload stays where it was");
        }
    });
    Ok(())
}

/// Has a file or a directory removed if the call is not committed.
pub(crate) fn remove_unless_committed(cx: &mut Call<'_>, path: String) {
    let hub = cx.hub().clone();
    cx.on_rollback(async move {
        if let Err(e) = hub.storage().remove(&path).await {
            tracing::error!(error = %e, "cannot remove what a failed import left");
        }
    });
}

/// Imports what a task has built, and completes the build.
pub(crate) async fn import_build(cx: &mut Call<'_>, files: BuiltFiles, task: TaskId, build: BuildId) -> Result<Build> {
    let import = plugin::hears_of_imports(cx).then(|| TaskImport::of(&files, task, build));
    if let Some(import) = &import {
        cx.tell(Callback::PreImport(import.about(None))).await?;
    }
    let srpm = read_upload(cx.hub(), &files.srpm).await?;
    let mut rpms = vec![(files.srpm.clone(), srpm)];
    for file in &files.rpms {
        rpms.push((file.clone(), read_upload(cx.hub(), file).await?));
    }
    let rpms = noarch::same_once(rpms)?;
    check_buildroots(cx, &files).await?;
    let build = begin(cx, &files, &rpms[0].1, task, build).await?;
    let dir = build.dir();
    // of an attempt that died
    cx.storage().remove(dir.path()).await?;
    remove_unless_committed(cx, dir.path().to_owned());

    let mut names = HashSet::new();
    for (file, header) in &rpms {
        if !names.insert(basename(file)) {
            fail!("Error importing archive file, {} already exists", shown(cx.hub(), &upload(file)));
        }
        rpm::import(cx, file, header, &build, files.buildroot(file), None).await?;
    }
    import_logs(cx, &files, &dir).await?;
    if build.volume_name != paths::DEFAULT_VOLUME {
        let usual = BuildDir::new(None, &build.name());
        cx.storage().link(dir.path(), usual.path()).await?;
        remove_unless_committed(cx, usual.path().to_owned());
    }
    let build = builds::get_by_id(cx.db().await?, build.id).await?;
    if let Some(import) = &import {
        cx.tell(Callback::PostImport(import.about(Some(&build)))).await?;
    }
    Ok(build)
}

/// What plugins learn of what a task has built.
struct TaskImport<'a> {
    files: &'a BuiltFiles,
    brmap: Struct,
    logs: Struct,
    task: TaskId,
    build: BuildId,
}

impl<'a> TaskImport<'a> {
    fn of(files: &'a BuiltFiles, task: TaskId, build: BuildId) -> Self {
        let texts = |files: &[String]| Value::Array(files.iter().map(|file| file.as_str().into()).collect());
        TaskImport {
            files,
            brmap: files.buildroots.iter().map(|(file, id)| (file.as_str(), id.0)).collect(),
            logs: files.logs.iter().map(|(dir, files)| (dir.as_str(), texts(files))).collect(),
            task,
            build,
        }
    }

    fn about<'b>(&'b self, build: Option<&'b Build>) -> plugin::Import<'b> {
        plugin::Import::Build {
            srpm: &self.files.srpm,
            rpms: &self.files.rpms,
            brmap: self.brmap.clone(),
            task_id: Some(self.task),
            build_id: self.build,
            build,
            logs: self.logs.clone(),
        }
    }
}

async fn check_buildroots(cx: &mut Call<'_>, files: &BuiltFiles) -> Result<()> {
    let ids: Vec<i32> = files.buildroots.iter().map(|(_, id)| id.0).collect();
    let sql = sql!("SELECT buildroot_id FROM standard_buildroot WHERE buildroot_id ", {in "$1"});
    let found: Vec<i32> = cx.db().await?.fetch_scalars(sql, args![list(&ids)]).await?;
    match ids.iter().find(|id| !found.contains(id)) {
        Some(id) => fail!("no buildroot with ID: {id}"),
        None => Ok(()),
    }
}

/// Checks that the source package is the build's, chooses the volume, and makes the build complete.
async fn begin(cx: &mut Call<'_>, files: &BuiltFiles, srpm: &RpmFile, task: TaskId, build: BuildId) -> Result<Build> {
    let path = upload(&files.srpm);
    let summary = match srpm.summary() {
        Ok(summary) => summary,
        Err(reason) => fail!("{}: {reason}", shown(cx.hub(), &path)),
    };
    if !summary.source {
        fail!("not a source package: {}", shown(cx.hub(), &path));
    }
    let Nvr { name, version, release, .. } = summary.nvra.nvr;
    let mut data: Struct = [
        ("package", Value::from(name.as_str())),
        ("version", version.as_str().into()),
        ("release", release.as_str().into()),
        ("buildroots", Value::Array(files.buildroots.iter().map(|(_, id)| id.0.into()).collect())),
        ("import", true.into()),
        ("import_type", "rpm".into()),
    ]
    .into_iter()
    .collect();
    data.extend(policy::of_task(cx, task).await?);
    let (volume, _) = policy::volume(cx, &data).await?;

    let known = builds::get_by_id(cx.db().await?, build).await?;
    let release = if known.draft { draft_release(&release, build) } else { release };
    let text = |id: Option<i32>| id.map_or("None".to_owned(), |id| id.to_string());
    for (what, of_build, of_rpm) in [
        ("name", known.name.clone(), name),
        ("version", known.version.clone(), version),
        ("release", known.release.clone(), release),
        ("epoch", text(known.epoch), text(summary.epoch)),
        ("task_id", text(known.task_id.map(|id| id.0)), task.to_string()),
    ] {
        if of_build != of_rpm {
            fail!("Unable to complete build: {what} mismatch (build: {of_build}, rpm: {of_rpm})");
        }
    }
    let change = BuildChange::State { old: Some(known.state), new: BuildState::Complete };
    plugin::before_build(cx, build, &change).await?;
    let changed = cx
        .db()
        .await?
        .execute(
            "UPDATE build SET state = $2, completion_time = $3, volume_id = $4 WHERE id = $1 AND state = $5",
            args![build, BuildState::Complete, Timestamp::now(), volume, BuildState::Building],
        )
        .await?;
    let now = builds::get_by_id(cx.db().await?, build).await?;
    if changed == 0 {
        fail!("Unable to complete build: state is {}", now.state);
    }
    plugin::after_build(cx, build, change).await?;
    builds::add_type(cx.db().await?, build, "rpm").await?;
    Ok(now)
}

async fn import_logs(cx: &mut Call<'_>, files: &BuiltFiles, dir: &BuildDir) -> Result<()> {
    for (subdir, logs) in &files.logs {
        let dir = if subdir.is_empty() { dir.logs() } else { format!("{}/{subdir}", dir.logs()) };
        for log in logs {
            import_log(cx, log, &dir).await?;
        }
    }
    Ok(())
}

/// Puts an uploaded log into a folder.
pub(crate) async fn import_log(cx: &mut Call<'_>, log: &str, dir: &str) -> Result<()> {
    import_log_as(cx, log, &format!("{dir}/{}", basename(log))).await
}

/// Puts an uploaded log into its place, where no other may be.
async fn import_log_as(cx: &mut Call<'_>, log: &str, to: &str) -> Result<()> {
    if cx.storage().metadata(&upload(log)).await?.is_none_or(|found| found.is_dir) {
        fail!("Error importing build log. {} is not a regular file.", shown(cx.hub(), &upload(log)));
    }
    if cx.storage().metadata(to).await?.is_some() {
        fail!("Error importing build log. {} already exists.", shown(cx.hub(), to));
    }
    remove_unless_committed(cx, to.to_owned());
    place(cx, log, to).await
}
