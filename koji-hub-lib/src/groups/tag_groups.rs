//! Which groups a tag has.

use koji_core::api::TagRef;
use koji_core::api::groups::GroupRef;
use koji_core::ids::{GroupId, TagId};
use koji_core::model::TagGroup;
use koji_core::xmlrpc::Struct;

use super::{Parts, all};
use crate::call::Call;
use crate::db::{Arg, Conn, args};
use crate::error::fail;
use crate::given::take;
use crate::{Result, names, tags};

const CONFIGS: Parts = Parts { inherit: true, packages: false, requirements: false };

/// A tag's group, inherited or not; a fault if there is none or it is blocked.
pub(super) async fn open_group(
    db: &mut Conn,
    tag: (TagId, &str),
    group: (GroupId, &str),
    parts: Parts,
) -> Result<TagGroup> {
    let found = all(db, tag.0, None, parts).await?.into_iter().find(|found| found.group_id == group.0);
    match found {
        None => fail!("group {} not present in tag {}", group.1, tag.1),
        Some(found) if found.blocked => fail!("group {} is blocked in tag {}", group.1, tag.1),
        Some(found) => Ok(found),
    }
}

async fn revoke(cx: &mut Call<'_>, tag: TagId, group: GroupId) -> Result<u64> {
    cx.revoke("group_config", vec![("group_id", group.into()), ("tag_id", tag.into())]).await
}

/// Adds a group to a tag, or changes it there. A group that is not known is made.
pub(crate) async fn add(
    cx: &mut Call<'_>,
    tag: &TagRef,
    group: &GroupRef,
    block: bool,
    force: bool,
    mut opts: Struct,
) -> Result<()> {
    let db = cx.db().await?;
    let tag = tags::get(db, tag, None).await?;
    let (id, name) = match (names::find(db, group).await?, group) {
        (Some(known), _) => known,
        (None, GroupRef::Id(_)) => fail!("Name must be a string"),
        (None, GroupRef::Name(name)) => (names::get_or_make(db, name).await?, name.clone()),
    };
    let previous = all(db, tag.id, None, CONFIGS).await?.into_iter().find(|found| found.group_id == id);
    if previous.as_ref().is_some_and(|previous| previous.blocked) && !force {
        fail!("group {name} is blocked in tag {}", tag.name);
    }
    let base = previous.clone().unwrap_or_else(|| TagGroup {
        display_name: name.clone(),
        name,
        group_id: id,
        tag_id: tag.id,
        blocked: false,
        exported: Some(true),
        is_default: None,
        uservisible: Some(true),
        description: None,
        langonly: None,
        biarchonly: Some(false),
        packagelist: None,
        grouplist: None,
    });
    let new = TagGroup {
        blocked: block,
        exported: take(&mut opts, "exported")?.unwrap_or(base.exported),
        display_name: take(&mut opts, "display_name")?.unwrap_or(base.display_name),
        is_default: take(&mut opts, "is_default")?.unwrap_or(base.is_default),
        uservisible: take(&mut opts, "uservisible")?.unwrap_or(base.uservisible),
        description: take(&mut opts, "description")?.unwrap_or(base.description),
        langonly: take(&mut opts, "langonly")?.unwrap_or(base.langonly),
        biarchonly: take(&mut opts, "biarchonly")?.unwrap_or(base.biarchonly),
        ..base
    };
    if previous.as_ref() == Some(&new) {
        return Ok(());
    }
    revoke(cx, tag.id, id).await?;
    let columns = vec![
        ("group_id", Arg::from(id)),
        ("tag_id", tag.id.into()),
        ("blocked", new.blocked.into()),
        ("exported", new.exported.into()),
        ("display_name", new.display_name.into()),
        ("is_default", new.is_default.into()),
        ("uservisible", new.uservisible.into()),
        ("description", new.description.into()),
        ("langonly", new.langonly.into()),
        ("biarchonly", new.biarchonly.into()),
    ];
    cx.insert_versioned("group_config", columns).await
}

/// Takes a group from a tag itself; `force` takes it that it is not there.
pub(crate) async fn remove(cx: &mut Call<'_>, tag: &TagRef, group: &GroupRef, force: bool) -> Result<()> {
    let db = cx.db().await?;
    let tag = tags::get(db, tag, None).await?;
    let (group, name) = names::get(db, group).await?;
    if revoke(cx, tag.id, group).await? == 0 && !force {
        fail!("No group: {name} found for tag: {}", tag.name);
    }
    Ok(())
}

/// Takes a tag's own block of a group away.
pub(crate) async fn unblock(cx: &mut Call<'_>, tag: &TagRef, group: &GroupRef) -> Result<()> {
    let db = cx.db().await?;
    let (tag, tag_name) = names::get(db, tag).await?;
    let (group, name) = names::get(db, group).await?;
    let sql = "SELECT blocked FROM group_config WHERE active = TRUE AND group_id = $1 AND tag_id = $2";
    if db.fetch_scalar_optional(sql, args![group, tag]).await? != Some(true) {
        fail!("group {name} is NOT blocked in tag {tag_name}");
    }
    revoke(cx, tag, group).await?;
    Ok(())
}
