//! `buildNotification`: mail about how a build ended.

use koji_core::api::QueryOpts;
use koji_core::api::builds::GetChangelogEntries;
use koji_core::api::hosts::GetHost;
use koji_core::api::tasks::{GetTaskChildren, GetTaskInfo, GetTaskResult, ListTaskOutput};
use koji_core::api::users::GetUser;
use koji_core::ids::TaskId;
use koji_core::model::{Build, BuildState, Task, TaskState};
use koji_core::nvr::Nvr;
use koji_core::paths::BuildDir;
use koji_core::python;
use koji_core::task::{BuildNotification, task_label};
use koji_core::xmlrpc::{Value, from_value};
use serde::de::DeserializeOwned;

use super::mail::{Mail, send};
use crate::task::{TaskContext, TaskError, TaskHandler};

/// How much of the changelog is told.
const CHANGES: i64 = 3;

/// Tells how a build ended, and what became of its tasks.
pub(super) struct BuildNotificationHandler;

impl TaskHandler for BuildNotificationHandler {
    type Args = BuildNotification;
    type Output = Option<String>;

    fn weight(&self) -> f64 {
        0.1
    }

    async fn run(&self, args: BuildNotification, cx: &TaskContext) -> Result<Option<String>, TaskError> {
        if args.recipients.is_empty() {
            return Ok(None);
        }
        // as it was when it ended, whatever has become of it since
        let build: Build = understand(args.build.into())?;
        let tag = args.target.as_ref().and_then(|target| target.get("dest_tag_name")).and_then(Value::as_str);
        let tag = tag.unwrap_or("None").to_owned();
        let status = build.state.name().to_lowercase();
        let weburl = args.weburl.trim_end_matches('/');
        let body = body(cx, &build, &tag, &status, weburl).await?;
        let headers = vec![
            ("X-Koji-Tag", tag.clone()),
            ("X-Koji-Package", build.package_name.clone()),
            ("X-Koji-Builder", build.owner_name.clone()),
            ("X-Koji-Status", status.clone()),
            ("X-Koji-Draft", python::str(&build.draft.into())),
        ];
        let subject = format!("Package: {} Tag: {tag} Status: {status} Built by: {}", build.nvr, build.owner_name);
        let mail = Mail { recipients: args.recipients, subject, headers, body };
        send(mail, &format!("build {}", build.id), cx).await.map(Some)
    }
}

fn understand<T: DeserializeOwned>(value: Value) -> Result<T, TaskError> {
    from_value(value).map_err(|e| TaskError::generic(e.to_string()))
}

async fn body(cx: &TaskContext, build: &Build, tag: &str, status: &str, weburl: &str) -> Result<String, TaskError> {
    let tasks = match build.task_id {
        Some(task) => tasks(cx, task).await?,
        None => Vec::new(),
    };
    let Build { id, nvr, owner_name, .. } = build;
    let mut text = format!("Package: {nvr}\nTag: {tag}\nStatus: {status}\n");
    if build.state == BuildState::Canceled
        // who canceled the build is who has this task made
        && let Some(user) = cx.session().call(GetUser::new().user_info(cx.info().owner)).await?
    {
        text.push_str(&format!("Canceled by: {}\n", user.name));
    }
    let ended = build.completion_ts.map(|at| at.to_local_text()).unwrap_or_default();
    let started = build.creation_ts.to_local_text();
    text.push_str(&format!("Built by: {owner_name}\nID: {id}\nStarted: {started}\nFinished: {ended}\n"));
    let few = QueryOpts { limit: Some(CHANGES), ..QueryOpts::default() };
    let changes = cx.session().call(GetChangelogEntries::new().build_id(*id).query_opts(few)).await?.into_list();
    if !changes.is_empty() {
        text.push_str("Changelog:\n");
        for change in changes {
            text.push_str(&change.to_text());
            text.push('\n');
        }
    }
    text.push('\n');
    if build.state == BuildState::Failed {
        text.push_str(&failure(cx, build, &tasks).await?);
    }
    text.push_str(&output(cx, build, &tasks, weburl));
    if let Some(task) = build.task_id {
        text.push_str(&format!("Task Info: {weburl}/taskinfo?taskID={task}\n"));
    }
    text.push_str(&format!("Build Info: {weburl}/buildinfo?buildID={id}\n"));
    Ok(text)
}

/// A task of the build, and what it left.
struct Part {
    task: Task,
    host: Option<String>,
    /// Its files, with the volume of each.
    files: Vec<(String, String)>,
}

impl Part {
    fn files<'a>(&'a self, wanted: impl Fn(&str) -> bool + 'a) -> impl Iterator<Item = &'a (String, String)> {
        self.files.iter().filter(move |(name, _)| wanted(name))
    }
}

fn is_source(name: &str) -> bool {
    name.ends_with(".src.rpm")
}

fn is_rpm(name: &str) -> bool {
    name.ends_with(".rpm") && !is_source(name)
}

