use bytes::Bytes;
use koji_core::fault::{Fault, FaultKind};
use koji_core::xmlrpc;

use crate::call::{Call, Client};
use crate::error::fail;
use crate::session::{self, Credentials};
use crate::uploads::{self, Part, Verify};
use crate::{Error, Hub, Result};

/// What an upload is answered with: what was written, and its checksum.
#[derive(serde::Serialize)]
struct Uploaded {
    size: usize,
    fileverify: String,
    offset: i64,
    hexdigest: String,
}

/// Takes an upload and answers it with an XML-RPC document.
pub(super) async fn answer(
    hub: &Hub,
    credentials: Option<Credentials>,
    client: Client,
    query: &str,
    body: Bytes,
) -> String {
    let done = match take(hub, credentials, client, query, body).await {
        Ok(done) => xmlrpc::write_response(&done).map_err(Error::from),
        Err(e) => Err(e),
    };
    done.unwrap_or_else(|e| xmlrpc::write_fault(&e.into_fault()))
}

async fn take(
    hub: &Hub,
    credentials: Option<Credentials>,
    client: Client,
    query: &str,
    data: Bytes,
) -> Result<Uploaded> {
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
    let kind = Verify::from_name(verify)?;
    let offset = value("offset").unwrap_or("0");
    let Ok(offset) = offset.parse::<i64>() else { fail!(Parameter, "invalid upload offset: {offset}") };
    let path = uploads::writable(&mut cx, value("filepath").unwrap_or(""), name, value("volume")).await?;
    cx.release().await?;
    let (size, hexdigest) = (data.len(), kind.hex(&data));
    let offset = uploads::write(&mut cx, Part { path, offset, overwrite: value("overwrite").is_some(), data }).await?;
    Ok(Uploaded { size, fileverify: verify.to_owned(), offset, hexdigest })
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
