//! `build`: the whole of a build. It does little itself: its subtasks make the source RPM, build it for each arch, and tag
//! the result.

use koji_core::api::builds::ListBuilds;
use koji_core::api::events::GetLastEvent;
use koji_core::api::host_builds::{CompleteBuild, FailBuild, InitBuild, MoveBuildToScratch};
use koji_core::api::packages::GetPackageConfig;
use koji_core::api::policies::AssertPolicy;
use koji_core::api::repos::RepoInfo;
use koji_core::api::tags::{GetBuildConfig, GetTag};
use koji_core::api::targets::GetBuildTarget;
use koji_core::api::{BuildRef, EventRef, OneOrMany, TagRef, TargetRef};
use koji_core::arch::ArchList;
use koji_core::arch::selection::{SourceArches, TaskArch, build_arches, task_arch};
use koji_core::ids::{BuildId, EventId, TagId, TaskId};
use koji_core::model::{BuildListItem, BuildState, BuildTarget, Repo, RepoState, Tag};
use koji_core::task::{Build, BuildArch, BuildArchOpts, BuildOpts, BuildSrpmFromScm, RebuildSrpm, SrpmOpts, TagBuild};
use koji_core::xmlrpc::{Struct, Value};
use rand::seq::IndexedRandom;
use serde::Deserialize;

use super::build_arch::BuildArchResult;
use super::srpm::SourceInfo;
use crate::buildroot::PackageHeader;
use crate::scm::ScmUrl;
use crate::task::{SubtaskOpts, TaskContext, TaskError, TaskHandler, Waiting};

/// Builds a package from an SCM URL or an uploaded source RPM.
pub(super) struct BuildHandler;

impl TaskHandler for BuildHandler {
    type Args = Build;
    type Output = ();

    fn weight(&self) -> f64 {
        0.2
    }

    async fn run(&self, args: Build, cx: &TaskContext) -> Result<(), TaskError> {
        let plan = Plan::make(args, cx).await?;
        let begun = plan.begun(cx).await?;
        if let Some(build) = begun.as_ref().filter(|build| build.state == BuildState::Complete) {
            return plan.tag(build.build_id, cx).await;
        }
        plan.check_policies(cx).await?;
        let (repo, event) = plan.repo(cx).await?;
        let config = cx.session().call(GetBuildConfig::new(plan.build_tag).event(event)).await?;
        Running { plan, begun: begun.map(|build| build.build_id), repo, event, config, cx }.run().await
    }
}

/// What is to be built, and where to.
struct Plan {
    src: String,
    opts: BuildOpts,
    target: Option<BuildTarget>,
    build_tag: TagId,
    dest_tag: TagId,
    dest_tag_name: String,
    /// The repo that was asked for.
    given_repo: Option<Repo>,
}

impl Plan {
    async fn make(args: Build, cx: &TaskContext) -> Result<Self, TaskError> {
        let mut opts = args.opts;
        if opts.arch_override.as_deref().is_some_and(|arches| !arches.is_empty()) && !opts.scratch {
            return Err(TaskError::build("arch_override is only allowed for scratch builds"));
        }
        let repo = given_repo(&opts, cx).await?;
        let event = repo.as_ref().map(|repo| repo.create_event);
        let target = match &args.target {
            Some(target) => {
                let mut call = GetBuildTarget::new(target.clone());
                call.event = event;
                cx.session().call(call).await?
            }
            None => None,
        };
        let (build_tag, dest_tag, dest_tag_name) = match (&target, &repo, args.target) {
            (Some(target), repo, _) => {
                if let Some(repo) = repo.as_ref().filter(|repo| repo.tag_id != target.build_tag) {
                    let (repo, tag) = (&repo.tag_name, &target.build_tag_name);
                    return Err(TaskError::build(format!("Repo/Target mismatch: {repo}/{tag}")));
                }
                (target.build_tag, target.dest_tag, target.dest_tag_name.clone())
            }
            (None, None, target) => {
                let target = target.map_or("None".to_owned(), |target| match target {
                    TargetRef::Name(name) => name,
                    TargetRef::Id(id) => id.to_string(),
                });
                return Err(TaskError::generic(format!("unknown build target: {target}")));
            }
            // a build for nowhere
            (None, Some(repo), None) => {
                opts.skip_tag = true;
                (repo.tag_id, repo.tag_id, repo.tag_name.clone())
            }
            // the repo says where it is built, so a tag is enough
            (None, Some(repo), Some(target)) => {
                let tag = match &target {
                    TargetRef::Id(id) => TagRef::Id(TagId(id.0)),
                    TargetRef::Name(name) => TagRef::Name(name.clone()),
                };
                let mut call = GetTag::new(tag);
                call.event = event.map(EventRef::At);
                let tag = cx.session().call(call).await?;
                let tag = tag.ok_or_else(|| TaskError::generic(format!("neither tag nor target: {target}")))?;
                (repo.tag_id, tag.id, tag.name)
            }
        };
        Ok(Self { src: args.src, opts, target, build_tag, dest_tag, dest_tag_name, given_repo: repo })
    }

