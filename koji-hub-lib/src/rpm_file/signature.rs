//! Signature headers: whose signature is in one, and the file with another one in its place.

use bytes::Bytes;
use rpm::IndexData;

use super::{REGIONS, RpmFile, SIGNATURE_START};
use crate::Result;
use crate::error::fail;
use crate::storage::Storage;

/// Where a signature may be: OpenPGP packets of header and payload, and of the header alone.
const SIGNATURES: [u32; 4] = [1005, 1002, 267, 268];
/// Base64 texts of OpenPGP packets, in RPM 6.
const OPENPGP: u32 = 278;

const TOO_SHORT: &str = "the file ends too early";

/// The number that the four bytes at a place are.
fn number(bytes: &[u8], at: usize) -> usize {
    bytes.get(at..at + 4).map_or(0, be)
}

/// How many entries the header section at the start of `bytes` has, and how many bytes of data, or what is wrong with it.
fn sizes(bytes: &[u8]) -> Result<(usize, usize), String> {
    let intro = bytes.get(..16).ok_or(TOO_SHORT)?;
    if !intro.starts_with(&[0x8e, 0xad, 0xe8]) {
        return Err(format!("bad magic: {:02x?}", &intro[..3]));
    }
    let (entries, data) = (number(intro, 8), number(intro, 12));
    // what rpm itself takes
    if entries > 0xffff || data > 0x1000_0000 {
        return Err(format!("a header of {entries} entries and {data} bytes is too large"));
    }
    Ok((entries, data))
}

/// The length of the header section that begins at the start of `bytes`, or what is wrong with it.
pub(super) fn header_length(bytes: &[u8]) -> Result<usize, String> {
    sizes(bytes).map(|(entries, data)| 16 + 16 * entries + data)
}

/// Says what is wrong with the header section at the start of `bytes`: each entry must lie in the data, and no two over
/// each other. The parser takes that for granted: it slices, and makes room for as many values as an entry says it has.
pub(super) fn check_entries(bytes: &[u8]) -> Result<(), String> {
    let (entries, length) = sizes(bytes)?;
    let index = bytes.get(16..16 + 16 * entries).ok_or(TOO_SHORT)?;
    let data = bytes.get(16 + 16 * entries..16 + 16 * entries + length).ok_or(TOO_SHORT)?;
    let mut sorted: Vec<&[u8]> = index.chunks_exact(16).collect();
    sorted.sort_by_key(|entry| number(entry, 8));
    let mut end = 0;
    for entry in sorted {
        let (tag, kind, start, count) = (number(entry, 0), number(entry, 4), number(entry, 8), number(entry, 12));
        let wrong = || format!("the header's tag {tag} is not within its data");
        let rest = data.get(start..).ok_or_else(wrong)?;
        // what marks a part of the header is over others
        let marks = REGIONS.iter().any(|region| usize::try_from(*region) == Ok(tag));
        if start < end && !marks {
            return Err(format!("the header's tag {tag} lies over another"));
        }
        let length = match kind {
            0 => 0,
            1 | 2 | 7 => count,
            3 => 2 * count,
            4 => 4 * count,
            5 => 8 * count,
            6 => texts_length(rest, 1).ok_or_else(wrong)?,
            8 | 9 => texts_length(rest, count).ok_or_else(wrong)?,
            other => return Err(format!("the header's tag {tag} is of the unknown type {other}")),
        };
        if length > rest.len() {
            return Err(wrong());
        }
        if !marks {
            end = start + length;
        }
    }
    Ok(())
}

/// The length of that many texts, each with its NUL.
fn texts_length(data: &[u8], count: usize) -> Option<usize> {
    let mut length = 0;
    for _ in 0..count {
        length += data.get(length..)?.iter().position(|byte| *byte == 0)? + 1;
    }
    Some(length)
}

/// The length of the signature section, which is padded.
pub(super) fn padded_length(bytes: &[u8]) -> Result<usize, String> {
    header_length(bytes).map(|length| length.next_multiple_of(8))
}

