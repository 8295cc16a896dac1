//! What goes wrong is said, with the cause and the log, and leaves nothing half-done behind.

use std::io::Write;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use koji_core::model::{BuildState, TaskState};
use koji_core::xmlrpc::{Struct, Value};
use koji_tests::Standalone;
use koji_tests::packages::{git_repository, small_spec, srpm_of};
use koji_tests::programs::{Outcome, run};

const ARCH: &str = std::env::consts::ARCH;

fn set_up(koji: &Standalone, packages: &[&str]) {
    for args in [
        &["add-tag", "f", "--arches", ARCH][..],
        &["add-tag", "f-build", "--parent", "f", "--arches", ARCH],
        &["add-target", "f", "f-build", "f"],
    ] {
        koji.koji(args).ok();
    }
    koji.koji(&[&["add-pkg", "--owner", "admin", "f"], packages].concat()).ok();
}

/// The hub that these tests share, with a target `f` and packages for it.
fn shared() -> &'static Standalone {
    static READY: OnceLock<&Standalone> = OnceLock::new();
    READY.get_or_init(|| {
        let koji = Standalone::shared();
        set_up(koji, &["fails", "needs", "corrupt", "twice", "blocked", "locked", "notmine", "foreign"]);
        koji
    })
}

/// The source package of a small package.
fn srpm(koji: &Standalone, name: &str, more: &str, build: &str) -> PathBuf {
    let folder = koji.dir().join("sources").join(name);
    std::fs::create_dir_all(&folder).expect("a folder");
    srpm_of(name, &small_spec(name, more, build), &folder)
}

fn build(koji: &Standalone, srpm: &Path) -> Outcome {
    koji.koji(&["build", "--wait", "--noprogress", "f", srpm.to_str().expect("a path")])
}

/// The fault of the build that a failed command made.
fn fault(koji: &Standalone, said: &str) -> String {
    let task = said.lines().find_map(|line| line.strip_prefix("Created task: ")).expect("a task");
    let task: i32 = task.trim().parse().expect("a task's id");
    koji.wait_for(task, TaskState::Failed);
    koji.call_raw("getTaskResult", vec![Value::from(task)])
        .expect_err("a failed task's result is its fault")
        .to_string()
}

fn assert_says(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "{text:?} does not say {word:?}");
    }
}

/// No complete build, no RPM and no file of a package.
fn assert_nothing_of(koji: &Standalone, package: &str) {
    let folder = koji.topdir().join("packages").join(package);
    assert!(!folder.exists(), "{} is there", folder.display());
    let mut options = Struct::new();
    options.insert("prefix", package);
    options.insert("__starstar", true);
    let builds = koji.call_raw("listBuilds", vec![options.into()]).expect("builds");
    for build in builds.as_array().expect("a list") {
        let build = build.as_struct().expect("a build");
        let state = build.get("state").and_then(Value::as_int);
        assert_ne!(state, Some(i64::from(BuildState::Complete.code())), "{build:?}");
        let id = build.get("build_id").expect("an id").clone();
        let rpms = koji.call_raw("listRPMs", vec![id]).expect("RPMs");
        assert_eq!(rpms.as_array(), Some(&[][..]), "{build:?}");
    }
    let tagged = koji.koji(&["list-tagged", "--quiet", "f", package]).ok();
    assert_eq!(tagged, "");
}

#[test]
fn a_spec_that_fails_in_build() {
    let koji = shared();
    let said = build(koji, &srpm(koji, "fails", "", "echo the compiler is gone >&2; exit 3")).fails();
    assert_says(&fault(koji, &said), &["build.log"]);
    assert_nothing_of(koji, "fails");
}

#[test]
fn a_missing_build_requirement() {
    let koji = shared();
    let said = build(koji, &srpm(koji, "needs", "BuildRequires: no-such-thing >= 7", "")).fails();
    assert_says(&fault(koji, &said), &["no-such-thing", "root.log"]);
    assert_nothing_of(koji, "needs");
}

