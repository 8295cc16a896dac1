//! `tagNotification`: mail about a tag operation.

use koji_core::api::TagRef;
use koji_core::api::builds::GetBuild;
use koji_core::api::tags::GetTag;
use koji_core::api::users::GetUser;
use koji_core::python;
use koji_core::task::TagNotification;

use super::mail::{Mail, send};
use crate::task::{TaskContext, TaskError, TaskHandler};

/// Tells that a build was tagged, untagged or moved, or could not be.
pub(super) struct TagNotificationHandler;

impl TaskHandler for TagNotificationHandler {
    type Args = TagNotification;
    type Output = Option<String>;

    fn weight(&self) -> f64 {
        0.1
    }

    async fn run(&self, args: TagNotification, cx: &TaskContext) -> Result<Option<String>, TaskError> {
        if args.recipients.is_empty() || (args.ignore_success && args.is_successful) {
            return Ok(None);
        }
        let build = cx.session().call(GetBuild::new(args.build_info.clone()).strict(true)).await?;
        let build = build.ok_or_else(|| TaskError::generic(format!("No such build: {}", args.build_info)))?;
        let user = match args.user_info {
            Some(user) => cx.session().call(GetUser::new().user_info(user)).await?.map(|user| user.name),
            None => None,
        };
        let user = user.unwrap_or_else(|| "an unknown user".to_owned());
        let (from, into) = (tag_name(cx, args.from_info).await?, tag_name(cx, args.tag_info).await?);
        let action = match (&from, &into) {
            (Some(_), Some(_)) => "moved",
            (Some(_), None) => "untagged",
            (None, _) => "tagged",
        };
        let mut operation = action.to_owned();
        let mut details = format!("Tag Operation: {action}\n");
        for (word, line, tag) in [("from", "From Tag", &from), ("into", "Into Tag", &into)] {
            if let Some(tag) = tag {
                operation.push_str(&format!(" {word} {tag}"));
                details.push_str(&format!("{line}: {tag}\n"));
            }
        }
        let (result, status, failure) = match args.is_successful {
            true => ("successfully", "complete", String::new()),
            false => {
                let text = args.failure_msg.unwrap_or_default();
                ("unsuccessfully", "failed", format!("Operation failed with the error:\n    {text}\n"))
            }
        };
        let nvr = &build.nvr;
        let package = &build.package_name;
        let summary = format!("{nvr} {result} {operation} by {user}");
        let mut headers = vec![
            ("X-Koji-Package", package.clone()),
            ("X-Koji-NVR", nvr.clone()),
            ("X-Koji-Draft", python::str(&build.draft.into())),
            ("X-Koji-User", user.clone()),
            ("X-Koji-Status", status.to_owned()),
        ];
        headers.extend(from.into_iter().chain(into).map(|tag| ("X-Koji-Tag", tag)));
        let body = format!(
            "Package: {package}\nNVR: {nvr}\nUser: {user}\nStatus: {status}\n{details}\n{summary}\n{failure}\n"
        );
        let mail = Mail { recipients: args.recipients, subject: summary, headers, body };
        send(mail, &format!("tag operation {}", cx.id()), cx).await.map(Some)
    }
}

async fn tag_name(cx: &TaskContext, tag: Option<TagRef>) -> Result<Option<String>, TaskError> {
    let Some(tag) = tag else { return Ok(None) };
    Ok(cx.session().call(GetTag::new(tag)).await?.map(|tag| tag.name))
}