/// The id of the key of the signature in the file's own signature header, in lower-case hex; empty if there is none.
pub(super) fn key_id(file: &RpmFile) -> Result<String, String> {
    for tag in SIGNATURES {
        if let Ok(IndexData::Bin(packet)) = file.metadata.signature.entry(tag)
            && !packet.is_empty()
        {
            return packet_key_id(&packet).ok_or_else(|| "cannot read the signature's key id".into());
        }
    }
    if let Ok(IndexData::StringArray(packets)) = file.metadata.signature.entry(OPENPGP)
        && let Some(text) = packets.first()
    {
        use base64::Engine;
        let packet = base64::engine::general_purpose::STANDARD.decode(text.replace('\n', ""));
        let packet = packet.map_err(|e| format!("cannot read the signature: {e}"))?;
        return packet_key_id(&packet).ok_or_else(|| "cannot read the signature's key id".into());
    }
    Ok(String::new())
}

/// The last four bytes of the issuer's key id in an OpenPGP signature packet (RFC 4880 and 9580).
fn packet_key_id(packet: &[u8]) -> Option<String> {
    let body = packet_body(packet)?;
    let id = match body.first()? {
        3 => body.get(11..15)?,
        4 => issuer(body, 4, 2).and_then(|id| id.get(id.len().checked_sub(4)?..))?,
        6 => issuer(body, 4, 4).and_then(|id| id.get(..4))?,
        _ => return None,
    };
    Some(hex(id))
}

/// The body of a signature packet.
fn packet_body(packet: &[u8]) -> Option<&[u8]> {
    let (&first, rest) = packet.split_first()?;
    let old = first & 0x40 == 0;
    let kind = if old { (first >> 2) & 0x0f } else { first & 0x3f };
    if first & 0x80 == 0 || kind != 2 {
        return None;
    }
    let skip = match (old, first & 3, rest.first()?) {
        (true, 0, _) => 1,
        (true, 1, _) => 2,
        (true, 2, _) => 4,
        (true, ..) => 0,
        (false, _, ..192) => 1,
        (false, _, 192..=223) => 2,
        (false, _, 255) => 5,
        (false, ..) => return None,
    };
    rest.get(skip..)
}

/// The issuer's key id or fingerprint among the subpackets, of which both areas begin with a length of `wide` bytes.
fn issuer(body: &[u8], at: usize, wide: usize) -> Option<&[u8]> {
    let mut at = at;
    let mut fingerprint = None;
    for _ in 0..2 {
        let length = be(body.get(at..at + wide)?);
        let mut area = body.get(at + wide..at + wide + length)?;
        at += wide + length;
        while let Some(&first) = area.first() {
            let (length, skip) = match first {
                0..192 => (usize::from(first), 1),
                192..255 => ((usize::from(first) - 192) * 256 + usize::from(*area.get(1)?) + 192, 2),
                255 => (be(area.get(1..5)?), 5),
            };
            let packet = area.get(skip..skip + length)?;
            match packet.split_first()? {
                (kind, id) if kind & 0x7f == 16 => return Some(id),
                (kind, [_, print @ ..]) if kind & 0x7f == 33 => fingerprint = Some(print),
                _ => {}
            }
            area = area.get(skip + length..)?;
        }
    }
    fingerprint
}

fn be(bytes: &[u8]) -> usize {
    bytes.iter().fold(0, |n, b| (n << 8) | usize::from(*b))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// An RPM with another signature header in place of its own, read part by part.
pub(crate) struct Spliced<'s> {
    storage: &'s dyn Storage,
    path: String,
    /// What comes before the rest of the file.
    first: Vec<Bytes>,
    /// Where the rest begins.
    at: u64,
}

impl<'s> Spliced<'s> {
    pub(crate) async fn open(storage: &'s dyn Storage, path: &str, sighdr: Bytes) -> Result<Self> {
        let start = storage.read(path, 0, SIGNATURE_START + 16).await?;
        let own = match padded_length(start.get(SIGNATURE_START as usize..).unwrap_or_default()) {
            Ok(own) => own as u64,
            Err(reason) => fail!("{path}: {reason}"),
        };
        let first = vec![sighdr, start.slice(..SIGNATURE_START as usize)];
        Ok(Spliced { storage, path: path.to_owned(), first, at: SIGNATURE_START + own })
    }

