use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Component, Path, PathBuf};

use async_trait::async_trait;
use bytes::Bytes;
use fs_err as fs;
use koji_core::time::Timestamp;

use super::{Metadata, Storage, StorageError, StorageResult, WriteAt, check_path};

/// Files in a directory of this machine, or of a file server: Koji's `/mnt/koji`.
///
/// Links that lead out of the directory are not followed when writing. Copies are hard links where the file system
/// allows them.
#[derive(Debug, Clone)]
pub struct LocalStorage {
    top: PathBuf,
}

impl LocalStorage {
    /// The storage below a directory, which comes into being if it is not there.
    pub fn new(top: impl Into<PathBuf>) -> StorageResult<Self> {
        let top: PathBuf = top.into();
        fs::create_dir_all(&top).map_err(|e| failed(&top.to_string_lossy(), e))?;
        let top = fs::canonicalize(&top).map_err(|e| failed(&top.to_string_lossy(), e))?;
        Ok(LocalStorage { top })
    }

    fn at(&self, path: &str) -> StorageResult<PathBuf> {
        check_path(path)?;
        Ok(self.top.join(path))
    }

    async fn run<T: Send + 'static>(
        &self,
        path: &str,
        work: impl FnOnce(&Path) -> std::io::Result<T> + Send + 'static,
    ) -> StorageResult<T> {
        let full = self.at(path)?;
        let done = tokio::task::spawn_blocking(move || work(&full)).await;
        done.unwrap_or_else(|e| Err(std::io::Error::other(e))).map_err(|e| failed(path, e))
    }

    /// As `run`, for work on two paths.
    async fn run_two<T: Send + 'static>(
        &self,
        from: &str,
        to: &str,
        work: impl FnOnce(&Path, &Path) -> std::io::Result<T> + Send + 'static,
    ) -> StorageResult<T> {
        let from = self.at(from)?;
        self.run(to, move |to| work(&from, to)).await
    }
}

fn failed(path: &str, source: std::io::Error) -> StorageError {
    let path = path.to_owned();
    match source.kind() {
        ErrorKind::NotFound => StorageError::NotFound { path },
        // longer than a name can be
        ErrorKind::InvalidFilename => StorageError::BadPath { path },
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => StorageError::Full { path },
        ErrorKind::IsADirectory | ErrorKind::NotADirectory | ErrorKind::DirectoryNotEmpty => {
            StorageError::Conflict { path, reason: source.kind().to_string() }
        }
        _ => StorageError::Io { path, source },
    }
}

fn parents(path: &Path) -> std::io::Result<()> {
    path.parent().map_or(Ok(()), fs::create_dir_all)
}

/// A name beside the path that no one else uses.
fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{:016x}", rand::random::<u64>()))
}

/// Makes a file beside the path by `make`, then moves it into place.
fn replace(path: &Path, make: impl FnOnce(&Path) -> std::io::Result<()>) -> std::io::Result<()> {
    parents(path)?;
    let new = beside(path);
    let done = make(&new).and_then(|()| fs::rename(&new, path));
    if done.is_err() {
        let _ = fs::remove_file(&new);
    }
    done
}

/// The way from the directory of `path` to `target`, both below the same top.
fn relative(target: &Path, path: &Path) -> PathBuf {
    let from: Vec<Component<'_>> = path.parent().unwrap_or(path).components().collect();
    let to: Vec<Component<'_>> = target.components().collect();
    let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n(Component::ParentDir, from.len() - shared);
    up.chain(to.into_iter().skip(shared)).collect()
}

