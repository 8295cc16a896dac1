//! A typed, asynchronous client for any Koji hub.
//!
//! ```no_run
//! use koji_client::{Session, api::tags::GetTag};
//!
//! # async fn example() -> Result<(), koji_client::Error> {
//! let session = Session::new("https://koji.example.org/kojihub")?;
//! if let Some(tag) = session.call(GetTag::new("f44-build")).await? {
//!     println!("{} has the id {}", tag.name, tag.id);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! [`Session`] is where everything starts. The methods that it calls are in [`api`], the records that they answer with
//! in [`model`]. A [`Transport`] carries the requests: [`HttpTransport`] over a network, or one of your own to a hub in
//! the same program.

mod download;
mod error;
mod http_transport;
mod multicall;
mod session;
#[cfg(test)]
mod testing;
mod transport;
mod upload;
mod watch;

pub use download::Download;
pub use error::{Error, Result};
pub use http_transport::{HttpOptions, HttpTransport};
pub use koji_core::fault::{Fault, FaultKind};
pub use koji_core::{api, ids, model, xmlrpc};
pub use multicall::{MultiCallSession, VirtualCall};
pub use session::{Options, Session, SessionBuilder};
pub use transport::{BodyStream, Request, Response, Transport, TransportError};
pub use upload::{Progress, Upload};
pub use watch::{TaskChange, TaskWatcher};
