//! Whether a file that was fetched is what the hub has.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use koji_core::model::ChecksumType;
use md5::{Digest, Md5};
use sha1::Sha1;
use sha2::Sha256;

use crate::exit::Stop;

/// The length of an rpm's lead.
const LEAD: u64 = 96;
/// The tag of the MD5 of header and payload in a signature header.
const SIGTAG_MD5: u32 = 1004;

/// Checks an rpm's header and payload against their MD5 (`SIGMD5`); deletes the file if they differ.
pub fn rpm(path: &str, payloadhash: &str) -> Result<(), Stop> {
    let problem = match payload_md5(path) {
        Ok(Some(md5)) if md5 != payloadhash => format!("Downloaded rpm {path} doesn't match db, deleting"),
        // newer formats have no such checksum
        Ok(_) => return Ok(()),
        Err(error) => format!("Downloaded rpm {path} is not valid rpm file, deleting: {error}"),
    };
    Err(delete(path, &problem))
}

/// Checks a file against its checksum; deletes it if they differ.
pub fn checksum(path: &str, kind: ChecksumType, expected: &str) -> Result<(), Stop> {
    let file = || File::open(path).map_err(|e| Stop::io(path, e));
    let sum = match kind {
        ChecksumType::Md5 => digest::<Md5>(file()?),
        ChecksumType::Sha1 => digest::<Sha1>(file()?),
        ChecksumType::Sha256 => digest::<Sha256>(file()?),
    };
    if sum.map_err(|e| Stop::io(path, e))? == expected {
        return Ok(());
    }
    Err(delete(path, &format!("Downloaded archive {path} doesn't match checksum, deleting")))
}

fn delete(path: &str, problem: &str) -> Stop {
    if let Err(error) = std::fs::remove_file(path) {
        return Stop::io(path, error);
    }
    Stop::error(problem)
}

fn digest<D: Digest>(mut file: File) -> io::Result<String> {
    let mut digest = D::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        let size = file.read(&mut buffer)?;
        if size == 0 {
            return Ok(digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect());
        }
        digest.update(&buffer[..size]);
    }
}

/// The MD5 of what is behind the signature header; nothing if that does not have one.
fn payload_md5(path: &str) -> io::Result<Option<String>> {
    let broken = |text: &str| io::Error::new(io::ErrorKind::InvalidData, text.to_owned());
    let mut file = File::open(path)?;
    let mut lead = [0; LEAD as usize];
    file.read_exact(&mut lead)?;
    if !lead.starts_with(b"\xed\xab\xee\xdb") {
        return Err(broken("no rpm"));
    }
    let mut intro = [0; 16];
    file.read_exact(&mut intro)?;
    if !intro.starts_with(b"\x8e\xad\xe8\x01") {
        return Err(broken("no signature header"));
    }
    let number = |bytes: &[u8]| bytes.iter().fold(0_u32, |sum, byte| sum << 8 | u32::from(*byte));
    let (entries, data) = (u64::from(number(&intro[8..12])), u64::from(number(&intro[12..16])));
    // an honest signature header is far below a megabyte
    if entries > 1 << 16 || data > 1 << 28 {
        return Err(broken("the signature header is too large"));
    }
    let mut index = vec![0; entries as usize * 16];
    file.read_exact(&mut index)?;
    if !index.chunks(16).any(|entry| number(&entry[..4]) == SIGTAG_MD5) {
        return Ok(None);
    }
    let end = LEAD + 16 + entries * 16 + data;
    file.seek(SeekFrom::Start(end.next_multiple_of(8)))?;
    digest::<Md5>(file).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(tag: u32, payload: &[u8]) -> Vec<u8> {
        let mut out = b"\xed\xab\xee\xdb".to_vec();
        out.resize(96, 0);
        out.extend(b"\x8e\xad\xe8\x01\0\0\0\0");
        out.extend(1_u32.to_be_bytes());
        out.extend(5_u32.to_be_bytes());
        out.extend(tag.to_be_bytes());
        out.extend([0; 12]);
        out.extend([7; 5]);
        out.resize(out.len().next_multiple_of(8), 0);
        out.extend(payload);
        out
    }

    #[test]
    fn rpms_are_checked() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.rpm");
        let path = path.to_str().unwrap();
        let sum = "900150983cd24fb0d6963f7d28e17f72";
        std::fs::write(path, package(SIGTAG_MD5, b"abc")).unwrap();
        assert!(rpm(path, sum).is_ok());
        std::fs::write(path, package(5, b"other")).unwrap();
        assert!(rpm(path, sum).is_ok());
        for content in [package(SIGTAG_MD5, b"abd"), b"<html>".to_vec(), Vec::new()] {
            std::fs::write(path, content).unwrap();
            assert!(matches!(rpm(path, sum), Err(Stop::Exit(1))));
            assert!(!std::path::Path::new(path).exists());
        }
    }

    #[test]
    fn archives_are_checked() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.jar");
        let path = path.to_str().unwrap();
        for (kind, sum) in [
            (ChecksumType::Md5, "900150983cd24fb0d6963f7d28e17f72"),
            (ChecksumType::Sha1, "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (ChecksumType::Sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ] {
            std::fs::write(path, "abc").unwrap();
            assert!(checksum(path, kind, sum).is_ok());
            assert!(matches!(checksum(path, kind, "00"), Err(Stop::Exit(1))));
            assert!(!std::path::Path::new(path).exists());
        }
    }
}
