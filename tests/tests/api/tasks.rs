//! Tasks, as those see them who ask for work.

use koji_core::api::tasks::*;
use koji_core::api::{KwArgs, QueryOpts, VarArgs};
use koji_core::fault::FaultKind;
use koji_core::ids::TaskId;
use koji_core::model::TaskState;
use koji_core::xmlrpc::{Struct, Value};
use koji_hub_lib::db::args;
use koji_tests::{Caller, TestHub, hubs};

async fn make(admin: &Caller<'_>, method: &str, params: Vec<Value>, opts: &[(&str, Value)]) -> TaskId {
    let named = KwArgs(opts.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect());
    admin.call(MakeTask::new().args(VarArgs(vec![method.into(), params.into()])).opts(named)).await.unwrap()
}

async fn field(user: &Caller<'_>, task: TaskId, name: &str) -> Value {
    match user.call(GetTaskInfo::new(task.0)).await.unwrap() {
        Value::Struct(mut task) => task.remove(name).unwrap(),
        other => panic!("{other:?}"),
    }
}

async fn state(user: &Caller<'_>, task: TaskId) -> i64 {
    field(user, task, "state").await.as_int().unwrap()
}

async fn below(hub: &TestHub, parent: TaskId, child: TaskId) {
    let mut db = hub.db.db.begin().await.unwrap();
    db.execute("UPDATE task SET parent = $1 WHERE id = $2", args![parent, child]).await.unwrap();
    db.commit().await.unwrap();
}

#[tokio::test]
async fn a_task_is_what_was_asked_for() {
    for hub in hubs("a_task_is_what_was_asked").await {
        let (admin, alice) = (hub.admin().await, hub.user("alice", &[]).await);
        let params = vec!["git://x#1".into(), Value::Nil, Struct::from_iter([("scratch", true)]).into()];
        let task = make(&admin, "build", params.clone(), &[("priority", 7.into()), ("arch", "noarch".into())]).await;
        assert_eq!(alice.call(GetTaskRequest::new(task)).await.unwrap(), params);
        assert_eq!(field(&alice, task, "priority").await, Value::Int(7));
        assert!(!alice.call(TaskFinished::new(task)).await.unwrap());
        let (kind, _) = alice.refused(MakeTask::new().args(VarArgs(vec!["build".into(), Value::Array(vec![])]))).await;
        assert_eq!(kind, FaultKind::ActionNotAllowed);

        admin.call(SetTaskPriority::new(task, 3)).await.unwrap();
        assert_eq!(field(&alice, task, "priority").await, Value::Int(3));
        assert_eq!(alice.call(GetTaskInfo::new(99999)).await.unwrap(), Value::Nil);
        let many = Value::Array(vec![task.0.into(), 99999.into()]);
        let Value::Array(found) = alice.call(GetTaskInfo::new(many)).await.unwrap() else { panic!("no list") };
        assert!(found.len() == 2 && found[1].is_nil());
    }
}

#[tokio::test]
async fn a_tree_of_tasks_is_canceled_by_its_owner_or_an_administrator() {
    for hub in hubs("a_tree_of_tasks").await {
        let (admin, alice) = (hub.admin().await, hub.user("alice", &[]).await);
        let task = make(&admin, "build", vec!["git://x#1".into()], &[]).await;
        let child = make(&admin, "buildArch", vec![], &[]).await;
        below(&hub, task, child).await;
        let children = alice.call(GetTaskChildren::new(task)).await.unwrap();
        assert_eq!(children.iter().map(|task| task.id).collect::<Vec<_>>(), [child]);

        assert_eq!(alice.refused(CancelTask::new(task)).await.0, FaultKind::ActionNotAllowed);
        admin.call(CancelTask::new(task)).await.unwrap();
        for task in [task, child] {
            assert_eq!(state(&alice, task).await, TaskState::Canceled as i64);
            assert!(alice.call(TaskFinished::new(task)).await.unwrap());
        }
        let (_, text) = admin.refused(GetTaskResult::new(task)).await;
        assert_eq!(text, format!("Task {task} is canceled"));

        let again = admin.call(ResubmitTask::new(task)).await.unwrap();
        let request = alice.call(GetTaskRequest::new(again)).await.unwrap();
        assert_eq!((state(&alice, again).await, request), (TaskState::Free as i64, vec!["git://x#1".into()]));
    }
}

#[tokio::test]
async fn tasks_are_listed_as_asked() {
    for hub in hubs("tasks_are_listed").await {
        let (admin, alice) = (hub.admin().await, hub.user("alice", &[]).await);
        let mut tasks = Vec::new();
        for method in ["build", "newRepo", "build", "tagBuild"] {
            tasks.push(make(&admin, method, vec![1.into()], &[]).await);
        }
        admin.call(CancelTask::new(tasks[2])).await.unwrap();
        let list = async |options: &[(&'static str, Value)], opts: QueryOpts| {
            let options = options.iter().cloned().collect::<Struct>();
            alice.call(ListTasks::new().opts(options).query_opts(opts)).await.unwrap()
        };
        let ids = async |options: &[(&'static str, Value)]| {
            let opts = QueryOpts { order: Some("-id".into()), ..QueryOpts::default() };
            list(options, opts).await.into_list().into_iter().map(|task| task.task.id).collect::<Vec<_>>()
        };
        let states = |states: &[TaskState]| Value::Array(states.iter().map(|state| (*state as i32).into()).collect());
        assert_eq!(ids(&[("method", "build".into())]).await, [tasks[2], tasks[0]]);
        assert_eq!(ids(&[("state", states(&[TaskState::Canceled]))]).await, [tasks[2]]);
        assert_eq!(ids(&[("not_state", states(&[TaskState::Canceled]))]).await, [tasks[3], tasks[1], tasks[0]]);
        let both = states(&[TaskState::Canceled, TaskState::Free]);
        assert_eq!(ids(&[("state", both), ("method", "build".into())]).await, [tasks[2], tasks[0]]);
        assert_eq!(ids(&[("owner", alice.id.0.into())]).await, []);
        assert_eq!(ids(&[("parent", Value::Nil), ("owner", admin.id.0.into())]).await.len(), 4);

        let count = QueryOpts { count_only: Some(true), ..QueryOpts::default() };
        assert_eq!(list(&[("method", "build".into())], count).await.count(), 2);
        let first = QueryOpts { limit: Some(1), order: Some("id".into()), ..QueryOpts::default() };
        let found = list(&[("decode", true.into())], first).await.into_list();
        assert_eq!((found[0].task.id, &found[0].request), (tasks[0], &Value::Array(vec![1.into()])));
    }
}

#[tokio::test]
async fn a_large_file_comes_in_parts_or_not_at_all() {
    for hub in hubs("a_large_file_comes_in_parts").await {
        let task = TaskId(7);
        let bytes = vec![b'x'; (64 << 20) + 1];
        hub.hub.storage().put("work/tasks/7/7/big", bytes.into()).await.unwrap();
        let nobody = hub.nobody();
        let refused = nobody.refused(DownloadTaskOutput::new(task, "big")).await.1;
        assert!(refused.contains("too large for one answer: 67108865 bytes"), "{refused}");
        let part = nobody.call(DownloadTaskOutput::new(task, "big").offset(-2)).await.unwrap();
        assert_eq!(part, "eHg=");
    }
}
