//! What every [`Storage`] must do, as checks that an implementation calls from its own tests.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed check ends the test that called it")]

use super::{Storage, StorageError, WriteAt, copy_dir, exists, walk};

/// Runs all checks on an empty storage; panics at the first that fails.
pub async fn check(storage: &dyn Storage) {
    files(storage).await;
    places(storage).await;
    refusals(storage).await;
}

async fn text(storage: &dyn Storage, path: &str) -> String {
    String::from_utf8(storage.read(path, 0, u64::MAX).await.unwrap().to_vec()).unwrap()
}

async fn files(s: &dyn Storage) {
    assert_eq!(s.metadata("a").await.unwrap(), None);
    assert_eq!(s.write("a/b/c", WriteAt::Truncate(0), "hello".into()).await.unwrap(), 5);
    assert_eq!(s.write("a/b/c", WriteAt::End, " world".into()).await.unwrap(), 11);
    assert_eq!(s.write("a/b/c", WriteAt::Offset(0), "J".into()).await.unwrap(), 11);
    assert_eq!(text(s, "a/b/c").await, "Jello world");
    assert_eq!(s.write("a/b/c", WriteAt::Truncate(5), "!".into()).await.unwrap(), 6);
    assert_eq!(text(s, "a/b/c").await, "Jello!");
    assert_eq!(s.read("a/b/c", 1, 3).await.unwrap(), "ell");
    assert_eq!(s.read("a/b/c", 100, 3).await.unwrap(), "");
    let meta = s.metadata("a/b/c").await.unwrap().unwrap();
    assert!(!meta.is_dir && meta.size == 6);
    assert!(s.metadata("a/b").await.unwrap().unwrap().is_dir);
    s.put("a/b/c", "new".into()).await.unwrap();
    assert_eq!(text(s, "a/b/c").await, "new");
}

async fn places(s: &dyn Storage) {
    s.copy("a/b/c", "copies/c").await.unwrap();
    s.put("a/b/c", "newer".into()).await.unwrap();
    assert_eq!(text(s, "copies/c").await, "new");
    s.copy("a/b/c", "copies/c").await.unwrap();
    assert_eq!(text(s, "copies/c").await, "newer");
    s.write("a/b/c", WriteAt::Offset(0), "N".into()).await.unwrap();
    s.write("a/b/c", WriteAt::End, "!".into()).await.unwrap();
    assert_eq!((text(s, "a/b/c").await.as_str(), text(s, "copies/c").await.as_str()), ("Newer!", "newer"));
    s.put("a/b/c", "newer".into()).await.unwrap();
    s.rename("copies", "moved/copies").await.unwrap();
    assert_eq!(s.metadata("copies").await.unwrap(), None);
    assert_eq!(text(s, "moved/copies/c").await, "newer");
    s.link("moved/copies/c", "a/link").await.unwrap();
    s.link("moved", "latest").await.unwrap();
    assert_eq!(text(s, "a/link").await, "newer");
    assert_eq!(text(s, "latest/copies/c").await, "newer");
    assert!(s.is_link("latest").await.unwrap() && s.is_link("a/link").await.unwrap());
    assert!(!s.is_link("latest/copies").await.unwrap() && !s.is_link("a/b/c").await.unwrap());
    assert!(!s.is_link("nothing").await.unwrap());
    s.link("latest/copies", "further").await.unwrap();
    assert_eq!(text(s, "further/c").await, "newer");
    s.link("nowhere", "dangling").await.unwrap();
    assert!(exists(s, "dangling").await.unwrap() && s.metadata("dangling").await.unwrap().is_none());
    s.rename("dangling", "moved/dangling").await.unwrap();
    assert!(s.is_link("moved/dangling").await.unwrap() && !exists(s, "dangling").await.unwrap());
    s.remove("moved/dangling").await.unwrap();
    copy_dir(s, "latest/copies", "whole").await.unwrap();
    assert_eq!(text(s, "whole/c").await, "newer");
    s.link("a", "latest").await.unwrap();
    assert_eq!(text(s, "latest/b/c").await, "newer");
    assert_eq!(s.list("a").await.unwrap(), ["b", "link"]);
    assert_eq!(s.list("nothing").await.unwrap(), Vec::<String>::new());
    assert_eq!(walk(s, "a").await.unwrap(), ["b/c", "link"]);
    s.put("names/x", "".into()).await.unwrap();
    s.put("names/x.y", "".into()).await.unwrap();
    s.put("names/z/a", "".into()).await.unwrap();
    s.put("names/z.b", "".into()).await.unwrap();
    s.put("names/z/c", "".into()).await.unwrap();
    assert_eq!(s.list("names").await.unwrap(), ["x", "x.y", "z", "z.b"]);
    s.create_dir("empty/dir").await.unwrap();
    assert!(s.metadata("empty/dir").await.unwrap().unwrap().is_dir);
    s.link_top("empty/dir/top").await.unwrap();
    assert_eq!(text(s, "empty/dir/top/a/b/c").await, "newer");
    s.remove("a/link").await.unwrap();
    assert_eq!(text(s, "moved/copies/c").await, "newer");
    s.remove("moved").await.unwrap();
    s.remove("moved").await.unwrap();
    assert_eq!(s.metadata("moved/copies/c").await.unwrap(), None);
}

async fn refusals(s: &dyn Storage) {
    assert!(matches!(s.read("nothing", 0, 1).await, Err(StorageError::NotFound { .. })));
    assert!(matches!(s.copy("nothing", "x").await, Err(StorageError::NotFound { .. })));
    // more than most storages take
    let long = s.metadata(&"x".repeat(5000)).await;
    assert!(matches!(long, Ok(None) | Err(StorageError::BadPath { .. })), "{long:?}");
    for path in ["", "/etc/passwd", "../x", "a/../../x", "a//b", "./a", "a\0b"] {
        assert!(matches!(s.read(path, 0, 1).await, Err(StorageError::BadPath { .. })), "{path:?}");
        assert!(matches!(s.write(path, WriteAt::End, "x".into()).await, Err(StorageError::BadPath { .. })), "{path:?}");
        assert!(matches!(s.remove(path).await, Err(StorageError::BadPath { .. })), "{path:?}");
    }
}
