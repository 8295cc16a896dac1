//! The hub over HTTP: `/kojihub` for calls and uploads, `/kojifiles` for the storage.

mod files;
mod rpc;
mod upload;

use axum::Router;
use axum::routing::any;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::SizeAbove;

use crate::Hub;

/// From how many bytes on an answer is compressed, when the client takes that.
const COMPRESS_FROM: u64 = 8192;

/// The hub as a service, to be served or nested. It takes the caller's address from
/// [`ConnectInfo<SocketAddr>`](axum::extract::ConnectInfo).
pub fn router(hub: Hub) -> Router {
    let calls = Router::new()
        .route("/kojihub", any(rpc::handle))
        .route("/kojihub/", any(rpc::handle))
        .route("/kojihub/{*rest}", any(rpc::handle))
        .layer(CatchPanicLayer::custom(rpc::broken))
        .layer(CompressionLayer::new().compress_when(SizeAbove::new(COMPRESS_FROM)));
    Router::new()
        .merge(calls)
        .route("/kojifiles", any(files::top))
        .route("/kojifiles/", any(files::top))
        .route("/kojifiles/{*path}", any(files::handle))
        .layer(CatchPanicLayer::new())
        .with_state(hub)
}
