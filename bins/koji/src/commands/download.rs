//! `download-build`, and the downloads behind it.

use std::path::Path;

use koji_client::{Error, Progress};
use koji_core::api::builds::{GetBuild, ListBuilds};
use koji_core::api::rpms::{GetRpm, ListRpms, QueryRpmSigs};
use koji_core::api::tagging::ListTagged;
use koji_core::api::{BuildRef, OneOrMany};
use koji_core::ids::{BuildId, TaskId};
use koji_core::model::{Build, ChecksumType};
use koji_core::nvr::{Nvra, is_debuginfo};
use koji_core::paths;
use koji_core::xmlrpc::Value;
use serde::Deserialize;

use super::builds::{Archive, archives, build_dir, build_ref};
use super::rpms::nvra;
use super::verify;
use crate::context::Context;
use crate::exit::{Outcome, Stop};
use crate::optparse::{Opt, Parsed, Parser};
use crate::output::progress::show_download;
use crate::say;

/// After how many bytes the progress is drawn anew.
const BAR_STEP: u64 = 1 << 20;

/// Fetches files, one after the other.
pub struct Fetcher<'a> {
    /// The command's context.
    pub cx: &'a Context,
    /// Whether nothing is printed.
    pub quiet: bool,
    /// Whether no progress is shown.
    pub noprogress: bool,
    /// How many files there will be, if they are counted.
    pub total: Option<usize>,
    /// How many there were.
    pub number: usize,
}

impl<'a> Fetcher<'a> {
    /// Nothing was fetched yet.
    pub fn new(cx: &'a Context, quiet: bool, noprogress: bool) -> Self {
        Self { cx, quiet, noprogress, total: None, number: 0 }
    }

    /// Saves what is at the URL as a file; nothing is done if it is there already, with the right size.
    pub async fn fetch(&mut self, url: &str, to: &str, size: Option<u64>) -> Result<(), Stop> {
        if let Some(folder) = Path::new(to).parent() {
            std::fs::create_dir_all(folder).map_err(|e| Stop::io(folder, e))?;
        }
        self.announce(to);
        let there = std::fs::metadata(to).ok().map(|file| file.len());
        if there.is_some() && there == size {
            if !self.quiet {
                say!("File {to} already downloaded, skipping");
            }
            return Ok(());
        }
        let mut download = self.cx.session.download(url);
        if let Some(size) = size {
            download = download.size(size);
        }
        if self.quiet || self.noprogress {
            download.save(to).await?;
            return Ok(());
        }
        let mut shown = 0;
        let bar = |progress: Progress| {
            if progress.done >= shown + BAR_STEP {
                show_download(progress);
                shown = progress.done;
            }
        };
        let done = download.progress(bar).save(to).await?;
        show_download(Progress { done, total: Some(done) });
        say!("");
        Ok(())
    }

    /// Counts a file, and says which it is.
    pub fn announce(&mut self, to: &str) {
        self.number += 1;
        if !self.quiet {
            match self.total {
                Some(total) => say!("Downloading [{}/{total}]: {to}", self.number),
                None => say!("Downloading: {to}"),
            }
        }
    }
}

struct Options {
    arches: Opt<Vec<String>>,
    kind: Opt<Option<String>>,
    latestfrom: Opt<Option<String>>,
    debuginfo: Opt<bool>,
    task_id: Opt<bool>,
    rpm: Opt<bool>,
    key: Opt<Option<String>>,
    fallback_unsigned: Opt<bool>,
    topurl: Opt<Option<String>>,
    noprogress: Opt<bool>,
    nofailarch: Opt<bool>,
    quiet: Opt<bool>,
}

impl Options {
    fn declare(p: &mut Parser) -> Self {
        Self {
            arches: p.list(
                &["-a", "--arch"],
                "ARCH",
                "Only download packages for this arch (may be used multiple times)",
            ),
            kind: p.text(
                &["--type"],
                "",
                "Download archives of the given type, rather than rpms (maven, win, image, remote-sources)",
            ),
            latestfrom: p.text(&["--latestfrom"], "", "Download the latest build from this tag"),
            debuginfo: p.flag(&["--debuginfo"], "Also download -debuginfo rpms"),
            task_id: p.flag(&["--task-id"], "Interperet id as a task id"),
            rpm: p.flag(&["--rpm"], "Download the given rpm"),
            key: p.text(&["--key"], "", "Download rpms signed with the given key"),
            fallback_unsigned: p
                .flag(&["--fallback-unsigned"], "When used with --key: download unsigned if signed packages not found"),
            topurl: p.text(&["--topurl"], "URL", "URL under which Koji files are accessible"),
            noprogress: p.flag(&["--noprogress"], "Do not display progress meter"),
            nofailarch: p.flag(&["--nofailarch"], "Do not fail if package not available for specified arch(es)"),
            quiet: p.flag(&["-q", "--quiet"], "Suppress output"),
        }
    }
}

