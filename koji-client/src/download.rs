//! Downloads: files below the hub's top directory over HTTP, and the output of tasks through the hub.

use std::fmt;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::StreamExt;
use http::{HeaderMap, StatusCode, header};
use koji_core::api::Method;
use koji_core::api::tasks::DownloadTaskOutput;
use koji_core::ids::TaskId;
use koji_core::paths;
use tokio::io::{AsyncSeekExt, AsyncWrite, AsyncWriteExt};
use tokio::time::Instant;

use crate::error::{Error, Result};
use crate::session::Session;
use crate::transport::{BodyStream, TransportError};
use crate::upload::{Callback, Progress};

/// A download of a file, see [`Session::download`].
#[must_use = "nothing is fetched before `save`"]
pub struct Download<'a> {
    session: &'a Session,
    source: String,
    size: Option<u64>,
    progress: Option<Callback<'a>>,
}

impl fmt::Debug for Download<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download").field("source", &self.source).finish_non_exhaustive()
    }
}

impl Session {
    /// Fetches a file: by its URL, or by its path below the hub's top directory, which [`Options::topurl`] makes a URL.
    ///
    /// [`Options::topurl`]: crate::Options::topurl
    pub fn download<'a>(&'a self, source: impl Into<String>) -> Download<'a> {
        Download { session: self, source: source.into(), size: None, progress: None }
    }

    /// A part of a file that a task left: `size` bytes from `offset` on, fewer at its end, none behind it. The offset
    /// counts from the end if it is negative, and `size` -1 means all.
    pub async fn task_output(
        &self,
        task: TaskId,
        file: &str,
        offset: i64,
        size: i64,
        volume: Option<&str>,
    ) -> Result<Bytes> {
        let mut request = DownloadTaskOutput::new(task, file).offset(offset).size(size);
        request.volume = volume.filter(|volume| *volume != paths::DEFAULT_VOLUME).map(str::to_owned);
        let text = self.call(request).await?;
        // Python's base64 breaks lines
        let text: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
        let data = STANDARD.decode(text);
        Ok(data.map_err(|e| Error::unexpected(DownloadTaskOutput::INFO.name, e.to_string()))?.into())
    }

    /// Writes a whole file that a task left to `out`, beginning at an offset: the offset at its end, from which a log that
    /// still grows can be read on. `path` is what `out` is, for messages.
    pub async fn copy_task_output(
        &self,
        task: TaskId,
        file: &str,
        offset: u64,
        volume: Option<&str>,
        out: &mut (impl AsyncWrite + Unpin + Send),
        path: &Path,
    ) -> Result<u64> {
        let blocksize = i64::try_from(self.options().blocksize).unwrap_or(i64::MAX);
        let mut at = offset;
        loop {
            let from = i64::try_from(at).unwrap_or(i64::MAX);
            let part = self.task_output(task, file, from, blocksize, volume).await?;
            if part.is_empty() {
                return Ok(at);
            }
            out.write_all(&part).await.map_err(Error::io(path))?;
            at += part.len() as u64;
        }
    }
}

impl<'a> Download<'a> {
    /// What to call after each part.
    pub fn progress(mut self, progress: impl FnMut(Progress) + Send + 'a) -> Self {
        self.progress = Some(Box::new(progress));
        self
    }

    /// The size in bytes that the file must have.
    pub fn size(mut self, size: u64) -> Self {
        self.size = Some(size);
        self
    }

    /// Saves the file as `to`: its size in bytes. It is written beside it as `<to>.part` first, and what an earlier,
    /// broken download has left there is not fetched again. A connection that breaks is made anew, within the session's
    /// limits.
    pub async fn save(mut self, to: impl AsRef<Path>) -> Result<u64> {
        let to = to.as_ref();
        let url = self.url()?;
        let mut local = Local::open(to).await?;
        if let Err(error) = self.fetch_all(&url, &mut local).await {
            if local.size == 0 {
                local.discard().await?;
            }
            return Err(error);
        }
        if let Some(size) = self.size
            && size != local.size
        {
            let problem = format!("{} bytes arrived instead of {size}", local.size);
            local.discard().await?;
            return Err(Error::Checksum { file: url, problem });
        }
        local.finish().await
    }

    fn url(&self) -> Result<String> {
        if self.source.contains("://") {
            return Ok(self.source.clone());
        }
        match &self.session.options().topurl {
            Some(topurl) => Ok(paths::under(topurl, self.source.trim_start_matches('/'))),
            None => Err(Error::Configuration("You must specify --topurl to download files".to_owned())),
        }
    }

