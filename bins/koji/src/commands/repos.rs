//! `regen-repo`, `request-repo`, `wait-repo`, `wait-repo-request`.

use koji_core::api::repos::CheckRepoRequest;
use koji_core::api::tagging::GetLatestBuilds;
use koji_core::api::tags::GetTag;
use koji_core::api::targets::{GetBuildTarget, GetBuildTargets};
use koji_core::api::tasks::NewRepo;
use koji_core::ids::{EventId, RepoRequestId};
use koji_core::model::{Repo, Tag};
use koji_core::nvr::Nvr;
use koji_core::xmlrpc::{Struct, Value};

use super::event::int32;
use super::repo_watcher::{RepoWatcher, Verbosity};
use super::watch::{Quiet, watch, watched};
use crate::context::Context;
use crate::exit::{Outcome, Stop};
use crate::optparse::{Opt, Parsed, Parser};
use crate::{say, warn};

/// How many minutes are waited unless something else is asked for.
const TIMEOUT: i64 = 120;

/// What `regen-repo` and `request-repo` have in common.
struct RequestOptions {
    target: Opt<bool>,
    wait: Opt<Option<bool>>,
    debuginfo: Opt<bool>,
    source: Opt<bool>,
    separate_source: Opt<bool>,
    watching: WatchOptions,
}

struct WatchOptions {
    timeout: Opt<Option<i64>>,
    verbose: Opt<bool>,
    quiet: Opt<bool>,
}

impl WatchOptions {
    fn declare(p: &mut Parser) -> Self {
        Self {
            timeout: p.int(&["--timeout"], "", "Wait timeout (default: 120)"),
            verbose: p.flag(&["-v", "--verbose"], "More verbose output"),
            quiet: p.flag(&["--quiet"], "Reduced output"),
        }
    }

    fn quiet(&self, cx: &Context, o: &Parsed) -> bool {
        cx.quiet || o.get(self.quiet)
    }

    fn minutes(&self, o: &Parsed) -> u64 {
        u64::try_from(o.get(self.timeout).unwrap_or(TIMEOUT)).unwrap_or_default()
    }

    fn verbosity(&self, cx: &Context, o: &Parsed) -> Verbosity {
        match () {
            _ if cx.profile.debug => Verbosity::Verbose,
            _ if self.quiet(cx, o) => Verbosity::Quiet,
            _ if o.get(self.verbose) => Verbosity::Verbose,
            _ => Verbosity::Normal,
        }
    }

    /// A watcher for a tag's repos.
    fn watcher<'a>(&self, cx: &'a Context, o: &Parsed, tag: &Tag) -> RepoWatcher<'a> {
        RepoWatcher::new(&cx.session, tag, self.minutes(o), self.verbosity(cx, o))
    }
}

impl RequestOptions {
    fn declare_first(p: &mut Parser) -> (Opt<bool>, Opt<Option<bool>>) {
        let target = p.flag(&["--target"], "Interpret the argument as a build target name");
        let wait = p.choice(
            &["--wait"],
            "Wait on for regen to finish, even if running in the background",
            &["--nowait"],
            "Don't wait on for regen to finish",
        );
        (target, wait)
    }

    fn declare((target, wait): (Opt<bool>, Opt<Option<bool>>), p: &mut Parser) -> Self {
        Self {
            target,
            wait,
            debuginfo: p.flag(&["--debuginfo"], "Include debuginfo rpms in repo"),
            source: p.flag(&["--source", "--src"], "Include source rpms in each of repos"),
            separate_source: p
                .flag(&["--separate-source", "--separate-src"], "Include source rpms in separate src repo"),
            watching: WatchOptions::declare(p),
        }
    }

    fn argument<'a>(&self, o: &Parsed, args: &'a [String]) -> Result<&'a str, Stop> {
        match args {
            [] => Err(o.error("A tag name must be specified")),
            [name] => Ok(name),
            _ if o.get(self.target) => Err(o.error("Only a single target may be specified")),
            _ => Err(o.error("Only a single tag name may be specified")),
        }
    }

    /// What the repo shall hold.
    fn content(&self, o: &Parsed) -> Option<Struct> {
        let content: Struct =
            [("debuginfo", self.debuginfo), ("src", self.source), ("separate_src", self.separate_source)]
                .into_iter()
                .filter(|(_, opt)| o.get(*opt))
                .map(|(name, _)| (name, true))
                .collect();
        Some(content).filter(|content| !content.is_empty())
    }
}

/// The tag of that name, or the build tag of the target of that name.
async fn tag_of(cx: &Context, o: &Parsed, name: &str, is_target: bool) -> Result<Tag, Stop> {
    let none = || o.error(format_args!("No such tag: {name}"));
    if is_target {
        let target = cx.session.call(GetBuildTarget::new(name)).await?;
        let target = target.ok_or_else(|| o.error(format_args!("No such build target: {name}")))?;
        return cx.session.call(GetTag::new(target.build_tag).strict(true)).await?.ok_or_else(none);
    }
    cx.session.call(GetTag::new(name)).await?.ok_or_else(none)
}

