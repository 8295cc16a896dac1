use super::{AuthType, records};
use crate::ids::{SessionId, UserId};
use crate::time::{EpochSeconds, Timestamp};

/// A new session (`login`, `subsession`). Its `Debug` form does not show the secret.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct SessionKeys {
    /// Its id.
    #[serde(rename = "session-id")]
    pub session_id: SessionId,
    /// Its secret.
    #[serde(rename = "session-key")]
    pub session_key: String,
    /// Whether the hub takes both from headers.
    #[serde(default, rename = "header-auth")]
    pub header_auth: bool,
}

impl std::fmt::Debug for SessionKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SessionKeys").field("session_id", &self.session_id).finish_non_exhaustive()
    }
}

records! {
    /// A session (`getSessionInfo`).
    SessionInfo {
        /// How it was authenticated.
        authtype: Option<AuthType>,
        /// The number of the last call that changed something.
        callnum: Option<i32>,
        /// Whether it is the user's only one.
        exclusive: Option<bool>,
        /// Whether it must be renewed.
        expired: bool,
        /// The session it is a subsession of.
        master: Option<SessionId>,
        /// When it began.
        start_time: Timestamp,
        /// When it was last used.
        update_time: Timestamp,
        /// When it began.
        start_ts: EpochSeconds,
        /// When it was last used.
        update_ts: EpochSeconds,
        /// Whose it is.
        user_id: UserId,
        /// When it was last renewed.
        renew_time: Option<Timestamp>,
        /// When it was last renewed.
        renew_ts: Option<EpochSeconds>,
        /// The client's address, in detailed answers.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hostip: Option<String>,
        /// Its id, in detailed answers.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<SessionId>,
    }
}
