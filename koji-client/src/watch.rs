//! Watching tasks until they end.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::time::Duration;

use koji_core::api::Method;
use koji_core::api::tasks::{GetTaskChildren, GetTaskInfo, WaitTasks};
use koji_core::ids::TaskId;
use koji_core::model::Task;
use koji_core::xmlrpc::{Struct, Value, from_value};

use crate::error::{Error, Result};
use crate::session::Session;

/// The longest wait for a change in one request.
const LONGEST_WAIT: Duration = Duration::from_secs(20);

/// Watches tasks and all tasks below them.
///
/// [`next`](Self::next) gives what has changed since the last time, until all of them have ended. Hubs of this project tell of
/// a change at once; others are asked every [`Options::poll_interval`](crate::Options::poll_interval).
#[derive(Debug)]
pub struct TaskWatcher {
    session: Session,
    tasks: BTreeMap<TaskId, Watched>,
    // each before the tasks below it
    order: Vec<TaskId>,
    begun: bool,
    long_poll: bool,
}

#[derive(Debug)]
struct Watched {
    depth: usize,
    task: Option<Task>,
    // whether its subtasks were asked for after it had ended
    settled: bool,
}

/// A task that was found, or has changed its state or its host.
#[derive(Debug, Clone)]
pub struct TaskChange {
    /// The task as it is now, with its request.
    pub task: Task,
    /// As it was when it last changed; nothing if it was only now found.
    pub before: Option<Task>,
    /// 0 for the tasks that were asked for, 1 for their subtasks, and so on.
    pub depth: usize,
}

impl Session {
    /// Watches tasks and all tasks below them.
    pub fn watch(&self, tasks: impl IntoIterator<Item = TaskId>) -> TaskWatcher {
        let mut watcher = TaskWatcher {
            session: self.clone(),
            tasks: BTreeMap::new(),
            order: Vec::new(),
            begun: false,
            long_poll: true,
        };
        for id in tasks {
            watcher.add(id, 0, None);
        }
        watcher
    }
}

impl TaskWatcher {
    /// The next changes, each task's before those of the tasks below it; nothing when all tasks have ended. The first time
    /// it gives all tasks that there are.
    ///
    /// A task that does not exist is a fault.
    pub async fn next(&mut self) -> Result<Option<Vec<TaskChange>>> {
        loop {
            if self.begun && self.tasks.values().all(|watched| watched.settled) {
                return Ok(None);
            }
            if self.begun {
                self.wait().await?;
            }
            let mut changes = self.refresh().await?;
            self.begun = true;
            if !changes.is_empty() {
                changes.sort_by_key(|change| self.order.iter().position(|id| *id == change.task.id));
                return Ok(Some(changes));
            }
        }
    }

    /// The tasks as they were last seen, each before the tasks below it.
    pub fn tasks(&self) -> impl Iterator<Item = &Task> {
        self.order.iter().filter_map(|id| self.tasks.get(id)?.task.as_ref())
    }

    /// Takes in a task, behind all that is below its parent; whether it is a new one.
    fn add(&mut self, id: TaskId, depth: usize, parent: Option<TaskId>) -> bool {
        let Entry::Vacant(entry) = self.tasks.entry(id) else { return false };
        entry.insert(Watched { depth, task: None, settled: false });
        let parent = parent.and_then(|parent| self.order.iter().position(|id| *id == parent));
        let below = |id: &TaskId| self.tasks.get(id).is_some_and(|other| other.depth >= depth);
        let at = parent.map(|at| at + 1 + self.order[at + 1..].iter().take_while(|id| below(id)).count());
        self.order.insert(at.unwrap_or(self.order.len()), id);
        true
    }

    /// Asks for the tasks that have not ended and for what is below them, until there is nothing new.
    async fn refresh(&mut self) -> Result<Vec<TaskChange>> {
        let mut changes = Vec::new();
        let mut asked: Vec<TaskId> =
            self.order.iter().copied().filter(|id| self.tasks.get(id).is_some_and(|w| !w.settled)).collect();
        while !asked.is_empty() {
            let mut m = self.session.multicall();
            let calls: Vec<_> = asked
                .iter()
                .map(|id| {
                    let info = m.call(GetTaskInfo::new(i32::from(*id)).request(true).strict(true));
                    (*id, info, m.call(GetTaskChildren::new(*id)))
                })
                .collect();
            m.run().await?;
            let mut found = Vec::new();
            for (id, info, children) in calls {
                let task: Task = from_value(info.result()?).map_err(Error::protocol(GetTaskInfo::INFO.name))?;
                let children = children.result()?;
                let Some(watched) = self.tasks.get_mut(&id) else { continue };
                let depth = watched.depth;
                watched.settled = task.state.is_finished();
                let before = watched.task.replace(task.clone());
                if before.as_ref().is_none_or(|old| (old.state, old.host_id) != (task.state, task.host_id)) {
                    changes.push(TaskChange { task, before, depth });
                }
                let children = children.into_iter().map(|child| child.id);
                found.extend(children.filter(|child| self.add(*child, depth + 1, Some(id))));
            }
            asked = found;
        }
        Ok(changes)
    }

