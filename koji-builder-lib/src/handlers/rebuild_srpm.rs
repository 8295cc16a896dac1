//! `rebuildSRPM`: makes a source RPM anew, so that it bears the tag's macros.

use koji_client::Session;
use koji_core::model::Host;
use koji_core::task::RebuildSrpm;

use super::srpm::{SourceInfo, SrpmResult, finish};
use crate::buildroot::{Lease, PackageHeader, host_suits_tag, repo_of};
use crate::task::{TaskContext, TaskError, TaskHandler, file_name};

/// Makes a source RPM from an uploaded one.
pub(super) struct RebuildSrpmHandler;

impl TaskHandler for RebuildSrpmHandler {
    type Args = RebuildSrpm;
    type Output = SrpmResult;

    async fn suits_host(&self, args: RebuildSrpm, session: &Session, host: &Host) -> Result<bool, TaskError> {
        host_suits_tag(session, host, args.build_tag).await
    }

    async fn run(&self, args: RebuildSrpm, cx: &TaskContext) -> Result<SrpmResult, TaskError> {
        let repo = repo_of(cx, args.opts.repo_id).await?;
        let uploaded = cx.local_path(&format!("work/{}", args.srpm)).await?;
        PackageHeader::read_source(&uploaded)?;
        let mut lease = Lease::begin(cx, args.build_tag, &repo, "noarch").await?;
        let made = lease.root().rebuild_srpm(&uploaded).await;
        let (lease, srpm) = lease.settle(made).await?;
        let name = file_name(&srpm)?.to_owned();
        finish(lease, &srpm, SourceInfo { source: name.clone(), url: name }, cx).await
    }
}
