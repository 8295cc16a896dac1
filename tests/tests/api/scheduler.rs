//! When builders are given tasks.

use std::time::Duration;

use koji_core::api::VarArgs;
use koji_core::api::host::{GetTasks, OpenTask, UpdateHost, WaitWork};
use koji_core::api::hosts::AddHostToChannel;
use koji_core::api::scheduler::DoRun;
use koji_core::api::tasks::{GetTaskInfo, MakeTask};
use koji_core::ids::TaskId;
use koji_core::xmlrpc::Value;
use koji_tests::{Caller, TestHub, databases, hubs};

async fn task(admin: &Caller<'_>) -> TaskId {
    admin.call(MakeTask::new().args(VarArgs(vec!["sleep".into(), Value::Array(vec![])]))).await.unwrap()
}

/// Whether the task waits for a host.
async fn is_free(admin: &Caller<'_>, task: TaskId) -> bool {
    let info = admin.call(GetTaskInfo::new(task.0)).await.unwrap();
    info.as_struct().and_then(|t| t.get("state")?.as_int()) == Some(0)
}

async fn assigned(builder: &Caller<'_>) -> Vec<TaskId> {
    builder.call(GetTasks::new()).await.unwrap().into_iter().map(|task| task.id).collect()
}

async fn ready<'h>(hub: &'h TestHub, admin: &Caller<'_>) -> Caller<'h> {
    let builder = hub.builder("builder1").await;
    admin.call(AddHostToChannel::new("builder1", "default")).await.unwrap();
    builder.call(UpdateHost::new(0.0, true)).await.unwrap();
    builder
}

#[tokio::test]
async fn a_builder_that_asks_gets_tasks_once_in_a_while() {
    for hub in hubs("a_builder_that_asks_gets_tasks").await {
        let admin = hub.admin().await;
        let builder = ready(&hub, &admin).await;
        let first = task(&admin).await;
        assert!(is_free(&admin, first).await);
        assert_eq!(assigned(&builder).await, [first]);
        // what it has comes before what it might get
        let second = task(&admin).await;
        assert_eq!(assigned(&builder).await, [first]);
        builder.call(OpenTask::new(first)).await.unwrap();
        assert_eq!(assigned(&builder).await, []);
        assert!(!admin.call(DoRun::new()).await.unwrap());
        assert!(is_free(&admin, second).await);
        assert!(admin.call(DoRun::new().force(true)).await.unwrap());
        assert_eq!(assigned(&builder).await, [second]);
    }
}

#[tokio::test]
async fn how_often_builders_that_ask_get_tasks_can_be_set() {
    for db in databases("how_often_builders_that_ask").await {
        let hub = TestHub::with(db, |config| config.run_interval = Duration::ZERO);
        let admin = hub.admin().await;
        let builder = ready(&hub, &admin).await;
        for _ in 0..2 {
            let task = task(&admin).await;
            assert_eq!(assigned(&builder).await, [task]);
            builder.call(OpenTask::new(task)).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_builder_that_waits_gets_tasks_at_once() {
    for hub in hubs("a_builder_that_waits_gets_tasks").await {
        hub.serve().await;
        let admin = hub.admin().await;
        let builder = ready(&hub, &admin).await;
        for _ in 0..2 {
            let wait = builder.call(WaitWork::new().timeout(60));
            let (waited, task) = tokio::join!(wait, task(&admin));
            assert!(waited.unwrap());
            assert_eq!(assigned(&builder).await, [task]);
            builder.call(OpenTask::new(task)).await.unwrap();
        }
    }
}