fn warn_without_arches(tag: &Tag) {
    if tag.arches.as_deref().unwrap_or_default().is_empty() {
        warn!("Tag {} has an empty arch list", tag.name);
    }
}

/// `koji regen-repo`
pub async fn regen(cx: Context, args: Vec<String>) -> Outcome {
    let mut p = cx.parser("regen-repo [options] <tag>");
    let first = RequestOptions::declare_first(&mut p);
    let make_task = p.flag(&["--make-task"], "Directly create a newRepo task");
    let options = RequestOptions::declare(first, &mut p);
    let (o, args) = p.parse(args)?;
    let name = options.argument(&o, &args)?;
    if !o.get(make_task) {
        match request_repo(&cx, &o, &options, name, Some("last".into()), None).await {
            Err(Stop::Failed(error)) if error.is_unknown_method() => {
                warn!("Hub does not support repo requests, attempting to create a task directly.");
            }
            other => return other,
        }
    }
    cx.activate().await?;
    let tag = tag_of(&cx, &o, name, o.get(options.target)).await?;
    if !o.get(options.target) {
        let targets = cx.session.call(GetBuildTargets::new().build_tag_id(tag.id)).await?;
        if targets.into_list().is_empty() {
            warn!("{} is not a build tag", tag.name);
        }
    }
    warn_without_arches(&tag);
    let new = NewRepo::new(tag.name.as_str())
        .debuginfo(o.get(options.debuginfo))
        .src(o.get(options.source))
        .separate_src(o.get(options.separate_source));
    let id = cx.session.call(new).await?;
    say!("Regenerating repo for tag: {}", tag.name);
    say!("Created task: {id}");
    say!("Task info: {}/taskinfo?taskID={id}", cx.profile.weburl);
    if watched(o.get(options.wait)) { watch(&cx, &[id], Quiet(cx.quiet)).await } else { Ok(0) }
}

/// `koji request-repo`
pub async fn request(cx: Context, args: Vec<String>) -> Outcome {
    let mut p = cx.parser("request-repo [options] <tag>");
    let first = RequestOptions::declare_first(&mut p);
    let min_event = p.int(&["--min-event"], "", "Minimum event id for repo");
    let at_event = p.int(&["--at-event"], "", "Specific event id for repo");
    let current = p.flag(&["--current", "--last"], "Use current event for tag");
    let options = RequestOptions::declare(first, &mut p);
    let (o, args) = p.parse(args)?;
    let name = options.argument(&o, &args)?;
    let at_event = o.get(at_event).filter(|event| *event != 0).map(int32).transpose()?.map(EventId);
    let min_event = o.get(min_event).filter(|event| *event != 0);
    let min_event = match (at_event, o.get(current), min_event) {
        (Some(_), false, None) | (None, false, None) => None,
        (Some(_), _, _) => return Err(o.error("Cannot specify both min-event and at-event")),
        (None, true, None) => Some("last".into()),
        (None, true, Some(_)) => return Err(o.error("Cannot specify both min-event and current")),
        (None, false, Some(event)) => Some(Value::from(event)),
    };
    request_repo(&cx, &o, &options, name, min_event, at_event).await
}

async fn request_repo(
    cx: &Context,
    o: &Parsed,
    options: &RequestOptions,
    name: &str,
    min_event: Option<Value>,
    at_event: Option<EventId>,
) -> Outcome {
    cx.activate().await?;
    let tag = tag_of(cx, o, name, o.get(options.target)).await?;
    warn_without_arches(&tag);
    let mut watcher = options.watching.watcher(cx, o, &tag);
    watcher.at_event = at_event;
    watcher.content = options.content(o);
    watcher.set_min_event(min_event).await?;
    let answer = watcher.request(None).await?;
    let repo = match (answer.repo, answer.request) {
        (Some(repo), _) => repo,
        (None, Some(request)) if o.get(options.wait) == Some(true) => {
            let repo = watcher.wait_request(request).await;
            repo.map_err(|stop| failed(stop, options.watching.quiet(cx, o)))?
        }
        (None, Some(request)) => {
            say!("Got request: {}", request.id);
            if let Some(task) = request.task_id {
                say!("Got task: {task}");
                say!("Task info: {}/taskinfo?taskID={task}", cx.profile.weburl);
            }
            return Ok(0);
        }
        (None, None) => return Err(Stop::generic("The hub gave neither a repo nor a request")),
    };
    show(cx, &repo);
    Ok(0)
}

fn show(cx: &Context, repo: &Repo) {
    say!("Got repo {}", repo.id);
    say!("Repo info: {}/repoinfo?repoID={}", cx.profile.weburl, repo.id);
}

/// What Koji makes of errors while it waits for a repo.
fn failed(stop: Stop, quiet: bool) -> Stop {
    let text = match &stop {
        Stop::Raised(_, text) => text.clone(),
        Stop::Failed(error) if error.fault().is_some() => error.to_string(),
        _ => return stop,
    };
    if quiet { Stop::Exit(1) } else { Stop::error(format_args!("Failed to get repo -- {text}")) }
}

