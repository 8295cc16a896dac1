//! The throw-away Postgres server ends with the last test that uses it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use koji_tests::Server;

/// Starts this program as another test process that uses the server of `state`; gives the server's folder.
fn user(state: &Path) -> (Child, String) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "uses_the_server_until_killed", "--nocapture"])
        .env("KOJI_TESTS_STATE", state)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let folder = lines.map_while(Result::ok).find_map(|line| Some(line.split_once("folder=")?.1.to_owned()));
    (child, folder.unwrap())
}

#[test]
#[ignore = "another process of the test below"]
fn uses_the_server_until_killed() {
    let server = Server::join(Path::new(&std::env::var_os("KOJI_TESTS_STATE").unwrap())).unwrap();
    println!("folder={}", server.folder().display());
    std::thread::sleep(Duration::from_secs(60));
}

#[test]
fn kill_9_of_all_tests_leaves_no_server_and_no_files() {
    let state = tempfile::tempdir().unwrap();
    let (mut first, folder) = user(state.path());
    let (mut second, same) = user(state.path());
    assert_eq!(folder, same);
    let pid = std::fs::read_to_string(Path::new(&folder).join("data/postmaster.pid")).unwrap();
    let process = Path::new("/proc").join(pid.lines().next().unwrap());
    assert!(process.exists());

    first.kill().unwrap();
    first.wait().unwrap();
    std::thread::sleep(Duration::from_secs(4));
    assert!(process.exists() && Path::new(&folder).exists(), "the second still uses it");

    second.kill().unwrap();
    second.wait().unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    while Path::new(&folder).exists() {
        assert!(Instant::now() < deadline, "{folder} is still there");
        std::thread::sleep(Duration::from_millis(100));
    }
    let left = std::fs::read_to_string(process.join("stat")).unwrap_or_default();
    assert!(left.is_empty() || left.contains(") Z "), "{left}");
}
