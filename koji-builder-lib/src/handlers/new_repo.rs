//! `newRepo`: makes a repo of a tag.

use std::collections::BTreeMap;
use std::path::Path;

use koji_core::api::host_repos::{RepoDone, RepoInit};
use koji_core::api::repos::{GetRepo, RepoInfo};
use koji_core::api::tags::{GetFullInheritance, GetTag};
use koji_core::api::{EventRef, TagRef};
use koji_core::fault::{Fault, FaultKind};
use koji_core::ids::{EventId, RepoId};
use koji_core::model::{Repo, RepoState, Tag};
use koji_core::paths;
use koji_core::task::{CreateRepo, NewRepo};
use koji_core::xmlrpc::{Struct, Value, to_value};

use crate::task::{SubtaskOpts, TaskContext, TaskError, TaskHandler, Waiting};

/// Begins a repo at the hub, has a `createrepo` subtask make the metadata of each arch, and hands it to the hub.
pub(super) struct NewRepoHandler;

impl TaskHandler for NewRepoHandler {
    type Args = NewRepo;
    type Output = (RepoId, EventId);

    fn weight(&self) -> f64 {
        0.1
    }

    async fn run(&self, args: NewRepo, cx: &TaskContext) -> Result<(RepoId, EventId), TaskError> {
        let session = cx.session();
        let mut call = GetTag::new(args.tag.clone()).strict(true);
        call.event = args.event.map(EventRef::At);
        let tag = session.call(call).await?;
        let tag = tag.ok_or_else(|| TaskError::generic(format!("No such tag: {}", args.tag)))?;
        let opts = options(&args)?;
        check_topdir(cx)?;
        let mut init = RepoInit::new(tag.id).task_id(cx.id());
        init.event = args.event;
        init.opts = opts;
        let (repo, event) = session.call(init).await?;
        // an earlier run of this task may have come to the end
        if session.call(RepoInfo::new(repo)).await?.is_some_and(|repo| repo.state == RepoState::Ready) {
            return Ok((repo, event));
        }
        let directory = cx.config().topdir.join(paths::repo(&tag.name, repo));
        let arches = arches(&directory)?;
        let old = old_repo(cx, &tag).await?;
        let old = old.map(|repo| to_value(&repo)).transpose().map_err(|e| TaskError::generic(e.to_string()))?;
        let mut tasks = BTreeMap::new();
        for arch in arches {
            let old = old.as_ref().and_then(Value::as_struct).cloned();
            let args = CreateRepo { repo_id: repo, arch: arch.clone(), oldrepo: old };
            let opts = SubtaskOpts::default().label(arch.as_str()).arch("noarch");
            tasks.insert(arch, cx.subtask(args, opts).await?);
        }
        let ids: Vec<_> = tasks.values().copied().collect();
        let mut results = cx.wait(&ids, &Waiting::for_all()).await?;
        let data: Struct =
            tasks.iter().map(|(arch, id)| (arch.clone(), results.remove(id).unwrap_or_default())).collect();
        session.call(RepoDone::new(repo, data)).await?;
        Ok((repo, event))
    }
}

/// The options, in whichever of the two forms they are given.
fn options(args: &NewRepo) -> Result<Option<Struct>, TaskError> {
    let legacy = [("src", args.src), ("debuginfo", args.debuginfo), ("separate_src", args.separate_src)];
    let legacy: Struct = legacy.into_iter().filter_map(|(name, on)| Some((name, on?))).collect();
    match (&args.opts, legacy.is_empty()) {
        (opts, true) => Ok(opts.clone()),
        (None, false) => Ok(Some(legacy)),
        (Some(_), false) => {
            Err(Fault::new(FaultKind::Parameter, "opts parameter cannot be combined with legacy options").into())
        }
    }
}

/// Another host may have the directory that is missing here.
pub(super) fn check_topdir(cx: &TaskContext) -> Result<(), TaskError> {
    let repos = cx.config().topdir.join("repos");
    match repos.is_dir() {
        true => Ok(()),
        false => Err(TaskError::Refused(format!("No access to repos dir {}", repos.display()))),
    }
}

fn arches(directory: &Path) -> Result<Vec<String>, TaskError> {
    if !directory.is_dir() {
        return Err(TaskError::generic(format!("Repo directory missing: {}", directory.display())));
    }
    let mut arches = Vec::new();
    for entry in fs_err::read_dir(directory)? {
        let entry = entry?;
        if let Ok(name) = entry.file_name().into_string()
            && name != "groups"
            && entry.path().join("pkglist").is_file()
        {
            arches.push(name);
        }
    }
    arches.sort();
    Ok(arches)
}

/// A repo whose metadata may be of use: the tag's last one, or that of the nearest related tag.
async fn old_repo(cx: &TaskContext, tag: &Tag) -> Result<Option<Repo>, TaskError> {
    if !cx.config().createrepo_update {
        return Ok(None);
    }
    let session = cx.session();
    if let Some(repo) = session.call(GetRepo::new(tag.id)).await? {
        return Ok(Some(repo));
    }
    let hints = match tag.extra.get("repo.oldrepo_hint") {
        Some(Value::Array(hints)) => hints.clone(),
        Some(hint) => vec![hint.clone()],
        None => Vec::new(),
    };
    for hint in hints.iter().filter_map(Value::as_str) {
        let Some(related) = session.call(GetTag::new(TagRef::from(hint))).await? else {
            tracing::warn!(hint, "repo.oldrepo_hint names no tag");
            continue;
        };
        if let Some(repo) = session.call(GetRepo::new(related.id)).await? {
            return Ok(Some(repo));
        }
    }
    let mut parents = session.call(GetFullInheritance::new(tag.id)).await?;
    parents.sort_by_key(|step| step.currdepth);
    for parent in parents {
        if let Some(repo) = session.call(GetRepo::new(parent.parent_id)).await? {
            return Ok(Some(repo));
        }
    }
    Ok(None)
}