    /// Fetches until the whole file is there.
    async fn fetch_all(&mut self, url: &str, local: &mut Local) -> Result<()> {
        let options = self.session.options();
        let mut failures = 0;
        let mut progressed = Instant::now();
        loop {
            let before = local.size;
            let error = match self.fetch(url, local).await {
                Ok(()) => return Ok(()),
                Err(error) if is_transient(&error) => error,
                Err(error) => return Err(error),
            };
            if local.size > before {
                (failures, progressed) = (0, Instant::now());
            }
            failures += 1;
            let pause = options.max_pause.min(options.first_pause * failures.min(1000));
            if failures > options.max_retries || progressed.elapsed() + pause > options.deadline {
                return Err(error);
            }
            tracing::info!(url, failures, error = &error as &dyn std::error::Error, "trying again");
            tokio::time::sleep(pause).await;
        }
    }

    async fn fetch(&mut self, url: &str, local: &mut Local) -> Result<()> {
        let mut request = http::Request::get(url);
        if local.size > 0 {
            request = request.header(header::RANGE, format!("bytes={}-", local.size));
            // if the file has changed since, the whole of it is sent
            if let Some(version) = &local.version {
                request = request.header(header::IF_RANGE, version);
            }
        }
        let request = request.body(Bytes::new()).map_err(|e| Error::Configuration(format!("{url}: {e}")))?;
        let lost = |source| Error::Transport { method: url.to_owned(), attempts: 1, source };
        let timeout = self.session.options().timeout;
        let silent = || Error::Deadline { method: url.to_owned(), after: timeout };
        let response =
            tokio::time::timeout(timeout, self.session.inner.transport.open(request)).await.map_err(|_| silent())?;
        let (head, mut body): (_, BodyStream) = response.map_err(lost)?.into_parts();
        match head.status {
            StatusCode::PARTIAL_CONTENT if begin_of_range(&head.headers).is_none_or(|at| at == local.size) => {}
            StatusCode::OK => local.restart().await?,
            // nothing follows what is there already
            StatusCode::RANGE_NOT_SATISFIABLE
                if local.size > 0 && total_of_range(&head.headers) == Some(local.size) =>
            {
                return Ok(());
            }
            StatusCode::RANGE_NOT_SATISFIABLE if local.size > 0 => {
                local.restart().await?;
                return Err(lost(TransportError::Interrupted("the part that is there is of another file".into())));
            }
            status => {
                return Err(Error::Status { method: url.to_owned(), status: status.as_u16(), text: None });
            }
        }
        local.version = head.headers.get(header::ETAG).filter(|tag| !tag.as_bytes().starts_with(b"W/")).cloned();
        // a compressed body's length is not the file's
        let plain = !head.headers.contains_key(header::CONTENT_ENCODING);
        let length = head.headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<u64>().ok());
        let announced = length.filter(|_| plain).map(|length| local.size + length);
        let total = announced.or(self.size);
        loop {
            let part = tokio::time::timeout(timeout, body.next()).await.map_err(|_| silent())?;
            let Some(part) = part else { break };
            local.append(&part.map_err(lost)?).await?;
            if let Some(progress) = &mut self.progress {
                progress(Progress { done: local.size, total });
            }
        }
        local.flush().await?;
        match announced {
            Some(announced) if local.size < announced => {
                Err(lost(TransportError::Interrupted("the body ended too early".into())))
            }
            _ => Ok(()),
        }
    }
}

fn is_transient(error: &Error) -> bool {
    match error {
        Error::Transport { source, .. } => source.is_transient(),
        Error::Status { status, .. } => *status >= 500 || matches!(*status, 408 | 429),
        Error::Deadline { .. } => true,
        _ => false,
    }
}

/// The offset in `Content-Range: bytes 500-999/1234`.
fn begin_of_range(headers: &HeaderMap) -> Option<u64> {
    let range = headers.get(header::CONTENT_RANGE)?.to_str().ok()?.strip_prefix("bytes ")?;
    range.split_once('-')?.0.parse().ok()
}

/// The size in `Content-Range: bytes */1234`.
fn total_of_range(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_RANGE)?.to_str().ok()?.rsplit_once('/')?.1.parse().ok()
}

/// The file that is being written.
struct Local {
    to: PathBuf,
    part: PathBuf,
    file: tokio::fs::File,
    size: u64,
    version: Option<http::HeaderValue>,
}

impl Local {
    async fn open(to: &Path) -> Result<Self> {
        let mut name = to.as_os_str().to_owned();
        name.push(".part");
        let part = PathBuf::from(name);
        let file = tokio::fs::OpenOptions::new().create(true).append(true).open(&part).await;
        let file = file.map_err(Error::io(&part))?;
        let size = file.metadata().await.map_err(Error::io(&part))?.len();
        Ok(Self { to: to.to_owned(), part, file, size, version: None })
    }

    async fn append(&mut self, data: &[u8]) -> Result<()> {
        self.file.write_all(data).await.map_err(Error::io(&self.part))?;
        self.size += data.len() as u64;
        Ok(())
    }

