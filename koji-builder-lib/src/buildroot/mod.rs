//! Buildroots: where packages are built.
//!
//! A [`BuildrootProvider`] prepares a [`Buildroot`] from the repo of a tag; the handlers do the rest through that trait.
//! [`HostProvider`] builds on the host's own `/usr`.

mod capability;
mod host;
mod host_tools;
mod lease;
mod macros;
mod mount;
mod package_file;
mod repodata;
mod sandbox;
mod solve;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use koji_core::ids::BuildrootId;
use koji_core::model::{Repo, Tag};
use koji_core::xmlrpc::Struct;

pub use host::HostProvider;
pub use lease::Lease;
pub(crate) use lease::{host_suits_tag, repo_of};
pub(crate) use mount::{ROLE_MOUNT, run_mount_process};
pub use package_file::PackageHeader;

use crate::config::{BuilderConfig, BuildrootKind};
use crate::task::{TaskContext, TaskError};

/// What a buildroot is to be.
#[derive(Debug, Clone)]
pub struct BuildrootPlan {
    /// Its id at the hub.
    pub id: BuildrootId,
    /// The tag, with inherited settings, as of the repo.
    pub tag: Tag,
    /// The repo that packages come from.
    pub repo: Repo,
    /// The canonical arch whose repo is used, and that the buildroot has.
    pub arch: String,
}

/// Prepares buildroots.
#[async_trait]
pub trait BuildrootProvider: Send + Sync + std::fmt::Debug + 'static {
    /// Prepares a buildroot below the task's working directory. What is done is said in its logs.
    async fn prepare(&self, cx: &TaskContext, plan: BuildrootPlan) -> Result<Box<dyn Buildroot>, TaskError>;
}

/// A buildroot, ready to build in. What the programs in it say goes to its logs.
#[async_trait]
pub trait Buildroot: Send + Sync {
    /// The logs that are written, by name; they lie in the task's working directory and are uploaded from there.
    fn logs(&self) -> &'static [&'static str];

    /// The RPMs in it, as `host.setBuildRootList` wants them.
    fn packages(&self) -> Vec<Struct>;

    /// Runs the command that fetches sources which are not in the SCM, in their directory, with network.
    async fn fetch_sources(&mut self, command: &[String], directory: &Path) -> Result<(), TaskError>;

    /// Makes a source RPM from a spec file and sources. `spec` is below `directory`, and so is `sources`, where the
    /// sources are.
    async fn build_srpm(&mut self, directory: &Path, spec: &Path, sources: &Path) -> Result<PathBuf, TaskError>;

    /// Makes a source RPM anew from a source RPM.
    async fn rebuild_srpm(&mut self, srpm: &Path) -> Result<PathBuf, TaskError>;

    /// Builds the packages of a source RPM for an arch (`noarch` too).
    async fn build_rpms(&mut self, srpm: &Path, arch: &str) -> Result<BuiltPackages, TaskError>;
}

/// What a build made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BuiltPackages {
    /// The source RPM, made anew.
    pub srpm: PathBuf,
    /// The RPMs, sorted by name.
    pub rpms: Vec<PathBuf>,
}

/// The provider that the settings name.
pub fn provider(config: &BuilderConfig) -> Arc<dyn BuildrootProvider> {
    match config.buildroot_provider {
        BuildrootKind::Host => Arc::new(HostProvider),
    }
}

#[cfg(test)]
mod tests;
