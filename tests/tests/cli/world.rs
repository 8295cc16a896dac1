//! The hub that both programs work with, what it holds before, and what each of them has made.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Mutex;

use koji_core::model::TaskState;
use koji_tests::Standalone;
use koji_tests::packages::{small_spec, srpm_of};
use koji_tests::programs::{built, python, python_koji, run};
use sqlx::Connection;
use sqlx::sqlite::SqliteConnection;

use crate::table::{Line, User};
use crate::text;

/// Tasks have numbers from here on, builds from 10,000 later, and so on: six digits, so that what is printed is as wide
/// for both programs, and nothing else looks like them.
pub const FIRST_ID: i32 = 700_000;

/// Stands for a number that a line should have printed.
const UNKNOWN: i32 = 799_999;

/// One of the two programs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Client {
    Python,
    Ours,
}

impl Client {
    /// What `@` stands for: a part of the names of what this program makes.
    pub fn mark(self) -> &'static str {
        match self {
            Client::Python => "_py_",
            Client::Ours => "_rs_",
        }
    }
}

/// What a program did.
pub struct Ran {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

/// Python's client, which is much slower to start than to run.
struct Python {
    _process: Child,
    jobs: ChildStdin,
    codes: BufReader<ChildStdout>,
}

impl Python {
    fn start(environment: &[(&str, String)]) -> Self {
        let mut process = Command::new(python())
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/many.py"))
            .arg(python_koji())
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Python");
        let jobs = process.stdin.take().expect("its input");
        let codes = BufReader::new(process.stdout.take().expect("its output"));
        Python { _process: process, jobs, codes }
    }

    fn run(&mut self, args: &[String], folder: &Path) -> Ran {
        let [stdout, stderr] = ["py.stdout", "py.stderr"].map(|name| folder.with_file_name(name));
        let job = serde_json::json!({ "args": args, "folder": folder, "stdout": stdout, "stderr": stderr });
        writeln!(self.jobs, "{job}").expect("a Python that reads");
        let mut code = String::new();
        self.codes.read_line(&mut code).expect("a Python that answers");
        let text = |file: &Path| String::from_utf8_lossy(&fs::read(file).expect("what Python said")).into_owned();
        Ran { code: code.trim().parse().ok(), stdout: text(&stdout), stderr: text(&stderr) }
    }
}

/// The hub, and what is known of it.
pub struct World {
    koji: &'static Standalone,
    password: String,
    environment: Vec<(&'static str, String)>,
    python: Mutex<Python>,
    ids: Mutex<BTreeMap<Client, Vec<(String, String)>>>,
}

impl World {
    /// Puts source packages, users, and the tag `base` with the build `small-1-1` on the hub.
    pub fn new(koji: &'static Standalone) -> Self {
        let config = fs::read_to_string(koji.config()).expect("koji.conf")
            + "poll_interval = 1\nmax_retries = 2\nretry_interval = 1\n";
        fs::write(koji.dir().join("both.conf"), config).expect("the clients' settings");
        fs::write(koji.dir().join("broken.conf"), "server = http://x\n").expect("settings");
        koji.add_user("alice", &[]);
        let db = koji.dir().join("koji.db");
        koji.block_on(async {
            let mut db = SqliteConnection::connect(&format!("sqlite://{}", db.display())).await.expect("the database");
            let tables = "task build tag users host buildroot channels permissions rpminfo repo_queue";
            for (n, table) in (0..).zip(tables.split(' ')) {
                for sql in
                    ["DELETE FROM sqlite_sequence WHERE name = $1", "INSERT INTO sqlite_sequence VALUES ($1, $2)"]
                {
                    sqlx::query(sql)
                        .bind(table)
                        .bind(FIRST_ID + n * 10_000)
                        .execute(&mut db)
                        .await
                        .expect("a first number");
                }
            }
        });
        // a zone with minutes, and the width that help is laid out for
        let settings = [("TZ", "Asia/Kolkata"), ("COLUMNS", "100"), ("LC_ALL", "C.UTF-8")];
        let mut environment = settings.map(|(name, value)| (name, value.to_owned())).to_vec();
        environment.push(("HOME", koji.dir().display().to_string()));
        let python = Mutex::new(Python::start(&environment));
        let world = World { koji, password: koji.password(), environment, python, ids: Mutex::default() };
        let sources = koji.dir().join("sources");
        fs::create_dir_all(&sources).expect("a folder");
        for mark in ["", Client::Python.mark(), Client::Ours.mark()] {
            let (small, broken) = (format!("small{mark}"), format!("broken{mark}"));
            srpm_of(&small, &small_spec(&small, "", ""), &sources);
            srpm_of(&broken, &small_spec(&broken, "", "exit 3"), &sources);
        }
        let srpm = sources.join("small-1-1.src.rpm");
        for line in [
            &["add-tag", "base", "--arches", "x86_64"][..],
            &["add-tag", "base-build", "--parent", "base", "--arches", "x86_64", "-x", "rpm.macro.dist=.b"],
            &["add-target", "base", "base-build", "base"],
            &["add-pkg", "--owner", "admin", "base", "small", "broken"],
            &["build", "--wait", "base", srpm.to_str().expect("a path")],
            &["regen-repo", "--wait", "base"],
        ] {
            koji.koji(line).ok();
        }
        world
    }