    /// Waits until a task changes its state or gets a subtask.
    async fn wait(&mut self) -> Result<()> {
        let interval = self.session.options().poll_interval;
        if self.long_poll {
            let states: Struct = self
                .tasks
                .iter()
                .filter_map(|(id, watched)| Some((id.to_string(), Value::from(watched.task.as_ref()?.state.code()))))
                .collect();
            let seconds = i32::try_from(LONGEST_WAIT.as_secs()).unwrap_or(1);
            match self.session.call(WaitTasks::new(states).timeout(seconds)).await {
                Ok(_) => return Ok(()),
                Err(error) if error.is_unknown_method() => self.long_poll = false,
                Err(error) => return Err(error),
            }
        }
        tokio::time::sleep(interval.max(Duration::from_millis(10))).await;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use koji_core::fault::FaultKind;
    use koji_core::model::TaskState;

    use super::*;
    use crate::Options;
    use crate::testing::Script;

    fn task(id: i32, state: TaskState) -> Value {
        let mut task = Struct::new();
        for (name, value) in [
            ("id", Value::from(id)),
            ("state", state.code().into()),
            ("create_time", "2024-01-02 03:04:05+00:00".into()),
            ("create_ts", 1704164645.0.into()),
            ("channel_id", 1.into()),
            ("owner", 1.into()),
            ("method", "build".into()),
            ("arch", "noarch".into()),
        ] {
            task.insert(name, value);
        }
        task.into()
    }

    /// The answer for tasks with their subtasks.
    fn answer<const N: usize>(tasks: [(i32, TaskState, &[i32]); N]) -> Vec<Value> {
        let one = |value| Value::Array(vec![value]);
        let children = |ids: &[i32]| Value::Array(ids.iter().map(|id| task(*id, TaskState::Free)).collect());
        tasks.iter().flat_map(|(id, state, below)| [one(task(*id, *state)), one(children(below))]).collect()
    }

    async fn changes(watcher: &mut TaskWatcher) -> Option<Vec<(i32, TaskState, bool, usize)>> {
        let changes = watcher.next().await.unwrap()?;
        Some(changes.into_iter().map(|c| (c.task.id.0, c.task.state, c.before.is_some(), c.depth)).collect())
    }

    #[tokio::test(start_paused = true)]
    async fn a_tree_is_watched_to_its_end() {
        use TaskState::{Closed, Failed, Free, Open};
        let hub = Script::new();
        let mut watcher = hub.session().watch([TaskId(5)]);
        hub.value(answer([(5, Open, &[6])])).value(answer([(6, Free, &[])]));
        assert_eq!(changes(&mut watcher).await, Some(vec![(5, Open, false, 0), (6, Free, false, 1)]));

        // nothing new at first; a subtask fails and leaves another one behind
        hub.value(Struct::new()).value(answer([(5, Open, &[6]), (6, Free, &[])]));
        hub.value(Struct::new()).value(answer([(5, Open, &[6]), (6, Failed, &[7])])).value(answer([(7, Closed, &[])]));
        assert_eq!(changes(&mut watcher).await, Some(vec![(6, Failed, true, 1), (7, Closed, false, 2)]));

        hub.value(Struct::new()).value(answer([(5, Failed, &[6])]));
        assert_eq!(changes(&mut watcher).await, Some(vec![(5, Failed, true, 0)]));
        assert_eq!(changes(&mut watcher).await, None);
        assert_eq!(watcher.tasks().map(|task| task.id.0).collect::<Vec<_>>(), [5, 6, 7]);
        assert_eq!(hub.log()[2], "hub.waitTasks(-/-)");
    }

    #[tokio::test(start_paused = true)]
    async fn each_task_comes_before_those_below_it() {
        use TaskState::Closed;
        let hub = Script::new();
        let mut watcher = hub.session().watch([TaskId(5), TaskId(2)]);
        hub.value(answer([(5, Closed, &[6, 8]), (2, Closed, &[3])]));
        hub.value(answer([(6, Closed, &[7]), (8, Closed, &[]), (3, Closed, &[])])).value(answer([(7, Closed, &[])]));
        changes(&mut watcher).await;
        assert_eq!(watcher.tasks().map(|task| task.id.0).collect::<Vec<_>>(), [5, 6, 7, 8, 2, 3]);
        hub.log();
    }

    #[tokio::test(start_paused = true)]
    async fn other_hubs_are_asked_at_intervals() {
        use TaskState::{Closed, Open};
        let hub = Script::new();
        let session = hub.session_with(Options { poll_interval: Duration::from_secs(9), ..Options::default() });
        let mut watcher = session.watch([TaskId(5)]);
        hub.value(answer([(5, Open, &[])]));
        changes(&mut watcher).await;
        let started = tokio::time::Instant::now();
        hub.fault(FaultKind::Generic, "Invalid method: hub.waitTasks");
        hub.value(answer([(5, Open, &[])])).value(answer([(5, Closed, &[])]));
        assert_eq!(changes(&mut watcher).await, Some(vec![(5, Closed, true, 0)]));
        assert_eq!(started.elapsed().as_secs(), 18);
        hub.log();
    }
}
