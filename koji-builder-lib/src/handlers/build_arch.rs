//! `buildArch`: builds a source RPM for one arch.

use std::path::Path;

use koji_client::Session;
use koji_core::api::builds::GetAverageBuildDuration;
use koji_core::ids::BuildrootId;
use koji_core::model::Host;
use koji_core::task::BuildArch;
use serde::{Deserialize, Serialize};

use crate::buildroot::{Buildroot, Lease, PackageHeader, host_suits_tag, repo_of};
use crate::task::{TaskContext, TaskError, TaskHandler};

/// Builds the packages of a source RPM.
pub(super) struct BuildArchHandler;

/// The result of `buildArch`: paths are below the hub's `work`.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct BuildArchResult {
    /// The RPMs.
    pub(super) rpms: Vec<String>,
    /// The source RPM, from the one task that is to keep it.
    pub(super) srpms: Vec<String>,
    /// The logs.
    pub(super) logs: Vec<String>,
    /// The buildroot.
    pub(super) brootid: BuildrootId,
}

const WEIGHT: f64 = 1.5;
/// The most that a long build adds to the weight.
const MOST_EXTRA: f64 = 18.0;
/// How many seconds of an average build add 1 to the weight.
const SECONDS_A_UNIT: f64 = 4800.0;

impl TaskHandler for BuildArchHandler {
    type Args = BuildArch;
    type Output = BuildArchResult;

    fn weight(&self) -> f64 {
        WEIGHT
    }

    async fn suits_host(&self, args: BuildArch, session: &Session, host: &Host) -> Result<bool, TaskError> {
        host_suits_tag(session, host, args.root).await
    }

    async fn run(&self, args: BuildArch, cx: &TaskContext) -> Result<BuildArchResult, TaskError> {
        let repo = repo_of(cx, args.opts.repo_id).await?;
        let srpm = cx.local_path(&format!("work/{}", args.pkg)).await?;
        let header = PackageHeader::read_source(&srpm)?;
        update_weight(&header.nvra.nvr.name, cx).await?;
        let mut lease = Lease::begin(cx, args.root.clone(), &repo, &args.arch).await?;
        let brootid = lease.id();
        let built = build(lease.root(), &srpm, &args, cx).await;
        let (lease, (rpms, srpms)) = lease.settle(built).await?;
        Ok(BuildArchResult { rpms, srpms, logs: lease.finish().await?, brootid })
    }
}

/// Long builds weigh more.
async fn update_weight(package: &str, cx: &TaskContext) -> Result<(), TaskError> {
    let average = cx.session().call(GetAverageBuildDuration::new(package).age(6)).await?;
    match average {
        Some(seconds) if seconds > 0.0 => cx.set_weight(WEIGHT + (seconds / SECONDS_A_UNIT).min(MOST_EXTRA)).await,
        _ => Ok(()),
    }
}

/// Builds and uploads: the RPMs, and the source RPM if it is to be kept.
async fn build(
    root: &mut dyn Buildroot,
    srpm: &Path,
    args: &BuildArch,
    cx: &TaskContext,
) -> Result<(Vec<String>, Vec<String>), TaskError> {
    let built = root.build_rpms(srpm, &args.arch).await?;
    let mut rpms = Vec::new();
    for rpm in &built.rpms {
        rpms.push(cx.upload(rpm).await?);
    }
    let mut srpms = Vec::new();
    if args.keep_srpm {
        let header = PackageHeader::read_source(&built.srpm)?;
        for (value, name) in header.origin.iter().zip(["packager", "vendor", "distribution"]) {
            if value.as_deref().is_none_or(str::is_empty) {
                return Err(TaskError::build(format!("The build system failed to set the {name} tag")));
            }
        }
        srpms.push(cx.upload(&built.srpm).await?);
    }
    Ok((rpms, srpms))
}
