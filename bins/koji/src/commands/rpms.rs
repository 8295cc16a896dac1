//! `rpminfo`, `list-buildroot`.

use koji_core::api::archives::ListArchives;
use koji_core::api::buildroots::{GetBuildroot, ListBuildroots};
use koji_core::api::builds::GetBuild;
use koji_core::api::external_repos::GetExternalRepo;
use koji_core::api::rpms::{GetRpm, GetRpmHeaders, ListRpms};
use koji_core::api::{OneOrMany, QueryOpts};
use koji_core::ids::{BuildId, BuildrootId, RpmId};
use koji_core::model::{Build, Rpm};
use koji_core::nvr::{Nvr, Nvra};
use koji_core::python;
use koji_core::time::EpochSeconds;
use koji_core::xmlrpc::{Struct, Value, from_value};

use super::builds::build_dir;
use crate::context::Context;
use crate::exit::{Outcome, Stop};
use crate::output::{or_none, time};
use crate::say;

/// The file name of an rpm, without `.rpm`.
pub fn nvra(name: &str, version: &str, release: &str, arch: &str) -> Nvra {
    Nvra::new(Nvr::new(name, version, release), arch)
}

/// `koji rpminfo`
pub async fn info(cx: Context, args: Vec<String>) -> Outcome {
    let mut p = cx.parser("rpminfo [options] <n-v-r.a|id> [<n-v-r.a|id> ...]");
    let buildroots = p.flag(&["--buildroots"], "show buildroots the rpm was used in");
    let (o, args) = p.parse(args)?;
    if args.is_empty() {
        return Err(o.error("Please specify an RPM"));
    }
    cx.connect().await?;
    let mut code = 0;
    for name in &args {
        match cx.session.call(GetRpm::new(name.as_str())).await? {
            Value::Struct(record) => show(&cx, record, o.get(buildroots)).await?,
            _ => {
                crate::warn!("No such rpm: {name}\n");
                code = 1;
            }
        }
    }
    Ok(code)
}

fn epoch(epoch: Option<i32>) -> String {
    epoch.map(|epoch| format!("{epoch}:")).unwrap_or_default()
}

async fn show(cx: &Context, record: Struct, buildroots: bool) -> Result<(), Stop> {
    let session = &cx.session;
    let extra = record.get("extra").cloned().unwrap_or_default();
    let rpm: Rpm = from_value(record.into()).map_err(|e| Stop::generic(format!("getRPM: {e}")))?;
    let name = nvra(&rpm.name, &rpm.version, &rpm.release, &rpm.arch);
    let internal = rpm.external_repo_id.0 == 0;
    let build = match rpm.build_id.filter(|_| internal) {
        Some(id) => session.call(GetBuild::new(id)).await?,
        None => None,
    };
    let source = match &build {
        Some(build) => source_rpm(cx, build.id, &rpm).await?,
        None => None,
    };
    say!("RPM: {}{name} [{}]", epoch(rpm.epoch), rpm.id);
    if rpm.draft == Some(true) {
        say!("Draft: YES");
    }
    if let Some(build) = &build {
        show_build(cx, &rpm, &name, build, source);
    } else if !internal && let Some(repo) = session.call(GetExternalRepo::new(rpm.external_repo_id)).await? {
        say!("External Repository: {} [{}]", repo.name, repo.id);
        say!("External Repository url: {}", repo.url);
    }
    say!("SIGMD5: {}", rpm.payloadhash);
    say!("Size: {}", rpm.size);
    if internal {
        let headers = GetRpmHeaders::new().rpm_id(rpm.id).headers(vec!["license".to_owned()]);
        if let Some(license) = session.call(headers).await?.get("license") {
            say!("License: {}", python::str(license));
        }
        say!("Build ID: {}", or_none(rpm.build_id));
    }
    match rpm.buildroot_id {
        Some(id) => show_buildroot(cx, id).await?,
        None => say!("No buildroot data available"),
    }
    if extra.is_truthy() {
        say!("Extra: {}", python::repr(&extra));
    }
    if buildroots { show_uses(cx, rpm.id).await } else { Ok(()) }
}

/// The source package: its epoch, name and id.
async fn source_rpm(cx: &Context, build: BuildId, rpm: &Rpm) -> Result<Option<(Option<i32>, Nvra, RpmId)>, Stop> {
    if rpm.arch == "src" {
        return Ok(Some((rpm.epoch, nvra(&rpm.name, &rpm.version, &rpm.release, "src"), rpm.id)));
    }
    let list = ListRpms::new().build_id(build).arches(OneOrMany(vec!["src".to_owned()]));
    let first = cx.session.call(list).await?.into_list().into_iter().next();
    Ok(first.map(|rpm| (rpm.epoch, nvra(&rpm.name, &rpm.version, &rpm.release, &rpm.arch), rpm.id)))
}

