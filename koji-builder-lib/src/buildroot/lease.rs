//! A buildroot's life at the hub: registered, in use, expired.

use koji_core::api::TagRef;
use koji_core::api::buildroots::{NewBuildRoot, SetBuildRootList, SetBuildRootState, UpdateBuildRootList};
use koji_core::api::host::GetOwnHost;
use koji_core::api::repos::RepoInfo;
use koji_core::api::tags::GetBuildConfig;
use koji_core::arch::{ArchList, NOARCH, canonical};
use koji_core::ids::{BuildrootId, RepoId};
use koji_core::model::{BuildrootState, Repo, RepoState, Tag};
use koji_core::paths;
use koji_core::xmlrpc::Value;
use rand::seq::IndexedRandom;

use super::{Buildroot, BuildrootPlan, provider};
use crate::error::chain;
use crate::task::{TaskContext, TaskError, TaskLog};

/// A buildroot that is registered at the hub, with its logs.
///
/// One that is dropped without [`Lease::finish`] or [`Lease::abandon`] is expired by the manager, when its task is gone.
pub struct Lease {
    id: BuildrootId,
    cx: TaskContext,
    root: Box<dyn Buildroot>,
    logs: Vec<TaskLog>,
}

impl std::fmt::Debug for Lease {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lease").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Lease {
    /// Registers and prepares a buildroot for a package of `arch`, of the tag `tag` as of a repo.
    ///
    /// For noarch, any arch will do that host and tag share: the task's own if it has one, else one drawn at random.
    pub async fn begin(cx: &TaskContext, tag: TagRef, repo: &Repo, arch: &str) -> Result<Lease, TaskError> {
        let session = cx.session();
        if !matches!(repo.state, RepoState::Ready | RepoState::Expired) {
            return Err(TaskError::buildroot(format!("repo {} is {}", repo.id, repo.state.name())));
        }
        let tag = session.call(GetBuildConfig::new(tag).event(repo.create_event)).await?;
        let arch = buildroot_arch(cx, &tag, arch).await?;
        let id = session.call(NewBuildRoot::new(repo.id, arch.as_str()).task_id(cx.id())).await?;
        tracing::info!(buildroot = %id, repo = %repo.id, arch, "preparing a buildroot");
        let plan = BuildrootPlan { id, tag, repo: repo.clone(), arch };
        // followed from the start, so that also what goes wrong in the preparation can be read
        let mut logs = vec![cx.log("root.log")];
        match provider(cx.config()).prepare(cx, plan).await {
            Ok(root) => {
                let more = root.logs().iter().filter(|name| **name != "root.log");
                logs.extend(more.map(|name| cx.log(name)));
                let lease = Lease { id, cx: cx.clone(), root, logs };
                session.call(SetBuildRootList::new(id, lease.root.packages()).task_id(cx.id())).await?;
                lease.set_state(BuildrootState::Building).await?;
                Ok(lease)
            }
            Err(error) => {
                give_up(cx, id, logs).await;
                Err(error)
            }
        }
    }

    /// Its id at the hub.
    pub fn id(&self) -> BuildrootId {
        self.id
    }

    /// The buildroot itself.
    pub fn root(&mut self) -> &mut dyn Buildroot {
        self.root.as_mut()
    }

    /// Gives it up after work that went well: the uploaded logs, by path below the hub's `work`.
    pub async fn finish(self) -> Result<Vec<String>, TaskError> {
        let call = UpdateBuildRootList::new(self.id, self.root.packages()).task_id(self.cx.id());
        self.cx.session().call(call).await?;
        let mut uploaded = Vec::new();
        for log in self.logs {
            let name = log.name().to_owned();
            if log.finish().await {
                uploaded.push(format!("{}/{name}", self.cx.upload_dir()));
            }
        }
        expire(&self.cx, self.id).await?;
        Ok(uploaded)
    }

    /// Gives it up after work that went wrong; the logs are sent first.
    pub async fn abandon(self) {
        give_up(&self.cx, self.id, self.logs).await;
    }

