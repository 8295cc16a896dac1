//! Tasks and their processes.

use koji_client::xmlrpc::Value;

use super::setup::{Setup, wait_for_sleepers};

const FREE: i64 = 0;
const OPEN: i64 = 1;
const CANCELED: i64 = 3;

/// How long the sleepers of a test sleep; each has its own, so that tests can run side by side.
fn mark() -> i64 {
    1_000_000 + i64::from(std::process::id())
}

fn block_on(test: impl Future<Output = ()>) {
    tokio::runtime::Runtime::new().unwrap().block_on(test);
}

/// A task that starts processes which hide.
async fn start_hiding(setup: &Setup) -> i64 {
    let task = setup.make_task("fork", vec![1.into(), mark().into()]).await;
    setup.wait_for(task, &[OPEN]).await;
    wait_for_sleepers(mark(), 3).await;
    task
}

pub fn a_task_is_begun_at_once_and_done() {
    block_on(async {
        let setup = Setup::new().await;
        let _manager = setup.start_manager();
        setup.result(setup.make_task("sleep", vec![Value::from(0.01)]).await).await.unwrap();
        // of several, so that a busy machine does not decide
        let mut fastest = f64::MAX;
        for _ in 0..10 {
            let task = setup.make_task("sleep", vec![Value::from(0.01)]).await;
            setup.result(task).await.unwrap();
            let info = setup.task(task).await;
            let time = |name: &str| match info.get(name) {
                Some(Value::Double(time)) => *time,
                other => panic!("{name}: {other:?}"),
            };
            fastest = fastest.min(time("start_ts") - time("create_ts"));
        }
        assert!(fastest < 0.1, "{fastest}");
        let error = setup.result(setup.make_task("sleep", vec!["long".into()]).await).await.unwrap_err();
        assert_eq!(error, "Invalid signature for sleep: n: expected a number, not str");
        assert_eq!(setup.result(setup.make_task("someMethod", vec![]).await).await, Ok(42.into()));
    });
}

pub fn a_canceled_task_leaves_no_process() {
    block_on(async {
        let setup = Setup::new().await;
        let _manager = setup.start_manager();
        let task = start_hiding(&setup).await;
        setup.call("cancelTask", vec![task.into()]).await;
        wait_for_sleepers(mark(), 0).await;
        setup.wait_for(task, &[CANCELED]).await;
    });
}

pub fn a_killed_manager_takes_its_tasks_along() {
    block_on(async {
        let setup = Setup::new().await;
        let mut first = setup.start_manager();
        let task = start_hiding(&setup).await;
        first.signal("KILL");
        first.wait();
        wait_for_sleepers(mark(), 0).await;
        // the next one finds the task open, gives it back, and does it anew
        let _second = setup.start_manager();
        wait_for_sleepers(mark(), 3).await;
        setup.wait_for(task, &[OPEN]).await;
        setup.call("cancelTask", vec![task.into()]).await;
        wait_for_sleepers(mark(), 0).await;
    });
}

pub fn a_manager_that_ends_gives_its_tasks_back() {
    block_on(async {
        let setup = Setup::new().await;
        let mut manager = setup.start_manager();
        let task = start_hiding(&setup).await;
        manager.signal("TERM");
        assert!(manager.wait());
        wait_for_sleepers(mark(), 0).await;
        setup.wait_for(task, &[FREE]).await;
        let host = setup.call("getHost", vec!["builder".into()]).await;
        assert_eq!(host.as_struct().unwrap().get("ready"), Some(&Value::Bool(false)));
    });
}

pub fn a_manager_ends_also_when_its_hub_is_gone() {
    block_on(async {
        let setup = Setup::new().await;
        let mut manager = setup.start_manager();
        start_hiding(&setup).await;
        setup.serving.abort();
        manager.signal("TERM");
        assert!(tokio::task::spawn_blocking(move || manager.wait()).await.unwrap());
        wait_for_sleepers(mark(), 0).await;
    });
}
