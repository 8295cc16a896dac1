//! Tasks, as the builders see them that work on them.

use koji_core::api::VarArgs;
use koji_core::api::host::{CloseTask, GetHostTasks, GetTasks, RefuseTask, Subtask, WaitWork};
use koji_core::api::tasks::{AssignTask, GetTaskInfo, GetTaskResult, MakeTask, SetTaskPriority};
use koji_core::fault::{Fault, FaultKind};
use koji_core::ids::TaskId;
use koji_core::xmlrpc::{Value, write_fault, write_response};
use koji_tests::{Caller, hubs};

#[tokio::test]
async fn a_subtask_of_the_most_urgent_task_is_as_urgent() {
    for hub in hubs("a_subtask_of_the_most_urgent_task").await {
        let builder = hub.builder("builder1").await;
        let admin = hub.admin().await;
        let parent = hub.open_task(&builder, &admin, "build").await;
        admin.call(SetTaskPriority::new(parent, i32::MIN)).await.unwrap();
        let child = builder.call(Subtask::new("buildNotification", vec![], parent)).await.unwrap();
        let child = admin.call(GetTaskInfo::new(child.0)).await.unwrap();
        assert_eq!(child.as_struct().unwrap().get("priority"), Some(&i32::MIN.into()));
    }
}

#[tokio::test]
async fn a_task_is_refused_by_the_host_that_it_is_on_only() {
    for hub in hubs("a_task_is_refused_by_the_host").await {
        let (one, two) = (hub.builder("builder1").await, hub.builder("builder2").await);
        let admin = hub.admin().await;
        let task = hub.open_task(&one, &admin, "build").await;
        two.call(RefuseTask::new(task)).await.unwrap();
        let state = |task: Value| task.as_struct().and_then(|t| t.get("state")?.as_int());
        assert_eq!(state(admin.call(GetTaskInfo::new(task.0)).await.unwrap()), Some(1));
        one.call(RefuseTask::new(task).msg("no room")).await.unwrap();
        assert_eq!(state(admin.call(GetTaskInfo::new(task.0)).await.unwrap()), Some(0));
    }
}

#[tokio::test]
async fn a_host_hears_of_its_own_tasks_that_have_not_ended() {
    for hub in hubs("a_host_hears_of_its_own_tasks").await {
        let (one, two) = (hub.builder("builder1").await, hub.builder("builder2").await);
        let admin = hub.admin().await;
        let open = hub.open_task(&one, &admin, "build").await;
        let ended = hub.open_task(&one, &admin, "build").await;
        one.call(CloseTask::new(ended, write_response(&Value::Nil).unwrap())).await.unwrap();
        let args = VarArgs(vec!["sleep".into(), Value::Array(vec![])]);
        let assigned = admin.call(MakeTask::new().args(args)).await.unwrap();
        assert!(admin.call(AssignTask::new(assigned, "builder2")).await.unwrap());
        let ids = |tasks: Vec<TaskId>| tasks.into_iter().map(|t| t.0).collect::<Vec<_>>();
        let open_on = async |b: &Caller<'_>| b.call(GetHostTasks::new()).await.unwrap().iter().map(|t| t.id).collect();
        let assigned_to = async |b: &Caller<'_>| b.call(GetTasks::new()).await.unwrap().iter().map(|t| t.id).collect();
        assert_eq!((ids(open_on(&one).await), ids(assigned_to(&one).await)), (vec![open.0], vec![]));
        assert_eq!((ids(open_on(&two).await), ids(assigned_to(&two).await)), (vec![], vec![assigned.0]));
        assert!(two.call(WaitWork::new().timeout(0)).await.unwrap());
        assert!(!one.call(WaitWork::new().timeout(0)).await.unwrap());
    }
}

#[tokio::test]
async fn a_task_ends_well_with_a_result_that_can_be_read() {
    for hub in hubs("a_task_ends_well_with_a_result").await {
        let builder = hub.builder("builder1").await;
        let admin = hub.admin().await;
        let task = hub.open_task(&builder, &admin, "sleep").await;
        let fault = write_fault(&Fault::new(FaultKind::Build, "it broke"));
        assert_eq!(builder.refused(CloseTask::new(task, fault)).await, (FaultKind::Build, "it broke".into()));
        builder.refused(CloseTask::new(task, "not XML-RPC")).await;
        let open = builder.call(GetHostTasks::new()).await.unwrap();
        assert_eq!(open.iter().map(|t| t.id).collect::<Vec<_>>(), [task]);
        builder.call(CloseTask::new(task, write_response(&Value::from("done")).unwrap())).await.unwrap();
        assert_eq!(admin.call(GetTaskResult::new(task)).await.unwrap(), Value::from("done"));
    }
}