    /// The build that an earlier run of this task has begun, or even completed.
    async fn begun(&self, cx: &TaskContext) -> Result<Option<BuildListItem>, TaskError> {
        if self.opts.scratch {
            return Ok(None);
        }
        let states = [BuildState::Building, BuildState::Complete].map(BuildState::code);
        let call = ListBuilds::new().task_id(cx.id()).state(OneOrMany::from(states.to_vec()));
        Ok(cx.session().call(call).await?.into_list().into_iter().next())
    }

    /// Has a complete build tagged, if it is to be.
    async fn tag(&self, build: BuildId, cx: &TaskContext) -> Result<(), TaskError> {
        if self.opts.skip_tag {
            return Ok(());
        }
        let tag = TagBuild {
            tag_id: self.dest_tag.into(),
            build_id: BuildRef::Id(build),
            force: false,
            fromtag: None,
            ignore_success: true,
        };
        let task = cx.subtask(tag, SubtaskOpts::default().label("tag").arch("noarch")).await?;
        cx.wait_for::<Value>(task).await?;
        Ok(())
    }

    fn is_from_scm(&self) -> bool {
        ScmUrl::is_scm_url(&self.src)
    }

    async fn check_policies(&self, cx: &TaskContext) -> Result<(), TaskError> {
        let opts = &self.opts;
        let mut data = Struct::new();
        data.insert("user_id", cx.info().owner.0);
        data.insert("source", self.src.as_str());
        data.insert("task_id", cx.id().0);
        data.insert("build_tag", self.build_tag.0);
        data.insert("skip_tag", opts.skip_tag);
        data.insert("scratch", opts.scratch);
        data.insert("draft", opts.draft);
        data.insert("from_scm", self.is_from_scm());
        data.insert("repo_id", opts.repo_id.map(|id| id.0));
        if let Some(target) = &self.target {
            data.insert("target", target.name.as_str());
        }
        if !opts.skip_tag {
            data.insert("tag", self.dest_tag.0);
        }
        let mut policies = Vec::new();
        if !self.is_from_scm() && !opts.scratch {
            policies.push("build_from_srpm");
        }
        if opts.repo_id.is_some() {
            policies.push("build_from_repo_id");
        }
        policies.push("build_rpm");
        for policy in policies {
            cx.session().call(AssertPolicy::new(policy, data.clone())).await?;
        }
        Ok(())
    }

    /// The repo to build in, and the event as of which settings count.
    async fn repo(&self, cx: &TaskContext) -> Result<(Repo, EventId), TaskError> {
        if let Some(repo) = &self.given_repo {
            return Ok((repo.clone(), repo.create_event));
        }
        let builds = self.opts.wait_builds.clone().unwrap_or_default();
        let repo = cx.get_repo(self.build_tag, &builds, self.opts.wait_repo).await?;
        let event = cx.session().call(GetLastEvent::new()).await?;
        let event = event.ok_or_else(|| TaskError::generic("the hub has no events"))?;
        Ok((repo, event.id))
    }
}

async fn given_repo(opts: &BuildOpts, cx: &TaskContext) -> Result<Option<Repo>, TaskError> {
    let Some(id) = opts.repo_id else { return Ok(None) };
    let repo = cx.session().call(RepoInfo::new(id)).await?;
    let repo = repo.ok_or_else(|| TaskError::build(format!("No such repo: {id}")))?;
    match repo.state {
        RepoState::Ready | RepoState::Expired => Ok(Some(repo)),
        state => Err(TaskError::build(format!("Bad repo: {id} ({state})"))),
    }
}

/// A source RPM at the hub.
#[derive(Deserialize)]
struct Source {
    srpm: String,
    source: Option<SourceInfo>,
}

