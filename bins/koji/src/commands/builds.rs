//! `buildinfo`, `list-builds`.

use std::cmp::Ordering;
use std::str::FromStr;

use koji_core::api::archives::ListArchives;
use koji_core::api::builds::{GetBuild, GetChangelogEntries, GetMavenBuild, GetWinBuild, ListBuilds};
use koji_core::api::packages::GetPackageId;
use koji_core::api::rpms::{ListRpms, QueryRpmSigs};
use koji_core::api::tags::ListTags;
use koji_core::api::users::GetUser;
use koji_core::api::volumes::ListVolumes;
use koji_core::api::{BuildRef, OneOrMany};
use koji_core::ids::{BuildId, PackageId, TaskId, UserId, VolumeId};
use koji_core::model::{Build, BuildState};
use koji_core::nvr::{Nvr, Nvra};
use koji_core::paths::{self, BuildDir};
use koji_core::python;
use koji_core::time::Timestamp;
use koji_core::xmlrpc::{Struct, Value, from_value};
use serde::Deserialize;

use super::taskinfo;
use crate::context::Context;
use crate::exit::{Outcome, Stop};
use crate::optparse::{Opt, Parsed};
use crate::output::{or_none, task::label, time};
use crate::say;

/// A build by what a user calls it: an id in digits, or a name-version-release.
pub fn build_ref(text: &str) -> BuildRef {
    match text.parse::<BuildId>() {
        Ok(id) if text.bytes().all(|b| b.is_ascii_digit()) => id.into(),
        _ => text.into(),
    }
}

/// The folder of a build.
pub fn build_dir(build: &Build) -> BuildDir {
    BuildDir::new(Some(&build.volume_name), &Nvr::new(&build.package_name, &build.version, &build.release))
}

/// `koji buildinfo`
pub async fn info(cx: Context, args: Vec<String>) -> Outcome {
    let mut p = cx.parser("buildinfo [options] <n-v-r> [<n-v-r> ...]");
    let changelog = p.flag(&["--changelog"], "Show the changelog for the build");
    let (o, args) = p.parse(args)?;
    if args.is_empty() {
        return Err(o.error("Please specify a build"));
    }
    cx.connect().await?;
    let mut code = 0;
    for name in &args {
        // as a struct, for what is in `extra` is shown in its own order
        match cx.session.call_into::<Option<Struct>, _>(GetBuild::new(build_ref(name))).await? {
            Some(build) => show(&cx, build_ref(name), build, o.get(changelog)).await?,
            None => {
                crate::warn!("No such build: {name}\n");
                code = 1;
            }
        }
    }
    Ok(code)
}

async fn show(cx: &Context, name: BuildRef, record: Struct, changelog: bool) -> Result<(), Stop> {
    let session = &cx.session;
    let extra = record.get("extra").cloned().unwrap_or_default();
    let build: Build = from_value(record.into()).map_err(|e| Stop::generic(format!("getBuild: {e}")))?;
    let id = build.id;
    let task = build.task_id.map(|id| id.0.into());
    // builds of containers had it elsewhere once
    let task = task.or_else(|| extra.as_struct()?.get("container_koji_task_id")?.as_int());
    let task = match task.and_then(|id| i32::try_from(id).ok()) {
        Some(id) => taskinfo::task(session, TaskId(id), true).await?,
        None => None,
    };
    let tags = session.call(ListTags::new().build(name)).await?.into_list();
    let tags: Vec<_> = tags.into_iter().map(|tag| tag.name).collect();

    say!("BUILD: {}-{}-{} [{id}]", build.name, build.version, build.release);
    if build.draft {
        say!("Draft: YES");
    }
    say!("State: {}", build.state);
    if build.state == BuildState::Building {
        say!("Reserved by: {}", or_none(build.cg_name.as_deref()));
    }
    say!("Built by: {}", build.owner_name);
    if let Some(source) = &build.source {
        say!("Source: {source}");
    }
    say!("Volume: {}", build.volume_name);
    match task {
        Some(task) => say!("Task: {} {}", task.id, label(&task)),
        None => say!("Task: none"),
    }
    say!("Finished: {}", time::long_or_empty(build.completion_ts));
    if let Some(at) = build.promotion_ts {
        say!("Promoted by: {}", or_none(build.promoter_name.as_deref()));
        say!("Promoted at: {}", time::long(at));
    }
    if let Some(maven) = session.call(GetMavenBuild::new(id)).await? {
        for (title, key) in [("groupId", "group_id"), ("artifactId", "artifact_id"), ("version", "version")] {
            say!("Maven {title}: {}", python::str(maven.get(key).unwrap_or(&Value::Nil)));
        }
    }
    if let Some(win) = session.call(GetWinBuild::new(id)).await? {
        say!("Windows build platform: {}", python::str(win.get("platform").unwrap_or(&Value::Nil)));
    }
    say!("Tags: {}", tags.join(" "));
    if extra.is_truthy() {
        say!("Extra: {}", python::repr(&extra));
    }
    show_archives(cx, &build).await?;
    show_rpms(cx, &build).await?;
    if changelog {
        show_changelog(cx, id).await?;
    }
    Ok(())
}

