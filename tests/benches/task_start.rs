//! The time from `makeTask` to the task open on an idle builder, with real `koji-hub` and `kojid` processes.
//!
//! `cargo bench -p koji-tests --bench task_start` prints the least, the median and the most of a hundred, as a client sees
//! them: from sending `makeTask` to the hub's word that the task is open or has already ended.

use std::time::Instant;

use koji_core::api::VarArgs;
use koji_core::api::tasks::{GetTaskInfo, MakeTask, WaitTasks};
use koji_core::model::{Task, TaskState};
use koji_core::xmlrpc::{Struct, Value, from_value};
use koji_hub_lib::db::Dialect;
use koji_tests::Processes;

const TASKS: usize = 100;

/// Makes a task and waits until it is open: seconds.
async fn once(all: &Processes) -> f64 {
    let args = VarArgs(vec!["sleep".into(), Value::Array(vec![0.into()])]);
    let begin = Instant::now();
    let id = all.admin.call(MakeTask::new().args(args)).await.expect("a task");
    let mut state = TaskState::Free;
    let open = loop {
        if matches!(state, TaskState::Open | TaskState::Closed) {
            break begin.elapsed().as_secs_f64();
        }
        let known: Struct = [(id.to_string(), state.code())].into_iter().collect();
        all.admin.call(WaitTasks::new(known)).await.expect("a wait");
        let info = all.admin.call(GetTaskInfo::new(id.0).strict(true)).await.expect("the task");
        state = from_value::<Task>(info).expect("a task's record").state;
        assert!(state != TaskState::Failed, "the task failed\n{}", all.logs());
    };
    all.wait_until_idle().await;
    open
}

#[tokio::main]
async fn main() {
    println!("makeTask to open, milliseconds, {TASKS} tasks one after another\n");
    println!("{:<10} {:>7} {:>7} {:>7}", "database", "least", "median", "most");
    for dialect in [Dialect::Sqlite, Dialect::Postgres] {
        let all = Processes::start("task_start", dialect, 1).await;
        let mut times = Vec::with_capacity(TASKS);
        for _ in 0..TASKS {
            times.push(once(&all).await * 1000.0);
        }
        times.sort_by(f64::total_cmp);
        let name = format!("{dialect:?}");
        println!("{name:<10} {:>7.1} {:>7.1} {:>7.1}", times[0], times[TASKS / 2], times[TASKS - 1]);
    }
}
