//! What the tasks that make source RPMs have in common.

use std::path::Path;

use koji_core::ids::BuildrootId;
use serde::{Deserialize, Serialize};

use crate::buildroot::{Lease, PackageHeader};
use crate::task::{TaskContext, TaskError, file_name};

/// The result of `buildSRPMFromSCM` and `rebuildSRPM`.
#[derive(Debug, Serialize)]
pub struct SrpmResult {
    /// The source RPM, below the hub's `work`.
    pub srpm: String,
    /// The logs, likewise.
    pub logs: Vec<String>,
    /// The buildroot.
    pub brootid: BuildrootId,
    /// What it was made from.
    pub source: SourceInfo,
}

/// Where a source RPM is from.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SourceInfo {
    /// To record with the build.
    pub source: String,
    /// As it was asked for.
    pub url: String,
}

/// Uploads a source RPM that bears the name that its header says.
async fn upload(srpm: &Path, cx: &TaskContext) -> Result<String, TaskError> {
    let header = PackageHeader::read_source(srpm)?;
    let name = file_name(srpm)?;
    let expected = header.nvra.file_name();
    if expected != name {
        return Err(TaskError::build(format!("srpm name mismatch: {expected} != {name}")));
    }
    cx.upload(srpm).await
}

/// Uploads the source RPM and gives the buildroot up.
pub(super) async fn finish(
    lease: Lease,
    srpm: &Path,
    source: SourceInfo,
    cx: &TaskContext,
) -> Result<SrpmResult, TaskError> {
    let brootid = lease.id();
    let (lease, srpm) = lease.settle(upload(srpm, cx).await).await?;
    Ok(SrpmResult { srpm, logs: lease.finish().await?, brootid, source })
}
