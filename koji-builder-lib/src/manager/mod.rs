//! The task manager: asks the hub for work, and has each task done in a process of its own.
//!
//! [`Manager::run`] is the whole of it: a loop of passes, each of which looks after the tasks that run, tells the hub how
//! the host is, and begins what is assigned to it.

mod buildroots;
mod child;
mod readiness;
mod take;

use std::collections::{HashMap, HashSet};
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

use koji_client::Session;
use koji_core::api::host::{FailTask, FreeTasks, GetHostId, GetHostTasks, GetOwnHost, GetTasks, UpdateHost, WaitWork};
use koji_core::api::sessions::LogoutChild;
use koji_core::api::tasks::GetTaskInfo;
use koji_core::fault::{Fault, FaultKind};
use koji_core::ids::{HostId, TaskId};
use koji_core::model::{Host, HostTask, Task, TaskState};
use koji_core::time::Timestamp;
use koji_core::xmlrpc::{Struct, Value, from_value, write_fault};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use crate::config::BuilderConfig;
use crate::error::{Error, Result, chain};
use crate::task::Handlers;
use child::{Child, Ended};

/// What is asked of a running [`Manager`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Request {
    /// To go on.
    #[default]
    Run,
    /// To take no more tasks, and to end when those that run are done so that it can be started anew.
    Restart,
    /// To end now: running tasks are killed and given back to the hub.
    Stop,
}

/// Why a [`Manager`] ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finish {
    /// It was asked to stop.
    Stopped,
    /// It is to be started anew.
    Restart,
}

/// How long a task process may go on after its task has ended at the hub, before it is killed.
const GRACE: Duration = Duration::from_secs(60);
/// How often the process of a task may end without a result before the task fails.
const MOST_LOST: u32 = 3;
/// How long the hub has to answer when the manager ends.
const FAREWELL: Duration = Duration::from_secs(10);
/// How often buildroots and working directories are looked after.
const UPKEEP: Duration = Duration::from_secs(60);

/// The task manager of one host.
#[derive(Debug)]
pub struct Manager {
    config: Arc<BuilderConfig>,
    handlers: Handlers,
    session: Session,
    id: HostId,
    children: HashMap<TaskId, Child>,
    // how often the process of a task that is not done has ended here
    lost: HashMap<TaskId, u32>,
    ended: mpsc::UnboundedReceiver<Ended>,
    ending: mpsc::UnboundedSender<Ended>,
    requests: watch::Sender<Request>,
    // notices also what is asked between two looks
    asked: watch::Receiver<Request>,
    started: f64,
    last_upkeep: Option<Instant>,
    // an old hub cannot be waited for
    long_poll: bool,
    idle_answers: u32,
}

impl Manager {
    /// Logs in, and works until it is asked to end. `requests` may be asked from elsewhere too: a `shutdown` or `restart`
    /// task does so.
    ///
    /// An error means that it cannot go on: it could not log in, or another session has taken the host over.
    pub async fn run(config: BuilderConfig, handlers: Handlers, requests: watch::Sender<Request>) -> Result<Finish> {
        config.check()?;
        fs_err::create_dir_all(&config.workdir)?;
        let session = config.session()?;
        config.login(&session).await?;
        session.exclusive_session(config.force_lock).await?;
        let id = session.call(GetHostId::new()).await?;
        tracing::info!(host = %id, hub = session.server(), "logged in");
        let (ending, ended) = mpsc::unbounded_channel();
        let mut manager = Manager {
            config: Arc::new(config),
            handlers,
            session,
            id,
            children: HashMap::new(),
            lost: HashMap::new(),
            ended,
            ending,
            asked: requests.subscribe(),
            requests,
            started: Timestamp::now().as_secs_f64(),
            last_upkeep: None,
            long_poll: true,
            idle_answers: 0,
        };
        let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
        let result = manager.work().await;
        if !matches!(result, Ok(Finish::Restart)) {
            let _ = sd_notify::notify(&[sd_notify::NotifyState::Stopping]);
        }
        manager.shut_down(result.is_ok()).await;
        result
    }

