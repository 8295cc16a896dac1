use koji_core::fault::FaultKind;
use koji_core::ids::{HostId, SessionId};
use koji_core::model::{SessionInfo, UserStatus};
use koji_core::time::Timestamp;
use tokio::sync::Semaphore;

use super::{Credentials, Session};
use crate::call::{Call, Client};
use crate::db::args;
use crate::error::fail;
use crate::{Error, Hub, Result};

/// The methods that an expired session may still call: they renew it.
const LOGINS: [&str; 2] = ["login", "sslLogin"];
/// The methods that a session may call while another of the user is exclusive.
const DESPITE_LOCK: [&str; 3] = ["exclusiveSession", "login", "logout"];
/// The methods that may be done again under the same number.
const REPEATABLE: [&str; 8] = [
    "host.taskWait",
    "host.taskUnwait",
    "host.taskSetWait",
    "host.updateHost",
    "host.setBuildRootState",
    "repoExpire",
    "repoDelete",
    "repoProblem",
];
/// After how many seconds of reads it is noted that a session is in use; writes note it always.
const NOTE_USE_AFTER: f64 = 5.0;

/// A session with its user, its host, and the user's exclusive session: not joined, that is found by its index even if SQLite's
/// statistics tell that all sessions are exclusive, as they do when none is.
const FIND: &str = "SELECT s.authtype, s.callnum, s.exclusive, s.expired, s.master, s.start_time, s.update_time,
            s.start_time AS start_ts, s.update_time AS update_ts, s.user_id, s.renew_time,
            s.renew_time AS renew_ts, s.hostip, s.id, u.name, u.status, h.id AS host_id,
            (SELECT x.id FROM sessions x
             WHERE x.user_id = s.user_id AND x.exclusive = TRUE AND x.closed = FALSE) AS locked_by
     FROM sessions s
     JOIN users u ON u.id = s.user_id
     LEFT JOIN host h ON h.user_id = s.user_id
     WHERE s.id = $1 AND s.key = $2 AND s.hostip = $3 AND s.closed = FALSE";

#[derive(sqlx::FromRow)]
struct Row {
    #[sqlx(flatten)]
    info: SessionInfo,
    hostip: Option<String>,
    name: String,
    status: UserStatus,
    host_id: Option<HostId>,
    locked_by: Option<SessionId>,
}

/// Finds the session that a request names, and checks that it may make this call.
pub(crate) async fn authenticate(
    hub: &Hub,
    credentials: Option<&Credentials>,
    client: &Client,
    method: &str,
) -> Result<Option<Session>> {
    let Some(credentials) = credentials else { return Ok(None) };
    let mut db = hub.db().read().await?;
    let row: Option<Row> =
        db.fetch_optional(FIND, args![credentials.id, credentials.key.as_str(), client.address.as_str()]).await?;
    drop(db);
    let Some(Row { mut info, hostip, name, status, host_id, locked_by }) = row else {
        fail!(Auth, "Invalid session or bad credentials");
    };
    if !info.expired && is_due(hub, &info) {
        expire(hub, credentials.id).await?;
        info.expired = true;
    }
    if info.expired && !LOGINS.contains(&method) {
        fail!(AuthExpired, "session \"{}\" has expired", credentials.id);
    }
    check_call_number(&info, credentials, method)?;
    if !info.expired && status != UserStatus::Normal {
        fail!(Auth, "logins by {name} are not allowed");
    }
    let mine = info.exclusive == Some(true) || (locked_by.is_some() && locked_by == info.master);
    if locked_by.is_some() && !mine && !info.expired && !DESPITE_LOCK.contains(&method) {
        fail!(AuthLock, "User locked by another session");
    }
    let session = Session {
        id: credentials.id,
        user_id: info.user_id,
        user_name: name,
        host_id,
        exclusive: mine,
        callnum: credentials.callnum,
        usable: !info.expired,
        authtype: info.authtype,
        hostip: hostip.unwrap_or_default(),
        info,
    };
    note_use(hub, &session);
    Ok(Some(session))
}

fn is_due(hub: &Hub, info: &SessionInfo) -> bool {
    let Some(limit) = hub.config().session_renewal else { return false };
    let since = info.renew_time.unwrap_or(info.start_time);
    Timestamp::now().as_secs_f64() > since.as_secs_f64() + limit.as_secs_f64()
}