    /// The next part; none at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>> {
        const PART: u64 = 1024 * 1024;
        if let Some(part) = self.first.pop() {
            return Ok(Some(part));
        }
        let part = self.storage.read(&self.path, self.at, PART).await?;
        self.at += part.len() as u64;
        Ok(Some(part).filter(|part| !part.is_empty()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A header section with these entries: tag, type, offset, count.
    fn header(entries: &[[u32; 4]], data: &[u8]) -> Vec<u8> {
        let mut out = vec![0x8e, 0xad, 0xe8, 1, 0, 0, 0, 0];
        let sizes = [entries.len() as u32, data.len() as u32];
        out.extend(sizes.iter().chain(entries.iter().flatten()).flat_map(|n| n.to_be_bytes()));
        out.extend(data);
        out
    }

    #[test]
    fn entries_lie_in_the_data_and_not_over_each_other() {
        let check = |entries: &[[u32; 4]]| check_entries(&header(entries, b"ab\0c\0\0\0\0\0\x01\0\0"));
        assert_eq!(check(&[[1000, 6, 0, 1], [1001, 8, 3, 2], [1003, 4, 8, 1], [63, 7, 4, 8]]), Ok(()));
        for entry in [
            [1003, 4, 8, 2],
            [1003, 5, 0, u32::MAX],
            [1000, 6, u32::MAX, 1],
            [1000, 7, 13, 0],
            [1081, 8, 0, 100],
            [1000, 17, 0, 1],
        ] {
            assert!(check(&[entry]).is_err(), "{entry:?}");
        }
        assert!(check(&[[1000, 7, 0, 8], [1001, 7, 4, 8]]).is_err());
        let whole = header(&[[1000, 6, 0, 1]], b"a\0");
        for end in 0..whole.len() {
            assert!(check_entries(&whole[..end]).is_err(), "{end}");
        }
    }

    #[tokio::test]
    async fn a_file_that_lies_about_its_header_is_refused() {
        let storage = crate::storage::MemoryStorage::new();
        let lead = [&[0xed, 0xab, 0xee, 0xdb, 3, 0][..], &[0; 90]].concat();
        for entry in [[1000, 5, 0, u32::MAX], [1000, 6, 1 << 20, 1]] {
            let file = [&lead[..], &header(&[], b""), &header(&[entry], b"hello\0\0\0")].concat();
            storage.put("x.rpm", file.into()).await.unwrap();
            assert!(super::super::read(&storage, "x.rpm").await.is_err());
        }
    }

    #[test]
    fn key_ids_are_the_issuers_last_four_bytes() {
        let issuer = [9, 16, 1, 2, 3, 4, 0xd3, 0x0c, 0xb2, 0x47];
        let mut v4 = vec![4, 0, 1, 8, 0, 6, 5, 2, 0, 0, 0, 0, 0, 10];
        v4.extend(issuer);
        let mut packet = vec![0x89, 0, v4.len() as u8];
        packet.extend(&v4);
        assert_eq!(packet_key_id(&packet).as_deref(), Some("d30cb247"));
        let mut packet = vec![0xc2, v4.len() as u8];
        packet.extend(&v4);
        assert_eq!(packet_key_id(&packet).as_deref(), Some("d30cb247"));
        let v3 = [0x88, 15, 3, 5, 0, 0, 0, 0, 0, 1, 2, 3, 4, 0xd3, 0x0c, 0xb2, 0x47];
        assert_eq!(packet_key_id(&v3).as_deref(), Some("d30cb247"));
        for end in 0..packet.len() {
            assert_eq!(packet_key_id(&packet[..end]), None, "{end}");
        }
        assert_eq!(packet_key_id(&[0x89, 0, 1, 9]), None);
    }
}
