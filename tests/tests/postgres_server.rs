//! The throw-away Postgres server ends with the last test that uses it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use koji_tests::Server;

/// Tells the test below to be a process that uses the server of this folder.
const STATE: &str = "KOJI_TESTS_STATE";

/// Starts the test below as another process that uses the server of `state`; gives the server's folder.
fn user(state: &Path) -> (Child, String) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "kill_9_of_all_tests_leaves_no_server_and_no_files", "--nocapture"])
        .env(STATE, state)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let folder = lines.map_while(Result::ok).find_map(|line| Some(line.split_once("folder=")?.1.to_owned()));
    (child, folder.unwrap())
}

fn use_until_killed(state: &Path) {
    let server = Server::join(state).unwrap();
    println!("folder={}", server.folder().display());
    std::thread::sleep(Duration::from_secs(60));
}

#[test]
fn kill_9_of_all_tests_leaves_no_server_and_no_files() {
    if let Some(state) = std::env::var_os(STATE) {
        return use_until_killed(Path::new(&state));
    }
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
