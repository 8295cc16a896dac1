//! `download-task`.

use koji_core::api::tasks::GetTaskChildren;
use koji_core::ids::TaskId;
use koji_core::model::{Task, TaskState};
use koji_core::paths::{self, DEFAULT_VOLUME};
use regex::Regex;

use super::download::Fetcher;
use super::taskinfo;
use super::watch::{Quiet, watch, watched};
use crate::context::Context;
use crate::exit::{Outcome, Stop};
use crate::optparse::{Opt, Parsed, Parser};
use crate::say;

struct Options {
    arches: Opt<Vec<String>>,
    logs: Opt<bool>,
    topurl: Opt<Option<String>>,
    noprogress: Opt<bool>,
    wait: Opt<Option<bool>>,
    quiet: Opt<bool>,
    all: Opt<bool>,
    dirpertask: Opt<bool>,
    parentonly: Opt<bool>,
    filter: Opt<Vec<String>>,
    skip: Opt<Vec<String>>,
}

impl Options {
    fn declare(p: &mut Parser) -> Self {
        Self {
            arches: p.list(
                &["--arch"],
                "ARCH",
                "Only download packages for this arch (may be used multiple times), only for build and buildArch task \
                 methods",
            ),
            logs: p.flag(&["--logs"], "Also download build logs"),
            topurl: p.text(&["--topurl"], "URL", "URL under which Koji files are accessible"),
            noprogress: p.flag(&["--noprogress"], "Do not display progress meter"),
            wait: p.choice(
                &["--wait"],
                "Wait for running tasks to finish, even if running in the background",
                &["--nowait"],
                "Do not wait for running tasks to finish",
            ),
            quiet: p.flag(&["-q", "--quiet"], "Suppress output"),
            all: p.flag(&["--all"], "Download all files, all methods instead of build and buildArch"),
            dirpertask: p.flag(&["--dirpertask"], "Download files to dir per task"),
            parentonly: p.flag(&["--parentonly"], "Download parent's files only"),
            filter: p.list(&["--filter"], "", "Regex pattern to filter files"),
            skip: p.list(&["--skip"], "", "Regex pattern to skip files"),
        }
    }
}

/// `koji download-task`
pub async fn task(cx: Context, args: Vec<String>) -> Outcome {
    let mut p = cx.parser(
        "download-task <task_id>\n\n\
         Default behavior without --all option downloads .rpm files only for build and buildArch tasks.\n",
    );
    let options = Options::declare(&mut p);
    let (o, args) = p.parse(args)?;
    let id = match args.as_slice() {
        [] => return Err(o.error("Please specify a task ID")),
        [id] => id.parse::<TaskId>().map_err(|_| o.error("task id must be an integer"))?,
        _ => return Err(o.error("Only one task ID may be specified")),
    };
    let chooser = Chooser::new(&o, &options)?;
    cx.connect().await?;
    let quiet = cx.quiet || o.get(options.quiet);
    let none = || Stop::error(format_args!("No such task: {id}"));
    let mut base = taskinfo::task(&cx.session, id, false).await?.ok_or_else(none)?;
    if !base.state.is_finished() && watched(o.get(options.wait)) {
        watch(&cx, &[id], Quiet(quiet)).await?;
        base = taskinfo::task(&cx.session, id, false).await?.ok_or_else(none)?;
    }
    let mut tasks = vec![base];
    if !o.get(options.parentonly) {
        tasks.extend(cx.session.call(GetTaskChildren::new(id)).await?);
    }
    tasks.sort_by_key(|task| task.id);
    check_ended(&tasks, id)?;
    let mut downloads = Vec::new();
    for task in &tasks {
        for file in taskinfo::files(&cx.session, task.id).await? {
            if let Some(local) = chooser.local_name(task, &file.name) {
                for volume in &file.volumes {
                    downloads.push(Download::new(&chooser, task.id, &file.name, volume, &local)?);
                }
            }
        }
    }
    if downloads.is_empty() {
        say!("No files for download found.");
        return Ok(0);
    }
    let topurl = o.get(options.topurl).or_else(|| cx.profile.topurl.clone());
    let topurl = topurl.ok_or_else(|| Stop::error("You must specify --topurl to download files"))?;
    let mut fetcher = Fetcher::new(&cx, quiet, o.get(options.noprogress));
    fetcher.total = Some(downloads.len());
    let mut done: Vec<String> = Vec::new();
    let mut duplicates = false;
    for Download { path, to } in downloads {
        if done.contains(&to) {
            fetcher.announce(&to);
            if !quiet {
                say!("File {to} already downloaded, skipping");
            }
            duplicates = true;
            continue;
        }
        fetcher.fetch(&paths::under(&topurl, &path), &to, None).await?;
        done.push(to);
    }
    if duplicates {
        crate::warn!("Duplicate files, for download all duplicate files use --dirpertask.");
    }
    Ok(0)
}

/// Only what has ended well has all its files.
fn check_ended(tasks: &[Task], base: TaskId) -> Result<(), Stop> {
    let Some(task) = tasks.iter().find(|task| task.state != TaskState::Closed) else { return Ok(()) };
    let what = if task.id == base { "Task" } else { "Child task" };
    Err(match task.state {
        TaskState::Failed => Stop::error(format_args!(
            "{what} {} failed. You can use save-failed-tree plugin for FAILED tasks.",
            task.id
        )),
        TaskState::Canceled => Stop::error(format_args!("{what} {} was canceled.", task.id)),
        _ => Stop::error(format_args!("{what} {} has not finished yet.", task.id)),
    })
}

