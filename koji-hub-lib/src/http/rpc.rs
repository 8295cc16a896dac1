use std::any::Any;
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};

use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{ALLOW, CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, StreamExt};
use koji_core::fault::{Fault, FaultKind};
use koji_core::ids::SessionId;
use koji_core::xmlrpc;
use tokio::sync::mpsc;

use super::upload;
use crate::api::KOJI_VERSION;
use crate::call::Client;
use crate::dispatch;
use crate::session::Credentials;
use crate::{Error, Hub, Result};

/// Answers a call or takes an upload.
pub(super) async fn handle(State(hub): State<Hub>, request: Request) -> Response {
    if request.method() != Method::POST {
        let text = "Method Not Allowed\nThis is an XML-RPC server. Only POST requests are accepted.\n";
        return plain(StatusCode::METHOD_NOT_ALLOWED, text, &[(ALLOW.as_str(), "POST")]);
    }
    if request.headers().contains_key(TRANSFER_ENCODING) {
        let text = "Length Required\nA request of the requested method POST requires a valid Content-length.\n";
        return plain(StatusCode::LENGTH_REQUIRED, text, &[]);
    }
    let (parts, body) = request.into_parts();
    let client = client(&hub, parts.extensions.get::<ConnectInfo<SocketAddr>>());
    let is_upload = parts.headers.get(CONTENT_TYPE).is_some_and(|v| v == "application/octet-stream");
    let query = parts.uri.query().unwrap_or("");
    let credentials = credentials(&hub, &parts.headers, query);

    if is_upload {
        let query = query.to_owned();
        // to its end, even if the client goes away
        return spawned(async move { upload::answer(&hub, credentials, client, &query, body).await }).await;
    }
    let body = match read(body, hub.config().max_request_length.unwrap_or(usize::MAX)).await {
        Ok(body) => body,
        Err(refused) => return refused,
    };
    let call = match xmlrpc::read_call(&body) {
        Ok(call) => call,
        // well formed, and Koji too would answer it with a fault
        Err(e @ xmlrpc::Error::IntegerRange) => return xml(xmlrpc::write_fault(&Error::from(e).into_fault())),
        Err(e) => return bad_request(&format!("Invalid request: {e}")),
    };
    let credentials = match credentials {
        Ok(credentials) => credentials,
        Err(e) => return xml(xmlrpc::write_fault(&e.into_fault())),
    };
    let droppable = call.method.as_deref().is_none_or(|method| hub.is_droppable(method, &call.params));
    let in_rows = call.method.as_deref().is_some_and(|method| hub.answers_in_rows(method));
    let request = dispatch::Request { method: call.method, params: call.params, credentials, client };
    if in_rows {
        return in_pieces(hub, request).await;
    }
    if droppable {
        return xml(hub.answer(request).await);
    }
    spawned(async move { hub.answer(request).await }).await
}

/// Answers with all at once, or, when that grows long, piece by piece.
async fn in_pieces(hub: Hub, request: dispatch::Request) -> Response {
    let (sender, mut pieces) = mpsc::channel(1);
    let answer = tokio::spawn(async move { hub.answer_in_pieces(request, sender).await });
    if let Some(first) = pieces.recv().await {
        let rest = stream::unfold(pieces, async |mut pieces| Some((pieces.recv().await?, pieces)));
        let body = Body::from_stream(stream::once(async { first }).chain(rest).fuse());
        return versioned(body.into_response(), "text/xml");
    }
    match answer.await {
        Ok(whole) => {
            let pieces = whole.unwrap_or_default();
            let length = pieces.iter().map(Bytes::len).sum::<usize>();
            let body = Body::from_stream(stream::iter(pieces.into_iter().map(Ok::<_, Infallible>)));
            let mut response = body.into_response();
            response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
            versioned(response, "text/xml")
        }
        Err(e) => broken(Box::new(e)),
    }
}

/// Runs work that is not to be broken off when the client goes away.
async fn spawned(work: impl Future<Output = String> + Send + 'static) -> Response {
    match tokio::spawn(work).await {
        Ok(answer) => xml(answer),
        Err(e) => broken(Box::new(e)),
    }
}

