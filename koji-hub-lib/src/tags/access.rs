//! Who may change what is in a tag.

use koji_core::api::TagRef;
use koji_core::ids::UserId;

use crate::call::Call;
use crate::error::fail;
use crate::{Result, users};

/// Whether a user may change what is in a tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Access {
    /// Why not; nothing if it may.
    pub denied: Option<String>,
    /// Whether it may all the same, when it insists.
    pub may_force: bool,
}

/// Says whether a user may change what is in a tag: it must not be locked, and the user must hold its permission.
pub(crate) async fn access(cx: &mut Call<'_>, tag: &TagRef, user: UserId) -> Result<Access> {
    let db = cx.db().await?;
    let perms = users::permissions(db, user, true).await?;
    let tag = super::get(db, tag, None).await?;
    let denied = match tag.perm {
        _ if tag.locked => Some("tag is locked".to_owned()),
        Some(perm) if !perms.contains(&perm) => Some(format!("tag requires {perm} permission")),
        _ => None,
    };
    Ok(Access { denied, may_force: perms.iter().any(|perm| perm == "admin") })
}

/// Refuses a user who may not change what is in a tag; administrators may with `force`.
pub(crate) async fn require_access(cx: &mut Call<'_>, tag: &TagRef, user: UserId, force: bool) -> Result<()> {
    match access(cx, tag, user).await? {
        Access { denied: Some(_), may_force: true } if force => Ok(()),
        Access { denied: Some(reason), .. } => fail!(ActionNotAllowed, "{reason}"),
        Access { denied: None, .. } => Ok(()),
    }
}
