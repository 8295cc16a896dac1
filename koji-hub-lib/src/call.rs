//! A call while it is worked on: who calls, the database, and what is to happen when it is committed or not.

use futures_util::future::BoxFuture;
use koji_core::api::Access;
use koji_core::fault::FaultKind;
use koji_core::ids::{EventId, HostId, UserId};

use crate::db::{Arg, Conn, DbError, Dialect, args, insert_versioned, new_event, revoke};
use crate::error::fail;
use crate::plugin::{Callback, CallbackType};
use crate::session::Session;
use crate::signals::Change;
use crate::storage::{CopiedDir, Storage};
use crate::sums::Known;
use crate::{Error, Hub, Result};

type Later = BoxFuture<'static, ()>;

/// A call while it is worked on.
///
/// The database connection is taken when it is first needed: inside a transaction if the request may write.
pub struct Call<'h> {
    hub: &'h Hub,
    session: Option<Session>,
    client: Client,
    writes: bool,
    conn: Option<Conn>,
    event: Option<EventId>,
    perms: Option<Vec<String>>,
    on_commit: Vec<Later>,
    on_rollback: Vec<Later>,
    changes: Vec<Change>,
    /// Whether a key that is taken may have been taken by a request at the same time, and the next try would see it.
    may_race: bool,
    /// Whether the database may forget what was written if it breaks down right afterwards.
    forgettable: bool,
    prepared: Prepared,
}

/// What a call has done before its transaction began.
#[derive(Debug, Clone, Default)]
pub(crate) struct Prepared {
    /// Checksums of files that were read.
    pub sums: Known,
    /// A copy of a directory.
    pub copy: Option<CopiedDir>,
}

/// Where a request came from.
#[derive(Debug, Clone, Default)]
pub struct Client {
    /// The address, or `-` if sessions are not bound to addresses.
    pub address: String,
}

impl<'h> Call<'h> {
    pub(crate) fn new(hub: &'h Hub, session: Option<Session>, client: Client, writes: bool) -> Self {
        Call {
            hub,
            session,
            client,
            writes,
            conn: None,
            event: None,
            perms: None,
            on_commit: Vec::new(),
            on_rollback: Vec::new(),
            changes: Vec::new(),
            may_race: false,
            forgettable: false,
            prepared: Prepared::default(),
        }
    }

    /// Says what has been done already.
    pub(crate) fn with_prepared(mut self, prepared: Prepared) -> Self {
        self.prepared = prepared;
        self
    }

    /// What was done before the transaction.
    pub(crate) fn prepared(&mut self) -> &mut Prepared {
        &mut self.prepared
    }

    /// Says that nothing is lost if the database forgets it in a breakdown.
    pub(crate) fn forgettable(mut self) -> Self {
        self.forgettable = true;
        self
    }

    /// Says that this is the first try of a request that would be tried again.
    pub(crate) fn first_try(mut self) -> Self {
        self.may_race = self.hub.db().dialect() == Dialect::Postgres;
        self
    }

    /// Whether the request deserves another try after this error.
    pub(crate) fn is_retryable(&self, e: &Error) -> bool {
        e.is_retryable() || self.may_race && matches!(e, Error::Db(e) if e.is_unique())
    }