/// The answer to a request that panicked; the panic itself is in the log.
pub(super) fn broken(_: Box<dyn Any + Send>) -> Response {
    tracing::error!("a request broke down");
    xml(xmlrpc::write_fault(&Fault::generic("the hub failed on this request; its log tells more")))
}

async fn read(body: Body, limit: usize) -> std::result::Result<Bytes, Response> {
    match axum::body::to_bytes(body, limit).await {
        Ok(body) if body.is_empty() => Err(bad_request("Invalid request: Empty request")),
        Ok(body) => Ok(body),
        Err(e) if is_too_long(&e) => Err(bad_request("Invalid request: Request too long")),
        Err(e) => Err(bad_request(&format!("Invalid request: {e}"))),
    }
}

fn is_too_long(e: &axum::Error) -> bool {
    let mut at: Option<&dyn std::error::Error> = Some(e);
    while let Some(e) = at {
        if e.to_string().contains("length limit exceeded") {
            return true;
        }
        at = e.source();
    }
    false
}

fn client(hub: &Hub, connected: Option<&ConnectInfo<SocketAddr>>) -> Client {
    let address = match connected {
        _ if !hub.config().check_client_ip => "-".into(),
        // an IPv4 caller of a socket for both is the same caller
        Some(ConnectInfo(addr)) => match addr.ip() {
            IpAddr::V6(v6) => v6.to_canonical().to_string(),
            v4 => v4.to_string(),
        },
        None => "127.0.0.1".into(),
    };
    Client { address }
}

/// The session that the headers name, or the query string.
fn credentials(hub: &Hub, headers: &HeaderMap, query: &str) -> Result<Option<Credentials>> {
    let header = |name: &str| headers.get(name).and_then(|v| v.to_str().ok());
    if let Some(id) = header("koji-session-id") {
        let key = header("koji-session-key").unwrap_or("").to_owned();
        let callnum = header("koji-session-callnum").or_else(|| header("koji-callnum"));
        return Ok(Some(Credentials { id: session_id(id)?, key, callnum: callnum.map(integer).transpose()? }));
    }
    if hub.config().disable_url_sessions || query.is_empty() {
        return Ok(None);
    }
    let pairs = super::upload::pairs(query)?;
    let value = |name: &str| pairs.iter().find(|(k, _)| k == name).map(|(_, v)| v.as_str());
    let needed = |name: &str| {
        let missing = || Error::fault(FaultKind::Auth, format!("'{name}' not specified in session args"));
        value(name).ok_or_else(missing)
    };
    let id = session_id(needed("session-id")?)?;
    let key = needed("session-key")?.to_owned();
    let callnum = value("callnum")
        .map(|v| integer(v).map_err(|_| Error::fault(FaultKind::Auth, format!("Invalid callnum: '{v}'"))))
        .transpose()?;
    Ok(Some(Credentials { id, key, callnum }))
}

fn integer(text: &str) -> Result<i64> {
    let wrong = || Error::generic(format!("invalid literal for int() with base 10: '{text}'"));
    text.trim().parse().map_err(|_| wrong())
}

fn session_id(text: &str) -> Result<SessionId> {
    // an id that cannot be is one that is not there
    Ok(SessionId(i32::try_from(integer(text)?).unwrap_or(-1)))
}

fn bad_request(text: &str) -> Response {
    plain(StatusCode::BAD_REQUEST, &format!("{text}\n"), &[])
}

fn plain(status: StatusCode, text: &str, headers: &[(&'static str, &'static str)]) -> Response {
    let mut response = (status, text.to_owned()).into_response();
    for (name, value) in headers {
        response.headers_mut().insert(*name, HeaderValue::from_static(value));
    }
    versioned(response, "text/plain")
}

fn xml(answer: String) -> Response {
    let length = answer.len();
    let mut response = answer.into_response();
    response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
    versioned(response, "text/xml")
}

fn versioned(mut response: Response, content_type: &'static str) -> Response {
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert("Koji-Version", HeaderValue::from_static(KOJI_VERSION));
    response
}
