//! A whole Koji of real processes: a hub, builders and repository upkeep, each of which can be killed and started again.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use koji_client::{Options, Session};
use koji_core::api::KwArgs;
use koji_core::api::hosts::{AddHost, AddHostToChannel, EditHost, ListHosts};
use koji_core::api::packages::PackageListAdd;
use koji_core::api::tags::CreateTag;
use koji_core::api::targets::CreateBuildTarget;
use koji_core::api::tasks::{Build, ListTasks};
use koji_core::ids::TaskId;
use koji_core::model::{TaskListItem, TaskState};
use koji_core::xmlrpc::{Struct, Value};
use koji_hub_lib::Hub;
use koji_hub_lib::config::HubConfig;
use koji_hub_lib::db::Dialect;
use koji_hub_lib::storage::LocalStorage;
use tempfile::TempDir;

use crate::programs::built;
use crate::{TestDb, empty_database, free_port};

/// How long anything may take before the test gives up.
pub const PATIENCE: Duration = Duration::from_secs(90);

const ADMIN: &str = "kojiadmin";
const PASSWORD: &str = "secret";

/// A program that runs, or was killed. It is killed when this is dropped.
pub struct Program {
    program: PathBuf,
    args: Vec<String>,
    log: PathBuf,
    child: Child,
}

