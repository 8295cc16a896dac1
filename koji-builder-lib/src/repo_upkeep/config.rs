//! The repo daemon's settings: `kojira.conf` and kojira's command line.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Parser;
use koji_client::Session;
use koji_core::config::{ConfigSource, Ini, Section};
use koji_core::secret::Secret;

use crate::config::HubAccess;
use crate::error::{Error, Result};

/// Keys of `kojira.conf` that say nothing to this daemon.
const WITHOUT_EFFECT: &[&str] = &[
    "ccache",
    "debuginfo_tags",
    "delete_batch_size",
    "ignore_tags",
    "keytab",
    "logfile",
    "max_repo_tasks",
    "max_repo_tasks_maven",
    "no_repo_effective_age",
    "principal",
    "queue_file",
    "recent_tasks_lifetime",
    "repo_tasks_limit",
    "separate_source_tags",
    "source_tags",
    "with_src",
];

/// The settings of a repo daemon. Field names are those of `kojira.conf`.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct UpkeepConfig {
    /// The hub's URL.
    pub server: String,
    /// Where the hub's top directory is mounted.
    pub topdir: PathBuf,
    /// The user name, for logins with a password.
    pub user: Option<String>,
    /// The password.
    pub password: Option<Secret>,
    /// A PEM file with a TLS client certificate and its key, for logins with it.
    pub cert: Option<PathBuf>,
    /// A PEM file with the certificates that the hub's is checked against.
    pub serverca: Option<PathBuf>,
    /// Whether the hub's certificate is not checked.
    pub no_ssl_verify: bool,
    /// Whether to take over from a session that still holds the user.
    pub force_lock: bool,
    /// The longest pause before a call that got no answer is sent again.
    pub retry_interval: Duration,
    /// How often a call is sent again.
    pub max_retries: u32,
    /// Whether to wait for a hub that says it is offline.
    pub offline_retry: bool,
    /// The pause between two of these times.
    pub offline_retry_interval: Duration,
    /// The pause between two rounds.
    pub sleeptime: Duration,
    /// How many repos are removed at a time.
    pub max_delete_processes: usize,
    /// How long a repo is kept after its tag has changed.
    pub repo_lifetime: Duration,
    /// How long a repo for distribution is kept after its tag has changed.
    pub dist_repo_lifetime: Duration,
    /// How long the files of an expired repo are kept.
    pub expired_repo_lifetime: Duration,
    /// How long a repo may be in the making.
    pub init_timeout: Duration,
    /// How often what costs more is looked at again.
    pub recheck_period: Duration,
    /// How often it is looked at again whether buildroots use a repo.
    pub reference_recheck_period: Duration,
    /// Whether external repos are looked at for changes.
    pub check_external_repos: bool,
    /// Whether directories of repos that the hub does not know are left alone.
    pub ignore_stray_repos: bool,
    /// Whether other volumes than `DEFAULT` are left alone.
    pub ignore_other_volumes: bool,
    /// tracing's filter, such as `info`.
    pub log_filter: String,
}

impl Default for UpkeepConfig {
    fn default() -> Self {
        let existing = |path: &str| Some(PathBuf::from(path)).filter(|path| path.exists());
        let secs = Duration::from_secs;
        let week = secs(7 * 24 * 60 * 60);
        Self {
            server: String::new(),
            topdir: "/mnt/koji".into(),
            user: None,
            password: None,
            cert: existing("/etc/kojira/client.crt"),
            serverca: existing("/etc/kojira/serverca.crt"),
            no_ssl_verify: false,
            force_lock: false,
            retry_interval: secs(60),
            max_retries: 120,
            offline_retry: true,
            offline_retry_interval: secs(120),
            sleeptime: secs(15),
            max_delete_processes: 4,
            repo_lifetime: week,
            dist_repo_lifetime: week,
            expired_repo_lifetime: week,
            init_timeout: secs(7200),
            recheck_period: secs(3600),
            reference_recheck_period: secs(3600),
            check_external_repos: true,
            ignore_stray_repos: false,
            ignore_other_volumes: false,
            log_filter: "warn".to_owned(),
        }
    }
}

impl UpkeepConfig {
    /// The settings for a hub, with kojira's defaults for the rest.
    pub fn new(server: impl Into<String>, topdir: impl Into<PathBuf>) -> Self {
        Self { server: server.into(), topdir: topdir.into(), ..Self::default() }
    }

    /// Reads a `kojira.conf`. A key in `[kojira]` that kojira does not know is an error.
    pub fn read(path: &Path) -> Result<Self> {
        let ini = Ini::interpolated().read(&[ConfigSource::required(path)])?;
        let mut config = Self::default();
        if let Some(section) = ini.section("kojira") {
            for name in section.names() {
                config.take(&section, name)?;
            }
            if section.get("reference_recheck_period")?.is_none() {
                config.reference_recheck_period = config.recheck_period;
            }
        }
        Ok(config)
    }