    /// Goes on after work in it that went well; gives it up after work that did not.
    pub async fn settle<T>(self, result: Result<T, TaskError>) -> Result<(Lease, T), TaskError> {
        match result {
            Ok(done) => Ok((self, done)),
            Err(error) => {
                self.abandon().await;
                Err(error)
            }
        }
    }

    async fn set_state(&self, state: BuildrootState) -> Result<(), TaskError> {
        let call = SetBuildRootState::new(self.id, Value::from(state.name())).task_id(self.cx.id());
        Ok(self.cx.session().call(call).await?)
    }
}

/// Sends the logs and expires the buildroot, as far as that can be done: what went wrong before is the error to tell.
async fn give_up(cx: &TaskContext, id: BuildrootId, logs: Vec<TaskLog>) {
    for log in logs {
        log.finish().await;
    }
    if let Err(error) = expire(cx, id).await {
        tracing::warn!(buildroot = %id, error = chain(&error), "cannot give a buildroot up");
    }
}

async fn expire(cx: &TaskContext, id: BuildrootId) -> Result<(), TaskError> {
    let expired = Value::from(BuildrootState::Expired.name());
    Ok(cx.session().call(SetBuildRootState::new(id, expired).task_id(cx.id())).await?)
}

/// The repo that a build task names; a `BuildError` if it names none.
pub(crate) async fn repo_of(cx: &TaskContext, id: Option<RepoId>) -> Result<Repo, TaskError> {
    let id = id.ok_or_else(|| TaskError::build("A repo id must be provided"))?;
    let repo = cx.session().call(RepoInfo::new(id).strict(true)).await?;
    repo.ok_or_else(|| TaskError::build(format!("No such repo: {id}")))
}

/// Where the packages and the metadata of an arch of a repo are, below the hub's top directory.
pub(super) fn arch_repo(repo: &Repo, arch: &str) -> String {
    let top = match repo.dist.unwrap_or_default() {
        true => paths::dist_repo(None, &repo.tag_name, repo.id),
        false => paths::repo(&repo.tag_name, repo.id),
    };
    format!("{top}/{arch}")
}

async fn buildroot_arch(cx: &TaskContext, tag: &Tag, arch: &str) -> Result<String, TaskError> {
    if arch != NOARCH {
        return Ok(canonical(arch).to_owned());
    }
    let host = cx.session().call(GetOwnHost::new()).await?;
    let no_arches = |what: &str| TaskError::build(format!("No arches for {what}"));
    let tag_arches: ArchList = tag.arches.as_deref().unwrap_or_default().parse()?;
    let host_arches: ArchList = host.arches.as_deref().unwrap_or_default().parse()?;
    if tag_arches.is_empty() {
        return Err(no_arches(&format!("tag {} [{}]", tag.name, tag.id)));
    }
    let common = tag_arches.common(&host_arches);
    let preferred = canonical(&cx.info().arch);
    if common.contains(&preferred) {
        return Ok(preferred.to_owned());
    }
    let drawn = common.choose(&mut rand::rng()).map(|arch| (*arch).to_owned());
    drawn.ok_or_else(|| {
        let arches = (tag.arches.as_deref().unwrap_or_default(), host.arches.as_deref().unwrap_or_default());
        TaskError::build(format!(
            "host {} ({}) does not support any arches of tag {} ({})",
            host.name, arches.1, tag.name, arches.0
        ))
    })
}

/// Whether a host and a tag share an arch; a tag without arches is left to the task to complain about.
pub(crate) async fn host_suits_tag(
    session: &koji_client::Session,
    host: &koji_core::model::Host,
    tag: TagRef,
) -> Result<bool, TaskError> {
    let tag = session.call(GetBuildConfig::new(tag)).await?;
    let tag_arches: ArchList = tag.arches.as_deref().unwrap_or_default().parse()?;
    let host_arches: ArchList = host.arches.as_deref().unwrap_or_default().parse()?;
    Ok(tag_arches.is_empty() || !tag_arches.common(&host_arches).is_empty())
}
