use koji_core::api::sessions::*;
use koji_core::ids::SessionId;
use koji_core::model::{AuthType, LoggedInUser, SessionInfo, SessionKeys};
use koji_core::xmlrpc::{Value, to_value};

use crate::call::Call;
use crate::db::args;
use crate::error::fail;
use crate::registry::{Handle, Registry};
use crate::session::login;
use crate::{Result, users};

pub(super) fn register(r: &mut Registry) {
    r.add::<Login>()
        .add::<SslLogin>()
        .add::<Logout>()
        .add::<Subsession>()
        .add::<LogoutChild>()
        .add::<ExclusiveSession>()
        .add::<SharedSession>()
        .add::<GetSessionInfo>()
        .add::<ShowSession>()
        .add::<GetLoggedInUser>()
        .add::<GetPerms>()
        .add::<HasPerm>();
}

/// The session; a fault as of a wrong login if there is none.
fn session_id(cx: &Call<'_>) -> Result<SessionId> {
    match cx.session() {
        Some(s) if s.usable => Ok(s.id),
        _ => fail!(Auth, "Not logged in"),
    }
}

impl Handle for Login {
    async fn handle(self, cx: &mut Call<'_>) -> Result<SessionKeys> {
        let (Value::String(user), Value::String(password)) = (self.user, self.password) else {
            fail!(Auth, "invalid username or password");
        };
        if password.is_empty() {
            fail!(Auth, "invalid username or password");
        }
        if cx.session().is_some_and(|s| s.usable) {
            fail!(Auth, "Already logged in");
        }
        let mut hostip = cx.client().address.clone();
        if cx.hub().config().check_client_ip
            && let Some(other) = self.opts.as_ref().and_then(|o| o.get("hostip")).and_then(Value::as_str)
        {
            hostip = other.to_owned();
        }
        let user = login::check_password(cx, &user, &password).await?;
        let Some((was_exclusive, master)) =
            cx.session().filter(|_| self.renew).map(|old| (old.exclusive, old.info.master))
        else {
            // not made exclusive, whatever was asked: so does Koji with a new session
            return login::create(cx, user, &hostip, Some(AuthType::Normal), None).await;
        };
        let Some(keys) = login::renew(cx, user).await? else { fail!(Auth, "Invalid session or bad credentials") };
        if self.exclusive && !was_exclusive {
            login::exclude_others(cx, keys.session_id, user, master, false).await?;
        }
        Ok(keys)
    }
}

impl Handle for SslLogin {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Option<SessionKeys>> {
        if cx.session().is_some_and(|s| s.usable) {
            fail!(Auth, "Already logged in");
        }
        fail!(Auth, "could not verify client: None")
    }
}

impl Handle for Logout {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        let own = session_id(cx)?;
        let Some(other) = self.session_id else {
            login::close_tree(cx, own).await?;
            cx.forget_session();
            return Ok(());
        };
        if !cx.has_perm("admin").await? {
            let user = cx.user_id()?;
            let mine: Option<SessionId> = cx
                .db()
                .await?
                .fetch_scalar_optional("SELECT id FROM sessions WHERE user_id = $1 AND id = $2", args![user, other])
                .await?;
            if mine.is_none() {
                // in Koji's words: it looks for the session among the user's own
                fail!("query returned no rows");
            }
        }
        login::close_tree(cx, other).await
    }
}

impl Handle for Subsession {
    async fn handle(self, cx: &mut Call<'_>) -> Result<SessionKeys> {
        session_id(cx)?;
        let session = cx.logged_in()?;
        let (user, hostip, authtype) = (session.user_id, session.hostip.clone(), session.authtype);
        let master = session.info.master.unwrap_or(session.id);
        login::create(cx, user, &hostip, authtype, Some(master)).await
    }
}

impl Handle for LogoutChild {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        let master = session_id(cx)?;
        cx.db()
            .await?
            .execute(
                "UPDATE sessions SET expired = TRUE, exclusive = NULL, closed = TRUE WHERE id = $1 AND master = $2",
                args![self.session_id, master],
            )
            .await?;
        Ok(())
    }
}

impl Handle for ExclusiveSession {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        // as Koji: no fault without a session
        if cx.session().is_none() {
            return Ok(());
        }
        login::make_exclusive(cx, self.force).await
    }
}

impl Handle for SharedSession {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        let Some(id) = cx.session().map(|session| session.id) else { return Ok(()) };
        cx.db().await?.execute("UPDATE sessions SET exclusive = NULL WHERE id = $1", args![id]).await?;
        Ok(())
    }
}

impl Handle for GetSessionInfo {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Value> {
        let Some(session) = cx.session().filter(|s| s.usable) else { return Ok(Value::Nil) };
        let me = session.user_id;
        let Some(user) = self.user else {
            let mut info = session.info.clone();
            // as it was when the call came in, without what identifies it
            info.id = self.details.then_some(session.id);
            info.hostip = self.details.then(|| session.hostip.clone());
            return Ok(to_value(&info)?);
        };
        let user = users::get(cx.db().await?, &user).await?.id;
        if user != me && !cx.has_perm("admin").await? {
            fail!(ActionNotAllowed, "only admins or owner may see all active sessions");
        }
        let mut rows: Vec<SessionInfo> = cx
            .db()
            .await?
            .fetch_all(
                "SELECT authtype, callnum, exclusive, expired, master, start_time, update_time,
                        start_time AS start_ts, update_time AS update_ts, user_id, renew_time, renew_time AS renew_ts,
                        hostip, id
                 FROM sessions WHERE user_id = $1 AND expired = FALSE ORDER BY id",
                args![user],
            )
            .await?;
        if !self.details {
            for row in &mut rows {
                row.hostip = None;
            }
        }
        Ok(to_value(&rows)?)
    }
}

impl Handle for ShowSession {
    async fn handle(self, cx: &mut Call<'_>) -> Result<String> {
        Ok(match cx.session().filter(|s| s.usable) {
            Some(s) => format!("session {}: {{'user_id': {}, 'user_name': '{}'}}", s.id, s.user_id, s.user_name),
            None => "session: not logged in".into(),
        })
    }
}

impl Handle for GetLoggedInUser {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Option<LoggedInUser>> {
        let Some(session) = cx.session().filter(|s| s.usable) else { return Ok(None) };
        let (id, authtype) = (session.user_id, session.authtype);
        let db = cx.db().await?;
        let Some(mut user) = users::find_by_id(db, id).await? else { return Ok(None) };
        let principals = users::principals(db, id).await?;
        let krb_principal = principals.first().cloned();
        user.krb_principals = Some(principals);
        Ok(Some(LoggedInUser { user, krb_principal, authtype }))
    }
}

impl Handle for GetPerms {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Vec<String>> {
        Ok(cx.perms().await?.to_vec())
    }
}

impl Handle for HasPerm {
    async fn handle(self, cx: &mut Call<'_>) -> Result<bool> {
        if self.strict {
            let known: Option<i32> = cx
                .db()
                .await?
                .fetch_scalar_optional("SELECT id FROM permissions WHERE name = $1", args![self.perm.as_str()])
                .await?;
            if known.is_none() {
                fail!("No such permission {} defined", self.perm);
            }
        }
        cx.has_perm(&self.perm).await
    }
}
