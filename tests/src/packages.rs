//! Source packages and git repositories to build from.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::programs::{run, top};

/// The source package of `examples/packages/greet`, written to a folder.
///
/// # Panics
/// When there is no rpmbuild, or it refuses.
pub fn greet_srpm(folder: &Path) -> PathBuf {
    let package = top().join("examples/packages/greet");
    let tar = folder.join("greet-1.0.tar.gz");
    run(Command::new("tar").arg("-czf").arg(tar).arg("-C").arg(&package).arg("greet-1.0")).ok();
    source_package(&package.join("greet.spec"), folder)
}

/// The source package of a spec file whose text is given, written to a folder.
///
/// # Panics
/// As [`greet_srpm`].
pub fn srpm_of(name: &str, spec: &str, folder: &Path) -> PathBuf {
    let file = folder.join(format!("{name}.spec"));
    std::fs::write(&file, spec).expect("a spec file");
    source_package(&file, folder)
}

/// The spec file of a noarch package of version 1 and release 1 with one file; `more` is further text of its preamble,
/// `build` its `%build`.
pub fn small_spec(name: &str, more: &str, build: &str) -> String {
    format!(
        "Name: {name}\nVersion: 1\nRelease: 1\nSummary: A test\nLicense: MIT\nBuildArch: noarch\n{more}\n\
         %description\nFor tests.\n\n%build\n{build}\n\n\
         %install\nmkdir -p %{{buildroot}}/usr/share/{name}\necho hello > %{{buildroot}}/usr/share/{name}/hello\n\n\
         %files\n/usr/share/{name}\n"
    )
}

fn source_package(spec: &Path, folder: &Path) -> PathBuf {
    let mut rpmbuild = Command::new("rpmbuild");
    rpmbuild.args(["-bs", "--nodeps"]);
    for name in ["_topdir", "_sourcedir", "_srcrpmdir"] {
        rpmbuild.args(["--define", &format!("{name} {}", folder.display())]);
    }
    let said = run(rpmbuild.arg(spec).env("HOME", folder)).ok();
    said.lines().find_map(|line| line.strip_prefix("Wrote: ")).expect("a source package").into()
}

/// Makes a git repository with a copy of a folder's files: its `git+file` URL, with the commit.
///
/// # Panics
/// When there is no git, or it refuses.
pub fn git_repository(files: &Path, repository: &Path) -> String {
    std::fs::create_dir_all(repository).expect("a folder");
    for file in std::fs::read_dir(files).expect("a folder") {
        let file = file.expect("a file");
        std::fs::copy(file.path(), repository.join(file.file_name())).expect("a copy");
    }
    git(repository, &["init", "--quiet"]);
    git(repository, &["add", "."]);
    git(repository, &["commit", "--quiet", "--message", "First"]);
    format!("git+file://{}#{}", repository.display(), git(repository, &["rev-parse", "HEAD"]))
}

/// Runs git in a folder, as a user with a name: what it prints.
///
/// # Panics
/// When there is no git, or it refuses.
pub fn git(folder: &Path, args: &[&str]) -> String {
    let who = ["-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "init.defaultBranch=main"];
    run(Command::new("git").arg("-C").arg(folder).args(who).args(args)).ok().trim().to_owned()
}
