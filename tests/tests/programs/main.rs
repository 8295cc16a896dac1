//! Programs from PyPI, unmodified, against our hub.

mod content_generator;
mod koji_gc;
mod koji_habitude;
mod kojira;
mod kojismokydingo;
mod txkoji;

use std::path::{Path, PathBuf};
use std::process::Command;

use koji_tests::programs::{Outcome, python, run, top};
use tempfile::TempDir;

/// A home folder with the profile `koji`, which is of a hub.
struct Home(TempDir);

impl Home {
    fn new(url: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let profiles = dir.path().join(".koji/config.d");
        std::fs::create_dir_all(&profiles).unwrap();
        let profile = format!("[koji]\nserver = {url}\nweburl = {url}/web\nauthtype = password\n");
        std::fs::write(profiles.join("koji.conf"), profile).unwrap();
        Home(dir)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// A program of the virtual environment, in this home.
    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(python().with_file_name(name));
        command.env("HOME", self.path()).current_dir(self.path());
        command
    }

    /// A script that stands beside these tests.
    fn script(&self, name: &str) -> Command {
        let mut command = self.program("python");
        command.arg(script(name));
        command
    }
}

fn script(name: &str) -> PathBuf {
    top().join("tests/tests/programs").join(name)
}

/// Runs a command while this process serves the hub that it calls.
async fn outcome(mut command: Command) -> Outcome {
    tokio::task::spawn_blocking(move || run(&mut command)).await.unwrap()
}