#[test]
fn corrupt_source_packages() {
    let koji = shared();
    let good = srpm(koji, "corrupt", "", "");
    let bytes = std::fs::read(&good).expect("a source package");
    let file = koji.dir().join("sources/corrupt/cut.src.rpm");
    for broken in [&bytes[..bytes.len() / 2], &bytes[..200], b"this is not an RPM at all"] {
        std::fs::write(&file, broken).expect("a file");
        let said = build(koji, &file).fails();
        assert_says(&fault(koji, &said), &["cut.src.rpm"]);
        assert_nothing_of(koji, "corrupt");
    }
}

#[test]
fn a_second_build_of_the_same_release() {
    let koji = shared();
    let file = srpm(koji, "twice", "", "");
    build(koji, &file).ok();
    let rpm = koji.topdir().join("packages/twice/1/1/noarch/twice-1-1.noarch.rpm");
    let before = std::fs::read(&rpm).expect("the RPM");
    let said = build(koji, &file).fails();
    assert_says(&fault(koji, &said), &["Build already exists", "twice-1-1"]);
    assert_eq!(std::fs::read(&rpm).expect("the RPM"), before);
    assert_says(&koji.koji(&["buildinfo", "twice-1-1"]).ok(), &["State: COMPLETE"]);
}

#[test]
fn unlisted_and_blocked_packages() {
    let koji = shared();
    let said = build(koji, &srpm(koji, "unlisted", "", "")).fails();
    assert_says(&fault(koji, &said), &["package unlisted not in list for tag f"]);
    assert_nothing_of(koji, "unlisted");
    koji.call_raw("packageListBlock", vec!["f".into(), "blocked".into()]).expect("a block");
    let said = build(koji, &srpm(koji, "blocked", "", "")).fails();
    assert_says(&fault(koji, &said), &["package blocked is blocked for tag f"]);
    assert_nothing_of(koji, "blocked");
}

#[test]
fn a_locked_tag() {
    let koji = shared();
    for args in [
        &["add-tag", "shut", "--arches", ARCH][..],
        &["add-pkg", "--owner", "admin", "shut", "locked"],
        &["add-target", "shut", "f-build", "shut"],
        &["edit-tag", "shut", "--lock"],
    ] {
        koji.koji(args).ok();
    }
    let file = srpm(koji, "locked", "", "");
    let said = koji.koji(&["build", "--wait", "--noprogress", "shut", file.to_str().expect("a path")]).fails();
    assert_says(&said, &["shut is locked"]);
    // nor by a client that does not look first
    koji.block_on(koji.admin().upload(&file, "cli-build/locked").send()).expect("an upload");
    let task =
        koji.call_raw("build", vec!["cli-build/locked/locked-1-1.src.rpm".into(), "shut".into()]).expect("a task");
    let task = task.as_int().and_then(|id| i32::try_from(id).ok()).expect("a task's id");
    koji.wait_for(task, TaskState::Failed);
    let fault = koji.call_raw("getTaskResult", vec![Value::from(task)]).expect_err("a fault").to_string();
    assert_says(&fault, &["shut is locked"]);
    assert_nothing_of(koji, "locked");
}

#[test]
fn a_user_without_rights() {
    let koji = shared();
    let plain = koji.add_user("plain", &[]);
    let said = koji.koji_as(&plain, &["add-tag", "mine"]).fails();
    assert_says(&said, &["This action requires tag or admin privileges"]);
    assert_says(&koji.koji(&["taginfo", "mine"]).fails(), &["No such tag", "mine"]);
    let said = koji.koji_as(&plain, &["add-pkg", "--owner", "plain", "f", "stolen"]).fails();
    assert_says(&said, &["ActionNotAllowed: policy violation (package_list)"]);
    let file = srpm(koji, "notmine", "", "");
    let said = koji.koji_as(&plain, &["build", "--wait", "--noprogress", "f", file.to_str().expect("a path")]).fails();
    assert_says(&fault(koji, &said), &["policy violation (build_from_srpm)"]);
    assert_nothing_of(koji, "notmine");
}