/// What of an rpm is needed to fetch it.
#[derive(Debug, Clone, Deserialize)]
struct RpmFile {
    id: koji_core::ids::RpmId,
    build_id: BuildId,
    name: String,
    version: String,
    release: String,
    arch: String,
    size: u64,
    payloadhash: String,
}

impl RpmFile {
    fn nvra(&self) -> Nvra {
        nvra(&self.name, &self.version, &self.release, &self.arch)
    }
}

/// `koji download-build`
pub async fn build(cx: Context, args: Vec<String>) -> Outcome {
    let mut p = cx.parser(
        "download-build [options] <n-v-r|build_id>\n\n\
         Downloads files from the specified build entry\n\
         Note: scratch builds do not have build entries. Use download-task for those\n",
    );
    let options = Options::declare(&mut p);
    let (o, args) = p.parse(args)?;
    let name = match args.as_slice() {
        [] => return Err(o.error("Please specify a package N-V-R or build ID")),
        [name] => name.as_str(),
        _ => return Err(o.error("Only a single package N-V-R or build ID may be specified")),
    };
    cx.connect().await?;
    let (build, rpm) = find(&cx, &o, &options, name).await?;
    let topurl = o.get(options.topurl).or_else(|| cx.profile.topurl.clone());
    let topurl = topurl.ok_or_else(|| Stop::error("You must specify --topurl to download files"))?;
    let label = format!("{}-{}-{}", build.package_name, build.version, build.release);
    let mut fetcher = Fetcher::new(&cx, cx.quiet || o.get(options.quiet), o.get(options.noprogress));
    if let Some(kind) = o.get(options.kind) {
        let archives = archives(&cx, build.id, Some(&kind)).await?;
        if archives.is_empty() {
            return Err(Stop::error(format_args!("No {kind} archives available for {label}")));
        }
        fetcher.total = Some(archives.len());
        for archive in archives {
            fetch_archive(&mut fetcher, &topurl, &build, &archive).await?;
        }
        return Ok(0);
    }
    let rpms = match rpm {
        Some(rpm) => vec![rpm],
        None => match rpms(&cx, &build, &label, o.get(options.arches)).await {
            Err(Stop::Exit(_)) if o.get(options.nofailarch) && !o.get(options.arches).is_empty() => return Ok(0),
            other => other?,
        },
    };
    let mut rpms: Vec<_> =
        rpms.into_iter().filter(|rpm| o.get(options.debuginfo) || !is_debuginfo(&rpm.name)).collect();
    let key = o.get(options.key);
    let fallback = o.get(options.fallback_unsigned);
    let unsigned = match &key {
        Some(key) => split_unsigned(&cx, &mut rpms, key).await?,
        None => Vec::new(),
    };
    let unsigned = if fallback { unsigned } else { Vec::new() };
    fetcher.total = Some(rpms.len() + unsigned.len());
    for rpm in &rpms {
        match fetch_rpm(&mut fetcher, &topurl, &build, rpm, key.as_deref()).await {
            // the hub may still know of a signed copy whose file is gone
            Err(Stop::Failed(Error::Status { status: 404, .. })) if key.is_some() && fallback => {
                crate::warn!("Signed copy not present, will download unsigned copy");
                fetcher.number -= 1;
                fetch_rpm(&mut fetcher, &topurl, &build, rpm, None).await?;
            }
            other => other?,
        }
    }
    for rpm in &unsigned {
        fetch_rpm(&mut fetcher, &topurl, &build, rpm, None).await?;
    }
    Ok(0)
}

