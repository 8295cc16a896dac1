//! How requests reach a hub: over HTTP, or by any other way that a program gives.

use std::fmt::Debug;
use std::pin::Pin;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};

type Source = Box<dyn std::error::Error + Send + Sync>;

/// A request: method, absolute URI, headers and the whole body.
pub type Request = http::Request<Bytes>;
/// A response with its whole body, decompressed.
pub type Response = http::Response<Bytes>;
/// A body that arrives in parts.
pub type BodyStream = Pin<Box<dyn Stream<Item = Result<Bytes, TransportError>> + Send>>;

/// Sends requests to a hub. A program that embeds a hub can hand them to it without any network.
///
/// An HTTP status that is an error is still a [`Response`]; only what gives no response at all is a [`TransportError`].
#[async_trait]
pub trait Transport: Debug + Send + Sync + 'static {
    /// Sends a request and reads the whole response.
    async fn send(&self, request: Request) -> Result<Response, TransportError>;

    /// Sends a request and gives the body as it arrives, for downloads. Unless implemented, it arrives in one part.
    async fn open(&self, request: Request) -> Result<http::Response<BodyStream>, TransportError> {
        let response = self.send(request).await?;
        Ok(response.map(|body| stream::iter([Ok(body)]).boxed()))
    }
}

/// Why there was no response.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// No connection could be made.
    #[error("cannot connect")]
    Connect(#[source] Source),
    /// The peer's certificate, or ours, is refused; trying again does not help.
    #[error("a TLS certificate is refused")]
    Certificate(#[source] Source),
    /// The connection broke.
    #[error("the connection broke")]
    Interrupted(#[source] Source),
    /// The response took too long.
    #[error("no response in time")]
    Timeout,
    /// The request cannot be sent at all; trying again does not help.
    #[error("the request cannot be sent")]
    Unsendable(#[source] Source),
}

impl TransportError {
    /// Whether it may go better the next time.
    pub fn is_transient(&self) -> bool {
        !matches!(self, TransportError::Certificate(_) | TransportError::Unsendable(_))
    }
}