/// An archive, as far as its file's path depends on it.
#[derive(Debug, Deserialize)]
pub struct Archive {
    id: i32,
    /// Its build type.
    pub btype: String,
    /// Its file's name.
    pub filename: String,
    /// Its size in bytes.
    pub size: u64,
    /// Its checksum in hex.
    pub checksum: Option<String>,
    /// The checksum's kind.
    pub checksum_type: Option<i32>,
    #[serde(default)]
    group_id: Option<String>,
    #[serde(default)]
    artifact_id: Option<String>,
    #[serde(default)]
    version: Option<String>,
    #[serde(default)]
    relpath: Option<String>,
}

impl Archive {
    /// Its path below its build type's folder.
    pub fn path(&self) -> String {
        match (self.btype.as_str(), &self.group_id, &self.artifact_id, &self.version, &self.relpath) {
            ("maven", Some(group), Some(artifact), Some(version), _) => {
                format!("{}/{}", paths::maven_artifact(group, artifact, version), self.filename)
            }
            ("win", _, _, _, Some(relpath)) if !relpath.is_empty() => format!("{relpath}/{}", self.filename),
            _ => self.filename.clone(),
        }
    }
}

/// A build's archives; of one build type, with what is special about it, if that is given.
pub async fn archives(cx: &Context, build: BuildId, kind: Option<&str>) -> Result<Vec<Archive>, Stop> {
    let mut list = ListArchives::new().build_id(build);
    list.kind = kind.map(str::to_owned);
    Ok(cx.session.call_into(list).await?)
}

async fn show_archives(cx: &Context, build: &Build) -> Result<(), Stop> {
    let dir = build_dir(build);
    let print =
        |archive: &Archive| say!("{}", cx.on_disk(&format!("{}/{}", dir.typed(&archive.btype), archive.path())));
    let mut seen = Vec::new();
    for (kind, title) in [("maven", "Maven"), ("win", "Windows"), ("image", "Image")] {
        let archives = archives(cx, build.id, Some(kind)).await?;
        if !archives.is_empty() {
            say!("{title} archives:");
        }
        for archive in archives {
            print(&archive);
            seen.push(archive.id);
        }
    }
    let mut others = archives(cx, build.id, None).await?;
    others.retain(|archive| !seen.contains(&archive.id));
    while let Some(first) = others.first() {
        let kind = first.btype.clone();
        say!("{} Archives:", capitalized(&kind));
        for archive in others.extract_if(.., |archive| archive.btype == kind) {
            print(&archive);
        }
    }
    Ok(())
}

fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map(|first| first.to_uppercase().chain(chars.flat_map(char::to_lowercase)).collect())
        .unwrap_or_default()
}

async fn show_rpms(cx: &Context, build: &Build) -> Result<(), Stop> {
    let rpms = cx.session.call(ListRpms::new().build_id(build.id)).await?.into_list();
    if rpms.is_empty() {
        return Ok(());
    }
    let mut m = cx.session.multicall();
    let signatures: Vec<_> = rpms.iter().map(|rpm| m.call(QueryRpmSigs::new().rpm_id(rpm.id))).collect();
    m.run().await?;
    say!("RPMs:");
    for (rpm, signatures) in rpms.into_iter().zip(signatures) {
        let nvra = Nvra::new(Nvr::new(rpm.name, rpm.version, rpm.release), rpm.arch);
        let mut line = cx.on_disk(&build_dir(build).rpm(&nvra));
        let keys = signatures.result()?.into_list().into_iter().map(|signature| signature.sigkey);
        let mut keys: Vec<_> = keys.filter(|key| !key.is_empty()).collect();
        keys.sort();
        if !keys.is_empty() {
            line.push_str(&format!("\tSignatures: {}", keys.join(", ")));
        }
        say!("{line}");
    }
    Ok(())
}

