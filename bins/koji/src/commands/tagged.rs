//! `list-tagged`, `latest-build`.

use std::path::Path;

use koji_core::api::OneOrMany;
use koji_core::api::tagging::{GetLatestBuilds, GetLatestRpms, ListTagged, ListTaggedRpms};
use koji_core::api::tags::GetTag;
use koji_core::model::{TaggedBuild, TaggedRpm};
use koji_core::nvr::{Nvr, Nvra};
use koji_core::paths::BuildDir;
use koji_core::python;
use koji_core::xmlrpc::{Struct, Value, from_value};

use super::event::EventOptions;
use crate::context::Context;
use crate::exit::{Outcome, Stop};
use crate::output::or_none;
use crate::say;

fn dir(build: &TaggedBuild) -> BuildDir {
    BuildDir::new(Some(&build.volume_name), &Nvr::new(&build.package_name, &build.version, &build.release))
}

fn nvra(rpm: &TaggedRpm) -> Nvra {
    Nvra::new(Nvr::new(&rpm.name, &rpm.version, &rpm.release), &rpm.arch)
}

/// A table of builds: with paths instead of names, or Maven's columns, if asked for.
struct BuildTable<'a> {
    cx: &'a Context,
    maven: bool,
    paths: bool,
}

impl BuildTable<'_> {
    fn header(&self) {
        let (build, tag, by) = ("-".repeat(40), "-".repeat(20), "-".repeat(16));
        if self.maven {
            say!("{:<40}  {:<20}  {:<20}  {:<20}  Built by", "Build", "Tag", "Group Id", "Artifact Id");
            say!("{build}  {tag}  {tag}  {tag}  {by}");
        } else {
            say!("{:<40}  {:<20}  Built by", "Build", "Tag");
            say!("{build}  {tag}  {by}");
        }
    }

    /// The lines, sorted.
    fn lines(&self, builds: Vec<Struct>) -> Result<Vec<String>, Stop> {
        let mut lines = builds.into_iter().map(|record| self.line(record)).collect::<Result<Vec<_>, _>>()?;
        lines.sort();
        Ok(lines)
    }

    fn line(&self, record: Struct) -> Result<String, Stop> {
        let maven = ["maven_group_id", "maven_artifact_id"].map(|key| record.get(key).map(python::str));
        let build: TaggedBuild = from_value(record.into()).map_err(|e| Stop::generic(e.to_string()))?;
        let name = match (self.paths, self.maven) {
            (false, _) => build.nvr.clone(),
            (true, false) => self.cx.on_disk(dir(&build).path()),
            (true, true) => self.cx.on_disk(&dir(&build).typed("maven")),
        };
        let mut line = format!("{name:<40}  {:<20}  ", build.tag_name);
        if self.maven {
            for column in maven {
                line.push_str(&format!("{:<20}  ", or_none(column)));
            }
        }
        Ok(line + &build.owner_name)
    }
}

/// `koji list-tagged`
pub async fn list(cx: Context, args: Vec<String>) -> Outcome {
    let mut p = cx.parser("list-tagged [options] <tag> [<package>]");
    let arch = p.list(&["--arch"], "", "List rpms for this arch");
    let rpms = p.flag(&["--rpms"], "Show rpms instead of builds");
    let inherit = p.flag(&["--inherit"], "Follow inheritance");
    let latest = p.flag(&["--latest"], "Only show the latest builds/rpms");
    let latest_n = p.int(&["--latest-n"], "N", "Only show the latest N builds/rpms");
    let quiet = p.flag(&["--quiet"], "Do not print the header information");
    let paths = p.flag(&["--paths"], "Show the file paths");
    let sigs = p.flag(&["--sigs"], "Show signatures");
    let kind =
        p.text(&["--type"], "", "Show builds of the given type only. Currently supported types: maven, win, image");
    let when = EventOptions::declare(&mut p);
    let draft_only = p.flag(&["--draft-only"], "Only list draft builds/rpms");
    let no_draft = p.flag(&["--no-draft"], "Only list regular builds/rpms");
    let (o, args) = p.parse(args)?;
    let (tag, package) = match args.as_slice() {
        [] => return Err(o.error("A tag name must be specified")),
        [tag] => (tag, None),
        [tag, package] => (tag, Some(package.clone())),
        _ => return Err(o.error("Only one package name may be specified")),
    };
    if o.get(no_draft) && o.get(draft_only) {
        return Err(o.error("--draft-only conflicts with --no-draft"));
    }
    cx.connect().await?;
    let quiet = cx.quiet || o.get(quiet);
    let (paths, sigs, kind) = (o.get(paths), o.get(sigs), o.get(kind));
    let latest = o.get(latest_n).map_or_else(|| Value::from(o.get(latest)), Value::from);
    let draft = (kind.is_none() && (o.get(no_draft) || o.get(draft_only))).then_some(o.get(draft_only));
    let event = when.announce(&cx, &o, quiet).await?;
    let mut get = GetTag::new(tag.as_str());
    get.event = event.map(Into::into);
    if cx.session.call(get).await?.is_none() {
        return Err(o.error(format_args!("No such tag: {tag}")));
    }
    if sigs && paths {
        let packages = cx.profile.topdir.join("packages");
        if !packages.exists() {
            let packages = packages.display();
            return Err(Stop::error(format_args!("'list-tagged --sigs --paths' requires accessible {packages}")));
        }
    }
    let arches = o.get(arch);
    let lines = if o.get(rpms) || sigs || !arches.is_empty() {
        let mut list = ListTaggedRpms::new(tag.as_str()).inherit(o.get(inherit)).latest(latest).rpmsigs(sigs);
        (list.event, list.package, list.kind, list.draft) = (event, package, kind, draft);
        list.arch = Some(OneOrMany(arches)).filter(|arches| !arches.0.is_empty());
        let (rpms, builds): (Vec<TaggedRpm>, Vec<TaggedBuild>) = cx.session.call_into(list).await?;
        let mut lines = if paths {
            rpm_paths(&cx, &rpms, &builds, sigs)
        } else {
            rpms.iter().map(|rpm| rpm_line(rpm, sigs)).collect()
        };
        lines.sort();
        lines
    } else {
        let table = BuildTable { cx: &cx, maven: kind.as_deref() == Some("maven"), paths };
        let mut list = ListTagged::new(tag.as_str()).inherit(o.get(inherit)).latest(latest);
        (list.event, list.package, list.kind, list.draft) = (event, package, kind, draft);
        let builds = cx.session.call_into(list).await?;
        if !quiet {
            table.header();
        }
        table.lines(builds)?
    };
    for line in lines {
        say!("{line}");
    }
    Ok(0)
}

