//! What keeps a build, and what becomes of one that is deleted or reset.

use std::time::{Duration, Instant};

use koji_core::api::builds::*;
use koji_core::api::packages::PackageListAdd;
use koji_core::api::rpms::{ImportRpm, ListBuildRpms, QueryRpmSigs};
use koji_core::api::tagging::{ListTagged, TagBuildBypass, UntagBuildBypass};
use koji_core::api::tags::CreateTag;
use koji_core::api::{BuildRef, UserRef};
use koji_core::fault::FaultKind;
use koji_core::ids::{ArchiveId, BuildId, RpmId, TagId};
use koji_core::model::{BuildReferences, BuildState, TagReference};
use koji_core::xmlrpc::{Struct, Value, from_value};
use koji_hub_lib::db::{Dialect, args};
use koji_tests::{BuiltRpms, Caller, TestHub, build_rpms, hubs};

async fn import(hub: &TestHub, user: &Caller<'_>, rpms: &BuiltRpms) -> BuildId {
    let mut build = None;
    for (name, bytes) in &rpms.0 {
        hub.hub.storage().put(&format!("work/cli/{name}"), bytes.clone().into()).await.unwrap();
        let rpm = user.call(ImportRpm::new("cli", name.as_str())).await.unwrap();
        build = rpm.as_struct().unwrap().get("build_id").cloned();
    }
    from_value(build.unwrap()).unwrap()
}

async fn exists(hub: &TestHub, path: &str) -> bool {
    hub.hub.storage().metadata(path).await.unwrap().is_some()
}

async fn state(user: &Caller<'_>, build: BuildId) -> BuildState {
    user.call(GetBuild::new(build)).await.unwrap().unwrap().state
}

async fn empty(user: &Caller<'_>, name: &str) -> BuildId {
    user.call(CreateEmptyBuild::new(name, "1", "1", None)).await.unwrap()
}

async fn run(hub: &TestHub, sql: &'static str, ids: &[i32]) -> i32 {
    let mut db = hub.db.db.begin().await.unwrap();
    let args = ids.iter().map(|id| koji_hub_lib::db::Arg::from(*id)).collect();
    let id = db.fetch_scalar(sql, args).await.unwrap();
    db.commit().await.unwrap();
    id
}

/// An RPM of a build, built in a buildroot if one is given.
async fn rpm(hub: &TestHub, build: BuildId, name: &'static str, root: Option<i32>) -> i32 {
    let mut db = hub.db.db.begin().await.unwrap();
    let id = db
        .fetch_scalar(
            "INSERT INTO rpminfo (build_id, draft, buildroot_id, name, version, release, arch, external_repo_id,
                                  payloadhash, size, buildtime)
             VALUES ($1, FALSE, $2, $3, '1', '1', 'noarch', 0, 'x', 1, 1) RETURNING id",
            args![build, root, name],
        )
        .await
        .unwrap();
    db.commit().await.unwrap();
    id
}

async fn archive(hub: &TestHub, build: BuildId, root: Option<i32>) -> i32 {
    let mut db = hub.db.db.begin().await.unwrap();
    let id = db
        .fetch_scalar(
            "INSERT INTO archiveinfo (type_id, build_id, buildroot_id, filename, size, checksum, checksum_type)
             SELECT id, $1, $2, 'a.zip', 1, 'x', 0 FROM archivetypes WHERE name = 'zip' RETURNING id",
            args![build, root],
        )
        .await
        .unwrap();
    db.commit().await.unwrap();
    id
}

/// A buildroot of a builder, made now.
async fn buildroot(hub: &TestHub, user: &Caller<'_>, builder: &Caller<'_>, tag: TagId) -> i32 {
    let task = hub.open_task(builder, user, "buildArch").await;
    let event = run(hub, "INSERT INTO events DEFAULT VALUES RETURNING id", &[]).await;
    let sql = "INSERT INTO repo (tag_id, create_event, state) VALUES ($1, $2, 1) RETURNING id";
    let repo = run(hub, sql, &[tag.0, event]).await;
    let root = run(hub, "INSERT INTO buildroot (br_type) VALUES (0) RETURNING id", &[]).await;
    let sql = "INSERT INTO standard_buildroot (buildroot_id, host_id, repo_id, task_id, create_event, state)
               SELECT $1, host_id, $2, $3, $4, 1 FROM task WHERE id = $3 RETURNING buildroot_id";
    run(hub, sql, &[root, repo, task.0, event]).await
}