    async fn work(&mut self) -> Result<Finish> {
        loop {
            self.reap().await;
            match *self.asked.borrow_and_update() {
                Request::Stop => return Ok(Finish::Stopped),
                Request::Restart if self.children.is_empty() => return Ok(Finish::Restart),
                _ => {}
            }
            let mut requests = self.requests.subscribe();
            let passed = tokio::select! {
                passed = self.pass() => passed,
                // a hub that does not answer must not keep the builder from ending
                _ = requests.wait_for(|request| *request == Request::Stop) => continue,
            };
            match passed {
                Ok(true) => {
                    self.idle_answers = 0;
                    continue;
                }
                Ok(false) => self.pause().await?,
                Err(error) if error.is_session_lost() => return Err(error),
                Err(error) => {
                    tracing::error!(error = chain(&error), "a look for work failed");
                    self.sleep(self.config.sleeptime.min(Duration::from_secs(5))).await;
                }
            }
        }
    }

    /// One round: whether a task was begun.
    async fn pass(&mut self) -> Result<bool> {
        let tasks = self.session.call(GetHostTasks::new()).await?;
        self.look_after_tasks(&tasks).await?;
        if self.last_upkeep.is_none_or(|last| last.elapsed() > UPKEEP) {
            self.last_upkeep = Some(Instant::now());
            // no reason to leave work alone
            if let Err(error) = self.look_after_buildroots().await {
                tracing::error!(error = chain(&error), "looking after buildroots failed");
            }
        }
        let load: f64 = tasks.iter().filter(|task| !task.waiting.unwrap_or_default()).map(|task| task.weight).sum();
        let host = self.session.call(GetOwnHost::new()).await?;
        let ready = self.is_ready(&host, load);
        self.session.call(UpdateHost::new(load, ready).data(self.host_data())).await?;
        if !ready {
            return Ok(false);
        }
        self.begin_assigned(&host).await
    }

    fn host_data(&self) -> Value {
        let methods: Vec<Value> = self.handlers.methods().map(Value::from).collect();
        let maxjobs = i64::try_from(self.config.maxjobs).unwrap_or(i64::MAX);
        let data: Struct = [("methods", Value::from(methods)), ("maxjobs", maxjobs.into())].into_iter().collect();
        data.into()
    }

