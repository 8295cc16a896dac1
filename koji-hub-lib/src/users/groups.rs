use koji_core::api::UserRef;
use koji_core::ids::UserId;
use koji_core::model::{GroupMember, User, UserGroup, UserStatus, UserType};

use super::{edit, find_for, get_for, principals_of};
use crate::call::Call;
use crate::db::{Conn, args};
use crate::error::fail;
use crate::{Result, names};

/// Makes a group of users.
pub(crate) async fn make_group(cx: &mut Call<'_>, name: &str) -> Result<UserId> {
    names::check_internal(cx.hub().config(), name)?;
    if find_for(cx, &name.into()).await?.is_some() {
        fail!("user/group already exists: {name}");
    }
    edit::insert(cx.db().await?, name, UserStatus::Normal, UserType::Group, None).await
}

async fn find_group(cx: &mut Call<'_>, which: &UserRef) -> Result<Option<User>> {
    Ok(find_for(cx, which).await?.filter(|user| user.usertype == UserType::Group))
}

async fn is_member(db: &mut Conn, user: UserId, group: UserId) -> Result<bool> {
    let sql = "SELECT user_id FROM user_groups WHERE active = TRUE AND user_id = $1 AND group_id = $2";
    let found: Option<UserId> = db.fetch_scalar_optional(sql, args![user, group]).await?;
    Ok(found.is_some())
}

/// Puts a user in a group; `strict` refuses one who is in it.
pub(crate) async fn add_member(cx: &mut Call<'_>, group: &UserRef, user: &UserRef, strict: bool) -> Result<()> {
    let (found_group, found) = (find_group(cx, group).await?, find_for(cx, user).await?);
    let Some(found_group) = found_group else { fail!("Not a group: {}", group.text()) };
    let Some(found) = found else { fail!("Not a user: {}", user.text()) };
    if found.usertype == UserType::Group {
        fail!("Groups cannot be members of other groups");
    }
    if is_member(cx.db().await?, found.id, found_group.id).await? {
        if strict {
            fail!("User already in group");
        }
        return Ok(());
    }
    cx.insert_versioned("user_groups", vec![("user_id", found.id.into()), ("group_id", found_group.id.into())]).await
}

/// Takes a user out of a group.
pub(crate) async fn drop_member(cx: &mut Call<'_>, group: &UserRef, user: &UserRef) -> Result<()> {
    let user = get_for(cx, user).await?.id;
    let Some(found) = find_group(cx, group).await? else { fail!("Not a group: {}", group.text()) };
    let key = vec![("user_id", user.into()), ("group_id", found.id.into())];
    if cx.revoke("user_groups", key).await? == 0 {
        fail!("No such user in group: {}", group.text());
    }
    Ok(())
}

/// The users in a group.
pub(crate) async fn members(cx: &mut Call<'_>, group: &UserRef) -> Result<Vec<GroupMember>> {
    let Some(found) = find_group(cx, group).await? else { fail!("No such group: {}", group.text()) };
    let db = cx.db().await?;
    let mut members: Vec<GroupMember> = db
        .fetch_all(
            "SELECT u.id, u.name, u.usertype FROM user_groups g JOIN users u ON u.id = g.user_id
             WHERE g.active = TRUE AND g.group_id = $1 ORDER BY u.id",
            args![found.id],
        )
        .await?;
    let ids: Vec<_> = members.iter().map(|member| member.id).collect();
    let mut principals = principals_of(db, &ids).await?;
    for member in &mut members {
        member.krb_principals = principals.remove(&member.id).unwrap_or_default();
    }
    Ok(members)
}

/// The groups that a user is in.
pub(crate) async fn groups(db: &mut Conn, user: UserId) -> Result<Vec<UserGroup>> {
    Ok(db
        .fetch_all(
            "SELECT u.id, u.name FROM user_groups g JOIN users u ON u.id = g.group_id
             WHERE g.active = TRUE AND u.usertype = $2 AND g.user_id = $1 ORDER BY u.id",
            args![user, UserType::Group],
        )
        .await?)
}
