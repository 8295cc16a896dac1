//! The builder's settings: `kojid.conf` ([`BuilderConfig::read`]) and kojid's command line ([`Cli`]).

mod cli;
mod hub;
mod read;

use std::path::PathBuf;
use std::time::Duration;

pub use cli::Cli;
pub(crate) use hub::HubAccess;
use koji_client::{Options, Session};
use koji_core::config::ResourceLimit;
use koji_core::secret::Secret;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Where builds are done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BuildrootKind {
    /// `rpmbuild` on the host's own `/usr`, read-only, without network.
    Host,
}

/// The settings of a builder. Field names are those of `kojid.conf`.
///
/// [`BuilderConfig::default`] has kojid's defaults; `server` and `topurl` must be set.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct BuilderConfig {
    /// The hub's URL.
    pub server: String,
    /// The URLs under which the hub's top directory is served; the first is used.
    pub topurls: Vec<String>,
    /// Where the hub's top directory is mounted, if it is.
    pub topdir: PathBuf,
    /// Where tasks work.
    pub workdir: PathBuf,
    /// The host's user name at the hub, for logins with a password.
    pub user: Option<String>,
    /// The password.
    pub password: Option<Secret>,
    /// A PEM file with a TLS client certificate and its key, for logins with it.
    pub cert: Option<PathBuf>,
    /// A PEM file with the certificates that the hub's is checked against.
    pub serverca: Option<PathBuf>,
    /// Whether the hub's certificate is not checked.
    pub no_ssl_verify: bool,
    /// Whether to take the host over from a session that still holds it.
    pub force_lock: bool,
    /// The pause between two looks for work at a hub that cannot be waited for.
    pub sleeptime: Duration,
    /// How many tasks may run at a time.
    pub maxjobs: usize,
    /// The load average per CPU above which no more tasks are taken.
    pub maxload: f64,
    /// How much must be free in `workdir` for more tasks, in MiB.
    pub minspace: u64,
    /// How long files are kept of tasks that do not run here.
    pub buildroot_basic_cleanup_delay: Duration,
    /// Patterns of arches whose tasks are not given to the canonical arch, separated by spaces.
    pub literal_task_arches: String,
    /// Where builds are done.
    pub buildroot_provider: BuildrootKind,
    /// `%packager` of built RPMs.
    pub packager: String,
    /// `%vendor` of built RPMs.
    pub vendor: String,
    /// `%distribution` of built RPMs.
    pub distribution: String,
    /// `%_host` of builds is `<arch>-<mockhost>`.
    pub mockhost: String,
    /// The mail server, with its port unless that is 25; no mail is sent without.
    pub smtphost: Option<String>,
    /// Who logs in there, if the password is set as well.
    pub smtp_user: Option<String>,
    /// That user's password.
    pub smtp_pass: Option<Secret>,
    /// Who mail is from.
    pub from_addr: String,
    /// The longest pause before a call that got no answer is sent again.
    pub retry_interval: Duration,
    /// How often a call is sent again.
    pub max_retries: u32,
    /// Whether to wait for a hub that says it is offline.
    pub offline_retry: bool,
    /// The pause between two of these times.
    pub offline_retry_interval: Duration,
    /// How long an answer may take.
    pub timeout: Option<Duration>,
    /// The sources that may be built from, see [`AllowedScms`](crate::scm::AllowedScms).
    pub allowed_scms: String,
    /// Whether `allowed_scms` decides.
    pub allowed_scms_use_config: bool,
    /// Whether the hub's policy `build_from_scm` decides.
    pub allowed_scms_use_policy: bool,
    /// Whether an SCM URL may have a password.
    pub allow_password_in_scm_url: bool,
    /// Whether sources may be laid out in `SPECS` and `SOURCES`.
    pub support_rpm_source_layout: bool,
    /// How long a build may take.
    pub rpmbuild_timeout: Duration,
    /// Whether the metadata of an older repo is used for a new one.
    pub createrepo_update: bool,
    /// Whether packages of the older repo are taken to be unchanged without a look.
    pub createrepo_skip_stat: bool,
    /// Whether a build goes on for the other arches when it failed for one.
    pub build_arch_can_fail: bool,
    /// `RLIMIT_*`: limits of the processes.
    pub rlimits: Vec<ResourceLimit>,
    /// tracing's filter, such as `info`.
    pub log_filter: String,
}

