//! The client's settings for one Koji instance.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use super::ini::{ConfigSource, Ini, Section};
use crate::secret::Secret;
use crate::{Error, Result};

/// The client's settings for one Koji instance: the section of the profile's name, merged from all configuration
/// files. Options that Koji does not know are ignored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// The profile's name.
    pub name: String,
    /// The hub's URL.
    pub server: String,
    /// The URL of the web pages.
    pub weburl: String,
    /// The URL under which the hub's top directory is served.
    pub topurl: Option<String>,
    /// Obsolete: the URL of `packages` below `topurl`.
    pub pkgurl: Option<String>,
    /// The hub's top directory, where it is mounted.
    pub topdir: PathBuf,
    /// How often a call is tried again when the hub does not answer.
    pub max_retries: u32,
    /// The pause between two tries.
    pub retry_interval: Duration,
    /// Whether calls without a login are tried again too.
    pub anon_retry: bool,
    /// Whether calls are tried again when the hub says that it is offline.
    pub offline_retry: bool,
    /// The pause between two tries while the hub is offline.
    pub offline_retry_interval: Duration,
    /// How long an answer may take.
    pub timeout: Duration,
    /// How long the answer to a login may take.
    pub auth_timeout: Duration,
    /// Whether uploads go as raw bodies and not as base64 in XML-RPC.
    pub use_fast_upload: bool,
    /// The size of the parts of an upload, in bytes.
    pub upload_blocksize: usize,
    /// The pause between two looks at watched tasks.
    pub poll_interval: Duration,
    /// The Kerberos principal to log in as.
    pub principal: Option<String>,
    /// The Kerberos keytab to log in with.
    pub keytab: Option<String>,
    /// The TLS client certificate with its key; unless set, `~/.koji/client.crt` if it exists.
    pub cert: Option<PathBuf>,
    /// The certificates that the hub's is checked against; unless set, `~/.koji/serverca.crt` if it exists.
    pub serverca: Option<PathBuf>,
    /// Whether the hub's certificate is not checked at all. (Python's client takes any text for yes, even `False`.)
    pub no_ssl_verify: bool,
    /// How to log in; unless set, the first of certificate, user and Kerberos that there is.
    pub authtype: Option<AuthType>,
    /// The user to log in as with a password; ours, Python's client takes it from the command line only.
    pub user: Option<String>,
    /// The password; ours, like `user`. A `%` in it is written `%%`.
    pub password: Option<Secret>,
    /// Whether debugging output is shown.
    pub debug: bool,
    /// Whether requests and answers are shown.
    pub debug_xmlrpc: bool,
    /// Directories with plugins of Python's client, separated by `:`.
    pub plugin_paths: Option<String>,
    /// Whether to log in for calls that need no login too.
    pub force_auth: bool,
}