#[async_trait]
impl Storage for LocalStorage {
    async fn metadata(&self, path: &str) -> StorageResult<Option<Metadata>> {
        self.run(path, |p| match fs::metadata(p) {
            Ok(m) => {
                let since = m.modified()?.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
                let modified = Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX));
                Ok(Some(Metadata { is_dir: m.is_dir(), size: if m.is_dir() { 0 } else { m.len() }, modified }))
            }
            Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
            Err(e) => Err(e),
        })
        .await
    }

    async fn is_link(&self, path: &str) -> StorageResult<bool> {
        self.run(path, |p| match fs::symlink_metadata(p) {
            Ok(m) => Ok(m.is_symlink()),
            Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(false),
            Err(e) => Err(e),
        })
        .await
    }

    async fn read(&self, path: &str, offset: u64, len: u64) -> StorageResult<Bytes> {
        self.run(path, move |p| {
            let mut file = fs::File::open(p)?;
            file.seek(SeekFrom::Start(offset))?;
            let mut out = Vec::new();
            file.take(len).read_to_end(&mut out)?;
            Ok(out.into())
        })
        .await
    }

    async fn write(&self, path: &str, at: WriteAt, data: Bytes) -> StorageResult<u64> {
        self.run(path, move |p| {
            parents(p)?;
            // an upload's name may not be a link to somewhere else
            if fs::symlink_metadata(p).is_ok_and(|m| !m.is_file()) {
                return Err(std::io::Error::new(ErrorKind::AlreadyExists, "destination is not a regular file"));
            }
            let mut file = fs::OpenOptions::new().create(true).write(true).truncate(false).open(p)?;
            // a copy that shares the bytes keeps them as they are
            if file.metadata()?.nlink() > 1 {
                replace(p, |new| fs::copy(p, new).map(|_| ()))?;
                file = fs::OpenOptions::new().write(true).open(p)?;
            }
            let before = file.metadata()?.len();
            let start = match at {
                WriteAt::Truncate(n) => {
                    file.set_len(n)?;
                    n
                }
                WriteAt::Offset(n) => n,
                WriteAt::End => before,
            };
            file.seek(SeekFrom::Start(start))?;
            let written = file.write_all(&data);
            if written.is_err() && start >= before {
                // a full disk: nothing of the failed write stays
                let _ = file.set_len(before);
            }
            written?;
            Ok(file.metadata()?.len())
        })
        .await
    }

    async fn put(&self, path: &str, data: Bytes) -> StorageResult<()> {
        self.run(path, move |p| replace(p, |new| fs::write(new, &data))).await
    }

    async fn copy(&self, from: &str, to: &str) -> StorageResult<()> {
        self.run_two(from, to, |from, to| {
            let from = fs::canonicalize(from)?;
            replace(to, |new| fs::hard_link(&from, new).or_else(|_| fs::copy(&from, new).map(|_| ())))
        })
        .await
    }

    async fn rename(&self, from: &str, to: &str) -> StorageResult<()> {
        self.run_two(from, to, |from, to| {
            parents(to)?;
            if fs::symlink_metadata(to).is_ok_and(|m| m.is_dir()) {
                fs::remove_dir_all(to)?;
            }
            fs::rename(from, to)
        })
        .await
    }

    async fn link(&self, target: &str, path: &str) -> StorageResult<()> {
        self.run_two(target, path, |target, path| {
            let way = relative(target, path);
            replace(path, |new| symlink(&way, new))
        })
        .await
    }

    async fn link_top(&self, path: &str) -> StorageResult<()> {
        let up: PathBuf = path.split('/').skip(1).map(|_| "..").collect();
        self.run(path, move |path| replace(path, |new| symlink(&up, new))).await
    }

    async fn remove(&self, path: &str) -> StorageResult<()> {
        self.run(path, |p| {
            let done = match fs::symlink_metadata(p) {
                Ok(m) if m.is_dir() => fs::remove_dir_all(p),
                Ok(_) => fs::remove_file(p),
                Err(e) => Err(e),
            };
            match done {
                Err(e) if e.kind() == ErrorKind::NotFound => Ok(()),
                other => other,
            }
        })
        .await
    }

    async fn list(&self, path: &str) -> StorageResult<Vec<String>> {
        self.run(path, |p| {
            let entries = match fs::read_dir(p) {
                Err(e) if e.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
                other => other?,
            };
            let mut out = Vec::new();
            for entry in entries {
                // names that are not UTF-8 cannot travel, and Koji makes none
                out.extend(entry?.file_name().into_string());
            }
            out.sort_unstable();
            Ok(out)
        })
        .await
    }

    async fn create_dir(&self, path: &str) -> StorageResult<()> {
        self.run(path, |p| fs::create_dir_all(p)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_directory_passes_the_battery() {
        let dir = tempfile::tempdir().unwrap();
        super::super::conformance::check(&LocalStorage::new(dir.path()).unwrap()).await.unwrap();
    }

    #[tokio::test]
    async fn a_link_is_not_written_through() {
        let dir = tempfile::tempdir().unwrap();
        let storage = LocalStorage::new(dir.path().join("top")).unwrap();
        let outside = dir.path().join("outside");
        fs::write(&outside, "x").unwrap();
        symlink(&outside, dir.path().join("top/link")).unwrap();
        assert!(storage.write("link", WriteAt::Truncate(0), "y".into()).await.is_err());
        storage.put("link", "y".into()).await.unwrap();
        assert_eq!(fs::read_to_string(outside).unwrap(), "x");
    }
}