#[tokio::test]
async fn a_build_stays_as_long_as_something_refers_to_it() {
    for hub in hubs("a_build_stays_as_long").await {
        let (admin, builder) = (hub.admin().await, hub.builder("builder1").await);
        let tag = admin.call(CreateTag::new("f44")).await.unwrap();
        let (lib, app) = (empty(&admin, "lib").await, empty(&admin, "app").await);
        admin.call(PackageListAdd::new("f44", "lib").owner(UserRef::Id(admin.id))).await.unwrap();
        let refs = async |lazy: bool| admin.call(GetBuildReferences::new(lib).lazy(lazy)).await.unwrap();
        let refused = async || {
            assert_eq!(admin.call(DeleteBuild::new(lib).strict(false)).await.unwrap(), Some(false));
            let refused = admin.refused(DeleteBuild::new(lib)).await;
            assert_eq!((refused.0, state(&admin, lib).await), (FaultKind::Generic, BuildState::Complete));
            refused.1
        };
        let nothing = refs(true).await;
        assert_eq!(
            nothing,
            BuildReferences {
                tags: vec![],
                rpms: Some(vec![]),
                component_of: Some(vec![]),
                archives: Some(vec![]),
                last_used: Some(None),
                images: Some(vec![]),
            }
        );

        admin.call(TagBuildBypass::new("f44", lib)).await.unwrap();
        assert_eq!(refused().await, format!("Cannot delete build, tagged: [{{'name': 'f44', 'tag_id': {tag}}}]"));
        let lazily = refs(true).await;
        assert_eq!(lazily.tags, [TagReference { name: "f44".into(), tag_id: tag }]);
        assert_eq!((lazily.rpms, lazily.last_used), (None, None));
        admin.call(UntagBuildBypass::new("f44", lib)).await.unwrap();

        // an archive in whose buildroot an archive of it was
        let root = buildroot(&hub, &admin, &builder, tag).await;
        let own = archive(&hub, lib, None).await;
        let sql = "INSERT INTO buildroot_archives (buildroot_id, archive_id, project_dep) VALUES ($1, $2, FALSE)
                   RETURNING archive_id";
        run(&hub, sql, &[root, own]).await;
        let other = archive(&hub, app, Some(root)).await;
        let words = refused().await;
        let start =
            format!("Cannot delete build, used in archive buildroots: [{{'build_id': {app}, 'filename': 'a.zip'");
        assert!(words.starts_with(&start), "{words}");
        // an archive that holds it
        let sql = "INSERT INTO archive_components (archive_id, component_id) VALUES ($1, $2) RETURNING archive_id";
        run(&hub, sql, &[other, own]).await;
        run(&hub, "UPDATE archiveinfo SET buildroot_id = NULL WHERE id = $1 RETURNING id", &[other]).await;
        assert_eq!(refused().await, format!("Cannot delete build, used as component of: [{other}]"));
        // an archive that holds an RPM of it
        let package = rpm(&hub, lib, "lib", None).await;
        let sql = "INSERT INTO archive_rpm_components (archive_id, rpm_id) VALUES ($1, $2) RETURNING archive_id";
        run(&hub, sql, &[other, package]).await;
        assert_eq!(refs(false).await.component_of, Some(vec![ArchiveId(other); 2]));
        assert_eq!(refs(true).await.archives, None);
        // an RPM in whose buildroot an RPM of it was
        let sql = "INSERT INTO buildroot_listing (buildroot_id, rpm_id) VALUES ($1, $2) RETURNING rpm_id";
        run(&hub, sql, &[root, package]).await;
        let (one, two) = (rpm(&hub, app, "app", Some(root)).await, rpm(&hub, app, "app-doc", Some(root)).await);
        let words = refused().await;
        let start = "Cannot delete build, used in buildroots: [{'arch': 'noarch', 'build_id': ";
        assert!(words.starts_with(start) && words.contains("'app-doc'"), "{words}");
        let all: Vec<RpmId> = refs(false).await.rpms.unwrap().iter().map(|rpm| rpm.id).collect();
        assert_eq!(all, [RpmId(one), RpmId(two)]);
        let limited = admin.call(GetBuildReferences::new(lib).limit(1)).await.unwrap();
        assert_eq!((limited.rpms.unwrap().len(), limited.images.unwrap().len()), (1, 2), "one of each kind");
        let refused_limit = admin.refused(GetBuildReferences::new(lib).limit(-1)).await;
        assert_eq!(refused_limit.0, FaultKind::Generic);

        // what refers to it is deleted: what is left is that it was used just now
        run(&hub, "UPDATE build SET state = 2 WHERE id = $1 RETURNING id", &[app.0]).await;
        let left = refs(false).await;
        assert_eq!((left.rpms, left.component_of, left.archives), (Some(vec![]), Some(vec![]), Some(vec![])));
        assert!(left.last_used.flatten().unwrap() > 1_600_000_000.0);
        assert_eq!(refused().await, "Cannot delete build, used in recent buildroot");
        assert_eq!(admin.call(DeleteBuild::new(lib).min_ref_age(0)).await.unwrap(), Some(true));
        assert_eq!(state(&admin, lib).await, BuildState::Deleted);
        assert_eq!(admin.call(DeleteBuild::new(lib)).await.unwrap(), None);
        assert_eq!(admin.refused(GetBuildReferences::new("nosuch-1-1")).await.1, "No such build: 'nosuch-1-1'");
    }
}

