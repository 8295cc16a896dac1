//! `download-logs`.

use std::path::{Path, PathBuf};

use koji_core::api::builds::{GetBuild, GetBuildLogs};
use koji_core::api::tasks::{GetTaskChildren, GetTaskResult};
use koji_core::ids::{BuildId, TaskId};
use koji_core::model::{BuildState, TaskState};
use koji_core::paths::{self, DEFAULT_VOLUME};
use koji_core::{glob, python};

use super::download::Fetcher;
use super::taskinfo;
use crate::context::Context;
use crate::exit::{Outcome, Stop, describe};
use crate::say;

/// The file that tells why a task failed.
const FAIL_LOG: &str = "task_failed.log";

/// `koji download-logs`
pub async fn download(cx: Context, args: Vec<String>) -> Outcome {
    let mut p = cx.parser(
        "download-logs [options] <task_id> [<task_id> ...]\n       \
         %prog download-logs [options] --nvr <n-v-r> [<n-v-r> ...]\n\n\
         Note this command only downloads task logs, not build logs.\n",
    );
    let recurse = p.flag(&["-r", "--recurse"], "Process children of this task as well");
    let nvr = p.flag(&["--nvr"], "Get the logs for the task associated with this build Name-Version-Release.");
    let matching = p.list(
        &["-m", "--match"],
        "PATTERN",
        "Get only log filenames matching PATTERN (fnmatch). May be used multiple times.",
    );
    let resume = p.flag(&["-c", "--continue"], "Continue previous download");
    let dir = p.text(&["-d", "--dir"], "DIRECTORY", "Write logs to DIRECTORY");
    let (o, args) = p.parse(args)?;
    if args.is_empty() {
        return Err(o.error("Please specify at least one task id or n-v-r"));
    }
    cx.connect().await?;
    let dir = o.get(dir).unwrap_or_else(|| "kojilogs".to_owned());
    let logs =
        Logs { cx: &cx, patterns: o.get(matching), resume: o.get(resume), recurse: o.get(recurse) || o.get(nvr) };
    for arg in &args {
        if o.get(nvr) {
            logs.of_build(arg, &dir).await?;
            continue;
        }
        let id = arg.parse::<TaskId>();
        let id = id.map_err(|_| Stop::error(format_args!("Task id must be a number: {}", python::repr_str(arg))))?;
        logs.of_task(id, Path::new(&dir)).await?;
    }
    Ok(0)
}

struct Logs<'a> {
    cx: &'a Context,
    patterns: Vec<String>,
    resume: bool,
    recurse: bool,
}

