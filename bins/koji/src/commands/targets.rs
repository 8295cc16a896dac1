//! `add-target`, `list-targets`.

use koji_core::api::tags::GetTag;
use koji_core::api::targets::{CreateBuildTarget, GetBuildTargets};

use super::tags::may;
use crate::context::Context;
use crate::exit::{Outcome, Stop};
use crate::say;

/// `koji add-target`
pub async fn add(cx: Context, args: Vec<String>) -> Outcome {
    let (o, args) = cx.parser("add-target <name> <build tag> <dest tag>").parse(args)?;
    let (name, build_tag, dest_tag) = match args.as_slice() {
        [] | [_] => return Err(o.error("Please specify a target name, a build tag, and destination tag")),
        // most targets have the same name as their destination
        [name, build_tag] => (name, build_tag, name),
        [name, build_tag, dest_tag] => (name, build_tag, dest_tag),
        _ => return Err(o.error("Incorrect number of arguments")),
    };
    cx.activate().await?;
    if !may(&cx, "target").await? {
        return Err(o.error("This action requires target or admin privileges"));
    }
    match cx.session.call(GetTag::new(build_tag.as_str())).await? {
        None => return Err(Stop::error(format_args!("No such tag: {build_tag}"))),
        Some(tag) if tag.arches.as_deref().unwrap_or_default().is_empty() => {
            return Err(Stop::error(format_args!("Build tag has no arches: {build_tag}")));
        }
        Some(_) => {}
    }
    if cx.session.call(GetTag::new(dest_tag.as_str())).await?.is_none() {
        return Err(Stop::error(format_args!("No such destination tag: {dest_tag}")));
    }
    cx.session.call(CreateBuildTarget::new(name.as_str(), build_tag.as_str(), dest_tag.as_str())).await?;
    Ok(0)
}

/// `koji list-targets`
pub async fn list(cx: Context, args: Vec<String>) -> Outcome {
    let mut p = cx.parser("list-targets [options]");
    let name = p.text(&["--name"], "", "Specify the build target name");
    let quiet = p.flag(&["--quiet"], "Do not print the header information");
    let (o, args) = p.parse(args)?;
    if !args.is_empty() {
        return Err(o.error("This command takes no arguments"));
    }
    cx.connect().await?;
    let mut get = GetBuildTargets::new();
    get.info = o.get(name).map(Into::into);
    let mut targets = cx.session.call(get).await?.into_list();
    if targets.is_empty() {
        return Err(match o.get(name) {
            Some(name) => o.error(format_args!("No such build target: {name}")),
            None => o.error("No targets were found"),
        });
    }
    if !cx.quiet && !o.get(quiet) {
        say!("{:<30} {:<30} {:<30}", "Name", "Buildroot", "Destination");
        say!("{}", "-".repeat(93));
    }
    targets.sort_by(|a, b| a.name.cmp(&b.name));
    for target in targets {
        say!("{:<30} {:<30} {:<30}", target.name, target.build_tag_name, target.dest_tag_name);
    }
    Ok(0)
}