/// The build that is meant, and the only rpm of it if that was asked for.
async fn find(cx: &Context, o: &Parsed, options: &Options, name: &str) -> Result<(Build, Option<RpmFile>), Stop> {
    let none = || Stop::error(format_args!("No such build: {name}"));
    let is_id = name.bytes().all(|b| b.is_ascii_digit());
    if let Some(tag) = o.get(options.latestfrom) {
        if is_id {
            return Err(o.error("--latestfrom not compatible with build IDs, specify a package name."));
        }
        let mut list = ListTagged::new(tag.as_str()).latest(true).package(name);
        list.kind = o.get(options.kind);
        let builds = match cx.session.call(list).await {
            Err(Error::Fault(fault)) => return Err(Stop::error(format_args!("Error finding latest build: {fault}"))),
            other => other?,
        };
        let Some(latest) = builds.first() else {
            return Err(Stop::error(format_args!("{tag} has no builds of {name}")));
        };
        return Ok((cx.session.call(GetBuild::new(latest.id)).await?.ok_or_else(none)?, None));
    }
    if o.get(options.rpm) {
        let rpm: Option<RpmFile> = cx.session.call_into(GetRpm::new(name)).await?;
        let rpm = rpm.ok_or_else(|| Stop::error(format_args!("No such rpm: {name}")))?;
        let build = cx.session.call(GetBuild::new(rpm.build_id)).await?.ok_or_else(none)?;
        return Ok((build, Some(rpm)));
    }
    let mut build: BuildRef = build_ref(name);
    if is_id && o.get(options.task_id) {
        let task: TaskId = name.parse().map_err(|_| none())?;
        let builds = cx.session.call(ListBuilds::new().task_id(task)).await?.into_list();
        let Some(first) = builds.first() else {
            return Err(Stop::error(format_args!(
                "No associated builds for task {name}\nIf this is a scratch build, try using download-task instead"
            )));
        };
        build = first.build_id.into();
    } else if !is_id && name.parse::<Nvra>().is_ok() {
        // the name of an rpm stands for its build
        if let Ok(Value::Struct(rpm)) = cx.session.call(GetRpm::new(name)).await
            && let Some(id) = rpm.get("build_id").and_then(Value::as_int).and_then(|id| i32::try_from(id).ok())
        {
            build = BuildId(id).into();
        }
    }
    Ok((cx.session.call(GetBuild::new(build)).await?.ok_or_else(none)?, None))
}

async fn rpms(cx: &Context, build: &Build, label: &str, arches: Vec<String>) -> Result<Vec<RpmFile>, Stop> {
    let mut list = ListRpms::new().build_id(build.id);
    list.arches = Some(OneOrMany(arches.clone())).filter(|arches| !arches.0.is_empty());
    let rpms: Vec<RpmFile> = cx.session.call_into(list).await?;
    match (rpms.is_empty(), arches.is_empty()) {
        (false, _) => Ok(rpms),
        (true, true) => Err(Stop::error(format_args!("No packages available for {label}"))),
        (true, false) => Err(Stop::error(format_args!("No {} packages available for {label}", arches.join(" or ")))),
    }
}

/// Takes out the rpms that are not signed with the key.
async fn split_unsigned(cx: &Context, rpms: &mut Vec<RpmFile>, key: &str) -> Result<Vec<RpmFile>, Stop> {
    let mut m = cx.session.multicall();
    let calls: Vec<_> = rpms.iter().map(|rpm| m.call(QueryRpmSigs::new().rpm_id(rpm.id).sigkey(key))).collect();
    m.run().await?;
    let (mut signed, mut unsigned) = (Vec::new(), Vec::new());
    for (rpm, call) in rpms.drain(..).zip(calls) {
        if call.result()?.into_list().is_empty() {
            // Koji writes the name with a hyphen before the architecture
            let name = format!("{}-{}-{}-{}", rpm.name, rpm.version, rpm.release, rpm.arch);
            crate::warn!("No such sigkey {key} for rpm {name}.rpm");
            unsigned.push(rpm);
        } else {
            signed.push(rpm);
        }
    }
    *rpms = signed;
    Ok(unsigned)
}

async fn fetch_rpm(
    fetcher: &mut Fetcher<'_>,
    topurl: &str,
    build: &Build,
    rpm: &RpmFile,
    key: Option<&str>,
) -> Result<(), Stop> {
    let (dir, name) = (build_dir(build), rpm.nvra());
    let path = match key {
        Some(key) => dir.signed(&name, key),
        None => dir.rpm(&name),
    };
    let to = name.file_name();
    // the hub knows only the size of the unsigned copy
    fetcher.fetch(&paths::under(topurl, &path), &to, key.is_none().then_some(rpm.size)).await?;
    verify::rpm(&to, &rpm.payloadhash)
}

async fn fetch_archive(fetcher: &mut Fetcher<'_>, topurl: &str, build: &Build, archive: &Archive) -> Result<(), Stop> {
    let to = archive.path();
    if !paths::is_relative(&to) {
        return Err(Stop::error(format_args!("Invalid file name: {to}")));
    }
    let path = format!("{}/{to}", build_dir(build).typed(&archive.btype));
    fetcher.fetch(&paths::under(topurl, &path), &to, Some(archive.size)).await?;
    match (archive.checksum_type.and_then(ChecksumType::from_code), &archive.checksum) {
        (Some(kind), Some(checksum)) => verify::checksum(&to, kind, checksum),
        _ => Err(Stop::error(format_args!("Unknown checksum type of {to}"))),
    }
}