    fn take(&mut self, section: &Section<'_>, name: &str) -> Result<()> {
        let text = section.get(name)?.unwrap_or_default().into_owned();
        let some = |text: String| Some(text).filter(|text| !text.is_empty());
        let flag = || -> Result<bool> { Ok(section.get_bool(name)?.unwrap_or_default()) };
        let number = || -> Result<u64> {
            let value = section.get_int(name)?.unwrap_or_default();
            u64::try_from(value).map_err(|_| section.invalid(name, format!("{name} must not be negative")).into())
        };
        let seconds = || -> Result<Duration> { Ok(Duration::from_secs(number()?)) };
        match name {
            "server" => self.server = text,
            "topdir" => self.topdir = text.into(),
            "user" => self.user = some(text),
            "password" => self.password = some(text).map(Into::into),
            "cert" => self.cert = some(text).map(Into::into),
            "serverca" => self.serverca = some(text).map(Into::into),
            "no_ssl_verify" => self.no_ssl_verify = flag()?,
            "retry_interval" => self.retry_interval = seconds()?,
            "max_retries" => self.max_retries = u32::try_from(number()?).unwrap_or(u32::MAX),
            "offline_retry" => self.offline_retry = flag()?,
            "offline_retry_interval" => self.offline_retry_interval = seconds()?,
            "sleeptime" => self.sleeptime = seconds()?,
            "max_delete_processes" => {
                self.max_delete_processes = usize::try_from(number()?).unwrap_or(usize::MAX).max(1);
            }
            "repo_lifetime" => self.repo_lifetime = seconds()?,
            "dist_repo_lifetime" => self.dist_repo_lifetime = seconds()?,
            "expired_repo_lifetime" | "deleted_repo_lifetime" => self.expired_repo_lifetime = seconds()?,
            "recheck_period" => self.recheck_period = seconds()?,
            "reference_recheck_period" => self.reference_recheck_period = seconds()?,
            "check_external_repos" => self.check_external_repos = flag()?,
            "ignore_stray_repos" => self.ignore_stray_repos = flag()?,
            "ignore_other_volumes" => self.ignore_other_volumes = flag()?,
            _ if WITHOUT_EFFECT.contains(&name) => {}
            _ => return Err(section.invalid(name, format!("unknown config option: {name}")).into()),
        }
        Ok(())
    }

    /// A session with the hub, logged in: with the certificate if there is one, else with user and password.
    pub(super) async fn login(&self) -> Result<Session> {
        let access = self.access();
        let session = access.session(access.options())?;
        access.log_in(&session).await?;
        Ok(session)
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

/// kojira's options. What is given here counts more than the configuration file.
#[derive(Debug, Parser)]
#[command(name = "kojira", about = "The Koji repo daemon", version)]
pub struct Cli {
    /// The configuration file
    #[arg(short, long, default_value = "/etc/kojira/kojira.conf")]
    pub config: PathBuf,
    /// The user name
    #[arg(long)]
    pub user: Option<String>,
    /// The password
    #[arg(long)]
    pub password: Option<String>,
    /// Taken, and of no effect: Kerberos is not built in
    #[arg(long)]
    pub principal: Option<String>,
    /// Taken, and of no effect: Kerberos is not built in
    #[arg(long)]
    pub keytab: Option<PathBuf>,
    /// Run in the foreground, as it always does
    #[arg(short, long)]
    pub fg: bool,
    /// Say everything
    #[arg(short, long)]
    pub debug: bool,
    /// Say less
    #[arg(short, long)]
    pub quiet: bool,
    /// Say what is done
    #[arg(short, long)]
    pub verbose: bool,
    /// Take over from a session that holds the user
    #[arg(long)]
    pub force_lock: bool,
    /// Say everything about calls to the hub
    #[arg(long)]
    pub debug_xmlrpc: bool,
    /// Read the configuration, and do nothing
    #[arg(long)]
    pub skip_main: bool,
    /// Show the settings, and do nothing
    #[arg(long)]
    pub show_config: bool,
    /// The pause between two rounds, in seconds
    #[arg(long)]
    pub sleeptime: Option<u64>,
    /// The hub's URL
    #[arg(short, long)]
    pub server: Option<String>,
    /// Where the hub's top directory is mounted
    #[arg(long)]
    pub topdir: Option<PathBuf>,
    /// Taken, and of no effect: it logs to standard error
    #[arg(long)]
    pub logfile: Option<PathBuf>,
    /// Taken, and of no effect
    #[arg(long, hide = true)]
    pub queue_file: Option<PathBuf>,
}

impl Cli {
    /// Reads the configuration file, and puts the options over it.
    pub fn into_config(self) -> Result<UpkeepConfig> {
        let mut config = UpkeepConfig::read(&self.config)?;
        let filter = match (self.debug, self.verbose, self.quiet) {
            (true, _, _) => "info,koji_builder_lib=debug",
            (false, true, _) => "info",
            (false, false, true) => "error",
            (false, false, false) => "warn",
        };
        config.log_filter = if self.debug_xmlrpc { format!("{filter},koji_client=debug") } else { filter.to_owned() };
        config.force_lock |= self.force_lock;
        config.user = self.user.or(config.user);
        config.password = self.password.map(Into::into).or(config.password);
        config.server = self.server.unwrap_or(config.server);
        config.topdir = self.topdir.unwrap_or(config.topdir);
        config.sleeptime = self.sleeptime.map_or(config.sleeptime, Duration::from_secs);
        if config.server.is_empty() {
            return Err(Error::Configuration("the server is not set: the hub's URL".to_owned()));
        }
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<UpkeepConfig> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&file, text).unwrap();
        UpkeepConfig::read(file.path())
    }

    #[test]
    fn a_kojira_conf_is_read() {
        let text =
            "[kojira]\nserver=http://h\ndeleted_repo_lifetime=5\nrecheck_period = 9\nwith_src=no\n[other]\na=b\n";
        let config = read(text).unwrap();
        assert_eq!(config.expired_repo_lifetime, Duration::from_secs(5));
        assert_eq!(config.reference_recheck_period, Duration::from_secs(9));
        let error = read("[kojira]\ninit_timeout=5\n").unwrap_err().to_string();
        assert!(error.contains("unknown config option: init_timeout"), "{error}");
    }
}
