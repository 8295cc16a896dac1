//! Python's own, unmodified `koji` against our hub and builder, and dnf against the repositories that they make.

use std::process::Command;

use koji_core::model::TaskState;
use koji_tests::Standalone;
use koji_tests::packages::{git_repository, greet_srpm};
use koji_tests::programs::{run, top};

const ARCH: &str = std::env::consts::ARCH;

/// The NVRAs of the RPM files in the client's folder, as the `rpm` program reads them.
fn nvras(koji: &Standalone) -> Vec<String> {
    let mut rpm = Command::new("rpm");
    rpm.args(["-qp", "--nosignature", "--qf", "%{NVRA}\n"]);
    for file in std::fs::read_dir(koji.dir()).expect("a folder") {
        let path = file.expect("a file").path();
        if path.extension().is_some_and(|extension| extension == "rpm") {
            rpm.arg(path);
        }
    }
    let mut names: Vec<String> = run(&mut rpm).ok().lines().map(str::to_owned).collect();
    names.sort();
    names
}

/// Runs dnf with that repository alone, and an empty root to install into.
fn dnf(koji: &Standalone, repo: &str, args: &[&str]) -> String {
    let dir = koji.dir();
    run(Command::new("dnf")
        .args(["--quiet", "--assumeyes", "--nogpgcheck", "--releasever=1", "--disableplugin=*"])
        .args(["--setopt=reposdir=/dev/null", &format!("--setopt=cachedir={}", dir.join("dnf").display())])
        .arg(format!("--installroot={}", dir.join("root").display()))
        .args([&format!("--repofrompath=koji,{repo}"), "--repo=koji"])
        .args(args)
        .current_dir(dir))
    .ok()
}

fn assert_has(text: &str, lines: &[&str]) {
    for line in lines {
        assert!(text.lines().any(|l| l == *line), "no line {line:?} in:\n{text}");
    }
}

#[test]
fn hello_says_who_is_logged_in() {
    let koji = Standalone::shared();
    let said = koji.python(&["hello"]).ok();
    assert!(said.contains(", admin!") && said.contains("Authenticated via password"), "{said}");
    assert!(said.contains(&format!("{}/kojihub", koji.url())), "{said}");
}

#[test]
fn packages_go_from_the_client_to_a_repository_that_dnf_installs_from() {
    let koji = Standalone::shared();
    for args in [
        &["add-tag", "py", "--arches", ARCH][..],
        &["add-tag", "py-build", "--parent", "py", "--arches", ARCH, "-x", "rpm.macro.dist=.py"],
        &["add-target", "py", "py-build", "py"],
        &["add-pkg", "--owner", "admin", "py", "greet", "greet-poem"],
    ] {
        koji.python(args).ok();
    }

    // a source package that the client uploads
    let sources = koji.dir().join("sources");
    std::fs::create_dir_all(&sources).expect("a folder");
    let srpm = greet_srpm(&sources);
    let said = koji.python(&["build", "--wait", "py", srpm.to_str().expect("a path")]).ok();
    assert!(said.contains("build (py, greet-1.0-1.src.rpm) completed successfully"), "{said}");
    let task = said.lines().find_map(|line| line.strip_prefix("Created task: ")).expect("a task").to_owned();
    built_package_is_shown(koji, &task);

    koji.python(&["download-build", "--debuginfo", "greet-1.0-1.py"]).ok();
    let names = nvras(koji);
    // how debuginfo is split up is the distribution's choice; rpm gives a source package the arch that it was made on
    let (debug, names): (Vec<_>, Vec<_>) = names.into_iter().partition(|name| name.contains("-debug"));
    assert!(debug.contains(&format!("greet-debuginfo-1.0-1.py.{ARCH}")), "{debug:?}");
    let expected = ["greet", "greet", "libgreet", "libgreet-devel"].map(|name| format!("{name}-1.0-1.py.{ARCH}"));
    assert_eq!(names, expected);

    // a package that needs the first, from git
    let source = git_repository(&top().join("examples/packages/greet-poem"), &koji.git_dir().join("greet-poem"));
    koji.python(&["wait-repo", "--request", "--build", "greet-1.0-1.py", "py-build"]).ok();
    let said = koji.python(&["build", "--wait", "py", &source]).ok();
    assert!(said.contains("buildSRPMFromSCM") && said.contains("completed successfully"), "{said}");
    let said = koji.python(&["buildinfo", "greet-poem-1.0-1.py"]).ok();
    assert_has(&said, &["State: COMPLETE", &format!("Source: {source}"), "Tags: py"]);

    // and both with dnf, over http
    koji.python(&["regen-repo", "--wait", "py"]).ok();
    let repo = format!("{}/kojifiles/repos/py/latest/{ARCH}", koji.url());
    let listed = dnf(koji, &repo, &["list", "--available"]);
    for package in ["greet.", "greet-poem.noarch", "libgreet.", "libgreet-devel."] {
        assert!(listed.lines().any(|line| line.starts_with(package)), "no {package} in:\n{listed}");
    }
    dnf(koji, &repo, &["install", "greet-poem"]);
    let poem = std::fs::read_to_string(koji.dir().join("root/usr/share/greet-poem/poem.txt")).expect("a poem");
    assert!(poem.starts_with("Hello, dear reader!"), "{poem}");
    // greet needs libc, which is the base's to have
    let root = koji.dir().join("root");
    let files = [format!("greet-1.0-1.py.{ARCH}.rpm"), format!("libgreet-1.0-1.py.{ARCH}.rpm")];
    run(Command::new("rpm").arg("--root").arg(&root).args(["-i", "--nodeps"]).args(&files).current_dir(koji.dir()))
        .ok();
    assert!(root.join("usr/bin/greet").exists() && root.join("usr/lib/libgreet.so.1").exists());
}

