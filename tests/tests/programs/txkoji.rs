//! txkoji: a client on Twisted, with its session in the query of the URL.

use koji_core::api::builds::CreateEmptyBuild;
use koji_core::api::packages::PackageListAdd;
use koji_core::api::tags::CreateTag;
use koji_tests::hubs;

use crate::{Home, outcome};

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_reads_and_writes() {
    for hub in hubs("a_bot_reads_and_writes").await {
        let admin = hub.admin().await;
        hub.user("ann", &[]).await;
        hub.hub.set_password("ann", "secret").await.unwrap();
        let tag = admin.call(CreateTag::new("f44")).await.unwrap();
        admin.call(PackageListAdd::new("f44", "hello").owner("ann")).await.unwrap();
        for version in ["1", "2"] {
            admin.call(CreateEmptyBuild::new("hello", version, "1", None)).await.unwrap();
        }
        let home = Home::new(&hub.serve().await);
        let mut command = home.script("twisted_bot.py");
        command.arg(tag.to_string());
        assert_eq!(outcome(command).await.ok().trim(), "done");
    }
}
