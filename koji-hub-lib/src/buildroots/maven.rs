//! The Maven artifacts in a buildroot: which archives they are.

use std::collections::HashMap;

use koji_core::api::{BuildRef, Param};
use koji_core::ids::{ArchiveId, BuildId, BuildrootId, HostId, RepoId, TaskId};
use koji_core::paths;
use koji_core::xmlrpc::{Value, from_value};
use serde::Deserialize;

use super::owned;
use crate::call::Call;
use crate::db::{Conn, args};
use crate::error::fail;
use crate::storage::walk;
use crate::{Result, builds, repos, tagging};

/// What an artifact is called: a group, a name in it, and a version.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize, sqlx::FromRow)]
struct Artifact {
    group_id: String,
    artifact_id: String,
    version: String,
}

/// A file of an artifact.
#[derive(Debug, Clone, Deserialize)]
struct File {
    #[serde(default)]
    path: String,
    filename: String,
    size: i64,
}

/// An artifact and files of it, as builders list them.
#[derive(Debug, Clone, Deserialize)]
struct Entry {
    maven_info: Artifact,
    files: Vec<File>,
}

/// What a builder says of a buildroot.
#[derive(Debug)]
pub(crate) struct Found {
    /// The artifacts that are in it.
    pub artifacts: Vec<Value>,
    /// Those that need not be known.
    pub ignored: Vec<Value>,
    /// Whether none need be.
    pub ignore_unknown: bool,
    /// Tasks, by their ids, and builds whose artifacts may be in it beside those of the tag.
    pub more: Vec<Value>,
}

/// The sizes of files, by their names, of each artifact.
type Sizes = HashMap<Artifact, HashMap<String, i64>>;

fn read(what: &str, list: Vec<Value>) -> Result<Vec<Entry>> {
    match from_value(Value::Array(list)) {
        Ok(entries) => Ok(entries),
        Err(e) => fail!(Parameter, "invalid value for {what}: {e}"),
    }
}

/// The archives that are in a buildroot: those of the tag of its repo, as of that repo. A file that is none of them, of
/// that name and size, is a fault unless it is ignored.
pub(crate) async fn archives(
    cx: &mut Call<'_>,
    id: BuildrootId,
    host: HostId,
    task: TaskId,
    found: Found,
) -> Result<Vec<ArchiveId>> {
    owned(cx, id, host, Some(task)).await?;
    let artifacts = read("mavenlist", found.artifacts)?;
    let db = cx.db().await?;
    let repo: RepoId =
        db.fetch_scalar("SELECT repo_id FROM standard_buildroot WHERE buildroot_id = $1", args![id]).await?;
    let repo = repos::get(db, repo).await?;
    let mut builds: HashMap<Artifact, BuildId> = HashMap::new();
    for archive in tagging::latest_maven(db, repo.tag_id, Some(repo.create_event), true).await? {
        let (group_id, artifact_id, version) = (archive.group_id, archive.artifact_id, archive.version);
        builds.entry(Artifact { group_id, artifact_id, version }).or_insert(archive.build_id);
    }
    let mut ignored = Sizes::new();
    for entry in read("ignore", found.ignored)? {
        entry.files.iter().for_each(|file| ignore(&mut ignored, &entry.maven_info, &file.filename, file.size));
    }
    for more in found.more {
        match more {
            Value::Int(_) => add_task(cx, TaskId::from_value(more), &mut ignored).await?,
            build => add_build(cx.db().await?, BuildRef::from_value(build), &mut builds).await?,
        }
    }

    let mut out = Vec::new();
    for Entry { maven_info, files } in artifacts {
        let known = match builds.get(&maven_info) {
            Some(build) => of_build(cx.db().await?, *build, &maven_info).await?,
            None => HashMap::new(),
        };
        for File { path, filename, size } in files {
            match known.get(&filename) {
                Some((id, known_size)) if *known_size == size => out.push(*id),
                _ if ignored.get(&maven_info).and_then(|files| files.get(&filename)) == Some(&size) => {}
                _ if found.ignore_unknown => {}
                _ => fail!(Buildroot, "No such file in build environment: {path}/{filename}, size: {size}"),
            }
        }
    }
    Ok(out)
}

/// The files of an artifact that are in a build, by their names, with their sizes.
async fn of_build(db: &mut Conn, build: BuildId, artifact: &Artifact) -> Result<HashMap<String, (ArchiveId, i64)>> {
    let Artifact { group_id, artifact_id, version } = artifact;
    let rows: Vec<(String, ArchiveId, i64)> = db
        .fetch_all(
            "SELECT archiveinfo.filename, archiveinfo.id, archiveinfo.size FROM archiveinfo
             JOIN maven_archives AS m ON m.archive_id = archiveinfo.id
             WHERE archiveinfo.build_id = $1 AND m.group_id = $2 AND m.artifact_id = $3 AND m.version = $4
             ORDER BY archiveinfo.id",
            args![build, group_id.as_str(), artifact_id.as_str(), version.as_str()],
        )
        .await?;
    Ok(rows.into_iter().map(|(name, id, size)| (name, (id, size))).collect())
}

