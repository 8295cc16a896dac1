//! `koji-hub check`: the data hold together, and what does not is told; which rule of a policy decides.

use std::path::Path;

use koji_core::api::archives::ImportArchive;
use koji_core::api::builds::CreateEmptyBuild;
use koji_core::api::packages::PackageListAdd;
use koji_core::api::rpms::{ImportRpm, WriteSignedRpm};
use koji_core::api::tagging::{TagBuildBypass, UntagBuildBypass};
use koji_core::api::tags::{CreateTag, EditTag2};
use koji_core::api::typed_builds::CreateMavenBuild;
use koji_core::api::{BuildRef, KwArgs, Param};
use koji_core::xmlrpc::Struct;
use koji_hub_lib::config::HubConfig;
use koji_hub_lib::db::{Dialect, args};
use koji_hub_lib::{Hub, PolicyData};
use koji_tests::{BuiltRpms, TestHub, build_rpms, hubs};

/// Where the RPM of the hub's build is.
const RPM: &str = "packages/hello/2.10/1/noarch/hello-2.10-1.noarch.rpm";
const JAR: &str = "packages/lib/1/1/maven/org/example/lib/1/lib-1.jar";

/// A hub with an RPM and its signed copy, an archive, tags with a history, a repo, and a task with a subtask.
async fn furnish(hub: &TestHub, rpms: &BuiltRpms) {
    let admin = hub.admin().await;
    let builder = hub.builder("builder1").await;
    for (name, bytes) in &rpms.0 {
        hub.hub.storage().put(&format!("work/up/{name}"), bytes.clone().into()).await.unwrap();
        admin.call(ImportRpm::new("up", name.as_str())).await.unwrap();
    }
    admin.call(WriteSignedRpm::new("hello-2.10-1.noarch", "")).await.unwrap();

    let lib = admin.call(CreateEmptyBuild::new("lib", "1", "1", None)).await.unwrap();
    let info: Struct = [("group_id", "org.example"), ("artifact_id", "lib"), ("version", "1")].into_iter().collect();
    let lib = || BuildRef::Id(lib).into_value();
    admin.call(CreateMavenBuild::new(lib(), info.clone())).await.unwrap();
    hub.hub.storage().put("work/up/lib-1.jar", "a jar".into()).await.unwrap();
    admin.call(ImportArchive::new("up/lib-1.jar", lib(), "maven", info)).await.unwrap();

    admin.call(CreateTag::new("f44").arches("x86_64")).await.unwrap();
    admin.call(EditTag2::new("f44").changes(KwArgs([("arches", "aarch64")].into_iter().collect()))).await.unwrap();
    admin.call(PackageListAdd::new("f44", "hello").owner("kojiadmin")).await.unwrap();
    for _ in 0..2 {
        admin.call(TagBuildBypass::new("f44", "hello-2.10-1")).await.unwrap();
        admin.call(UntagBuildBypass::new("f44", "hello-2.10-1")).await.unwrap();
    }
    admin.call(TagBuildBypass::new("f44", "hello-2.10-1")).await.unwrap();

    let task = hub.open_task(&builder, &admin, "build").await;
    hub.hub.storage().put(&format!("work/tasks/{task}/{task}/build.log"), "log".into()).await.unwrap();
    let child = hub.open_task(&builder, &admin, "buildArch").await;
    run(hub, &format!("UPDATE task SET parent = {task} WHERE id = {child}")).await;
    run(hub, &format!("UPDATE task SET waiting = TRUE WHERE id = {task}")).await;
    run(hub, "INSERT INTO repo (tag_id, state, create_event, dist) VALUES (1, 1, 1, FALSE)").await;
    hub.hub.storage().put("repos/f44/1/repo.json", "{}".into()).await.unwrap();
}

/// Changes a database past all that guards it.
async fn run(hub: &TestHub, sql: &str) {
    let done = match &hub.db.db {
        koji_hub_lib::db::Db::Sqlite { write, .. } => {
            let mut conn = write.acquire().await.unwrap();
            let sql = format!(
                "PRAGMA ignore_check_constraints = on; PRAGMA foreign_keys = off; {sql}; PRAGMA foreign_keys = on"
            );
            sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(conn.raw().unwrap()).await.map(|_| ())
        }
        koji_hub_lib::db::Db::Postgres { pool, .. } => {
            let mut conn = pool.acquire().await.unwrap();
            let sql = format!("SET session_replication_role = replica; {sql}; RESET session_replication_role");
            sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(conn.raw().unwrap()).await.map(|_| ())
        }
    };
    done.unwrap_or_else(|e| panic!("{sql}: {e}"));
}