    async fn flush(&mut self) -> Result<()> {
        self.file.flush().await.map_err(Error::io(&self.part))
    }

    async fn restart(&mut self) -> Result<()> {
        self.file.set_len(0).await.map_err(Error::io(&self.part))?;
        self.file.rewind().await.map_err(Error::io(&self.part))?;
        self.size = 0;
        Ok(())
    }

    async fn discard(self) -> Result<()> {
        tokio::fs::remove_file(&self.part).await.map_err(Error::io(&self.part))
    }

    async fn finish(self) -> Result<u64> {
        tokio::fs::rename(&self.part, &self.to).await.map_err(Error::io(&self.to))?;
        Ok(self.size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Options;
    use crate::testing::Script;

    fn response(status: u16, headers: &[(&'static str, &str)], body: &'static str) -> http::Response<Bytes> {
        let mut response = http::Response::builder().status(status);
        for (name, value) in headers {
            response = response.header(*name, *value);
        }
        response.body(body.into()).unwrap()
    }

    fn session(hub: &std::sync::Arc<Script>) -> Session {
        hub.session_with(Options { topurl: Some("http://hub/kojifiles/".into()), blocksize: 4, ..Options::default() })
    }

    #[tokio::test(start_paused = true)]
    async fn a_broken_download_goes_on() {
        let hub = Script::new();
        hub.with(|_| Ok(response(200, &[("content-length", "10"), ("etag", "\"a\"")], "012345")))
            .lost()
            .with(|_| Ok(response(206, &[("content-length", "4"), ("content-range", "bytes 6-9/10")], "6789")));
        let dir = tempfile::tempdir().unwrap();
        let to = dir.path().join("x.rpm");
        let mut seen = Vec::new();
        let session = session(&hub);
        let download = session.download("packages/x.rpm").size(10).progress(|p| seen.push((p.done, p.total)));
        assert_eq!(download.save(&to).await.unwrap(), 10);
        assert_eq!(std::fs::read_to_string(&to).unwrap(), "0123456789");
        assert_eq!(seen, [(6, Some(10)), (10, Some(10))]);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
        let requests = hub.requests();
        assert_eq!(requests[0].uri(), "http://hub/kojifiles/packages/x.rpm");
        assert_eq!(requests[2].headers()["range"], "bytes=6-");
        assert_eq!(requests[2].headers()["if-range"], "\"a\"");
    }

    #[tokio::test]
    async fn what_an_earlier_download_left_is_used_if_it_fits() {
        let dir = tempfile::tempdir().unwrap();
        let to = dir.path().join("x");
        let part = dir.path().join("x.part");
        let hub = Script::new();
        let session = session(&hub);

        std::fs::write(&part, "0123").unwrap();
        hub.with(|_| Ok(response(416, &[("content-range", "bytes */4")], "")));
        assert_eq!(session.download("http://hub/x").save(&to).await.unwrap(), 4);

        // a server that knows no ranges, or has another file, sends the whole
        std::fs::write(&part, "old").unwrap();
        hub.with(|_| Ok(response(200, &[], "01234567")));
        session.download("http://hub/x").save(&to).await.unwrap();
        assert_eq!(std::fs::read_to_string(&to).unwrap(), "01234567");

        std::fs::write(&part, "too long a file").unwrap();
        hub.with(|_| Ok(response(416, &[("content-range", "bytes */4")], ""))).with(|_| Ok(response(200, &[], "0123")));
        session.download("http://hub/x").save(&to).await.unwrap();
        assert_eq!(std::fs::read_to_string(&to).unwrap(), "0123");
        hub.log();
    }

    #[tokio::test]
    async fn wrong_sizes_and_missing_files_are_errors() {
        let dir = tempfile::tempdir().unwrap();
        let hub = Script::new();
        hub.with(|_| Ok(response(200, &[], "0123"))).status(404);
        let session = session(&hub);
        let error = session.download("x").size(5).save(dir.path().join("x")).await.unwrap_err();
        assert!(matches!(error, Error::Checksum { .. }), "{error:?}");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
        let error = session.download("x").save(dir.path().join("x")).await.unwrap_err();
        assert!(matches!(error, Error::Status { status: 404, .. }), "{error:?}");
        let error = hub.session().download("x").save(dir.path().join("x")).await.unwrap_err();
        assert!(matches!(error, Error::Configuration(_)), "{error:?}");
    }

    #[tokio::test]
    async fn task_output_is_read_to_its_end() {
        let hub = Script::new();
        hub.value("MDEyMw==\n").value("NDU=").value("");
        let mut out = Vec::new();
        let session = session(&hub);
        let end = session.copy_task_output(TaskId(5), "build.log", 2, None, &mut out, Path::new("x")).await.unwrap();
        assert_eq!((end, out), (8, b"012345".to_vec()));
    }
}
