//! Builds that move: to another volume, or to the name that a draft was to have.

use std::sync::Arc;
use std::time::Duration;

use koji_core::api::builds::*;
use koji_core::api::packages::PackageListAdd;
use koji_core::api::rpms::{ImportRpm, ListBuildRpms};
use koji_core::api::tagging::TagBuildBypass;
use koji_core::api::tags::CreateTag;
use koji_core::api::volumes::AddVolume;
use koji_core::api::{BuildRef, UserRef};
use koji_core::fault::FaultKind;
use koji_core::ids::BuildId;
use koji_core::model::{Build, BuildState};
use koji_core::xmlrpc::from_value;
use koji_hub_lib::config::HubConfig;
use koji_hub_lib::db::{Dialect, args};
use koji_hub_lib::storage::walk;
use koji_tests::{BrittleStorage, Caller, TestDb, TestHub, build_rpms, databases};

const RPM: &str = "noarch/hello-2.10-1.noarch.rpm";
const USUAL: &str = "packages/hello/2.10/1";
const MOVED: &str = "vol/vol2/packages/hello/2.10/1";

/// A hub whose storage may break, with a volume `vol2` and an imported build `hello-2.10-1`.
struct Setup {
    hub: TestHub,
    storage: Arc<BrittleStorage>,
}

impl Setup {
    fn new(db: TestDb, settings: impl FnOnce(&mut HubConfig)) -> Setup {
        let storage = Arc::new(BrittleStorage::default());
        Setup { hub: TestHub::with_storage(db, storage.clone(), settings), storage }
    }

    async fn admin(&self) -> Caller<'_> {
        let admin = self.hub.admin().await;
        self.hub.hub.storage().create_dir("vol/vol2").await.unwrap();
        admin.call(AddVolume::new("vol2")).await.unwrap();
        admin
    }

    async fn import(&self, user: &Caller<'_>) -> BuildId {
        let mut build = None;
        for (name, bytes) in build_rpms("hello", "2.10", "1", "").0 {
            self.hub.hub.storage().put(&format!("work/cli/{name}"), bytes.into()).await.unwrap();
            let rpm = user.call(ImportRpm::new("cli", name.as_str())).await.unwrap();
            build = rpm.as_struct().unwrap().get("build_id").cloned();
        }
        from_value(build.unwrap()).unwrap()
    }

    async fn is_link(&self, path: &str) -> bool {
        self.hub.hub.storage().is_link(path).await.unwrap()
    }

    async fn exists(&self, path: &str) -> bool {
        self.hub.hub.storage().metadata(path).await.unwrap().is_some()
    }

    /// What there is below a directory, whatever its name.
    async fn files(&self, dir: &str) -> Vec<String> {
        walk(self.hub.hub.storage(), dir).await.unwrap()
    }

    async fn updates(&self, kind: i32) -> i64 {
        let mut db = self.hub.db.db.begin().await.unwrap();
        db.fetch_scalar("SELECT COUNT(*) FROM tag_updates WHERE update_type = $1", args![kind]).await.unwrap()
    }
}

