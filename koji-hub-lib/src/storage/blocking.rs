use std::io::{self, Read, Seek, SeekFrom};

use bytes::Bytes;
use tokio::runtime::Handle;

use crate::Hub;

/// How much is read at once.
const PIECE: u64 = 128 * 1024;

/// A file of a hub's storage, for code that reads and seeks as it goes, in a thread that may block.
pub(crate) struct BlockingFile {
    hub: Hub,
    runtime: Handle,
    path: String,
    size: u64,
    at: u64,
    piece: Bytes,
    piece_at: u64,
}

impl BlockingFile {
    /// The file of that size. To be called on the runtime, before the thread begins.
    pub(crate) fn new(hub: Hub, path: String, size: u64) -> Self {
        BlockingFile { hub, runtime: Handle::current(), path, size, at: 0, piece: Bytes::new(), piece_at: 0 }
    }
}

impl Read for BlockingFile {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut skip = self.at.checked_sub(self.piece_at).filter(|skip| *skip < self.piece.len() as u64);
        if skip.is_none() {
            let read = self.hub.storage().read(&self.path, self.at, PIECE);
            self.piece = self.runtime.block_on(read).map_err(io::Error::other)?;
            self.piece_at = self.at;
            skip = Some(0);
        }
        let start = skip.and_then(|skip| usize::try_from(skip).ok()).unwrap_or_default();
        let rest = self.piece.get(start..).unwrap_or_default();
        let length = rest.len().min(into.len());
        if let (Some(to), Some(from)) = (into.get_mut(..length), rest.get(..length)) {
            to.copy_from_slice(from);
        }
        self.at += length as u64;
        Ok(length)
    }
}

impl Seek for BlockingFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.size.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        match target {
            Some(at) => self.at = at,
            None => return Err(io::Error::new(io::ErrorKind::InvalidInput, "a place before the file")),
        }
        Ok(self.at)
    }
}
