//! Tagging and untagging.

use koji_core::ids::{BuildId, PackageId, TagId, UserId};
use koji_core::model::{Build, BuildState, Tag, TagUpdateType, User};

use crate::Result;
use crate::call::Call;
use crate::db::{args, insert_versioned, revoke, sql};
use crate::error::fail;
use crate::packages::{self, Change, Listing};
use crate::plugin::{Callback, CallbackType, Tagging, Untagging};
use crate::{tags, users};

/// Puts a build into a tag, for a user who may. One that is there already stays, a fault; with `force`, it is tagged
/// anew, and so becomes the latest.
pub(crate) async fn tag_build(cx: &mut Call<'_>, tag: &Tag, build: &Build, user: UserId, force: bool) -> Result<()> {
    tags::require_access(cx, &tag.id.into(), user, force).await?;
    put_into_tag(cx, tag, build, user, force).await
}

/// As [`tag_build`], whoever it is.
pub(crate) async fn put_into_tag(cx: &mut Call<'_>, tag: &Tag, build: &Build, user: UserId, force: bool) -> Result<()> {
    let by = teller(cx, user, &[CallbackType::PreTag, CallbackType::PostTag]).await?;
    let about = by.as_ref().map(|user| Tagging { tag, build, user, force });
    if let Some(about) = about.clone() {
        cx.tell(Callback::PreTag(about)).await?;
    }
    // it may have been deleted meanwhile; whoever deletes it now waits, and sees the tag then
    let locked = sql!("SELECT state FROM build WHERE id = $1", {for update});
    let state = cx.db().await?.fetch_scalar(locked, args![build.id]).await?;
    assert_complete(&Build { state, ..build.clone() })?;
    let sql =
        sql!("SELECT build_id FROM tag_listing WHERE active = TRUE AND tag_id = $1 AND build_id = $2", {for update});
    let tagged: Option<i32> = cx.db().await?.fetch_scalar_optional(sql, args![tag.id, build.id]).await?;
    let event = cx.event().await?;
    let db = cx.db().await?;
    if tagged.is_some() {
        if !force {
            fail!(Tag, "build {} already tagged ({})", build.nvr, tag.name);
        }
        revoke(db, "tag_listing", vec![("tag_id", tag.id.into()), ("build_id", build.id.into())], event, user).await?;
    }
    let columns = vec![("tag_id", tag.id.into()), ("build_id", build.id.into())];
    insert_versioned(db, "tag_listing", columns, event, user).await?;
    match about {
        Some(about) => cx.tell(Callback::PostTag(about)).await,
        None => Ok(()),
    }
}

/// The user whom plugins are told of, if one of them wants to hear of one of these moments.
async fn teller(cx: &mut Call<'_>, user: UserId, kinds: &[CallbackType]) -> Result<Option<User>> {
    if !kinds.iter().any(|kind| cx.tells(*kind)) {
        return Ok(None);
    }
    Ok(Some(users::get(cx.db().await?, &user.into()).await?))
}

/// Takes a build out of a tag, for a user who may. If it is not there, that is a fault if strict.
pub(crate) async fn untag_build(
    cx: &mut Call<'_>,
    tag: &Tag,
    build: &Build,
    user: UserId,
    strict: bool,
    force: bool,
) -> Result<()> {
    tags::require_access(cx, &tag.id.into(), user, force).await?;
    take_out_of_tag(cx, tag, build, user, strict, force).await
}

/// As [`untag_build`], whoever it is.
pub(crate) async fn take_out_of_tag(
    cx: &mut Call<'_>,
    tag: &Tag,
    build: &Build,
    user: UserId,
    strict: bool,
    force: bool,
) -> Result<()> {
    let by = teller(cx, user, &[CallbackType::PreUntag, CallbackType::PostUntag]).await?;
    let about = by.as_ref().map(|user| Untagging { tag, build, user, force, strict });
    if let Some(about) = about.clone() {
        cx.tell(Callback::PreUntag(about)).await?;
    }
    let event = cx.event().await?;
    let key = vec![("tag_id", tag.id.into()), ("build_id", build.id.into())];
    let changed = revoke(cx.db().await?, "tag_listing", key, event, user).await?;
    if changed == 0 && strict {
        fail!(Tag, "build {} not in tag {}", build.nvr, tag.name);
    }
    match about {
        Some(about) => cx.tell(Callback::PostUntag(about)).await,
        None => Ok(()),
    }
}

/// Notes in the history of the tags that a build is in that it has changed.
pub(crate) async fn note_update(cx: &mut Call<'_>, build: BuildId, kind: TagUpdateType) -> Result<()> {
    let (event, user) = (cx.event().await?, cx.user_id()?);
    cx.db()
        .await?
        .execute(
            "INSERT INTO tag_updates (tag_id, update_event, updater_id, update_type)
             SELECT tag_id, $2, $3, $4 FROM tag_listing WHERE active = TRUE AND build_id = $1",
            args![build, event, user, kind],
        )
        .await?;
    Ok(())
}

/// Refuses a build that is not complete; such builds are in no tag.
pub(crate) fn assert_complete(build: &Build) -> Result<()> {
    match build.state {
        BuildState::Complete => Ok(()),
        state => fail!(Tag, "build {} not complete: state {state}", build.nvr),
    }
}

/// Refuses a build whose package the tag does not list. An administrator who insists has it listed; `to` is how the
/// message names the tag.
pub(crate) async fn check_package(
    cx: &mut Call<'_>,
    tag: TagId,
    to: &str,
    (package, name): (PackageId, &str),
    force: bool,
) -> Result<()> {
    let listing =
        Listing { tag: Some(tag), package: Some(package), inherit: true, with_blocked: true, ..Listing::default() };
    let refusal = match packages::list(cx.db().await?, &listing).await?.first() {
        None => format!("Package {name} not in list for {to}"),
        Some(entry) if entry.blocked => format!("Package {name} blocked in {to}"),
        Some(_) => return Ok(()),
    };
    if !force || !cx.has_perm("admin").await? {
        fail!(Tag, "{refusal}");
    }
    tracing::info!(tag = tag.0, package = name, "a package is listed by force");
    let change = Change { block: Some(false), force: true, ..Change::default() };
    packages::change(cx, &tag.into(), &package.into(), change).await
}
