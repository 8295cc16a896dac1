//! Reading `kojid.conf`.

use std::path::Path;
use std::time::Duration;

use koji_core::config::{ConfigSource, Ini, ResourceLimit, Section};

use super::{BuilderConfig, BuildrootKind};
use crate::error::{Error, Result};

/// Keys of kojid that say nothing to this builder: for what it has no handlers for, or does in another way.
const WITHOUT_EFFECT: &[&str] = &[
    "admin_emails",
    "allow_noverifyssl",
    "buildroot_final_cleanup_delay",
    "ccache",
    "chroot_tmpdir",
    "copy_old_repodata",
    "distrepo_skip_stat",
    "failed_buildroot_lifetime",
    "host_principal_format",
    "keytab",
    "krb_principal",
    "log_timestamps",
    "maven_repo_ignore",
    "mock_bootstrap_image",
    "mockdir",
    "mockuser",
    "oz_install_timeout",
    "pkgurl",
    "plugin",
    "pluginpath",
    "plugins",
    "scm_credentials_dir",
    "task_avail_delay",
    "use_createrepo_c",
    "use_fast_upload",
    "xz_options",
    "yum_proxy",
];

impl BuilderConfig {
    /// Reads a `kojid.conf`. It has one section, `[kojid]`; another one, or a key that kojid does not know, is an error.
    pub fn read(path: &Path) -> Result<Self> {
        let ini = Ini::raw().read(&[ConfigSource::required(path)])?;
        if let Some(other) = ini.sections().find(|name| *name != "kojid") {
            return Err(Error::Configuration(format!("{}: invalid section [{other}]", path.display())));
        }
        let mut config = Self::default();
        if let Some(section) = ini.section("kojid") {
            for name in section.names() {
                config.take(&section, name)?;
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
            "topurl" => self.topurls = text.split_whitespace().map(str::to_owned).collect(),
            "topdir" => self.topdir = text.into(),
            "workdir" => self.workdir = text.into(),
            "user" => self.user = some(text),
            "password" => self.password = some(text).map(Into::into),
            "cert" => self.cert = some(text).map(Into::into),
            "serverca" => self.serverca = some(text).map(Into::into),
            "no_ssl_verify" => self.no_ssl_verify = flag()?,
            "sleeptime" => self.sleeptime = seconds()?,
            "maxjobs" => self.maxjobs = usize::try_from(number()?).unwrap_or(usize::MAX),
            // not Koji's
            "maxload" => {
                self.maxload = match text.parse() {
                    Ok(load) if load > 0.0 => load,
                    _ => return Err(section.invalid(name, "maxload must be a number above 0".to_owned()).into()),
                }
            }
            "minspace" => self.minspace = number()?,
            "buildroot_basic_cleanup_delay" => self.buildroot_basic_cleanup_delay = seconds()?,
            "literal_task_arches" => self.literal_task_arches = text,
            "buildroot_provider" => {
                self.buildroot_provider = match text.as_str() {
                    "host" => BuildrootKind::Host,
                    "chroot" | "mock" => {
                        let problem = format!("buildroot_provider {text} is not available in this version");
                        return Err(section.invalid(name, problem).into());
                    }
                    other => {
                        return Err(section.invalid(name, format!("no such buildroot_provider: {other}")).into());
                    }
                }
            }
            "packager" => self.packager = text,
            "vendor" => self.vendor = text,
            "distribution" => self.distribution = text,
            "mockhost" => self.mockhost = text,
            "smtphost" => self.smtphost = some(text),
            "smtp_user" => self.smtp_user = some(text),
            "smtp_pass" => self.smtp_pass = some(text).map(Into::into),
            "from_addr" => self.from_addr = text,
            "retry_interval" => self.retry_interval = seconds()?,
            "max_retries" => self.max_retries = u32::try_from(number()?).unwrap_or(u32::MAX),
            "offline_retry" => self.offline_retry = flag()?,
            "offline_retry_interval" => self.offline_retry_interval = seconds()?,
            "timeout" => self.timeout = some(text).map(|_| seconds()).transpose()?,
            "allowed_scms" => self.allowed_scms = text,
            "allowed_scms_use_config" => self.allowed_scms_use_config = flag()?,
            "allowed_scms_use_policy" => self.allowed_scms_use_policy = flag()?,
            "allow_password_in_scm_url" => self.allow_password_in_scm_url = flag()?,
            "support_rpm_source_layout" => self.support_rpm_source_layout = flag()?,
            "rpmbuild_timeout" => self.rpmbuild_timeout = seconds()?,
            "createrepo_update" => self.createrepo_update = flag()?,
            "createrepo_skip_stat" => self.createrepo_skip_stat = flag()?,
            "build_arch_can_fail" => self.build_arch_can_fail = flag()?,
            "log_level" => self.log_filter = text.to_lowercase(),
            _ if ResourceLimit::is_named(name) => self.rlimits.extend(ResourceLimit::read(section, name)?),
            _ if WITHOUT_EFFECT.contains(&name) => {}
            _ => return Err(section.invalid(name, format!("unknown config option: {name}")).into()),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<BuilderConfig> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&file, text).unwrap();
        BuilderConfig::read(file.path())
    }

    #[test]
    fn a_kojid_conf_is_read() {
        let config = read(
            "[kojid]\nserver=http://h/kojihub\ntopurl = http://h/kojifiles http://other\nsleeptime = 3\nmaxload=1.5\n\
             allowed_scms=*:/*:no:\n  !bad:*\nuse_createrepo_c=True\nRLIMIT_NOFILE = 10 20\ncreaterepo_update=off\n",
        )
        .unwrap();
        assert_eq!(config.topurls[0], "http://h/kojifiles");
        assert_eq!(config.sleeptime, Duration::from_secs(3));
        assert!((config.maxload - 1.5).abs() < f64::EPSILON);
        assert_eq!(config.allowed_scms, "*:/*:no:\n!bad:*");
        let limit = ResourceLimit { resource: "RLIMIT_NOFILE".to_owned(), soft: 10, hard: Some(20) };
        assert_eq!(config.rlimits, [limit]);
        assert!(!config.createrepo_update);
        config.check().unwrap();
    }

    #[test]
    fn mistakes_are_refused() {
        let error = |text: &str| read(text).unwrap_err().to_string();
        assert!(error("[kojid]\nfoo=1\n").contains("unknown config option: foo"));
        assert!(error("[kojid]\n[other]\n").contains("invalid section [other]"));
        assert!(error("[kojid]\nmaxjobs=many\n").contains("must be a valid integer"));
        assert!(error("[kojid]\nbuildroot_provider=mock\n").contains("mock is not available in this version"));
        assert!(read("[kojid]\n").unwrap().check().unwrap_err().to_string().contains("server"));
    }
}
