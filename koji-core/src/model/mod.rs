//! Records: what the hub's methods answer with, field for field as on the wire.
//!
//! The hub writes every field (absent values as nil); a client accepts missing and further fields, so that it can talk to
//! older and newer hubs. `*_time` fields are texts with an offset, `*_ts` the same moments in seconds since 1970.
//!
//! Records of builds and RPMs, which come by the thousand, are each written out in full: what they share could be a
//! flattened struct, but serde then reads every member into a buffer first.

mod archive;
mod build;
mod buildroot;
mod content_generator;
mod event;
mod host;
mod notification;
mod package;
mod references;
mod repo;
mod rpm;
mod search;
mod session;
mod states;
mod tag;
mod target;
mod task;
mod user;

pub use archive::*;
pub use build::*;
pub use buildroot::*;
pub use content_generator::*;
pub use event::*;
pub use host::*;
pub use notification::*;
pub use package::*;
pub use references::*;
pub use repo::*;
pub use rpm::*;
pub use search::*;
pub use session::*;
pub use states::*;
pub use tag::*;
pub use target::*;
pub use task::*;
pub use user::*;

/// Defines a record: a struct that is read from the wire and written to it, and from a row of the hub's database.
macro_rules! records {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $t:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
        #[cfg_attr(feature = "sqlx", derive(sqlx::FromRow))]
        pub struct $name {
            $($(#[$field_doc])* pub $field: $t,)*
        }
    )*};
}
use records;

/// Reads a field that may be absent, or there and nil.
fn present<'de, T: serde::Deserialize<'de>, D: serde::Deserializer<'de>>(d: D) -> Result<Option<T>, D::Error> {
    T::deserialize(d).map(Some)
}
