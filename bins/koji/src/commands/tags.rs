//! `add-tag`, `edit-tag`, `list-tags`.

use koji_core::api::KwArgs;
use koji_core::api::builds::GetBuild;
use koji_core::api::packages::GetPackage;
use koji_core::api::sessions::HasPerm;
use koji_core::api::tags::{CreateTag, EditTag2, ListTags};
use koji_core::arch::ArchList;
use koji_core::model::TagListItem;
use koji_core::xmlrpc::{Struct, Value};

use super::value;
use crate::context::Context;
use crate::exit::{Outcome, Stop};
use crate::say;

/// Whether the user may do what `perm` allows.
pub async fn may(cx: &Context, perm: &str) -> Result<bool, Stop> {
    Ok(cx.session.call(HasPerm::new("admin")).await? || cx.session.call(HasPerm::new(perm)).await?)
}

/// `koji add-tag`
pub async fn add(cx: Context, args: Vec<String>) -> Outcome {
    let mut p = cx.parser("add-tag [options] <name>");
    let parent = p.text(&["--parent"], "", "Set a parent tag with priority 0");
    let arches = p.text(&["--arches"], "", "Specify arches");
    let maven = p.flag(&["--maven-support"], "Enable creation of Maven repos for this tag");
    let all = p.flag(&["--include-all"], "Include all packages in this tag when generating Maven repos");
    let extra = p.list(&["-x", "--extra"], "key=value", "Set tag extra option");
    let (o, args) = p.parse(args)?;
    let [name] = args.as_slice() else { return Err(o.error("Please specify a name for the tag")) };
    cx.activate().await?;
    if !may(&cx, "tag").await? {
        return Err(o.error("This action requires tag or admin privileges"));
    }
    let mut tag = CreateTag::new(name.as_str()).maven_support(o.get(maven)).maven_include_all(o.get(all));
    tag.parent = o.get(parent).map(Into::into);
    tag.arches = arch_text(o.get(arches))?;
    let extra = o.get(extra);
    if !extra.is_empty() {
        tag.extra = Some(value::pairs(&extra, value::guess).map_err(|problem| o.error(problem))?);
    }
    cx.session.call(tag).await?;
    Ok(0)
}

/// Architectures as the hub takes them.
pub fn arch_text(text: Option<String>) -> Result<Option<String>, Stop> {
    match text.filter(|text| !text.is_empty()) {
        Some(text) => Ok(Some(text.parse::<ArchList>()?.to_string())),
        None => Ok(None),
    }
}

/// `koji edit-tag`
pub async fn edit(cx: Context, args: Vec<String>) -> Outcome {
    let mut p = cx.parser("edit-tag [options] <name>");
    let arches = p.text(&["--arches"], "", "Specify arches");
    let perm = p.text(&["--perm"], "", "Specify permission requirement");
    let no_perm = p.flag(&["--no-perm"], "Remove permission requirement");
    let lock = p.flag(&["--lock"], "Lock the tag");
    let unlock = p.flag(&["--unlock"], "Unlock the tag");
    let rename = p.text(&["--rename"], "", "Rename the tag");
    let maven = p.flag(&["--maven-support"], "Enable creation of Maven repos for this tag");
    let no_maven = p.flag(&["--no-maven-support"], "Disable creation of Maven repos for this tag");
    let all = p.flag(&["--include-all"], "Include all packages in this tag when generating Maven repos");
    let no_all = p.flag(&["--no-include-all"], "Do not include all packages in this tag when generating Maven repos");
    let extra = p.list(&["-x", "--extra"], "key=value", "Set tag extra option. JSON-encoded or simple value");
    let remove_extra = p.list(&["-r", "--remove-extra"], "key", "Remove tag extra option");
    let block_extra = p.list(&["-b", "--block-extra"], "key", "Block inherited tag extra option");
    let (o, args) = p.parse(args)?;
    let [name] = args.as_slice() else { return Err(o.error("Please specify a name for the tag")) };
    cx.activate().await?;
    let mut changes = Struct::new();
    if let Some(arches) = arch_text(o.get(arches))? {
        changes.insert("arches", arches);
    }
    if o.get(no_perm) {
        changes.insert("perm", Value::Nil);
    } else if let Some(perm) = o.get(perm) {
        changes.insert("perm", perm);
    }
    if let Some(name) = o.get(rename) {
        changes.insert("name", name);
    }
    // of a pair, the later one wins
    for (given, key, value) in [
        (unlock, "locked", false),
        (lock, "locked", true),
        (maven, "maven_support", true),
        (no_maven, "maven_support", false),
        (all, "maven_include_all", true),
        (no_all, "maven_include_all", false),
    ] {
        if o.get(given) {
            changes.insert(key, value);
        }
    }
    let extra = o.get(extra);
    if !extra.is_empty() {
        changes.insert("extra", value::pairs(&extra, value::guess_json).map_err(|problem| o.error(problem))?);
    }
    let keys = |keys: Vec<String>| Value::Array(keys.into_iter().map(Value::from).collect());
    changes.insert("remove_extra", keys(o.get(remove_extra)));
    changes.insert("block_extra", keys(o.get(block_extra)));
    cx.session.call(EditTag2::new(name.as_str()).changes(KwArgs(changes))).await?;
    Ok(0)
}

/// `koji list-tags`
pub async fn list(cx: Context, args: Vec<String>) -> Outcome {
    let mut p = cx.parser("list-tags [options] [pattern]");
    let show_id = p.flag(&["--show-id"], "Show tag ids");
    let verbose = p.flag(&["--verbose"], "Show more information");
    let unlocked = p.flag(&["--unlocked"], "Only show unlocked tags");
    let build = p.text(&["--build"], "", "Show tags associated with a build");
    let package = p.text(&["--package"], "", "Show tags associated with a package");
    let (o, patterns) = p.parse(args)?;
    cx.connect().await?;
    let mut list = ListTags::new();
    if let Some(name) = o.get(package) {
        let found = cx.session.call(GetPackage::new(name.as_str())).await?;
        list.package = Some(found.ok_or_else(|| o.error(format_args!("No such package: {name}")))?.id.into());
    }
    if let Some(name) = o.get(build) {
        let found = cx.session.call(GetBuild::new(name.as_str())).await?;
        list.build = Some(found.ok_or_else(|| o.error(format_args!("No such build: {name}")))?.id.into());
    }
    let mut tags: Vec<TagListItem> = if patterns.is_empty() {
        cx.session.call(list).await?.into_list()
    } else {
        let mut m = cx.session.multicall().strict(true);
        let calls: Vec<_> = patterns.iter().map(|pattern| m.call(list.clone().pattern(pattern.as_str()))).collect();
        m.run().await?;
        let mut tags = Vec::new();
        for call in calls {
            tags.extend(call.result()?.into_list());
        }
        tags
    };
    tags.sort_by(|a, b| a.name.cmp(&b.name));
    for tag in tags {
        let perm = tag.perm.and_then(|perm| perm.perm);
        if o.get(unlocked) && (tag.locked || perm.is_some()) {
            continue;
        }
        let mut line = tag.name;
        if o.get(show_id) {
            line.push_str(&format!(" [{}]", tag.id));
        }
        if o.get(verbose) {
            if tag.locked {
                line.push_str(" [LOCKED]");
            }
            if let Some(perm) = perm {
                line.push_str(&format!(" [{perm} perm required]"));
            }
        }
        say!("{line}");
    }
    Ok(0)
}