/// Lets the artifacts of a build come before those of the tag.
async fn add_build(
    db: &mut Conn,
    build: Result<BuildRef, String>,
    builds: &mut HashMap<Artifact, BuildId>,
) -> Result<()> {
    let build = match build {
        Ok(build) => builds::get(db, &build).await?.id,
        Err(why) => fail!("{why}"),
    };
    let sql = "SELECT m.group_id, m.artifact_id, m.version FROM maven_archives AS m
               JOIN archiveinfo ON archiveinfo.id = m.archive_id WHERE archiveinfo.build_id = $1";
    let artifacts: Vec<Artifact> = db.fetch_all(sql, args![build]).await?;
    builds.extend(artifacts.into_iter().map(|artifact| (artifact, build)));
    Ok(())
}

/// Ignores what a task left, laid out as a Maven repository.
async fn add_task(cx: &mut Call<'_>, task: Result<TaskId, String>, ignored: &mut Sizes) -> Result<()> {
    let task = match task {
        Ok(task) => task,
        Err(why) => fail!(Parameter, "invalid value for extra_deps: {why}"),
    };
    let dir = paths::task_output(None, task);
    for file in walk(cx.storage(), &dir).await? {
        let Some((artifact, filename)) = in_repository(&file) else { continue };
        if let Some(found) = cx.storage().metadata(&format!("{dir}/{file}")).await? {
            ignore(ignored, &artifact, filename, i64::try_from(found.size).unwrap_or(i64::MAX));
        }
    }
    Ok(())
}

/// The artifact that a file in a Maven repository is of, and its name; none for logs, sums and files elsewhere.
fn in_repository(file: &str) -> Option<(Artifact, &str)> {
    if [".log", ".md5", ".sha1"].iter().any(|ending| file.ends_with(ending)) {
        return None;
    }
    let mut parts = file.rsplitn(4, '/');
    let (filename, version, artifact_id, group) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let artifact = Artifact {
        group_id: group.replace('/', "."),
        artifact_id: artifact_id.to_owned(),
        version: version.to_owned(),
    };
    Some((artifact, filename))
}

/// Ignores a file. A snapshot is also found without its time.
fn ignore(ignored: &mut Sizes, artifact: &Artifact, filename: &str, size: i64) {
    let files = ignored.entry(artifact.clone()).or_default();
    files.insert(filename.to_owned(), size);
    if let Some(name) = without_time(filename) {
        files.insert(name, size);
    }
}

/// The name of a snapshot's file with `-SNAPSHOT` in place of the time and the number: `-20240131.123456-7`.
fn without_time(filename: &str) -> Option<String> {
    for (at, _) in filename.match_indices('-') {
        let (before, stamp) = (filename.get(..at)?, filename.get(at + 1..)?);
        let digits = |text: &str, count| text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
        let Some((_, rest)) = stamp.split_once('.').filter(|(day, _)| digits(day, 8)) else { continue };
        let Some((_, rest)) = rest.split_once('-').filter(|(time, _)| digits(time, 6)) else { continue };
        let after = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        if after.len() < rest.len() {
            return Some(format!("{before}-SNAPSHOT{after}"));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snapshots_are_known_without_their_time() {
        for (file, expected) in [
            ("lib-1-20240131.123456-7.jar", Some("lib-1-SNAPSHOT.jar")),
            ("lib-1-20240131.123456-17-sources.jar", Some("lib-1-SNAPSHOT-sources.jar")),
            ("lib-1-20240131.12345-7.jar", None),
            ("lib-1-20240131.123456-.jar", None),
            ("lib-1.0.jar", None),
            ("-", None),
        ] {
            assert_eq!(without_time(file).as_deref(), expected, "{file}");
        }
    }

    #[test]
    fn files_of_a_task_are_artifacts_by_their_place() {
        let (artifact, name) = in_repository("org/example/lib/1.0/lib-1.0.jar").unwrap();
        let expected = Artifact { group_id: "org.example".into(), artifact_id: "lib".into(), version: "1.0".into() };
        assert_eq!((artifact, name), (expected, "lib-1.0.jar"));
        for file in ["org/example/lib/1.0/lib-1.0.jar.md5", "lib/1.0/lib.jar", "build.log"] {
            assert!(in_repository(file).is_none(), "{file}");
        }
    }
}
