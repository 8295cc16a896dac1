//! `waitrepo`: waits for a repo of a tag.

use koji_core::api::events::GetLastEvent;
use koji_core::api::tags::{GetTag, TagFirstChangeEvent};
use koji_core::model::Repo;
use koji_core::task::WaitRepo;
use koji_core::xmlrpc::Value;

use crate::task::{TaskContext, TaskError, TaskHandler};

/// Waits for a repo that holds builds, or is new enough: the repo.
pub(super) struct WaitRepoHandler;

impl TaskHandler for WaitRepoHandler {
    type Args = WaitRepo;
    type Output = Repo;

    fn weight(&self) -> f64 {
        0.2
    }

    async fn run(&self, args: WaitRepo, cx: &TaskContext) -> Result<Repo, TaskError> {
        if !args.newer_than.is_nil() && !args.min_event.is_nil() {
            return Err(TaskError::generic("newer_than and min_event args conflict"));
        }
        let tag = cx.session().call(GetTag::new(args.tag.clone()).strict(true)).await?;
        let tag = tag.ok_or_else(|| TaskError::generic(format!("No such tag: {}", args.tag)))?;
        let newer_than = match &args.newer_than {
            Value::Nil => None,
            Value::String(text) if text.to_lowercase() == "now" => Some(Value::from("last")),
            Value::Int(_) | Value::Double(_) => {
                let before = match args.newer_than {
                    Value::Double(seconds) => seconds,
                    // seconds since 1970 are far below 2^53
                    ref other => other.as_int().unwrap_or_default() as f64,
                };
                let base = cx.session().call(GetLastEvent::new().before(before).strict(false)).await?;
                let mut call = TagFirstChangeEvent::new(tag.id);
                call.after = base.map(|event| event.id);
                let first = cx.session().call(call).await?;
                Some(first.map_or(Value::from("last"), |event| event.0.into()))
            }
            other => return Err(TaskError::generic(format!("Invalid value for newer_than: {other:?}"))),
        };
        let nvrs = args.nvrs.unwrap_or_default();
        cx.wait_for_repo(tag.id, &nvrs, newer_than.unwrap_or(args.min_event)).await
    }
}
