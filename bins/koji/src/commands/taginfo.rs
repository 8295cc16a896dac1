//! `taginfo`.

use std::collections::BTreeMap;

use koji_core::api::external_repos::GetTagExternalRepos;
use koji_core::api::groups::GetTagGroups;
use koji_core::api::repos::GetRepo;
use koji_core::api::system::MavenEnabled;
use koji_core::api::tags::{GetBuildConfig, GetInheritanceData};
use koji_core::api::targets::GetBuildTargets;
use koji_core::api::users::GetAllPerms;
use koji_core::fault::FaultKind;
use koji_core::ids::{EventId, PermissionId, TagId};
use koji_core::model::Tag;
use koji_core::python;
use koji_core::xmlrpc::Value;

use super::event::EventOptions;
use super::inheritance::flags;
use crate::context::Context;
use crate::exit::{Outcome, Stop};
use crate::output::{or_none, yes_no};
use crate::say;

/// `koji taginfo`
pub async fn info(cx: Context, args: Vec<String>) -> Outcome {
    let mut p = cx.parser("taginfo [options] <tag> [<tag> ...]");
    let when = EventOptions::declare(&mut p);
    let (o, args) = p.parse(args)?;
    if args.is_empty() {
        return Err(o.error("Please specify a tag"));
    }
    cx.connect().await?;
    let event = when.announce(&cx, &o, false).await?;
    let perms = cx.session.call(GetAllPerms::new()).await?;
    let perms: BTreeMap<PermissionId, String> = perms.into_iter().map(|perm| (perm.id, perm.name)).collect();
    let mut tags = Vec::new();
    for name in &args {
        tags.push(config(&cx, name, event).await?.ok_or_else(|| o.error(format_args!("No such tag: {name}")))?);
    }
    for (n, tag) in tags.iter().enumerate() {
        if n > 0 {
            say!("");
        }
        show(&cx, tag, event, &perms).await?;
    }
    Ok(0)
}

/// The tag of that name, or else of that id.
async fn config(cx: &Context, name: &str, event: Option<EventId>) -> Result<Option<Tag>, Stop> {
    let mut by_name = GetBuildConfig::new(name);
    by_name.event = event;
    let missing = match cx.session.call_into::<Option<Tag>, _>(by_name).await {
        Ok(Some(tag)) => return Ok(Some(tag)),
        Ok(None) => None,
        Err(error) if error.is(FaultKind::Generic) => Some(error),
        Err(error) => return Err(error.into()),
    };
    if let Ok(id) = name.parse::<TagId>() {
        let mut by_id = GetBuildConfig::new(id);
        by_id.event = event;
        return Ok(cx.session.call_into(by_id).await?);
    }
    missing.map_or(Ok(None), |error| Err(error.into()))
}

async fn show(
    cx: &Context,
    tag: &Tag,
    event: Option<EventId>,
    perms: &BTreeMap<PermissionId, String>,
) -> Result<(), Stop> {
    say!("Tag: {} [{}]", tag.name, tag.id);
    say!("Arches: {}", or_none(tag.arches.as_deref()));
    let mut groups = GetTagGroups::new(tag.id);
    groups.event = event;
    let mut groups: Vec<_> = cx.session.call(groups).await?.into_iter().map(|group| group.name).collect();
    groups.sort();
    say!("Groups: {}", groups.join(", "));
    if tag.locked {
        say!("LOCKED");
    }
    if let Some(id) = tag.perm_id {
        let name = perms.get(&id).map_or_else(|| id.to_string(), |name| python::repr_str(name));
        say!("Required permission: {name}");
    }
    if cx.session.call(MavenEnabled::new()).await? {
        say!("Maven support?: {}", yes_no(tag.maven_support));
        say!("Include all Maven archives?: {}", yes_no(tag.maven_include_all));
    }
    show_options(tag);
    show_targets(cx, tag, event).await?;
    show_external_repos(cx, tag, event).await?;
    say!("Inheritance:");
    let mut links = GetInheritanceData::new(tag.id);
    links.event = event;
    for link in cx.session.call(links).await? {
        let flags = flags(link.maxdepth, link.pkg_filter.as_deref(), link.intransitive, link.noconfig);
        say!("  {:<4} {flags} {} [{}]", link.priority, link.name, link.parent_id);
        if let Some(maxdepth) = link.maxdepth {
            say!("    maxdepth: {maxdepth}");
        }
        if let Some(filter) = link.pkg_filter.filter(|filter| !filter.is_empty()) {
            say!("    package filter: {filter}");
        }
    }
    Ok(())
}

fn show_options(tag: &Tag) {
    say!("Tag options:");
    let mut extra: Vec<_> = tag.extra.iter().collect();
    extra.sort_by_key(|(key, _)| *key);
    let inherited = tag.config_inheritance.as_ref().and_then(|from| from.get("extra")).and_then(Value::as_struct);
    for (key, value) in extra {
        let line = format!("  {key} : {}", python::pformat(value));
        match inherited.and_then(|from| from.get(key)?.as_struct()?.get("name")) {
            Some(from) => say!("{line:<30} [{}]", python::str(from)),
            None => say!("{line}"),
        }
    }
}

async fn show_targets(cx: &Context, tag: &Tag, event: Option<EventId>) -> Result<(), Stop> {
    let (mut into, mut from) =
        (GetBuildTargets::new().dest_tag_id(tag.id), GetBuildTargets::new().build_tag_id(tag.id));
    (into.event, from.event) = (event, event);
    let into = cx.session.call(into).await?.into_list();
    let from = cx.session.call(from).await?.into_list();
    let mut repos = BTreeMap::new();
    if event.is_none() {
        for id in into.iter().chain(&from).map(|target| target.build_tag).chain([tag.id]) {
            if let std::collections::btree_map::Entry::Vacant(entry) = repos.entry(id) {
                entry.insert(match cx.session.call(GetRepo::new(id)).await? {
                    Some(repo) => format!("repo#{}: {}", repo.id, repo.creation_time),
                    None => "no active repo".to_owned(),
                });
            }
        }
    }
    if !into.is_empty() {
        say!("Targets that build into this tag:");
    }
    for target in &into {
        match repos.get(&target.build_tag) {
            Some(repo) => say!("  {} ({}, {repo})", target.name, target.build_tag_name),
            None => say!("  {} ({})", target.name, target.build_tag_name),
        }
    }
    if !from.is_empty() {
        say!("This tag is a buildroot for one or more targets");
    }
    if let Some(repo) = repos.get(&tag.id) {
        say!("Current repo: {repo}");
    }
    if !from.is_empty() {
        say!("Targets that build from this tag:");
    }
    for target in &from {
        say!("  {}", target.name);
    }
    Ok(())
}

async fn show_external_repos(cx: &Context, tag: &Tag, event: Option<EventId>) -> Result<(), Stop> {
    let mut repos = GetTagExternalRepos::new().tag_info(tag.id);
    repos.event = event;
    let repos = cx.session.call(repos).await?;
    if !repos.is_empty() {
        say!("External repos:");
    }
    for repo in repos {
        let arches = repo.arches.filter(|arches| !arches.is_empty());
        say!(
            "  {:3} {} ({}, merge mode: {}), arches: {}",
            repo.priority,
            repo.external_repo_name,
            repo.url,
            repo.merge_mode,
            arches.as_deref().unwrap_or("inherited from tag")
        );
    }
    Ok(())
}
