//! `buildNotification`: mail about how a build ended.

use koji_core::api::builds::GetBuild;
use koji_core::api::rpms::ListBuildRpms;
use koji_core::ids::BuildId;
use koji_core::model::BuildState;
use koji_core::task::BuildNotification;
use koji_core::xmlrpc::Value;

use super::mail::{Mail, send};
use crate::task::{TaskContext, TaskError, TaskHandler};

/// Tells how a build ended, and what it made.
pub(super) struct BuildNotificationHandler;

impl TaskHandler for BuildNotificationHandler {
    type Args = BuildNotification;
    type Output = Option<String>;

    fn weight(&self) -> f64 {
        0.1
    }

    async fn run(&self, args: BuildNotification, cx: &TaskContext) -> Result<Option<String>, TaskError> {
        if args.recipients.is_empty() {
            return Ok(None);
        }
        let id = args.build.get("id").and_then(Value::as_int).and_then(|id| i32::try_from(id).ok()).map(BuildId);
        let id = id.ok_or_else(|| TaskError::generic("the build has no id"))?;
        let build = cx.session().call(GetBuild::new(id).strict(true)).await?;
        let build = build.ok_or_else(|| TaskError::generic(format!("No such build: {id}")))?;
        let target = args.target.as_ref().and_then(|target| target.get("name")).and_then(Value::as_str);
        let status = build.state.name().to_lowercase();
        let mut body = format!("Package: {}\nStatus: {status}\nBuilt by: {}\nID: {id}\n", build.nvr, build.owner_name);
        if let Some(target) = target {
            body.push_str(&format!("Target: {target}\n"));
        }
        if let Some(source) = &build.source {
            body.push_str(&format!("Source: {source}\n"));
        }
        if build.state == BuildState::Complete {
            body.push_str("\nRPMs:\n");
            for rpm in cx.session().call(ListBuildRpms::new(id)).await? {
                body.push_str(&format!("  {}-{}-{}.{}.rpm\n", rpm.name, rpm.version, rpm.release, rpm.arch));
            }
        }
        let weburl = args.weburl.trim_end_matches('/');
        if !weburl.is_empty() {
            body.push_str(&format!("\n{weburl}/buildinfo?buildID={id}\n"));
        }
        if let Some(task) = build.task_id {
            body.push_str(&format!("Task: {task}\n"));
        }
        let headers = vec![
            ("X-Koji-Package", build.package_name.clone()),
            ("X-Koji-NVR", build.nvr.clone()),
            ("X-Koji-Draft", build.draft.to_string()),
            ("X-Koji-Builder", build.owner_name.clone()),
            ("X-Koji-Status", status.clone()),
        ];
        let subject = format!(
            "Package: {} Tag: {} Status: {status} Built by: {}",
            build.nvr,
            target.unwrap_or("-"),
            build.owner_name
        );
        send(Mail { recipients: args.recipients, subject, headers, body }, cx).await.map(Some)
    }
}