async fn faults(hub: &Hub, checksums: bool) -> (Vec<String>, String) {
    let mut told = Vec::new();
    let checked = hub.check_data(checksums, |line| told.push(line)).await.unwrap();
    assert_eq!(checked.faults, told.len() as u64);
    (told, checked.to_string())
}

#[tokio::test]
async fn a_sound_hub_has_no_faults() {
    let rpms = build_rpms("hello", "2.10", "1", "");
    for hub in hubs("a_sound_hub").await {
        assert_eq!(faults(&hub.hub, true).await.0, [""; 0]);
        furnish(&hub, &rpms).await;
        let (told, ended) = faults(&hub.hub, true).await;
        assert_eq!(told, [""; 0]);
        assert!(ended.starts_with("no faults in 2 builds, 3 RPMs, 1 archives, 1 repos, 2 tasks, "), "{ended}");
    }
}

/// Each damage to the database, one after another, and what is told of it from then on. Tasks and builds from 3 on are
/// there to be damaged.
const DAMAGES: &[(&str, &str)] = &[
    ("UPDATE tag_config SET revoke_event = create_event - 1 WHERE active IS NULL", "tag_config: a row of event"),
    (
        "UPDATE tag_config SET revoke_event = 99999 WHERE active IS NULL",
        "tag_config: two rows with tag_id = 1 hold at event",
    ),
    (
        "UPDATE tag_listing SET revoke_event = revoke_event + 1000 WHERE active IS NULL",
        "tag_listing: two rows with build_id, tag_id = 1, 1 hold at event",
    ),
    (
        "UPDATE task SET state = 2, completion_time = create_time WHERE id = 1",
        "task 2 has not ended, but task 1 above it has",
    ),
    ("UPDATE task SET parent = 4 WHERE id = 3", "task 3 is below task 4, which is no older"),
    ("UPDATE task SET host_id = NULL WHERE id = 4", "task 4 is given to a host, but to none"),
    ("UPDATE task SET state = 0 WHERE id = 5", "task 5 is free, but host 1 has it"),
    ("UPDATE task SET state = 5 WHERE id = 6", "task 6 has ended, but at no time"),
    ("UPDATE task SET completion_time = create_time WHERE id = 7", "task 7 has not ended, but has a time of its end"),
    ("UPDATE task SET state = 7 WHERE id = 8", "task 8 has no state that there is"),
    ("UPDATE task SET waiting = TRUE WHERE id = 9", "task 9 waits, but has no subtasks"),
    ("UPDATE task SET awaited = TRUE WHERE id = 9", "task 9 is awaited, but is no subtask"),
    ("INSERT INTO scheduler_task_runs (task_id, host_id) VALUES (9, 1), (9, 1)", "task 9 runs 2 times at once"),
    ("DELETE FROM task WHERE id = 10", "work/tasks/10/10 is of no task"),
    (
        "UPDATE build SET state = 0, completion_time = NULL WHERE id = 3",
        "build 3 (spare-3-1) is in the making, but by no task and no content generator",
    ),
    (
        "UPDATE build SET state = 0, completion_time = NULL, task_id = 1 WHERE id = 4",
        "build 4 (spare-4-1) is in the making, but its task has ended",
    ),
    (
        "INSERT INTO tag_listing (tag_id, build_id, create_event, creator_id) VALUES (1, 3, 1, 1)",
        "build 3 (spare-3-1) is tagged, but not complete",
    ),
    (
        "INSERT INTO maven_builds (build_id, group_id, artifact_id, version) VALUES (5, 'g', 'a', '1')",
        "build 5 is in maven_builds and not of type maven",
    ),
    ("DELETE FROM build_types WHERE build_id = 1", "build 1 (hello-2.10-1) has RPMs, but is not of type rpm"),
    ("UPDATE rpminfo SET size = size + 1 WHERE arch = 'noarch' AND name = 'hello'", RPM),
    (
        "UPDATE rpminfo SET payloadhash = 'x' WHERE arch = 'src'",
        "rpm 1: packages/hello/2.10/1/src/hello-2.10-1.src.rpm: has",
    ),
    (
        "UPDATE rpmsigs SET sighash = 'x' WHERE rpm_id = 2",
        "rpm 2, signature of key '': packages/hello/2.10/1/data/sigcache",
    ),
    ("UPDATE rpm_checksum SET checksum = 'x' WHERE checksum_type = 2 AND rpm_id = 2", "noarch.rpm: has the checksum"),
    ("UPDATE archiveinfo SET checksum = 'x'", "lib-1.jar has the checksum"),
    ("UPDATE archiveinfo SET size = size + 1", "lib-1.jar has 5 bytes, not 6"),
    ("DELETE FROM maven_builds WHERE build_id = 2", "build 2 is of type maven and not in maven_builds"),
    ("DELETE FROM build_types WHERE build_id = 2", "archive 1 is of another type than build 2, which it is of"),
    ("DELETE FROM maven_archives", "archive 1 is of type maven and not in maven_archives"),
    ("UPDATE build SET state = 2 WHERE id = 2", "packages/lib/1/1 is of build 2, which is DELETED"),
    ("UPDATE build SET version = '2.11' WHERE id = 1", "packages/hello/2.10/1 is of no build"),
    ("UPDATE sessions SET master = 2 WHERE id = 1", "session 1 is of another user than session 2 above it"),
    (
        "UPDATE sessions SET master = 1, \"exclusive\" = NULL WHERE id = 2",
        "session 1 is below session 2, which is itself below one",
    ),
    ("UPDATE repo SET id = 7", "repo 7 of tag f44 is ready, but repos/f44/7 is not there"),
];

