//! Logging in and out, subsessions, and what is needed to renew a login.

use std::fmt;

use koji_core::api::Method;
use koji_core::api::sessions::{ExclusiveSession, GetSessionInfo, Login, Logout, SharedSession, SslLogin, Subsession};
use koji_core::config::{AuthType, Profile};
use koji_core::fault::FaultKind;
use koji_core::model::{SessionInfo, SessionKeys};
use koji_core::xmlrpc::{Value, from_value, write_call};

use super::{Outgoing, Session};
use crate::error::{Error, Result};

/// With what a session was logged in, to do it again.
#[derive(Clone)]
pub(super) enum Credentials {
    Password { user: String, password: String },
    Certificate { proxyuser: Option<String>, proxyauthtype: Option<i32> },
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials")
    }
}

impl Session {
    /// Logs in with a password.
    pub async fn login(&self, user: &str, password: &str) -> Result<()> {
        self.begin(Credentials::Password { user: user.to_owned(), password: password.to_owned() }).await
    }

    /// Logs in with the TLS client certificate of the settings. `proxyuser` is the user to act for, if the hub lets
    /// this certificate do so; `proxyauthtype` is how that user is said to be authenticated.
    pub async fn ssl_login(&self, proxyuser: Option<&str>, proxyauthtype: Option<i32>) -> Result<()> {
        self.begin(Credentials::Certificate { proxyuser: proxyuser.map(str::to_owned), proxyauthtype }).await
    }

    /// Logs in as a profile says, choosing as the `koji` command does: by `authtype`, else with a certificate if there is
    /// one, else with a password if there is a user. `runas` is the user to act for. With `authtype = noauth` it does
    /// nothing.
    ///
    /// Kerberos is not built in.
    pub async fn authenticate(&self, profile: &Profile, runas: Option<&str>) -> Result<()> {
        let certificate = profile.cert.as_ref().filter(|cert| cert.is_file());
        match profile.authtype {
            Some(AuthType::NoAuth) => Ok(()),
            Some(AuthType::Ssl) if profile.cert.is_none() => {
                Err(Error::Configuration("No client cert provided".to_owned()))
            }
            Some(AuthType::Ssl) => self.ssl_login(runas, None).await,
            None if certificate.is_some() => self.ssl_login(runas, None).await,
            Some(AuthType::Password) => self.password_of(profile).await,
            None if profile.user.is_some() => self.password_of(profile).await,
            Some(AuthType::Kerberos) | None => Err(Error::Configuration(
                "Kerberos logins are not built in: use a client certificate (cert) or a user and password".to_owned(),
            )),
        }
    }

    async fn password_of(&self, profile: &Profile) -> Result<()> {
        let user = profile.user.as_deref().unwrap_or_default();
        self.login(user, profile.password.as_deref().unwrap_or_default()).await
    }

    /// Whether the session has a login; it may have expired.
    pub fn is_logged_in(&self) -> bool {
        self.state().keys.is_some()
    }

    /// The session's id and key, to hand it to another process with [`Session::from_keys`].
    pub fn keys(&self) -> Option<SessionKeys> {
        self.state().keys.clone()
    }

    /// Another session with the same hub and settings, with a login that was made elsewhere and not used there: this
    /// one numbers its calls from 0. An expired login is not renewed.
    #[must_use]
    pub fn from_keys(&self, keys: SessionKeys) -> Self {
        let session = self.anonymous();
        session.state().keys = Some(keys);
        session
    }

    /// Begins a session below this one, of the same user. It ends when this one does.
    pub async fn subsession(&self) -> Result<Self> {
        let session = self.from_keys(self.call(Subsession::new()).await?);
        session.state().credentials = self.state().credentials.clone();
        Ok(session)
    }

    /// Ends the session at the hub, and its subsessions. Without a login it does nothing.
    pub async fn logout(&self) -> Result<()> {
        if !self.is_logged_in() {
            return Ok(());
        }
        let body = write_call(Logout::INFO.name, &Logout::new().into_params()).map_err(Error::protocol("logout"))?;
        let turn = self.inner.order.lock().await;
        let ended = self.send_repeatedly(&Outgoing::call(Logout::INFO.name, body).once()).await;
        self.forget();
        drop(turn);
        match ended {
            // its session may have ended already, by force of an exclusive one
            Err(error) if !error.is(FaultKind::AuthExpired) => Err(error),
            _ => Ok(()),
        }
    }

    /// Forgets the login without ending it at the hub, for instance after it was handed to another process.
    pub fn forget(&self) {
        let mut state = self.state();
        state.keys = None;
        state.callnum = 0;
        state.exclusive = false;
        state.credentials = None;
    }

    /// Makes this the user's only session; with `force`, by ending the others.
    pub async fn exclusive_session(&self, force: bool) -> Result<()> {
        self.call(ExclusiveSession::new().force(force)).await?;
        self.state().exclusive = true;
        Ok(())
    }

    /// Lets the user have other sessions again.
    pub async fn shared_session(&self) -> Result<()> {
        self.call(SharedSession::new()).await?;
        self.state().exclusive = false;
        Ok(())
    }

    /// What the hub knows of this session; nothing without a login.
    pub async fn session_info(&self) -> Result<Option<SessionInfo>> {
        let info: Value = self.call(GetSessionInfo::new()).await?;
        if info.is_nil() {
            return Ok(None);
        }
        from_value(info).map(Some).map_err(Error::protocol(GetSessionInfo::INFO.name))
    }

    async fn begin(&self, credentials: Credentials) -> Result<()> {
        let _turn = self.inner.order.lock().await;
        self.forget();
        self.log_in(credentials, false).await
    }

    /// Renews the login; false if there is nothing to do it with. The caller has the turn.
    pub(super) async fn renew(&self) -> Result<bool> {
        let Some(credentials) = self.state().credentials.clone() else { return Ok(false) };
        tracing::debug!("renewing the session");
        self.log_in(credentials, true).await?;
        Ok(true)
    }

    async fn log_in(&self, credentials: Credentials, renew: bool) -> Result<()> {
        let exclusive = renew && self.state().exclusive;
        let (name, suffix, params) = match &credentials {
            Credentials::Password { user, password } => {
                let login = Login::new(user.as_str(), password.as_str()).renew(renew).exclusive(exclusive);
                (Login::INFO.name, "", login.into_params())
            }
            Credentials::Certificate { proxyuser, proxyauthtype } => {
                let mut login = SslLogin::new().renew(renew);
                login.proxyuser = proxyuser.clone();
                login.proxyauthtype = *proxyauthtype;
                login.exclusive = renew.then_some(exclusive);
                (SslLogin::INFO.name, "/ssllogin", login.into_params())
            }
        };
        let body = write_call(name, &params).map_err(Error::protocol(name))?;
        let delivered = self.send_repeatedly(&Outgoing::call(name, body).login(suffix)).await?;
        let keys = delivered.read::<Option<SessionKeys>>(name)?;
        let keys = keys.ok_or_else(|| Error::Login(format!("{name} gave none")))?;
        let mut state = self.state();
        // the hub goes on counting in a renewed session
        if state.keys.as_ref().is_none_or(|old| old.session_id != keys.session_id) {
            state.callnum = 0;
        }
        state.keys = Some(keys);
        state.credentials = Some(credentials);
        Ok(())
    }
}
