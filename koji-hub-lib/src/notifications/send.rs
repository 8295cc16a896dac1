//! Whom to tell of builds and tags, by tasks that builders run.

use koji_core::ids::{TagId, TaskId, UserId};
use koji_core::model::{Build, BuildState, BuildTarget, UserStatus, UserType};
use koji_core::task;
use koji_core::xmlrpc::{Value, to_value};

use crate::call::Call;
use crate::db::{args, list, sql};
use crate::tasks::make::NewTask;
use crate::{Error, Result, packages, targets, tasks, users};

/// Who is to be told about a build, or about it in a tag: those who asked for it, its owner, and the package's.
async fn recipients(cx: &mut Call<'_>, build: &Build, tag: Option<TagId>, success: bool) -> Result<Vec<String>> {
    let config = cx.hub().config();
    if config.disable_notifications {
        return Ok(Vec::new());
    }
    let domain = config.email_domain.as_deref().filter(|_| config.notify_on_success || !success);
    let mut found: Vec<(UserId, String)> = cx
        .db()
        .await?
        .fetch_all(
            sql!(
                "SELECT n.user_id, n.email FROM build_notifications n JOIN users ON users.id = n.user_id
                 WHERE users.status = $1 AND users.usertype ", {in "$2"},
                " AND (n.package_id = $3 OR n.package_id IS NULL) AND (n.tag_id = $4 OR n.tag_id IS NULL)
                  AND NOT (n.success_only AND $5)
                  ORDER BY n.id"
            ),
            args![
                UserStatus::Normal,
                list(&[UserType::Normal.code(), UserType::Group.code()]),
                build.package_id,
                tag,
                !success
            ],
        )
        .await?;
    if let Some(domain) = domain {
        found.push((build.owner_id, format!("{}@{domain}", build.owner_name)));
        if let Some(owner) = package_owner(cx, build, tag).await?
            && let Some(owner) = users::find_by_id(cx.db().await?, owner).await?
            && owner.status == UserStatus::Normal
            && owner.usertype == UserType::Normal
        {
            found.push((owner.id, format!("{}@{domain}", owner.name)));
        }
    }
    let ids: Vec<i32> = found.iter().map(|(id, _)| id.0).collect();
    let refused: Vec<UserId> = cx
        .db()
        .await?
        .fetch_scalars(
            sql!(
                "SELECT user_id FROM build_notifications_block WHERE user_id ", {in "$1"},
                " AND (package_id = $2 OR package_id IS NULL) AND (tag_id = $3 OR tag_id IS NULL)"
            ),
            args![list(&ids), build.package_id, tag],
        )
        .await?;
    let mut out: Vec<String> = Vec::new();
    for (id, email) in found {
        if !refused.contains(&id) && !out.contains(&email) {
            out.push(email);
        }
    }
    Ok(out)
}

async fn package_owner(cx: &mut Call<'_>, build: &Build, tag: Option<TagId>) -> Result<Option<UserId>> {
    let Some(tag) = tag else { return Ok(None) };
    let entry = packages::find(cx.db().await?, tag, build.package_id, None).await?;
    Ok(entry.filter(|entry| !entry.blocked).and_then(|entry| entry.owner_id))
}

/// Has mail sent about a build that has ended.
pub(crate) async fn about_build(cx: &mut Call<'_>, task: TaskId, build: &Build) -> Result<()> {
    let target = target_of(cx, task).await?;
    let success = build.state == BuildState::Complete;
    let recipients = recipients(cx, build, target.as_ref().map(|target| target.dest_tag), success).await?;
    if recipients.is_empty() {
        return Ok(());
    }
    let web_url = cx.hub().config().web_url.as_str();
    let params = vec![list_of(recipients), to_value(build)?, to_value(&target)?, web_url.into()];
    send(cx, "buildNotification", params).await
}

/// Has a builder send mail. That there is no channel for it is no reason to refuse what it would tell of.
async fn send(cx: &mut Call<'_>, method: &str, params: Vec<Value>) -> Result<()> {
    match NewTask::new(method, params).make(cx).await {
        Err(e @ Error::Fault(_)) => tracing::error!(method, error = %e, "cannot have mail sent"),
        other => drop(other?),
    }
    Ok(())
}

/// The target of a build task, if it has one that there is.
async fn target_of(cx: &mut Call<'_>, id: TaskId) -> Result<Option<BuildTarget>> {
    let db = cx.db().await?;
    let method = tasks::get(db, id).await?.method;
    let request = tasks::request::of_task(db, id).await?;
    let Some(Ok(given)) = task::named(&method, &request) else { return Ok(None) };
    match given.get("target").and_then(Value::as_str) {
        Some(name) => targets::find(db, &name.into(), None).await,
        None => Ok(None),
    }
}

/// What was done to a build and its tags.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tagging {
    pub success: bool,
    pub tag: Option<TagId>,
    pub from: Option<TagId>,
    pub user: Option<UserId>,
    /// Tell of failure only.
    pub ignore_success: bool,
    pub failure: String,
}

/// Has mail sent about a build that was tagged, untagged or moved, or could not be.
pub(crate) async fn about_tagging(cx: &mut Call<'_>, build: &Build, what: Tagging) -> Result<()> {
    if what.success && what.ignore_success {
        return Ok(());
    }
    let mut all: Vec<String> = Vec::new();
    for tag in [what.tag, what.from].into_iter().flatten() {
        for email in recipients(cx, build, Some(tag), what.success).await? {
            if !all.contains(&email) {
                all.push(email);
            }
        }
    }
    if all.is_empty() {
        return Ok(());
    }
    let id = |id: Option<TagId>| Value::from(id.map(|id| id.0));
    let params = vec![
        list_of(all),
        what.success.into(),
        id(what.tag),
        id(what.from),
        build.id.0.into(),
        what.user.map(|id| id.0).into(),
        what.ignore_success.into(),
        what.failure.into(),
    ];
    send(cx, "tagNotification", params).await
}

fn list_of(texts: Vec<String>) -> Value {
    Value::Array(texts.into_iter().map(Value::from).collect())
}