    /// Runs a line with a program, in an empty folder of the program's own.
    pub fn run(&self, client: Client, line: &Line) -> Ran {
        let folder = self.folder(client);
        drop(fs::remove_dir_all(&folder));
        fs::create_dir_all(&folder).expect("a folder");
        let mut args = vec!["-c".to_owned(), self.koji.dir().join("both.conf").display().to_string()];
        args.extend(match line.user {
            User::Admin => ["--user", "admin", "--password", &self.password].map(str::to_owned).to_vec(),
            User::Alice => ["--user", "alice", "--password", "alice"].map(str::to_owned).to_vec(),
            User::Nobody => vec!["--noauth".to_owned()],
        });
        args.extend(line.words.iter().map(|word| self.filled(client, word)));
        if client == Client::Python {
            return self.python.lock().expect("Python").run(&args, &folder);
        }
        let environment = self.environment.iter().map(|(name, value)| (name, value));
        let outcome = run(Command::new(built("koji")).args(args).current_dir(folder).envs(environment));
        Ran { code: outcome.status.code(), stdout: outcome.stdout, stderr: outcome.stderr }
    }

    /// Waits for tasks of both programs to be in a state, if that is what the line asks for: whether they are.
    pub fn wait_for(&self, line: &Line) -> Option<bool> {
        let [wait, task, state] = line.words.as_slice() else { return None };
        let states = [TaskState::Open, TaskState::Closed, TaskState::Failed, TaskState::Canceled];
        let state = states.into_iter().find(|known| known.name().eq_ignore_ascii_case(state))?;
        let is = |client| {
            let id: i32 = self.filled(client, task).parse().unwrap_or(UNKNOWN);
            id != UNKNOWN && {
                self.koji.wait_for(id, state);
                true
            }
        };
        (wait == "wait").then(|| is(Client::Python) && is(Client::Ours))
    }

    /// Keeps the number that a line prints, if the table has a name for it: whether there is one.
    pub fn remember(&self, client: Client, line: &Line, outcome: &Ran) -> bool {
        let Some(name) = &line.makes else { return true };
        let mut numbers = outcome.stdout.split(|c: char| !c.is_ascii_digit());
        let found = numbers.find(|n| n.len() == 6 && n.starts_with('7'));
        let id = found.map_or_else(|| UNKNOWN.to_string(), str::to_owned);
        let mut all = self.ids.lock().expect("numbers");
        let ids = all.entry(client).or_default();
        ids.retain(|(known, _)| known != name);
        ids.push((name.clone(), id));
        found.is_some()
    }

    /// All that a line did, without what must differ.
    pub fn normal(&self, client: Client, line: &Line, outcome: &Ran) -> String {
        let all = format!(
            "exit {:?}\n{}--- errors\n{}--- files\n{}",
            outcome.code,
            outcome.stdout,
            if client == Client::Ours { text::without_explanation(&outcome.stderr) } else { outcome.stderr.clone() },
            self.files(client, line)
        );
        let folder = self.folder(client).display().to_string();
        let all = all.replace(&folder, "FOLDER").replace(&self.koji.dir().display().to_string(), "DIR");
        let ids = self.ids.lock().expect("numbers").get(&client).cloned().unwrap_or_default();
        text::normal(&all, client, line, &ids)
    }

    fn filled(&self, client: Client, word: &str) -> String {
        let mut word = word.replace('@', client.mark()).replace("DIR", &self.koji.dir().display().to_string());
        for (name, id) in self.ids.lock().expect("numbers").get(&client).into_iter().flatten() {
            word = word.replace(&format!("${name}"), id);
        }
        word
    }

    fn folder(&self, client: Client) -> PathBuf {
        self.koji.dir().join(format!("in{}", client.mark()))
    }

    /// The names of the files that a line left, and their sizes when both programs got the same ones.
    fn files(&self, client: Client, line: &Line) -> String {
        let folder = self.folder(client);
        let mut files = Vec::new();
        files_in(&folder, &mut files);
        files.sort();
        files.iter().fold(String::new(), |text, path| {
            let name = path.strip_prefix(&folder).expect("a file in the folder").display();
            let bytes = fs::read(path).expect("a file");
            if line.own_names() { text + &format!("{name}\n") } else { text + &format!("{name} {:?}\n", sum(&bytes)) }
        })
    }
}

fn sum(bytes: &[u8]) -> u64 {
    use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
    BuildHasherDefault::<DefaultHasher>::default().hash_one(bytes)
}

fn files_in(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { files_in(&path, files) } else { files.push(path) }
    }
}