#[tokio::test]
async fn what_is_wrong_in_the_database_is_told() {
    let rpms = build_rpms("hello", "2.10", "1", "");
    for hub in hubs("what_is_wrong").await {
        furnish(&hub, &rpms).await;
        let (admin, builder) = (hub.user("ann", &["admin"]).await, hub.builder("builder2").await);
        for n in 3..=10 {
            admin.call(CreateEmptyBuild::new("spare", n.to_string(), "1", None)).await.unwrap();
            let task = hub.open_task(&builder, &admin, "build").await;
            hub.hub.storage().put(&format!("work/tasks/{task}/{task}/log"), "log".into()).await.unwrap();
        }
        run(&hub, "UPDATE task SET host_id = 1").await;
        let mut told = faults(&hub.hub, true).await.0;
        assert_eq!(told, [""; 0]);
        for (damage, expected) in DAMAGES {
            let dialect = hub.db.dialect();
            assert!(!told.iter().any(|line| line.contains(expected)), "{dialect:?}: before {damage}: {told:#?}");
            run(&hub, damage).await;
            told = faults(&hub.hub, true).await.0;
            assert!(told.iter().any(|line| line.contains(expected)), "{dialect:?}: {damage}: {told:#?}");
        }
        assert!(told.iter().any(|line| line == "repos/f44/1 is of no repo"), "{told:#?}");
        let ended = faults(&hub.hub, false).await.1;
        assert!(ended.contains(" faults in 10 builds, 3 RPMs"), "{ended}");
        if hub.db.dialect() == Dialect::Sqlite {
            run(&hub, "DELETE FROM package").await;
            let (told, _) = faults(&hub.hub, false).await;
            assert!(told.iter().any(|line| line.contains("refers to a row of package that is not there")), "{told:#?}");
        }
    }
}

#[tokio::test]
async fn what_is_wrong_in_the_storage_is_told() {
    let rpms = build_rpms("hello", "2.10", "1", "");
    let signed = "packages/hello/2.10/1/data/signed/noarch/hello-2.10-1.noarch.rpm";
    let header = "packages/hello/2.10/1/data/sigcache/noarch/hello-2.10-1.noarch.rpm.sig";
    for hub in hubs("what_is_wrong_in_storage").await {
        furnish(&hub, &rpms).await;
        let storage = hub.hub.storage();
        let told = async |path: &str, bytes: Option<&[u8]>, checksums: bool| {
            let size = storage.metadata(path).await.unwrap().map(|found| found.size);
            let before = match size {
                Some(size) => Some(storage.read(path, 0, size).await.unwrap()),
                None => None,
            };
            match bytes {
                Some(bytes) => storage.put(path, bytes.to_vec().into()).await.unwrap(),
                None => storage.remove(path).await.unwrap(),
            }
            let told = faults(&hub.hub, checksums).await.0;
            match before {
                Some(before) => storage.put(path, before).await.unwrap(),
                None => storage.remove(path).await.unwrap(),
            }
            told
        };
        for (path, what) in [(RPM, "rpm 2"), (JAR, "archive 1"), (header, "rpm 2, signature of key ''")] {
            assert_eq!(told(path, None, false).await, [format!("{what}: {path} is not there")]);
        }
        assert_eq!(told(JAR, Some(b"a cat"), false).await, [""; 0]);
        let found = told(JAR, Some(b"a cat"), true).await;
        assert!(found.len() == 1 && found[0].starts_with(&format!("archive 1: {JAR} has the checksum ")), "{found:?}");
        assert_eq!(told(JAR, Some(b"a jug!"), false).await, [format!("archive 1: {JAR} has 6 bytes, not 5")]);
        let found = told(signed, Some(b"short"), false).await;
        assert!(found.len() == 1 && found[0].contains(&format!("{signed} has 5 bytes, not ")), "{found:?}");

        let size = storage.metadata(RPM).await.unwrap().unwrap().size;
        let mut bytes = storage.read(RPM, 0, size).await.unwrap().to_vec();
        *bytes.last_mut().unwrap() ^= 1;
        assert_eq!(told(RPM, Some(&bytes), false).await, [""; 0]);
        let found = told(RPM, Some(&bytes), true).await;
        assert!(found.len() > 1 && found[0].starts_with(&format!("rpm 2: {RPM}: has the checksum ")), "{found:?}");

        for (path, what) in [
            ("packages/nosuch/1/1/data", "packages/nosuch/1/1 is of no build"),
            (
                "packages/hello/2.10/.1.0123456789abcdef/data",
                "packages/hello/2.10/.1.0123456789abcdef was left by something that was broken off",
            ),
            ("repos/f44/99/repo.json", "repos/f44/99 is of no repo"),
            ("work/tasks/7/8/log", "work/tasks/7/8 is of no task"),
        ] {
            assert_eq!(told(path, Some(b"x"), false).await, [what], "{path}");
            storage.remove(path.rsplit_once('/').unwrap().0).await.unwrap();
        }
        storage.remove("packages/nosuch").await.unwrap();
        storage.link("packages/hello/2.10/9", "packages/hello/2.10/2").await.unwrap();
        assert_eq!(faults(&hub.hub, false).await.0, ["packages/hello/2.10/2 is a link that leads nowhere"]);
    }
}

