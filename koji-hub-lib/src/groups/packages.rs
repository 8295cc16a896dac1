//! Which packages are in a tag's groups.

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

const PACKAGES: Parts = Parts { inherit: true, packages: true, requirements: false };

async fn revoke(cx: &mut Call<'_>, tag: TagId, group: GroupId, package: &str) -> Result<()> {
    let key = vec![("group_id", group.into()), ("tag_id", tag.into()), ("package", package.into())];
    cx.revoke("group_package_listing", key).await?;
    Ok(())
}

/// Adds a package to a group in a tag, or changes it there.
pub(crate) async fn add_package(
    cx: &mut Call<'_>,
    tag: &TagRef,
    group: &GroupRef,
    package: &str,
    block: bool,
    force: bool,
    mut opts: Struct,
) -> Result<()> {
    let db = cx.db().await?;
    let (tag, tag_name) = names::get(db, tag).await?;
    let (group, group_name) = names::get(db, group).await?;
    let found = open_group(db, (tag, &tag_name), (group, &group_name), PACKAGES).await?;
    let previous = found.packagelist.into_iter().flatten().find(|entry| entry.package == package);
    if previous.as_ref().is_some_and(|previous| previous.blocked) && !force {
        fail!("package {package} blocked in group {group_name}, tag {tag_name}");
    }
    let (mut kind, mut basearchonly, mut requires) = ("mandatory".to_owned(), None, None);
    if let Some(old) = &previous {
        (kind, basearchonly, requires) = (old.kind.clone(), old.basearchonly, old.requires.clone());
    }
    kind = take(&mut opts, "type")?.unwrap_or(kind);
    basearchonly = take(&mut opts, "basearchonly")?.unwrap_or(basearchonly);
    requires = take(&mut opts, "requires")?.unwrap_or(requires);
    if let Some(old) = &previous
        && !block
        && !force
        && (&old.kind, &old.basearchonly, &old.requires) == (&kind, &basearchonly, &requires)
    {
        return Ok(());
    }
    revoke(cx, tag, group, package).await?;
    let columns = vec![
        ("group_id", Arg::from(group)),
        ("tag_id", tag.into()),
        ("package", package.into()),
        ("blocked", block.into()),
        ("type", kind.into()),
        ("basearchonly", basearchonly.into()),
        ("requires", requires.into()),
    ];
    cx.insert_versioned("group_package_listing", columns).await
}

/// Takes a package from a group in a tag itself.
pub(crate) async fn remove_package(cx: &mut Call<'_>, tag: &TagRef, group: &GroupRef, package: &str) -> Result<()> {
    let db = cx.db().await?;
    let ((tag, _), (group, _)) = (names::get(db, tag).await?, names::get(db, group).await?);
    revoke(cx, tag, group, package).await
}

/// Takes a tag's own block of a package in a group away.
pub(crate) async fn unblock_package(cx: &mut Call<'_>, tag: &TagRef, group: &GroupRef, package: &str) -> Result<()> {
    let db = cx.db().await?;
    let ((tag, _), (group, _)) = (names::get(db, tag).await?, names::get(db, group).await?);
    let sql = "SELECT blocked FROM group_package_listing
               WHERE active = TRUE AND group_id = $1 AND tag_id = $2 AND package = $3";
    if db.fetch_scalar_optional(sql, args![group, tag, package]).await? != Some(true) {
        fail!("package {package} is NOT blocked in group {group}, tag {tag}");
    }
    revoke(cx, tag, group, package).await
}
