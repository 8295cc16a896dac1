//! `list-tasks`, `cancel`, `free-task`, `resubmit`.

use koji_client::VirtualCall;
use koji_core::api::QueryOpts;
use koji_core::api::builds::CancelBuild;
use koji_core::api::hosts::{GetChannel, GetHost};
use koji_core::api::sessions::GetLoggedInUser;
use koji_core::api::tasks::{CancelTask, CancelTaskFull, FreeTask, ListTasks, ResubmitTask};
use koji_core::api::users::GetUser;
use koji_core::arch::ArchList;
use koji_core::ids::TaskId;
use koji_core::model::{TaskListItem, TaskState};
use koji_core::nvr::Nvr;
use koji_core::xmlrpc::{Struct, Value};

use super::watch::{watch, watched};
use super::{taskinfo, watch};
use crate::context::Context;
use crate::exit::{Outcome, Stop};
use crate::optparse::{Opt, Parsed, Parser};
use crate::output::task;
use crate::say;

/// The options that choose among tasks.
pub struct Selection {
    mine: Opt<bool>,
    user: Opt<Option<String>>,
    arch: Opt<Option<String>>,
    method: Opt<Option<String>>,
    channel: Opt<Option<String>>,
    host: Opt<Option<String>>,
}

impl Selection {
    /// Declares the options.
    pub fn declare(p: &mut Parser, mine: &str) -> Self {
        Self {
            mine: p.flag(&["--mine"], mine),
            user: p.text(&["--user"], "", "Only tasks for this user"),
            arch: p.text(&["--arch"], "", "Only tasks for this architecture"),
            method: p.text(&["--method"], "", "Only tasks of this method"),
            channel: p.text(&["--channel"], "", "Only tasks in this channel"),
            host: p.text(&["--host"], "", "Only tasks for this host"),
        }
    }

    /// Whether only the user's own tasks are wanted.
    pub fn mine(&self, o: &Parsed) -> bool {
        o.get(self.mine)
    }

    /// Whether any of the options was given.
    pub fn any(&self, o: &Parsed) -> bool {
        self.mine(o)
            || [self.user, self.arch, self.method, self.channel, self.host].iter().any(|opt| o.get(*opt).is_some())
    }

    /// The tasks, in the order in which builders take them. `filter` is added to the hub's.
    pub async fn list(&self, cx: &Context, o: &Parsed, mut filter: Struct) -> Result<Vec<TaskListItem>, Stop> {
        let missing = |what: &str, name: &str| {
            say!("No such {what}: {name}");
            Stop::Exit(1)
        };
        filter.insert("decode", true);
        if self.mine(o) {
            if o.get(self.user).is_some() {
                return Err(Stop::generic("Can't specify 'mine' and 'user' in same time"));
            }
            filter.insert("owner", own_id(cx).await?);
        }
        if let Some(name) = o.get(self.user) {
            let user = cx.session.call(GetUser::new().user_info(name.as_str())).await?;
            filter.insert("owner", user.ok_or_else(|| missing("user", &name))?.id.0);
        }
        if let Some(arches) = o.get(self.arch) {
            let arches: ArchList = arches.parse()?;
            filter.insert("arch", arches.iter().map(Value::from).collect::<Vec<_>>());
        }
        if let Some(method) = o.get(self.method) {
            filter.insert("method", method);
        }
        if let Some(name) = o.get(self.channel) {
            let channel = cx.session.call(GetChannel::new(name.as_str())).await?;
            filter.insert("channel_id", channel.ok_or_else(|| missing("channel", &name))?.id.0);
        }
        if let Some(name) = o.get(self.host) {
            let host = cx.session.call(GetHost::new(name.as_str())).await?;
            filter.insert("host_id", host.ok_or_else(|| missing("host", &name))?.id.0);
        }
        let order = QueryOpts { order: Some("priority,create_time".to_owned()), ..QueryOpts::default() };
        Ok(cx.session.call_into(ListTasks::new().opts(filter).query_opts(order)).await?)
    }
}

/// The states of tasks that have not ended.
pub fn unfinished() -> Struct {
    let states = [TaskState::Free, TaskState::Open, TaskState::Assigned];
    [("state", states.iter().map(|state| Value::from(state.code())).collect::<Vec<_>>())].into_iter().collect()
}

/// The id of the user of the session.
pub async fn own_id(cx: &Context) -> Result<i32, Stop> {
    match cx.session.call(GetLoggedInUser::new()).await? {
        Some(user) => Ok(user.user.id.0),
        None => {
            say!("Unable to determine user");
            Err(Stop::Exit(1))
        }
    }
}