async fn show_changelog(cx: &Context, id: BuildId) -> Result<(), Stop> {
    let entries = cx.session.call(GetChangelogEntries::new().build_id(id)).await?.into_list();
    if entries.is_empty() {
        return Ok(());
    }
    say!("Changelog:");
    for entry in entries {
        say!("{}", entry.to_text());
    }
    say!("");
    Ok(())
}

/// `koji list-builds`
pub async fn list(cx: Context, args: Vec<String>) -> Outcome {
    let mut p = cx.parser("list-builds [options]");
    let package = p.text(&["--package"], "", "List builds for this package");
    let buildid = p.text(&["--buildid"], "", "List specific build from ID or nvr");
    let before = p.time(
        &["--before"],
        "List builds built before this time, time is specified as timestamp or date/time, e.g. \"2020-12-31 12:35\"",
    );
    let after = p.time(&["--after"], "List builds built after this time (same format as for --before");
    let state = p.text(&["--state"], "", "List builds in this state");
    let task = p.text(&["--task"], "", "List builds for this task");
    let kind = p.text(&["--type"], "", "List builds of this type.");
    let prefix = p.text(&["--prefix"], "", "Only builds starting with this prefix");
    let pattern = p.text(&["--pattern"], "", "Only list builds matching this GLOB pattern");
    let cg = p.text(&["--cg"], "", "Only list builds imported by matching content generator name");
    let source = p.text(&["--source"], "", "Only builds where the source field matches (glob pattern)");
    let owner = p.text(&["--owner"], "", "List builds built by this owner");
    let volume = p.text(&["--volume"], "", "List builds by volume ID");
    let draft_only = p.flag(&["--draft-only"], "Only list draft builds");
    let no_draft = p.flag(&["--no-draft"], "Only list regular builds");
    let sort_key = p.list(
        &["-k", "--sort-key"],
        "FIELD",
        "Sort the list by the named field. Allowed sort keys: build_id, owner_name, state",
    );
    let reverse = p.flag(&["-r", "--reverse"], "Print the list in reverse order");
    let quiet = p.flag(&["--quiet"], "Do not print the header information");
    let (o, args) = p.parse(args)?;
    if !args.is_empty() {
        return Err(o.error("This command takes no arguments"));
    }
    if o.get(no_draft) && o.get(draft_only) {
        return Err(o.error("--draft-only conflits with --no-draft"));
    }
    cx.connect().await?;
    let given = |opt: Opt<Option<String>>| o.get(opt).filter(|text: &String| !text.is_empty());
    let mut list = ListBuilds::new();
    list.kind = o.get(kind);
    list.prefix = o.get(prefix);
    list.pattern = o.get(pattern);
    list.source = given(source);
    list.cg_id = given(cg).map(Into::into);
    list.complete_before = o.get(before).map(Timestamp::from_secs_f64);
    list.complete_after = o.get(after).map(Timestamp::from_secs_f64);
    if o.get(no_draft) || o.get(draft_only) {
        list.draft = Some(o.get(draft_only));
    }
    let mut filtered = list.kind.is_some()
        || list.prefix.is_some()
        || list.pattern.is_some()
        || list.source.is_some()
        || list.draft.is_some()
        || list.cg_id.is_some()
        || list.complete_before.is_some()
        || list.complete_after.is_some();
    if let Some(name) = given(package) {
        list.package_id = Some(package_id(&cx, &o, &name).await?.into());
        filtered = true;
    }
    if let Some(name) = given(owner) {
        list.user_id = Some(user_id(&cx, &o, &name).await?.into());
        filtered = true;
    }
    if let Some(name) = given(volume) {
        list.volume_id = Some(volume_id(&cx, &o, &name).await?);
        filtered = true;
    }
    if let Some(name) = given(state) {
        let found = name.parse().map_or_else(|_| BuildState::from_name(&name), BuildState::from_code);
        let found = found.ok_or_else(|| o.error(format_args!("Invalid state: {name}")))?;
        list.state = Some(OneOrMany(vec![found.code()]));
        filtered = true;
    }
    if let Some(id) = given(task) {
        list.task_id = Some(id.parse().map_err(|_| o.error("Task id must be an integer"))?);
        filtered = true;
    }
    let mut builds: Vec<Struct> = if let Some(name) = given(buildid) {
        let build: Option<Struct> = cx.session.call_into(GetBuild::new(build_ref(&name))).await?;
        vec![build.ok_or_else(|| o.error(format_args!("No such build: '{name}'")))?]
    } else if filtered {
        cx.session.call_into(list).await?
    } else {
        return Err(o.error("Filter must be provided for list"));
    };
    sort(&mut builds, &o.get(sort_key), o.get(reverse));
    if !cx.quiet && !o.get(quiet) {
        say!("{:<55}  {:<16}  State", "Build", "Built by");
        say!("{}  {1}  {1}", "-".repeat(55), "-".repeat(16));
    }
    for build in builds {
        let build: Row = from_value(build.into()).map_err(|e| Stop::generic(format!("listBuilds: {e}")))?;
        say!("{:<55}  {:<16}  {}", build.nvr, build.owner_name, build.state);
    }
    Ok(0)
}

