//! Which groups a tag's groups require.

use koji_core::api::TagRef;
use koji_core::api::groups::GroupRef;
use koji_core::ids::{GroupId, TagId};
use koji_core::xmlrpc::Struct;

use super::Parts;
use super::tag_groups::open_group;
use crate::call::Call;
use crate::db::{Arg, args};
use crate::error::fail;
use crate::given::take;
use crate::{Result, names};

const REQUIREMENTS: Parts = Parts { inherit: true, packages: false, requirements: true };

async fn revoke(cx: &mut Call<'_>, tag: TagId, group: GroupId, required: GroupId) -> Result<()> {
    let key = vec![("group_id", group.into()), ("tag_id", tag.into()), ("req_id", required.into())];
    cx.revoke("group_req_listing", key).await?;
    Ok(())
}

/// Has a group require another in a tag, or changes how.
pub(crate) async fn add_requirement(
    cx: &mut Call<'_>,
    tag: &TagRef,
    group: &GroupRef,
    required: &GroupRef,
    block: bool,
    force: bool,
    mut opts: Struct,
) -> Result<()> {
    let db = cx.db().await?;
    let (tag, tag_name) = names::get(db, tag).await?;
    let (group, group_name) = names::get(db, group).await?;
    let (required, required_name) = names::get(db, required).await?;
    let found = open_group(db, (tag, &tag_name), (group, &group_name), REQUIREMENTS).await?;
    let previous = found.grouplist.into_iter().flatten().find(|entry| entry.req_id == required);
    if previous.as_ref().is_some_and(|previous| previous.blocked) && !force {
        fail!("requirement on group {required_name} blocked in group {group_name}, tag {tag_name}");
    }
    let (mut kind, mut is_metapkg) = (Some("mandatory".to_owned()), false);
    if let Some(old) = &previous {
        (kind, is_metapkg) = (old.kind.clone(), old.is_metapkg);
    }
    kind = take(&mut opts, "type")?.unwrap_or(kind);
    is_metapkg = take(&mut opts, "is_metapkg")?.unwrap_or(is_metapkg);
    if let Some(old) = &previous
        && !block
        && (&old.kind, old.is_metapkg) == (&kind, is_metapkg)
    {
        return Ok(());
    }
    revoke(cx, tag, group, required).await?;
    let columns = vec![
        ("group_id", Arg::from(group)),
        ("tag_id", tag.into()),
        ("req_id", required.into()),
        ("blocked", block.into()),
        ("type", kind.into()),
        ("is_metapkg", is_metapkg.into()),
    ];
    cx.insert_versioned("group_req_listing", columns).await
}

/// Has a group no longer require another in a tag itself.
pub(crate) async fn remove_requirement(
    cx: &mut Call<'_>,
    tag: &TagRef,
    group: &GroupRef,
    required: &GroupRef,
) -> Result<()> {
    let db = cx.db().await?;
    let ((tag, _), (group, _)) = (names::get(db, tag).await?, names::get(db, group).await?);
    let (required, _) = names::get(db, required).await?;
    revoke(cx, tag, group, required).await
}

/// Takes a tag's own block of such a requirement away.
pub(crate) async fn unblock_requirement(
    cx: &mut Call<'_>,
    tag: &TagRef,
    group: &GroupRef,
    required: &GroupRef,
) -> Result<()> {
    let db = cx.db().await?;
    let ((tag, _), (group, _)) = (names::get(db, tag).await?, names::get(db, group).await?);
    let (required, _) = names::get(db, required).await?;
    let sql = "SELECT blocked FROM group_req_listing
               WHERE active = TRUE AND group_id = $1 AND tag_id = $2 AND req_id = $3";
    if db.fetch_scalar_optional(sql, args![group, tag, required]).await? != Some(true) {
        fail!("group req {required} is NOT blocked in group {group}, tag {tag}");
    }
    revoke(cx, tag, group, required).await
}
