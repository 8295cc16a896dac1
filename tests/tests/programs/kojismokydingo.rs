//! Koji Smoky Dingo: commands that it adds to Python's `koji`, and its own programs.

use koji_core::api::builds::CreateEmptyBuild;
use koji_core::api::content_generators::GrantCgAccess;
use koji_core::api::packages::PackageListAdd;
use koji_core::api::rpms::ImportRpm;
use koji_core::api::tags::CreateTag;
use koji_core::api::targets::CreateBuildTarget;
use koji_core::api::users::{AddGroupMember, NewGroup};
use koji_tests::{TestHub, build_rpms, hubs};

use crate::{Home, outcome};

async fn koji(home: &Home, args: &[&str]) -> koji_tests::programs::Outcome {
    let mut command = home.program("koji");
    command.env("KSD_EXPLODE", "1").args(["--user", "kojiadmin", "--password", "secret"]).args(args);
    outcome(command).await
}

/// Runs commands; each must print these lines, but for the space at their ends.
async fn say(home: &Home, commands: &[(&str, &[&str])]) {
    for (line, expected) in commands {
        // a filter is one argument
        let (words, filter) =
            line.split_once(" (").map_or((*line, None), |(words, _)| (words, line.get(words.len() + 1..)));
        let args: Vec<&str> = words.split(' ').chain(filter).collect();
        let said = koji(home, &args).await.ok();
        let lines: Vec<&str> = said.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
        assert_eq!(lines, *expected, "koji {line}");
    }
}

/// A hub with tags one below the other, a target, builds, and a package that was imported.
async fn furnish(hub: &TestHub) -> Home {
    let admin = hub.admin().await;
    hub.user("ann", &["repo"]).await;
    hub.builder("builder1").await;
    hub.hub.set_password("kojiadmin", "secret").await.unwrap();
    admin.call(CreateTag::new("base").arches("x86_64 aarch64".to_owned())).await.unwrap();
    admin.call(CreateTag::new("f44").parent("base").arches("x86_64".to_owned())).await.unwrap();
    admin.call(CreateTag::new("f44-build").parent("f44").arches("x86_64".to_owned())).await.unwrap();
    admin.call(CreateTag::new("other")).await.unwrap();
    admin.call(CreateBuildTarget::new("f44", "f44-build", "f44")).await.unwrap();
    admin.call(PackageListAdd::new("f44", "hello").owner("ann")).await.unwrap();
    for version in ["1", "2", "10"] {
        admin.call(CreateEmptyBuild::new("hello", version, "1", None)).await.unwrap();
    }
    for (name, bytes) in build_rpms("greet", "1", "1", "").0 {
        hub.hub.storage().put(&format!("work/cli/{name}"), bytes.into()).await.unwrap();
        admin.call(ImportRpm::new("cli", name.as_str())).await.unwrap();
    }
    admin.call(GrantCgAccess::new("ann", "osbuild").create(true)).await.unwrap();
    admin.call(NewGroup::new("packagers")).await.unwrap();
    admin.call(AddGroupMember::new("packagers", "ann")).await.unwrap();
    Home::new(&hub.serve().await)
}