async fn get(user: &Caller<'_>, id: BuildId) -> Build {
    user.call(GetBuild::new(id)).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_build_moves_with_all_its_files_and_can_be_found_where_it_was() {
    for db in databases("a_build_moves_with_all").await {
        let at = Setup::new(db, |_| {});
        let admin = at.admin().await;
        let alice = at.hub.user("alice", &[]).await;
        let id = at.import(&admin).await;
        admin.call(CreateTag::new("f44")).await.unwrap();
        admin.call(PackageListAdd::new("f44", "hello").owner(UserRef::Id(admin.id))).await.unwrap();
        admin.call(TagBuildBypass::new("f44", id)).await.unwrap();
        let files = at.files(USUAL).await;

        let refused = alice.refused(ChangeBuildVolume::new(id, "vol2")).await.1;
        assert_eq!(refused, "admin permission required (logged in as alice)");
        let refused = admin.refused(ChangeBuildVolume::new(id, "nosuch")).await.1;
        assert_eq!(refused, "No such entry in table volume: nosuch");
        let refused = admin.refused(ChangeBuildVolume::new(id, "DEFAULT")).await.1;
        assert_eq!(refused, "Build hello-2.10-1 already on volume DEFAULT");
        admin.call(ChangeBuildVolume::new(id, "DEFAULT").strict(false)).await.unwrap();

        admin.call(ChangeBuildVolume::new(id, "vol2")).await.unwrap();
        assert_eq!(get(&admin, id).await.volume_name, "vol2");
        assert_eq!(at.files(MOVED).await, files);
        assert!(!at.is_link(MOVED).await && at.is_link(USUAL).await);
        assert!(at.exists(&format!("{USUAL}/{RPM}")).await);
        assert_eq!(at.updates(0).await, 1);
        // an upload that became a link leads there too
        assert!(at.exists("work/cli/hello-2.10-1.noarch.rpm").await);

        admin.call(ChangeBuildVolume::new(id, "DEFAULT")).await.unwrap();
        assert_eq!(at.files(USUAL).await, files);
        assert!(!at.is_link(USUAL).await && !at.exists(MOVED).await);
        assert_eq!(at.hub.hub.storage().list("packages/hello/2.10").await.unwrap(), ["1"]);
        assert_eq!(at.files("vol/vol2/packages").await, Vec::<String>::new());

        // what is in the way stays
        at.hub.hub.storage().put(&format!("{MOVED}/x"), "x".into()).await.unwrap();
        let refused = admin.refused(ChangeBuildVolume::new(id, "vol2")).await.1;
        assert_eq!(refused, format!("Destination directory exists: /mnt/koji/{MOVED}"));
        assert_eq!(at.files(MOVED).await, ["x"]);
        for volume in ["vol3", "vol4"] {
            at.hub.hub.storage().create_dir(&format!("vol/{volume}")).await.unwrap();
            admin.call(AddVolume::new(volume)).await.unwrap();
        }
        let refused = admin.refused(ChangeBuildVolume::new(id, "vol3")).await.1;
        assert_eq!(refused, format!("Unexpected cross-volume content: /mnt/koji/{MOVED}"));
        let empty = admin.call(CreateEmptyBuild::new("empty", "1", "1", None)).await.unwrap();
        let refused = admin.refused(ChangeBuildVolume::new(empty, "vol2")).await.1;
        assert_eq!(refused, "Build directory missing: /mnt/koji/packages/empty/1/1");
        at.hub.hub.storage().remove("vol/vol3").await.unwrap();
        let refused = admin.refused(ChangeBuildVolume::new(empty, "vol3")).await.1;
        assert_eq!(refused, "Directory entry missing for volume vol3");
    }
}

#[tokio::test]
async fn a_move_that_fails_leaves_the_build_as_it_was() {
    for db in databases("a_move_that_fails").await {
        let at = Setup::new(db, |_| {});
        let admin = at.admin().await;
        let id = at.import(&admin).await;
        let files = at.files(USUAL).await;
        for operation in ["copy", "rename"] {
            at.storage.fail(operation, "vol/vol2/packages");
            admin.refused(ChangeBuildVolume::new(id, "vol2")).await;
            at.storage.mend();
            assert_eq!(get(&admin, id).await.volume_name, "DEFAULT");
            assert_eq!((at.files(USUAL).await, at.files("vol/vol2/packages").await), (files.clone(), vec![]));
        }
        admin.call(ChangeBuildVolume::new(id, "vol2")).await.unwrap();
        // back again: the link that is in the way comes back
        at.storage.fail("rename", "packages/hello/2.10/.1.");
        admin.refused(ChangeBuildVolume::new(id, "DEFAULT")).await;
        at.storage.mend();
        assert_eq!((get(&admin, id).await.volume_name.as_str(), at.files(MOVED).await), ("vol2", files.clone()));
        assert!(at.is_link(USUAL).await && at.exists(&format!("{USUAL}/{RPM}")).await);
        // the old files cannot go: they stay, and the build is complete where it is
        at.storage.fail("rename", MOVED);
        admin.call(ChangeBuildVolume::new(id, "DEFAULT")).await.unwrap();
        at.storage.mend();
        assert_eq!((at.files(USUAL).await, at.files(MOVED).await), (files.clone(), files.clone()));
        at.storage.fail("rename", USUAL);
        admin.call(DeleteBuild::new(id)).await.unwrap();
        at.storage.mend();
        assert_eq!(at.files(USUAL).await, files);
    }
}

#[tokio::test]
async fn files_are_copied_while_others_write() {
    for db in databases("files_are_copied_while").await {
        let by_policy = |config: &mut HubConfig| config.policies.push(("volume".into(), "all :: vol2".into()));
        let at = Setup::new(db, by_policy);
        let admin = at.admin().await;
        let id = at.import(&admin).await;
        let put = async |file: &str, text: &'static str| {
            at.hub.hub.storage().put(&format!("{USUAL}/{file}"), text.into()).await.unwrap();
        };
        for file in ["changes", "goes", "stays"] {
            put(file, "before").await;
        }
        let held = at.storage.hold(&format!("{USUAL}/{RPM}")).await;
        let meanwhile = async {
            while at.storage.reads() == 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            let other = admin.call(CreateTag::new("meanwhile"));
            tokio::time::timeout(Duration::from_secs(30), other).await.expect("a free database").unwrap();
            // what has been copied by now is brought up to date
            put("changes", "after").await;
            put("comes", "after").await;
            at.hub.hub.storage().remove(&format!("{USUAL}/goes")).await.unwrap();
            drop(held);
        };
        let (moved, ()) = tokio::join!(admin.call(ApplyVolumePolicy::new(id)), meanwhile);
        moved.unwrap();
        assert_eq!(at.storage.reads(), 1);
        assert_eq!(get(&admin, id).await.volume_name, "vol2");
        for (file, text) in [("changes", "after"), ("comes", "after"), ("stays", "before")] {
            let found = at.hub.hub.storage().read(&format!("{MOVED}/{file}"), 0, 10).await.unwrap();
            assert_eq!(found, text.as_bytes(), "{file}");
        }
        assert!(!at.exists(&format!("{MOVED}/goes")).await && at.exists(&format!("{MOVED}/{RPM}")).await);

        // what was copied for a move that is refused is not left
        let files = at.files("vol/vol2").await;
        let refused = admin.refused(ChangeBuildVolume::new(id, "vol2")).await.1;
        assert_eq!(refused, "Build hello-2.10-1 already on volume vol2");
        for volume in ["vol3", "vol4"] {
            at.hub.hub.storage().create_dir(&format!("vol/{volume}")).await.unwrap();
            admin.call(AddVolume::new(volume)).await.unwrap();
        }
        at.hub.hub.storage().put("vol/vol4/packages/hello/2.10/1/stray", "x".into()).await.unwrap();
        let refused = admin.refused(ChangeBuildVolume::new(id, "vol3")).await.1;
        assert!(refused.starts_with("Unexpected cross-volume content: "), "{refused}");
        assert_eq!((at.files("vol/vol2").await, at.files("vol/vol3").await), (files, Vec::new()));
    }
}