#[test]
fn a_git_url_that_is_not_allowed() {
    let koji = shared();
    let files = koji.dir().join("sources/foreign");
    std::fs::create_dir_all(&files).expect("a folder");
    std::fs::write(files.join("foreign.spec"), small_spec("foreign", "", "")).expect("a spec file");
    let url = git_repository(&files, &koji.dir().join("elsewhere/foreign"));
    let said = koji.koji(&["build", "--wait", "f", &url]).fails();
    assert_says(&fault(koji, &said), &["elsewhere/foreign", "is not in the list of allowed SCMs"]);
    assert_nothing_of(koji, "foreign");
}

#[test]
fn a_client_that_goes_away_in_mid_upload() {
    let koji = shared();
    let session = koji.visitor();
    koji.block_on(session.login("admin", &koji.password())).expect("a login");
    let keys = session.keys().expect("a session");
    let part: &[u8] = b"0123456789";
    let query = |size: usize, offset: usize| {
        format!(
            "/kojihub?session-id={}&session-key={}&callnum={}&filename=half&filepath=cli-build/gone&fileverify=adler32\
             &offset={offset}&size={size}&overwrite=1",
            keys.session_id,
            keys.session_key,
            1_000_000 + offset
        )
    };
    let mut socket = TcpStream::connect(koji.url().trim_start_matches("http://")).expect("a connection");
    write!(
        socket,
        "POST {} HTTP/1.1\r\nHost: koji\r\nContent-Type: application/octet-stream\r\nContent-Length: 1000000\r\n\r\n",
        query(1_000_000, 0)
    )
    .expect("a request");
    socket.write_all(&part.repeat(1000)).expect("half a body");
    drop(socket);
    let size = || {
        let stat = koji.call_raw("checkUpload", vec!["cli-build/gone".into(), "half".into()]).expect("an answer");
        stat.as_struct().and_then(|stat| stat.get("size")).and_then(Value::as_int)
    };
    assert_eq!(size(), None, "half an upload is there");
    // another try sends the whole
    let file = koji.dir().join("whole");
    std::fs::write(&file, part.repeat(100_000)).expect("a file");
    let again = koji.admin().upload(&file, "cli-build/gone").name("half").resume(true);
    assert_eq!(koji.block_on(again.send()).expect("an upload"), 1_000_000);
    assert_eq!(size(), Some(1_000_000));
}

/// A small file system, unmounted in the end.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(at: PathBuf) -> Self {
        std::fs::create_dir_all(&at).expect("a folder");
        let mount = run(Command::new("mount").args(["-t", "tmpfs", "-o", "size=6m", "tmpfs"]).arg(&at));
        assert!(mount.status.success(), "this test must mount a small file system, as root: {mount}");
        SmallDisk(at)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

#[test]
fn a_disk_that_is_full() {
    let dir = tempfile::tempdir().expect("a folder");
    let disk = SmallDisk::mount(dir.path().join("koji"));
    let koji = Standalone::start_in(dir);
    set_up(&koji, &["big", "small"]);
    let big = "head -c 9000000 /dev/urandom > big";
    let more = "%global __spec_install_post %{nil}";
    let spec = small_spec("big", more, big).replace("\n\n%files", "\ncp big %{buildroot}/usr/share/big/\n\n%files");
    let folder = koji.dir().join("sources");
    std::fs::create_dir_all(&folder).expect("a folder");
    let said = build(&koji, &srpm_of("big", &spec, &folder)).fails();
    assert_says(&fault(&koji, &said), &["the hub's storage is full"]);
    assert_nothing_of(&koji, "big");
    // once there is room again, work goes on
    run(Command::new("mount").args(["-o", "remount,size=64m"]).arg(&disk.0)).ok();
    build(&koji, &srpm(&koji, "small", "", "")).ok();
    // before the folder that it is mounted in is removed
    drop(disk);
}
