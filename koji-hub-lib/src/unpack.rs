//! Packed data: how, by the bytes that it begins with, and what is in it.

use std::io::{self, BufReader, Read};

/// The most memory for unpacking xz; the others need less.
const MOST_MEMORY: u64 = 256 * 1024 * 1024;

/// How data is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packing {
    Gzip,
    Bzip2,
    Xz,
    Zstd,
}

impl Packing {
    /// How many bytes tell of it.
    pub(crate) const START: usize = 6;

    /// What data with that beginning is packed with; none if it is not, or in an unknown way.
    pub(crate) fn of(start: &[u8]) -> Option<Self> {
        match start {
            [0x1f, 0x8b, ..] => Some(Packing::Gzip),
            [b'B', b'Z', b'h', ..] => Some(Packing::Bzip2),
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Packing::Xz),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Packing::Zstd),
            _ => None,
        }
    }

    /// What is in it. More than `most` bytes are an error.
    pub(crate) fn unpack<R: Read + 'static>(self, from: R, most: u64) -> io::Result<Unpacked> {
        let unpacked: Box<dyn Read> = match self {
            Packing::Gzip => Box::new(flate2::read::MultiGzDecoder::new(from)),
            Packing::Bzip2 => Box::new(bzip2::read::MultiBzDecoder::new(from)),
            Packing::Xz => {
                let stream = liblzma::stream::Stream::new_stream_decoder(MOST_MEMORY, liblzma::stream::CONCATENATED)?;
                Box::new(liblzma::read::XzDecoder::new_stream(from, stream))
            }
            Packing::Zstd => Box::new(zstd::stream::read::Decoder::with_buffer(BufReader::new(from))?),
        };
        Ok(Unpacked(unpacked.take(most)))
    }
}

/// What was packed.
pub(crate) struct Unpacked(io::Take<Box<dyn Read>>);

impl Read for Unpacked {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self.0.read(into)? {
            0 if self.0.limit() == 0 && !into.is_empty() => Err(io::Error::other("too large to be unpacked")),
            n => Ok(n),
        }
    }
}
