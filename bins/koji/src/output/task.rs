//! Tasks as people see them.

use koji_core::ids::TaskId;
use koji_core::model::{Task, TaskListItem};
use koji_core::task::task_label;
use koji_core::xmlrpc::Value;

use super::or_none;
use crate::say;

/// What a task does, in a few words.
pub fn label(task: &Task) -> String {
    task_label(&task.method, &task.arch, task.request.as_deref().unwrap_or_default())
}

/// The titles of [`rows`].
pub fn header() {
    say!("ID       Pri  Owner                State    Arch       Name");
}

/// A line for each task, with subtasks below the task that they are a part of.
pub fn rows(tasks: &[TaskListItem]) -> Vec<String> {
    let listed = |id: TaskId| tasks.iter().any(|other| other.task.id == id);
    let mut lines = Vec::new();
    for top in tasks.iter().filter(|item| !item.task.parent.is_some_and(listed)) {
        add_rows(tasks, top, 0, &mut lines);
    }
    lines
}

fn add_rows(tasks: &[TaskListItem], item: &TaskListItem, depth: usize, lines: &mut Vec<String>) {
    let task = &item.task;
    let request = item.request.as_array().unwrap_or_default();
    let indent = if depth > 0 { format!("{} +", "  ".repeat(depth - 1)) } else { String::new() };
    lines.push(format!(
        "{:<8} {:<4} {:<20} {:<8} {:<10} {indent}{}",
        task.id.0,
        or_none(task.priority),
        item.owner_name,
        task.state.name(),
        task.arch,
        task_label(&task.method, &task.arch, request)
    ));
    for child in tasks.iter().filter(|other| other.task.parent == Some(task.id)) {
        // a task that is its own ancestor would never end
        if depth < 50 {
            add_rows(tasks, child, depth + 1, lines);
        }
    }
}

/// A task's id in a parameter that may be a list too.
pub fn id_value(id: TaskId) -> Value {
    id.0.into()
}
