//! One call's way to the hub and back: headers, order, retries, renewal.

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use koji_core::fault::{Fault, FaultKind};
use koji_core::model::SessionKeys;
use koji_core::xmlrpc::read_response;
use rand::Rng;
use serde::de::{DeserializeOwned, IgnoredAny};
use tokio::time::Instant;

use super::Session;
use crate::error::{Error, Result};
use crate::transport::{Request, Response, TransportError};

/// How long the answer to a call that waits may take: hubs hold it back for two minutes at most.
const WAIT: Duration = Duration::from_secs(3 * 60);

/// A request as it is before it belongs to a session.
#[derive(Debug, Clone)]
pub(crate) struct Outgoing {
    /// What it is, for messages: the method's name.
    pub(crate) name: String,
    body: Bytes,
    content_type: &'static str,
    // behind the hub's URL: `/ssllogin`, `?filename=..`
    suffix: String,
    numbered: bool,
    login: bool,
    retried: bool,
}

/// What came back.
pub(crate) struct Delivered {
    pub(crate) body: Bytes,
    /// How often it was sent.
    pub(crate) attempts: u32,
}

impl Delivered {
    /// Reads the answer.
    pub(crate) fn read<T: DeserializeOwned>(&self, method: &str) -> Result<T> {
        Ok(read_response(&self.body).map_err(Error::protocol(method))??)
    }
}

impl Outgoing {
    pub(crate) fn call(name: &str, body: String) -> Self {
        Self {
            name: name.to_owned(),
            body: body.into(),
            content_type: "text/xml",
            suffix: String::new(),
            numbered: true,
            login: false,
            retried: true,
        }
    }

    /// A raw upload: the query says what of which file it is.
    pub(crate) fn upload(query: &str, part: Bytes) -> Self {
        Self {
            body: part,
            content_type: "application/octet-stream",
            suffix: format!("?{query}"),
            ..Self::call("rawUpload", String::new())
        }
    }

    /// Whether it takes its turn and a number among the session's calls.
    pub(super) fn numbered(mut self, numbered: bool) -> Self {
        self.numbered = numbered;
        self
    }

    /// A login: with its own time limit, and never renewed.
    pub(super) fn login(mut self, suffix: &str) -> Self {
        self.login = true;
        self.suffix = suffix.to_owned();
        self
    }

    /// Never sent a second time.
    pub(super) fn once(mut self) -> Self {
        self.retried = false;
        self
    }
}

impl Session {
    /// Sends it in its turn; renews the login if it has expired.
    pub(crate) async fn deliver(&self, outgoing: &Outgoing) -> Result<Delivered> {
        let keys = self.state().keys.clone();
        let mut turn = None;
        if outgoing.numbered && keys.is_some() {
            turn = Some(self.inner.order.lock().await);
        }
        match self.send_repeatedly(outgoing).await {
            Err(error) if error.is(FaultKind::AuthExpired) && keys.is_some() => {
                if turn.is_none() {
                    turn = Some(self.inner.order.lock().await);
                }
                // another call may have renewed it while this one was on its way
                if self.state().keys == keys && !self.renew().await? {
                    return Err(error);
                }
                if !outgoing.numbered {
                    drop(turn);
                }
                self.send_repeatedly(outgoing).await
            }
            other => other,
        }
    }

    /// Sends it until there is an answer. The number stays the same, so that the hub refuses what it has already done.
    pub(super) async fn send_repeatedly(&self, outgoing: &Outgoing) -> Result<Delivered> {
        let options = &self.inner.options;
        let started = Instant::now();
        let (request, logged_in) = self.request(outgoing)?;
        let may_retry = outgoing.retried && (logged_in || outgoing.login || options.anon_retry);
        let mut attempts = 0;
        let mut failures = 0;
        let mut offline = options.first_pause.min(options.offline_retry_interval);
        loop {
            attempts += 1;
            let (error, pause, deadline) = match self.send_once(outgoing, request.clone()).await {
                Ok(body) => return Ok(Delivered { body, attempts }),
                Err(Failure::Final(error)) => return Err(error),
                Err(Failure::Offline(fault)) if options.offline_retry => {
                    failures = 0;
                    // many an outage is over at once
                    let pause = offline;
                    offline = offline.saturating_mul(2).min(options.offline_retry_interval);
                    (Error::Fault(fault), pause, options.offline_deadline)
                }
                Err(Failure::Offline(fault)) => return Err(fault.into()),
                Err(Failure::Lost(lost)) => {
                    failures += 1;
                    let again = lost.is_transient();
                    let error = lost.into_error(outgoing, attempts);
                    if !may_retry || !again || failures > options.max_retries {
                        return Err(error);
                    }
                    (error, self.pause(failures), options.deadline)
                }
            };
            if started.elapsed() + pause > deadline {
                return Err(error);
            }
            tracing::info!(call = outgoing.name, attempts, error = &error as &dyn std::error::Error, "trying again");
            tokio::time::sleep(pause).await;
        }
    }

    /// The pause after so many failures in a row, with some chance in it so that clients do not come back all at once.
    fn pause(&self, failures: u32) -> Duration {
        let Some(doublings) = failures.checked_sub(2) else { return Duration::ZERO };
        let options = &self.inner.options;
        let longest = options.first_pause.saturating_mul(1 << doublings.min(16)).min(options.max_pause);
        longest.mul_f64(rand::rng().random_range(0.5..=1.0))
    }