fn conf(dir: &Path, policies: &str) -> HubConfig {
    let path = dir.join("hub.conf");
    let text =
        format!("[hub]\nDBConnectionString = sqlite://{0}/hub.db\nKojiDir = {0}\n[policy]\n{policies}", dir.display());
    std::fs::write(&path, text).unwrap();
    HubConfig::read(&path).unwrap()
}

#[tokio::test]
async fn a_broken_policy_is_refused_at_start_with_its_place() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("hub.conf");
    Hub::init(&conf(dir.path(), "")).await.unwrap();
    for (rules, line, problem) in [
        ("all :: allow\n    # a comment\n    nosuch x :: deny", 8, "missing test handler: nosuch"),
        ("all :: {\n    tag x :: allow", 6, "nesting error in rule set: '{' without '}'"),
        ("all allow", 6, "bad policy line: all allow"),
        ("compare x ~ 1 :: deny", 6, "Invalid comparison in test."),
    ] {
        let refused = Hub::open(conf(dir.path(), &format!("tag =\n    {rules}\n"))).await.err().unwrap().to_string();
        assert_eq!(refused, format!("{}:{line}: policy tag: {problem}", file.display()));
    }
}

#[tokio::test]
async fn the_rule_that_decides_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("hub.conf");
    let policies =
        "tag =\n    # first\n    tag f44* :: {\n        has_perm admin :: allow\n    }\n    all :: deny no\n";
    let config = conf(dir.path(), policies);
    Hub::init(&config).await.unwrap();
    let hub = Hub::open(config).await.unwrap();
    let mut db = hub.db().begin().await.unwrap();
    for sql in [
        "INSERT INTO events DEFAULT VALUES",
        "INSERT INTO users (name, status, usertype) VALUES ('ann', 0, 0)",
        "INSERT INTO tag (name) VALUES ('f44')",
        "INSERT INTO tag_config (tag_id, arches, create_event, creator_id) VALUES (1, '', 1, 1)",
    ] {
        db.execute(sql, args![]).await.unwrap();
    }
    db.commit().await.unwrap();
    let ask = async |name: &str, data: &[&str]| -> String {
        let data: Vec<PolicyData> = data.iter().map(|field| field.parse().unwrap()).collect();
        hub.decide(name, data).await.unwrap().to_string()
    };
    assert_eq!(
        ask("tag", &["tag=f44", "user_id=ann"]).await,
        format!("{}:10: policy tag: all :: deny no\ndeny no", file.display())
    );
    let permit = "INSERT INTO user_perms (user_id, perm_id, create_event, creator_id) VALUES (1, 1, 1, 1)";
    let mut db = hub.db().begin().await.unwrap();
    db.execute(permit, args![]).await.unwrap();
    db.commit().await.unwrap();
    assert_eq!(
        ask("tag", &["tag:=1", "user_id=ann"]).await,
        format!("{}:8: policy tag: tag f44* :: ... has_perm admin :: allow\nallow", file.display())
    );
    let channel = ask("channel", &["req_channel=vm"]).await;
    assert_eq!(channel, "policy channel, line 1: has req_channel :: req\nreq");
    let refused = hub.decide("nosuch", []).await.unwrap_err().to_string();
    assert!(refused.contains("no such policy: nosuch"), "{refused}");
    assert!("no form".parse::<PolicyData>().is_err() && "a:={".parse::<PolicyData>().is_err());
}