impl Profile {
    /// The settings that a profile has when its section is empty, but for the default certificates.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            server: "http://localhost/kojihub".to_owned(),
            weburl: "http://localhost/koji".to_owned(),
            topurl: None,
            pkgurl: None,
            topdir: PathBuf::from("/mnt/koji"),
            max_retries: 30,
            retry_interval: Duration::from_secs(20),
            anon_retry: true,
            offline_retry: false,
            offline_retry_interval: Duration::from_secs(20),
            timeout: Duration::from_secs(60 * 60 * 12),
            auth_timeout: Duration::from_secs(60),
            use_fast_upload: true,
            upload_blocksize: 1_048_576,
            poll_interval: Duration::from_secs(6),
            principal: None,
            keytab: None,
            cert: None,
            serverca: None,
            no_ssl_verify: false,
            authtype: None,
            user: None,
            password: None,
            debug: false,
            debug_xmlrpc: false,
            plugin_paths: None,
            force_auth: false,
        }
    }

    /// Reads the profile from the files that the `koji` command reads; `config` is what its `--config` names.
    pub fn load(name: &str, config: Option<&Path>) -> Result<Self> {
        let sources = ProfileSources { config: config.map(Path::to_owned), ..ProfileSources::default() };
        Self::load_from(name, &sources)
    }

    /// Reads the profile from the files below the given directories.
    pub fn load_from(name: &str, sources: &ProfileSources) -> Result<Self> {
        let ini = Ini::interpolated().read(&sources.list())?;
        let section = ini.section(name).ok_or_else(|| Error::NoProfile(name.to_owned()))?;
        let mut profile = Self::new(name);
        profile.apply(section, sources)?;
        Ok(profile)
    }

    fn apply(&mut self, section: Section<'_>, sources: &ProfileSources) -> Result<()> {
        // a broken reference is an error in an unknown option too, as with Python
        for name in section.names() {
            section.get(name)?;
        }
        let text = |name: &str| Ok::<_, Error>(section.get(name)?.map(|value| value.into_owned()));
        let optional = |name: &str| Ok::<_, Error>(text(name)?.filter(|value| !value.is_empty()));
        let number = |name: &str, current: u64| match section.get_int(name)? {
            None => Ok(current),
            Some(n) => u64::try_from(n).map_err(|_| section.invalid(name, format!("{name} must not be negative"))),
        };
        let small = |name: &str, current: u32| {
            let n = number(name, current.into())?;
            u32::try_from(n).map_err(|_| section.invalid(name, format!("{name} is too large")))
        };
        let seconds =
            |name: &str, current: Duration| Ok::<_, Error>(Duration::from_secs(number(name, current.as_secs())?));
        let flag = |name: &str, current: bool| Ok::<_, Error>(section.get_bool(name)?.unwrap_or(current));
        let certificate = |name: &str, default: &str| match text(name)? {
            Some(path) if path.is_empty() => Ok::<_, Error>(None),
            Some(path) => Ok(Some(sources.expand_user(&path))),
            None => Ok(Some(sources.expand_user(default)).filter(|path| path.exists())),
        };

        self.server = text("server")?.unwrap_or_else(|| self.server.clone());
        self.weburl = text("weburl")?.unwrap_or_else(|| self.weburl.clone());
        self.topurl = optional("topurl")?;
        self.pkgurl = optional("pkgurl")?;
        if let Some(topdir) = text("topdir")? {
            self.topdir = sources.expand_user(&topdir);
        }
        self.max_retries = small("max_retries", self.max_retries)?;
        self.retry_interval = seconds("retry_interval", self.retry_interval)?;
        self.anon_retry = flag("anon_retry", self.anon_retry)?;
        self.offline_retry = flag("offline_retry", self.offline_retry)?;
        self.offline_retry_interval = seconds("offline_retry_interval", self.offline_retry_interval)?;
        self.timeout = seconds("timeout", self.timeout)?;
        self.auth_timeout = seconds("auth_timeout", self.auth_timeout)?;
        self.use_fast_upload = flag("use_fast_upload", self.use_fast_upload)?;
        self.upload_blocksize = match small("upload_blocksize", 1_048_576)? {
            0 => return Err(section.invalid("upload_blocksize", "upload_blocksize must not be 0")),
            size => size as usize,
        };
        self.poll_interval = seconds("poll_interval", self.poll_interval)?;
        self.principal = optional("principal")?;
        self.keytab = optional("keytab")?;
        self.cert = certificate("cert", "~/.koji/client.crt")?;
        self.serverca = certificate("serverca", "~/.koji/serverca.crt")?;
        self.no_ssl_verify = optional("no_ssl_verify")?.is_some() && flag("no_ssl_verify", false)?;
        self.authtype = match optional("authtype")? {
            Some(value) => Some(value.parse().map_err(|problem: String| section.invalid("authtype", problem))?),
            None => None,
        };
        self.user = optional("user")?;
        self.password = optional("password")?.map(Secret::from);
        self.debug = flag("debug", self.debug)?;
        self.debug_xmlrpc = flag("debug_xmlrpc", self.debug_xmlrpc)?;
        self.plugin_paths = optional("plugin_paths")?;
        self.force_auth = flag("force_auth", self.force_auth)?;
        Ok(())
    }
}

/// Where the files with profiles are looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileSources {
    /// The directory with `koji.conf.d` and `koji.conf`: `/etc`.
    pub system: PathBuf,
    /// The user's home directory: for `.koji/config.d`, `.koji/config`, and `~` in values.
    pub home: Option<PathBuf>,
    /// A file or directory to read instead of those below the home directory. It must exist.
    pub config: Option<PathBuf>,
}

impl Default for ProfileSources {
    fn default() -> Self {
        Self { system: PathBuf::from("/etc"), home: std::env::home_dir(), config: None }
    }
}

impl ProfileSources {
    /// What is read, in this order: later files override earlier ones.
    fn list(&self) -> Vec<ConfigSource> {
        let mut list = vec![
            ConfigSource::optional(self.system.join("koji.conf.d")),
            ConfigSource::optional(self.system.join("koji.conf")),
        ];
        if let Some(config) = &self.config {
            list.push(ConfigSource::required(config.to_str().map_or_else(|| config.clone(), |c| self.expand_user(c))));
        } else if let Some(home) = &self.home {
            list.push(ConfigSource::optional(home.join(".koji/config.d")));
            list.push(ConfigSource::optional(home.join(".koji/config")));
        }
        list
    }

    /// Replaces a leading `~`. The homes of other users (`~name`) are not looked up.
    fn expand_user(&self, path: &str) -> PathBuf {
        match (&self.home, path.strip_prefix('~')) {
            (Some(home), Some("")) => home.clone(),
            (Some(home), Some(rest)) if rest.starts_with('/') => home.join(rest.trim_start_matches('/')),
            _ => PathBuf::from(path),
        }
    }
}

