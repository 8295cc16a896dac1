//! `watch-task`, `watch-logs`, and the watching behind every command that waits for tasks.

use std::collections::{BTreeMap, BTreeSet};

use koji_client::TaskChange;
use koji_core::api::hosts::GetHost;
use koji_core::api::tasks::{GetTaskChildren, GetTaskResult, ListTasks};
use koji_core::ids::{HostId, TaskId};
use koji_core::model::{Task, TaskListItem, TaskState};
use koji_core::paths;
use koji_core::xmlrpc::Struct;

use super::tasks::{Selection, unfinished};
use super::{failure, taskinfo};
use crate::context::Context;
use crate::exit::{Outcome, Stop, describe};
use crate::optparse::Parsed;
use crate::output::{bytes, in_background, task::label};
use crate::say;

/// Whether nothing is printed.
#[derive(Clone, Copy)]
pub struct Quiet(pub bool);

/// Whether to wait for a task: as the options say, or else if somebody is watching.
pub fn watched(wait: Option<bool>) -> bool {
    wait.unwrap_or_else(|| !in_background())
}

/// Watches tasks until they and their subtasks have ended: 1 if any of them, not counting subtasks, did not end well.
pub async fn watch(cx: &Context, ids: &[TaskId], quiet: Quiet) -> Outcome {
    if ids.is_empty() {
        return Ok(0);
    }
    // the login is not needed to watch, and holds others up if it is exclusive
    cx.session.logout().await?;
    if !quiet.0 {
        say!("Watching tasks (this may be safely interrupted)...");
    }
    for id in ids {
        if taskinfo::task(&cx.session, *id, false).await?.is_none() {
            if !quiet.0 {
                say!("No such task id: {id}");
            }
            return Err(Stop::Exit(1));
        }
    }
    let mut display = Display { cx, quiet: quiet.0, tasks: BTreeMap::new(), order: Vec::new(), hosts: BTreeMap::new() };
    let mut watcher = cx.session.watch(ids.iter().copied());
    loop {
        tokio::select! {
            changes = watcher.next() => match changes? {
                Some(changes) => for change in changes {
                    display.change(change).await;
                },
                None => break,
            },
            _ = tokio::signal::ctrl_c() => {
                display.interrupted().await;
                return Ok(1);
            }
        }
    }
    display.results();
    let failed = display.tasks.values().any(|(task, depth)| *depth == 0 && task.state != TaskState::Closed);
    if failed && !quiet.0 {
        let tasks: Vec<&Task> = display.order.iter().filter_map(|id| Some(&display.tasks.get(id)?.0)).collect();
        failure::explain(cx, &tasks).await;
    }
    Ok(i32::from(failed))
}

/// What was printed so far.
struct Display<'a> {
    cx: &'a Context,
    quiet: bool,
    // each with its depth
    tasks: BTreeMap<TaskId, (Task, usize)>,
    order: Vec<TaskId>,
    hosts: BTreeMap<HostId, Option<String>>,
}

