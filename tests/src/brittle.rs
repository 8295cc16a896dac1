//! A storage in which operations fail, or wait, when a test says so.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use koji_hub_lib::storage::{MemoryStorage, Metadata, Storage, StorageError, StorageResult, WriteAt};
use tokio::sync::{OwnedRwLockWriteGuard, RwLock};

/// Files in memory, and an operation that fails.
#[derive(Debug, Default)]
pub struct BrittleStorage {
    files: MemoryStorage,
    fails: Mutex<Option<(&'static str, String)>>,
    held: Mutex<Option<String>>,
    gate: Arc<RwLock<()>>,
    reads: AtomicUsize,
}

impl BrittleStorage {
    /// From now on, an operation (`copy`, `rename`, `link`, `remove`) fails on paths that contain a text.
    pub fn fail(&self, operation: &'static str, path: &str) {
        *self.lock() = Some((operation, path.to_owned()));
    }

    /// From now on, nothing fails.
    pub fn mend(&self) {
        *self.lock() = None;
    }

    /// From now on, reading or copying files whose paths contain a text is counted, and waits while the guard is there.
    pub async fn hold(&self, path: &str) -> OwnedRwLockWriteGuard<()> {
        *self.held.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(path.to_owned());
        self.gate.clone().write_owned().await
    }

    /// How many reads and copies there were of what is held, or was.
    pub fn reads(&self) -> usize {
        self.reads.load(Ordering::SeqCst)
    }

    async fn wait_for(&self, path: &str) {
        let held = self.held.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        if held.is_some_and(|part| path.contains(part.as_str())) {
            self.reads.fetch_add(1, Ordering::SeqCst);
            drop(self.gate.read().await);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<(&'static str, String)>> {
        self.fails.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn check(&self, operation: &str, path: &str) -> StorageResult<()> {
        match &*self.lock() {
            Some((fails, part)) if *fails == operation && path.contains(part.as_str()) => {
                Err(StorageError::Full { path: path.to_owned() })
            }
            _ => Ok(()),
        }
    }
}

#[async_trait]
impl Storage for BrittleStorage {
    async fn metadata(&self, path: &str) -> StorageResult<Option<Metadata>> {
        self.files.metadata(path).await
    }
    async fn is_link(&self, path: &str) -> StorageResult<bool> {
        self.files.is_link(path).await
    }
    async fn read(&self, path: &str, offset: u64, len: u64) -> StorageResult<Bytes> {
        self.wait_for(path).await;
        self.files.read(path, offset, len).await
    }
    async fn write(&self, path: &str, at: WriteAt, data: Bytes) -> StorageResult<u64> {
        self.files.write(path, at, data).await
    }
    async fn put(&self, path: &str, data: Bytes) -> StorageResult<()> {
        self.files.put(path, data).await
    }
    async fn copy(&self, from: &str, to: &str) -> StorageResult<()> {
        self.check("copy", to)?;
        self.wait_for(from).await;
        self.files.copy(from, to).await
    }
    async fn rename(&self, from: &str, to: &str) -> StorageResult<()> {
        self.check("rename", from)?;
        self.files.rename(from, to).await
    }
    async fn link(&self, target: &str, path: &str) -> StorageResult<()> {
        self.check("link", path)?;
        self.files.link(target, path).await
    }
    async fn link_top(&self, path: &str) -> StorageResult<()> {
        self.files.link_top(path).await
    }
    async fn remove(&self, path: &str) -> StorageResult<()> {
        self.check("remove", path)?;
        self.files.remove(path).await
    }
    async fn list(&self, path: &str) -> StorageResult<Vec<String>> {
        self.files.list(path).await
    }
    async fn create_dir(&self, path: &str) -> StorageResult<()> {
        self.files.create_dir(path).await
    }
}
