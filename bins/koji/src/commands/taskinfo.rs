//! `taskinfo`.

use koji_client::Session;
use koji_core::api::buildroots::ListBuildroots;
use koji_core::api::builds::ListBuilds;
use koji_core::api::hosts::GetHost;
use koji_core::api::tasks::{GetTaskChildren, GetTaskInfo, ListTaskOutput};
use koji_core::api::users::GetUser;
use koji_core::fault::FaultKind;
use koji_core::ids::TaskId;
use koji_core::model::Task;
use koji_core::paths;
use koji_core::xmlrpc::Value;

use super::params;
use crate::context::Context;
use crate::exit::{Outcome, Stop};
use crate::output::{or_none, task::id_value, time};
use crate::say;

/// Where builders keep the buildroots that mock makes.
const BUILDROOTS: &str = "/var/lib/mock";

/// `koji taskinfo`
pub async fn info(cx: Context, args: Vec<String>) -> Outcome {
    let mut p = cx.parser("taskinfo [options] <task_id> [<task_id> ...]");
    let recurse = p.flag(&["-r", "--recurse"], "Show children of this task as well");
    let verbose = p.flag(&["-v", "--verbose"], "Be verbose");
    let (o, args) = p.parse(args)?;
    if args.is_empty() {
        return Err(o.error("You must specify at least one task ID"));
    }
    cx.connect().await?;
    for arg in args {
        let id = arg.trim().parse::<TaskId>().map_err(|_| o.error("task id must be an integer"))?;
        show(&cx, id, o.get(recurse), o.get(verbose)).await?;
    }
    Ok(0)
}

/// Prints what is known of a task, and of its subtasks.
pub async fn show(cx: &Context, id: TaskId, recurse: bool, verbose: bool) -> Result<(), Stop> {
    let mut left = vec![(id, 0)];
    while let Some((id, level)) = left.pop() {
        show_one(cx, id, level, verbose).await?;
        // like Koji, no deeper than the children
        if recurse && level == 0 {
            let mut children: Vec<_> =
                cx.session.call(GetTaskChildren::new(id)).await?.into_iter().map(|task| task.id).collect();
            children.sort();
            left.extend(children.into_iter().rev().map(|child| (child, level + 1)));
        }
    }
    Ok(())
}

/// A task, with its request if it is asked for; nothing if there is none of that id.
pub async fn task(session: &Session, id: TaskId, request: bool) -> Result<Option<Task>, Stop> {
    Ok(session.call_into(GetTaskInfo::new(id_value(id)).request(request)).await?)
}

async fn show_one(cx: &Context, id: TaskId, level: usize, verbose: bool) -> Result<(), Stop> {
    let session = &cx.session;
    let task = task(session, id, false).await?.ok_or_else(|| Stop::generic(format!("No such task: {id}")))?;
    let host = match task.host_id {
        Some(host) => session.call(GetHost::new(host)).await?,
        None => None,
    };
    let mut m = session.multicall().strict(true);
    let roots = m.call(ListBuildroots::new().task_id(id));
    let builds = m.call(ListBuilds::new().task_id(id));
    let owner = m.call(GetUser::new().user_info(task.owner));
    m.run().await?;
    let (roots, builds) = (roots.result()?.into_list(), builds.result()?.into_list());
    let owner = owner.result()?.map(|user| user.name);
    let (logs, output): (Vec<_>, Vec<_>) =
        files(session, id).await?.into_iter().partition(|file| file.name.ends_with(".log"));

    let indent = "  ".repeat(level);
    say!("{indent}Task: {id}");
    say!("{indent}Type: {}", task.method);
    if verbose {
        say!("{indent}Request Parameters:");
        for line in params::lines(session, &task.method, id, &cx.profile.topdir.to_string_lossy()).await {
            say!("{indent}  {line}");
        }
    }
    say!("{indent}Owner: {}", or_none(owner));
    say!("{indent}State: {}", task.state.name().to_lowercase());
    say!("{indent}Created: {}", time::asctime(task.create_ts));
    if let Some(at) = task.start_ts {
        say!("{indent}Started: {}", time::asctime(at));
    }
    if let Some(at) = task.completion_ts {
        say!("{indent}Finished: {}", time::asctime(at));
    }
    if let Some(host) = host {
        say!("{indent}Host: {}", host.name);
    }
    if let Some(build) = builds.first() {
        say!("{indent}Build: {} ({})", build.nvr, build.build_id);
    }
    if !roots.is_empty() {
        say!("{indent}Buildroots:");
    }
    for root in roots {
        let (tag, repo) = (or_none(root.tag_name), or_none(root.repo_id));
        say!("{indent}  {BUILDROOTS}/{tag}-{}-{repo}/", root.id);
    }
    for (title, files) in [("Log Files", &logs), ("Output", &output)] {
        say!("{indent}{title}:");
        for file in files {
            for volume in &file.volumes {
                let path = format!("{}/{}", paths::task_output(Some(volume), id), file.name);
                say!("{indent}  {}", cx.on_disk(&path));
            }
        }
        if files.is_empty() {
            say!("{indent}  No outputs reported [1]");
        }
    }
    if logs.is_empty() || output.is_empty() {
        say!("{indent}[1] Not all tasks produce outputs, and task outputs are not retained indefinitely.");
    }
    say!("");
    Ok(())
}

/// A file that a task left.
#[derive(Debug, Clone)]
pub struct TaskFile {
    /// Its path below the task's folder.
    pub name: String,
    /// The volumes on which it is.
    pub volumes: Vec<String>,
}

/// The files that a task left, in the hub's order.
pub async fn files(session: &Session, id: TaskId) -> Result<Vec<TaskFile>, Stop> {
    let answer = match session.call(ListTaskOutput::new(Value::from(id.0)).all_volumes(true)).await {
        // hubs before 1.8
        Err(error) if error.is(FaultKind::Parameter) => session.call(ListTaskOutput::new(Value::from(id.0))).await?,
        other => other?,
    };
    let text = |value: Value| value.as_str().unwrap_or_default().to_owned();
    Ok(match answer {
        Value::Struct(files) => files
            .into_iter()
            .map(|(name, volumes)| {
                let volumes = match volumes {
                    Value::Array(volumes) => volumes.into_iter().map(text).collect(),
                    _ => vec![paths::DEFAULT_VOLUME.to_owned()],
                };
                TaskFile { name, volumes }
            })
            .collect(),
        Value::Array(names) => {
            let one = |name| TaskFile { name: text(name), volumes: vec![paths::DEFAULT_VOLUME.to_owned()] };
            names.into_iter().map(one).collect()
        }
        _ => Vec::new(),
    })
}