impl Display<'_> {
    async fn change(&mut self, change: TaskChange) {
        let TaskChange { task, before, depth } = change;
        let id = task.id;
        if before.is_none() {
            self.order.push(id);
        }
        let ended = task.state.is_finished() && before.is_some();
        let text = match &before {
            _ if self.quiet => None,
            None => Some(format!("{}: {}", title(&task, depth), self.state(&task, depth).await)),
            Some(before) if before.state != task.state => {
                let (from, to) = (self.state(before, 0).await, self.state(&task, 0).await);
                Some(format!("{}: {from} -> {to}", title(&task, depth)))
            }
            Some(_) => None,
        };
        self.tasks.insert(id, (task, depth));
        if let Some(text) = text {
            say!("{text}");
            if ended {
                self.summary();
            }
        }
    }

    fn summary(&self) {
        let count = |states: &[TaskState]| self.tasks.values().filter(|(task, _)| states.contains(&task.state)).count();
        say!(
            "  {} free  {} open  {} done  {} failed",
            count(&[TaskState::Free]),
            count(&[TaskState::Open, TaskState::Assigned]),
            count(&[TaskState::Closed, TaskState::Canceled]),
            count(&[TaskState::Failed])
        );
    }

    fn results(&self) {
        if self.quiet {
            return;
        }
        say!("");
        for (task, depth) in self.order.iter().filter_map(|id| self.tasks.get(id)).filter(|(_, depth)| *depth == 0) {
            let result = match task.state {
                TaskState::Closed => "completed successfully",
                TaskState::Failed => "failed",
                TaskState::Canceled => "was canceled",
                _ => "has not completed",
            };
            say!("{} {result}", title(task, *depth));
        }
    }

    async fn interrupted(&mut self) {
        if self.quiet {
            return;
        }
        let running: Vec<_> = self.tasks.values().filter(|(task, _)| !task.state.is_finished()).cloned().collect();
        say!(
            "Tasks still running. You can continue to watch with the '{} watch-task' command.\nRunning Tasks:",
            self.cx.program
        );
        for (task, depth) in running {
            say!("{}: {}", title(&task, depth), self.state(&task, depth).await);
        }
    }

    /// The state, with the host of a running task and the words of a failed one.
    async fn state(&mut self, task: &Task, depth: usize) -> String {
        match task.state {
            TaskState::Open | TaskState::Assigned => {
                let state = task.state.name().to_lowercase();
                match self.host(task.host_id).await {
                    Some(host) => format!("{state} ({host})"),
                    None => state,
                }
            }
            TaskState::Failed => {
                let mut text = format!("FAILED: {}", failure_text(self.cx, task.id).await);
                if let Some(topurl) = &self.cx.profile.topurl {
                    text.push_str(&relevant_logs(self.cx, task.id, topurl, depth + 1).await);
                }
                text
            }
            other => other.name().to_lowercase(),
        }
    }

    async fn host(&mut self, id: Option<HostId>) -> Option<String> {
        let id = id?;
        if !self.hosts.contains_key(&id) {
            let host = self.cx.session.call(GetHost::new(id)).await.ok().flatten();
            self.hosts.insert(id, host.map(|host| host.name));
        }
        self.hosts.get(&id).cloned().flatten()
    }
}

fn title(task: &Task, depth: usize) -> String {
    format!("{}{} {}", "  ".repeat(depth), task.id, label(task))
}

/// Why a task failed: the class of the exception, and its text.
pub async fn failure_text(cx: &Context, id: TaskId) -> String {
    match cx.session.call(GetTaskResult::new(id)).await {
        Ok(_) => String::new(),
        Err(error) => {
            let (class, message) = describe(&error);
            format!("{class}: {}", message.trim())
        }
    }
}

async fn relevant_logs(cx: &Context, id: TaskId, topurl: &str, level: usize) -> String {
    let files = taskinfo::files(&cx.session, id).await.unwrap_or_default();
    let indent = "  ".repeat(level);
    let mut text = String::new();
    for file in files.iter().filter(|file| file.name.ends_with("log")) {
        for volume in &file.volumes {
            let path = format!("{}/{}", paths::task_output(Some(volume), id), file.name);
            text.push_str(&format!("\n{indent}{}", paths::under(topurl, &path)));
        }
    }
    if text.is_empty() { text } else { format!("\n{indent}Relevant logs:{text}") }
}

fn ids(o: &Parsed, args: &[String]) -> Result<Vec<TaskId>, Stop> {
    let ids: Result<Vec<TaskId>, _> = args.iter().map(|arg| arg.parse()).collect();
    let ids = ids.map_err(|_| o.error("task id must be an integer"))?;
    if ids.is_empty() {
        return Err(o.error("at least one task id must be specified"));
    }
    Ok(ids)
}

/// `koji watch-task`
pub async fn task(cx: Context, args: Vec<String>) -> Outcome {
    let mut p = cx.parser("watch-task [options] <task id> [<task id> ...]");
    let quiet = p.flag(&["--quiet"], "Do not print the task information");
    let selection = Selection::declare(&mut p, "Just watch your tasks");
    let (o, args) = p.parse(args)?;
    let selects = selection.any(&o);
    if selects && !args.is_empty() {
        return Err(o.error("Selection options cannot be combined with a task list"));
    }
    if selection.mine(&o) {
        cx.activate().await?;
    } else {
        cx.connect().await?;
    }
    let ids = if selects {
        let tasks = selection.list(&cx, &o, unfinished()).await?;
        if tasks.is_empty() {
            say!("(no tasks)");
            return Ok(0);
        }
        tasks.into_iter().map(|item| item.task.id).collect()
    } else {
        ids(&o, &args)?
    };
    watch(&cx, &ids, Quiet(cx.quiet || o.get(quiet))).await
}