fn show_build(cx: &Context, rpm: &Rpm, name: &Nvra, build: &Build, source: Option<(Option<i32>, Nvra, RpmId)>) {
    let dir = build_dir(build);
    say!("Build: {} [{}]", build.nvr, build.id);
    say!("RPM Path: {}", cx.on_disk(&dir.rpm(name)));
    match source {
        Some((source_epoch, source, id)) => {
            say!("SRPM: {}{} [{id}]", epoch(source_epoch), source.nvr);
            say!("SRPM Path: {}", cx.on_disk(&dir.rpm(&source)));
        }
        None => {
            say!("SRPM: (none)");
            say!("SRPM Path: (none)");
        }
    }
    // times of builds are far within what a float holds exactly
    say!("Built: {}", time::long(EpochSeconds(rpm.buildtime as f64)));
}

async fn show_buildroot(cx: &Context, id: BuildrootId) -> Result<(), Stop> {
    let Some(root) = cx.session.call(GetBuildroot::new(id)).await? else { return Ok(()) };
    if root.br_type == 0 {
        let (tag, arch, repo) = (or_none(root.tag_name), or_none(root.arch), or_none(root.repo_id));
        say!("Buildroot: {id} (tag {tag}, arch {arch}, repo {repo})");
        say!("Build Host: {}", or_none(root.host_name));
        say!("Build Task: {}", or_none(root.task_id));
    } else {
        say!("Content generator: {}", or_none(root.cg_name));
        say!("Buildroot: {id}");
        say!("Build Host OS: {} ({})", or_none(root.host_os), or_none(root.host_arch));
    }
    Ok(())
}

async fn show_uses(cx: &Context, id: RpmId) -> Result<(), Stop> {
    let order = QueryOpts { order: Some("buildroot.id".to_owned()), ..QueryOpts::default() };
    let roots = cx.session.call(ListBuildroots::new().rpm_id(id).query_opts(order)).await?.into_list();
    say!("Used in {} buildroots:", roots.len());
    if !roots.is_empty() {
        say!("  {:>8} {:<28} {:<8} {:<29}", "id", "build tag", "arch", "build host");
        say!("  {0} {1} {0} {2}", "-".repeat(8), "-".repeat(28), "-".repeat(29));
    }
    for root in roots {
        let (tag, arch, host) = (or_none(root.tag_name), or_none(root.arch), or_none(root.host_name));
        say!("  {:>8} {tag:<28} {arch:<8} {host:<29}", root.id.0);
    }
    Ok(())
}

/// `koji list-buildroot`
pub async fn list_buildroot(cx: Context, args: Vec<String>) -> Outcome {
    let mut p = cx.parser("list-buildroot [options] <buildroot-id>");
    let built = p.flag(&["--built"], "Show the built rpms and archives");
    let verbose = p.flag(&["-v", "--verbose"], "Show more information");
    let (o, args) = p.parse(args)?;
    let [id] = args.as_slice() else { return Err(o.error("Incorrect number of arguments")) };
    let id: BuildrootId = id.parse().map_err(|_| o.error("buildroot id must be an integer"))?;
    cx.connect().await?;
    let built = o.get(built);
    let (mut rpms, mut archives) = (ListRpms::new(), ListArchives::new());
    if built {
        (rpms, archives) = (rpms.buildroot_id(id), archives.buildroot_id(id));
    } else {
        (rpms, archives) = (rpms.component_buildroot_id(id), archives.component_buildroot_id(id));
    }
    let title = if built { "Built" } else { "Component" };
    let rpms = cx.session.call(rpms).await?.into_list();
    let mut lines: Vec<_> = rpms
        .into_iter()
        .map(|rpm| {
            let mut marks = String::new();
            if rpm.draft == Some(true) {
                marks.push_str(&format!(" (,draft_{})", or_none(rpm.build_id)));
            }
            if rpm.is_update == Some(true) {
                marks.push_str(" [update]");
            }
            (format!("{}.{}", rpm.nvr, rpm.arch), marks)
        })
        .collect();
    lines.sort();
    if !lines.is_empty() {
        say!("{title} RPMs:");
    }
    for (name, marks) in &lines {
        say!("{name}{}", if o.get(verbose) { marks } else { "" });
    }
    let archives = cx.session.call(archives).await?.into_list();
    let mut names: Vec<_> = archives.iter().map(|archive| archive.filename.as_str()).collect();
    names.sort_unstable();
    if !names.is_empty() {
        if !lines.is_empty() {
            say!("");
        }
        say!("{title} Archives:");
    }
    for name in names {
        say!("{name}");
    }
    Ok(0)
}
