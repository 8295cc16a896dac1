//! The hub that both programs work with, what it holds before, and what each of them has made.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use koji_core::model::TaskState;
use koji_tests::Standalone;
use koji_tests::packages::{small_spec, srpm_of};
use koji_tests::programs::{Outcome, built, python_koji, run};
use sqlx::Connection;
use sqlx::sqlite::SqliteConnection;

use crate::table::{Line, User};
use crate::text;

/// Tasks have numbers from here on, builds from 10,000 later, and so on: six digits, so that what is printed is as wide
/// for both programs, and nothing else looks like them.
pub const FIRST_ID: i32 = 700_000;

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

    fn program(self) -> PathBuf {
        match self {
            Client::Python => python_koji(),
            Client::Ours => built("koji"),
        }
    }
}

/// The hub, and what is known of it.
pub struct World {
    koji: &'static Standalone,
    password: String,
    ids: Mutex<BTreeMap<Client, Vec<(String, String)>>>,
}

impl World {
    /// Puts source packages, users, and the tag `base` with the build `small-1-1` on the hub.
    pub fn new(koji: &'static Standalone) -> Self {
        let config = fs::read_to_string(koji.config()).expect("koji.conf") + "poll_interval = 1\n";
        fs::write(koji.dir().join("both.conf"), config).expect("the clients' settings");
        fs::write(koji.dir().join("broken.conf"), "server = http://x\n").expect("settings");
        koji.add_user("alice", &[]);
        let db = koji.dir().join("koji.db");
        koji.block_on(async {
            let mut db = SqliteConnection::connect(&format!("sqlite://{}", db.display())).await.expect("the database");
            let tables = "task build tag users host buildroot channels permissions package build_target";
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
        let world = World { koji, password: koji.password(), ids: Mutex::default() };
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
    pub fn run(&self, client: Client, line: &Line) -> Outcome {
        let folder = self.folder(client);
        drop(fs::remove_dir_all(&folder));
        fs::create_dir_all(&folder).expect("a folder");
        let mut command = Command::new(client.program());
        command.arg("-c").arg(self.koji.dir().join("both.conf"));
        match line.user {
            User::Admin => command.args(["--user", "admin", "--password", &self.password]),
            User::Alice => command.args(["--user", "alice", "--password", "alice"]),
            User::Nobody => command.arg("--noauth"),
        };
        command.args(line.words.iter().map(|word| self.filled(client, word)));
        // a zone with minutes, and the width that help is laid out for
        run(command.current_dir(folder).env("HOME", self.koji.dir()).env("TZ", "Asia/Kolkata").env("COLUMNS", "100"))
    }

    /// Waits for a task to end, if that is what the line asks for.
    pub fn wait_for(&self, line: &Line) -> bool {
        let [wait, task, state] = line.words.as_slice() else { return false };
        let state = match (wait.as_str(), state.as_str()) {
            ("wait", "closed") => TaskState::Closed,
            ("wait", "failed") => TaskState::Failed,
            ("wait", "open") => TaskState::Open,
            ("wait", "canceled") => TaskState::Canceled,
            _ => return false,
        };
        for client in [Client::Python, Client::Ours] {
            self.koji.wait_for(self.filled(client, task).parse().expect("a task that the table names"), state);
        }
        true
    }

    /// Keeps the number that a line prints, if the table has a name for it.
    pub fn remember(&self, client: Client, line: &Line, outcome: &Outcome) {
        let Some(name) = &line.makes else { return };
        let found = outcome.stdout.split(|c: char| !c.is_ascii_digit()).find(|n| n.len() == 6 && n.starts_with('7'));
        let id = found.unwrap_or_else(|| panic!("no number of a task or a build: {outcome}")).to_owned();
        self.ids.lock().expect("numbers").entry(client).or_default().push((name.clone(), id));
    }

    /// All that a line did, without what must differ.
    pub fn normal(&self, client: Client, line: &Line, outcome: &Outcome) -> String {
        let all = format!(
            "exit {:?}\n{}--- errors\n{}--- files\n{}",
            outcome.status.code(),
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