struct Download {
    path: String,
    to: String,
}

impl Download {
    fn new(chooser: &Chooser, id: TaskId, name: &str, volume: &str, local: &str) -> Result<Self, Stop> {
        if !paths::is_relative(name) {
            return Err(Stop::error(format_args!("Invalid file name: {name}")));
        }
        let path = format!("{}/{name}", paths::task_output(Some(volume), id));
        let to = match (volume, chooser.dirpertask) {
            (DEFAULT_VOLUME, _) => local.to_owned(),
            (volume, true) => format!("{id}/{volume}/{name}"),
            (volume, false) => format!("{volume}/{local}"),
        };
        Ok(Self { path, to })
    }
}

/// Which files are wanted, and what they are called here.
struct Chooser {
    arches: Vec<String>,
    all: bool,
    logs: bool,
    dirpertask: bool,
    filter: Vec<Regex>,
    skip: Vec<Regex>,
}

impl Chooser {
    fn new(o: &Parsed, options: &Options) -> Result<Self, Stop> {
        let patterns = |opt: Opt<Vec<String>>| {
            let patterns: Result<Vec<_>, _> = o.get(opt).iter().map(|pattern| Regex::new(pattern)).collect();
            patterns.map_err(|e| Stop::generic(e.to_string()))
        };
        let chooser = Self {
            arches: o.get(options.arches).iter().flat_map(|arches| arches.split(',')).map(str::to_owned).collect(),
            all: o.get(options.all),
            logs: o.get(options.logs),
            dirpertask: o.get(options.dirpertask),
            filter: patterns(options.filter)?,
            skip: patterns(options.skip)?,
        };
        if !chooser.filter.is_empty() && !chooser.skip.is_empty() {
            return Err(o.error("Only filter or skip may be specified. Not both."));
        }
        Ok(chooser)
    }

    /// The name under which a task's file is saved; none if it is not wanted.
    fn local_name(&self, task: &Task, name: &str) -> Option<String> {
        if !self.filter.iter().all(|pattern| pattern.is_match(name))
            || self.skip.iter().any(|pattern| pattern.is_match(name))
        {
            return None;
        }
        let builds = matches!(task.method.as_str(), "build" | "buildArch");
        let (stem, kind) = name.rsplit_once('.').unwrap_or((name, ""));
        let own = format!("{}/{name}", task.id);
        let with_arch = || match name.contains(&task.arch) {
            true => name.to_owned(),
            false => format!("{stem}.{}.{kind}", task.arch),
        };
        match kind {
            "rpm" if builds => {
                let arch = stem.rsplit('.').next().unwrap_or_default();
                let wanted = self.arches.is_empty() || self.arches.iter().any(|wanted| wanted == arch);
                wanted.then(|| if self.dirpertask { own } else { name.to_owned() })
            }
            "log" => self.logs.then(|| if self.dirpertask { own } else { with_arch() }),
            _ if !self.all => None,
            _ if self.dirpertask => Some(own),
            _ if name.ends_with("src.rpm") => Some(name.to_owned()),
            "" => Some(name.to_owned()),
            _ => Some(with_arch()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(method: &str) -> Task {
        serde_json::from_value(serde_json::json!({
            "id": 5, "state": 2, "create_time": "2024-01-02 03:04:05+00:00", "create_ts": 1704164645.0,
            "channel_id": 1, "owner": 1, "method": method, "arch": "x86_64"
        }))
        .unwrap()
    }

    fn chooser(args: &[&str]) -> Chooser {
        let mut p = Parser::new("koji", "");
        let options = Options::declare(&mut p);
        let (o, _) = p.parse(args.iter().map(|arg| (*arg).to_owned())).unwrap();
        Chooser::new(&o, &options).unwrap()
    }

    #[test]
    fn rpms_of_builds_are_wanted_and_what_else_is_asked_for() {
        for (args, method, name, expected) in [
            (&[][..], "buildArch", "a-1-1.x86_64.rpm", Some("a-1-1.x86_64.rpm")),
            (&[], "buildArch", "build.log", None),
            (&[], "newRepo", "a-1-1.x86_64.rpm", None),
            (&["--arch=noarch,src"], "buildArch", "a-1-1.x86_64.rpm", None),
            (&["--arch=noarch,src"], "buildArch", "a-1-1.src.rpm", Some("a-1-1.src.rpm")),
            (&["--logs"], "buildArch", "build.log", Some("build.x86_64.log")),
            (&["--all"], "newRepo", "repo.json", Some("repo.x86_64.json")),
            (&["--all", "--dirpertask"], "newRepo", "repo.json", Some("5/repo.json")),
            (&["--all", "--skip=json$"], "newRepo", "repo.json", None),
            (&["--all", "--filter=json$", "--filter=^r"], "newRepo", "repo.json", Some("repo.x86_64.json")),
        ] {
            assert_eq!(chooser(args).local_name(&task(method), name).as_deref(), expected, "{args:?} {name}");
        }
    }

    #[test]
    fn files_stay_below_here() {
        let chooser = chooser(&[]);
        assert!(Download::new(&chooser, TaskId(5), "../x", "DEFAULT", "x").is_err());
        let other = Download::new(&chooser, TaskId(10_005), "a.rpm", "vol3", "a.rpm").unwrap();
        assert_eq!((other.path.as_str(), other.to.as_str()), ("vol/vol3/work/tasks/5/10005/a.rpm", "vol3/a.rpm"));
    }
}