fn built_package_is_shown(koji: &Standalone, task: &str) {
    let said = koji.python(&["watch-task", task]).ok();
    assert!(said.contains(&format!("{task} build (py, greet-1.0-1.src.rpm): closed")), "{said}");
    assert!(said.contains("buildArch (greet-1.0-1.py.src.rpm"), "{said}");

    let said = koji.python(&["buildinfo", "greet-1.0-1.py"]).ok();
    assert_has(&said, &["State: COMPLETE", "Built by: admin", "Tags: py", "Volume: DEFAULT"]);
    let file = |name: &str| koji.topdir().join(format!("packages/greet/1.0/1.py/{name}")).display().to_string();
    assert_has(&said, &[&file(&format!("{ARCH}/libgreet-1.0-1.py.{ARCH}.rpm")), &file("src/greet-1.0-1.py.src.rpm")]);

    let said = koji.python(&["taskinfo", "-v", "-r", task]).ok();
    assert_has(&said, &["Type: build", "State: closed", "Host: localhost", "  Type: buildArch", "  Type: tagBuild"]);
    for file in ["build.log", "root.log", &format!("libgreet-1.0-1.py.{ARCH}.rpm")] {
        assert!(said.contains(&format!("/{file}\n")), "no {file} in:\n{said}");
    }

    let said = koji.python(&["list-tagged", "--quiet", "py"]).ok();
    let greet = said.lines().find(|line| line.starts_with("greet-1.0")).expect("the build in the tag");
    assert_eq!(greet.split_whitespace().collect::<Vec<_>>(), ["greet-1.0-1.py", "py", "admin"]);
    let said = koji.python(&["list-tagged", "--rpms", "--quiet", "py"]).ok();
    assert_has(&said, &[&format!("libgreet-devel-1.0-1.py.{ARCH}"), "greet-1.0-1.py.src"]);
}

#[test]
fn a_running_task_is_cancelled() {
    let koji = Standalone::shared();
    let said = koji.python(&["make-task", "sleep", "600"]).ok();
    let task = said.trim().rsplit(' ').next().expect("a task").to_owned();
    let id: i32 = task.parse().expect("a task's id");
    koji.wait_for(id, TaskState::Open);
    koji.python(&["cancel", &task]).ok();
    koji.wait_for(id, TaskState::Canceled);
    let said = koji.python(&["taskinfo", &task]).ok();
    assert_has(&said, &["Type: sleep", "State: canceled"]);
    let said = koji.python(&["watch-task", &task]).fails();
    assert!(said.contains(&format!("{task} sleep (noarch): canceled")), "{said}");
    // the builder is free for the next one, and the process is gone
    let said = koji.python(&["make-task", "sleep", "0"]).ok();
    let next: i32 = said.trim().rsplit(' ').next().and_then(|id| id.parse().ok()).expect("a task");
    koji.wait_for(next, TaskState::Closed);
}