impl Logs<'_> {
    fn wants(&self, name: &str) -> bool {
        self.patterns.is_empty() || self.patterns.iter().any(|pattern| glob::matches(pattern, name))
    }

    async fn of_build(&self, nvr: &str, dir: &str) -> Result<(), Stop> {
        let build = self.cx.session.call(GetBuild::new(nvr)).await?;
        let build = build.ok_or_else(|| Stop::error(format_args!("There is no build with n-v-r: {nvr}")))?;
        // only a complete build has logs of its own
        if build.state == BuildState::Complete {
            say!("Using build ID: {}", build.id);
            return self.of_complete_build(build.id, nvr, dir).await;
        }
        let Some(task) = build.task_id else {
            say!("Unable to download build {nvr} (state={})", build.state);
            return Ok(());
        };
        say!("Build {nvr} is {}", build.state);
        say!("Using task ID: {task}");
        self.of_task(task, Path::new(dir)).await
    }

    async fn of_complete_build(&self, id: BuildId, nvr: &str, dir: &str) -> Result<(), Stop> {
        let Some(topurl) = &self.cx.profile.topurl else {
            return Err(Stop::error("You must specify --topurl to download files"));
        };
        let mut fetcher = Fetcher::new(self.cx, false, false);
        let here = std::env::current_dir().map_err(|e| Stop::io(".", e))?;
        for log in self.cx.session.call(GetBuildLogs::new(id)).await? {
            if log.name.ends_with(".log") && self.wants(&log.name) && paths::is_component(&log.name) {
                let to = here.join(dir).join(nvr).join(&log.name);
                fetcher.fetch(&paths::under(topurl, &log.path), &to.to_string_lossy(), None).await?;
            }
        }
        Ok(())
    }

    /// The logs of a task in a folder of their own, and those of its subtasks below it.
    async fn of_task(&self, id: TaskId, dir: &Path) -> Result<(), Stop> {
        let mut left = vec![(id, dir.to_owned())];
        while let Some((id, parent)) = left.pop() {
            let dir = self.of_one_task(id, &parent).await?;
            if self.recurse {
                let children = self.cx.session.call(GetTaskChildren::new(id)).await?;
                left.extend(children.into_iter().rev().map(|child| (child.id, dir.clone())));
            }
        }
        Ok(())
    }

    async fn of_one_task(&self, id: TaskId, parent: &Path) -> Result<PathBuf, Stop> {
        let session = &self.cx.session;
        let task = taskinfo::task(session, id, false).await?;
        let task = task.ok_or_else(|| Stop::error(format_args!("No such task: {id}")))?;
        let dir = parent.join(format!("{}-{id}", task.arch));
        let mut count = 0;
        match task.state {
            TaskState::Failed if self.wants(FAIL_LOG) => {
                self.write_failure(id, &dir).await?;
                count += 1;
            }
            TaskState::Failed | TaskState::Closed | TaskState::Canceled => {}
            other => crate::warn!("Task {id} is {other}\n"),
        }
        for file in taskinfo::files(session, id).await? {
            if !file.name.ends_with(".log") || !self.wants(&file.name) || !paths::is_relative(&file.name) {
                continue;
            }
            for volume in &file.volumes {
                let folder = if volume == DEFAULT_VOLUME { dir.clone() } else { dir.join(volume) };
                self.write(id, &file.name, volume, &folder.join(&file.name)).await?;
                count += 1;
            }
        }
        if count == 0 && !self.recurse {
            crate::warn!("No logs found for task {id}. Perhaps try --recurse?\n");
        }
        Ok(dir)
    }

    async fn write(&self, id: TaskId, name: &str, volume: &str, to: &Path) -> Result<(), Stop> {
        make_parent(to)?;
        let resume = self.resume && to.exists();
        let mut options = tokio::fs::OpenOptions::new();
        options.create(true).write(true).append(resume).truncate(!resume);
        let mut file = options.open(to).await.map_err(|e| Stop::io(to, e))?;
        let offset = if resume { file.metadata().await.map_err(|e| Stop::io(to, e))?.len() } else { 0 };
        say!("{}: {}", if resume { "Continuing" } else { "Downloading" }, to.display());
        self.cx.session.copy_task_output(id, name, offset, Some(volume), &mut file, to).await?;
        tokio::io::AsyncWriteExt::flush(&mut file).await.map_err(|e| Stop::io(to, e))
    }

    async fn write_failure(&self, id: TaskId, dir: &Path) -> Result<(), Stop> {
        let text = match self.cx.session.call(GetTaskResult::new(id)).await {
            Ok(result) => python::pformat(&result),
            Err(error) => {
                let (class, message) = describe(&error);
                format!("koji.{class}: {message}\n")
            }
        };
        let to = dir.join(FAIL_LOG);
        make_parent(&to)?;
        say!("Writing: {}", to.display());
        std::fs::write(&to, text).map_err(|e| Stop::io(&to, e))
    }
}

fn make_parent(path: &Path) -> Result<(), Stop> {
    match path.parent() {
        Some(parent) => std::fs::create_dir_all(parent).map_err(|e| Stop::io(parent, e)),
        None => Ok(()),
    }
}
