//! The files that an RPM installs.

use std::collections::{HashMap, HashSet};
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};

use bytes::Bytes;
use rpm::{FileType, IndexTag, PackageReader};
use tokio::runtime::Handle;

use crate::storage::{BlockingFile, WriteAt};
use crate::unpack::Packing;
use crate::{Error, Hub};

/// The most bytes that are unpacked.
const MOST_BYTES: u64 = 16 * 1024 * 1024 * 1024;
/// The most files that are written.
const MOST_FILES: usize = 20_000;
/// How much is written at once.
const PIECE: u64 = 1024 * 1024;

/// Writes those of an RPM's regular files that are chosen from their paths into a folder of the storage, which should be empty:
/// each at its own path below it. Gives the paths of what was written, with a slash before them. Links are not asked about; files
/// that share their content are.
///
/// A path that would lead out of the folder is an error, as is an RPM that is too large.
pub(crate) async fn unpack(
    hub: &Hub,
    path: &str,
    folder: String,
    choose: impl FnOnce(Vec<String>) -> Vec<String> + Send + 'static,
) -> crate::Result<Vec<String>> {
    let wrong = |reason: String| Error::Rpm { path: path.to_owned(), reason };
    let Some(found) = super::read(hub.storage(), path).await? else { return Err(wrong("no such file".into())) };
    let file = BlockingFile::new(hub.clone(), path.to_owned(), found.size);
    let into = Folder { hub: hub.clone(), runtime: Handle::current(), path: folder };
    match tokio::task::spawn_blocking(move || read(found.head, file, &into, choose)).await {
        Ok(files) => files.map_err(wrong),
        Err(e) => Err(wrong(e.to_string())),
    }
}

/// Where the files are written, from a thread that may block.
struct Folder {
    hub: Hub,
    runtime: Handle,
    path: String,
}

impl Folder {
    fn of(&self, file: &str) -> String {
        format!("{}/{}", self.path, file.trim_start_matches('/'))
    }

    fn write(&self, file: &str, mut content: impl Read) -> io::Result<()> {
        let (to, mut at) = (self.of(file), 0);
        loop {
            let mut piece = Vec::new();
            content.by_ref().take(PIECE).read_to_end(&mut piece)?;
            let piece = Bytes::from(piece);
            if piece.is_empty() && at > 0 {
                return Ok(());
            }
            let write = self.hub.storage().write(&to, WriteAt::Truncate(at), piece);
            let size = self.runtime.block_on(write).map_err(io::Error::other)?;
            if size == at {
                return Ok(());
            }
            at = size;
        }
    }

    fn copy(&self, from: &str, to: &str) -> io::Result<()> {
        let (from, to) = (self.of(from), self.of(to));
        self.runtime.block_on(self.hub.storage().copy(&from, &to)).map_err(io::Error::other)
    }
}

fn read(
    head: Bytes,
    file: BlockingFile,
    folder: &Folder,
    choose: impl FnOnce(Vec<String>) -> Vec<String>,
) -> Result<Vec<String>, String> {
    let mut package = open(head, file).map_err(|e| e.to_string())?;
    let inodes = inodes(&package)?;
    let wanted: HashSet<String> = choose(inodes.keys().cloned().collect()).into_iter().collect();
    if wanted.len() > MOST_FILES {
        return Err(format!("more than {MOST_FILES} files"));
    }
    let mut written: Vec<String> = Vec::new();
    // of several names for one file only the last comes with the content
    let mut waiting: HashMap<u32, Vec<String>> = HashMap::new();
    while written.len() < wanted.len()
        && let Some(mut file) = package.next_file().map_err(|e| e.to_string())?
    {
        if file.metadata.file_type() != FileType::Regular {
            continue;
        }
        let name = file.metadata.path().to_string_lossy().into_owned();
        let inode = inodes.get(&name).copied().flatten();
        if !file.has_payload() {
            if let Some(inode) = inode.filter(|_| wanted.contains(&name)) {
                waiting.entry(inode).or_default().push(name);
            }
            continue;
        }
        let mut names = inode.and_then(|inode| waiting.remove(&inode)).unwrap_or_default();
        if wanted.contains(&name) {
            names.push(name);
        }
        if let Some((first, others)) = names.split_first() {
            folder.write(first, &mut file).map_err(|e| e.to_string())?;
            for other in others {
                folder.copy(first, other).map_err(|e| e.to_string())?;
            }
        }
        file.finish().map_err(|e| e.to_string())?;
        written.extend(names);
    }
    Ok(written)
}

/// The RPM as its crate reads it, but for the unpacking, which is done here, with its limits.
fn open(head: Bytes, mut file: BlockingFile) -> io::Result<PackageReader> {
    let payload = head.len() as u64;
    file.seek(SeekFrom::Start(payload))?;
    let mut start = Vec::new();
    file.by_ref().take(Packing::START as u64).read_to_end(&mut start)?;
    file.seek(SeekFrom::Start(payload))?;
    let payload: Box<dyn Read> = match Packing::of(&start) {
        Some(packing) => Box::new(packing.unpack(file, MOST_BYTES)?),
        None => Box::new(file),
    };
    PackageReader::parse(BufReader::new(Cursor::new(head).chain(payload))).map_err(io::Error::other)
}

/// The paths of the regular files, each with the number that it shares with those that share its content, if it has one.
fn inodes(package: &PackageReader) -> Result<HashMap<String, Option<u32>>, String> {
    let entries = package.metadata.get_file_entries().map_err(|e| e.to_string())?;
    let numbers = package.metadata.header.get_entry_data_as_u32_array(IndexTag::RPMTAG_FILEINODES).unwrap_or_default();
    let numbers = numbers.into_iter().map(Some).chain(std::iter::repeat(None));
    let files = entries.iter().zip(numbers).filter(|(entry, _)| entry.file_type() == FileType::Regular);
    Ok(files.map(|(entry, number)| (entry.path().to_string_lossy().into_owned(), number)).collect())
}