#[tokio::test]
async fn a_deleted_build_has_no_files_and_no_signatures() {
    let rpms = build_rpms("hello", "2.10", "1", "");
    for hub in hubs("a_deleted_build").await {
        let (admin, alice) = (hub.admin().await, hub.user("alice", &[]).await);
        let id = import(&hub, &admin, &rpms).await;
        let other = empty(&admin, "other").await;
        admin.call(CreateTag::new("f44")).await.unwrap();
        admin.call(PackageListAdd::new("f44", "hello").owner(UserRef::Id(admin.id))).await.unwrap();
        admin.call(TagBuildBypass::new("f44", id)).await.unwrap();
        let refused = alice.refused(DeleteBuild::new(id)).await;
        assert_eq!(refused, (FaultKind::ActionNotAllowed, "admin permission required (logged in as alice)".into()));

        // as koji-gc does it: untagged and deleted in one go
        let call = |method: &str, params: &[Value]| {
            let call: Struct =
                [("methodName", Value::from(method)), ("params", params.to_vec().into())].into_iter().collect();
            Value::Struct(call)
        };
        let (tag, build) = (Value::from("f44"), Value::from(id.0));
        let calls = vec![
            call("deleteBuild", std::slice::from_ref(&build)),
            call("untagBuildBypass", &[tag.clone(), build.clone()]),
            call("deleteBuild", std::slice::from_ref(&build)),
            call("tagBuildBypass", &[tag, build]),
        ];
        let answers = admin.call_raw("multiCall", vec![Value::Array(calls)]).await.unwrap();
        let answers = answers.as_array().unwrap();
        let fault = |n: usize| answers[n].as_struct().unwrap().get("faultString").unwrap().as_str().unwrap().to_owned();
        assert!(fault(0).starts_with("Cannot delete build, tagged: "), "{answers:?}");
        assert_eq!(answers[2], Value::Array(vec![true.into()]));
        assert_eq!(fault(3), "build hello-2.10-1 not complete: state DELETED");
        assert!(!exists(&hub, "packages/hello/2.10/1").await);
        assert_eq!(hub.hub.storage().list("packages/hello/2.10").await.unwrap(), Vec::<String>::new());
        assert_eq!(admin.call(QueryRpmSigs::new()).await.unwrap().count(), 0);
        assert_eq!(admin.call(ListBuildRpms::new(id)).await.unwrap().len(), 3, "what it had stays known");
        assert_eq!(state(&admin, other).await, BuildState::Complete);
        // its name is not free
        let refused = admin.refused(CreateEmptyBuild::new("hello", "2.10", "1", None)).await.1;
        assert!(refused.starts_with(&format!("Build already exists (id={id}, state=DELETED)")), "{refused}");
    }
}

