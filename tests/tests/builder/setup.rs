//! A hub with a host, and managers for it in processes of their own.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use koji_builder_lib::{BuilderConfig, Handlers, Manager, TaskContext, TaskError, TaskHandler, requests_of_signals};
use koji_client::Session;
use koji_client::xmlrpc::{Struct, Value};
use koji_core::task::Fork;
use koji_hub_lib::config::HubConfig;
use koji_hub_lib::{Hub, NewUser};
use tokio::net::TcpListener;

/// The environment variable with the settings of a manager to be.
const MANAGER: &str = "KOJI_TEST_MANAGER";
/// How long anything may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The standard handlers, with a `fork` whose processes hide as well as they can, and that goes on until it is ended.
pub fn handlers() -> Handlers {
    Handlers::standard().with(HideAndStay)
}

struct HideAndStay;

impl TaskHandler for HideAndStay {
    type Args = Fork;
    type Output = ();

    async fn run(&self, args: Fork, _cx: &TaskContext) -> Result<(), TaskError> {
        let seconds = args.m.to_string();
        let script = format!("(sleep {seconds} &); setsid sh -c '(setsid sleep {seconds} &); sleep {seconds}' &");
        Command::new("sh").args(["-c", &script]).stdin(Stdio::null()).spawn()?.wait()?;
        std::future::pending().await
    }
}

/// Runs a manager, if this process was started by [`Setup::start_manager`].
pub fn run_manager_if_asked() {
    let Ok(config) = std::env::var(MANAGER) else { return };
    let config: BuilderConfig = serde_json::from_str(&config).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let finish = runtime.block_on(async { Manager::run(config, handlers(), requests_of_signals().unwrap()).await });
    std::process::exit(i32::from(finish.is_err()));
}

/// A hub that serves, with an administrator, a user for the repo daemon, and a host.
pub struct Setup {
    /// Where everything is.
    pub directory: tempfile::TempDir,
    /// The administrator's session.
    pub admin: Session,
    /// The host's settings.
    pub config: BuilderConfig,
    /// The hub, while it serves.
    pub serving: tokio::task::JoinHandle<koji_hub_lib::Result<()>>,
}

impl Setup {
    /// Makes one.
    pub async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let top = directory.path().join("koji");
        let database = format!("sqlite://{}", directory.path().join("koji.db").display());
        let mut hub_config = HubConfig::new(database, &top);
        hub_config.email_domain = Some("example.com".to_owned());
        Hub::init(&hub_config).await.unwrap();
        let hub = Hub::open(hub_config).await.unwrap();
        for (name, permission, host) in
            [("admin", Some("admin"), false), ("kojira", Some("repo"), false), ("builder", None, true)]
        {
            let permissions = permission.iter().map(|name| (*name).to_owned()).collect();
            let password = Some("secret".to_owned());
            hub.add_user(NewUser { name: name.to_owned(), password, permissions, host, blocked: false }).await.unwrap();
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let serving = tokio::spawn(async move { hub.serve(listener, std::future::pending()).await });
        let admin = Session::new(format!("{url}/kojihub")).unwrap();
        admin.login("admin", "secret").await.unwrap();
        let mut config = BuilderConfig::new(format!("{url}/kojihub"), format!("{url}/kojifiles"));
        config.topdir = top;
        config.workdir = directory.path().join("work");
        config.user = Some("builder".to_owned());
        config.password = Some("secret".into());
        config.force_lock = true;
        config.minspace = 1;
        // how busy the machine is must not matter here
        config.maxload = 1000.0;
        config.log_filter = "error".to_owned();
        let setup = Self { directory, admin, config, serving };
        setup.call("addHost", vec!["builder".into(), vec![Value::from("x86_64")].into()]).await;
        setup.call("addHostToChannel", vec!["builder".into(), "createrepo".into()]).await;
        setup
    }

    /// Calls a method as the administrator.
    pub async fn call(&self, method: &str, params: Vec<Value>) -> Value {
        self.admin.call_raw(method, params).await.unwrap_or_else(|e| panic!("{method}: {e}"))
    }

    /// Starts a manager in a process of its own.
    pub fn start_manager(&self) -> ManagerProcess {
        let config = serde_json::to_string(&self.config).unwrap();
        let program = std::env::current_exe().unwrap();
        ManagerProcess(Command::new(program).env(MANAGER, config).stdin(Stdio::null()).spawn().unwrap())
    }

    /// Makes a task: its id.
    pub async fn make_task(&self, method: &str, args: Vec<Value>) -> i64 {
        self.call("makeTask", vec![method.into(), args.into()]).await.as_int().unwrap()
    }

    /// What is known of a task.
    pub async fn task(&self, id: i64) -> Struct {
        self.call("getTaskInfo", vec![id.into()]).await.as_struct().unwrap().clone()
    }

    /// Waits until a task is in one of the states: which, as a number.
    pub async fn wait_for(&self, id: i64, states: &[i64]) -> i64 {
        let started = Instant::now();
        loop {
            let state = self.task(id).await.get("state").and_then(Value::as_int).unwrap();
            if states.contains(&state) {
                return state;
            }
            if started.elapsed() > PATIENCE {
                let tasks = self.call("getTaskDescendents", vec![id.into()]).await;
                panic!("task {id} is in state {state}, not in {states:?}; tasks: {tasks:?}");
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Waits for the end of a task: its result, or the fault's text.
    pub async fn result(&self, id: i64) -> Result<Value, String> {
        self.wait_for(id, &[2, 3, 5]).await;
        self.admin.call_raw("getTaskResult", vec![id.into()]).await.map_err(|e| e.to_string())
    }

    /// A path below the directory of everything.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }
}

/// A manager in a process of its own; killed at the latest when it is dropped.
pub struct ManagerProcess(Child);

impl ManagerProcess {
    /// Sends it a signal, by name.
    pub fn signal(&self, signal: &str) {
        let status = Command::new("kill").args([format!("-{signal}"), self.0.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// Waits for its end: whether it was a good one.
    pub fn wait(&mut self) -> bool {
        self.0.wait().unwrap().success()
    }
}

impl Drop for ManagerProcess {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// How many `sleep` processes run for that time.
pub fn sleepers(seconds: i64) -> usize {
    let command = format!("sleep\0{seconds}\0");
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    processes.filter(|process| is_command(&process.path(), &command)).count()
}

fn is_command(process: &Path, command: &str) -> bool {
    std::fs::read(process.join("cmdline")).is_ok_and(|line| line == command.as_bytes())
}

/// Waits until so many run.
pub async fn wait_for_sleepers(seconds: i64, count: usize) {
    let started = Instant::now();
    while sleepers(seconds) != count {
        assert!(started.elapsed() < PATIENCE, "{} processes instead of {count}", sleepers(seconds));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
