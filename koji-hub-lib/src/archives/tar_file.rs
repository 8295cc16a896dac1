//! What is in a tar file, packed or not, by its headers.

use std::io::{self, Read, Seek, SeekFrom};

use tar::{EntryType, Header, PaxExtensions};

use super::contents::{Entry, MOST_FILES};
use crate::storage::BlockingFile;
use crate::unpack::{Packing, Unpacked};

/// The length of a header, and what all lengths are rounded up to.
const BLOCK: u64 = 512;
/// The longest name, or set of further fields, that is read.
const LONGEST: u64 = 1024 * 1024;
/// The most bytes that are unpacked to get at the headers.
const MOST_BYTES: u64 = 64 * 1024 * 1024 * 1024;

/// The entries; the error says what is wrong with the file.
pub(super) fn entries(file: BlockingFile) -> Result<Vec<Entry>, String> {
    open(file).and_then(|mut source| list(&mut *source)).map_err(|e| e.to_string())
}

/// A tar file that can be read on from any header.
trait Source: Read {
    /// Goes on behind some bytes.
    fn skip(&mut self, bytes: u64) -> io::Result<()>;
}

impl Source for BlockingFile {
    fn skip(&mut self, bytes: u64) -> io::Result<()> {
        let by = i64::try_from(bytes).map_err(io::Error::other)?;
        self.seek(SeekFrom::Current(by)).map(|_| ())
    }
}

impl Source for Unpacked {
    fn skip(&mut self, bytes: u64) -> io::Result<()> {
        io::copy(&mut self.by_ref().take(bytes), &mut io::sink()).map(|_| ())
    }
}

fn open(mut file: BlockingFile) -> io::Result<Box<dyn Source>> {
    let mut start = Vec::new();
    file.by_ref().take(Packing::START as u64).read_to_end(&mut start)?;
    file.seek(SeekFrom::Start(0))?;
    Ok(match Packing::of(&start) {
        Some(packing) => Box::new(packing.unpack(file, MOST_BYTES)?),
        None => Box::new(file),
    })
}

/// What the headers before a file's own say of it.
#[derive(Default)]
struct Further {
    name: Option<String>,
    size: Option<u64>,
    mtime: Option<i64>,
    user: Option<String>,
    group: Option<String>,
}

impl Further {
    fn read_pax(&mut self, text: &[u8]) {
        for field in PaxExtensions::new(text).flatten() {
            let value = String::from_utf8_lossy(field.value_bytes()).into_owned();
            match field.key_bytes() {
                b"path" => self.name = Some(value),
                b"size" => self.size = value.parse().ok(),
                b"mtime" => self.mtime = value.split('.').next().and_then(|whole| whole.parse().ok()),
                b"uname" => self.user = Some(value),
                b"gname" => self.group = Some(value),
                _ => {}
            }
        }
    }
}

fn list(source: &mut dyn Source) -> io::Result<Vec<Entry>> {
    let mut out = Vec::new();
    let mut further = Further::default();
    while let Some(header) = next_header(source, out.is_empty())? {
        let own_size = header.entry_size()?;
        match header.entry_type() {
            kind @ (EntryType::GNULongName | EntryType::XHeader) => {
                let text = content(source, own_size)?;
                if kind == EntryType::XHeader {
                    further.read_pax(&text);
                } else {
                    let name = text.split(|byte| *byte == 0).next().unwrap_or_default();
                    further.name = Some(String::from_utf8_lossy(name).into_owned());
                }
            }
            EntryType::GNULongLink | EntryType::XGlobalHeader => source.skip(padded(own_size)?)?,
            kind => {
                let Further { name, size, mtime, user, group } = std::mem::take(&mut further);
                let text = |bytes: Option<&[u8]>| String::from_utf8_lossy(bytes.unwrap_or_default()).into_owned();
                let mut name = name.unwrap_or_else(|| text(Some(&header.path_bytes())));
                let stored = size.unwrap_or(own_size);
                // folders and links have no content, whatever they say
                let has_content = !(kind.is_dir() || kind.is_symlink() || kind.is_hard_link());
                if kind.is_dir() {
                    name.truncate(name.trim_end_matches('/').len());
                }
                if kind.is_gnu_sparse() && header.as_gnu().is_some_and(|gnu| gnu.is_extended()) {
                    skip_sparse_map(source)?;
                }
                if has_content {
                    source.skip(padded(stored)?)?;
                }
                out.push(Entry {
                    name,
                    size: if kind.is_gnu_sparse() { header.size()? } else { stored },
                    mtime: mtime.unwrap_or(i64::try_from(header.mtime()?).unwrap_or(i64::MAX)),
                    owner: Some((
                        header.mode()? & 0o7777,
                        user.unwrap_or_else(|| text(header.username_bytes())),
                        group.unwrap_or_else(|| text(header.groupname_bytes())),
                    )),
                });
                if out.len() > MOST_FILES {
                    return Err(io::Error::other(format!("more than {MOST_FILES} files")));
                }
            }
        }
    }
    Ok(out)
}

/// The next header; none at the end: a block of zeros, or nothing.
fn next_header(source: &mut dyn Source, first: bool) -> io::Result<Option<Header>> {
    let mut header = Header::new_old();
    let mut block = Vec::with_capacity(BLOCK as usize);
    source.take(BLOCK).read_to_end(&mut block)?;
    if block.len() < BLOCK as usize {
        // Python's reader takes a cut file for one that ends here, but an empty one for none
        return if first { Err(io::Error::other("not a tar file")) } else { Ok(None) };
    }
    if block.iter().all(|byte| *byte == 0) {
        return Ok(None);
    }
    header.as_mut_bytes().copy_from_slice(&block);
    let sum: u32 =
        block.iter().enumerate().map(|(n, byte)| if (148..156).contains(&n) { 32 } else { u32::from(*byte) }).sum();
    if header.cksum().ok() != Some(sum) {
        return Err(io::Error::other("not a tar file"));
    }
    Ok(Some(header))
}

/// Goes on behind the blocks that say more of where a sparse file has holes.
fn skip_sparse_map(source: &mut dyn Source) -> io::Result<()> {
    loop {
        let mut block = [0; BLOCK as usize];
        source.read_exact(&mut block)?;
        if block[504] == 0 {
            return Ok(());
        }
    }
}

/// The content of an entry that belongs to the next one.
fn content(source: &mut dyn Source, size: u64) -> io::Result<Vec<u8>> {
    if size > LONGEST {
        return Err(io::Error::other("a name is too long"));
    }
    let mut text = Vec::new();
    source.take(size).read_to_end(&mut text)?;
    source.skip(padded(size)? - size)?;
    Ok(text)
}

/// With what fills the last block.
fn padded(size: u64) -> io::Result<u64> {
    size.checked_next_multiple_of(BLOCK).ok_or_else(|| io::Error::other("not a tar file"))
}
