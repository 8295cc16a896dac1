//! koji-habitude: what a Koji is to be like, as a file, made so.

use std::path::Path;

use koji_core::api::external_repos::{GetExternalRepo, GetTagExternalRepos};
use koji_core::api::groups::GetTagGroups;
use koji_core::api::tags::{GetInheritanceData, GetTag};
use koji_core::api::targets::GetBuildTarget;
use koji_core::api::users::{GetGroupMembers, GetUser, GetUserPerms};
use koji_core::model::UserStatus;
use koji_core::xmlrpc::Value;
use koji_tests::{Caller, hubs};

use crate::{Home, outcome, script};

const NOTHING: &str = "Summary: No changes needed";

/// Changes to the file, and what koji-habitude is to say of each.
const CHANGES: [(&str, &str, &str); 11] = [
    ("priority: 5", "priority: 6", "Update inheritance hab-base with priority 6"),
    ("max-depth: 2", "max-depth: 3", "priority 6 and maxdepth 3"),
    ("permission: release", "permission: repo", "Set permission repo"),
    (": dnf", ": dnf5", "Update extra field mock.package_manager = dnf5"),
    ("May release", "Releases", "Set description to 'Releases'"),
    ("merge-mode: bare", "merge-mode: simple", "Update external repo hab-ext"),
    ("[bash, coreutils]", "[bash, make]", "Remove package coreutils from group build"),
    ("blocked: true", "blocked: false", "Unblock package unwanted"),
    ("enabled: false", "enabled: true", "Enable user"),
    ("lock: false", "lock: true", "Lock tag"),
    ("dest-tag: hab-dest", "dest-tag: hab-base", "Update build_tag to hab-build and dest_tag to hab-base"),
];

async fn habitude(home: &Home, verb: &str, file: &Path) -> String {
    let mut command = home.script("habitude.py");
    command.args([verb, "--profile", "koji"]).arg(file);
    outcome(command).await.ok()
}

async fn blocked_words(admin: &Caller<'_>) -> (bool, Vec<String>) {
    let groups = admin.call(GetTagGroups::new("hab-base").incl_blocked(true)).await.unwrap();
    let packages = groups.iter().flat_map(|group| group.packagelist.iter().flatten());
    (groups.iter().all(|group| !group.blocked), packages.filter(|p| p.blocked).map(|p| p.package.clone()).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_koji_is_made_as_the_file_says_once() {
    for hub in hubs("a_koji_is_made").await {
        let admin = hub.admin().await;
        hub.hub.set_password("kojiadmin", "secret").await.unwrap();
        hub.builder("builder1").await;
        let mut db = hub.db.db.begin().await.unwrap();
        let subscribe = "INSERT INTO host_channels (host_id, channel_id, create_event, creator_id)
                         SELECT host.id, 1, 1, 1 FROM host";
        db.execute(subscribe, koji_hub_lib::db::args![]).await.unwrap();
        db.commit().await.unwrap();
        let home = Home::new(&hub.serve().await);

        let made = habitude(&home, "apply", &script("habitude.yaml")).await;
        assert!(made.contains("Create tag hab-base with arches [x86_64, aarch64]"), "{made}");
        assert!(made.contains("Create target hab with build_tag hab-build and dest_tag hab-dest"), "{made}");
        for verb in ["apply", "compare"] {
            let again = habitude(&home, verb, &script("habitude.yaml")).await;
            assert!(again.contains(NOTHING), "{again}");
        }
        let base = admin.call(GetTag::new("hab-base")).await.unwrap().unwrap();
        assert_eq!(base.arches.as_deref(), Some("x86_64 aarch64"));
        assert_eq!(base.extra.get("list"), Some(&Value::Array(vec![1.into(), "a".into()])));
        let links = admin.call(GetInheritanceData::new("hab-dest")).await.unwrap();
        let [link] = links.as_slice() else { panic!("{links:?}") };
        assert_eq!((link.parent_id, link.priority, link.maxdepth), (base.id, 5, Some(2)));
        assert_eq!(link.pkg_filter.as_deref(), Some("^(hello)$"));
        let target = admin.call(GetBuildTarget::new("hab")).await.unwrap().unwrap();
        assert_eq!((target.build_tag_name.as_str(), target.dest_tag_name.as_str()), ("hab-build", "hab-dest"));
        assert_eq!(admin.call(GetUserPerms::new().user_id("hab-ann")).await.unwrap(), ["release", "repo"]);
        let members = admin.call(GetGroupMembers::new("hab-packagers")).await.unwrap();
        assert_eq!(members.iter().map(|member| member.name.as_str()).collect::<Vec<_>>(), ["hab-ann"]);
        let bob = admin.call(GetUser::new().user_info("hab-bob")).await.unwrap().unwrap();
        assert_eq!(bob.status, UserStatus::Blocked);
        let ext = admin.call(GetExternalRepo::new("hab-ext")).await.unwrap().unwrap();
        assert_eq!(ext.url, "http://example.com/$arch/");
        let of_base = admin.call(GetTagExternalRepos::new().tag_info("hab-base")).await.unwrap();
        assert_eq!((of_base[0].merge_mode.as_str(), of_base[0].arches.as_deref()), ("bare", Some("x86_64")));
        assert_eq!(blocked_words(&admin).await, (true, vec!["glibc".to_owned()]));

        let mut text = std::fs::read_to_string(script("habitude.yaml")).unwrap();
        for (old, new, _) in CHANGES {
            assert!(text.contains(old), "{old}");
            text = text.replace(old, new);
        }
        let changed = home.path().join("changed.yaml");
        std::fs::write(&changed, text).unwrap();
        let made = habitude(&home, "apply", &changed).await;
        for said in CHANGES.map(|(.., said)| said) {
            assert!(made.contains(said), "no {said:?} in {made}");
        }
        let again = habitude(&home, "apply", &changed).await;
        assert!(again.contains(NOTHING), "{again}");
        assert_eq!(blocked_words(&admin).await, (true, Vec::new()));
        assert!(admin.call(GetTag::new("hab-dest")).await.unwrap().unwrap().locked);

        let mut dump = home.script("habitude.py");
        dump.args(["dump", "--profile", "koji", "--tags", "hab-*"]);
        let dumped = outcome(dump).await.ok();
        for line in ["name: hab-base", "  pkg-filter: ^(hello)$", "  merge-mode: simple", "maven-support: true"] {
            assert!(dumped.lines().any(|l| l == line), "no {line:?} in {dumped}");
        }
    }
}
