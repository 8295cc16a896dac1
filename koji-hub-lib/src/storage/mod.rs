//! Where builds, repos and uploads are kept.
//!
//! [`Storage`] is what the hub needs of a place for files: few operations on paths below one top, in Koji's layout
//! ([`koji_core::paths`]). [`LocalStorage`] keeps them in a directory, as Koji does; [`MemoryStorage`] in memory, for
//! tests. [`conformance`] is the battery of checks that every implementation passes; call it from yours.

use async_trait::async_trait;
use bytes::Bytes;
use koji_core::time::Timestamp;

mod blocking;
pub mod conformance;
mod copied_dir;
mod local;
mod memory;

pub(crate) use blocking::BlockingFile;
pub(crate) use copied_dir::CopiedDir;
pub use local::LocalStorage;
pub use memory::MemoryStorage;

/// Why a storage operation failed, whatever the storage.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StorageError {
    /// There is nothing at that path.
    #[error("{path}: no such file or directory")]
    NotFound {
        /// The path, below the storage's top.
        path: String,
    },
    /// Something is at that path that must not be there, or is of another kind.
    #[error("{path}: {reason}")]
    Conflict {
        /// The path.
        path: String,
        /// What is in the way.
        reason: String,
    },
    /// There is no room left.
    #[error("{path}: no space left on device")]
    Full {
        /// The path.
        path: String,
    },
    /// The path leaves the storage, or is not one.
    #[error("{path}: not a path inside the storage")]
    BadPath {
        /// What was given.
        path: String,
    },
    /// Any other failure.
    #[error("{path}: {source}")]
    Io {
        /// The path.
        path: String,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
}

/// The result of a storage operation.
pub type StorageResult<T> = Result<T, StorageError>;

/// What is at a path.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Metadata {
    /// Whether it is a directory.
    pub is_dir: bool,
    /// The size in bytes; 0 for directories.
    pub size: u64,
    /// When it was last changed.
    pub modified: Timestamp,
}

/// Where a write begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteAt {
    /// At that many bytes from the start, and the file ends there before the write.
    Truncate(u64),
    /// At that many bytes from the start; bytes behind the written ones stay.
    Offset(u64),
    /// At the end.
    End,
}

/// A place for files.
///
/// Paths are relative to the storage's top, separated by `/`, without `.` and `..`; an implementation refuses others
/// with [`StorageError::BadPath`] ([`check_path`]). Directories come into being with the files in them.
#[async_trait]
pub trait Storage: Send + Sync + 'static {
    /// What is at the path, links followed; `None` if there is nothing.
    async fn metadata(&self, path: &str) -> StorageResult<Option<Metadata>>;
    /// Whether what is at the path is itself a link, wherever it leads.
    async fn is_link(&self, path: &str) -> StorageResult<bool>;
    /// Up to `len` bytes from `offset`; fewer at the end of the file.
    async fn read(&self, path: &str, offset: u64, len: u64) -> StorageResult<Bytes>;
    /// Writes into a file, which comes into being if it is not there: the size it then has.
    async fn write(&self, path: &str, at: WriteAt, data: Bytes) -> StorageResult<u64>;
    /// Makes a whole file in one step: readers see the old one or the new one. A link is replaced, not followed.
    async fn put(&self, path: &str, data: Bytes) -> StorageResult<()>;
    /// Makes `to` a file with what `from` holds, in place of one that is there. May share the bytes.
    async fn copy(&self, from: &str, to: &str) -> StorageResult<()>;
    /// Moves a file or a directory; what is at `to` is replaced.
    async fn rename(&self, from: &str, to: &str) -> StorageResult<()>;
    /// Makes `path` another name of `target`, in place of a file or link that is there.
    async fn link(&self, target: &str, path: &str) -> StorageResult<()>;
    /// Makes `path` lead to the top of the storage, as far as its kind of links allows; lists of a repo's packages go
    /// through it.
    async fn link_top(&self, path: &str) -> StorageResult<()>;
    /// Removes a file, a link, or a directory with all in it. Nothing there is no error.
    async fn remove(&self, path: &str) -> StorageResult<()>;
    /// The names in a directory, sorted; none if it is not there.
    async fn list(&self, path: &str) -> StorageResult<Vec<String>>;
    /// Makes a directory and those above it.
    async fn create_dir(&self, path: &str) -> StorageResult<()>;
}

/// Refuses a path that leaves the storage: absolute, with `..`, empty parts or a NUL.
pub fn check_path(path: &str) -> StorageResult<()> {
    let fine = !path.is_empty()
        && path.split('/').all(|part| !part.is_empty() && part != "." && part != ".." && !part.contains(['\0', '\n']));
    if fine { Ok(()) } else { Err(StorageError::BadPath { path: path.to_owned() }) }
}

/// Whether anything is at a path, be it a link that leads nowhere.
pub async fn exists(storage: &dyn Storage, path: &str) -> StorageResult<bool> {
    Ok(storage.is_link(path).await? || storage.metadata(path).await?.is_some())
}

/// All files below a directory, as paths relative to it, sorted.
pub async fn walk(storage: &dyn Storage, dir: &str) -> StorageResult<Vec<String>> {
    let mut out = Vec::new();
    let mut todo = vec![String::new()];
    while let Some(at) = todo.pop() {
        let here = if at.is_empty() { dir.to_owned() } else { format!("{dir}/{at}") };
        for name in storage.list(&here).await? {
            let below = if at.is_empty() { name } else { format!("{at}/{name}") };
            match storage.metadata(&format!("{dir}/{below}")).await? {
                Some(m) if m.is_dir => todo.push(below),
                Some(_) => out.push(below),
                None => {}
            }
        }
    }
    out.sort_unstable();
    Ok(out)
}
