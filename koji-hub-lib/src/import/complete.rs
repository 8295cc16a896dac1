//! Completing builds of Maven, of Windows and of images.

use koji_core::ids::{BuildId, TaskId};
use koji_core::model::{Build, BuildState};
use koji_core::paths::{self, BuildDir};
use koji_core::time::Timestamp;
use koji_core::xmlrpc::{Struct, Value, to_value};

use super::archive::{info_of_pom, write_sums};
use super::image;
use super::results::{ImageResults, MavenResults, RpmResults, WinResults};
use super::{NewArchive, TypeInfo, basename, import_log, place, remove_unless_committed, shown, upload, wrapper};
use crate::builds::{self, BuildExt};
use crate::call::Call;
use crate::db::{Conn, args, sql};
use crate::error::fail;
use crate::plugin::{self, BuildChange};
use crate::{Result, archives, notifications, policy};

/// Imports what a Maven build made, and completes the build.
pub(crate) async fn complete_maven(
    cx: &mut Call<'_>,
    task: TaskId,
    build: BuildId,
    results: MavenResults,
    rpms: Option<RpmResults>,
) -> Result<()> {
    let known = builds::get_by_id(cx.db().await?, build).await?;
    let Some(info) = builds::maven_info(cx.db().await?, build).await? else { fail!("no such maven build: {build}") };
    let build = begin(cx, known, task, "maven").await?;
    let usual = TypeInfo::read("maven", info)?;
    for (folder, files) in &results.files {
        let in_folder = |file: &str| match folder.as_str() {
            "" => results.dir.file(file),
            folder => results.dir.file(&format!("{folder}/{file}")),
        };
        // the project file tells what the others beside it are
        let poms: Vec<&str> = files.iter().map(String::as_str).filter(|file| file.ends_with(".pom")).collect();
        let info = match poms.as_slice() {
            [] => usual.clone(),
            [pom] => info_of_pom(cx.hub(), &in_folder(pom)?).await?,
            several => fail!(Build, "multiple .pom files in {folder}: {}", several.join(", ")),
        };
        for file in files {
            if file.ends_with(".md5") || file.ends_with(".sha1") {
                // they are made anew
                continue;
            }
            let from = in_folder(file)?;
            if file == "maven-metadata.xml" {
                place_metadata(cx, &build, folder, &from).await?;
                continue;
            }
            assert_type(cx, file, "unsupported").await?;
            NewArchive::of_upload(cx.hub(), &from, info.clone(), None).await?.import(cx, &build).await?;
        }
    }
    for log in &results.logs {
        import_log(cx, &results.dir.file(log)?, &format!("{}/maven", build.dir().logs())).await?;
    }
    end(cx, task, &build, rpms).await
}

/// A Maven repository has it, but it is no archive: the repos of tags have their own.
async fn place_metadata(cx: &mut Call<'_>, build: &Build, folder: &str, from: &str) -> Result<()> {
    let path = upload(from);
    if cx.storage().metadata(&path).await?.is_none_or(|found| found.is_dir) {
        fail!("No such file: {}", shown(cx.hub(), &path));
    }
    let top = build.dir().typed("maven");
    let dir = if folder.is_empty() { top } else { format!("{top}/{folder}") };
    let to = format!("{dir}/{}", basename(from));
    if cx.storage().metadata(&to).await?.is_some() {
        fail!("Error importing archive file, {} already exists", shown(cx.hub(), &to));
    }
    remove_unless_committed(cx, to.clone());
    place(cx, from, &to).await?;
    write_sums(cx, &to).await
}

/// Imports what a Windows build made, and completes the build.
pub(crate) async fn complete_win(
    cx: &mut Call<'_>,
    task: TaskId,
    build: BuildId,
    results: WinResults,
    rpms: Option<RpmResults>,
) -> Result<()> {
    let known = builds::get_by_id(cx.db().await?, build).await?;
    if builds::win_info(cx.db().await?, build).await?.is_none() {
        fail!("no such Windows build: {build}");
    }
    let build = begin(cx, known, task, "win").await?;
    for (file, mut about) in results.output {
        assert_type(cx, &file, "unsupported").await?;
        about.insert("relpath", folder(&file));
        let info = TypeInfo::read("win", about)?;
        NewArchive::of_upload(cx.hub(), &results.dir.file(&file)?, info, None).await?.import(cx, &build).await?;
    }
    for log in &results.logs {
        let from = results.dir.file(log)?;
        let mut to = format!("{}/win", build.dir().logs());
        if !folder(log).is_empty() {
            to = format!("{to}/{}", folder(log));
        }
        import_log(cx, &from, &to).await?;
    }
    end(cx, task, &build, rpms).await
}