/// `koji watch-logs`
pub async fn logs(cx: Context, args: Vec<String>) -> Outcome {
    let mut p = cx.parser("watch-logs [options] <task id> [<task id> ...]");
    let log = p.text(&["--log"], "", "Watch only a specific log");
    let mine = p.flag(&["--mine"], "Watch logs for all your tasks, task_id arguments are forbidden in this case.");
    let follow = p.flag(&["-f", "--follow"], "Follow spawned child tasks");
    let (o, args) = p.parse(args)?;
    let ids = if o.get(mine) {
        cx.activate().await?;
        if !args.is_empty() {
            return Err(o.error("Selection options cannot be combined with a task list"));
        }
        let ids = own_tasks(&cx).await?;
        if ids.is_empty() {
            say!("You've no active tasks.");
            return Ok(0);
        }
        ids
    } else {
        cx.connect().await?;
        ids(&o, &args)?
    };
    say!("Watching logs (this may be safely interrupted)...");
    let mut tail = Tail { cx: &cx, log: o.get(log), offsets: BTreeMap::new(), last: None };
    let mut known: BTreeSet<TaskId> = ids.iter().copied().collect();
    let mut left = ids;
    while !left.is_empty() {
        let mut running = Vec::new();
        for id in left {
            // looked at before the logs, so that all of them is read after the end
            let ended = match taskinfo::task(&cx.session, id, false).await? {
                Some(task) => task.state.is_finished(),
                None => {
                    say!("No such task id: {id}");
                    return Err(Stop::Exit(1));
                }
            };
            tail.read(id).await?;
            if !ended {
                running.push(id);
            }
            if o.get(follow) {
                let children = cx.session.call(GetTaskChildren::new(id)).await?;
                running.extend(children.into_iter().map(|child| child.id).filter(|child| known.insert(*child)));
            }
        }
        left = running;
        if !left.is_empty() {
            tokio::time::sleep(cx.session.options().poll_interval).await;
        }
    }
    Ok(0)
}

async fn own_tasks(cx: &Context) -> Result<Vec<TaskId>, Stop> {
    let mut filter: Struct = unfinished();
    filter.insert("owner", super::tasks::own_id(cx).await?);
    filter.insert("decode", true);
    let tasks: Vec<TaskListItem> = cx.session.call_into(ListTasks::new().opts(filter)).await?;
    Ok(tasks.into_iter().map(|item| item.task.id).collect())
}

/// Prints what is new in logs.
struct Tail<'a> {
    cx: &'a Context,
    log: Option<String>,
    offsets: BTreeMap<(TaskId, String, String), i64>,
    // the title of what was printed last
    last: Option<String>,
}

impl Tail<'_> {
    async fn read(&mut self, id: TaskId) -> Result<(), Stop> {
        for file in taskinfo::files(&self.cx.session, id).await? {
            let wanted = match &self.log {
                Some(log) => file.name == *log,
                None => file.name.ends_with("log"),
            };
            if !wanted {
                continue;
            }
            for volume in &file.volumes {
                let offset = self.offsets.entry((id, volume.clone(), file.name.clone())).or_default();
                loop {
                    let part = self.cx.session.task_output(id, &file.name, *offset, 16_384, Some(volume)).await?;
                    if part.is_empty() {
                        break;
                    }
                    *offset += i64::try_from(part.len()).unwrap_or(i64::MAX);
                    let title = format!("{id}:{volume}:{}:", file.name);
                    if self.last.as_ref() != Some(&title) {
                        if self.last.is_some() {
                            say!("");
                        }
                        say!("==> {title} <==");
                        self.last = Some(title);
                    }
                    bytes(&part);
                }
            }
        }
        Ok(())
    }
}
