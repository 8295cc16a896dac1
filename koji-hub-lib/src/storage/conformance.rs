//! What every [`Storage`] must do, as checks that an implementation calls from its own tests.

use super::{CopiedDir, Storage, StorageError, WriteAt, exists, walk};

/// Runs all checks on an empty storage.
///
/// # Errors
/// The storage's own, where it must not fail.
///
/// # Panics
/// At the first check that does not hold.
pub async fn check(storage: &dyn Storage) -> Result<(), StorageError> {
    files(storage).await?;
    places(storage).await?;
    refusals(storage).await;
    Ok(())
}

async fn text(storage: &dyn Storage, path: &str) -> Result<String, StorageError> {
    let bytes = storage.read(path, 0, u64::MAX).await?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

async fn files(s: &dyn Storage) -> Result<(), StorageError> {
    assert_eq!(s.metadata("a").await?, None);
    assert_eq!(s.write("a/b/c", WriteAt::Truncate(0), "hello".into()).await?, 5);
    assert_eq!(s.write("a/b/c", WriteAt::End, " world".into()).await?, 11);
    assert_eq!(s.write("a/b/c", WriteAt::Offset(0), "J".into()).await?, 11);
    assert_eq!(text(s, "a/b/c").await?, "Jello world");
    assert_eq!(s.write("a/b/c", WriteAt::Truncate(5), "!".into()).await?, 6);
    assert_eq!(text(s, "a/b/c").await?, "Jello!");
    assert_eq!(s.read("a/b/c", 1, 3).await?, "ell");
    assert_eq!(s.read("a/b/c", 100, 3).await?, "");
    assert!(s.metadata("a/b/c").await?.is_some_and(|found| !found.is_dir && found.size == 6));
    assert!(s.metadata("a/b").await?.is_some_and(|found| found.is_dir));
    s.put("a/b/c", "new".into()).await?;
    assert_eq!(text(s, "a/b/c").await?, "new");
    Ok(())
}

async fn places(s: &dyn Storage) -> Result<(), StorageError> {
    s.copy("a/b/c", "copies/c").await?;
    s.put("a/b/c", "newer".into()).await?;
    assert_eq!(text(s, "copies/c").await?, "new");
    s.copy("a/b/c", "copies/c").await?;
    assert_eq!(text(s, "copies/c").await?, "newer");
    s.write("a/b/c", WriteAt::Offset(0), "N".into()).await?;
    s.write("a/b/c", WriteAt::End, "!".into()).await?;
    assert_eq!((text(s, "a/b/c").await?.as_str(), text(s, "copies/c").await?.as_str()), ("Newer!", "newer"));
    s.put("a/b/c", "newer".into()).await?;
    s.rename("copies", "moved/copies").await?;
    assert_eq!(s.metadata("copies").await?, None);
    assert_eq!(text(s, "moved/copies/c").await?, "newer");
    s.link("moved/copies/c", "a/link").await?;
    s.link("moved", "latest").await?;
    assert_eq!(text(s, "a/link").await?, "newer");
    assert_eq!(text(s, "latest/copies/c").await?, "newer");
    assert!(s.is_link("latest").await? && s.is_link("a/link").await?);
    assert!(!s.is_link("latest/copies").await? && !s.is_link("a/b/c").await?);
    assert!(!s.is_link("nothing").await?);
    s.link("latest/copies", "further").await?;
    assert_eq!(text(s, "further/c").await?, "newer");
    s.link("nowhere", "dangling").await?;
    assert!(exists(s, "dangling").await? && s.metadata("dangling").await?.is_none());
    s.rename("dangling", "moved/dangling").await?;
    assert!(s.is_link("moved/dangling").await? && !exists(s, "dangling").await?);
    s.remove("moved/dangling").await?;
    let mut whole = CopiedDir::new("latest/copies", "whole".to_owned());
    whole.update(s).await?;
    assert_eq!(text(s, "whole/c").await?, "newer");
    s.link("a", "latest").await?;
    assert_eq!(text(s, "latest/b/c").await?, "newer");
    assert_eq!(s.list("a").await?, ["b", "link"]);
    assert_eq!(s.list("nothing").await?, Vec::<String>::new());
    assert_eq!(walk(s, "a").await?, ["b/c", "link"]);
    s.put("names/x", "".into()).await?;
    s.put("names/x.y", "".into()).await?;
    s.put("names/z/a", "".into()).await?;
    s.put("names/z.b", "".into()).await?;
    s.put("names/z/c", "".into()).await?;
    assert_eq!(s.list("names").await?, ["x", "x.y", "z", "z.b"]);
    s.create_dir("empty/dir").await?;
    assert!(s.metadata("empty/dir").await?.is_some_and(|found| found.is_dir));
    s.link_top("empty/dir/top").await?;
    assert_eq!(text(s, "empty/dir/top/a/b/c").await?, "newer");
    s.remove("a/link").await?;
    assert_eq!(text(s, "moved/copies/c").await?, "newer");
    s.remove("moved").await?;
    s.remove("moved").await?;
    assert_eq!(s.metadata("moved/copies/c").await?, None);
    Ok(())
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
