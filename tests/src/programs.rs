//! The programs that end-to-end tests run: the workspace's own, and Python's `koji`.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::OnceLock;

/// How long a command may take, in seconds.
const LIMIT: &str = "180";

/// What a command did.
#[derive(Debug)]
pub struct Outcome {
    /// The command line, for people.
    pub line: String,
    /// How it ended.
    pub status: ExitStatus,
    /// What it printed.
    pub stdout: String,
    /// What it said beside.
    pub stderr: String,
}

impl Outcome {
    /// What a command that succeeded printed.
    ///
    /// # Panics
    /// When it failed.
    #[track_caller]
    pub fn ok(self) -> String {
        assert!(self.status.success(), "{self}");
        self.stdout
    }

    /// What a command that failed said, both streams.
    ///
    /// # Panics
    /// When it succeeded.
    #[track_caller]
    pub fn fails(self) -> String {
        assert!(!self.status.success(), "it should have failed: {self}");
        format!("{}{}", self.stdout, self.stderr)
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}\n{}{}", self.line, self.status, self.stdout, self.stderr)
    }
}

/// Runs a command to its end, or until it takes too long.
///
/// # Panics
/// When it cannot be started.
pub fn run(command: &mut Command) -> Outcome {
    let mut limited = Command::new("timeout");
    limited.args(["--kill-after=5", LIMIT]).arg(command.get_program()).args(command.get_args());
    if let Some(dir) = command.get_current_dir() {
        limited.current_dir(dir);
    }
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => limited.env(name, value),
            None => limited.env_remove(name),
        };
    }
    let line = format!("{command:?}");
    let out = limited.env("LC_ALL", "C.UTF-8").stdin(std::process::Stdio::null()).output();
    let out = out.unwrap_or_else(|e| panic!("cannot run {line}: {e}"));
    Outcome {
        line,
        status: out.status,
        stdout: String::from_utf8_lossy(&out.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&out.stderr).into_owned(),
    }
}

/// One of the workspace's programs, up to date.
///
/// Cargo builds a package's programs for tests of that package only, so the first call builds them.
///
/// # Panics
/// When they cannot be built.
pub fn built(program: &str) -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(build).join(program)
}

fn build() -> PathBuf {
    // tests are in target/debug/deps, programs in target/debug
    let exe = std::env::current_exe().expect("this program's path");
    let folder = exe.ancestors().nth(2).expect("cargo's folder").to_owned();
    let profile = match folder.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(profile) => profile,
    };
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| env!("CARGO").into());
    let built = Command::new(cargo)
        .current_dir(top())
        .args(["build", "--quiet", "--profile", profile])
        .args([
            "--package",
            "koji-standalone",
            "--package",
            "koji-hub",
            "--package",
            "kojid",
            "--package",
            "kojira",
            "--package",
            "koji",
        ])
        .arg("--target-dir")
        .arg(folder.parent().expect("cargo's target folder"))
        .output()
        .expect("cargo");
    assert!(built.status.success(), "cannot build the programs:\n{}", String::from_utf8_lossy(&built.stderr));
    folder
}

/// The project's top folder.
pub fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the project's folder").to_owned()
}

/// Python's interpreter of a virtual environment with the real Koji client.
///
/// # Panics
/// When there is none.
pub fn python() -> PathBuf {
    let python = match std::env::var_os("KOJI_TEST_PYTHON") {
        Some(python) => python.into(),
        None => top().join("var/python/bin/python"),
    };
    assert!(
        python.with_file_name("koji").exists(),
        "there is no Python with the Koji client at {}: run `cargo xtask test`, which makes one, \
         or set KOJI_TEST_PYTHON to the interpreter of a virtual environment with koji 1.36",
        python.display()
    );
    python
}

/// Python's `koji`.
///
/// # Panics
/// As [`python`].
pub fn python_koji() -> PathBuf {
    python().with_file_name("koji")
}
