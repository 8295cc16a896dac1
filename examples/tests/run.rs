//! The examples do what they say.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "a test fails by panicking")]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use koji_client::Session;
use koji_core::api::KwArgs;
use koji_core::api::VarArgs;
use koji_core::api::builds::CreateEmptyBuild;
use koji_core::api::hosts::AddHost;
use koji_core::api::tagging::TagBuildBypass;
use koji_core::api::tags::CreateTag;
use koji_core::api::tasks::{GetTaskResult, MakeTask, TaskFinished};
use koji_core::xmlrpc::Value;
use koji_hub_lib::config::HubConfig;
use koji_hub_lib::{Hub, NewUser};
use koji_tests::hubs;

/// A process that ends with the test.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_client_sends_500_calls_in_one_batch() {
    for hub in hubs("embed_client").await {
        hub.admin().await.call(CreateTag::new("f44-build")).await.unwrap();
        let url = hub.serve().await;
        let run = move || Command::new(env!("CARGO_BIN_EXE_embed_client")).arg(url).output();
        let out = tokio::task::spawn_blocking(run).await.unwrap().unwrap();
        let said = String::from_utf8_lossy(&out.stdout);
        assert!(out.status.success(), "{said}{}", String::from_utf8_lossy(&out.stderr));
        assert!(said.contains("    1  f44-build") && said.ends_with("500 calls, 1 tags\n"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_builder_does_the_tasks_of_its_own_handler() {
    let hub = hubs("custom_kojid").await.remove(0);
    let user = NewUser { name: "builder".into(), password: Some("secret".into()), host: true, ..NewUser::default() };
    hub.hub.add_user(user).await.unwrap();
    let admin = hub.admin().await;
    admin.call(AddHost::new("builder", vec![Value::from(std::env::consts::ARCH)])).await.unwrap();
    let url = hub.serve().await;

    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("kojid.conf");
    let work = dir.path().display();
    std::fs::write(
        &config,
        format!(
            "[kojid]\nserver = {url}\ntopurl = {url}\nuser = builder\npassword = secret\nworkdir = {work}/work\n\
             topdir = {work}/top\nminspace = 1\nmaxload = 1000\nbuildroot_provider = host\n"
        ),
    )
    .unwrap();
    let kojid = Command::new(env!("CARGO_BIN_EXE_custom_kojid"))
        .args(["-f", "-c"])
        .arg(&config)
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    let _kojid = Killed(kojid);

    let args = VarArgs(vec!["countWords".into(), Value::Array(vec!["four words are here".into()])]);
    let task = admin.call(MakeTask::new().args(args).opts(KwArgs::default())).await.unwrap();
    let begin = Instant::now();
    while !admin.call(TaskFinished::new(task)).await.unwrap() {
        assert!(begin.elapsed() < Duration::from_secs(30), "the task did not end");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(admin.call(GetTaskResult::new(task)).await.unwrap(), Value::Int(4));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_refuses_and_answers_by_its_own_plugin() {
    let dir = tempfile::tempdir().unwrap();
    let top = dir.path().display();
    let conf = dir.path().join("hub.conf");
    let text =
        format!("[hub]\nDBConnectionString = sqlite://{top}/koji.db\nKojiDir = {top}/koji\nListen = 127.0.0.1:0\n");
    std::fs::create_dir(dir.path().join("koji")).unwrap();
    std::fs::write(&conf, text).unwrap();
    let config = HubConfig::read(&conf).unwrap();
    Hub::init(&config).await.unwrap();
    let permissions = vec!["admin".to_owned()];
    let admin = NewUser { name: "admin".into(), password: Some("secret".into()), permissions, ..NewUser::default() };
    Hub::open(config).await.unwrap().add_user(admin).await.unwrap();

    let mut hub =
        Command::new(env!("CARGO_BIN_EXE_hub_plugin")).arg(&conf).stdout(Stdio::piped()).spawn().map(Killed).unwrap();
    let mut line = String::new();
    BufReader::new(hub.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("serving at ").unwrap();
    let session = Session::new(format!("http://{address}/kojihub")).unwrap();
    session.login("admin", "secret").await.unwrap();
    session.call(CreateTag::new("f44-release")).await.unwrap();
    for version in ["1", "2git5"] {
        session.call(CreateEmptyBuild::new("bash", version, "1", None)).await.unwrap();
    }
    session.call(TagBuildBypass::new("f44-release", "bash-1-1")).await.unwrap();
    let refused = session.call(TagBuildBypass::new("f44-release", "bash-2git5-1")).await.unwrap_err().to_string();
    assert!(
        refused.ends_with("Error running preTag callback from no_snapshots: bash-2git5-1 is a snapshot"),
        "{refused}"
    );
    assert_eq!(session.call_raw("countRefused", vec![]).await.unwrap(), Value::Int(1));
}
