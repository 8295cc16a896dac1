//! Files on their way in: below `work`, each folder its uploader's, each task's folder its host's.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use koji_core::fault::FaultKind;
use koji_core::ids::{TaskId, VolumeId};
use koji_core::paths;
use md5::Digest as _;
use simd_adler32::Adler32;

use crate::call::Call;
use crate::db::args;
use crate::error::fail;
use crate::storage::{Storage, StorageError, WriteAt};
use crate::{Error, Hub, Result, tasks};

/// The kinds of checksums that uploads are verified with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verify {
    Adler32,
    Md5,
    Sha256,
}

impl Verify {
    /// The kind of that name.
    pub(crate) fn from_name(name: &str) -> Result<Self> {
        Ok(match name {
            "adler32" => Verify::Adler32,
            "md5" => Verify::Md5,
            "sha256" => Verify::Sha256,
            other => fail!("Unsupported verify type: {other}"),
        })
    }

    pub(crate) fn start(self) -> Sum {
        match self {
            Verify::Adler32 => Sum::Adler32(Adler32::new()),
            Verify::Md5 => Sum::Md5(md5::Md5::new()),
            Verify::Sha256 => Sum::Sha256(sha2::Sha256::new()),
        }
    }

    /// The checksum of some bytes, in lower-case hex.
    pub(crate) fn hex(self, data: &[u8]) -> String {
        let mut sum = self.start();
        sum.update(data);
        sum.hex()
    }
}

/// A checksum in the making.
pub(crate) enum Sum {
    Adler32(Adler32),
    Md5(md5::Md5),
    Sha256(sha2::Sha256),
}

impl Sum {
    pub(crate) fn update(&mut self, data: &[u8]) {
        match self {
            Sum::Adler32(s) => s.write(data),
            Sum::Md5(s) => s.update(data),
            Sum::Sha256(s) => s.update(data),
        }
    }

    pub(crate) fn hex(self) -> String {
        let bytes: Vec<u8> = match self {
            Sum::Adler32(s) => return format!("{:08x}", s.finish()),
            Sum::Md5(s) => s.finalize().to_vec(),
            Sum::Sha256(s) => s.finalize().to_vec(),
        };
        bytes.iter().map(|b| format!("{b:02x}")).collect()
    }
}

/// Where a file goes that a client names by folder and name.
fn destination(dir: &str, name: &str, volume: Option<&str>) -> Result<(String, String)> {
    if name.contains('/') || name.starts_with('.') || name.is_empty() || name.contains('\0') {
        fail!("Invalid upload filename: {name}");
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in dir.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.pop().is_some() => {}
            ".." => fail!("Invalid upload directory: {dir}"),
            other => parts.push(other),
        }
    }
    if parts.is_empty() || dir.starts_with('/') || dir.contains(['\0', '\n']) {
        fail!("Invalid upload directory: {dir}");
    }
    let relative = parts.join("/");
    Ok((format!("{}/{relative}", paths::work(volume)), relative))
}

/// The volume's name; none for the default one.
async fn volume_name(cx: &mut Call<'_>, volume: Option<&str>) -> Result<Option<String>> {
    let Some(volume) = volume else { return Ok(None) };
    let found: Option<VolumeId> =
        cx.db().await?.fetch_scalar_optional("SELECT id FROM volume WHERE name = $1", args![volume]).await?;
    match found {
        None => fail!("No such volume: {volume}"),
        Some(_) => Ok(Some(volume.to_owned()).filter(|v| v != "DEFAULT")),
    }
}

/// The path of an uploaded file, to be read.
pub(crate) async fn existing(cx: &mut Call<'_>, dir: &str, name: &str, volume: Option<&str>) -> Result<String> {
    let volume = volume_name(cx, volume).await?;
    let (folder, _) = destination(dir, name, volume.as_deref())?;
    Ok(format!("{folder}/{name}"))
}

