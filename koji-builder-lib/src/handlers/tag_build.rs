//! `tagBuild`: tags a build, or moves it between tags.

use koji_core::api::builds::GetBuild;
use koji_core::api::tagging::{HostTagBuild, TagNotification};
use koji_core::api::tags::GetTag;
use koji_core::model::Build;
use koji_core::task::TagBuild;

use crate::task::{TaskContext, TaskError, TaskHandler};

/// Tags a build for the task's owner, and asks for mail about it.
pub(super) struct TagBuildHandler;

impl TaskHandler for TagBuildHandler {
    type Args = TagBuild;
    type Output = ();

    async fn run(&self, args: TagBuild, cx: &TaskContext) -> Result<(), TaskError> {
        let session = cx.session();
        let build = session.call(GetBuild::new(args.build_id.clone()).strict(true)).await?;
        let build = build.ok_or_else(|| TaskError::generic(format!("No such build: {}", args.build_id)))?;
        let tagged = tag(&args, &build, cx).await;
        let failure = tagged.as_ref().err().map(|error| error.to_fault());
        let mut notification =
            TagNotification::new(failure.is_none(), Some(args.tag_id), args.fromtag, build.id, Some(cx.info().owner));
        notification.ignore_success = args.ignore_success;
        if let Some(fault) = failure {
            let class = fault.kind().map_or("Fault", |kind| kind.class());
            notification.failure_msg = format!("{class}: {}", fault.message);
        }
        let told = session.call(notification).await;
        tagged?;
        Ok(told?)
    }
}

async fn tag(args: &TagBuild, build: &Build, cx: &TaskContext) -> Result<(), TaskError> {
    let session = cx.session();
    session.call(GetTag::new(args.tag_id.clone()).strict(true)).await?;
    let mut call = HostTagBuild::new(cx.id(), args.tag_id.clone(), build.id).force(args.force);
    call.fromtag = args.fromtag.clone();
    Ok(session.call(call).await?)
}