#[tokio::test]
async fn a_build_that_was_reset_can_be_imported_anew() {
    let rpms = build_rpms("hello", "2.10", "1", "");
    for hub in hubs("a_build_that_was_reset").await {
        let (admin, alice, builder) = (hub.admin().await, hub.user("alice", &[]).await, hub.builder("builder1").await);
        let tag = admin.call(CreateTag::new("f44")).await.unwrap();
        let id = import(&hub, &admin, &rpms).await;
        admin.call(PackageListAdd::new("f44", "hello").owner(UserRef::Id(admin.id))).await.unwrap();
        admin.call(TagBuildBypass::new("f44", id)).await.unwrap();
        // all that may refer to what it has
        let (package, own) = (rpm(&hub, id, "more", None).await, archive(&hub, id, None).await);
        let other = archive(&hub, empty(&admin, "other").await, None).await;
        let root = buildroot(&hub, &admin, &builder, tag).await;
        for (sql, ids) in [
            ("INSERT INTO buildroot_listing (buildroot_id, rpm_id) VALUES ($1, $2) RETURNING rpm_id", [root, package]),
            (
                "INSERT INTO buildroot_archives (buildroot_id, archive_id, project_dep) VALUES ($1, $2, TRUE)
                 RETURNING archive_id",
                [root, own],
            ),
            (
                "INSERT INTO archive_rpm_components (archive_id, rpm_id) VALUES ($1, $2) RETURNING rpm_id",
                [other, package],
            ),
            (
                "INSERT INTO archive_components (archive_id, component_id) VALUES ($1, $2) RETURNING archive_id",
                [other, own],
            ),
            (
                "INSERT INTO archive_components (archive_id, component_id) VALUES ($1, $2) RETURNING archive_id",
                [own, other],
            ),
            (
                "INSERT INTO win_archives (archive_id, relpath, platforms) SELECT $1, 'x', 'y' WHERE $2 > 0 RETURNING archive_id",
                [own, 1],
            ),
        ] {
            run(&hub, sql, &ids).await;
        }
        let refused = alice.refused(ResetBuild::new(id)).await.1;
        assert_eq!(refused, "admin permission required (logged in as alice)");
        admin.call(ResetBuild::new(BuildRef::Id(BuildId(99)))).await.unwrap();
        assert_eq!(state(&admin, id).await, BuildState::Complete);

        admin.call(ResetBuild::new(id)).await.unwrap();
        let build = admin.call(GetBuild::new(id)).await.unwrap().unwrap();
        assert_eq!((build.state, build.task_id, build.volume_name.as_str()), (BuildState::Canceled, None, "DEFAULT"));
        assert_eq!(admin.call(ListBuildRpms::new(id)).await.unwrap(), []);
        assert_eq!(admin.call(ListTagged::new("f44")).await.unwrap(), []);
        assert_eq!(admin.call(GetBuildType::new(id)).await.unwrap(), Some(Struct::new()));
        assert!(!exists(&hub, "packages/hello/2.10/1").await);
        let left = run(&hub, "SELECT CAST(COUNT(*) AS INTEGER) FROM archiveinfo WHERE build_id = $1", &[id.0]).await;
        assert_eq!(left, 0);

        let again = admin.call(CreateEmptyBuild::new("hello", "2.10", "1", None)).await.unwrap();
        assert_eq!((again, import(&hub, &admin, &rpms).await), (id, id));
        assert!(exists(&hub, "packages/hello/2.10/1/noarch/hello-2.10-1.noarch.rpm").await);
    }
}

#[tokio::test]
async fn a_build_in_the_making_is_reset_but_not_deleted() {
    for hub in hubs("a_build_in_the_making").await {
        let admin = hub.admin().await;
        let id = empty(&admin, "hello").await;
        let sql = "UPDATE build SET state = 0, completion_time = NULL WHERE id = $1 RETURNING id";
        run(&hub, sql, &[id.0]).await;
        let refused = admin.refused(DeleteBuild::new(id)).await.1;
        assert_eq!(refused, "Cannot delete build, still in the making");
        admin.call(ResetBuild::new(id)).await.unwrap();
        assert_eq!(state(&admin, id).await, BuildState::Canceled);
        assert_eq!(admin.call(DeleteBuild::new(id)).await.unwrap(), Some(true));
    }
}

/// Waits until a statement waits for a lock in this database.
async fn until_one_waits(hub: &TestHub) {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let mut db = hub.db.db.read().await.unwrap();
        let waiting: i64 = db
            .fetch_scalar(
                "SELECT COUNT(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()",
                args![],
            )
            .await
            .unwrap();
        if waiting > 0 {
            return;
        }
        assert!(Instant::now() < deadline, "nothing waits for the one who deletes the build");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_build_is_not_tagged_while_it_is_deleted() {
    for hub in hubs("a_build_is_not_tagged_while").await {
        if hub.db.dialect() == Dialect::Sqlite {
            // one writes at a time
            continue;
        }
        let admin = hub.admin().await;
        admin.call(CreateTag::new("f44")).await.unwrap();
        let id = empty(&admin, "hello").await;
        let mut db = hub.db.db.begin().await.unwrap();
        db.execute("UPDATE build SET state = 2 WHERE id = $1", args![id]).await.unwrap();
        let (refused, ()) = tokio::join!(admin.refused(TagBuildBypass::new("f44", id)), async {
            until_one_waits(&hub).await;
            db.commit().await.unwrap();
        });
        assert_eq!(refused, (FaultKind::Tag, "build hello-1-1 not complete: state DELETED".into()));
    }
}
