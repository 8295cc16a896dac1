//! Sessions: who a request is from.

mod authenticate;
pub(crate) mod login;
mod password;

use koji_core::ids::{HostId, SessionId, UserId};
use koji_core::model::{AuthType, SessionInfo};

pub(crate) use authenticate::{authenticate, store_call_number};
pub use password::hash_password;

/// The session that a request names.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// Its id.
    pub id: SessionId,
    /// Its secret.
    pub key: String,
    /// The number of the call.
    pub callnum: Option<i64>,
}

/// A session that was found.
#[derive(Debug, Clone)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// Whose it is.
    pub user_id: UserId,
    /// That user's name.
    pub user_name: String,
    /// The host whose user it is.
    pub host_id: Option<HostId>,
    /// Whether it, or the one it is below, is the user's only one.
    pub exclusive: bool,
    /// The number of this call.
    pub callnum: Option<i64>,
    /// Whether it may be used; one that has expired may only be renewed.
    pub usable: bool,
    /// How it was authenticated.
    pub authtype: Option<AuthType>,
    /// The client's address.
    pub hostip: String,
    /// All that is stored of it.
    pub info: SessionInfo,
}
