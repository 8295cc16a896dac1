//! Content generators, as they and the hub's users see it.

use std::sync::Arc;
use std::time::Duration;

use koji_core::api::archives::{GetImageArchive, ListArchives};
use koji_core::api::buildroots::{GetBuildroot, GetBuildrootListing};
use koji_core::api::builds::*;
use koji_core::api::content_generators::*;
use koji_core::api::rpms::{ImportRpm, ListBuildRpms, ListRpms};
use koji_core::api::tags::CreateTag;
use koji_core::fault::FaultKind;
use koji_core::ids::BuildId;
use koji_core::model::{Archive, BuildState, ChecksumType};
use koji_core::xmlrpc::{Struct, Value};
use koji_hub_lib::db::args;
use koji_tests::{BrittleStorage, Caller, TestDb, TestHub, build_rpms, databases, hubs};
use serde_json::{Value as Json, json};

const MD5_OF_HELLO: &str = "5d41402abc4b2a76b9719d911017c592";
const SHA256_OF_LOG: &str = "836ff184e7b41b1e13cb5fd89fa1de98dbbab99e9d2918913ff43b86a5c7c213";

async fn upload(hub: &TestHub, path: &str, bytes: impl Into<Vec<u8>>) {
    hub.hub.storage().put(&format!("work/{path}"), bytes.into().into()).await.unwrap();
}

async fn read(hub: &TestHub, path: &str) -> Option<String> {
    hub.hub.storage().metadata(path).await.unwrap()?;
    Some(String::from_utf8_lossy(&hub.hub.storage().read(path, 0, 1 << 20).await.unwrap()).into_owned())
}

fn wire(json: &Json) -> Value {
    serde_json::from_value(json.clone()).unwrap()
}

/// A build with an image, hello, and a log.
fn metadata() -> Json {
    json!({
        "metadata_version": 0,
        "build": {
            "name": "os", "version": "9", "release": "1", "source": "git://x#1", "start_time": 1_700_000_000,
            "end_time": 1_700_000_100.5, "owner": "alice",
            "extra": {"typeinfo": {"image": {"note": "x"}}}
        },
        "buildroots": [{
            "id": 1, "host": {"os": "linux", "arch": "x86_64"}, "content_generator": {"name": "osbuild", "version": "7"},
            "container": {"type": "none", "arch": "x86_64"}, "tools": [{"name": "gcc", "version": "13"}],
            "components": [], "extra": {"osbs": true}
        }],
        "output": [
            {"buildroot_id": 1, "filename": "os.raw", "filesize": 5, "arch": "x86_64", "checksum_type": "md5",
             "checksum": MD5_OF_HELLO, "type": "image", "extra": {"image": {"arch": "x86_64"}}, "components": []},
            {"buildroot_id": 1, "filename": "build.log", "filesize": 3, "arch": "noarch", "checksum_type": "sha256",
             "checksum": SHA256_OF_LOG, "type": "log", "relpath": "logs", "subdir": "x86_64"}
        ]
    })
}

fn import(json: &Json) -> CgImport {
    CgImport::new(wire(json), "cg/up")
}

/// The hub's users: an administrator, and alice, who may act as the content generator.
async fn users(hub: &TestHub) -> (Caller<'_>, Caller<'_>) {
    let (admin, alice) = (hub.admin().await, hub.user("alice", &[]).await);
    admin.call(GrantCgAccess::new("alice", "osbuild").create(true)).await.unwrap();
    upload(hub, "cg/up/os.raw", "hello").await;
    upload(hub, "cg/up/logs/build.log", "log").await;
    (admin, alice)
}

async fn count(hub: &TestHub, sql: &'static str) -> i64 {
    hub.db.db.read().await.unwrap().fetch_scalar(sql, args![]).await.unwrap()
}

