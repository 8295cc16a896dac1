//! What a hub says of itself.

use std::collections::BTreeSet;

use koji_core::api::system::*;
use koji_core::fault::FaultKind;
use koji_core::xmlrpc::{Struct, Value};
use koji_tests::hubs;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[tokio::test]
async fn a_hub_tells_its_version_and_its_methods() {
    for hub in hubs("a_hub_tells").await {
        let nobody = hub.nobody();
        assert_eq!(nobody.call(GetApiVersion::new()).await.unwrap(), 1);
        assert_eq!(nobody.call(Hello::new()).await.unwrap(), "Hello World");
        let said = vec![Value::from("a"), Value::Int(1), Value::Nil];
        assert_eq!(nobody.call_raw("echo", said.clone()).await.unwrap(), Value::Array(said));
        assert!(nobody.call(MavenEnabled::new()).await.unwrap());

        let names: BTreeSet<String> = nobody.call(ListMethods::new()).await.unwrap().into_iter().collect();
        let described = nobody.call(ListApi::new()).await.unwrap();
        let text = |of: &Struct, name: &str| of.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        assert_eq!(described.iter().map(|method| text(method, "name")).collect::<BTreeSet<_>>(), names);
        for name in ["getBuild", "host.openTask", "repo.request", "scheduler.doRun", "system.listMethods"] {
            assert!(names.contains(name), "{name}");
        }
        let help = nobody.call(MethodHelp::new("getBuild")).await.unwrap();
        assert!(help.starts_with("getBuild(buildInfo, strict=False)"), "{help}");
    }
}

#[tokio::test]
async fn its_settings_are_for_administrators_and_hold_no_secret() {
    for hub in hubs("its_settings").await {
        let admin = hub.admin().await;
        assert_eq!(hub.nobody().refused(ShowOpts::new()).await.0, FaultKind::ActionNotAllowed);
        let Value::Struct(shown) = admin.call(ShowOpts::new().as_string(false)).await.unwrap() else {
            panic!("no struct")
        };
        assert!(shown.get("KojiDir").is_some());
        assert_eq!(shown.get("RegexUserName"), Some(&Value::from("^[A-Za-z0-9/_.@-]+$")));
        assert_eq!(shown.get("SessionRenewalTimeout"), Some(&Value::from(1440)));
        let Value::String(text) = admin.call(ShowOpts::new()).await.unwrap() else { panic!("no text") };
        assert!(text.contains("'AllowNewRepo': True, 'AssignTimeout': 300, "), "{text}");
        assert!(shown.iter().all(|(name, _)| !["DBPass", "DBConnectionString"].contains(&name)), "{shown:?}");
    }
}

#[tokio::test]
async fn a_request_says_how_long_it_is() {
    for hub in hubs("a_request_says_how_long").await {
        let url = hub.serve().await;
        let address = url.trim_start_matches("http://").trim_end_matches("/kojihub");
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = "POST /kojihub HTTP/1.1\r\nHost: hub\r\nContent-Type: text/xml\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n";
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 411 Length Required\r\n"), "{answer}");
    }
}
