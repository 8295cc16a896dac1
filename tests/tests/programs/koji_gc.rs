//! Python's own `koji-gc`, unmodified, with work for each of its actions.

use koji_core::api::builds::{CreateEmptyBuild, GetBuild};
use koji_core::api::packages::PackageListAdd;
use koji_core::api::tagging::{ListTagged, TagBuildBypass};
use koji_core::api::tags::CreateTag;
use koji_core::model::BuildState;
use koji_tests::{Caller, hubs};

use crate::{Home, outcome};

async fn tagged(admin: &Caller<'_>, tag: &str) -> Vec<String> {
    let mut builds: Vec<String> =
        admin.call(ListTagged::new(tag)).await.unwrap().into_iter().map(|build| build.nvr).collect();
    builds.sort();
    builds
}

#[tokio::test(flavor = "multi_thread")]
async fn old_builds_are_untagged_put_into_the_trash_saved_and_deleted() {
    for hub in hubs("old_builds_are_untagged").await {
        let admin = hub.admin().await;
        hub.hub.set_password("kojiadmin", "secret").await.unwrap();
        let url = hub.serve().await;
        for tag in ["trashcan", "f44", "kept"] {
            admin.call(CreateTag::new(tag)).await.unwrap();
        }
        for tag in ["f44", "kept"] {
            admin.call(PackageListAdd::new(tag, "hello").owner("kojiadmin")).await.unwrap();
        }
        for version in 1..=5 {
            admin.call(CreateEmptyBuild::new("hello", version.to_string(), "1", None)).await.unwrap();
        }
        for version in 1..=3 {
            admin.call(TagBuildBypass::new("f44", format!("hello-{version}-1").as_str())).await.unwrap();
        }

        let home = Home::new(&url);
        let file = |name: &str| home.path().join(name);
        std::fs::write(file("mail"), "").unwrap();
        let config = format!(
            "[main]\nserver = {url}\nweburl = {url}\nnoauth = False\nkey_aliases =\nunprotected_keys =\n\
             [prune]\npolicy =\n    order > 1 :: untag\n    tag * :: keep\n"
        );
        std::fs::write(file("gc.conf"), config).unwrap();
        let gc = async |action: &str| {
            let mut command = home.program("koji-gc");
            command.args(["--user", "kojiadmin", "--password", "secret", "--no-mail", "--grace-period=0", "--delay=0"]);
            command.arg(format!("--action={action}"));
            for (option, name) in [("-c", "gc.conf"), ("--lock-file", "lock"), ("--email-template", "mail")] {
                command.arg(option).arg(file(name));
            }
            outcome(command).await.ok()
        };

        let said = gc("prune").await;
        assert!(said.contains("Untagging build hello-1-1 from f44"), "{said}");
        assert_eq!(tagged(&admin, "f44").await, ["hello-2-1", "hello-3-1"]);

        gc("trash").await;
        assert_eq!(tagged(&admin, "trashcan").await, ["hello-1-1", "hello-4-1", "hello-5-1"]);

        admin.call(TagBuildBypass::new("kept", "hello-4-1")).await.unwrap();
        gc("salvage").await;
        gc("delete").await;
        assert_eq!(tagged(&admin, "trashcan").await, [""; 0]);
        let mut states = Vec::new();
        for version in 1..=5 {
            let build = admin.call(GetBuild::new(format!("hello-{version}-1").as_str())).await.unwrap().unwrap();
            states.push(build.state);
        }
        use BuildState::{Complete, Deleted};
        assert_eq!(states, [Deleted, Complete, Complete, Complete, Deleted]);
    }
}
