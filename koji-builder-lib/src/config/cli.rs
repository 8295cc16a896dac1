//! kojid's command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;

use super::BuilderConfig;
use crate::error::Result;

/// kojid's options. What is given here counts more than the configuration file.
#[derive(Debug, Default, Parser)]
#[command(name = "kojid", about = "The Koji builder daemon", version)]
pub struct Cli {
    /// The configuration file
    #[arg(short, long, default_value = "/etc/kojid/kojid.conf")]
    pub config: PathBuf,
    /// The host's user name
    #[arg(long)]
    pub user: Option<String>,
    /// The password
    #[arg(long)]
    pub password: Option<String>,
    /// Run in the foreground, as it always does
    #[arg(short, long)]
    pub fg: bool,
    /// Take the host over from a session that holds it
    #[arg(long)]
    pub force_lock: bool,
    /// Say what is done
    #[arg(short, long)]
    pub verbose: bool,
    /// Say everything
    #[arg(short, long)]
    pub debug: bool,
    /// Say everything about tasks
    #[arg(long)]
    pub debug_task: bool,
    /// Say everything about calls to the hub
    #[arg(long)]
    pub debug_xmlrpc: bool,
    /// Say everything about buildroots
    #[arg(long)]
    pub debug_mock: bool,
    /// Read the configuration, and do nothing
    #[arg(long)]
    pub skip_main: bool,
    /// How many tasks may run at a time
    #[arg(long)]
    pub maxjobs: Option<usize>,
    /// How many MiB must be free for more tasks
    #[arg(long)]
    pub minspace: Option<u64>,
    /// The pause between two looks for work, in seconds
    #[arg(long)]
    pub sleeptime: Option<u64>,
    /// Taken, and of no effect
    #[arg(long)]
    pub admin_emails: Option<String>,
    /// Where the hub's top directory is mounted
    #[arg(long)]
    pub topdir: Option<PathBuf>,
    /// The URL under which the hub's top directory is served
    #[arg(long)]
    pub topurl: Option<String>,
    /// Where tasks work
    #[arg(long)]
    pub workdir: Option<PathBuf>,
    /// Taken, and of no effect
    #[arg(long)]
    pub chroot_tmpdir: Option<PathBuf>,
    /// Taken, and of no effect: plugins are compiled in
    #[arg(long)]
    pub pluginpath: Option<String>,
    /// Taken, and of no effect: plugins are compiled in
    #[arg(long)]
    pub plugin: Vec<String>,
    /// Taken, and of no effect
    #[arg(long)]
    pub mockdir: Option<PathBuf>,
    /// Taken, and of no effect
    #[arg(long)]
    pub mockuser: Option<String>,
    /// The hub's URL
    #[arg(short, long)]
    pub server: Option<String>,
}

impl Cli {
    /// Reads the configuration file, and puts the options over it.
    pub fn into_config(self) -> Result<BuilderConfig> {
        let mut config = BuilderConfig::read(&self.config)?;
        let filter = match (self.debug, self.verbose) {
            (true, _) => Some("info,koji_builder_lib=debug"),
            (false, true) => Some("info"),
            _ => None,
        };
        if let Some(filter) = filter {
            config.log_filter = filter.to_owned();
        }
        for (wanted, module) in [
            (self.debug_task, "koji_builder_lib::task"),
            (self.debug_xmlrpc, "koji_client"),
            (self.debug_mock, "koji_builder_lib::buildroot"),
        ] {
            if wanted {
                config.log_filter.push_str(&format!(",{module}=debug"));
            }
        }
        config.force_lock |= self.force_lock;
        config.user = self.user.or(config.user);
        config.password = self.password.map(Into::into).or(config.password);
        config.server = self.server.unwrap_or(config.server);
        config.topdir = self.topdir.unwrap_or(config.topdir);
        config.workdir = self.workdir.unwrap_or(config.workdir);
        config.maxjobs = self.maxjobs.unwrap_or(config.maxjobs);
        config.minspace = self.minspace.unwrap_or(config.minspace);
        config.sleeptime = self.sleeptime.map_or(config.sleeptime, Duration::from_secs);
        if let Some(topurl) = self.topurl {
            config.topurls = topurl.split_whitespace().map(str::to_owned).collect();
        }
        config.check()?;
        Ok(config)
    }
}