/// What the list shows of a build.
#[derive(Debug, Deserialize)]
struct Row {
    nvr: String,
    owner_name: String,
    state: BuildState,
}

/// Sorts by fields. Koji complains of most, and sorts by them all the same.
fn sort(builds: &mut [Struct], keys: &[String], reverse: bool) {
    for key in keys.iter().filter(|key| !["build_id", "owner_name", "state"].contains(&key.as_str())) {
        crate::warn!("Invalid sort_key: {key}.");
    }
    let by_id = ["build_id".to_owned()];
    let keys = if keys.is_empty() { &by_id[..] } else { keys };
    let compare = |a: &Struct, b: &Struct| {
        let field = |build: &Struct, key: &str| build.get(key).cloned().unwrap_or_default();
        let orders = keys.iter().map(|key| match (field(a, key), field(b, key)) {
            (Value::Int(a), Value::Int(b)) => a.cmp(&b),
            (a, b) => python::str(&a).cmp(&python::str(&b)),
        });
        orders.reduce(Ordering::then).unwrap_or(Ordering::Equal)
    };
    builds.sort_by(|a, b| if reverse { compare(b, a) } else { compare(a, b) });
}

fn id<I: FromStr>(text: &str) -> Option<I> {
    text.trim().parse().ok()
}

async fn package_id(cx: &Context, o: &Parsed, name: &str) -> Result<PackageId, Stop> {
    if let Some(id) = id(name) {
        return Ok(id);
    }
    let found = cx.session.call(GetPackageId::new(name)).await?;
    found.ok_or_else(|| o.error(format_args!("No such package: {name}")))
}

async fn user_id(cx: &Context, o: &Parsed, name: &str) -> Result<UserId, Stop> {
    if let Some(id) = id(name) {
        return Ok(id);
    }
    let found = cx.session.call(GetUser::new().user_info(name)).await?;
    Ok(found.ok_or_else(|| o.error(format_args!("No such user: {name}")))?.id)
}

async fn volume_id(cx: &Context, o: &Parsed, name: &str) -> Result<VolumeId, Stop> {
    if let Some(id) = id(name) {
        return Ok(id);
    }
    let found = cx.session.call(ListVolumes::new()).await?.into_iter().find(|volume| volume.name == name);
    Ok(found.ok_or_else(|| o.error(format_args!("No such volume: {name}")))?.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builds_are_sorted_by_any_field() {
        let build = |id: i32, owner: &str| -> Struct {
            [("build_id", Value::from(id)), ("owner_name", owner.into())].into_iter().collect()
        };
        let sorted = |keys: &[&str], reverse| {
            let mut builds = [build(10, "bob"), build(9, "bob"), build(11, "alice")];
            let keys: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
            sort(&mut builds, &keys, reverse);
            builds.map(|build| build.get("build_id").and_then(Value::as_int).unwrap())
        };
        assert_eq!(sorted(&[], false), [9, 10, 11]);
        assert_eq!(sorted(&["owner_name", "build_id"], false), [11, 9, 10]);
        assert_eq!(sorted(&["owner_name"], true), [10, 9, 11]);
    }
}
