//! Mail: the hub says to whom, the builder sends it, a mail server gets it.

use koji_client::xmlrpc::{Struct, Value};
use koji_tests::free_port;

use super::setup::Setup;
use super::smtp::{Mail, MailServer};

const FAILED: i64 = 5;

fn block_on(test: impl Future<Output = ()>) {
    tokio::runtime::Runtime::new().unwrap().block_on(test);
}

/// A hub with a tag, a package in it that the administrator owns, and a build.
async fn setup(server: &str) -> Setup {
    let mut setup = Setup::new().await;
    setup.config.smtphost = Some(server.to_owned());
    setup.config.from_addr = "Koji <buildsys@example.org>".to_owned();
    for tag in ["f1", "f2"] {
        setup.call("createTag", vec![tag.into()]).await;
        setup.call("packageListAdd", vec![tag.into(), "bash".into(), "admin".into()]).await;
    }
    setup.call("createEmptyBuild", vec!["bash".into(), "5".into(), "1".into(), Value::Nil]).await;
    setup
}

/// The tasks of a method, oldest first.
pub async fn tasks(setup: &Setup, method: &str) -> Vec<i64> {
    let wanted: Struct = [("method", method)].into_iter().collect();
    let order: Struct = [("order", "id")].into_iter().collect();
    let found = setup.call("listTasks", vec![wanted.into(), order.into()]).await;
    let ids = found.as_array().unwrap().iter().map(|task| task.as_struct().unwrap().get("id").unwrap());
    ids.map(|id| id.as_int().unwrap()).collect()
}

async fn last(setup: &Setup, method: &str) -> i64 {
    *tasks(setup, method).await.last().unwrap()
}

/// The mail that a task has sent, and what it says of it.
async fn sent(setup: &Setup, server: &MailServer, task: i64) -> (Mail, String) {
    let said = setup.result(task).await.unwrap().as_str().unwrap().to_owned();
    let mut mails = server.take();
    assert_eq!(mails.len(), 1, "{mails:?}");
    (mails.remove(0), said)
}

pub fn mail_tells_of_tagging() {
    block_on(async {
        let server = MailServer::default();
        // user name and password, as the protocol has them: "\0koji\0secret"
        server.require_login("AGtvamkAc2VjcmV0");
        let mut setup = setup(&server.serve("127.0.0.1:0").await).await;
        setup.config.smtp_user = Some("koji".to_owned());
        setup.config.smtp_pass = Some("secret".into());
        let _manager = setup.start_manager();
        setup.call("tagBuildBypass", vec!["f1".into(), "bash-5-1".into(), false.into(), true.into()]).await;
        let task = last(&setup, "tagNotification").await;
        let (mail, said) = sent(&setup, &server, task).await;
        assert_eq!(said, format!("sent notification of tag operation {task} to: admin@example.com"));
        assert_eq!(
            (mail.from.as_str(), mail.to.as_slice()),
            ("buildsys@example.org", &["admin@example.com".into()][..])
        );
        for (name, value) in [
            ("From", "Koji <buildsys@example.org>"),
            ("Subject", "bash-5-1 successfully tagged into f1 by admin"),
            ("To", "admin@example.com"),
            ("X-Koji-Package", "bash"),
            ("X-Koji-NVR", "bash-5-1"),
            ("X-Koji-Draft", "False"),
            ("X-Koji-User", "admin"),
            ("X-Koji-Status", "complete"),
            ("X-Koji-Tag", "f1"),
        ] {
            assert_eq!(mail.header(name), [value], "{name}");
        }
        let expected = [
            "Package: bash",
            "NVR: bash-5-1",
            "User: admin",
            "Status: complete",
            "Tag Operation: tagged",
            "Into Tag: f1",
            "",
            "bash-5-1 successfully tagged into f1 by admin",
        ];
        assert_eq!(mail.lines()[..8], expected);

        // others who want to know are told as well
        let wanted = vec!["kojira".into(), Value::Nil, "f1".into(), false.into()];
        setup.call("createNotification", wanted).await;
        let untag = vec!["f1".into(), "bash-5-1".into(), true.into(), false.into(), true.into()];
        setup.call("untagBuildBypass", untag).await;
        let (mail, _) = sent(&setup, &server, last(&setup, "tagNotification").await).await;
        assert_eq!(mail.to, ["kojira@example.com", "admin@example.com"]);
        assert_eq!(mail.header("To"), ["kojira@example.com, admin@example.com"]);
        assert_eq!(mail.header("Subject"), ["bash-5-1 successfully untagged from f1 by admin"]);
        assert!(mail.lines().contains(&"From Tag: f1"));

        // a failure, of a move
        let about = vec![false.into(), "f1".into(), "f2".into(), "bash-5-1".into(), "admin".into()];
        let why = [false.into(), "no such package\n.\nQUIT".into()];
        let told = Value::from(vec![Value::from("admin@example.com")]);
        let task = setup.make_task("tagNotification", [vec![told], about, why.into()].concat()).await;
        let (mail, _) = sent(&setup, &server, task).await;
        assert_eq!(mail.header("X-Koji-Tag"), ["f2", "f1"]);
        assert_eq!(mail.header("Subject"), ["bash-5-1 unsuccessfully moved from f2 into f1 by admin"]);
        assert!(mail.text.ends_with("Operation failed with the error:\r\n    no such package\r\n.\r\nQUIT\r\n\r\n"));
    });
}

pub fn mail_that_is_not_taken_fails_its_task_and_can_be_sent_again() {
    block_on(async {
        let server = MailServer::default();
        // there is nothing on the port yet
        let port = format!("127.0.0.1:{}", free_port());
        let setup = setup(&port).await;
        let _manager = setup.start_manager();
        setup.call("tagBuildBypass", vec!["f1".into(), "bash-5-1".into(), false.into(), true.into()]).await;
        // the tagging is done, with mail or without
        assert_eq!(setup.call("listTagged", vec!["f1".into()]).await.as_array().unwrap().len(), 1);
        let task = last(&setup, "tagNotification").await;
        assert_eq!(setup.wait_for(task, &[2, FAILED]).await, FAILED);
        let why = setup.result(task).await.unwrap_err();
        assert!(why.contains(&format!("cannot send mail through {port}: Connection refused")), "{why}");

        server.serve(&port).await;
        let again = setup.call("resubmitTask", vec![task.into()]).await.as_int().unwrap();
        let (mail, _) = sent(&setup, &server, again).await;
        assert_eq!(mail.header("Subject"), ["bash-5-1 successfully tagged into f1 by admin"]);

        // one who is not known keeps nobody else from getting it
        server.forget("gone@example.com");
        let send = async |to: &[&str]| {
            let told: Vec<Value> = to.iter().map(|to| Value::from(*to)).collect();
            let about = vec![true.into(), "f1".into(), Value::Nil, "bash-5-1".into(), "admin".into()];
            setup.make_task("tagNotification", [vec![told.into()], about].concat()).await
        };
        let task = send(&["gone@example.com", "admin@example.com"]).await;
        assert_eq!(sent(&setup, &server, task).await.0.to, ["admin@example.com"]);
        let task = send(&["gone@example.com"]).await;
        let why = setup.result(task).await.unwrap_err();
        assert!(why.contains("550 nobody of that name"), "{why}");
        assert!(server.take().is_empty());
    });
}