#[tokio::test(flavor = "multi_thread")]
async fn builds_are_tagged_in_bulk_and_filtered() {
    for hub in hubs("builds_are_tagged_in_bulk").await {
        let home = furnish(&hub).await;
        let tagged = koji(&home, &["bulk-tag-builds", "--nvr-sort", "-v", "f44", "hello-10-1", "hello-1-1"]).await;
        assert!(tagged.stderr.contains(" tagged 2/2"), "{tagged}");
        let denied = koji(&home, &["bulk-tag-builds", "--strict", "f44", "nosuch-1-1"]).await.fails();
        assert!(denied.contains("No such build: nosuch-1-1"), "{denied}");
        let made =
            koji(&home, &["bulk-tag-builds", "--create", "--owner", "ann", "--notify", "new", "hello-2-1"]).await;
        made.ok();
        koji(&home, &["bulk-move-builds", "--owner", "ann", "f44", "other", "hello-1-1"]).await.ok();
        say(
            &home,
            &[
                ("filter-builds --tag f44", &["hello-10-1"]),
                ("filter-builds --tag other --inherit", &["hello-1-1"]),
                ("filter-builds --nvr-sort hello-10-1 greet-1-1 hello-2-1", &["greet-1-1", "hello-2-1", "hello-10-1"]),
                ("filter-builds --id-sort greet-1-1 hello-10-1", &["hello-10-1", "greet-1-1"]),
                ("filter-builds --lookaside f44-build hello-10-1 hello-2-1", &["hello-2-1"]),
                ("filter-builds --limit f44-build hello-10-1 hello-2-1", &["hello-10-1"]),
                ("filter-builds --rpm hello-1-1 greet-1-1", &["greet-1-1"]),
                ("filter-builds --completed nosuch-1-1 hello-1-1", &["hello-1-1"]),
                ("filter-builds hello-1-1 hello-2-1 --filter (not (tagged new))", &["hello-1-1"]),
                ("filter-builds --tag new --filter (owner kojiadmin)", &["hello-2-1"]),
                ("filter-builds hello-1-1 hello-2-1 --filter (== 2-1)", &["hello-2-1"]),
                ("filter-builds hello-1-1 hello-10-1 --filter (> 2-1)", &["hello-10-1"]),
                ("filter-builds hello-1-1 hello-10-1 --filter (evr-high)", &["hello-10-1"]),
                ("filter-builds hello-1-1 greet-1-1 --filter (and (imported) (type rpm))", &["greet-1-1"]),
                ("filter-builds greet-1-1 hello-10-1 --filter (pkg-allowed f44)", &["hello-10-1"]),
                ("filter-builds hello-10-1 hello-2-1 --filter (inherited f44-build)", &["hello-10-1"]),
                (
                    "list-build-archives greet-1-1 --rpm --urls",
                    &[
                        "/packages/greet/1/1/src/greet-1-1.src.rpm",
                        "/packages/greet/1/1/noarch/greet-1-1.noarch.rpm",
                        "/packages/greet/1/1/noarch/greet-doc-1-1.noarch.rpm",
                    ],
                ),
                ("bulk-untag-builds new hello-2-1", &[]),
                ("filter-builds --tag new", &[]),
                ("list-btypes", &["Build Types", "  rpm [1]", "  maven [2]", "  win [3]", "  image [4]"]),
                ("list-component-builds greet-1-1", &[]),
            ],
        )
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_and_their_settings_are_shown_and_changed() {
    for hub in hubs("tags_and_their_settings").await {
        let home = furnish(&hub).await;
        say(
            &home,
            &[
                ("affected-targets base", &["f44"]),
                ("affected-targets base --info", &["f44  f44-build  f44"]),
                ("set-env-var f44 FOO bar", &[]),
                ("set-env-var f44 FOO baz", &[]),
                ("list-env-vars f44-build", &["FOO  \"baz\"  f44"]),
                ("block-env-var f44-build FOO", &[]),
                ("list-env-vars f44-build", &["FOO  null  f44-build"]),
                ("remove-env-var f44 FOO", &[]),
                ("list-env-vars f44", &[]),
                ("set-rpm-macro base dist .base", &[]),
                ("set-rpm-macro f44 dist .fc44", &[]),
                ("list-rpm-macros f44-build", &["dist  .fc44  f44"]),
                ("block-rpm-macro f44-build dist", &[]),
                (
                    "list-tag-extras f44-build --blocked",
                    &["rpm.env.FOO     None  f44-build  [BLOCK]", "rpm.macro.dist  None  f44-build  [BLOCK]"],
                ),
                ("remove-rpm-macro f44 dist", &[]),
                ("list-rpm-macros f44", &["dist  .base  base"]),
                ("add-tag-inheritance other f44 --priority 3", &[]),
                ("add-tag-inheritance other base --priority 7", &[]),
                (
                    "renum-tag-inheritance other -v",
                    &["Renumbering inheritance priorities for other", "   3 ->  10  f44", "   7 ->  20  base"],
                ),
                (
                    "swap-tag-inheritance other f44 f44-build -v",
                    &["Swapping inheritance data for other", "  10: f44 -> f44-build", "  20: base"],
                ),
                ("filter-tags --search * --filter (arch aarch64)", &["base"]),
                ("filter-tags --search * --nvr-sort --filter (has-ancestor f44)", &["f44-build", "other"]),
                ("filter-tags --search * --filter (has-parent f44-build)", &["other"]),
                ("filter-tags --search * --filter (build-tag f44)", &["f44-build"]),
                ("filter-tags base f44 --filter (has-child f44-build)", &["f44"]),
            ],
        )
        .await;
        let none = koji(&home, &["check-repo", "--target", "f44"]).await.fails();
        assert!(none.contains("Tag f44-build has no repo"), "{none}");
        let filter = home.path().join("filter");
        std::fs::write(&filter, "(dest-tag)").unwrap();
        let mut alone = home.program("ksd-filter-tags");
        alone.arg(&filter).args(["--profile", "koji", "--search", "*"]);
        assert_eq!(outcome(alone).await.ok(), "f44\n");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn users_hosts_and_pages_are_shown() {
    for hub in hubs("users_hosts_and_pages").await {
        let home = furnish(&hub).await;
        let seen = koji(&home, &["check-hosts"]).await.ok();
        assert!(seen.contains("Found 0 hosts"), "{seen}");
        let late = koji(&home, &["check-hosts", "--timeout", "0"]).await.fails();
        assert!(late.starts_with("builder1 20") && late.contains("Found 1 hosts"), "{late}");
        say(
            &home,
            &[
                ("cginfo", &["Content generator: osbuild [1]", "Users:", "  ann"]),
                ("list-cgs", &["Content Generators", "  osbuild [1]"]),
                ("perminfo repo", &["Permission: repo [9]", "Users:", "  ann"]),
                (
                    "userinfo ann --stats",
                    &[
                        "User: ann [2]",
                        "Type: NORMAL (user)",
                        "Status: NORMAL (enabled)",
                        "Content generators:",
                        "osbuild [1]",
                        "Groups:",
                        "  packagers [4]",
                        "Permissions:",
                        "  repo",
                        "Statistics:",
                        "  Owned packages: 1",
                        "  Submitted tasks: 0",
                        "  Created builds: 0",
                    ],
                ),
                (
                    "userinfo packagers",
                    &["User: packagers [4]", "Type: GROUP", "Status: NORMAL (enabled)", "Members:", "  ann [2]"],
                ),
            ],
        )
        .await;
        for (kind, key, page) in [
            ("build", "hello-2-1", "buildinfo?buildID=2"),
            ("tag", "f44", "taginfo?tagID=2"),
            ("package", "hello", "packageinfo?packageID=1"),
            ("user", "ann", "userinfo?userID=2"),
            ("host", "builder1", "hostinfo?hostID=1"),
            ("target", "f44", "buildtargetinfo?targetID=1"),
            ("channel", "default", "channelinfo?channelID=1"),
        ] {
            let said = koji(&home, &["open", kind, key, "--print"]).await.ok();
            assert!(said.trim().ends_with(&format!("/web/{page}")), "{said}");
        }
        let unknown = koji(&home, &["userinfo", "nosuch"]).await.fails();
        assert!(unknown.contains("No such user: nosuch"), "{unknown}");
    }
}