impl Default for BuilderConfig {
    fn default() -> Self {
        let existing = |path: &str| Some(PathBuf::from(path)).filter(|path| path.exists());
        let secs = Duration::from_secs;
        Self {
            server: String::new(),
            topurls: Vec::new(),
            topdir: "/mnt/koji".into(),
            workdir: "/var/tmp/koji".into(),
            user: None,
            password: None,
            cert: existing("/etc/kojid/client.crt"),
            serverca: existing("/etc/kojid/serverca.crt"),
            no_ssl_verify: false,
            force_lock: false,
            sleeptime: secs(15),
            maxjobs: 10,
            maxload: 4.0,
            minspace: 8192,
            buildroot_basic_cleanup_delay: secs(120),
            literal_task_arches: String::new(),
            buildroot_provider: BuildrootKind::Host,
            packager: "Koji".to_owned(),
            vendor: "Koji".to_owned(),
            distribution: "Koji".to_owned(),
            mockhost: "koji-linux-gnu".to_owned(),
            smtphost: None,
            smtp_user: None,
            smtp_pass: None,
            from_addr: "Koji Build System <buildsys@example.com>".to_owned(),
            retry_interval: secs(60),
            max_retries: 120,
            offline_retry: true,
            offline_retry_interval: secs(120),
            timeout: None,
            allowed_scms: String::new(),
            allowed_scms_use_config: true,
            allowed_scms_use_policy: false,
            allow_password_in_scm_url: false,
            support_rpm_source_layout: true,
            rpmbuild_timeout: secs(86_400),
            createrepo_update: true,
            createrepo_skip_stat: true,
            build_arch_can_fail: false,
            rlimits: Vec::new(),
            log_filter: "warn".to_owned(),
        }
    }
}

impl BuilderConfig {
    /// The settings for a hub, with kojid's defaults for the rest.
    pub fn new(server: impl Into<String>, topurl: impl Into<String>) -> Self {
        Self { server: server.into(), topurls: vec![topurl.into()], ..Self::default() }
    }

    /// Whether all that must be set is.
    pub fn check(&self) -> Result<()> {
        let wrong = |text: &str| Err(Error::Configuration(text.to_owned()));
        if self.server.is_empty() {
            return wrong("the server is not set: the hub's URL");
        }
        if self.topurls.is_empty() {
            return wrong("topurl is not set: the URL under which the hub's top directory is served");
        }
        if !self.allowed_scms_use_config && !self.allowed_scms_use_policy {
            return wrong("one of allowed_scms_use_config and allowed_scms_use_policy must be on");
        }
        Ok(())
    }

    /// A session with the hub, not logged in.
    pub fn session(&self) -> Result<Session> {
        let options = self.access().options();
        let timeout = self.timeout.unwrap_or(options.timeout);
        self.access().session(Options { timeout, topurl: self.topurls.first().cloned(), ..options })
    }

    /// Logs a session in as the host: with the certificate if there is one, else with user and password.
    pub async fn login(&self, session: &Session) -> Result<()> {
        self.access().log_in(session).await
    }

    fn access(&self) -> HubAccess<'_> {
        HubAccess {
            server: &self.server,
            user: self.user.as_deref(),
            password: self.password.as_deref(),
            cert: self.cert.as_ref(),
            serverca: self.serverca.as_ref(),
            no_ssl_verify: self.no_ssl_verify,
            retry_interval: self.retry_interval,
            max_retries: self.max_retries,
            offline_retry: self.offline_retry,
            offline_retry_interval: self.offline_retry_interval,
        }
    }
}