    async fn begin_assigned(&mut self, host: &Host) -> Result<bool> {
        for task in self.session.call(GetTasks::new()).await? {
            if task.state != TaskState::Assigned || self.children.contains_key(&task.id) {
                continue;
            }
            if self.take(&task, host).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Compares what the hub says to run here with what does.
    async fn look_after_tasks(&mut self, tasks: &[HostTask]) -> Result<()> {
        let unknown: Vec<TaskId> =
            tasks.iter().map(|task| task.id).filter(|id| !self.children.contains_key(id)).collect();
        self.give_back(unknown).await?;
        for task in tasks.iter().filter(|task| task.alert.unwrap_or_default()) {
            if let Some(child) = self.children.get_mut(&task.id) {
                child.wake().await;
            }
        }
        let open: HashSet<TaskId> = tasks.iter().map(|task| task.id).collect();
        let gone: Vec<TaskId> = self.children.keys().copied().filter(|id| !open.contains(id)).collect();
        for id in gone {
            let info = self.session.call(GetTaskInfo::new(Value::from(id.0))).await?;
            let info: Option<Task> = from_value(info).map_err(unreadable)?;
            let Some(child) = self.children.get_mut(&id) else { continue };
            let ended_well = info.as_ref().is_some_and(|task| {
                task.host_id == Some(self.id) && matches!(task.state, TaskState::Closed | TaskState::Failed)
            });
            // it has told the hub and is about to end by itself
            if ended_well && child.overdue(GRACE) {
                tracing::warn!(task = %id, "the task has ended and its process has not: killing it");
                child.kill();
            } else if !ended_well {
                tracing::info!(task = %id, "the task was canceled, or is another host's now: killing it");
                child.kill();
            }
        }
        Ok(())
    }

    /// Frees tasks that are open here and do not run. One whose process ends again and again without a result fails.
    async fn give_back(&mut self, tasks: Vec<TaskId>) -> Result<()> {
        let (hopeless, others): (Vec<TaskId>, Vec<TaskId>) =
            tasks.into_iter().partition(|task| self.lost.get(task).is_some_and(|times| *times >= MOST_LOST));
        if !others.is_empty() {
            tracing::warn!(tasks = ?others, "these are open here and do not run: giving them back");
            self.session.call(FreeTasks::new(others)).await?;
        }
        for task in hopeless {
            let text =
                format!("The process of task {task} ended {MOST_LOST} times without a result; see the log of kojid");
            tracing::error!(%task, text);
            let fault = Fault::new(FaultKind::Generic, text);
            self.session.call(FailTask::new(task, write_fault(&fault))).await?;
            self.lost.remove(&task);
        }
        Ok(())
    }

    /// Sees to the processes that have ended.
    async fn reap(&mut self) {
        while let Ok(ended) = self.ended.try_recv() {
            let Ended { task, status } = ended;
            let how = status.as_ref().map_or_else(ToString::to_string, ToString::to_string);
            tracing::debug!(%task, how, "a task process ended");
            let Some(child) = self.children.remove(&task) else { continue };
            if status.as_ref().is_ok_and(ExitStatus::success) {
                self.lost.remove(&task);
            } else {
                tracing::warn!(%task, how, "a task process ended without a result");
                *self.lost.entry(task).or_default() += 1;
            }
            if let Err(error) = self.session.call(LogoutChild::new(child.session)).await {
                tracing::debug!(%task, error = chain(&error), "the task's session has ended before");
            }
        }
    }

    /// Waits until there is something to do.
    async fn pause(&mut self) -> Result<()> {
        if !self.long_poll {
            self.sleep(self.config.sleeptime).await;
            return Ok(());
        }
        let seconds = i32::try_from(self.config.sleeptime.as_secs()).unwrap_or(i32::MAX).clamp(1, 30);
        let session = self.session.clone();
        let answer = tokio::select! {
            answer = session.call(WaitWork::new().timeout(seconds)) => answer,
            () = self.disturbance() => return Ok(()),
        };
        match answer {
            // there may be work that this host does not take, of which the hub would tell at once again
            Ok(true) if self.idle_answers > 1 => {
                let pause = Duration::from_millis(250).saturating_mul(1 << self.idle_answers.min(6));
                self.idle_answers += 1;
                self.sleep(pause.min(self.config.sleeptime)).await;
            }
            Ok(true) => self.idle_answers += 1,
            Ok(false) => self.idle_answers = 0,
            Err(error) if error.is_unknown_method() => {
                tracing::info!("the hub cannot be waited for: asking it every {seconds} seconds");
                self.long_poll = false;
            }
            Err(error) => {
                let error = Error::from(error);
                if error.is_session_lost() {
                    return Err(error);
                }
                tracing::warn!(error = chain(&error), "waiting for work failed");
                self.sleep(self.config.sleeptime.min(Duration::from_secs(5))).await;
            }
        }
        Ok(())
    }

    async fn sleep(&mut self, time: Duration) {
        let _ = tokio::time::timeout(time, self.disturbance()).await;
    }

    /// Ends when a task process does, or when something is asked of the manager.
    async fn disturbance(&mut self) {
        tokio::select! {
            ended = self.ended.recv() => {
                if let Some(ended) = ended {
                    // seen to in the next round
                    let _ = self.ending.send(ended);
                }
            }
            _ = self.asked.changed() => {}
        }
    }

    async fn shut_down(&mut self, has_session: bool) {
        for child in self.children.values_mut() {
            child.kill();
        }
        let tasks: Vec<TaskId> = self.children.keys().copied().collect();
        let mut left: HashSet<TaskId> = tasks.iter().copied().collect();
        let deadline = Instant::now() + child::PATIENCE * 4;
        while !left.is_empty() {
            match tokio::time::timeout_at(deadline, self.ended.recv()).await {
                Ok(Some(ended)) => left.remove(&ended.task),
                _ => break,
            };
        }
        if !has_session {
            return;
        }
        if tokio::time::timeout(FAREWELL, self.say_goodbye(tasks)).await.is_err() {
            tracing::error!("the hub does not answer: it will free the tasks of this host by itself after a while");
        }
    }

    /// Tells the hub that this host has no tasks and takes none.
    async fn say_goodbye(&self, tasks: Vec<TaskId>) {
        if !tasks.is_empty()
            && let Err(error) = self.session.call(FreeTasks::new(tasks)).await
        {
            tracing::error!(error = chain(&error), "cannot give the tasks back");
        }
        if let Err(error) = self.session.call(UpdateHost::new(0.0, false)).await {
            tracing::warn!(error = chain(&error), "cannot tell the hub that this host takes no more tasks");
        }
        let _ = self.session.logout().await;
    }
}

fn unreadable(error: koji_core::xmlrpc::Error) -> Error {
    Error::Hub(koji_client::Error::Protocol { method: "getTaskInfo".to_owned(), source: error })
}
