//! The transport over HTTP and HTTPS.

use std::error::Error as _;
use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt;

use crate::error::{Error, Result};
use crate::transport::{BodyStream, Request, Response, Transport, TransportError};

/// HTTP with connections that are kept open, and compressed answers.
#[derive(Debug, Clone)]
pub struct HttpTransport {
    client: reqwest::Client,
}

/// What an [`HttpTransport`] needs to know beside the requests.
#[derive(Debug, Clone)]
pub struct HttpOptions {
    /// How long making a connection may take.
    pub connect_timeout: Duration,
    /// A PEM file with a TLS client certificate and its key.
    pub cert: Option<std::path::PathBuf>,
    /// A PEM file with the certificates that the hub's is checked against, in place of the system's.
    pub serverca: Option<std::path::PathBuf>,
    /// Whether the hub's certificate is not checked at all.
    pub no_ssl_verify: bool,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self { connect_timeout: Duration::from_secs(30), cert: None, serverca: None, no_ssl_verify: false }
    }
}

impl HttpTransport {
    /// Reads the certificates and makes the client; it connects when it is used.
    pub fn new(options: &HttpOptions) -> Result<Self> {
        let mut builder = reqwest::Client::builder()
            .user_agent("koji/1")
            .connect_timeout(options.connect_timeout)
            // a silent peer behind a dead link is noticed, however long an answer may take
            .tcp_keepalive(Duration::from_secs(60))
            .tcp_keepalive_interval(Duration::from_secs(15))
            .tcp_keepalive_retries(4);
        if let Some(path) = &options.cert {
            let identity = reqwest::Identity::from_pem(&read(path)?).map_err(|e| bad_file(path, &e))?;
            builder = builder.identity(identity);
        }
        if options.no_ssl_verify {
            builder = builder.tls_danger_accept_invalid_certs(true);
        } else if let Some(path) = &options.serverca {
            let roots = reqwest::Certificate::from_pem_bundle(&read(path)?).map_err(|e| bad_file(path, &e))?;
            builder = builder.tls_certs_only(roots);
        }
        let client = builder.build().map_err(|e| Error::Configuration(format!("HTTP client: {}", chain(&e))))?;
        Ok(Self { client })
    }

    async fn start(&self, request: Request) -> Result<reqwest::Response, TransportError> {
        let request = reqwest::Request::try_from(request).map_err(|e| TransportError::Unsendable(e.into()))?;
        self.client.execute(request).await.map_err(classify)
    }
}

#[async_trait]
impl Transport for HttpTransport {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let response = self.start(request).await?;
        let mut out = http::Response::new(());
        *out.status_mut() = response.status();
        *out.headers_mut() = response.headers().clone();
        let body = response.bytes().await.map_err(classify)?;
        Ok(out.map(|()| body))
    }

    async fn open(&self, request: Request) -> Result<http::Response<BodyStream>, TransportError> {
        let response = self.start(request).await?;
        let mut out = http::Response::new(());
        *out.status_mut() = response.status();
        *out.headers_mut() = response.headers().clone();
        Ok(out.map(|()| response.bytes_stream().map(|part| part.map_err(classify)).boxed()))
    }
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs_err::read(path).map_err(Error::io(path))
}

fn bad_file(path: &Path, error: &reqwest::Error) -> Error {
    Error::Configuration(format!("{}: {}", path.display(), chain(error)))
}

fn classify(error: reqwest::Error) -> TransportError {
    // URLs of old hubs bear the session's key
    let error = error.without_url();
    let text = chain(&error);
    if error.is_timeout() && !error.is_connect() {
        TransportError::Timeout
    } else if text.contains("certificate") || text.contains("received fatal alert") {
        TransportError::Certificate(text.into())
    } else if error.is_connect() {
        TransportError::Connect(text.into())
    } else if error.is_builder() {
        TransportError::Unsendable(text.into())
    } else {
        TransportError::Interrupted(text.into())
    }
}

/// The error with all its causes.
fn chain(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut at = error.source();
    while let Some(cause) = at {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        at = cause.source();
    }
    text
}
