//! Why a watched task failed, for people: on standard error, so that what Koji prints stays as programs know it.

use koji_core::ids::TaskId;
use koji_core::model::{Task, TaskState};
use koji_core::paths;

use super::taskinfo::{self, TaskFile};
use super::watch::failure_text;
use crate::context::Context;
use crate::output::task::label;

/// How much of a log's end is looked at, in bytes.
const TAIL: i64 = 32_768;
/// How many lines of it are shown.
const LINES: usize = 20;
/// The logs that are most telling, first those of later stages.
const LOGS: &[&str] = &["build.log", "checkout.log", "root.log", "mock_output.log", "createrepo.log"];

/// Says for each task where the failure began what went wrong, the end of its log and where the rest of it is.
pub async fn explain(cx: &Context, tasks: &[&Task]) {
    for task in origins(tasks) {
        let text = failure_text(cx, task.id).await;
        crate::warn!("\nFailed: {} {}", task.id, label(task));
        // the last line of a traceback is what it is about
        if let Some(line) = text.lines().rfind(|line| !line.trim().is_empty()) {
            crate::warn!("  {line}");
        }
        // a build's log may be gone; then there is nothing more to tell
        let files = taskinfo::files(&cx.session, task.id).await.unwrap_or_default();
        let Some((file, volume)) = telling_log(&files, &text) else { continue };
        let read = async |offset| cx.session.task_output(task.id, &file.name, offset, TAIL, Some(volume)).await;
        // Koji's own hub refuses to go back behind the beginning of a short log
        let tail = match read(-TAIL).await {
            Ok(tail) => Ok(tail),
            Err(_) => read(0).await,
        };
        if let Ok(tail) = tail {
            crate::warn!("  {}:", file.name);
            for line in last_lines(&String::from_utf8_lossy(&tail)) {
                crate::warn!("    {line}");
            }
        }
        crate::warn!("  Full log: {}", location(cx, task.id, file, volume));
    }
}

/// The failed tasks none of whose subtasks failed.
fn origins<'a>(tasks: &[&'a Task]) -> Vec<&'a Task> {
    let failed = |task: &&Task| task.state == TaskState::Failed;
    let has_failed_child = |id: TaskId| tasks.iter().any(|task| failed(task) && task.parent == Some(id));
    tasks.iter().copied().filter(|task| failed(task) && !has_failed_child(task.id)).collect()
}

/// The log that the failure's text names, or else the first there is of [`LOGS`].
fn telling_log<'a>(files: &'a [TaskFile], text: &str) -> Option<(&'a TaskFile, &'a str)> {
    let named = files.iter().find(|file| file.name.ends_with(".log") && text.contains(&format!("see {}", file.name)));
    let usual = || LOGS.iter().find_map(|name| files.iter().find(|file| file.name == *name));
    let file = named.or_else(usual).or_else(|| files.iter().find(|file| file.name.ends_with(".log")))?;
    Some((file, file.volumes.first()?))
}

/// The lines around what rpmbuild says is the error, or else the last ones.
fn last_lines(log: &str) -> Vec<&str> {
    let lines: Vec<&str> = log.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    let end = match lines.iter().rposition(|line| line.starts_with("RPM build errors:")) {
        // the errors stand below that line, indented
        Some(at) => at + 1 + lines[at + 1..].iter().take_while(|line| line.starts_with(' ')).count(),
        None => lines.len(),
    };
    lines[end.saturating_sub(LINES)..end].to_vec()
}

fn location(cx: &Context, id: TaskId, file: &TaskFile, volume: &str) -> String {
    let path = format!("{}/{}", paths::task_output(Some(volume), id), file.name);
    match &cx.profile.topurl {
        Some(topurl) => paths::under(topurl, &path),
        None => format!("{} download-logs {id}", cx.program),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str) -> TaskFile {
        TaskFile { name: name.to_owned(), volumes: vec!["DEFAULT".to_owned()] }
    }

    #[test]
    fn the_log_that_is_named_is_shown() {
        let files = [file("root.log"), file("build.log"), file("state.log")];
        let name = |files: &[TaskFile], text: &str| telling_log(files, text).map(|(file, _)| file.name.clone());
        assert_eq!(name(&files, "mock exited with status 30; see root.log for more").as_deref(), Some("root.log"));
        assert_eq!(name(&files, "oops").as_deref(), Some("build.log"));
        assert_eq!(name(&files[2..], "oops").as_deref(), Some("state.log"));
        assert_eq!(name(&[file("x.rpm")], "oops"), None);
    }

    #[test]
    fn the_end_of_a_log_is_where_the_error_is() {
        let mut log: String = (0..40).map(|n| format!("line {n}\n")).collect();
        assert_eq!(last_lines(&log).first(), Some(&"line 20"));
        log.push_str("RPM build errors:\n    Bad exit status from %build\n\nChild return code was: 1\ntraceback\n");
        assert_eq!(last_lines(&log).last(), Some(&"    Bad exit status from %build"));
        assert_eq!(last_lines(""), Vec::<&str>::new());
    }
}
