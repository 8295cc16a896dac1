//! Beginning, renewing and ending sessions.

use koji_core::ids::{SessionId, UserId};
use koji_core::model::{AuthType, SessionKeys, UserStatus};
use koji_core::time::Timestamp;

use super::password::verify;
use crate::Result;
use crate::call::Call;
use crate::db::{DbError, args};
use crate::error::fail;

const KEY_CHARS: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// A new secret, in Koji's form.
fn new_key(user: UserId) -> String {
    let secret: String = (0..19).map(|_| char::from(KEY_CHARS[rand::random_range(0..KEY_CHARS.len())])).collect();
    format!("{user}-{secret}")
}

/// Finds the user with that name and password.
pub(crate) async fn check_password(cx: &mut Call<'_>, user: &str, password: &str) -> Result<UserId> {
    // not inside the transaction: hashing takes its time
    let mut reader = cx.hub().db().read().await?;
    let row: Option<(UserId, Option<String>, UserStatus)> =
        reader.fetch_optional("SELECT id, password, status FROM users WHERE name = $1", args![user]).await?;
    drop(reader);
    let (id, stored, status) = match row {
        Some((id, Some(stored), status)) => (id, stored, status),
        _ => fail!(Auth, "invalid username or password"),
    };
    if !verify(password, &stored).await {
        fail!(Auth, "invalid username or password");
    }
    if status != UserStatus::Normal {
        fail!(Auth, "logins by {user} are not allowed");
    }
    Ok(id)
}

/// Makes a session.
pub(crate) async fn create(
    cx: &mut Call<'_>,
    user: UserId,
    hostip: &str,
    authtype: Option<AuthType>,
    master: Option<SessionId>,
) -> Result<SessionKeys> {
    let key = new_key(user);
    let ids: Vec<SessionId> = cx
        .alone()
        .await?
        // all rows: only after the last is it committed
        .fetch_scalars(
            "INSERT INTO sessions (user_id, key, hostip, authtype, master) VALUES ($1, $2, $3, $4, $5) RETURNING id",
            args![user, key.as_str(), hostip, authtype, master],
        )
        .await?;
    let id = ids.into_iter().next().ok_or(DbError::NotFound)?;
    Ok(SessionKeys { session_id: id, session_key: key, header_auth: true })
}

/// Gives the session of the call, which must be that user's, a new secret and a new span of life.
pub(crate) async fn renew(cx: &mut Call<'_>, user: UserId) -> Result<Option<SessionKeys>> {
    let Some(session) = cx.session() else { return Ok(None) };
    if session.user_id != user {
        fail!(Auth, "session {} is another user's", session.id);
    }
    let (id, master) = (session.id, session.info.master);
    let key = new_key(user);
    let db = cx.db().await?;
    if let Some(master) = master {
        let open: Option<i32> =
            db.fetch_scalar_optional("SELECT 1 FROM sessions WHERE id = $1 AND closed = FALSE", args![master]).await?;
        if open.is_none() {
            return Ok(None);
        }
    }
    db.execute(
        "UPDATE sessions SET key = $2, expired = FALSE, update_time = $3, renew_time = $3 WHERE id = $1",
        args![id, key.as_str(), Timestamp::now()],
    )
    .await?;
    Ok(Some(SessionKeys { session_id: id, session_key: key, header_auth: true }))
}

/// Makes the session of the call the user's only one; with `force` another that is so is closed.
pub(crate) async fn make_exclusive(cx: &mut Call<'_>, force: bool) -> Result<()> {
    let session = cx.logged_in()?;
    let (id, user, master) = (session.id, session.user_id, session.info.master);
    if master.is_none() && session.exclusive {
        fail!("session is already exclusive");
    }
    exclude_others(cx, id, user, master, force).await?;
    if let Some(session) = cx.session_mut() {
        session.exclusive = true;
    }
    Ok(())
}

/// Makes a session the user's only one; with `force` another that is so is closed.
pub(crate) async fn exclude_others(
    cx: &mut Call<'_>,
    id: SessionId,
    user: UserId,
    master: Option<SessionId>,
    force: bool,
) -> Result<()> {
    if master.is_some() {
        fail!("subsessions cannot become exclusive");
    }
    let db = cx.db().await?;
    // one at a time for each user
    db.execute("UPDATE users SET status = status WHERE id = $1", args![user]).await?;
    let other: Option<SessionId> = db
        .fetch_scalar_optional(
            "SELECT id FROM sessions WHERE user_id = $1 AND closed = FALSE AND exclusive = TRUE",
            args![user],
        )
        .await?;
    if let Some(other) = other {
        if !force {
            fail!(AuthLock, "Cannot get exclusive session");
        }
        close(cx, other).await?;
    }
    cx.db().await?.execute("UPDATE sessions SET exclusive = TRUE WHERE id = $1", args![id]).await?;
    Ok(())
}

/// Closes a session; not those below it.
async fn close(cx: &mut Call<'_>, id: SessionId) -> Result<()> {
    let db = cx.db().await?;
    db.execute("UPDATE sessions SET expired = TRUE, exclusive = NULL, closed = TRUE WHERE id = $1", args![id]).await?;
    Ok(())
}

/// Closes a session and those below it.
pub(crate) async fn close_tree(cx: &mut Call<'_>, id: SessionId) -> Result<()> {
    cx.alone()
        .await?
        .execute(
            "UPDATE sessions SET expired = TRUE, exclusive = NULL, closed = TRUE WHERE id = $1 OR master = $1",
            args![id],
        )
        .await?;
    Ok(())
}
