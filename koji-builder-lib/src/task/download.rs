//! Fetching files that the hub serves.

use std::path::Path;

use bytes::Bytes;
use futures_util::TryStreamExt;
use koji_client::{HttpOptions, HttpTransport, Transport};
use tokio::io::AsyncWriteExt;

use super::error::TaskError;
use crate::config::BuilderConfig;
use crate::error::chain;

/// Fetches a URL into a file; its directory is made. Nothing is left of a download that broke.
pub(crate) async fn download(config: &BuilderConfig, url: &str, file: &Path) -> Result<(), TaskError> {
    let failed = |problem: String| TaskError::generic(format!("cannot download {url}: {problem}"));
    let options = HttpOptions {
        serverca: config.serverca.clone(),
        no_ssl_verify: config.no_ssl_verify,
        ..HttpOptions::default()
    };
    let transport = HttpTransport::new(&options)?;
    let request = http::Request::get(url).body(Bytes::new()).map_err(|e| failed(e.to_string()))?;
    let response = transport.open(request).await.map_err(|e| failed(chain(&e)))?;
    if !response.status().is_success() {
        return Err(failed(format!("HTTP status {}", response.status().as_u16())));
    }
    if let Some(parent) = file.parent() {
        fs_err::tokio::create_dir_all(parent).await?;
    }
    let partial = file.with_added_extension("part");
    let mut out = fs_err::tokio::File::create(&partial).await?;
    let mut body = response.into_body();
    while let Some(part) = body.try_next().await.map_err(|e| failed(chain(&e)))? {
        out.write_all(&part).await?;
    }
    out.flush().await?;
    fs_err::tokio::rename(&partial, file).await?;
    Ok(())
}