/// `koji wait-repo`
pub async fn wait(mut cx: Context, args: Vec<String>) -> Outcome {
    let mut p = cx.parser("wait-repo [options] <tag>");
    let builds = p.list(
        &["--build"],
        "NVR",
        "Check that the given build is in the newly-generated repo (may be used multiple times)",
    );
    let target = p.flag(&["--target"], "Interpret the argument as a build target name");
    let request = p.choice(
        &["--request"],
        "Create a repo request (requires auth)",
        &["--no-request"],
        "Do not create a repo request (the default)",
    );
    let watching = WatchOptions {
        timeout: p.int(&["--timeout"], "", "Amount of time to wait (in minutes) before giving up (default: 120)"),
        verbose: p.flag(&["-v", "--verbose"], "Be verbose"),
        quiet: p.flag(&["--quiet"], "Suppress output, success or failure will be indicated by the return value only"),
    };
    let (o, args) = p.parse(args)?;
    let builds = o.get(builds).iter().map(|nvr| nvr.parse()).collect::<Result<Vec<Nvr>, _>>()?;
    let name = match args.as_slice() {
        [] => return Err(o.error("Please specify a tag name")),
        [name] => name,
        _ => return Err(o.error("Only one tag may be specified")),
    };
    let request = o.get(request);
    match request {
        Some(true) => {
            cx.allow_login();
            cx.activate().await?;
        }
        None => warn!("The --request option is recommended for faster results"),
        Some(false) => {}
    }
    cx.connect().await?;
    let tag = tag_of(&cx, &o, name, o.get(target)).await?;
    if !o.get(target) {
        warn_without_target(&cx, &tag).await?;
    }
    let request = request == Some(true);
    if !request && !tag.extra.get("repo.auto").is_some_and(Value::is_truthy) {
        warn!("This tag is not configured for automatic regeneration");
    }
    for build in &builds {
        warn_if_not_latest(&cx, &tag, build).await?;
    }
    let mut watcher = watching.watcher(&cx, &o, &tag);
    // a repo with the builds need not be a current one
    if builds.is_empty() {
        watcher.set_min_event(Some("last".into())).await?;
    }
    watcher.builds = builds;
    let quiet = watching.quiet(&cx, &o);
    let repo = watcher.wait_repo(!request).await.map_err(|stop| failed(stop, quiet))?;
    if !quiet {
        show(&cx, &repo);
    }
    Ok(0)
}

async fn warn_without_target(cx: &Context, tag: &Tag) -> Result<(), Stop> {
    let from = cx.session.call(GetBuildTargets::new().build_tag_id(tag.id)).await?.into_list();
    if !from.is_empty() {
        return Ok(());
    }
    warn!("{} is not a build tag for any target", tag.name);
    let into = cx.session.call(GetBuildTargets::new().dest_tag_id(tag.id)).await?.into_list();
    let mut maybe: Vec<_> = into.into_iter().map(|target| target.build_tag_name).collect();
    maybe.sort();
    maybe.dedup();
    if !maybe.is_empty() {
        warn!("Suggested tags: {}", maybe.join(", "));
    }
    Ok(())
}

async fn warn_if_not_latest(cx: &Context, tag: &Tag, build: &Nvr) -> Result<(), Stop> {
    let latest = cx.session.call(GetLatestBuilds::new(tag.id).package(build.name.as_str())).await?;
    match latest.first() {
        None => warn!("No {} builds in tag {}", build.name, tag.name),
        Some(latest) if latest.nvr != build.to_string() => {
            warn!("nvr {build} is not current in tag {}\n  latest build is {}", tag.name, latest.nvr);
        }
        Some(_) => {}
    }
    Ok(())
}

/// `koji wait-repo-request`
pub async fn wait_request(cx: Context, args: Vec<String>) -> Outcome {
    let mut p = cx.parser("wait-repo-request [options] <request-id>");
    let watching = WatchOptions::declare(&mut p);
    let (o, args) = p.parse(args)?;
    let id = match args.as_slice() {
        [] => return Err(o.error("A request id must be specified")),
        [id] => id.parse::<RepoRequestId>().map_err(|_| o.error("The request id must be an integer"))?,
        _ => return Err(o.error("This command only accepts one argument")),
    };
    cx.activate().await?;
    let status = cx.session.call(CheckRepoRequest::new(id)).await?;
    if let Some(repo) = status.repo {
        show(&cx, &repo);
        return Ok(0);
    }
    let tag = cx.session.call(GetTag::new(status.request.tag_id).strict(true)).await?;
    let tag = tag.ok_or_else(|| Stop::generic("The tag of the request is no more"))?;
    let mut watcher = watching.watcher(&cx, &o, &tag);
    watcher.wait_request(status.request).await.map_err(|stop| failed(stop, watching.quiet(&cx, &o)))?;
    Ok(0)
}
