//! A hub with a storage of its own: files in a directory as usual, and each write counted.
//!
//! `custom_storage DIR` makes a hub in DIR, checks the storage with the battery that every storage must pass, and serves.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Context;
use async_trait::async_trait;
use bytes::Bytes;
use koji_hub_lib::Hub;
use koji_hub_lib::config::HubConfig;
use koji_hub_lib::db::{Db, DbUrl};
use koji_hub_lib::storage::{LocalStorage, Metadata, Storage, StorageResult, WriteAt, conformance};

/// A directory that counts the bytes written to it.
struct Counted {
    files: LocalStorage,
    written: AtomicU64,
}

impl Counted {
    fn new(dir: impl Into<PathBuf>) -> StorageResult<Self> {
        Ok(Counted { files: LocalStorage::new(dir)?, written: AtomicU64::new(0) })
    }

    fn count(&self, data: &Bytes) {
        let before = self.written.fetch_add(data.len() as u64, Ordering::Relaxed);
        println!("{} bytes written so far", before + data.len() as u64);
    }
}

#[async_trait]
impl Storage for Counted {
    async fn metadata(&self, path: &str) -> StorageResult<Option<Metadata>> {
        self.files.metadata(path).await
    }
    async fn is_link(&self, path: &str) -> StorageResult<bool> {
        self.files.is_link(path).await
    }
    async fn read(&self, path: &str, offset: u64, len: u64) -> StorageResult<Bytes> {
        self.files.read(path, offset, len).await
    }
    async fn write(&self, path: &str, at: WriteAt, data: Bytes) -> StorageResult<u64> {
        self.count(&data);
        self.files.write(path, at, data).await
    }
    async fn put(&self, path: &str, data: Bytes) -> StorageResult<()> {
        self.count(&data);
        self.files.put(path, data).await
    }
    async fn copy(&self, from: &str, to: &str) -> StorageResult<()> {
        self.files.copy(from, to).await
    }
    async fn rename(&self, from: &str, to: &str) -> StorageResult<()> {
        self.files.rename(from, to).await
    }
    async fn link(&self, target: &str, path: &str) -> StorageResult<()> {
        self.files.link(target, path).await
    }
    async fn link_top(&self, path: &str) -> StorageResult<()> {
        self.files.link_top(path).await
    }
    async fn remove(&self, path: &str) -> StorageResult<()> {
        self.files.remove(path).await
    }
    async fn list(&self, path: &str) -> StorageResult<Vec<String>> {
        self.files.list(path).await
    }
    async fn create_dir(&self, path: &str) -> StorageResult<()> {
        self.files.create_dir(path).await
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let dir = PathBuf::from(std::env::args().nth(1).context("usage: custom_storage DIR")?);
    conformance::check(&Counted::new(dir.join("check"))?).await?;
    std::fs::remove_dir_all(dir.join("check"))?;

    let config = HubConfig::new(format!("sqlite://{}/koji.db", dir.display()), dir.join("koji"));
    let db = Db::connect(&config.database.parse::<DbUrl>()?).await?;
    println!("{}", db.migrate().await?);
    let hub = Hub::new(config, db, Arc::new(Counted::new(dir.join("koji"))?))?;
    let listener = hub.bind().await?;
    println!("serving at {}", listener.local_addr()?);
    // an error is a signal that cannot be waited for: stop then too
    hub.serve(listener, async { drop(tokio::signal::ctrl_c().await) }).await?;
    Ok(())
}