#[tokio::test]
async fn access_is_granted_to_each_user_and_revoked() {
    for hub in hubs("cg_access").await {
        let (admin, alice) = (hub.admin().await, hub.user("alice", &[]).await);
        assert!(alice.call(ListCgs::new()).await.unwrap().is_empty());
        let grant = GrantCgAccess::new("alice", "osbuild");
        assert_eq!(alice.refused(grant.clone()).await.0, FaultKind::ActionNotAllowed);
        assert_eq!(admin.refused(grant.clone()).await.1, "No such entry in table content_generator: osbuild");
        assert_eq!(admin.refused(GrantCgAccess::new("nosuch", "osbuild")).await.1, "No such user: 'nosuch'");
        admin.call(grant.clone().create(true)).await.unwrap();
        assert_eq!(admin.refused(grant.clone()).await.1, "User already has access to content generator osbuild");
        let listed = hub.nobody().call(ListCgs::new()).await.unwrap();
        assert_eq!(listed["osbuild"].users, ["alice"]);
        let data = || Struct::from_iter([("name", "os"), ("version", "9"), ("release", "1")]);
        let refused = admin.refused(CgInitBuild::new("osbuild", data())).await;
        assert_eq!(refused, (FaultKind::Auth, "Content generator access required (osbuild)".into()));
        let refused = hub.nobody().refused(CgInitBuild::new("osbuild", data())).await;
        assert_eq!(refused, (FaultKind::Auth, "Not logged-in".into()));
        alice.call(CgInitBuild::new("osbuild", data())).await.unwrap();
        admin.call(RevokeCgAccess::new("alice", "osbuild")).await.unwrap();
        admin.call(RevokeCgAccess::new("alice", "osbuild")).await.unwrap();
        assert!(alice.call(ListCgs::new()).await.unwrap().is_empty());
        assert_eq!(alice.refused(CgInitBuild::new("osbuild", data())).await.0, FaultKind::Auth);
        admin.call(grant).await.unwrap();
    }
}

#[tokio::test]
async fn a_build_is_imported_with_all_that_is_said_of_it() {
    let rpms = build_rpms("hello", "2.10", "1", "");
    for hub in hubs("a_build_is_imported").await {
        let (admin, alice) = users(&hub).await;
        for (name, bytes) in &rpms.0 {
            upload(&hub, &format!("cli/{name}"), bytes.clone()).await;
            admin.call(ImportRpm::new("cli", name.as_str())).await.unwrap();
        }
        let hello = admin.call(ListRpms::new()).await.unwrap().into_list();
        let hello = hello.iter().find(|rpm| rpm.name == "hello" && rpm.arch == "noarch").unwrap();
        let component = json!({"type": "rpm", "name": "hello", "version": "2.10", "release": "1", "epoch": null,
                               "arch": "noarch", "sigmd5": hello.payloadhash, "signature": null});
        let mut unknown = component.clone();
        unknown["name"] = "nosuch".into();
        let mut said = metadata();
        said["buildroots"][0]["components"] = json!([component, unknown]);
        said["output"][0]["components"] = json!([component]);
        let build = alice.call(import(&said)).await.unwrap();
        assert_eq!(
            (build.nvr.as_str(), build.state, build.cg_name.as_deref()),
            ("os-9-1", BuildState::Complete, Some("osbuild"))
        );
        assert_eq!((build.owner_id, build.source.as_deref()), (alice.id, Some("git://x#1")));
        assert_eq!(build.start_time.unwrap().to_string(), "2023-11-14 22:13:20+00:00");
        assert_eq!(build.completion_time.unwrap().to_string(), "2023-11-14 22:15:00.500000+00:00");
        assert_eq!(build.extra.unwrap().0, json!({"typeinfo": {"image": {"note": "x"}}}));
        let types = alice.call(GetBuildType::new(build.id)).await.unwrap().unwrap();
        assert!(types.get("image").is_some() && types.get("rpm").is_none(), "{types:?}");

        let found: Vec<Archive> = alice.call(ListArchives::new().build_id(build.id)).await.unwrap().into_list();
        let [archive] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!((archive.checksum.as_str(), archive.checksum_type), (MD5_OF_HELLO, ChecksumType::Md5));
        assert_eq!(archive.extra.clone().unwrap().0, json!({"image": {"arch": "x86_64"}}));
        assert!(alice.call(GetImageArchive::new(archive.id)).await.unwrap().unwrap().rootid);
        let parts = alice.call(ListRpms::new().image_id(archive.id)).await.unwrap().into_list();
        assert_eq!(parts.iter().map(|rpm| rpm.id).collect::<Vec<_>>(), [hello.id]);
        let root = archive.buildroot_id.unwrap();
        let listed = alice.call(GetBuildrootListing::new(root)).await.unwrap();
        assert_eq!(listed.iter().map(|rpm| rpm.rpm_id).collect::<Vec<_>>(), [hello.id]);
        let root = alice.call(GetBuildroot::new(root)).await.unwrap().unwrap();
        assert_eq!((root.br_type, root.cg_version.as_deref(), root.host_os.as_deref()), (1, Some("7"), Some("linux")));
        assert_eq!((root.container_type.as_deref(), root.extra.unwrap().0), (Some("none"), json!({"osbs": true})));
        assert_eq!(count(&hub, "SELECT COUNT(*) FROM buildroot_tools_info WHERE tool = 'gcc'").await, 1);

        let dir = "packages/os/9/1";
        assert_eq!(read(&hub, &format!("{dir}/images/os.raw")).await.as_deref(), Some("hello"));
        assert_eq!(read(&hub, &format!("{dir}/data/logs/x86_64/build.log")).await.as_deref(), Some("log"));
        let kept: Json = serde_json::from_str(&read(&hub, &format!("{dir}/metadata.json")).await.unwrap()).unwrap();
        assert_eq!(kept, said);
        let log = read(&hub, &format!("{dir}/data/logs/cg_import.log")).await.unwrap();
        assert!(log.starts_with("IGNORING unmatched rpm component: {") && log.contains("nosuch"), "{log}");
        assert!(read(&hub, "work/cg/up/os.raw").await.is_some());
        let refused = alice.refused(import(&said)).await.1;
        assert_eq!(refused, format!("Build already exists: os-9-1 (id={})", build.id));
        assert!(read(&hub, &format!("{dir}/images/os.raw")).await.is_some(), "a refusal removed the build");
    }
}