/// What all arches together have built.
#[derive(Default)]
struct Built {
    srpm: Option<String>,
    rpms: Vec<String>,
    buildroots: Struct,
    logs: Struct,
}

struct Running<'a> {
    plan: Plan,
    /// The build, if an earlier run of this task has begun it.
    begun: Option<BuildId>,
    repo: Repo,
    event: EventId,
    /// The build tag with inherited settings.
    config: Tag,
    cx: &'a TaskContext,
}

impl Running<'_> {
    async fn run(self) -> Result<(), TaskError> {
        let (cx, opts) = (self.cx, &self.plan.opts);
        let source = self.source_rpm().await?;
        let header = cx.local_path(&format!("work/{}", source.srpm)).await?;
        let header = PackageHeader::read_source(&header)?;
        let arches = self.arches(&header).await?;
        if opts.scratch {
            let built = self.build(&source.srpm, &arches, &header.arches).await?;
            let srpm = built.srpm.unwrap_or_default();
            let call = MoveBuildToScratch::new(cx.id(), srpm, built.rpms).logs(built.logs);
            return Ok(cx.session().call(call).await?);
        }
        let build = match self.begun {
            Some(build) => build,
            None => cx.session().call(InitBuild::new(self.build_data(&header, &source))).await?,
        };
        if let Err(error) = self.build_and_import(build, &source.srpm, &arches, &header.arches).await {
            if !matches!(error, TaskError::Interrupted) {
                cx.session().call(FailBuild::new(cx.id(), build)).await?;
            }
            return Err(error);
        }
        self.plan.tag(build, cx).await
    }

    async fn source_rpm(&self) -> Result<Source, TaskError> {
        let (cx, plan) = (self.cx, &self.plan);
        let task_opts = SrpmOpts { repo_id: Some(self.repo.id), scratch: plan.opts.scratch };
        let opts = SubtaskOpts::default().label("srpm").arch(self.task_arch("noarch", &SourceArches::default())?);
        let (url, build_tag) = (plan.src.clone(), TagRef::from(plan.build_tag));
        let task = if plan.is_from_scm() {
            cx.subtask(BuildSrpmFromScm { url, build_tag, opts: task_opts }, opts).await?
        } else if self.rebuilds_srpm() {
            cx.subtask(RebuildSrpm { srpm: url, build_tag, opts: task_opts }, opts).await?
        } else {
            return Ok(Source { srpm: url, source: None });
        };
        cx.wait_for(task).await
    }

    /// Whether an uploaded source RPM is made anew: as the tag says, or for scratch builds as the user says.
    fn rebuilds_srpm(&self) -> bool {
        let opts = &self.plan.opts;
        let of_tag = self.config.extra.get("rebuild_srpm").is_none_or(Value::is_truthy);
        opts.rebuild_srpm.filter(|_| opts.scratch).unwrap_or(of_tag)
    }

    /// The arches to build for. Fails if the package may not be built for the tag.
    async fn arches(&self, header: &PackageHeader) -> Result<Vec<String>, TaskError> {
        let (plan, package) = (&self.plan, header.nvra.nvr.name.as_str());
        let call = GetPackageConfig::new(plan.dest_tag, package).event(self.event);
        let listed = self.cx.session().call(call).await?;
        if !plan.opts.skip_tag && !plan.opts.scratch {
            let problem = match &listed {
                None => Some("not in list"),
                Some(listed) if listed.blocked => Some("blocked"),
                Some(_) => None,
            };
            if let Some(problem) = problem {
                let tag = &plan.dest_tag_name;
                let problem = if listed.is_none() { format!("{problem} for") } else { format!("is {problem} for") };
                return Err(TaskError::build(format!("package {package} {problem} tag {tag}")));
            }
            // said by the tagging too, but only when a build is there that is in no tag
            let tag = self.cx.session().call(GetTag::new(plan.dest_tag)).await?;
            if tag.is_some_and(|tag| tag.locked) {
                return Err(TaskError::build(format!("Destination tag {} is locked", plan.dest_tag_name)));
            }
        }
        let tag = self.tag_arches()?;
        if tag.is_empty() {
            return Err(TaskError::build(format!("No arches for tag {} [{}]", self.config.name, self.config.id)));
        }
        let extra: ArchList = listed.and_then(|listed| listed.extra_arches).unwrap_or_default().parse()?;
        let wanted = plan.opts.arch_override.as_deref().map(str::parse::<ArchList>).transpose()?;
        Ok(build_arches(&tag, &extra, &header.arches, wanted.as_ref())?)
    }

    fn tag_arches(&self) -> Result<ArchList, TaskError> {
        Ok(self.config.arches.as_deref().unwrap_or_default().parse()?)
    }

    /// The arch of a subtask that builds for `arch`.
    fn task_arch(&self, arch: &str, source: &SourceArches) -> Result<String, TaskError> {
        let literal = &self.cx.config().literal_task_arches;
        let noarch = self.config.extra.get("noarch_arches").and_then(Value::as_str);
        let noarch = noarch.map(str::parse::<ArchList>).transpose()?;
        Ok(match task_arch(arch, literal, &self.tag_arches()?, noarch.as_ref(), source)? {
            TaskArch::Is(arch) => arch,
            TaskArch::OneOf(arches) => arches.choose(&mut rand::rng()).cloned().unwrap_or_default(),
        })
    }

    fn build_data(&self, header: &PackageHeader, source: &Source) -> Struct {
        let nvr = &header.nvra.nvr;
        let mut data = Struct::new();
        data.insert("name", nvr.name.as_str());
        data.insert("version", nvr.version.as_str());
        data.insert("release", nvr.release.as_str());
        data.insert("epoch", header.epoch.map(i64::from));
        data.insert("task_id", self.cx.id().0);
        let mut extra = Struct::new();
        if let Some(info) = &source.source {
            data.insert("source", info.source.as_str());
            let original: Struct = [("original_url", info.url.as_str())].into_iter().collect();
            extra.insert("source", original);
        }
        if let Some(metadata) = self.plan.opts.custom_user_metadata.clone().filter(|metadata| !metadata.is_empty()) {
            extra.insert("custom_user_metadata", metadata);
        }
        if !extra.is_empty() {
            data.insert("extra", extra);
        }
        if self.plan.opts.draft {
            data.insert("draft", true);
        }
        data
    }

    async fn build_and_import(
        &self,
        build: BuildId,
        srpm: &str,
        arches: &[String],
        source: &SourceArches,
    ) -> Result<(), TaskError> {
        let built = self.build(srpm, arches, source).await?;
        let call = CompleteBuild::new(self.cx.id(), build, built.srpm.unwrap_or_default(), built.rpms)
            .brmap(built.buildroots)
            .logs(built.logs);
        self.cx.session().call(call).await?;
        Ok(())
    }

    /// Has the source RPM built for each arch.
    async fn build(&self, srpm: &str, arches: &[String], source: &SourceArches) -> Result<Built, TaskError> {
        let cx = self.cx;
        let mut tasks: Vec<(&String, TaskId)> = Vec::new();
        for arch in arches {
            let task = BuildArch {
                pkg: srpm.to_owned(),
                root: self.plan.build_tag.into(),
                arch: arch.clone(),
                keep_srpm: tasks.is_empty(),
                opts: BuildArchOpts { repo_id: Some(self.repo.id) },
            };
            let opts = SubtaskOpts::default().label(arch.as_str()).arch(self.task_arch(arch, source)?);
            tasks.push((arch, cx.subtask(task, opts).await?));
        }
        let ids: Vec<TaskId> = tasks.iter().map(|(_, id)| *id).collect();
        let failany = self.plan.opts.fail_fast || !cx.config().build_arch_can_fail;
        let mut results = cx.wait(&ids, &Waiting { all: true, failany, canfail: Vec::new() }).await?;
        let mut built = Built::default();
        for (arch, id) in tasks {
            let result = results.remove(&id).unwrap_or_default();
            let result: BuildArchResult = koji_core::xmlrpc::from_value(result)
                .map_err(|e| TaskError::build(format!("the result of task {id} cannot be read: {e}")))?;
            for rpm in result.rpms.iter().chain(&result.srpms) {
                built.buildroots.insert(rpm.as_str(), result.brootid.0);
            }
            for srpm in result.srpms {
                if built.srpm.replace(srpm).is_some() {
                    return Err(TaskError::build(format!("multiple builds returned a srpm.  task {}", cx.id())));
                }
            }
            built.rpms.extend(result.rpms);
            let logs: Vec<Value> = result.logs.into_iter().map(Value::from).collect();
            built.logs.insert(arch.as_str(), logs);
        }
        if built.srpm.is_none() {
            return Err(TaskError::build("could not find a built srpm"));
        }
        Ok(built)
    }
}
