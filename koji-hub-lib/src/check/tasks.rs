//! Trees of tasks. States: 0 free, 1 open, 2 closed, 3 canceled, 4 assigned, 5 failed.

pub(super) const RULES: &[&str] = &[
    "SELECT 'task ' || id || ' has no state that there is' FROM task WHERE state IS NULL OR state NOT BETWEEN 0 AND 5",
    "SELECT 'task ' || child.id || ' has not ended, but task ' || above.id || ' above it has'
     FROM task AS child JOIN task AS above ON above.id = child.parent
     WHERE child.state IN (0, 1, 4) AND above.state IN (2, 3, 5)",
    "SELECT 'task ' || id || ' is below task ' || parent || ', which is no older' FROM task WHERE parent >= id",
    "SELECT 'task ' || id || ' is given to a host, but to none' FROM task WHERE state IN (1, 4) AND host_id IS NULL",
    "SELECT 'task ' || id || ' is free, but host ' || host_id || ' has it' FROM task
     WHERE state = 0 AND host_id IS NOT NULL",
    "SELECT 'task ' || id || ' has ended, but at no time' FROM task
     WHERE state IN (2, 3, 5) AND completion_time IS NULL",
    "SELECT 'task ' || id || ' has not ended, but has a time of its end' FROM task
     WHERE state IN (0, 1, 4) AND completion_time IS NOT NULL",
    "SELECT 'task ' || id || ' waits, but has no subtasks' FROM task
     WHERE state = 1 AND waiting = TRUE AND NOT EXISTS (SELECT 1 FROM task AS child WHERE child.parent = task.id)",
    "SELECT 'task ' || id || ' is awaited, but is no subtask' FROM task WHERE awaited = TRUE AND parent IS NULL",
    "SELECT 'task ' || task_id || ' runs ' || COUNT(*) || ' times at once' FROM scheduler_task_runs
     WHERE active = TRUE GROUP BY task_id HAVING COUNT(*) > 1",
];