#[tokio::test]
async fn what_is_wrong_is_refused_and_leaves_nothing() {
    for hub in hubs("what_is_wrong_is_refused").await {
        let (admin, alice) = users(&hub).await;
        admin.call(GrantCgAccess::new("kojiadmin", "other").create(true)).await.unwrap();
        type Change = fn(&mut Json);
        let cases: &[(Change, &str)] = &[
            (|m| m["metadata_version"] = 9.into(), "No such metadata version: 9"),
            (|m| drop(m.as_object_mut().unwrap().remove("buildroots")), "Invalid metadata: there are no buildroots"),
            (
                |m| m["buildroots"][0]["content_generator"]["name"] = "other".into(),
                "Content generator access required (other)",
            ),
            (
                |m| m["buildroots"][0]["content_generator"]["name"] = "nosuch".into(),
                "No such entry in table content_generator: nosuch",
            ),
            (|m| m["build"]["version"] = "1-2".into(), "The \"-\" character not allowed in version field"),
            (|m| m["build"]["owner"] = "nosuch".into(), "No such user: 'nosuch'"),
            (|m| m["build"]["owner"] = 5.into(), "Invalid owner format (expected username): 5"),
            (|m| m["build"]["task_id"] = Json::Null, "Invalid type, expected type <class 'int'>"),
            (|m| m["build"]["extra"]["image"] = json!({}), "Duplicate typeinfo for 'image'"),
            (|m| m["build"]["extra"]["typeinfo"]["nosuch"] = json!({}), "No such entry in table btype: nosuch"),
            (|m| m["build"]["extra"] = json!({}), "Output type image not listed in build types"),
            (|m| drop(m["build"].as_object_mut().unwrap().remove("source")), "Invalid metadata: build has no source"),
            (|m| m["buildroots"][0]["id"] = 2.into(), "Buildroot id not used in output: 2"),
            (
                |m| {
                    let root = m["buildroots"][0].clone();
                    m["buildroots"].as_array_mut().unwrap().push(root)
                },
                "Duplicate buildroot id in metadata: 1",
            ),
            (|m| m["output"][0]["buildroot_id"] = "x".into(), "Missing buildroot metadata for id 'x'"),
            (
                |m| m["output"][0]["filesize"] = 6.into(),
                "File size 5 for os.raw (expected 6) doesn't match. Corrupted upload?",
            ),
            (
                |m| m["output"][0]["checksum"] = "bad".into(),
                "File checksum mismatch for os.raw: bad != 5d41402abc4b2a76b9719d911017c592",
            ),
            (|m| m["output"][0]["checksum_type"] = "sha512".into(), "Unsupported verify type: sha512"),
            (|m| m["output"][0]["filename"] = "nosuch.raw".into(), "No such file: /mnt/koji/work/cg/up/nosuch.raw"),
            (|m| m["output"][0]["filename"] = "../../x".into(), "Invalid path: cg/up/../../x"),
            (|m| m["output"][0]["relpath"] = "../..".into(), "Invalid path: cg/up/../../os.raw"),
            (|m| m["output"][0]["subdir"] = "a".into(), "subdir field not allowed for legacy btypes"),
            (|m| m["output"][0]["extra"]["win"] = json!({}), "Output file has multiple types: os.raw"),
            (|m| m["output"][0]["extra"]["typeinfo"] = json!({"image": {}}), "Duplicate typeinfo for: 'image'"),
            (|m| m["output"][0]["extra"] = json!({}), "No typeinfo for: os.raw"),
            (|m| m["output"][0]["components"] = json!([{"type": "deb"}]), "No such component type: deb"),
            (|m| m["output"][0]["components"] = json!([{"type": "kojifile", "archive_id": 99}]), "No such archive: 99"),
            (|m| m["output"][0]["components"] = json!([{"type": "rpm", "location": "x"}]), "External rpms not allowed"),
            (|m| m["output"][1]["subdir"] = "../../..".into(), "Invalid log directory: ../../.."),
            (|m| m["output"][1]["type"] = "rpm".into(), "subdir field not allowed for rpm outputs"),
            // found out when the other files are in place already
            (
                |m| {
                    let log = m["output"][1].clone();
                    m["output"].as_array_mut().unwrap().push(log)
                },
                "Error importing build log. /mnt/koji/packages/os/9/1/data/logs/x86_64/build.log already exists.",
            ),
        ];
        for (change, expected) in cases {
            let mut said = metadata();
            change(&mut said);
            let (_, refused) = alice.refused(import(&said)).await;
            assert_eq!(refused, *expected);
            assert_eq!(read(&hub, "packages/os/9/1").await, None, "{expected}");
        }
        for table in [
            "SELECT COUNT(*) FROM build",
            "SELECT COUNT(*) FROM buildroot",
            "SELECT COUNT(*) FROM archiveinfo",
            "SELECT COUNT(*) FROM build_types",
        ] {
            assert_eq!(count(&hub, table).await, 0, "{table}");
        }
        assert_eq!(read(&hub, "work/cg/up/os.raw").await.as_deref(), Some("hello"));
        hub.hub.storage().put("packages/os/9/1/stray", "x".into()).await.unwrap();
        let refused = alice.refused(import(&metadata())).await.1;
        assert_eq!(refused, "Destination directory already exists: /mnt/koji/packages/os/9/1");
        hub.hub.storage().remove("packages/os").await.unwrap();
        alice.call(import(&metadata())).await.unwrap();
    }
}

