//! How the daemons reach their hub.

use std::path::{Path, PathBuf};
use std::time::Duration;

use koji_client::{Options, Session};

use crate::error::{Error, Result};

/// The settings that a daemon reaches its hub with.
pub(crate) struct HubAccess<'a> {
    pub(crate) server: &'a str,
    pub(crate) user: Option<&'a str>,
    pub(crate) password: Option<&'a str>,
    pub(crate) cert: Option<&'a PathBuf>,
    pub(crate) serverca: Option<&'a PathBuf>,
    pub(crate) no_ssl_verify: bool,
    pub(crate) retry_interval: Duration,
    pub(crate) max_retries: u32,
    pub(crate) offline_retry: bool,
    pub(crate) offline_retry_interval: Duration,
}

impl HubAccess<'_> {
    /// How long to wait and how often to try, as the settings say.
    pub(crate) fn options(&self) -> Options {
        let default = Options::default();
        Options {
            max_retries: self.max_retries,
            first_pause: default.first_pause.min(self.retry_interval),
            max_pause: self.retry_interval,
            deadline: default.deadline.max(self.retry_interval.saturating_mul(self.max_retries)),
            offline_retry: self.offline_retry,
            offline_retry_interval: self.offline_retry_interval,
            ..default
        }
    }

    /// A session with the hub, not logged in.
    pub(crate) fn session(&self, options: Options) -> Result<Session> {
        let mut builder = Session::builder(self.server).options(options).no_ssl_verify(self.no_ssl_verify);
        if let Some(cert) = self.cert() {
            builder = builder.cert(cert);
        }
        if let Some(serverca) = self.serverca {
            builder = builder.serverca(serverca);
        }
        Ok(builder.build()?)
    }

    /// Logs a session in: with the certificate if there is one, else with user and password.
    pub(crate) async fn log_in(&self, session: &Session) -> Result<()> {
        match (self.cert(), self.user, self.password) {
            (Some(_), _, _) => Ok(session.ssl_login(None, None).await?),
            (None, Some(user), Some(password)) => Ok(session.login(user, password).await?),
            _ => Err(Error::Configuration(
                "no way to log in: set cert, or user and password (Kerberos is not built in)".to_owned(),
            )),
        }
    }

    fn cert(&self) -> Option<&Path> {
        self.cert.map(PathBuf::as_path).filter(|cert| cert.is_file())
    }
}
