//! `tag-build`, `untag-build`, `move-build`.

use std::collections::BTreeSet;

use koji_core::api::builds::GetBuild;
use koji_core::api::packages::GetPackage;
use koji_core::api::tagging::{ListTagged, MoveAllBuilds, MoveBuild, TagBuild, UntagBuild};
use koji_core::api::tags::GetTag;
use koji_core::ids::EventId;
use koji_core::nvr::Nvr;

use super::watch::{Quiet, watch, watched};
use crate::context::Context;
use crate::exit::{Outcome, Stop};
use crate::say;

/// `koji tag-build`
pub async fn tag(cx: Context, args: Vec<String>) -> Outcome {
    let mut p = cx.parser("tag-build [options] <tag> <pkg> [<pkg> ...]");
    let force = p.flag(&["--force"], "force operation");
    let wait =
        p.choice(&["--wait"], "Wait on task, even if running in the background", &["--nowait"], "Do not wait on task");
    let (o, args) = p.parse(args)?;
    let (tag, builds) = match args.as_slice() {
        [tag, builds @ ..] if !builds.is_empty() => (tag, builds),
        _ => {
            return Err(
                o.error("This command takes at least two arguments: a tag name/ID and one or more package n-v-r's")
            );
        }
    };
    cx.activate().await?;
    let mut tasks = Vec::new();
    for build in builds {
        let task = cx.session.call(TagBuild::new(tag.as_str(), build.as_str()).force(o.get(force))).await?;
        say!("Created task {task}");
        tasks.push(task);
    }
    if watched(o.get(wait)) { watch(&cx, &tasks, Quiet(cx.quiet)).await } else { Ok(0) }
}

/// A build that a tag holds.
#[derive(Debug, Clone)]
struct Tagging {
    name: String,
    version: String,
    release: String,
    create_event: EventId,
}

impl Tagging {
    fn nvr(&self) -> String {
        format!("{}-{}-{}", self.name, self.version, self.release)
    }
}

/// What of some packages, or of all without any, a tag holds.
async fn taggings(cx: &Context, tag: &str, packages: &[&str]) -> Result<Vec<Tagging>, Stop> {
    let mut m = cx.session.multicall();
    let calls: Vec<_> = match packages {
        [] => vec![m.call(ListTagged::new(tag))],
        packages => packages.iter().map(|package| m.call(ListTagged::new(tag).package(*package))).collect(),
    };
    m.run().await?;
    let mut out = Vec::new();
    for call in calls {
        out.extend(call.result()?.into_iter().map(|build| Tagging {
            name: build.name,
            version: build.version,
            release: build.release,
            create_event: build.create_event,
        }));
    }
    Ok(out)
}

/// `koji untag-build`
pub async fn untag(cx: Context, args: Vec<String>) -> Outcome {
    let mut p = cx.parser("untag-build [options] <tag> <pkg> [<pkg> ...]");
    let all = p.flag(&["--all"], "untag all versions of the package in this tag, pkg is package name");
    let non_latest = p.flag(
        &["--non-latest"],
        "untag all versions of the package in this tag except the latest, pkg is package name",
    );
    let test = p.flag(&["-n", "--test"], "test mode");
    let verbose = p.flag(&["-v", "--verbose"], "print details");
    let force = p.flag(&["--force"], "force operation");
    let (o, args) = p.parse(args)?;
    let force = o.get(force);
    if o.get(non_latest) && force {
        if args.is_empty() {
            return Err(o.error("Please specify a tag"));
        }
    } else if args.len() < 2 {
        return Err(o.error(
            "This command takes at least two arguments: a tag name/ID and one or more package n-v-r's or package names",
        ));
    }
    cx.activate().await?;
    let name = args[0].as_str();
    let names: Vec<&str> = args[1..].iter().map(String::as_str).collect();
    let tag = cx.session.call(GetTag::new(name)).await?;
    let tag = tag.ok_or_else(|| o.error(format_args!("No such tag: {name}")))?;
    let mut builds = if o.get(all) {
        taggings(&cx, name, &names).await?
    } else if o.get(non_latest) {
        let mut tagged = taggings(&cx, name, &names).await?;
        tagged.sort_by_key(|tagging| std::cmp::Reverse(tagging.create_event));
        let mut seen = BTreeSet::new();
        tagged.retain(|tagging| {
            let latest = seen.insert(tagging.name.clone());
            if latest && o.get(verbose) {
                say!("Leaving latest build for package {}: {}", tagging.name, tagging.nvr());
            }
            !latest
        });
        tagged
    } else {
        exactly(&cx, &tag.name, name, &names, force).await?
    };
    builds.reverse();
    let mut m = cx.session.multicall().strict(true);
    for build in builds {
        let nvr = build.nvr();
        if o.get(test) {
            say!("would have untagged {nvr}");
            continue;
        }
        if o.get(verbose) {
            say!("untagging {nvr}");
        }
        m.call(UntagBuild::new(tag.name.as_str(), nvr).force(force));
    }
    m.run().await?;
    Ok(0)
}

