//! What a session can be told about its hub, and the way to make one.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use koji_core::config::Profile;

use super::Session;
use crate::error::{Error, Result};
use crate::http_transport::{HttpOptions, HttpTransport};
use crate::transport::Transport;

/// The time limit in Koji's own settings. It only says that nobody has chosen one.
const KOJIS_TIMEOUT: Duration = Duration::from_secs(12 * 60 * 60);

/// How long a session waits, and how often it tries.
#[derive(Debug, Clone)]
pub struct Options {
    /// How long one answer may take; three minutes at most for calls that only wait (`hub.wait*`).
    pub timeout: Duration,
    /// How long the answer to a login may take.
    pub auth_timeout: Duration,
    /// How often a call is sent again when there was no answer.
    pub max_retries: u32,
    /// The pause before the second of these times; it doubles from one to the next. The first one is at once.
    pub first_pause: Duration,
    /// The longest pause.
    pub max_pause: Duration,
    /// When this is over since a call began, it is not sent again.
    pub deadline: Duration,
    /// Whether calls without a login are sent again too.
    pub anon_retry: bool,
    /// Whether calls are sent again while the hub says that it is offline.
    pub offline_retry: bool,
    /// The longest pause between two of these times; the first ones are shorter.
    pub offline_retry_interval: Duration,
    /// How long a hub may be offline before the call fails.
    pub offline_deadline: Duration,
    /// The size of the parts in which files are sent and task output is read, in bytes.
    pub blocksize: usize,
    /// The pause between two looks at watched tasks.
    pub poll_interval: Duration,
    /// The URL under which the hub's top directory is served, for downloads.
    pub topurl: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(30 * 60),
            auth_timeout: Duration::from_secs(60),
            max_retries: 30,
            first_pause: Duration::from_millis(500),
            max_pause: Duration::from_secs(20),
            deadline: Duration::from_secs(15 * 60),
            anon_retry: true,
            offline_retry: false,
            offline_retry_interval: Duration::from_secs(20),
            offline_deadline: Duration::from_secs(4 * 60 * 60),
            blocksize: 1 << 20,
            poll_interval: Duration::from_secs(6),
            topurl: None,
        }
    }
}

impl From<&Profile> for Options {
    fn from(profile: &Profile) -> Self {
        let default = Self::default();
        Self {
            timeout: if profile.timeout == KOJIS_TIMEOUT { default.timeout } else { profile.timeout },
            auth_timeout: profile.auth_timeout,
            max_retries: profile.max_retries,
            first_pause: default.first_pause.min(profile.retry_interval),
            max_pause: profile.retry_interval,
            deadline: default.deadline.max(profile.retry_interval.saturating_mul(profile.max_retries)),
            anon_retry: profile.anon_retry,
            offline_retry: profile.offline_retry,
            offline_retry_interval: profile.offline_retry_interval,
            offline_deadline: default.offline_deadline,
            blocksize: profile.upload_blocksize,
            poll_interval: profile.poll_interval,
            topurl: profile.topurl.clone(),
        }
    }
}

/// Makes a [`Session`].
#[derive(Debug, Clone)]
#[must_use]
pub struct SessionBuilder {
    server: String,
    options: Options,
    http: HttpOptions,
    transport: Option<Arc<dyn Transport>>,
}

impl SessionBuilder {
    pub(super) fn new(server: impl Into<String>) -> Self {
        Self { server: server.into(), options: Options::default(), http: HttpOptions::default(), transport: None }
    }

    pub(super) fn from_profile(profile: &Profile) -> Self {
        let http = HttpOptions {
            cert: profile.cert.clone(),
            serverca: profile.serverca.clone(),
            no_ssl_verify: profile.no_ssl_verify,
            ..HttpOptions::default()
        };
        Self { server: profile.server.clone(), options: profile.into(), http, transport: None }
    }

    /// How long to wait and how often to try.
    pub fn options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// How to reach the hub, in place of HTTP. The certificates here are then of no use.
    pub fn transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.transport = Some(transport);
        self
    }

    /// A PEM file with a TLS client certificate and its key.
    pub fn cert(mut self, cert: impl Into<PathBuf>) -> Self {
        self.http.cert = Some(cert.into());
        self
    }

    /// A PEM file with the certificates that the hub's is checked against, in place of the system's.
    pub fn serverca(mut self, serverca: impl Into<PathBuf>) -> Self {
        self.http.serverca = Some(serverca.into());
        self
    }

    /// Do not check the hub's certificate.
    pub fn no_ssl_verify(mut self, no_ssl_verify: bool) -> Self {
        self.http.no_ssl_verify = no_ssl_verify;
        self
    }

    /// How long making a connection may take.
    pub fn connect_timeout(mut self, connect_timeout: Duration) -> Self {
        self.http.connect_timeout = connect_timeout;
        self
    }

    /// Makes the session. Nothing is sent yet, so that this does not fail for a hub that is down.
    pub fn build(self) -> Result<Session> {
        let server = self.server.trim_end_matches('/').to_owned();
        let uri: http::Uri =
            server.parse().map_err(|e| Error::Configuration(format!("the hub's URL {server} cannot be read: {e}")))?;
        if uri.scheme().is_none() || uri.authority().is_none() {
            return Err(Error::Configuration(format!("the hub's URL {server} is no http or https URL")));
        }
        let transport = match self.transport {
            Some(transport) => transport,
            None => Arc::new(HttpTransport::new(&self.http)?),
        };
        Ok(Session::assemble(server, transport, self.options))
    }
}
