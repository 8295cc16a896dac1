//! Restarts of what runs in one process.

use koji_core::model::TaskState;
use koji_core::xmlrpc::Value;
use koji_tests::Standalone;

#[test]
fn restarting_the_hosts_restarts_the_builder_alone() {
    let koji = Standalone::start();
    let task = koji.call_raw("restartHosts", Vec::new()).expect("a task");
    let task = task.as_int().and_then(|id| i32::try_from(id).ok()).expect("a task's id");
    koji.wait_for(task, TaskState::Closed);
    // the builder that is there again takes another task, and the hub has answered all the while
    let next = koji.call_raw("makeTask", vec!["someMethod".into(), Value::Array(Vec::new())]).expect("a task");
    koji.wait_for(next.as_int().and_then(|id| i32::try_from(id).ok()).expect("a task's id"), TaskState::Closed);
    assert!(koji.log().contains("starting the builder anew"), "{}", koji.log());
}
