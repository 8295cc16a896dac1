use std::time::Duration;

use koji_core::api::system::{Echo, GetKojiVersion};
use koji_core::api::tasks::WaitTasks;
use koji_core::api::users::GetUser;
use koji_core::fault::FaultKind;
use koji_core::xmlrpc::{Struct, Value, read_call};

use crate::testing::Script;
use crate::{Error, Options, Session, TransportError};

#[tokio::test]
async fn calls_are_numbered_once_logged_in() {
    let hub = Script::new();
    hub.value("1.35.0").keys(7).value("1.35.0").value(Struct::new()).value("1.35.0").value(()).value("1.35.0");
    let session = hub.session();
    session.call(GetKojiVersion::new()).await.unwrap();
    session.login("kojiadmin", "secret").await.unwrap();
    session.call(GetKojiVersion::new()).await.unwrap();
    session.call(WaitTasks::new(Struct::new())).await.unwrap();
    assert_eq!(session.call_raw("getKojiVersion", vec![]).await.unwrap(), "1.35.0".into());
    session.logout().await.unwrap();
    session.logout().await.unwrap();
    session.call(GetKojiVersion::new()).await.unwrap();
    assert_eq!(
        hub.log(),
        [
            "getKojiVersion(-/-)",
            "login(-/-)",
            "getKojiVersion(7/0)",
            "hub.waitTasks(7/-)",
            "getKojiVersion(7/1)",
            "logout(7/2)",
            "getKojiVersion(-/-)"
        ]
    );
    assert_eq!(hub.requests()[2].headers()["koji-session-key"], "7-secret");
}

#[tokio::test(start_paused = true)]
async fn a_call_without_answer_is_sent_again_with_its_number() {
    let hub = Script::new();
    hub.keys(7).lost().status(502).with(|_| Err(TransportError::Timeout)).value("1.35.0").value("1.35.0");
    let session = hub.session();
    session.login("kojiadmin", "secret").await.unwrap();
    session.call(GetKojiVersion::new()).await.unwrap();
    session.call(GetKojiVersion::new()).await.unwrap();
    assert_eq!(hub.log()[1..5], ["getKojiVersion(7/0)"; 4]);
    assert_eq!(hub.log()[5..], ["getKojiVersion(7/1)"]);
}

#[tokio::test(start_paused = true)]
async fn retries_end() {
    let call = async |hub: &std::sync::Arc<Script>, options| {
        let started = tokio::time::Instant::now();
        let error = hub.session_with(options).call(GetKojiVersion::new()).await.unwrap_err();
        (error, started.elapsed())
    };

    let hub = Script::new();
    hub.lost().lost().lost();
    let (error, _) = call(&hub, Options { max_retries: 2, ..Options::default() }).await;
    assert!(matches!(error, Error::Transport { attempts: 3, .. }), "{error:?}");
    hub.log();

    let hub = Script::new();
    (0..5).for_each(|_| {
        hub.lost();
    });
    let pause = Duration::from_secs(10);
    let options =
        Options { first_pause: pause, max_pause: pause, deadline: Duration::from_secs(20), ..Options::default() };
    let (_, took) = call(&hub, options).await;
    assert!(took <= Duration::from_secs(20), "{took:?}");

    let hub = Script::new();
    hub.lost();
    call(&hub, Options { anon_retry: false, ..Options::default() }).await;
    hub.log();

    for lasting in [
        |_: &crate::Request| Err(TransportError::Certificate("expired".into())),
        |_: &crate::Request| Ok(http::Response::builder().status(404).body("".into()).unwrap()),
    ] {
        let hub = Script::new();
        hub.with(lasting);
        call(&hub, Options::default()).await;
        hub.log();
    }
}

