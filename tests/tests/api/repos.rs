//! Repos and the queue of requests for them.

use koji_core::api::host::{CloseTask, OpenTask};
use koji_core::api::repos::{CheckRepoQueue, QueryRepoQueue, RequestRepo};
use koji_core::api::tags::CreateTag;
use koji_core::ids::TaskId;
use koji_core::xmlrpc::{Value, from_value, write_response};
use koji_tests::hubs;

#[tokio::test]
async fn a_repo_task_that_answers_nonsense_does_not_stop_the_queue() {
    for hub in hubs("a_repo_task_that_answers_nonsense").await {
        let builder = hub.builder("builder1").await;
        let user = hub.user("releng", &["tag", "repo"]).await;
        for tag in ["f44", "f45"] {
            user.call(CreateTag::new(tag).arches("x86_64")).await.unwrap();
        }
        user.call(RequestRepo::new("f44")).await.unwrap();
        user.call(CheckRepoQueue::new()).await.unwrap();
        let queue = user.call(QueryRepoQueue::new()).await.unwrap();
        let first = queue.as_array().and_then(<[Value]>::first).and_then(Value::as_struct).unwrap();
        let task: TaskId = from_value(first.get("task_id").cloned().unwrap()).unwrap();
        builder.call(OpenTask::new(task)).await.unwrap().unwrap();
        builder.call(CloseTask::new(task, write_response(&Value::from("nonsense")).unwrap())).await.unwrap();
        user.call(RequestRepo::new("f45")).await.unwrap();
        user.call(CheckRepoQueue::new()).await.unwrap();
        let queue = user.call(QueryRepoQueue::new()).await.unwrap();
        let tasks = queue.as_array().unwrap().iter().filter_map(|r| r.as_struct()?.get("task_id")?.as_int());
        let mut tasks: Vec<i64> = tasks.collect();
        tasks.dedup();
        assert!(tasks.len() == 2 && !tasks.contains(&task.0.into()), "{tasks:?}");
    }
}