/// The path of a file to be uploaded: checks that the caller may write there.
pub(crate) async fn writable(cx: &mut Call<'_>, dir: &str, name: &str, volume: Option<&str>) -> Result<String> {
    let volume = volume_name(cx, volume).await?;
    let (folder, relative) = destination(dir, name, volume.as_deref())?;
    let parts: Vec<&str> = relative.split('/').collect();
    if parts[0] == "tasks" {
        let task = parts.get(2).and_then(|id| id.parse().ok()).map(TaskId);
        let Some(task) = task else { fail!("Invalid task upload directory: {dir}") };
        let host = cx.host_id()?;
        tasks::assert_host(cx.db().await?, task, host).await?;
        return Ok(format!("{folder}/{name}"));
    }
    let user = cx.user_id()?;
    let mark = format!("{folder}/.user");
    match cx.storage().read(&mark, 0, 32).await {
        Ok(owner) if owner == user.to_string().as_bytes() => {}
        Ok(_) => fail!("Invalid upload directory, not owner: {dir}"),
        Err(StorageError::NotFound { .. }) => cx.storage().put(&mark, user.to_string().into()).await?,
        Err(e) => return Err(e.into()),
    }
    Ok(format!("{folder}/{name}"))
}

/// The files that are being written: one writer at a time.
#[derive(Debug, Default)]
pub(crate) struct Locks(Mutex<HashSet<String>>);

pub(crate) struct Lock<'l> {
    locks: &'l Locks,
    path: String,
}

impl Locks {
    fn set(&self) -> std::sync::MutexGuard<'_, HashSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, path: &str) -> Result<Lock<'_>> {
        if !self.set().insert(path.to_owned()) {
            fail!(Lock, "upload in progress: {path}");
        }
        Ok(Lock { locks: self, path: path.to_owned() })
    }
}

impl Drop for Lock<'_> {
    fn drop(&mut self) {
        self.locks.set().remove(&self.path);
    }
}

/// A file, or a part of one, that comes in piece by piece.
pub(crate) struct Upload<'h> {
    storage: &'h dyn Storage,
    path: String,
    /// Where its first byte stands.
    start: u64,
    /// Where the next piece goes.
    at: WriteAt,
    /// Whether the file must end with it.
    checked: bool,
    taken: u64,
    /// The size of the file.
    size: u64,
    _lock: Lock<'h>,
}

impl<'h> Upload<'h> {
    /// Begins at an offset, -1 for the end of the file; `overwrite` forgets what stands behind it.
    pub(crate) async fn begin(hub: &'h Hub, path: String, offset: i64, overwrite: bool) -> Result<Self> {
        let storage = hub.storage();
        let lock = hub.upload_locks().take(&path)?;
        let before = storage.metadata(&path).await?;
        if before.is_some_and(|m| m.is_dir) {
            fail!("destination not a file: {path}");
        }
        if before.is_some() && offset == 0 && !overwrite {
            fail!("upload path exists: {}", hub.config().full_path(&path));
        }
        let size = before.map_or(0, |m| m.size);
        let (at, start) = match u64::try_from(offset) {
            Err(_) if offset == -1 => (WriteAt::End, size),
            Err(_) => fail!("Invalid upload offset: {offset}"),
            Ok(start) if start > size => fail!("upload offset {start} is beyond the end of {path} ({size} bytes)"),
            Ok(start) if overwrite => (WriteAt::Truncate(start), start),
            Ok(start) => (WriteAt::Offset(start), start),
        };
        let checked = offset != -1 && !overwrite;
        Ok(Upload { storage, path, start, at, checked, taken: 0, size, _lock: lock })
    }

    /// Writes the next piece.
    pub(crate) async fn write(&mut self, piece: Bytes) -> Result<()> {
        self.taken += piece.len() as u64;
        self.size = self.storage.write(&self.path, self.at, piece).await.map_err(|e| refused(&self.path, e))?;
        if self.at != WriteAt::End {
            self.at = WriteAt::Offset(self.start + self.taken);
        }
        Ok(())
    }

    /// Says at which offset all of it stands.
    pub(crate) fn end(self) -> Result<i64> {
        let end = self.start + self.taken;
        if self.checked && self.size != end {
            fail!("upload size mismatch: {} has {} bytes, expected {end}", self.path, self.size);
        }
        Ok(i64::try_from(self.start).unwrap_or(i64::MAX))
    }
}

fn refused(path: &str, e: StorageError) -> Error {
    match e {
        StorageError::Full { .. } => {
            Error::fault(FaultKind::Generic, format!("the hub's storage is full: cannot write {path}"))
        }
        other => other.into(),
    }
}