/// A way to log in: the values of `authtype`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AuthType {
    /// Not at all.
    NoAuth,
    /// With a TLS client certificate.
    Ssl,
    /// With user and password.
    Password,
    /// With Kerberos (GSSAPI).
    Kerberos,
}

impl FromStr for AuthType {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "noauth" => Ok(Self::NoAuth),
            "ssl" => Ok(Self::Ssl),
            "password" => Ok(Self::Password),
            "kerberos" => Ok(Self::Kerberos),
            _ => Err(format!("authtype must be noauth, ssl, password or kerberos, not {text}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    struct Machine {
        dir: tempfile::TempDir,
        sources: ProfileSources,
    }

    fn machine(files: &[(&str, &str)]) -> Machine {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let sources =
            ProfileSources { system: dir.path().join("etc"), home: Some(dir.path().join("home")), config: None };
        Machine { dir, sources }
    }

    #[test]
    fn an_empty_section_gives_the_defaults() {
        let machine = machine(&[("etc/koji.conf", "[koji]\nunknown = 1\n")]);
        assert_eq!(Profile::load_from("koji", &machine.sources).unwrap(), Profile::new("koji"));
    }

    #[test]
    fn files_override_one_another_in_order() {
        let machine = machine(&[
            ("etc/koji.conf.d/a.conf", "[koji]\nserver = 1\nweburl = 1\ntopurl = 1\ntopdir = ~/top\n"),
            ("etc/koji.conf", "[koji]\nweburl = 2\ntopurl = 2\n[other]\n"),
            ("home/.koji/config.d/x.conf", "[koji]\ntopurl = 3\nprincipal = 3\n"),
            ("home/.koji/config", "[koji]\nprincipal = 4\nmax_retries = 7\ntimeout = 9\ndebug = yes\nauthtype = ssl\n"),
            ("home/mine.conf", "[koji]\ntopurl = http://%(weburl)s/5\n"),
        ]);
        let profile = Profile::load_from("koji", &machine.sources).unwrap();
        assert_eq!((profile.server.as_str(), profile.weburl.as_str()), ("1", "2"));
        assert_eq!((profile.topurl.as_deref(), profile.principal.as_deref()), (Some("3"), Some("4")));
        assert_eq!((profile.max_retries, profile.timeout, profile.debug), (7, Duration::from_secs(9), true));
        assert_eq!(profile.topdir, machine.dir.path().join("home/top"));
        assert_eq!(profile.authtype, Some(AuthType::Ssl));

        let sources = ProfileSources { config: Some("~/mine.conf".into()), ..machine.sources.clone() };
        let profile = Profile::load_from("koji", &sources).unwrap();
        assert_eq!((profile.topurl.as_deref(), profile.principal), (Some("http://2/5"), None));

        let error = Profile::load_from("fedora", &machine.sources).unwrap_err();
        assert_eq!(error.to_string(), "no configuration for profile name: fedora");
        let sources = ProfileSources { config: Some("/no/such/file".into()), ..machine.sources };
        let error = Profile::load_from("koji", &sources).unwrap_err();
        assert_eq!(error.to_string(), "Config file /no/such/file can't be opened.");
    }

    #[test]
    fn certificates_have_defaults_where_they_exist() {
        let machine = machine(&[
            ("home/.koji/client.crt", ""),
            ("etc/koji.conf", "[unset]\n[none]\ncert =\n[own]\ncert = ~/my.crt\nserverca = /ca.crt\n"),
        ]);
        let home = machine.dir.path().join("home");
        let certs = |name: &str| {
            let profile = Profile::load_from(name, &machine.sources).unwrap();
            (profile.cert, profile.serverca)
        };
        assert_eq!(certs("unset"), (Some(home.join(".koji/client.crt")), None));
        assert_eq!(certs("none"), (None, None));
        assert_eq!(certs("own"), (Some(home.join("my.crt")), Some("/ca.crt".into())));
    }

    #[test]
    fn wrong_values_are_named() {
        for (line, problem) in [
            ("max_retries = x", "value for max_retries config option must be a valid integer"),
            ("poll_interval = -1", "poll_interval must not be negative"),
            ("max_retries = 5000000000", "max_retries is too large"),
            ("upload_blocksize = 0", "upload_blocksize must not be 0"),
            ("debug = 2", "value for debug config option is not a boolean: 2"),
            ("authtype = gssapi", "authtype must be noauth, ssl, password or kerberos, not gssapi"),
            ("other = 5%", "'%' must be followed by '%' or '(': %"),
        ] {
            let machine = machine(&[("etc/koji.conf", &format!("[koji]\n{line}\n"))]);
            let path = machine.sources.system.join("koji.conf");
            let error = Profile::load_from("koji", &machine.sources).unwrap_err();
            assert_eq!(error.to_string(), format!("{}:2: {problem}", path.display()));
        }
    }
}