    async fn send_once(&self, outgoing: &Outgoing, request: Request) -> Result<Bytes, Failure> {
        let options = &self.inner.options;
        let limit = match outgoing {
            Outgoing { login: true, .. } => options.auth_timeout,
            // only calls that wait have no number
            Outgoing { numbered: false, .. } => options.timeout.min(WAIT),
            _ => options.timeout,
        };
        let response = match tokio::time::timeout(limit, self.inner.transport.send(request)).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Err(Failure::Lost(Lost::Transport(error))),
            Err(_) => return Err(Failure::Lost(Lost::Timeout(limit))),
        };
        if let Some(version) = response.headers().get("koji-version").and_then(|v| v.to_str().ok()) {
            let mut state = self.state();
            if state.hub_version.as_deref() != Some(version) {
                state.hub_version = Some(version.to_owned());
            }
        }
        if response.status() != StatusCode::OK {
            return Err(Failure::Lost(Lost::Status(response)));
        }
        match fault(response.body()) {
            Some(fault) if fault.is(FaultKind::ServerOffline) => Err(Failure::Offline(fault)),
            Some(fault) => Err(Failure::Final(fault.into())),
            None => Ok(response.into_body()),
        }
    }

    /// The request with the session's headers, and whether the session is logged in.
    fn request(&self, outgoing: &Outgoing) -> Result<(Request, bool)> {
        let mut request = http::Request::post("/").header(header::CONTENT_TYPE, outgoing.content_type);
        let mut url = Cow::Borrowed(self.inner.server.as_str());
        // hubs ask for the certificate, or for Kerberos, over https only
        if outgoing.suffix == "/ssllogin"
            && let Some(rest) = url.strip_prefix("http://")
        {
            url = format!("https://{rest}").into();
        }
        let mut url = format!("{url}{}", outgoing.suffix);
        let (keys, callnum) = self.number(outgoing.numbered);
        let logged_in = keys.is_some();
        if let Some(keys) = keys {
            let callnum = callnum.map(|n| n.to_string());
            if keys.header_auth {
                let mut key = HeaderValue::from_str(&keys.session_key)
                    .map_err(|_| Error::unexpected("login", "the session key is no header value"))?;
                key.set_sensitive(true);
                request =
                    request.header("Koji-Session-Id", keys.session_id.to_string()).header("Koji-Session-Key", key);
                if let Some(callnum) = callnum {
                    request = request.header("Koji-Session-Callnum", callnum);
                }
            } else {
                let mark = if url.contains('?') { '&' } else { '?' };
                url = format!("{url}{mark}session-id={}&session-key={}", keys.session_id, keys.session_key);
                if let Some(callnum) = callnum {
                    url = format!("{url}&callnum={callnum}");
                }
            }
        }
        let request = request.uri(url).body(outgoing.body.clone());
        let request = request.map_err(|e| Error::Configuration(format!("{}: {e}", self.inner.server)))?;
        Ok((request, logged_in))
    }

    fn number(&self, numbered: bool) -> (Option<SessionKeys>, Option<u64>) {
        let mut state = self.state();
        let keys = state.keys.clone();
        let callnum = (keys.is_some() && numbered).then_some(state.callnum);
        if callnum.is_some() {
            state.callnum += 1;
        }
        (keys, callnum)
    }
}

/// Why one sending was no success.
enum Failure {
    /// There is no use in sending it again.
    Final(Error),
    /// The hub says that it is offline.
    Offline(Fault),
    /// There is no answer.
    Lost(Lost),
}

enum Lost {
    Transport(TransportError),
    Timeout(Duration),
    Status(Response),
}

impl Lost {
    fn is_transient(&self) -> bool {
        match self {
            Lost::Transport(error) => error.is_transient(),
            Lost::Timeout(_) => true,
            Lost::Status(response) => {
                let status = response.status();
                status.is_server_error()
                    || status == StatusCode::REQUEST_TIMEOUT
                    || status == StatusCode::TOO_MANY_REQUESTS
            }
        }
    }

    fn into_error(self, outgoing: &Outgoing, attempts: u32) -> Error {
        let method = outgoing.name.clone();
        match self {
            Lost::Transport(source) => Error::Transport { method, attempts, source },
            Lost::Timeout(after) => Error::Deadline { method, after },
            Lost::Status(response) => {
                let is_text = response
                    .headers()
                    .get(header::CONTENT_TYPE)
                    .is_some_and(|kind| kind.as_bytes().starts_with(b"text/plain"));
                let text = is_text.then(|| String::from_utf8_lossy(response.body()).trim().to_owned());
                let text = text.filter(|text| !text.is_empty());
                Error::Status { method, status: response.status().as_u16(), text }
            }
        }
    }
}

/// The fault in an answer, if it is one, without reading long answers twice.
fn fault(body: &[u8]) -> Option<Fault> {
    let head = &body[..body.len().min(256)];
    if !head.windows(7).any(|at| at == b"<fault>") {
        return None;
    }
    read_response::<IgnoredAny>(body).ok()?.err()
}