/// The builds of these names in a tag; one that is not there is an error unless it is forced.
async fn exactly(cx: &Context, tag: &str, given: &str, nvrs: &[&str], force: bool) -> Result<Vec<Tagging>, Stop> {
    let packages: Result<BTreeSet<String>, _> = nvrs.iter().map(|nvr| Ok(nvr.parse::<Nvr>()?.name)).collect();
    let packages: BTreeSet<String> = packages.map_err(|e: koji_core::Error| Stop::from(e))?;
    let packages: Vec<&str> = packages.iter().map(String::as_str).collect();
    let tagged = taggings(cx, given, &packages).await?;
    let mut builds = Vec::new();
    for nvr in nvrs {
        if let Some(found) = tagged.iter().find(|tagging| tagging.nvr() == *nvr) {
            builds.push(found.clone());
            continue;
        }
        if cx.session.call(GetBuild::new(*nvr)).await?.is_some() {
            crate::warn!("Build {nvr} not in tag {tag}");
        } else {
            crate::warn!("No such build: {nvr}");
        }
        if !force {
            return Err(Stop::Exit(1));
        }
    }
    Ok(builds)
}

/// `koji move-build`
pub async fn move_build(cx: Context, args: Vec<String>) -> Outcome {
    let mut p = cx.parser("move-build [options] <tag1> <tag2> <pkg> [<pkg> ...]");
    let force = p.flag(&["--force"], "force operation");
    let wait = p.choice(
        &["--wait"],
        "Wait on tasks, even if running in the background",
        &["--nowait"],
        "Do not wait on tasks",
    );
    let all = p.flag(&["--all"], "move all instances of a package, <pkg>'s are package names");
    let (o, args) = p.parse(args)?;
    let (from, to, names) = match args.as_slice() {
        [from, to, names @ ..] if !names.is_empty() => (from.as_str(), to.as_str(), names),
        _ if o.get(all) => {
            return Err(o.error(
                "This command, with --all, takes at least three arguments: two tags and one or more package names",
            ));
        }
        _ => {
            return Err(
                o.error("This command takes at least three arguments: two tags and one or more package n-v-r's")
            );
        }
    };
    cx.activate().await?;
    let mut tasks = Vec::new();
    if o.get(all) {
        for name in names {
            if cx.session.call(GetPackage::new(name.as_str())).await?.is_none() {
                say!("No such package: {name}, skipping.");
                continue;
            }
            let moved = MoveAllBuilds::new(from, to, name.as_str()).force(o.get(force));
            tasks.extend(cx.session.call(moved).await?);
        }
    } else {
        let mut builds = Vec::new();
        for name in names {
            match cx.session.call(GetBuild::new(name.as_str())).await? {
                None => say!("No such build: {name}, skipping."),
                Some(build) if builds.contains(&build) => {}
                Some(build) => builds.push(build),
            }
        }
        for build in builds {
            let task = cx.session.call(MoveBuild::new(from, to, build.id).force(o.get(force))).await?;
            say!("Created task {task}, moving {}-{}-{}", build.package_name, build.version, build.release);
            tasks.push(task);
        }
    }
    if watched(o.get(wait)) { watch(&cx, &tasks, Quiet(cx.quiet)).await } else { Ok(0) }
}