async fn expire(hub: &Hub, id: SessionId) -> Result<()> {
    let mut db = hub.db().begin().await?;
    db.execute("UPDATE sessions SET expired = TRUE WHERE id = $1 OR master = $1", args![id]).await?;
    Ok(db.commit().await?)
}

fn check_call_number(info: &SessionInfo, credentials: &Credentials, method: &str) -> Result<()> {
    let (Some(now), Some(last)) = (credentials.callnum, info.callnum.map(i64::from)) else { return Ok(()) };
    if last > now {
        fail!(Sequence, "{last} > {now} (session {})", credentials.id);
    }
    if last == now && !REPEATABLE.contains(&method) {
        fail!(Retry, "unable to retry call {now} (method {method}) for session {}", credentials.id);
    }
    Ok(())
}

/// Notes that the session is in use, unless that was noted just now. The call, which may only read, does not wait for
/// it; while others are being noted, its next call will do.
fn note_use(hub: &Hub, session: &Session) {
    static TURNS: Semaphore = Semaphore::const_new(4);
    let age = Timestamp::now().as_secs_f64() - session.info.update_time.as_secs_f64();
    if !session.usable || age < NOTE_USE_AFTER {
        return;
    }
    let Ok(turn) = TURNS.try_acquire() else { return };
    let (hub, id) = (hub.clone(), session.id);
    tokio::spawn(async move {
        let noted = async {
            let mut db = hub.db().begin().await?;
            db.execute("UPDATE sessions SET update_time = $2 WHERE id = $1", args![id, Timestamp::now()]).await?;
            db.commit().await
        };
        if let Err(e) = noted.await {
            tracing::warn!(session = %id, error = %e, "cannot note that a session is in use");
        }
        drop(turn);
    });
}

/// Stores the number of a call that writes, with its changes: so it cannot be done twice, even by two requests at once.
pub(crate) async fn store_call_number(cx: &mut Call<'_>, method: &str) -> Result<()> {
    let Some(session) = cx.session().filter(|s| s.usable) else { return Ok(()) };
    let (id, Some(number)) = (session.id, session.callnum) else { return Ok(()) };
    let number =
        i32::try_from(number).map_err(|_| Error::fault(FaultKind::Auth, format!("Invalid callnum: {number}")))?;
    let stored = cx
        .db()
        .await?
        .execute(
            "UPDATE sessions SET callnum = $2, update_time = $3 WHERE id = $1 AND (callnum IS NULL OR callnum < $2)",
            args![id, number, Timestamp::now()],
        )
        .await?;
    if stored == 0 && !REPEATABLE.contains(&method) {
        fail!(Retry, "unable to retry call {number} (method {method}) for session {id}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::Db;

    #[tokio::test]
    async fn a_session_is_found_by_its_index_among_many_that_have_ended() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("hub.db").display());
        let db = Db::connect(&url.parse().unwrap()).await.unwrap();
        db.migrate().await.unwrap();
        let mut conn = db.begin().await.unwrap();
        conn.execute("INSERT INTO users (name, status, usertype) VALUES ('user', 0, 0)", args![]).await.unwrap();
        let ended = "INSERT INTO sessions (user_id, expired, closed)
            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
            SELECT users.id, TRUE, TRUE FROM n, users WHERE users.name = 'user'";
        conn.execute(ended, args![]).await.unwrap();
        conn.execute("ANALYZE", args![]).await.unwrap();
        conn.commit().await.unwrap();
        let explained: &'static str = Box::leak(format!("EXPLAIN QUERY PLAN {FIND}").into_boxed_str());
        // read anew by a connection that knows the statistics
        let db = Db::connect(&url.parse().unwrap()).await.unwrap();
        let mut conn = db.read().await.unwrap();
        let plan: Vec<(i32, i32, i32, String)> = conn.fetch_all(explained, args![1, "key", "host"]).await.unwrap();
        let steps: Vec<&str> = plan.iter().map(|(.., step)| step.as_str()).collect();
        assert!(steps.iter().any(|step| step.starts_with("SEARCH x USING")), "{steps:?}");
        assert!(!steps.iter().any(|step| step.starts_with("SCAN s") || step.starts_with("SCAN x")), "{steps:?}");
    }
}
