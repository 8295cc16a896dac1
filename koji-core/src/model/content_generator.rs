use super::records;
use crate::ids::{BuildId, CgId};

/// A content generator (`listCGs`).
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ContentGenerator {
    /// Its id.
    pub id: CgId,
    /// The names of the users who may act as it.
    pub users: Vec<String>,
}

records! {
    /// A build that is reserved (`CGInitBuild`).
    Reservation {
        /// The build.
        build_id: BuildId,
        /// What its import must show.
        token: String,
    }
}