/// Imports what the subtasks of an image build made, and completes the build.
pub(crate) async fn complete_image(
    cx: &mut Call<'_>,
    task: TaskId,
    build: BuildId,
    results: Vec<ImageResults>,
) -> Result<()> {
    let known = builds::get_by_id(cx.db().await?, build).await?;
    let build = begin(cx, known, task, "image").await?;
    image::import(cx, task, &build, results).await?;
    end(cx, task, &build, None).await
}

/// A fault unless the name tells of what type a file is.
pub(super) async fn assert_type(cx: &mut Call<'_>, file: &str, unsupported: &str) -> Result<()> {
    match archives::type_of_file(cx.db().await?, basename(file)).await? {
        Some(_) => Ok(()),
        None => fail!(Build, "{unsupported} file type: {file}"),
    }
}

/// The folder of a file; empty for none.
fn folder(file: &str) -> &str {
    file.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Checks that a build is in the making by the task, and chooses its volume.
async fn begin(cx: &mut Call<'_>, build: Build, task: TaskId, kind: &str) -> Result<Build> {
    let sql = sql!("SELECT state FROM build WHERE id = $1", {for update});
    let state: BuildState = cx.db().await?.fetch_scalar(sql, args![build.id]).await?;
    if state != BuildState::Building {
        fail!("Unable to complete build: state is {state}");
    }
    if build.task_id != Some(task) {
        let of = build.task_id.map_or("None".to_owned(), |id| id.to_string());
        fail!("Unable to complete build: task_id mismatch (build: {of}, task: {task})");
    }
    // what was imported before stays where it is
    if has_files(cx.db().await?, build.id).await? {
        return Ok(build);
    }
    let mut data: Struct = [
        ("build", to_value(&build)?),
        ("package", build.name.as_str().into()),
        ("import", true.into()),
        ("import_type", Value::from(kind)),
    ]
    .into_iter()
    .collect();
    data.extend(policy::of_task(cx, task).await?);
    let (volume, _) = policy::volume(cx, &data).await?;
    let db = cx.db().await?;
    db.execute("UPDATE build SET volume_id = $2 WHERE id = $1", args![build.id, volume]).await?;
    let build = builds::get_by_id(db, build.id).await?;
    // of an attempt that died
    cx.storage().remove(build.dir().path()).await?;
    Ok(build)
}

async fn has_files(db: &mut Conn, build: BuildId) -> Result<bool> {
    let archive = "SELECT id FROM archiveinfo WHERE build_id = $1 LIMIT 1";
    Ok(db.fetch_scalar_optional::<i32>(archive, args![build]).await?.is_some() || builds::has_rpms(db, build).await?)
}

/// Imports the RPMs that wrap what a build holds, completes it, and tells who wants to know.
async fn end(cx: &mut Call<'_>, task: TaskId, build: &Build, rpms: Option<RpmResults>) -> Result<()> {
    if let Some(rpms) = rpms {
        wrapper::import(cx, build, &rpms).await?;
    }
    if build.volume_name != paths::DEFAULT_VOLUME {
        let usual = BuildDir::new(None, &build.name());
        cx.storage().link(build.dir().path(), usual.path()).await?;
        remove_unless_committed(cx, usual.path().to_owned());
    }
    let change = BuildChange::State { old: Some(build.state), new: BuildState::Complete };
    plugin::before_build(cx, build.id, &change).await?;
    let sql = "UPDATE build SET state = $2, completion_time = $3 WHERE id = $1";
    cx.db().await?.execute(sql, args![build.id, BuildState::Complete, Timestamp::now()]).await?;
    plugin::after_build(cx, build.id, change).await?;
    let build = builds::get_by_id(cx.db().await?, build.id).await?;
    notifications::about_build(cx, task, &build).await
}
