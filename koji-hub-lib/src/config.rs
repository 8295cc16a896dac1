//! `hub.conf`: Koji's options, and our few.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use koji_core::config::{ConfigSource, Ini, ResourceLimit};

use crate::{Error, NameRule, Result};

/// The hub's settings. Field by field, the keys of Koji's `[hub]` section in `hub.conf`.
#[derive(Debug, Clone)]
pub struct HubConfig {
    /// `DBConnectionString`, or made of `DBName`, `DBUser`, `DBHost`, `DBPort`, `DBPass`: `sqlite:///file`, a
    /// `postgres://` URL, or libpq's `name=value` form.
    pub database: String,
    /// `KojiDir`: the top of the storage.
    pub koji_dir: PathBuf,
    /// `Listen`: the address and port to serve at.
    pub listen: String,
    /// `KojiWebURL`
    pub web_url: String,
    /// `CheckClientIP`: whether a session is bound to its client's address.
    pub check_client_ip: bool,
    /// `DisableURLSessions`: whether session data in the query string is ignored.
    pub disable_url_sessions: bool,
    /// `SessionRenewalTimeout`, in minutes; zero for never.
    pub session_renewal: Option<Duration>,
    /// `LoginCreatesUser`
    pub login_creates_user: bool,
    /// `MaxRequestLength`: the largest XML-RPC request in bytes.
    pub max_request_length: Option<usize>,
    /// `LockOut`: only administrators may call.
    pub lock_out: bool,
    /// `ServerOffline`, with `OfflineMessage`.
    pub offline: Option<String>,
    /// `EnableMaven`
    pub enable_maven: bool,
    /// `EnableWin`
    pub enable_win: bool,
    /// `MissingPolicyOk`
    pub missing_policy_ok: bool,
    /// `RLIMIT_*`: limits of the hub's process, which the program sets, not the library.
    pub rlimits: Vec<ResourceLimit>,
    /// `VerbosePolicy`: whether a refusal shows the rule.
    pub verbose_policy: bool,
    /// `EmailDomain`: with it, owners of builds and packages get mail at `<name>@<domain>`.
    pub email_domain: Option<String>,
    /// `NotifyOnSuccess`: whether owners get mail about what went well.
    pub notify_on_success: bool,
    /// `DisableNotifications`: no mail at all.
    pub disable_notifications: bool,
    /// `AllowNewRepo`
    pub allow_new_repo: bool,
    /// `MaxNameLengthInternal`: how many characters a name may have; zero for any number.
    pub max_name_length: usize,
    /// `RegexNameInternal`: which names of tags, packages, hosts and their like are allowed.
    pub name_rule: NameRule,
    /// `RegexUserName`: which names and Kerberos principals of users are allowed.
    pub user_name_rule: NameRule,
    /// `MaxJobs`: how many tasks a host may have that does not say itself.
    pub max_jobs: i64,
    /// `CapacityOvercommit`
    pub capacity_overcommit: f64,
    /// `ReadyTimeout`: after how long without a word a host is not ready.
    pub ready_timeout: Duration,
    /// `AssignTimeout`: after how long an assigned task goes to another host.
    pub assign_timeout: Duration,
    /// `SoftRefusalTimeout`: how long a soft refusal counts.
    pub soft_refusal_timeout: Duration,
    /// `HostTimeout`: after how long without a word a host's tasks are freed.
    pub host_timeout: Duration,
    /// `RunInterval`: how often at most the scheduler runs for builders that ask for tasks and do not wait.
    pub run_interval: Duration,
    /// `MaxRepoTasks`
    pub max_repo_tasks: i64,
    /// `MaxRepoTasksMaven`
    pub max_repo_tasks_maven: i64,
    /// `RepoRetries`
    pub repo_retries: i32,
    /// `RequestCleanTime`, in minutes.
    pub request_clean_time: Duration,
    /// `RepoLag`: how old a repo may be that a request without an event takes.
    pub repo_lag: Duration,
    /// `RepoAutoLag`
    pub repo_auto_lag: Duration,
    /// `RepoLagWindow`
    pub repo_lag_window: Duration,
    /// `RepoQueueUser`: the owner of repo tasks.
    pub repo_queue_user: String,
    /// `DebuginfoTags`, `SourceTags`, `SeparateSourceTags`: patterns of tags whose repos hold such packages.
    pub repo_tags: RepoTags,
    /// `RPMDefaultChecksums`
    pub rpm_default_checksums: Vec<String>,
    /// The `[policy]` section: names and rules.
    pub policies: Vec<(String, String)>,
    /// Where policies of files stand: by name, the file, and its line of each line of the policy.
    pub policy_places: BTreeMap<String, (PathBuf, Vec<usize>)>,
    /// `Plugins`: the names of plugins that come with the hub.
    pub plugins: Vec<String>,
    /// `PluginConfigDir`: where plugins have their own files.
    pub plugin_config_dir: PathBuf,
    /// The other sections, which plugins may read: section, key and value.
    pub sections: Vec<(String, String, String)>,
}