impl Program {
    fn start(program: &str, args: &[&str], log: PathBuf) -> Self {
        let program = built(program);
        let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
        let child = spawn(&program, &args, &log);
        Program { program, args, log, child }
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends it at once, as `kill -9` does.
    pub fn kill(&mut self) {
        // one that has ended by itself is what was wanted
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Starts it again, after a kill or while it runs.
    pub fn restart(&mut self) {
        self.kill();
        self.child = spawn(&self.program, &self.args, &self.log);
    }

    /// All that it has logged.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// The most memory that it has used since its start, in KiB.
    pub fn memory(&self) -> u64 {
        self.status("VmHWM:")
    }

    /// The memory that it uses, in KiB.
    pub fn memory_now(&self) -> u64 {
        self.status("VmRSS:")
    }

    fn status(&self, field: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix(field));
        line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
    }

    fn assert_runs(&mut self) {
        if let Some(status) = self.child.try_wait().expect("its state") {
            panic!("{} ended: {status}\n{}", self.program.display(), self.log());
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
    }
}

fn spawn(program: &Path, args: &[String], log: &Path) -> Child {
    let log = File::options().create(true).append(true).open(log).expect("a log file");
    Command::new(program)
        .args(args)
        .env("RUST_LOG", "info")
        .stdin(Stdio::null())
        .stdout(log.try_clone().expect("a log file"))
        .stderr(log)
        .spawn()
        .unwrap_or_else(|e| panic!("{}: {e}", program.display()))
}

/// A hub, builders and repository upkeep, with a tag `dest`, its build tag `build`, and a target `target`.
///
/// The processes are dropped, and so killed, in this order.
pub struct Processes {
    /// kojira.
    pub upkeep: Program,
    /// The builders.
    pub builders: Vec<Program>,
    /// The hub.
    pub hub: Program,
    /// A session of the administrator.
    pub admin: Session,
    /// The hub's database.
    pub db: TestDb,
    url: String,
    folder: TempDir,
}

impl Processes {
    /// Starts a hub on a database of that kind, and so many builders. `name` is the test's.
    ///
    /// # Panics
    /// When any of it does not work.
    pub async fn start(name: &str, dialect: Dialect, builders: usize) -> Self {
        let folder = TempDir::with_prefix(format!("koji-{name}-")).expect("a temporary folder");
        let at = |file: &str| folder.path().join(file);
        let db = empty_database(name, dialect).await;
        let port = free_port();
        let url = format!("http://127.0.0.1:{port}");

        let hub_conf = path(&at("hub.conf"));
        let top = path(&at("koji"));
        let settings = format!(
            "[hub]\nDBConnectionString = {}\nKojiDir = {top}\nListen = 127.0.0.1:{port}\nKojiWebURL = {url}/koji\n\
             DisableNotifications = yes\n",
            db.url
        );
        fs::write(&hub_conf, settings).expect("hub.conf");
        let names: Vec<String> = (1..=builders).map(|n| format!("builder{n}")).collect();
        koji_hub(&hub_conf, &["init"]);
        let add = |name: &str, more: &[&str]| {
            koji_hub(&hub_conf, &[&["user", "add", name, "--password", PASSWORD], more].concat());
        };
        add(ADMIN, &["--permission", "admin"]);
        add("kojira", &["--permission", "repo"]);
        names.iter().for_each(|name| add(name, &["--host"]));

        let mut hub = Program::start("koji-hub", &["--config", &hub_conf, "serve"], at("hub.log"));
        wait_for_port(&mut hub, port).await;
        let admin = session(&url).await;
        set_up(&admin, &names).await;

        let mut programs = Vec::new();
        for name in &names {
            let conf = path(&at(&format!("{name}.conf")));
            let settings = format!(
                "[kojid]\nserver = {url}/kojihub\ntopurl = {url}/kojifiles\ntopdir = {top}\nworkdir = {}\n\
                 user = {name}\npassword = {PASSWORD}\nsleeptime = 2\nmaxjobs = 30\nminspace = 100\nmaxload = 1000\nretry_interval = 1\n",
                path(&at(name)),
            );
            fs::write(&conf, settings).expect("kojid.conf");
            let log = at(&format!("{name}.log"));
            programs.push(Program::start("kojid", &["-f", "-v", "--force-lock", "-c", &conf], log));
        }
        let conf = path(&at("kojira.conf"));
        let settings = format!(
            "[kojira]\nserver = {url}/kojihub\ntopdir = {top}\nuser = kojira\npassword = {PASSWORD}\nsleeptime = 1\n\
             retry_interval = 1\n"
        );
        fs::write(&conf, settings).expect("kojira.conf");
        let upkeep = Program::start("kojira", &["-f", "-v", "--force-lock", "-c", &conf], at("kojira.log"));
        let mut all = Processes { upkeep, builders: programs, hub, admin, db, url, folder };
        all.wait_until_ready().await;
        all
    }

    /// The hub's storage.
    pub fn top(&self) -> PathBuf {
        self.folder.path().join("koji")
    }

    /// What `koji-hub check --data --checksums` tells of the hub's data.
    ///
    /// # Panics
    /// When the hub's configuration is refused.
    pub async fn check_data(&self) -> Vec<String> {
        let config = HubConfig::new(self.db.url.clone(), self.top());
        let storage = Arc::new(LocalStorage::new(self.top()).expect("the storage"));
        let hub = Hub::new(config, self.db.db.clone(), storage).expect("a hub");
        let mut told = Vec::new();
        hub.check_data(true, |line| told.push(line)).await.expect("a check");
        told
    }

    /// A further session of the administrator.
    pub async fn session(&self) -> Session {
        session(&self.url).await
    }

    /// Lists a package in the tag `dest`.
    ///
    /// # Panics
    /// When the hub refuses.
    pub async fn add_package(&self, name: &str) {
        self.admin.call(PackageListAdd::new("dest", name).owner(ADMIN)).await.expect("a package in the tag");
    }

    /// Tasks of a method (all, if it is empty) in these states.
    ///
    /// # Panics
    /// When the hub refuses.
    pub async fn tasks(&self, method: &str, states: &[TaskState]) -> Vec<TaskListItem> {
        let states: Vec<Value> = states.iter().map(|state| state.code().into()).collect();
        let mut opts: Struct = [("state", Value::from(states))].into_iter().collect();
        if !method.is_empty() {
            opts.insert("method", method);
        }
        self.admin.call(ListTasks::new().opts(opts)).await.expect("the tasks").into_list()
    }

    /// Waits until no task is left to do.
    ///
    /// # Panics
    /// When that takes too long.
    pub async fn wait_until_idle(&self) {
        let begin = Instant::now();
        loop {
            let left = self.tasks("", &[TaskState::Free, TaskState::Open, TaskState::Assigned]).await;
            if left.is_empty() {
                return;
            }
            if begin.elapsed() > PATIENCE {
                let left: Vec<_> = left.iter().map(|task| (task.task.id, &task.task.method, task.task.state)).collect();
                panic!("these tasks do not end: {left:?}\n{}", self.logs());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Starts the hub again, and waits until it answers.
    pub async fn restart_hub(&mut self) {
        self.hub.restart();
        let port = self.url.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
        wait_for_port(&mut self.hub, port).await;
    }

    /// What all processes have logged, for a test that fails.
    pub fn logs(&self) -> String {
        let mut text = String::new();
        for program in [&self.hub, &self.upkeep].into_iter().chain(&self.builders) {
            text += &format!("--- {}\n{}\n", program.log.display(), program.log());
        }
        text
    }

    async fn wait_until_ready(&mut self) {
        let begin = Instant::now();
        loop {
            let hosts = self.admin.call(ListHosts::new()).await.expect("the hosts").into_list();
            let ready = |host: &koji_core::model::Host| host.ready;
            if hosts.len() == self.builders.len() && hosts.iter().all(ready) {
                return;
            }
            self.builders.iter_mut().for_each(Program::assert_runs);
            self.upkeep.assert_runs();
            assert!(begin.elapsed() < PATIENCE, "the builders are not ready\n{}", self.logs());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// Uploads a source package and asks for a build of it for `target`.
///
/// # Panics
/// When the hub refuses.
pub async fn submit(session: &Session, srpm: &Path, opts: Struct) -> TaskId {
    let directory =
        format!("cli-build/{:016x}", std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), srpm));
    session.upload(srpm, directory.as_str()).send().await.expect("an upload");
    let file = srpm.file_name().and_then(|name| name.to_str()).expect("a file name");
    session.call(Build::new(format!("{directory}/{file}"), "target").opts(opts)).await.expect("a build task")
}

fn path(path: &Path) -> String {
    path.to_str().expect("a UTF-8 path").to_owned()
}

fn koji_hub(config: &str, args: &[&str]) {
    let done = Command::new(built("koji-hub")).args(["--config", config]).args(args).output();
    let done = done.expect("koji-hub");
    assert!(done.status.success(), "koji-hub {args:?}: {}", String::from_utf8_lossy(&done.stderr));
}

async fn wait_for_port(program: &mut Program, port: u16) {
    let begin = Instant::now();
    while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
        program.assert_runs();
        assert!(begin.elapsed() < PATIENCE, "the hub does not serve\n{}", program.log());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn session(url: &str) -> Session {
    let pause = Duration::from_millis(300);
    let options = Options { first_pause: pause, max_pause: pause, max_retries: 100, ..Options::default() };
    let session = Session::builder(format!("{url}/kojihub")).options(options).build().expect("a session");
    session.login(ADMIN, PASSWORD).await.expect("a login");
    session
}

async fn set_up(admin: &Session, builders: &[String]) {
    for name in builders {
        let arches = vec![Value::from(std::env::consts::ARCH)];
        admin.call(AddHost::new(name.as_str(), arches)).await.expect("a host");
        admin.call(AddHostToChannel::new(name.as_str(), "createrepo")).await.expect("a channel of a host");
        let capacity: Struct = [("capacity", 30.0)].into_iter().collect();
        admin.call(EditHost::new(name.as_str()).changes(KwArgs(capacity))).await.expect("a host's capacity");
    }
    let arch = std::env::consts::ARCH;
    admin.call(CreateTag::new("dest").arches(arch)).await.expect("a tag");
    admin.call(CreateTag::new("build").arches(arch).parent("dest")).await.expect("a build tag");
    admin.call(CreateBuildTarget::new("target", "build", "dest")).await.expect("a target");
}