#[tokio::test]
async fn metadata_come_as_a_struct_as_text_or_as_a_file() {
    for hub in hubs("metadata_come").await {
        let (_, alice) = users(&hub).await;
        let ask = |metadata: Value| CgImport::new(metadata, "cg/up");
        let text = metadata().to_string();
        assert_eq!(alice.refused(ask("not json".into())).await.1, "Invalid json data: 'not json'");
        assert_eq!(alice.refused(ask(Value::Nil)).await.1, "No such file: metadata.json");
        assert_eq!(alice.refused(ask("../x.json".into())).await.1, "No such file: ../x.json");
        let nowhere = CgImport::new(Value::Nil, "");
        assert_eq!(alice.refused(nowhere).await.1, "No such file: metadata.json");
        let refused = alice.refused(ask(5.into())).await;
        let expected = "Invalid type for value '5': <class 'int'>, expected type <class 'str'>";
        assert_eq!(refused, (FaultKind::Parameter, expected.to_owned()));
        for (release, given) in [("1", Value::from(text.as_str())), ("2", Value::Nil), ("3", "own.json".into())] {
            let text = text.replace(r#""release":"1""#, &format!(r#""release":"{release}""#));
            let given = if release == "1" {
                given
            } else {
                let name = given.as_str().unwrap_or("metadata.json").to_owned();
                upload(&hub, &format!("cg/up/{name}"), text.as_str()).await;
                given
            };
            upload(&hub, "cg/up/os.raw", "hello").await;
            upload(&hub, "cg/up/logs/build.log", "log").await;
            let build = alice.call(ask(given)).await.unwrap();
            assert_eq!(build.release, release);
            let kept = read(&hub, &format!("packages/os/9/{release}/metadata.json")).await;
            assert_eq!(kept.as_deref(), Some(text.as_str()));
        }
    }
}

#[tokio::test]
async fn a_reserved_build_is_imported_with_its_token_or_given_up() {
    for hub in hubs("a_reserved_build").await {
        let (admin, alice) = users(&hub).await;
        let init = |release: &str| {
            let data = Struct::from_iter([("name", "os"), ("version", "9"), ("release", release)]);
            CgInitBuild::new("osbuild", data)
        };
        let reserved = alice.call(init("1")).await.unwrap();
        assert_eq!(reserved.token.len(), 64);
        assert_eq!(alice.refused(init("1")).await.1, "Build is already reserved");
        assert_eq!(alice.refused(init("1-2")).await.1, "The \"-\" character not allowed in release field");
        let state = async |id: BuildId| admin.call(GetBuild::new(id)).await.unwrap().unwrap().state;
        assert_eq!(state(reserved.build_id).await, BuildState::Building);

        let mut said = metadata();
        assert_eq!(
            alice.refused(import(&said).token("x")).await.1,
            "Reservation token given, but no build_id in metadata"
        );
        said["build"]["build_id"] = reserved.build_id.0.into();
        let id = reserved.build_id;
        let wrong = format!("Token doesn't match build ID {id}");
        assert_eq!(alice.refused(import(&said)).await.1, wrong);
        assert_eq!(alice.refused(import(&said).token("x")).await.1, wrong);
        type Change = fn(&mut Json);
        let cases: [(Change, String); 3] = [
            (|m| m["build"]["release"] = "2".into(), format!("Build ({id}) NVR is different")),
            (|m| m["build"]["epoch"] = 1.into(), format!("Build ({id}) epoch is different")),
            (
                |m| m["build"]["draft"] = true.into(),
                format!("Draft field does not match reservation (build id = {id})"),
            ),
        ];
        for (change, expected) in cases {
            let mut other = said.clone();
            change(&mut other);
            assert_eq!(alice.refused(import(&other).token(reserved.token.as_str())).await.1, expected);
        }
        let build = alice.call(import(&said).token(reserved.token.as_str())).await.unwrap();
        assert_eq!((build.id, build.state, build.source.as_deref()), (id, BuildState::Complete, Some("git://x#1")));
        assert_eq!(alice.refused(import(&said).token(reserved.token.as_str())).await.1, wrong);

        let reserved = alice.call(init("2")).await.unwrap();
        let refund = |token: &str| CgRefundBuild::new("osbuild", reserved.build_id, token.to_owned());
        let refused = alice.refused(refund(&reserved.token).state(1)).await.1;
        assert_eq!(refused, "Only FAILED/CANCELED build states are allowed");
        assert_eq!(alice.refused(refund("x")).await.1, format!("Token doesn't match build ID {}", reserved.build_id));
        assert_eq!(admin.refused(refund(&reserved.token)).await.0, FaultKind::Auth);
        alice.call(refund(&reserved.token).state(4)).await.unwrap();
        assert_eq!(state(reserved.build_id).await, BuildState::Canceled);
        let refused = alice.refused(refund(&reserved.token)).await.1;
        assert_eq!(refused, format!("Build ID {} is not in BUILDING state", reserved.build_id));
        // it can be had again
        assert_eq!(alice.call(init("2")).await.unwrap().build_id, reserved.build_id);
    }
}

#[tokio::test]
async fn files_of_every_type_have_their_places() {
    let rpms = build_rpms("greet", "1", "1", "");
    for hub in hubs("files_of_every_type").await {
        let (admin, alice) = users(&hub).await;
        admin.call(AddBType::new("remote-sources")).await.unwrap();
        let mut said = metadata();
        said["build"]["name"] = "greet".into();
        said["build"]["version"] = "1".into();
        said["build"]["extra"] = json!({
            "typeinfo": {"remote-sources": {}, "win": {"platform": "win7"}},
            "maven": {"group_id": "org.x", "artifact_id": "greet", "version": "1"}
        });
        let mut outputs = Vec::new();
        let mut file = async |name: &str, bytes: Vec<u8>, kind: &str, more: Json| {
            upload(&hub, &format!("cg/up/{name}"), bytes.clone()).await;
            let mut output = json!({"buildroot_id": 1, "filename": name, "filesize": bytes.len(), "arch": "noarch",
                                    "checksum_type": "md5", "checksum": md5_hex(&bytes), "type": kind});
            output.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            outputs.push(output);
        };
        for (name, bytes) in &rpms.0 {
            file(name, bytes.clone(), "rpm", json!({"extra": {"note": name}})).await;
        }
        let sources = json!({"extra": {"typeinfo": {"remote-sources": {}}}, "subdir": "a/b"});
        file("src.tar.gz", b"src".to_vec(), "remote-sources", sources).await;
        let maven = json!({"extra": {"maven": {"group_id": "org.x", "artifact_id": "greet", "version": "1"}}});
        file("greet-1.jar", b"jar".to_vec(), "maven", maven).await;
        let win = json!({"extra": {"win": {"relpath": "bin", "platforms": ["win7"], "flags": []}}});
        file("greet.zip", b"zip".to_vec(), "win", win).await;
        outputs.push(json!({
            "buildroot_id": 1, "filename": "not-uploaded.zip", "filesize": 7, "arch": "noarch", "checksum_type": "sha256",
            "checksum": "abc", "type": "remote-sources", "metadata_only": true,
            "extra": {"typeinfo": {"remote-sources": {}}}
        }));
        said["output"] = outputs.into();
        let build = alice.call(import(&said)).await.unwrap();
        let extra = build.extra.unwrap().0;
        assert_eq!(extra["typeinfo"]["maven"], extra["maven"]);
        for file in [
            "src/greet-1-1.src.rpm",
            "noarch/greet-1-1.noarch.rpm",
            "data/sigcache/noarch/greet-1-1.noarch.rpm.sig",
            "files/remote-sources/a/b/src.tar.gz",
            "maven/org/x/greet/1/greet-1.jar",
            "maven/org/x/greet/1/greet-1.jar.sha1",
            "win/bin/greet.zip",
        ] {
            assert!(read(&hub, &format!("packages/greet/1/1/{file}")).await.is_some(), "{file}");
        }
        let types = alice.call(GetBuildType::new(build.id)).await.unwrap().unwrap();
        let mut names: Vec<&str> = types.iter().map(|(name, _)| name).collect();
        names.sort_unstable();
        assert_eq!(names, ["maven", "remote-sources", "rpm", "win"]);
        let rpms = alice.call(ListBuildRpms::new(build.id)).await.unwrap();
        let notes: Vec<Json> = rpms.iter().map(|rpm| rpm.extra.clone().unwrap().0["note"].clone()).collect();
        assert_eq!((rpms.len(), notes[0].as_str()), (3, Some("greet-1-1.src.rpm")));
        assert!(rpms.iter().all(|rpm| rpm.buildroot_id.is_some()));
        let archives: Vec<Archive> = alice.call(ListArchives::new().build_id(build.id)).await.unwrap().into_list();
        let only: Vec<&str> = archives.iter().filter(|a| a.metadata_only).map(|a| a.filename.as_str()).collect();
        assert_eq!((archives.len(), only), (4, vec!["not-uploaded.zip"]));
        assert_eq!(archives[2].flags, None);

        // what is there can be a component by its id
        let mut next = metadata();
        let first = &archives[0];
        let whole = json!({"type": "file", "filename": first.filename, "filesize": first.size, "checksum": first.checksum,
                           "checksum_type": "md5"});
        let by_id = json!({"type": "kojifile", "archive_id": first.id, "nvr": "greet-1-1", "filename": first.filename});
        next["output"][0]["components"] = json!([whole, by_id]);
        let mut wrong = next.clone();
        wrong["output"][0]["components"][1]["nvr"] = "x-1-1".into();
        let expected = format!("Component field nvr does not match for archive_id={}: greet-1-1 != x-1-1", first.id);
        assert_eq!(alice.refused(import(&wrong)).await.1, expected);
        alice.call(import(&next)).await.unwrap();
        assert_eq!(count(&hub, "SELECT COUNT(*) FROM archive_components").await, 1);
    }
}

fn md5_hex(bytes: &[u8]) -> String {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    let said = std::process::Command::new("md5sum").arg(file.path()).output().unwrap();
    String::from_utf8(said.stdout).unwrap().split_whitespace().next().unwrap().to_owned()
}

#[tokio::test]
async fn drafts_hold_rpms_but_no_archives() {
    let rpms = build_rpms("greet", "1", "1", "");
    for hub in hubs("drafts_hold_rpms").await {
        let (_, alice) = users(&hub).await;
        let mut said = metadata();
        said["build"]["draft"] = true.into();
        assert_eq!(alice.refused(import(&said)).await.1, "Draft build not supported");
        assert_eq!(count(&hub, "SELECT COUNT(*) FROM build").await, 0);
        said["build"]["name"] = "greet".into();
        said["build"]["version"] = "1".into();
        let (name, bytes) = &rpms.0[0];
        upload(&hub, &format!("cg/up/{name}"), bytes.clone()).await;
        said["output"] = json!([{"buildroot_id": 1, "filename": name, "filesize": bytes.len(), "arch": "src",
                                 "checksum_type": "md5", "checksum": md5_hex(bytes), "type": "rpm"}]);
        let build = alice.call(import(&said)).await.unwrap();
        assert!(build.draft);
        assert_eq!(build.release, format!("1,draft_{}", build.id));
        assert!(read(&hub, &format!("packages/greet/1/{}/src/{name}", build.release)).await.is_some());
    }
}

#[tokio::test]
async fn policies_say_whether_and_where() {
    for db in databases("cg_policies").await {
        let hub: TestHub = with_policies(
            db,
            &[
                ("cg_import", "bool draft :: allow\nbuildtype image && package os :: allow\nall :: deny not this one"),
                ("volume", "cg_match_all osbuild :: slow"),
            ],
        );
        let (_, alice) = users(&hub).await;
        hub.hub.storage().create_dir("vol/slow").await.unwrap();
        let mut sql = hub.db.db.begin().await.unwrap();
        sql.execute("INSERT INTO volume (name) VALUES ('slow')", args![]).await.unwrap();
        sql.commit().await.unwrap();
        let mut said = metadata();
        said["build"]["name"] = "other".into();
        let refused = alice.refused(import(&said)).await;
        assert_eq!(refused, (FaultKind::ActionNotAllowed, "policy violation (cg_import): not this one".into()));
        let build = alice.call(import(&metadata())).await.unwrap();
        assert_eq!(build.volume_name, "slow");
        for dir in ["vol/slow/packages/os/9/1", "packages/os/9/1"] {
            assert_eq!(read(&hub, &format!("{dir}/images/os.raw")).await.as_deref(), Some("hello"), "{dir}");
        }
    }
}

#[tokio::test]
async fn files_are_read_while_others_write() {
    for db in databases("files_are_read_while").await {
        let storage = Arc::new(BrittleStorage::default());
        let hub = TestHub::with_storage(db, storage.clone(), |_| {});
        let (admin, alice) = users(&hub).await;
        let held = storage.hold("os.raw").await;
        let build = metadata();
        let meanwhile = async {
            while storage.reads() == 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            let other = admin.call(CreateTag::new("meanwhile"));
            tokio::time::timeout(Duration::from_secs(30), other).await.expect("a free database").unwrap();
            drop(held);
        };
        let (imported, ()) = tokio::join!(alice.call(import(&build)), meanwhile);
        assert_eq!(imported.unwrap().nvr, "os-9-1");
        // its bytes and its end, once, and the copy in its place
        assert_eq!(storage.reads(), 3);
    }
}

#[tokio::test]
async fn a_file_that_changes_after_it_was_read_is_read_again() {
    for db in databases("a_file_that_changes").await {
        let storage = Arc::new(BrittleStorage::default());
        let hub = TestHub::with_storage(db, storage.clone(), |_| {});
        let (admin, alice) = users(&hub).await;
        // the second file is read when the first one was
        let held = storage.hold("build.log").await;
        let build = metadata();
        let meanwhile = async {
            while storage.reads() == 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            upload(&hub, "cg/up/os.raw", "HELLO").await;
            drop(held);
        };
        let (refused, ()) = tokio::join!(alice.call(import(&build)), meanwhile);
        let why = refused.unwrap_err().message;
        assert!(why.starts_with("File checksum mismatch for os.raw: "), "{why}");
        assert!(admin.call(GetBuild::new("os-9-1")).await.unwrap().is_none());
    }
}

fn with_policies(db: TestDb, policies: &[(&str, &str)]) -> TestHub {
    TestHub::with(db, |config| {
        config.policies = policies.iter().map(|(name, rules)| ((*name).to_owned(), (*rules).to_owned())).collect();
    })
}