/// Patterns of tags whose repos hold more than binary packages.
#[derive(Debug, Clone, Default)]
pub struct RepoTags {
    /// With debuginfo packages.
    pub debuginfo: Vec<String>,
    /// With source packages.
    pub source: Vec<String>,
    /// With source packages, in a repo of their own.
    pub separate_source: Vec<String>,
}

const MINUTE: u64 = 60;

impl HubConfig {
    /// A path below the storage's top as Koji's messages show it.
    pub(crate) fn full_path(&self, path: &str) -> String {
        koji_core::paths::under(&self.koji_dir.to_string_lossy(), path)
    }

    /// Koji's defaults with a database and a storage directory.
    pub fn new(database: impl Into<String>, koji_dir: impl Into<PathBuf>) -> Self {
        HubConfig {
            database: database.into(),
            koji_dir: koji_dir.into(),
            listen: "127.0.0.1:8080".into(),
            web_url: "http://localhost.localdomain/koji".into(),
            check_client_ip: true,
            disable_url_sessions: false,
            session_renewal: Some(Duration::from_secs(1440 * MINUTE)),
            login_creates_user: true,
            max_request_length: Some(4_194_304),
            lock_out: false,
            offline: None,
            enable_maven: false,
            enable_win: false,
            missing_policy_ok: true,
            rlimits: Vec::new(),
            verbose_policy: false,
            email_domain: None,
            notify_on_success: true,
            disable_notifications: false,
            allow_new_repo: true,
            max_name_length: 256,
            name_rule: NameRule::INTERNAL,
            user_name_rule: NameRule::USER,
            max_jobs: 15,
            capacity_overcommit: 5.0,
            ready_timeout: Duration::from_secs(180),
            assign_timeout: Duration::from_secs(300),
            soft_refusal_timeout: Duration::from_secs(900),
            host_timeout: Duration::from_secs(900),
            run_interval: Duration::from_secs(60),
            max_repo_tasks: 10,
            max_repo_tasks_maven: 2,
            repo_retries: 3,
            request_clean_time: Duration::from_secs(1440 * MINUTE),
            repo_lag: Duration::from_secs(3600),
            repo_auto_lag: Duration::from_secs(7200),
            repo_lag_window: Duration::from_secs(600),
            repo_queue_user: "kojira".into(),
            repo_tags: RepoTags::default(),
            rpm_default_checksums: vec!["md5".into(), "sha256".into()],
            policies: Vec::new(),
            policy_places: BTreeMap::new(),
            plugins: Vec::new(),
            plugin_config_dir: crate::plugin::CONFIG_DIR.into(),
            sections: Vec::new(),
        }
    }

