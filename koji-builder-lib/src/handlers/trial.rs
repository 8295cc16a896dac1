//! Tasks for trying a builder out.

use std::process::Stdio;
use std::time::Duration;

use koji_core::task::{Fork, Sleep, SomeMethod, Subtask, UnknownMethod, WaitTest};
use koji_core::xmlrpc::Value;

use crate::task::{SubtaskOpts, TaskContext, TaskError, TaskHandler, Waiting};

/// `sleep`: does nothing for some seconds.
pub(super) struct SleepHandler;

impl TaskHandler for SleepHandler {
    type Args = Sleep;
    type Output = ();

    fn weight(&self) -> f64 {
        0.25
    }

    async fn run(&self, args: Sleep, _cx: &TaskContext) -> Result<(), TaskError> {
        let time = Duration::try_from_secs_f64(args.n)
            .map_err(|_| TaskError::generic(format!("sleep length must be non-negative: {}", args.n)))?;
        tokio::time::sleep(time).await;
        Ok(())
    }
}

/// `fork`: starts processes that outlive what started them; they end with the task.
pub(super) struct ForkHandler;

impl TaskHandler for ForkHandler {
    type Args = Fork;
    type Output = ();

    async fn run(&self, args: Fork, _cx: &TaskContext) -> Result<(), TaskError> {
        for _ in 0..args.n {
            let mut command = tokio::process::Command::new("sleep");
            command.arg(args.m.to_string()).stdin(Stdio::null()).stdout(Stdio::null()).spawn()?;
        }
        Ok(())
    }
}

/// `waittest`: waits for tasks, one of which fails and may.
pub(super) struct WaitTestHandler;

impl TaskHandler for WaitTestHandler {
    type Args = WaitTest;
    type Output = ();

    fn weight(&self) -> f64 {
        0.1
    }

    async fn run(&self, args: WaitTest, cx: &TaskContext) -> Result<(), TaskError> {
        let mut tasks = Vec::new();
        for number in 0..args.count {
            let opts = SubtaskOpts::default().label(number.to_string());
            tasks.push(cx.subtask(Sleep { n: args.seconds }, opts).await?);
        }
        let bad = cx.subtask_raw("sleep", vec![Value::from("BAD_ARG")], SubtaskOpts::default().label("bad")).await?;
        tasks.push(bad);
        let results = cx.wait(&tasks, &Waiting { canfail: vec![bad], ..Waiting::for_all() }).await?;
        tracing::info!(?results, "all have ended");
        Ok(())
    }
}

/// `subtask`: a chain of tasks, each waiting for the next.
pub(super) struct SubtaskHandler;

impl TaskHandler for SubtaskHandler {
    type Args = Subtask;
    type Output = ();

    fn weight(&self) -> f64 {
        0.1
    }

    async fn run(&self, args: Subtask, cx: &TaskContext) -> Result<(), TaskError> {
        let task = match args.n > 0 {
            true => cx.subtask(Subtask { n: args.n - 1 }, SubtaskOpts::default().label("foo")).await?,
            false => cx.subtask(Sleep { n: 15.0 }, SubtaskOpts::default().label("bar")).await?,
        };
        cx.wait_for(task).await
    }
}

/// `someMethod`: gives 42, from the manager itself.
pub(super) struct SomeMethodHandler;

impl TaskHandler for SomeMethodHandler {
    type Args = SomeMethod;
    type Output = i32;

    fn foreground(&self) -> bool {
        true
    }

    async fn run(&self, _args: SomeMethod, _cx: &TaskContext) -> Result<i32, TaskError> {
        Ok(42)
    }
}

/// `default`: fails.
pub(super) struct DefaultHandler;

impl TaskHandler for DefaultHandler {
    type Args = UnknownMethod;
    type Output = ();

    fn weight(&self) -> f64 {
        0.1
    }

    async fn run(&self, _args: UnknownMethod, cx: &TaskContext) -> Result<(), TaskError> {
        Err(TaskError::generic(format!("Invalid method: {}", cx.info().method)))
    }
}