fn rpm_line(rpm: &TaggedRpm, sigs: bool) -> String {
    let mut line = nvra(rpm).to_string();
    if rpm.draft == Some(true) {
        line.push_str(&format!(" (,draft_{})", rpm.build_id));
    }
    if sigs { format!("{} {line}", or_none(rpm.sigkey.clone().flatten())) } else { line }
}

/// The rpms' files; of signed copies only those that there are.
fn rpm_paths(cx: &Context, rpms: &[TaggedRpm], builds: &[TaggedBuild], sigs: bool) -> Vec<String> {
    let mut lines = Vec::new();
    let mut missing = Vec::new();
    for rpm in rpms {
        let Some(build) = builds.iter().find(|build| build.id == rpm.build_id) else { continue };
        let dir = dir(build);
        if !sigs {
            lines.push(cx.on_disk(&dir.rpm(&nvra(rpm))));
            continue;
        }
        let folder = cx.on_disk(dir.path());
        if !Path::new(&folder).is_dir() {
            if !missing.contains(&build.id) {
                crate::warn!("Build directory not found: {folder}");
                missing.push(build.id);
            }
            continue;
        }
        let key = rpm.sigkey.clone().flatten();
        let signed = cx.on_disk(&dir.signed(&nvra(rpm), key.as_deref().unwrap_or_default()));
        if Path::new(&signed).exists() {
            lines.push(signed);
        }
    }
    lines
}

const LATEST_USAGE: &str = "latest-build [options] <tag> <package> [<package> ...]

The first option should be the name of a tag, not the name of a build target.
If you want to know the latest build in buildroots for a given build target,
then you should use the name of the build tag for that target. You can find
this value by running '%prog list-targets --name=<target>'

More information on tags and build targets can be found in the documentation.
https://docs.pagure.org/koji/HOWTO/#package-organization";

/// `koji latest-build`
pub async fn latest(cx: Context, args: Vec<String>) -> Outcome {
    let mut p = cx.parser(LATEST_USAGE);
    let arch = p.text(&["--arch"], "", "List all of the latest packages for this arch");
    let all = p.flag(&["--all"], "List all of the latest packages for this tag");
    let quiet = p.flag(&["--quiet"], "Do not print the header information");
    let paths = p.flag(&["--paths"], "Show the file paths");
    let kind = p.text(
        &["--type"],
        "",
        "Show builds of the given type only. Currently supported types: maven, win, image, or any custom content \
         generator btypes",
    );
    let (o, args) = p.parse(args)?;
    let Some((tag, packages)) = args.split_first() else {
        return Err(o.error("A tag name must be specified"));
    };
    cx.connect().await?;
    if o.get(all) && !packages.is_empty() {
        return Err(o.error("A package name may not be combined with --all"));
    }
    if !o.get(all) && packages.is_empty() {
        return Err(o.error("A tag name and package name must be specified"));
    }
    let packages: Vec<Option<String>> =
        if o.get(all) { vec![None] } else { packages.iter().cloned().map(Some).collect() };
    let kind = o.get(kind);
    let table = BuildTable { cx: &cx, maven: kind.as_deref() == Some("maven"), paths: o.get(paths) };
    let mut header = !cx.quiet && !o.get(quiet);
    for package in packages {
        let mut lines = if let Some(arch) = o.get(arch) {
            let mut list = GetLatestRpms::new(tag.as_str()).arch(OneOrMany(vec![arch]));
            list.package = package;
            let (rpms, builds) = cx.session.call(list).await?;
            if table.paths {
                rpm_paths(&cx, &rpms, &builds, false)
            } else {
                rpms.iter().map(|rpm| nvra(rpm).to_string()).collect()
            }
        } else {
            let mut list = GetLatestBuilds::new(tag.as_str());
            (list.package, list.kind) = (package, kind.clone());
            let builds = cx.session.call_into(list).await?;
            if header {
                table.header();
                header = false;
            }
            table.lines(builds)?
        };
        lines.sort();
        for line in lines {
            say!("{line}");
        }
    }
    Ok(0)
}
