//! Uploads that are not what they seem: nothing of them gets to where it must not, and none is taken for another.

use std::os::unix::fs::symlink;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use koji_core::api::builds::ListBuilds;
use koji_core::api::rpms::ImportRpm;
use koji_core::api::uploads::{CheckUpload, UploadFile};
use koji_core::xmlrpc::Value;
use koji_hub_lib::storage::LocalStorage;
use koji_tests::{TestHub, build_rpms, databases};

const MD5_OF_HELLO: &str = "5d41402abc4b2a76b9719d911017c592";

fn hello(path: &str, name: &str) -> UploadFile {
    UploadFile::new(path, name, 5, MD5_OF_HELLO, 0, STANDARD.encode("hello"))
}

/// A hub on each kind of database, with its files in a directory below one that holds something else, too.
async fn hubs(name: &str) -> Vec<(TestHub, tempfile::TempDir)> {
    let mut out = Vec::new();
    for db in databases(name).await {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("outside")).unwrap();
        std::fs::write(dir.path().join("outside/file"), "secret").unwrap();
        let storage = LocalStorage::new(dir.path().join("koji")).unwrap();
        out.push((TestHub::with_storage(db, Arc::new(storage), |_| {}), dir));
    }
    out
}

/// All that is below a directory but for what lies in the uploads' own.
fn elsewhere(dir: &std::path::Path) -> Vec<String> {
    let mut todo = vec![dir.to_owned()];
    let mut out = Vec::new();
    while let Some(at) = todo.pop() {
        for entry in std::fs::read_dir(at).unwrap() {
            let path = entry.unwrap().path();
            if path.ends_with("koji/work") {
                continue;
            }
            out.push(path.strip_prefix(dir).unwrap().display().to_string());
            if path.is_dir() && !path.is_symlink() {
                todo.push(path);
            }
        }
    }
    out.sort();
    out
}

#[tokio::test]
async fn no_upload_leaves_its_place() {
    for (hub, dir) in hubs("no_upload_leaves").await {
        let admin = hub.admin().await;
        let before = elsewhere(dir.path());
        for (path, name) in [
            ("../outside", "file"),
            ("../../outside", "file"),
            ("a/../../outside", "file"),
            ("a/../..", "file"),
            ("/etc", "file"),
            ("..", "file"),
            (".", "file"),
            ("", "file"),
            ("a\nb", "file"),
            ("a", "../file"),
            ("a", "../../../outside/file"),
            ("a", "b/file"),
            ("a", ".."),
            ("a", ".user"),
            ("a", ""),
            ("tasks/1/1", "file"),
            ("tasks/../tasks/1/1", "file"),
            ("tasks", "file"),
        ] {
            admin.refused(hello(path, name)).await;
            if !path.starts_with("tasks") {
                admin.refused(CheckUpload::new(path, name)).await;
            }
        }
        let volume = hello("a", "file").volume("../../outside".to_owned());
        assert_eq!(admin.refused(volume).await.1, "No such volume: ../../outside");
        assert_eq!(elsewhere(dir.path()), before);
        // dots that stay inside are taken for what they mean
        assert!(admin.call(hello("a/../b/./c", "file")).await.unwrap());
        assert!(dir.path().join("koji/work/b/c/file").is_file());
    }
}

#[tokio::test]
async fn links_are_not_written_through() {
    for (hub, dir) in hubs("links_are_not").await {
        let admin = hub.admin().await;
        assert!(admin.call(hello("a", "first")).await.unwrap());
        symlink("../../../outside/file", dir.path().join("koji/work/a/link")).unwrap();
        symlink("../../../outside/new", dir.path().join("koji/work/a/nowhere")).unwrap();
        for name in ["link", "nowhere"] {
            for offset in [0, 2, -1] {
                let mut part = hello("a", name);
                part.offset = offset;
                admin.refused(part).await;
            }
        }
        assert_eq!(std::fs::read_to_string(dir.path().join("outside/file")).unwrap(), "secret");
        assert!(!dir.path().join("outside/new").exists());
    }
}

#[tokio::test]
async fn what_an_upload_says_of_itself_is_held_against_it() {
    for (hub, _dir) in hubs("what_an_upload_says").await {
        let admin = hub.admin().await;
        let encoded = || STANDARD.encode("hello");
        // a wrong size or checksum: not taken, and nothing is there
        let pair = |kind: &str, digits: &str| Value::Array(vec![kind.into(), digits.into()]);
        for lying in [
            UploadFile::new("a", "file", 4, MD5_OF_HELLO, 0, encoded()),
            UploadFile::new("a", "file", i64::MAX, MD5_OF_HELLO, 0, encoded()),
            UploadFile::new("a", "file", -5, MD5_OF_HELLO, 0, encoded()),
            UploadFile::new("a", "file", 5, "", 0, encoded()),
            UploadFile::new("a", "file", 5, pair("sha256", MD5_OF_HELLO), 0, encoded()),
        ] {
            assert!(!admin.call(lying).await.unwrap());
        }
        for broken in [
            UploadFile::new("a", "file", 5, pair("sha512", "x"), 0, encoded()),
            UploadFile::new("a", "file", 5, MD5_OF_HELLO, 0, "no base64!"),
            UploadFile::new("a", "file", 5, MD5_OF_HELLO, 1, encoded()),
            UploadFile::new("a", "file", 5, MD5_OF_HELLO, i64::MAX, encoded()),
            UploadFile::new("a", "file", 5, MD5_OF_HELLO, -2, encoded()),
        ] {
            admin.refused(broken).await;
        }
        assert_eq!(admin.call(CheckUpload::new("a", "file")).await.unwrap(), None);
        assert!(admin.call(hello("a", "file")).await.unwrap());
        // once more, from the start, is another file
        assert!(admin.refused(hello("a", "file")).await.1.starts_with("file already exists"));
        let bob = hub.user("bob", &[]).await;
        assert!(bob.refused(hello("a", "mine")).await.1.starts_with("Invalid upload directory, not owner"));
    }
}

#[tokio::test]
async fn a_cut_rpm_leaves_nothing() {
    let rpms = build_rpms("hello", "2.10", "1", "");
    let (name, bytes) = &rpms.0[0];
    for (hub, dir) in hubs("a_cut_rpm").await {
        let admin = hub.admin().await;
        let put = async |bytes: Vec<u8>| hub.hub.storage().put(&format!("work/up/{name}"), bytes.into()).await.unwrap();
        let import = || ImportRpm::new("up", name.as_str());
        // everywhere in its headers
        for cut in (0..2000).step_by(97) {
            put(bytes[..cut.min(bytes.len())].to_vec()).await;
            admin.refused(import()).await;
        }
        assert_eq!(admin.call(ListBuilds::new()).await.unwrap().into_list(), []);
        assert!(!dir.path().join("koji/packages").exists());
    }
}