/// `koji list-tasks`
pub async fn list(cx: Context, args: Vec<String>) -> Outcome {
    let mut p = cx.parser("list-tasks [options]");
    let selection = Selection::declare(&mut p, "Just print your tasks");
    let quiet = p.flag(&["--quiet"], "Do not display the column headers");
    let before = p.time(
        &["--before"],
        "List tasks completed before this time, time is specified as timestamp or date/time, e.g. \"2020-12-31 12:35\"",
    );
    let after = p.time(&["--after"], "List tasks completed after this time (same format as for --before");
    let all = p.flag(&["--all"], "List also finished tasks (valid only with --after)");
    let (o, args) = p.parse(args)?;
    if !args.is_empty() {
        return Err(o.error("This command takes no arguments"));
    }
    if o.get(all) && o.get(after).is_none() {
        return Err(o.error("--all must be used with --after"));
    }
    cx.activate().await?;
    let mut filter = if o.get(all) { Struct::new() } else { unfinished() };
    for (opt, name) in [(after, "startedAfter"), (before, "startedBefore")] {
        if let Some(at) = o.get(opt) {
            filter.insert(name, at);
        }
    }
    let tasks = selection.list(&cx, &o, filter).await?;
    if tasks.is_empty() {
        say!("(no tasks)");
        return Ok(0);
    }
    if !cx.quiet && !o.get(quiet) {
        task::header();
    }
    for line in task::rows(&tasks) {
        say!("{line}");
    }
    Ok(0)
}

/// `koji cancel`
pub async fn cancel(cx: Context, args: Vec<String>) -> Outcome {
    let mut p = cx.parser("cancel [options] <task_id|build> [<task_id|build> ...]");
    let justone = p.flag(&["--justone"], "Do not cancel subtasks");
    let full = p.flag(&["--full"], "Full cancellation (admin only)");
    let force = p.flag(&["--force"], "Allow subtasks with --full");
    let (o, args) = p.parse(args)?;
    if args.is_empty() {
        return Err(o.error("You must specify at least one task id or build"));
    }
    cx.activate().await?;
    let (tasks, builds): (Vec<_>, Vec<_>) = args.iter().partition(|arg| arg.parse::<TaskId>().is_ok());
    if builds.iter().any(|build| build.parse::<Nvr>().is_err()) {
        return Err(o.error("please specify only task ids (integer) or builds (n-v-r)"));
    }
    let mut m = cx.session.multicall().batch(100);
    let mut tasks_done: Vec<VirtualCall<()>> = Vec::new();
    for id in tasks.iter().filter_map(|id| id.parse::<TaskId>().ok()) {
        tasks_done.push(if o.get(justone) {
            m.call(CancelTask::new(id).recurse(false))
        } else if o.get(full) {
            m.call(CancelTaskFull::new(id).strict(!o.get(force)))
        } else {
            m.call(CancelTask::new(id))
        });
    }
    let builds_done: Vec<_> = builds.iter().map(|nvr| m.call(CancelBuild::new(nvr.as_str()).strict(true))).collect();
    m.run().await?;
    let failed = tasks_done.into_iter().map(VirtualCall::result).filter_map(Result::err);
    let failed = failed.chain(builds_done.into_iter().map(VirtualCall::result).filter_map(Result::err));
    let mut code = 0;
    for error in failed {
        // some hubs answer a cancellation with something
        if let Some(fault) = error.fault() {
            crate::warn!("{fault}");
            code = 1;
        }
    }
    Ok(code)
}

/// `koji free-task`
pub async fn free(cx: Context, args: Vec<String>) -> Outcome {
    let (o, args) = cx.parser("free-task [options] <task_id> [<task_id> ...]").parse(args)?;
    cx.activate().await?;
    let ids: Result<Vec<TaskId>, _> = args.iter().map(|arg| arg.parse()).collect();
    let ids = ids.map_err(|_| o.error("task_id must be an integer"))?;
    if ids.is_empty() {
        return Err(o.error("please specify at least one task_id"));
    }
    for id in ids {
        cx.session.call(FreeTask::new(id)).await?;
    }
    Ok(0)
}

/// `koji resubmit`
pub async fn resubmit(cx: Context, args: Vec<String>) -> Outcome {
    let mut p = cx.parser("resubmit [options] <task_id>");
    let wait =
        p.choice(&["--wait"], "Wait on task, even if running in the background", &["--nowait"], "Don't wait on task");
    let nowatch = p.flag(&["--nowatch"], "An alias for --nowait");
    let quiet = p.flag(&["--quiet"], "Do not print the task information");
    let (o, args) = p.parse(args)?;
    let [id] = args.as_slice() else { return Err(o.error("Please specify a single task ID")) };
    let id: TaskId = id.parse().map_err(|_| o.error("task id must be an integer"))?;
    cx.activate().await?;
    let quiet = cx.quiet || o.get(quiet);
    if !quiet {
        say!("Resubmitting the following task:");
        taskinfo::show(&cx, id, false, true).await?;
    }
    let new = cx.session.call(ResubmitTask::new(id)).await?;
    if !quiet {
        say!("Resubmitted task {id} as new task {new}");
    }
    let wait = if o.get(nowatch) { Some(false) } else { o.get(wait) };
    if watched(wait) { watch(&cx, &[new], watch::Quiet(quiet)).await } else { Ok(0) }
}
