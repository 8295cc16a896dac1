use axum::body::{Body, BodyDataStream};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use koji_core::fault::{Fault, FaultKind};
use koji_core::xmlrpc;

use crate::call::{Call, Client};
use crate::error::fail;
use crate::session::{self, Credentials};
use crate::uploads::{self, Sum, Upload, Verify};
use crate::{Error, Hub, Result};

/// What an upload is answered with: what was written, and its checksum.
#[derive(serde::Serialize)]
struct Uploaded {
    size: usize,
    fileverify: String,
    offset: i64,
    hexdigest: String,
}

/// How much of an upload is written at once, while as much again may come in: the first of it before it is known who sends it.
/// Clients send 1 MiB at a time, which is written when all of it is there.
const PIECE: usize = 1 << 20;
/// How much is read of an upload that was refused, so that a client that is still sending hears why.
const MOST_REFUSED: usize = 256 << 20;

/// Takes an upload and answers it with an XML-RPC document.
pub(super) async fn answer(
    hub: &Hub,
    credentials: Result<Option<Credentials>>,
    client: Client,
    query: &str,
    body: Body,
) -> String {
    let mut body = body.into_data_stream();
    let done = match credentials {
        Ok(credentials) => take(hub, credentials, client, query, &mut body).await,
        Err(e) => Err(e),
    };
    let answer = match done {
        Ok(done) => xmlrpc::write_response(&done).map_err(Error::from),
        Err(e) => {
            let mut left = MOST_REFUSED;
            while let Some(Ok(data)) = body.next().await
                && data.len() <= left
            {
                left -= data.len();
            }
            Err(e)
        }
    };
    answer.unwrap_or_else(|e| xmlrpc::write_fault(&e.into_fault()))
}

async fn take(
    hub: &Hub,
    credentials: Option<Credentials>,
    client: Client,
    query: &str,
    body: &mut BodyDataStream,
) -> Result<Uploaded> {
    let mut size = 0;
    // the bytes are on their way while it is found out whether they may come, and while those before them are written
    let (begun, mut next) = tokio::join!(begin(hub, credentials, client, query), gather(body, &mut size));
    let (mut upload, verify, mut sum) = begun?;
    loop {
        let piece = next?;
        sum.update(&piece);
        if piece.len() < PIECE {
            if !piece.is_empty() || size == 0 {
                upload.write(piece).await?;
            }
            return Ok(Uploaded { size, fileverify: verify, offset: upload.end()?, hexdigest: sum.hex() });
        }
        let written;
        (written, next) = tokio::join!(upload.write(piece), gather(body, &mut size));
        written?;
    }
}

/// Finds out who uploads what, and whether they may: the upload, and its checksum's kind and beginning.
async fn begin<'h>(
    hub: &'h Hub,
    credentials: Option<Credentials>,
    client: Client,
    query: &str,
) -> Result<(Upload<'h>, String, Sum)> {
    if let Some(message) = &hub.config().offline {
        fail!(ServerOffline, "{message}");
    }
    let session = session::authenticate(hub, credentials.as_ref(), &client, "rawUpload").await?;
    let mut cx = Call::new(hub, session, client, false);
    if cx.session().is_none_or(|s| !s.usable) {
        fail!(ActionNotAllowed, "you must be logged-in to upload a file");
    }
    if hub.config().lock_out && !cx.has_perm("admin").await? {
        fail!(ServerOffline, "Server disabled for maintenance");
    }
    let pairs = pairs(query)?;
    let value = |name: &str| pairs.iter().find(|(k, _)| k == name).map(|(_, v)| v.as_str()).filter(|v| !v.is_empty());
    let Some(name) = value("filename") else { fail!(Parameter, "an upload without filename") };
    let Some(verify) = value("fileverify") else { fail!(Parameter, "an upload without fileverify") };
    let sum = Verify::from_name(verify)?.start();
    let offset = value("offset").unwrap_or("0");
    let Ok(offset) = offset.parse::<i64>() else { fail!(Parameter, "invalid upload offset: {offset}") };
    let path = uploads::writable(&mut cx, value("filepath").unwrap_or(""), name, value("volume")).await?;
    cx.release().await?;
    let upload = Upload::begin(hub, path, offset, value("overwrite").is_some()).await?;
    Ok((upload, verify.to_owned(), sum))
}

/// The next piece; one that is shorter than others is the last. `size` grows with what came in.
async fn gather(body: &mut BodyDataStream, size: &mut usize) -> Result<Bytes> {
    let mut piece = BytesMut::with_capacity(PIECE);
    while piece.len() < PIECE
        && let Some(data) = body.next().await
    {
        match data {
            Ok(data) => piece.extend_from_slice(&data),
            Err(e) => fail!("the upload broke off after {} bytes: {e}", *size + piece.len()),
        }
    }
    *size += piece.len();
    Ok(piece.freeze())
}

/// The names and values of a query string, decoded.
pub(super) fn pairs(query: &str) -> Result<Vec<(String, String)>> {
    query
        .split('&')
        .map(|pair| match pair.split_once('=') {
            Some((name, value)) => Ok((decode(name)?, decode(value)?)),
            None => fail!(Parameter, "bad query field: '{pair}'"),
        })
        .collect()
}

/// Undoes the percent encoding of a form.
fn decode(text: &str) -> Result<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(b) = bytes.next() {
        out.push(match b {
            b'+' => b' ',
            b'%' => {
                let digits = [bytes.next().unwrap_or(b' '), bytes.next().unwrap_or(b' ')];
                let hex = std::str::from_utf8(&digits).ok().and_then(|d| u8::from_str_radix(d, 16).ok());
                hex.ok_or_else(|| Fault::new(FaultKind::Parameter, format!("bad query field: '{text}'")))?
            }
            other => other,
        });
    }
    String::from_utf8(out).map_err(|_| Error::fault(FaultKind::Parameter, format!("bad query field: '{text}'")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn query_strings_are_decoded() {
        let of = |q| pairs(q).unwrap();
        assert_eq!(of("a=1&b=x%2Fy+z"), [("a".into(), "1".into()), ("b".into(), "x/y z".into())]);
        assert!(pairs("a").is_err() && pairs("a=%4").is_err() && pairs("a=%ff").is_err());
    }
}