#[tokio::test]
async fn the_policy_says_where_a_build_goes() {
    let policy = "package hello :: vol2\npackage stray :: nosuch\npackage none :: DEFAULT";
    for db in databases("the_policy_says_where").await {
        let at = Setup::new(db, |config| config.policies.push(("volume".into(), policy.into())));
        let admin = at.admin().await;
        let id = at.import(&admin).await;
        for name in ["stray", "other"] {
            admin.call(CreateEmptyBuild::new(name, "1", "1", None)).await.unwrap();
            admin.call(ApplyVolumePolicy::new(format!("{name}-1-1"))).await.unwrap();
        }
        let refused = admin.refused(ApplyVolumePolicy::new("stray-1-1").strict(true)).await.1;
        assert_eq!(refused, "Policy returned no such volume: nosuch");
        let refused = admin.refused(ApplyVolumePolicy::new("other-1-1").strict(true)).await.1;
        assert_eq!(refused, "No volume policy match");
        assert_eq!(admin.refused(ApplyVolumePolicy::new("nosuch-1-1")).await.1, "No such build: 'nosuch-1-1'");
        for _ in 0..2 {
            admin.call(ApplyVolumePolicy::new(id)).await.unwrap();
            assert_eq!(get(&admin, id).await.volume_name, "vol2");
        }
        assert!(at.exists(&format!("{MOVED}/{RPM}")).await);
        // it goes with all that leads to it
        admin.call(DeleteBuild::new(id)).await.unwrap();
        assert!(!at.exists(MOVED).await && !at.is_link(USUAL).await);
    }
}