#[tokio::test(start_paused = true)]
async fn a_silent_hub_is_given_up() {
    #[derive(Debug)]
    struct Silent;
    #[async_trait::async_trait]
    impl crate::Transport for Silent {
        async fn send(&self, _: crate::Request) -> Result<crate::Response, TransportError> {
            std::future::pending().await
        }
    }
    let options = Options { timeout: Duration::from_secs(5), max_retries: 1, ..Options::default() };
    let session =
        Session::builder("http://hub/kojihub").options(options).transport(std::sync::Arc::new(Silent)).build().unwrap();
    let error = session.call(GetKojiVersion::new()).await.unwrap_err();
    assert!(matches!(error, Error::Deadline { .. }), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn an_offline_hub_is_waited_for_only_if_asked() {
    let hub = Script::new();
    hub.fault(FaultKind::ServerOffline, "database outage");
    let error = hub.session().call(GetKojiVersion::new()).await.unwrap_err();
    assert!(error.is(FaultKind::ServerOffline));

    let hub = Script::new();
    hub.fault(FaultKind::ServerOffline, "database outage").fault(FaultKind::ServerOffline, "").value("1.35.0");
    let session = hub.session_with(Options { offline_retry: true, ..Options::default() });
    assert_eq!(session.call(GetKojiVersion::new()).await.unwrap(), "1.35.0");
}

#[tokio::test]
async fn an_expired_login_is_renewed_once() {
    let hub = Script::new();
    hub.keys(7).value(()).fault(FaultKind::AuthExpired, "expired").keys(7).value(Vec::<Value>::new());
    let session = hub.session();
    session.login("kojiadmin", "secret").await.unwrap();
    session.exclusive_session(false).await.unwrap();
    session.call(Echo::new()).await.unwrap();
    assert_eq!(hub.log(), ["login(-/-)", "exclusiveSession(7/0)", "echo(7/1)", "login(7/2)", "echo(7/3)"]);
    let renewal = read_call(hub.requests()[3].body()).unwrap().params;
    let named = renewal.last().and_then(Value::as_struct).unwrap();
    assert_eq!((named.get("renew"), named.get("exclusive")), (Some(&true.into()), Some(&true.into())));

    hub.fault(FaultKind::AuthExpired, "expired").keys(7).fault(FaultKind::AuthExpired, "expired");
    assert!(session.call(Echo::new()).await.unwrap_err().is(FaultKind::Auth));
    hub.log();
}

#[tokio::test]
async fn subsessions_have_keys_of_their_own() {
    let hub = Script::new();
    hub.keys(7).keys(8).value(Vec::<Value>::new()).fault(FaultKind::AuthExpired, "").keys(8).value(Vec::<Value>::new());
    let session = hub.session();
    session.login("kojiadmin", "secret").await.unwrap();
    let below = session.subsession().await.unwrap();
    below.call(Echo::new()).await.unwrap();
    below.call(Echo::new()).await.unwrap();
    assert_eq!(hub.log(), ["login(-/-)", "subsession(7/0)", "echo(8/0)", "echo(8/1)", "login(8/2)", "echo(8/3)"]);

    hub.fault(FaultKind::AuthExpired, "");
    let handed = session.from_keys(below.keys().unwrap());
    assert!(handed.call(Echo::new()).await.unwrap_err().is(FaultKind::AuthExpired));
}

#[tokio::test]
async fn logins_by_certificate_go_to_their_own_address() {
    let hub = Script::new();
    hub.keys(7);
    hub.session().ssl_login(Some("bob"), None).await.unwrap();
    assert_eq!(hub.requests()[0].uri(), "https://hub/kojihub/ssllogin");
}

#[tokio::test]
async fn numbered_calls_do_not_overtake_each_other() {
    let hub = Script::new();
    hub.keys(7);
    (0..20).for_each(|_| {
        hub.value(Vec::<Value>::new());
    });
    let session = hub.session();
    session.login("kojiadmin", "secret").await.unwrap();
    let calls: Vec<_> = (0..20)
        .map(|_| {
            let session = session.clone();
            tokio::spawn(async move { session.call(Echo::new()).await.unwrap() })
        })
        .collect();
    for call in calls {
        call.await.unwrap();
    }
    let expected: Vec<_> = (0..20).map(|n| format!("echo(7/{n})")).collect();
    assert_eq!(hub.log()[1..], expected);
}

#[tokio::test]
async fn what_cannot_be_read_is_said() {
    let hub = Script::new();
    hub.value(5).with(|_| Ok(http::Response::new("<html>".into()))).fault(FaultKind::Generic, "No such user: x");
    let session = hub.session();
    for _ in 0..2 {
        let error = session.call(GetKojiVersion::new()).await.unwrap_err();
        assert!(matches!(&error, Error::Protocol { method, .. } if method == "getKojiVersion"), "{error:?}");
    }
    let error = session.call(GetUser::new().user_info("x").strict(true)).await.unwrap_err();
    assert_eq!(error.to_string(), "No such user: x");
}

#[test]
fn hubs_need_a_whole_url() {
    for url in ["", "hub", "/kojihub", "http://"] {
        assert!(matches!(Session::new(url), Err(Error::Configuration(_))), "{url}");
    }
}