fn is_log(name: &str) -> bool {
    name.ends_with(".log")
}

/// A task and all below it; nothing if it is gone.
async fn tasks(cx: &TaskContext, id: TaskId) -> Result<Vec<Part>, TaskError> {
    let session = cx.session();
    let top = session.call(GetTaskInfo::new(Value::from(id.0)).request(true)).await?;
    let mut todo: Vec<Task> = if top == Value::Nil { Vec::new() } else { vec![understand(top)?] };
    let mut parts = Vec::new();
    while let Some(task) = todo.pop() {
        let mut below = session.call(GetTaskChildren::new(task.id).request(true)).await?;
        below.reverse();
        todo.append(&mut below);
        let host = match task.host_id {
            Some(host) => session.call(GetHost::new(host)).await?.map(|host| host.name),
            None => None,
        };
        let mut files = Vec::new();
        let found = session.call(ListTaskOutput::new(Value::from(task.id.0)).all_volumes(true)).await?;
        for (name, volumes) in found.as_struct().into_iter().flat_map(|found| found.iter()) {
            for volume in volumes.as_array().into_iter().flatten().filter_map(Value::as_str) {
                files.push((name.to_owned(), volume.to_owned()));
            }
        }
        files.sort_unstable_by(|(name, volume), (other, others)| (volume, name).cmp(&(others, other)));
        parts.push(Part { task, host, files });
    }
    Ok(parts)
}

/// Where a build failed, and why.
async fn failure(cx: &TaskContext, build: &Build, parts: &[Part]) -> Result<String, TaskError> {
    let failed = parts.iter().filter(|part| part.task.state == TaskState::Failed);
    let hosts: Vec<String> =
        failed.filter_map(|part| Some(format!("{} ({})", part.host.as_ref()?, part.task.arch))).collect();
    let result = match build.task_id {
        Some(task) => match cx.session().call(GetTaskResult::new(task)).await {
            Ok(result) => Some(result).filter(Value::is_truthy).map(|result| python::str(&result)),
            Err(koji_client::Error::Fault(fault)) => Some(fault.message.trim().to_owned()),
            Err(e) => return Err(e.into()),
        },
        None => None,
    };
    let why = result.as_deref().unwrap_or("Unknown");
    Ok(format!("{} ({}) failed on {}:\n  {why}\n\n", build.nvr, build.id, hosts.join(", ")))
}

/// The tasks by how they ended, and where their files are.
fn output(cx: &TaskContext, build: &Build, parts: &[Part], weburl: &str) -> String {
    let mut text = String::new();
    let mut sources: Vec<&str> =
        parts.iter().flat_map(|part| part.files(is_source)).map(|(name, _)| name.as_str()).collect();
    sources.sort_unstable();
    sources.dedup();
    if !sources.is_empty() {
        text.push_str(&format!("SRPMS:\n  {}\n\n", sources.join("\n  ")));
    }
    let topurl = cx.config().topurls.first().map(|url| url.trim_end_matches('/')).unwrap_or_default();
    let nvr = Nvr::new(&build.name, &build.version, &build.release);
    let dir = BuildDir::new(Some(&build.volume_name), &nvr);
    for (state, title) in
        [(TaskState::Failed, "Failed"), (TaskState::Canceled, "Canceled"), (TaskState::Closed, "Closed")]
    {
        let mut of_state = parts.iter().filter(|part| part.task.state == state).peekable();
        if of_state.peek().is_none() {
            continue;
        }
        text.push_str(&format!("{title} tasks:\n{}\n\n", "-".repeat(title.len() + 7)));
        for part in of_state {
            let Task { id, method, arch, request, label, .. } = &part.task;
            let host = part.host.as_ref().map(|host| format!(" on {host}")).unwrap_or_default();
            let kind = task_label(method, arch, request.as_deref().unwrap_or_default());
            text.push_str(&format!("Task {id}{host}\nTask Type: {kind}\n"));
            let link =
                |(name, volume): &(String, String)| format!("{weburl}/getfile?taskID={id}&name={name}&volume={volume}");
            let label = label.as_deref().unwrap_or_default();
            let rpm = |(name, _): &(String, String)| format!("{topurl}/{}/{label}/{name}", dir.path());
            let other = |name: &str| !is_log(name) && !name.ends_with(".rpm");
            list(&mut text, "logs", part.files(is_log).map(link));
            list(&mut text, "rpms", part.files(is_rpm).map(rpm));
            list(&mut text, "misc", part.files(other).map(link));
            text.push('\n');
        }
        text.push('\n');
    }
    text
}

fn list(text: &mut String, title: &str, lines: impl Iterator<Item = String>) {
    let mut lines = lines.peekable();
    if lines.peek().is_some() {
        text.push_str(&format!("{title}:\n"));
        lines.for_each(|line| text.push_str(&format!(" {line}\n")));
    }
}
