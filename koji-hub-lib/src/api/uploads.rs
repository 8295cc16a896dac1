use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use koji_core::api::uploads::*;
use koji_core::xmlrpc::{Struct, Value};

use crate::Result;
use crate::call::Call;
use crate::error::fail;
use crate::registry::{Handle, Registry};
use crate::storage::StorageError;
use crate::uploads::{self, Upload, Verify};

pub(super) fn register(r: &mut Registry) {
    r.add::<UploadFile>().add::<CheckUpload>();
}

/// How much of a file is read at a time.
const PIECE: u64 = 1 << 20;

/// The kind and the hex digits of a checksum, as callers give them: MD5's digits alone, or `[kind, digits]`.
fn checksum(value: &Value) -> Result<Option<(Verify, String)>> {
    match value {
        Value::Nil => Ok(None),
        Value::String(md5) => Ok(Some((Verify::Md5, md5.clone()))),
        Value::Array(pair) => match pair.as_slice() {
            [Value::String(kind), Value::String(digits)] => Ok(Some((Verify::from_name(kind)?, digits.clone()))),
            [Value::Nil, _] => Ok(None),
            _ => fail!(Parameter, "a checksum is a text, or a list of kind and digits"),
        },
        _ => fail!(Parameter, "a checksum is a text, or a list of kind and digits"),
    }
}

impl Handle for UploadFile {
    async fn handle(self, cx: &mut Call<'_>) -> Result<bool> {
        let Ok(data) = STANDARD.decode(self.data.split_ascii_whitespace().collect::<String>()) else {
            fail!(Parameter, "the data is not base64");
        };
        let expected = checksum(if self.checksum.is_nil() { &self.md5sum } else { &self.checksum })?;
        let size = data.len() as i64;
        let last = self.offset == -1;
        if !last {
            if self.size != size {
                return Ok(false);
            }
            if let Some((kind, digits)) = &expected
                && kind.hex(&data) != *digits
            {
                return Ok(false);
            }
        }
        let path = uploads::writable(cx, &self.path, &self.name, self.volume.as_deref()).await?;
        let exists = cx.storage().metadata(&path).await?.is_some();
        if exists && self.offset == 0 && !path.ends_with(".log") {
            fail!("file already exists: {}", cx.hub().config().full_path(&path));
        }
        let whole = self.offset == 0 || (last && self.size == size);
        let offset = if whole { 0 } else { self.offset };
        let mut upload = Upload::begin(cx.hub(), path.clone(), offset, whole).await?;
        upload.write(data.into()).await?;
        upload.end()?;
        if !last {
            return Ok(true);
        }
        // the last part: size and checksum are those of the whole file
        let Some(sum) = sum_of(cx, &path, expected.as_ref().map(|(kind, _)| *kind), None).await? else {
            return Ok(false);
        };
        Ok(sum.size == self.size && expected.is_none_or(|(_, digits)| sum.hex.as_deref() == Some(digits.as_str())))
    }
}

struct FileSum {
    size: i64,
    mtime: f64,
    length: i64,
    hex: Option<String>,
}

/// Size and checksum of a file, or of its last bytes; `None` if it is not there.
async fn sum_of(cx: &mut Call<'_>, path: &str, verify: Option<Verify>, tail: Option<u64>) -> Result<Option<FileSum>> {
    let meta = match cx.storage().metadata(path).await {
        Ok(Some(meta)) if meta.is_dir => fail!("Not a regular file: {path}"),
        Ok(Some(meta)) => meta,
        Ok(None) | Err(StorageError::NotFound { .. }) => return Ok(None),
        Err(e) => return Err(e.into()),
    };
    let start = tail.map_or(0, |tail| meta.size.saturating_sub(tail));
    let mut at = start;
    let hex = match verify {
        None => None,
        Some(kind) => {
            let mut sum = kind.start();
            loop {
                let data = cx.storage().read(path, at, PIECE).await?;
                if data.is_empty() {
                    break;
                }
                at += data.len() as u64;
                sum.update(&data);
            }
            Some(sum.hex())
        }
    };
    let signed = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    Ok(Some(FileSum { size: signed(meta.size), mtime: meta.modified.as_secs_f64(), length: signed(at - start), hex }))
}

impl Handle for CheckUpload {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Option<Struct>> {
        let path = uploads::existing(cx, &self.path, &self.name, self.volume.as_deref()).await?;
        let verify = self.verify.as_deref().filter(|v| !v.is_empty()).map(Verify::from_name).transpose()?;
        let tail = match self.tail {
            None => None,
            Some(tail) => match u64::try_from(tail) {
                Ok(tail) => Some(tail),
                Err(_) => fail!("Invalid tail value: {tail}"),
            },
        };
        let Some(sum) = sum_of(cx, &path, verify, tail).await? else { return Ok(None) };
        let mut out: Struct = [("size", Value::from(sum.size)), ("mtime", sum.mtime.into())].into_iter().collect();
        if let Some(hex) = sum.hex {
            out.insert("sumlength", sum.length);
            out.insert("hexdigest", hex);
        }
        Ok(Some(out))
    }
}