    /// Reads `hub.conf` and the files of `hub.conf.d` beside it, in their order.
    pub fn read(path: &Path) -> Result<Self> {
        let config_error = |e: koji_core::Error| Error::Config(e.to_string());
        let sources = [ConfigSource::optional(path.with_extension("conf.d")), ConfigSource::required(path)];
        let ini = Ini::raw().read(&sources).map_err(config_error)?;
        let Some(hub) = ini.section("hub") else {
            return Err(Error::Config(format!("{}: no section [hub]", path.display())));
        };
        let text = |key: &str| {
            Ok::<_, Error>(hub.get(key).map_err(config_error)?.map(|v| v.trim().to_owned()).filter(|v| !v.is_empty()))
        };
        let flag = |key: &str, slot: &mut bool| {
            if let Some(v) = hub.get_bool(key).map_err(config_error)? {
                *slot = v;
            }
            Ok::<_, Error>(())
        };
        let number = |key: &str| hub.get_int(key).map_err(config_error);
        let span = |key: &str, unit: u64, slot: &mut Duration| {
            if let Some(v) = number(key)? {
                let v = u64::try_from(v).map_err(|_| Error::Config(format!("{key} must not be negative")))?;
                *slot = Duration::from_secs(v * unit);
            }
            Ok::<_, Error>(())
        };
        let words =
            |key: &str| Ok::<_, Error>(text(key)?.map(|v| v.split_whitespace().map(str::to_owned).collect::<Vec<_>>()));

        let database = match text("DBConnectionString")? {
            Some(v) => v,
            None => {
                let mut parts = Vec::new();
                for (key, name) in [
                    ("DBName", "dbname"),
                    ("DBUser", "user"),
                    ("DBHost", "host"),
                    ("DBPort", "port"),
                    ("DBPass", "password"),
                ] {
                    parts.extend(text(key)?.map(|v| format!("{name}={v}")));
                }
                parts.join(" ")
            }
        };
        if database.is_empty() {
            return Err(Error::Config(format!("{}: neither DBConnectionString nor DBName is set", path.display())));
        }
        let Some(koji_dir) = text("KojiDir")? else {
            return Err(Error::Config(format!("{}: KojiDir is not set", path.display())));
        };

        let mut out = HubConfig::new(database, koji_dir);
        if let Some(v) = text("Listen")? {
            out.listen = v;
        }
        if let Some(v) = text("KojiWebURL")? {
            out.web_url = v;
        }
        flag("CheckClientIP", &mut out.check_client_ip)?;
        flag("DisableURLSessions", &mut out.disable_url_sessions)?;
        flag("LoginCreatesUser", &mut out.login_creates_user)?;
        flag("LockOut", &mut out.lock_out)?;
        flag("EnableMaven", &mut out.enable_maven)?;
        flag("EnableWin", &mut out.enable_win)?;
        flag("MissingPolicyOk", &mut out.missing_policy_ok)?;
        flag("VerbosePolicy", &mut out.verbose_policy)?;
        flag("AllowNewRepo", &mut out.allow_new_repo)?;
        out.email_domain = text("EmailDomain")?;
        flag("NotifyOnSuccess", &mut out.notify_on_success)?;
        flag("DisableNotifications", &mut out.disable_notifications)?;
        let mut offline = false;
        flag("ServerOffline", &mut offline)?;
        if offline {
            out.offline = Some(text("OfflineMessage")?.unwrap_or_else(|| "server is offline".into()));
        }
        if let Some(v) = number("SessionRenewalTimeout")? {
            out.session_renewal =
                u64::try_from(v).ok().filter(|v| *v > 0).map(|v| Duration::from_secs(v.saturating_mul(MINUTE)));
        }
        if let Some(v) = number("MaxRequestLength")? {
            out.max_request_length = usize::try_from(v).ok().filter(|v| *v > 0);
        }
        if let Some(v) = number("MaxNameLengthInternal")? {
            out.max_name_length = usize::try_from(v).unwrap_or(0);
        }
        for option in hub.names().filter(|option| ResourceLimit::is_named(option)) {
            out.rlimits.extend(ResourceLimit::read(&hub, option).map_err(config_error)?);
        }
        let name_rule = |key: &str, slot: &mut NameRule| {
            if let Some(v) = hub.get(key).map_err(config_error)? {
                *slot = NameRule::parse(key, &v)?;
            }
            Ok::<_, Error>(())
        };
        name_rule("RegexNameInternal", &mut out.name_rule)?;
        name_rule("RegexUserName", &mut out.user_name_rule)?;
        if let Some(v) = number("MaxJobs")? {
            out.max_jobs = v;
        }
        if let Some(v) = number("CapacityOvercommit")? {
            out.capacity_overcommit = v as f64;
        }
        span("ReadyTimeout", 1, &mut out.ready_timeout)?;
        span("AssignTimeout", 1, &mut out.assign_timeout)?;
        span("SoftRefusalTimeout", 1, &mut out.soft_refusal_timeout)?;
        span("HostTimeout", 1, &mut out.host_timeout)?;
        span("RunInterval", 1, &mut out.run_interval)?;
        span("RequestCleanTime", MINUTE, &mut out.request_clean_time)?;
        span("RepoLag", 1, &mut out.repo_lag)?;
        span("RepoAutoLag", 1, &mut out.repo_auto_lag)?;
        span("RepoLagWindow", 1, &mut out.repo_lag_window)?;
        if let Some(v) = number("MaxRepoTasks")? {
            out.max_repo_tasks = v;
        }
        if let Some(v) = number("MaxRepoTasksMaven")? {
            out.max_repo_tasks_maven = v;
        }
        if let Some(v) = number("RepoRetries")? {
            out.repo_retries = i32::try_from(v).unwrap_or(i32::MAX);
        }
        if let Some(v) = text("RepoQueueUser")? {
            out.repo_queue_user = v;
        }
        out.repo_tags = RepoTags {
            debuginfo: words("DebuginfoTags")?.unwrap_or_default(),
            source: words("SourceTags")?.unwrap_or_default(),
            separate_source: words("SeparateSourceTags")?.unwrap_or_default(),
        };
        if let Some(v) = words("RPMDefaultChecksums")? {
            out.rpm_default_checksums = v;
        }
        out.plugins = words("Plugins")?.unwrap_or_default();
        if let Some(v) = text("PluginConfigDir")? {
            out.plugin_config_dir = v.into();
        }
        for name in ini.sections().filter(|name| !matches!(*name, "hub" | "policy")) {
            let Some(section) = ini.section(name) else { continue };
            for key in section.names() {
                let value = section.get(key).map_err(config_error)?.unwrap_or_default();
                out.sections.push((name.to_owned(), key.to_owned(), value.into_owned()));
            }
        }
        if let Some(policy) = ini.section("policy") {
            for name in policy.names() {
                let rules = policy.get(name).map_err(config_error)?.unwrap_or_default().into_owned();
                out.policies.push((name.to_owned(), rules));
                let place = policy.place(name).map(|(path, lines)| (path.to_owned(), lines.to_vec()));
                out.policy_places.extend(place.map(|place| (name.to_owned(), place)));
            }
        }
        Ok(out)
    }

    /// A fault unless Maven builds are on.
    pub(crate) fn require_maven(&self) -> Result<()> {
        if self.enable_maven { Ok(()) } else { Err(Error::generic("Maven support not enabled")) }
    }

    /// A fault unless Windows builds are on.
    pub(crate) fn require_win(&self) -> Result<()> {
        if self.enable_win { Ok(()) } else { Err(Error::generic("Windows support not enabled")) }
    }
}
