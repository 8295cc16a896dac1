//! The real `koji-standalone` program in a temporary folder, and the two `koji` clients to use it with.

use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use koji_client::Session;
use koji_core::api::Method;
use koji_core::model::TaskState;
use koji_core::xmlrpc::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::programs::{Outcome, built, python_koji, run};

/// How long a start may take.
const START: Duration = Duration::from_secs(60);

/// How long a task may take.
const TASK: Duration = Duration::from_secs(120);

/// A running `koji-standalone`; it ends, and its files go, when this is dropped.
pub struct Standalone {
    dir: TempDir,
    port: u16,
    child: Child,
    runtime: Runtime,
    admin: OnceLock<Session>,
}

impl Standalone {
    /// Starts one with nothing in it. Sources may come from git repositories below [`Standalone::git_dir`].
    ///
    /// # Panics
    /// When it does not start; the panic has its log.
    pub fn start() -> Self {
        Self::start_in(TempDir::with_prefix("koji-standalone-").expect("a temporary folder"))
    }

    /// Starts one in a folder.
    ///
    /// # Panics
    /// As [`Standalone::start`].
    pub fn start_in(dir: TempDir) -> Self {
        let port = free_port();
        let child = launch(dir.path(), port);
        let runtime = Runtime::new().expect("an asynchronous runtime");
        let mut standalone = Standalone { dir, port, child, runtime, admin: OnceLock::new() };
        standalone.wait_until_ready();
        standalone
    }

    /// The one that all tests of this program share. It ends with the program.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Standalone> = OnceLock::new();
        SHARED.get_or_init(|| {
            let standalone = Standalone::start();
            standalone.end_with_this_program();
            standalone
        })
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Where everything of it is.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// The hub's storage, Koji's `/mnt/koji`.
    pub fn topdir(&self) -> PathBuf {
        self.dir().join("koji")
    }

    /// Where git repositories may be built from.
    pub fn git_dir(&self) -> PathBuf {
        self.dir().join("git")
    }

    /// `http://127.0.0.1:port`.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// A session of nobody.
    pub fn visitor(&self) -> Session {
        Session::new(format!("{}/kojihub", self.url())).expect("a session")
    }

    /// Calls a method as the administrator.
    ///
    /// # Errors
    /// What the client says.
    pub fn call<M: Method>(&self, method: M) -> koji_client::Result<M::Output> {
        self.runtime.block_on(self.admin().call(method))
    }

    /// Calls a method by its name as the administrator.
    ///
    /// # Errors
    /// What the client says.
    pub fn call_raw(&self, method: &str, params: Vec<Value>) -> koji_client::Result<Value> {
        self.runtime.block_on(self.admin().call_raw(method, params))
    }

