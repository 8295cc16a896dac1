//! What is in a zip file, by its central directory.

use zip::ZipArchive;

use super::contents::{Entry, MOST_FILES};
use crate::storage::BlockingFile;

/// The entries; the error says what is wrong with the file.
pub(super) fn entries(file: BlockingFile) -> Result<Vec<Entry>, String> {
    let mut archive = ZipArchive::new(file).map_err(|e| e.to_string())?;
    if archive.len() > MOST_FILES {
        return Err(format!("more than {MOST_FILES} files"));
    }
    let mut out = Vec::with_capacity(archive.len());
    for n in 0..archive.len() {
        let entry = archive.by_index_raw(n).map_err(|e| e.to_string())?;
        let name = match entry.name() {
            Ok(name) => name.into_owned(),
            Err(_) => String::from_utf8_lossy(entry.name_raw()).into_owned(),
        };
        out.push(Entry { name, size: entry.size(), mtime: entry.last_modified().map_or(0, seconds), owner: None });
    }
    Ok(out)
}

/// Seconds since 1970 of a time without a zone, which is taken for UTC.
fn seconds(time: zip::DateTime) -> i64 {
    let part = |n: u8| i8::try_from(n).unwrap_or_default();
    let year = i16::try_from(time.year()).unwrap_or_default();
    jiff::civil::DateTime::new(
        year,
        part(time.month()),
        part(time.day()),
        part(time.hour()),
        part(time.minute()),
        part(time.second()),
        0,
    )
    .and_then(|time| jiff::tz::Offset::UTC.to_timestamp(time))
    .map_or(0, |time| time.as_second())
}
