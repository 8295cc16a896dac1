//! Several checksums of the same bytes, in one pass.

use std::collections::HashMap;

use koji_core::model::ChecksumType;
use md5::Digest;

use crate::rpm_file::hex;
use crate::storage::{Metadata, Storage, StorageResult};

/// How much of a file is read at once.
const PIECE: u64 = 1024 * 1024;

/// Checksums in the making.
#[derive(Default)]
pub(crate) struct Sums {
    md5: Option<md5::Md5>,
    sha1: Option<sha1::Sha1>,
    sha256: Option<sha2::Sha256>,
}

impl Sums {
    /// Begins those of these kinds.
    pub(crate) fn new(kinds: &[ChecksumType]) -> Self {
        Sums {
            md5: kinds.contains(&ChecksumType::Md5).then(md5::Md5::new),
            sha1: kinds.contains(&ChecksumType::Sha1).then(sha1::Sha1::new),
            sha256: kinds.contains(&ChecksumType::Sha256).then(sha2::Sha256::new),
        }
    }

    /// Adds bytes.
    pub(crate) fn update(&mut self, part: &[u8]) {
        self.md5.iter_mut().for_each(|sum| sum.update(part));
        self.sha1.iter_mut().for_each(|sum| sum.update(part));
        self.sha256.iter_mut().for_each(|sum| sum.update(part));
    }

    /// The checksums in lower-case hex, by kind.
    pub(crate) fn finish(self) -> Vec<(ChecksumType, String)> {
        let md5 = self.md5.map(|sum| (ChecksumType::Md5, hex(&sum.finalize())));
        let sha1 = self.sha1.map(|sum| (ChecksumType::Sha1, hex(&sum.finalize())));
        let sha256 = self.sha256.map(|sum| (ChecksumType::Sha256, hex(&sum.finalize())));
        [md5, sha1, sha256].into_iter().flatten().collect()
    }
}

/// The checksums of a file.
pub(crate) async fn of_file(
    storage: &dyn Storage,
    path: &str,
    kinds: &[ChecksumType],
) -> StorageResult<Vec<(ChecksumType, String)>> {
    let mut sums = Sums::new(kinds);
    let mut at = 0;
    loop {
        let part = storage.read(path, at, PIECE).await?;
        if part.is_empty() {
            return Ok(sums.finish());
        }
        at += part.len() as u64;
        sums.update(&part);
    }
}

/// Checksums of files that were read before a call's transaction began, which would be long otherwise; each with what
/// there was to be seen of the file then.
#[derive(Debug, Clone, Default)]
pub(crate) struct Known(HashMap<String, (Metadata, ChecksumType, String)>);

impl Known {
    /// Reads a file, unless that was done.
    pub(crate) async fn read(&mut self, storage: &dyn Storage, path: &str, kind: ChecksumType) -> StorageResult<()> {
        let Some(found) = storage.metadata(path).await?.filter(|found| !found.is_dir) else { return Ok(()) };
        if self.get(path, &found, kind).is_none()
            && let Some((_, sum)) = of_file(storage, path, &[kind]).await?.pop()
        {
            self.0.insert(path.to_owned(), (found, kind, sum));
        }
        Ok(())
    }

    /// The checksum of a file that is still the one that was read.
    pub(crate) fn get(&self, path: &str, now: &Metadata, kind: ChecksumType) -> Option<&str> {
        self.0.get(path).filter(|(then, of, _)| then == now && *of == kind).map(|(.., sum)| sum.as_str())
    }
}
