use koji_core::api::{PermissionRef, UserRef};
use koji_core::ids::{PermissionId, UserId};
use koji_core::model::Permission;
use koji_core::xmlrpc::{Struct, Value};

use super::get_for;
use crate::call::Call;
use crate::db::{Conn, args};
use crate::error::fail;
use crate::{Result, names};

/// The names of a user's permissions, sorted; those of its groups too if asked for.
pub(crate) async fn permissions(db: &mut Conn, user: UserId, with_groups: bool) -> Result<Vec<String>> {
    Ok(db
        .fetch_scalars(
            "SELECT DISTINCT p.name FROM user_perms up JOIN permissions p ON p.id = up.perm_id
             WHERE up.active = TRUE AND (up.user_id = $1 OR ($2 AND up.user_id IN
                 (SELECT group_id FROM user_groups WHERE user_id = $1 AND active = TRUE)))
             ORDER BY p.name",
            args![user, with_groups],
        )
        .await?)
}

/// For each of a user's permissions where it comes from: the names of groups, nil for the user itself.
pub(crate) async fn permission_sources(db: &mut Conn, user: UserId) -> Result<Struct> {
    let rows: Vec<(String, Option<String>)> = db
        .fetch_all(
            "SELECT p.name, CASE WHEN holder.id = $1 THEN NULL ELSE holder.name END AS source
             FROM user_perms up
             JOIN permissions p ON p.id = up.perm_id
             JOIN users holder ON holder.id = up.user_id
             WHERE up.active = TRUE AND (up.user_id = $1 OR up.user_id IN
                 (SELECT group_id FROM user_groups WHERE user_id = $1 AND active = TRUE))
             ORDER BY p.name, CASE WHEN holder.id = $1 THEN 0 ELSE 1 END, holder.name",
            args![user],
        )
        .await?;
    let mut sources: Vec<(String, Vec<Value>)> = Vec::new();
    for (perm, source) in rows {
        match sources.last_mut() {
            Some((last, of)) if *last == perm => of.push(source.into()),
            _ => sources.push((perm, vec![source.into()])),
        }
    }
    Ok(sources.into_iter().map(|(perm, of)| (perm, Value::Array(of))).collect())
}

/// All permissions that there are.
pub(crate) async fn all_permissions(db: &mut Conn) -> Result<Vec<Permission>> {
    Ok(db.fetch_all("SELECT id, name, description FROM permissions ORDER BY id", args![]).await?)
}

/// Gives a user or a group a permission.
pub(crate) async fn grant(cx: &mut Call<'_>, who: &UserRef, perm: &PermissionRef) -> Result<()> {
    let user = get_for(cx, who).await?.id;
    let (perm, name) = names::get(cx.db().await?, perm).await?;
    hold(cx, user, who, perm, &name).await
}

/// Gives a user or a group a permission, which is made if need be, and described if a description is given.
pub(crate) async fn grant_new(
    cx: &mut Call<'_>,
    who: &UserRef,
    perm: &PermissionRef,
    description: Option<&str>,
) -> Result<()> {
    let PermissionRef::Name(name) = perm else { fail!("Name should be string") };
    names::check_internal(cx.hub().config(), name)?;
    let user = get_for(cx, who).await?.id;
    let db = cx.db().await?;
    let perm: PermissionId = names::get_or_make(db, name).await?;
    if let Some(description) = description {
        db.execute("UPDATE permissions SET description = $2 WHERE id = $1", args![perm, description]).await?;
    }
    hold(cx, user, who, perm, name).await
}

async fn hold(cx: &mut Call<'_>, user: UserId, who: &UserRef, perm: PermissionId, name: &str) -> Result<()> {
    if permissions(cx.db().await?, user, false).await?.iter().any(|held| held == name) {
        fail!("user {} already has permission: {name}", who.text());
    }
    cx.insert_versioned("user_perms", vec![("user_id", user.into()), ("perm_id", perm.into())]).await
}

/// Takes a permission from a user or a group.
pub(crate) async fn revoke(cx: &mut Call<'_>, who: &UserRef, perm: &PermissionRef) -> Result<()> {
    let user = get_for(cx, who).await?.id;
    let (perm, name) = names::get(cx.db().await?, perm).await?;
    if cx.revoke("user_perms", vec![("user_id", user.into()), ("perm_id", perm.into())]).await? == 0 {
        fail!("user {} does not have permission: {name}", who.text());
    }
    Ok(())
}

/// Changes a permission's description.
pub(crate) async fn describe(db: &mut Conn, perm: &PermissionRef, description: &str) -> Result<()> {
    let (id, _) = names::get(db, perm).await?;
    db.execute("UPDATE permissions SET description = $2 WHERE id = $1", args![id, description]).await?;
    Ok(())
}
