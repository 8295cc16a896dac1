//! The project's programs, as processes.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The folder with the programs, which are built if they are not there or not current: a test run builds those of its
/// own package only.
///
/// # Panics
/// When they cannot be built.
pub fn programs() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let exe = std::env::current_exe().expect("the test's own file");
        // target/debug/deps/test
        let folder = exe.ancestors().nth(2).expect("a target folder").to_owned();
        let mut build = Command::new(env!("CARGO"));
        build.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
        build.args(["build", "--quiet", "--offline"]);
        for program in ["koji", "koji-hub", "koji-standalone", "kojid", "kojira"] {
            build.args(["--package", program]);
        }
        if folder.ends_with("release") {
            build.arg("--release");
        }
        if let Some(target) = folder.parent() {
            build.arg("--target-dir").arg(target);
        }
        assert!(build.status().expect("cargo").success(), "the programs cannot be built");
        folder
    })
}
