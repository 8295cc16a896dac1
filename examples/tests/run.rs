//! The examples do what they say.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "a test fails by panicking")]

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use koji_core::api::KwArgs;
use koji_core::api::VarArgs;
use koji_core::api::hosts::AddHost;
use koji_core::api::tags::CreateTag;
use koji_core::api::tasks::{GetTaskResult, MakeTask, TaskFinished};
use koji_core::xmlrpc::Value;
use koji_hub_lib::NewUser;
use koji_tests::{TestHub, hubs};

/// A process that ends with the test.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Serves a hub: its URL.
async fn serve(hub: &TestHub) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/kojihub", listener.local_addr().unwrap());
    let hub = hub.hub.clone();
    tokio::spawn(async move { hub.serve(listener, std::future::pending()).await });
    url
}

#[tokio::test(flavor = "multi_thread")]
async fn the_client_sends_500_calls_in_one_batch() {
    for hub in hubs("embed_client").await {
        hub.admin().await.call(CreateTag::new("f44-build")).await.unwrap();
        let url = serve(&hub).await;
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
    let url = serve(&hub).await;

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