/// A draft that has the RPMs of `hello-2.10-1`.
async fn draft(at: &Setup, admin: &Caller<'_>, owner: &Caller<'_>) -> Build {
    let asked = CreateEmptyBuild::new("hello", "2.10", "1", None).draft(true).owner(UserRef::Id(owner.id));
    let build = get(admin, admin.call(asked).await.unwrap()).await;
    for (name, bytes) in build_rpms("hello", "2.10", "1", "").0 {
        let path = format!("packages/hello/2.10/{}/noarch/{name}", build.release);
        at.hub.hub.storage().put(&path, bytes.into()).await.unwrap();
    }
    let mut db = at.hub.db.db.begin().await.unwrap();
    db.execute(
        "INSERT INTO rpminfo (build_id, draft, name, version, release, arch, external_repo_id, payloadhash, size, buildtime)
         VALUES ($1, TRUE, 'hello', '2.10', '1', 'noarch', 0, 'x', 1, 1)",
        args![build.id],
    )
    .await
    .unwrap();
    db.commit().await.unwrap();
    build
}

#[tokio::test]
async fn a_promoted_draft_has_its_name_and_its_directory() {
    for db in databases("a_promoted_draft").await {
        let at = Setup::new(db, |_| {});
        let admin = at.admin().await;
        let (alice, bob) = (at.hub.user("alice", &[]).await, at.hub.user("bob", &[]).await);
        let one = draft(&at, &admin, &alice).await;
        let two = draft(&at, &admin, &alice).await;
        admin.call(CreateTag::new("f44")).await.unwrap();
        admin.call(PackageListAdd::new("f44", "hello").owner(UserRef::Id(admin.id))).await.unwrap();
        admin.call(TagBuildBypass::new("f44", one.id)).await.unwrap();

        let refused = bob.refused(PromoteBuild::new(one.id)).await;
        let words =
            "policy violation (draft_promotion): Only draft-promoter and build owner can do this via default policy";
        assert_eq!(refused, (FaultKind::ActionNotAllowed, words.into()));
        assert_eq!(bob.refused(PromoteBuild::new(one.id).force(true)).await.1, words);
        let refused = at.hub.nobody().refused(PromoteBuild::new(one.id)).await.1;
        assert_eq!(refused, "you must be logged in for this operation");

        let promoted = alice.call(PromoteBuild::new(one.id)).await.unwrap();
        assert_eq!((promoted.id, promoted.nvr.as_str(), promoted.draft), (one.id, "hello-2.10-1", false));
        assert_eq!((promoted.promoter_name.as_deref(), promoted.promotion_time.is_some()), (Some("alice"), true));
        assert_eq!(admin.call(GetBuild::new("hello-2.10-1")).await.unwrap(), Some(promoted));
        assert_eq!(admin.call(ListBuildRpms::new(one.id)).await.unwrap()[0].draft, Some(false));
        assert!(at.exists(&format!("{USUAL}/{RPM}")).await && !at.is_link(USUAL).await);
        let before = format!("packages/hello/2.10/{}", one.release);
        assert!(at.is_link(&before).await && at.exists(&format!("{before}/{RPM}")).await);
        assert_eq!((at.updates(3).await, at.updates(0).await), (1, 0));

        let refused = alice.refused(PromoteBuild::new(one.id)).await.1;
        assert_eq!(refused, "Cannot promote build hello-2.10-1. Reason: Not a draft build");
        let refused = alice.refused(PromoteBuild::new(two.id)).await.1;
        let words = format!("Cannot promote build {}. Reason: Target build exists: hello-2.10-1(#{})", two.nvr, one.id);
        assert_eq!(refused, words);
        let refused = alice.refused(PromoteBuild::new("nosuch-1-1")).await.1;
        assert_eq!(refused, "No such build: 'nosuch-1-1'");

        // it still leads there from another volume, and goes with the build
        admin.call(ChangeBuildVolume::new(one.id, "vol2")).await.unwrap();
        assert!(at.exists(&format!("{before}/{RPM}")).await);
        admin.call(koji_core::api::tagging::UntagBuildBypass::new("f44", one.id)).await.unwrap();
        admin.call(DeleteBuild::new(one.id)).await.unwrap();
        let left = at.hub.hub.storage().list("packages/hello/2.10").await.unwrap();
        assert_eq!(left, [two.release]);
        assert_eq!(at.files("vol/vol2/packages").await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_draft_without_files_or_unfinished_is_not_promoted() {
    for db in databases("a_draft_without_files").await {
        let at = Setup::new(db, |_| {});
        let admin = at.admin().await;
        let new = CreateEmptyBuild::new("hello", "2.10", "1", None).draft(true);
        let id = admin.call(new).await.unwrap();
        let refused = admin.refused(PromoteBuild::new(id)).await.1;
        assert_eq!(refused, format!("Build directory missing: /mnt/koji/packages/hello/2.10/1,draft_{id}"));
        assert!(get(&admin, id).await.draft);
        assert_eq!(admin.call(GetBuild::new("hello-2.10-1")).await.unwrap(), None);
        let mut db = at.hub.db.db.begin().await.unwrap();
        db.execute("UPDATE build SET state = 3 WHERE id = $1", args![id]).await.unwrap();
        db.commit().await.unwrap();
        let refused = admin.refused(PromoteBuild::new(BuildRef::Id(id))).await.1;
        let words = format!("Cannot promote build hello-2.10-1,draft_{id}. Reason: state (FAILED) is not COMPLETE.");
        assert_eq!(refused, words);
    }
}

#[tokio::test]
async fn a_draft_goes_to_the_volume_of_its_name_or_stays_a_draft() {
    for db in databases("a_draft_goes_to_the_volume").await {
        let at = Setup::new(db, |config| config.policies.push(("volume".into(), "release 1 :: vol2".into())));
        let admin = at.admin().await;
        let build = draft(&at, &admin, &admin).await;
        let before = format!("packages/hello/2.10/{}", build.release);
        let files = at.files(&before).await;
        at.storage.fail("copy", "vol/vol2");
        admin.refused(PromoteBuild::new(build.id)).await;
        at.storage.mend();
        assert_eq!(get(&admin, build.id).await, build);
        assert_eq!((at.files(&before).await, at.files("vol/vol2/packages").await), (files.clone(), vec![]));

        let promoted = admin.call(PromoteBuild::new(build.id).force(true)).await.unwrap();
        assert_eq!((promoted.volume_name.as_str(), promoted.release.as_str()), ("vol2", "1"));
        assert!(at.is_link(USUAL).await && at.is_link(&before).await);
        for dir in [MOVED, USUAL, &before] {
            assert_eq!(at.files(dir).await, files, "{dir}");
        }
    }
}

/// Has every commit fail that changes a build.
async fn fail_commits(at: &Setup) {
    let (function, trigger) = match at.hub.db.dialect() {
        Dialect::Sqlite => (None, "CREATE TRIGGER fails AFTER UPDATE ON build BEGIN INSERT INTO late VALUES (-1); END"),
        Dialect::Postgres => (
            Some(
                "CREATE FUNCTION fails() RETURNS trigger LANGUAGE plpgsql
                 AS $$ BEGIN INSERT INTO late VALUES (-1); RETURN NULL; END $$",
            ),
            "CREATE TRIGGER fails AFTER UPDATE ON build FOR EACH ROW EXECUTE FUNCTION fails()",
        ),
    };
    let table = "CREATE TABLE late (id INTEGER REFERENCES build (id) DEFERRABLE INITIALLY DEFERRED)";
    let mut db = at.hub.db.db.begin().await.unwrap();
    for sql in [Some(table), function, Some(trigger)].into_iter().flatten() {
        db.execute(sql, args![]).await.unwrap();
    }
    db.commit().await.unwrap();
}

#[tokio::test]
async fn files_are_as_they_were_if_the_commit_fails() {
    for db in databases("files_are_as_they_were").await {
        let at = Setup::new(db, |_| {});
        let admin = at.admin().await;
        let one = draft(&at, &admin, &admin).await;
        let id = at.import(&admin).await;
        let two = admin.call(CreateEmptyBuild::new("other", "1", "1", None).draft(true)).await.unwrap();
        at.hub.hub.storage().put(&format!("packages/other/1/1,draft_{two}/x"), "x".into()).await.unwrap();
        admin.call(ChangeBuildVolume::new(one.id, "vol2")).await.unwrap();
        let before = (at.files("packages").await, at.files("vol/vol2/packages").await);
        assert!(before.0.len() == 10 && before.1.len() == 3, "{before:?}");

        fail_commits(&at).await;
        for build in [id, one.id, two] {
            for volume in ["vol2", "DEFAULT"] {
                admin.refused(ChangeBuildVolume::new(build, volume)).await;
            }
            admin.refused(PromoteBuild::new(build)).await;
            admin.refused(ResetBuild::new(build)).await;
            admin.refused(DeleteBuild::new(build)).await;
        }
        assert_eq!((at.files("packages").await, at.files("vol/vol2/packages").await), before);
        let link = format!("packages/hello/2.10/{}", one.release);
        assert!(at.is_link(&link).await && !at.is_link(USUAL).await);
        assert_eq!(get(&admin, id).await.state, BuildState::Complete);
    }
}