    /// Waits until a task is in a state.
    ///
    /// # Panics
    /// When it takes too long.
    pub fn wait_for(&self, task: i32, state: TaskState) {
        let begin = Instant::now();
        loop {
            let now = self.call_raw("getTaskInfo", vec![Value::from(task)]).expect("a task");
            let now = now.as_struct().and_then(|task| task.get("state")).and_then(Value::as_int);
            if now == Some(i64::from(state.code())) {
                return;
            }
            assert!(begin.elapsed() < TASK, "task {task} is in state {now:?}, not {state:?}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Runs something asynchronous to its end.
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }

    /// The administrator's session.
    pub fn admin(&self) -> &Session {
        self.admin.get_or_init(|| {
            let session = self.visitor();
            self.runtime.block_on(session.login("admin", &self.password())).expect("a login");
            session
        })
    }

    /// The administrator's password.
    pub fn password(&self) -> String {
        let config = std::fs::read_to_string(self.config()).expect("koji.conf");
        config.lines().find_map(|line| line.strip_prefix("password = ")).expect("a password").to_owned()
    }

    /// The client's settings, with the administrator's password.
    pub fn config(&self) -> PathBuf {
        self.dir().join("koji.conf")
    }

    /// Runs our `koji` as the administrator.
    pub fn koji(&self, args: &[&str]) -> Outcome {
        run(self.client(Command::new(built("koji")), &self.config()).args(args))
    }

    /// Runs Python's `koji` as the administrator. It takes name and password on the command line only.
    ///
    /// # Panics
    /// When there is none; the panic says how to get it.
    pub fn python(&self, args: &[&str]) -> Outcome {
        // it looks every six seconds otherwise
        let config = self.dir().join("python.conf");
        let text = std::fs::read_to_string(self.config()).expect("koji.conf") + "poll_interval = 1\n";
        if !std::fs::read_to_string(&config).is_ok_and(|old| old == text) {
            std::fs::write(&config, text).expect("a client's settings");
        }
        let mut command = self.client(Command::new(python_koji()), &config);
        run(command.args(["--user", "admin", "--password", &self.password()]).args(args))
    }

    /// Adds a user with these permissions: their settings for a client.
    ///
    /// # Panics
    /// When the hub's program refuses.
    pub fn add_user(&self, name: &str, permissions: &[&str]) -> PathBuf {
        let hub_conf = self.dir().join("hub.conf");
        let (db, topdir) = (self.dir().join("koji.db"), self.topdir());
        let text = format!("[hub]\nDBConnectionString = sqlite://{}\nKojiDir = {}\n", db.display(), topdir.display());
        std::fs::write(&hub_conf, text).expect("hub.conf");
        let mut add = Command::new(built("koji-hub"));
        add.arg("--config").arg(hub_conf).args(["user", "add", name, "--password", name]);
        for permission in permissions {
            add.args(["--permission", permission]);
        }
        run(&mut add).ok();
        let config = self.dir().join(format!("{name}.conf"));
        let text = format!(
            "[koji]\nserver = {url}/kojihub\ntopurl = {url}/kojifiles\nauthtype = password\nuser = {name}\npassword = {name}\n",
            url = self.url()
        );
        std::fs::write(&config, text).expect("a client's settings");
        config
    }

    /// Runs our `koji` with settings that [`Standalone::add_user`] gave.
    pub fn koji_as(&self, config: &Path, args: &[&str]) -> Outcome {
        run(self.client(Command::new(built("koji")), config).args(args))
    }

    /// What it wrote to its log.
    pub fn log(&self) -> String {
        log_of(self.dir())
    }

    fn client(&self, mut command: Command, config: &Path) -> Command {
        command.arg("-c").arg(config).current_dir(self.dir()).env("HOME", self.dir());
        command
    }

    fn wait_until_ready(&mut self) {
        let begin = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("the state of a process") {
                panic!("koji-standalone ended: {status}\n{}", self.log());
            }
            // the builder's host is the last thing that the first start makes before it writes koji.conf
            let listening = std::net::TcpStream::connect(("127.0.0.1", self.port)).is_ok();
            if listening && self.config().exists() {
                return;
            }
            assert!(begin.elapsed() < START, "koji-standalone is not ready after {START:?}\n{}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Statics are not dropped: a shell waits for the end of this program, which closes the pipe that it reads.
    #[expect(clippy::zombie_processes, reason = "the shell outlives this program")]
    fn end_with_this_program(&self) {
        let script = "read _; kill \"$1\"; for _ in 1 2 3 4 5 6 7 8 9 10; do kill -0 \"$1\" || break; sleep 0.5; done; \
                      kill -9 \"$1\"; rm -rf \"$2\"";
        let mut shell = Command::new("sh")
            .args(["-c", script, "sh", &self.pid().to_string()])
            .arg(self.dir())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell");
        std::mem::forget(shell.stdin.take());
    }
}

impl Drop for Standalone {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = self.log();
            let lines: Vec<&str> = log.lines().collect();
            eprintln!("the end of koji-standalone's log:\n{}", lines[lines.len().saturating_sub(60)..].join("\n"));
        }
        let _ = Command::new("kill").arg(self.pid().to_string()).status();
        let begin = Instant::now();
        while begin.elapsed() < Duration::from_secs(10) {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn launch(dir: &Path, port: u16) -> Child {
    let log = File::options().create(true).append(true).open(dir.join("standalone.log")).expect("a log file");
    Command::new(built("koji-standalone"))
        .arg("--data")
        .arg(dir)
        .args(["--listen", &format!("127.0.0.1:{port}")])
        .args(["--allowed-scms", &format!(":{}/git/*:no:", dir.display())])
        .stdin(Stdio::null())
        .stdout(log.try_clone().expect("a log file"))
        .stderr(log)
        .spawn()
        .expect("koji-standalone")
}

/// A port that nobody listens at.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its address").port()
}

fn log_of(dir: &Path) -> String {
    std::fs::read_to_string(dir.join("standalone.log")).unwrap_or_default()
}
