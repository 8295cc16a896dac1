//! `createrepo`: makes the metadata of one arch of a repo.

use std::path::{Path, PathBuf};

use koji_core::api::external_repos::GetExternalRepoList;
use koji_core::api::repos::RepoInfo;
use koji_core::ids::RepoId;
use koji_core::model::{Repo, RepoState};
use koji_core::paths;
use koji_core::task::CreateRepo;
use koji_core::xmlrpc::Value;

use super::merge_repos::merge_repos;
use super::new_repo::check_topdir;
use crate::task::{LoggedCommand, TaskContext, TaskError, TaskHandler, describe};

/// Runs createrepo_c on the packages that the hub has listed, and uploads what it made: the upload directory and the
/// files' names.
pub(super) struct CreateRepoHandler;

impl TaskHandler for CreateRepoHandler {
    type Args = CreateRepo;
    type Output = (String, Vec<String>);

    fn weight(&self) -> f64 {
        1.5
    }

    async fn run(&self, args: CreateRepo, cx: &TaskContext) -> Result<(String, Vec<String>), TaskError> {
        let session = cx.session();
        let repo = session.call(RepoInfo::new(args.repo_id).strict(true)).await?;
        let repo = repo.ok_or_else(|| TaskError::generic(format!("No such repo: {}", args.repo_id)))?;
        if repo.state != RepoState::Init {
            let state = repo.state.code();
            return Err(TaskError::generic(format!("Repo {} not in INIT state (got {state})", repo.id)));
        }
        if !paths::is_component(&args.arch) {
            return Err(TaskError::generic(format!("not an arch: {}", args.arch)));
        }
        let place = Place::of(&repo, &args.arch, cx)?;
        let old = args.oldrepo.as_ref().and_then(|old| old.get("id")).and_then(Value::as_int);
        let old = old.and_then(|id| i32::try_from(id).ok()).map(RepoId);
        create(&place, old, cx).await?;
        let external = session.call(GetExternalRepoList::new(repo.tag_id).event(repo.create_event)).await?;
        if !external.is_empty() {
            merge_repos(&place, &args.arch, &external, cx).await?;
        } else if !place.has_packages {
            let text = "This repo is empty because its tag has no content for this arch\n";
            fs_err::write(place.metadata().join("EMPTY_REPO"), text)?;
        }
        let mut names = Vec::new();
        for entry in fs_err::read_dir(place.metadata())? {
            let entry = entry?;
            cx.upload(&entry.path()).await?;
            names.extend(entry.file_name().into_string());
        }
        names.sort();
        Ok((cx.upload_dir(), names))
    }
}

/// Where things are.
pub(super) struct Place {
    /// What the hub made for the arch: `pkglist`, `blocklist`.
    pub(super) source: PathBuf,
    /// The comps file, if there is one.
    pub(super) groups: Option<PathBuf>,
    /// Where the metadata is made.
    pub(super) output: PathBuf,
    has_packages: bool,
}

impl Place {
    fn of(repo: &Repo, arch: &str, cx: &TaskContext) -> Result<Self, TaskError> {
        let top = cx.config().topdir.join(paths::repo(&repo.tag_name, repo.id));
        let source = top.join(arch);
        if !source.is_dir() {
            check_topdir(cx)?;
            return Err(TaskError::generic(format!("Repo directory missing: {}", source.display())));
        }
        let has_packages = fs_err::metadata(source.join("pkglist"))?.len() > 0;
        let groups = Some(top.join("groups/comps.xml")).filter(|groups| groups.is_file());
        let output = cx.workdir().join("repo");
        Ok(Self { source, groups, output, has_packages })
    }

    pub(super) fn metadata(&self) -> PathBuf {
        self.output.join("repodata")
    }
}

async fn create(place: &Place, old: Option<RepoId>, cx: &TaskContext) -> Result<(), TaskError> {
    fs_err::create_dir_all(&place.output)?;
    let mut command = LoggedCommand::new("createrepo_c")
        .args(["--error-exit-val", "--verbose", "--no-database", "--outputdir"])
        .arg(&place.output);
    if let Some(groups) = &place.groups {
        command = command.arg("--groupfile").arg(groups);
    }
    if place.has_packages {
        command = command.arg("--pkglist").arg(place.source.join("pkglist"));
        if let Some(old) = old
            && copy_old(place, old, cx).await?
        {
            command = command.arg("--update");
            if cx.config().createrepo_skip_stat {
                command = command.arg("--skip-stat");
            }
        }
    }
    let command = command.arg(if place.has_packages { &place.source } else { &place.output });
    run(&command, "createrepo.log", "failed to create repo", "createrepo_c", cx).await
}

/// Copies the metadata of an older repo: whether there was any.
async fn copy_old(place: &Place, old: RepoId, cx: &TaskContext) -> Result<bool, TaskError> {
    if !cx.config().createrepo_update {
        return Ok(false);
    }
    let Some(old) = cx.session().call(RepoInfo::new(old)).await? else { return Ok(false) };
    let arch = place.source.file_name().unwrap_or_default();
    let from = cx.config().topdir.join(paths::repo(&old.tag_name, old.id)).join(arch).join("repodata");
    if !from.is_dir() {
        tracing::warn!(directory = %from.display(), "the older repo's metadata is missing");
        return Ok(false);
    }
    fs_err::create_dir_all(place.metadata())?;
    for entry in fs_err::read_dir(&from)? {
        let entry = entry?;
        // where packages came from is written anew when external repos are merged
        let name = entry.file_name();
        if entry.file_type()?.is_file() && !name.to_str().is_some_and(|name| name.contains("pkgorigins")) {
            copy(&entry.path(), &place.metadata().join(name)).await?;
        }
    }
    Ok(true)
}

async fn copy(from: &Path, to: &Path) -> Result<(), TaskError> {
    fs_err::tokio::copy(from, to).await?;
    Ok(())
}

/// Runs a program with a log that people can read.
pub(super) async fn run(
    command: &LoggedCommand,
    log: &str,
    failed: &str,
    program: &str,
    cx: &TaskContext,
) -> Result<(), TaskError> {
    let log = cx.log(log);
    let status = command.run(log.path()).await;
    let name = log.name().to_owned();
    log.finish().await;
    let status = status?;
    match status.success() {
        true => Ok(()),
        false => {
            let status = describe(program, status);
            Err(TaskError::generic(format!("{failed}: {status}; see {name} for more information")))
        }
    }
}