    /// The hub.
    pub fn hub(&self) -> &'h Hub {
        self.hub
    }

    /// The place for files.
    pub fn storage(&self) -> &'h dyn Storage {
        self.hub.storage()
    }

    /// Where the request came from.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The database.
    pub async fn db(&mut self) -> Result<&mut Conn> {
        let conn = match self.conn.take() {
            Some(conn) => conn,
            None if self.writes && self.forgettable => self.hub.db().forgettable().await?.begin().await?,
            None if self.writes => self.hub.db().begin().await?,
            None => self.hub.db().read().await?,
        };
        Ok(self.conn.insert(conn))
    }

    /// The database for a statement that is all that the call writes, and that commits by itself: without a transaction, unless
    /// one is open already or plugins are told of commits.
    pub(crate) async fn alone(&mut self) -> Result<&mut Conn> {
        let told = self.tells(CallbackType::PreCommit) || self.tells(CallbackType::PostCommit);
        if self.conn.is_none() && self.forgettable && !told {
            self.conn = Some(self.hub.db().forgettable().await?);
        }
        self.db().await
    }

    /// The database in a transaction, for what a call that mostly reads may have to write. What was read before it was read
    /// outside.
    pub async fn begin(&mut self) -> Result<&mut Conn> {
        if !self.db().await?.is_tx() {
            self.conn = None;
            self.conn = Some(self.hub.db().begin().await?);
        }
        self.db().await
    }

    /// The event of this call's changes, which comes into being when it is first asked for.
    pub async fn event(&mut self) -> Result<EventId> {
        if let Some(event) = self.event {
            return Ok(event);
        }
        let event = new_event(self.db().await?).await?;
        self.event = Some(event);
        Ok(event)
    }

    /// Inserts an active row into a table that keeps history.
    pub async fn insert_versioned(&mut self, table: &'static str, columns: Vec<(&'static str, Arg<'_>)>) -> Result<()> {
        let (event, user) = (self.event().await?, self.user_id()?);
        Ok(insert_versioned(self.db().await?, table, columns, event, user).await?)
    }

    /// Ends the active rows of a table that keeps history; says how many.
    pub async fn revoke(&mut self, table: &'static str, key: Vec<(&'static str, Arg<'_>)>) -> Result<u64> {
        let (event, user) = (self.event().await?, self.user_id()?);
        Ok(revoke(self.db().await?, table, key, event, user).await?)
    }

    /// Lets the next change have an event of its own.
    pub fn next_event(&mut self) {
        self.event = None;
    }

    /// The session, if there is one.
    pub fn session(&self) -> Option<&Session> {
        self.session.as_ref()
    }

    pub(crate) fn session_mut(&mut self) -> Option<&mut Session> {
        self.session.as_mut()
    }

    /// The session has ended: further calls of the request are anonymous.
    pub(crate) fn forget_session(&mut self) {
        self.session = None;
        self.perms = None;
    }

    /// The session; a fault if there is none.
    pub fn logged_in(&self) -> Result<&Session> {
        self.session
            .as_ref()
            .filter(|s| s.usable)
            .ok_or_else(|| Error::fault(FaultKind::ActionNotAllowed, "you must be logged in for this operation"))
    }

    /// The user of the session; a fault if there is none.
    pub fn user_id(&self) -> Result<UserId> {
        Ok(self.logged_in()?.user_id)
    }

    /// The names of the user's permissions, those of its groups included.
    pub async fn perms(&mut self) -> Result<&[String]> {
        if self.perms.is_none() {
            let perms = match &self.session {
                Some(s) if s.usable => {
                    let user = s.user_id;
                    crate::users::permissions(self.db().await?, user, true).await?
                }
                _ => Vec::new(),
            };
            self.perms = Some(perms);
        }
        Ok(self.perms.as_deref().unwrap_or_default())
    }

    /// Whether the user holds the permission itself; `admin` does not count for others here.
    pub async fn has_perm(&mut self, name: &str) -> Result<bool> {
        Ok(self.perms().await?.iter().any(|p| p == name))
    }

    /// A fault unless the user holds the permission or `admin`.
    pub async fn assert_perm(&mut self, name: &str) -> Result<()> {
        if self.perms().await?.iter().any(|p| p == name || p == "admin") {
            return Ok(());
        }
        match self.session.as_ref().filter(|s| s.usable) {
            Some(s) => fail!(ActionNotAllowed, "{name} permission required (logged in as {})", s.user_name),
            None => fail!(ActionNotAllowed, "{name} permission required (user not logged in)"),
        }
    }

    /// Whether the session is of that user, or of a member of that group.
    pub async fn is_user(&mut self, user: UserId) -> Result<bool> {
        let Some(me) = self.session.as_ref().filter(|s| s.usable).map(|s| s.user_id) else { return Ok(false) };
        if me == user {
            return Ok(true);
        }
        let found: Option<i32> = self
            .db()
            .await?
            .fetch_scalar_optional(
                "SELECT group_id FROM user_groups WHERE active = TRUE AND user_id = $1 AND group_id = $2",
                args![me, user],
            )
            .await?;
        Ok(found.is_some())
    }

    /// The host whose exclusive session this is; a fault if it is none.
    pub fn host_id(&self) -> Result<HostId> {
        let Some(session) = self.session.as_ref().filter(|s| s.usable) else { fail!(Auth, "Not logged-in") };
        let Some(host) = session.host_id else { fail!(Auth, "User {} is not a host", session.user_id) };
        if !session.exclusive {
            fail!(Auth, "This method requires an exclusive session");
        }
        Ok(host)
    }

    /// Checks what a method's definition says of its callers.
    pub(crate) async fn check(&mut self, access: Access) -> Result<()> {
        match access {
            Access::Anyone => Ok(()),
            Access::LoggedIn => self.logged_in().map(|_| ()),
            Access::Permission(name) => self.assert_perm(name).await,
            Access::Host => self.host_id().map(|_| ()),
        }
    }

    /// Has something done once the call is committed.
    pub fn on_commit(&mut self, work: impl Future<Output = ()> + Send + 'static) {
        self.on_commit.push(Box::pin(work));
    }

    /// Has something undone if the call is not committed. The last comes first.
    pub fn on_rollback(&mut self, work: impl Future<Output = ()> + Send + 'static) {
        self.on_rollback.push(Box::pin(work));
    }

    /// Announces a change once the call is committed.
    pub fn announce(&mut self, change: Change) {
        if !self.changes.contains(&change) {
            self.changes.push(change);
        }
    }

    /// Gives the connection back; what was read so far stays valid, nothing may have been written.
    pub(crate) async fn release(&mut self) -> Result<()> {
        if let Some(conn) = self.conn.take() {
            conn.rollback().await?;
        }
        Ok(())
    }

    /// Whether a transaction is open.
    pub(crate) fn has_transaction(&self) -> bool {
        self.conn.as_ref().is_some_and(Conn::is_tx)
    }

    /// Commits, then does what was to be done then.
    pub(crate) async fn commit(&mut self) -> Result<()> {
        let told = self.has_transaction();
        if told && let Err(e) = self.tell(Callback::PreCommit).await {
            self.rollback().await;
            return Err(e);
        }
        self.commit_silently().await?;
        if told && self.tells(CallbackType::PostCommit) {
            self.event = None;
            let mut heard = self.tell(Callback::PostCommit).await;
            match &heard {
                Ok(()) => heard = self.commit_silently().await,
                Err(_) => self.rollback().await,
            }
            // what is done is not tried again, whatever went wrong
            return heard.map_err(|e| Error::Fault(e.into_fault()));
        }
        Ok(())
    }

    async fn commit_silently(&mut self) -> Result<()> {
        if let Some(conn) = self.conn.take()
            && let Err(e) = conn.commit().await
        {
            if matches!(e, DbError::Unavailable { .. }) {
                // nobody knows whether it was committed: better files too many than a build without
                tracing::error!(error = %e, "the connection was lost in a commit; files that it may have brought stay");
            } else {
                self.undo(0).await;
            }
            return Err(e.into());
        }
        self.on_rollback.clear();
        for change in self.changes.drain(..) {
            self.hub.signals().announce(change);
        }
        for work in self.on_commit.drain(..) {
            work.await;
        }
        Ok(())
    }

    /// Gives up what was written so far.
    pub(crate) async fn abandon(&mut self) {
        if let Some(conn) = self.conn.take()
            && let Err(e) = conn.rollback().await
        {
            tracing::warn!(error = %e, "rollback failed");
        }
    }

    /// Rolls back, and undoes what is to be undone.
    pub(crate) async fn rollback(&mut self) {
        self.abandon().await;
        self.undo(0).await;
        self.changes.clear();
    }

    /// How much there is to be done later: to come back to with [`undo_since`](Self::undo_since).
    pub(crate) fn mark(&self) -> (usize, usize) {
        (self.on_commit.len(), self.on_rollback.len())
    }

    /// Undoes what was done since the mark.
    pub(crate) async fn undo_since(&mut self, (commits, rollbacks): (usize, usize)) {
        self.on_commit.truncate(commits);
        self.undo(rollbacks).await;
    }

    async fn undo(&mut self, keep: usize) {
        while self.on_rollback.len() > keep {
            if let Some(work) = self.on_rollback.pop() {
                work.await;
            }
        }
    }
}
