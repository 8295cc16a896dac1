//! Users, groups of users, and permissions.

mod edit;
mod groups;
mod list;
mod new;
mod perms;

use std::collections::HashMap;

use koji_core::api::UserRef;
use koji_core::ids::UserId;
use koji_core::model::User;

pub(crate) use edit::{add_principal, create, edit, insert, remove_principal, set_status};
pub(crate) use groups::{add_member, drop_member, groups, make_group, members};
pub(crate) use list::{Filter, list};
pub use new::NewUser;
pub(crate) use perms::{all_permissions, describe, grant, grant_new, permission_sources, permissions, revoke};

use crate::Result;
use crate::call::Call;
use crate::db::{Conn, args, list as db_list, sql};
use crate::error::fail;

/// The user with that id, without principals and groups.
pub(crate) async fn find_by_id(db: &mut Conn, id: UserId) -> Result<Option<User>> {
    Ok(db.fetch_optional("SELECT id, name, status, usertype FROM users WHERE id = $1", args![id]).await?)
}

/// The user that is meant, without principals and groups. A text is a name or a principal.
pub(crate) async fn find(db: &mut Conn, which: &UserRef) -> Result<Option<User>> {
    match which {
        UserRef::Me => fail!("No user provided"),
        UserRef::Id(id) => find_by_id(db, *id).await,
        UserRef::Name(name) => {
            let sql = "SELECT id, name, status, usertype FROM users
                 WHERE name = $1 OR id IN (SELECT user_id FROM user_krb_principals WHERE krb_principal = $1)
                 ORDER BY CASE WHEN name = $1 THEN 0 ELSE 1 END";
            Ok(db.fetch_optional(sql, args![name.as_str()]).await?)
        }
        UserRef::Fields { id, name, krb_principal } => {
            // a struct without any of them stands for the first user of all, as it does for Koji
            let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
            let sql = "SELECT id, name, status, usertype FROM users
                 WHERE ($1 IS NULL OR id = $1) AND ($2 IS NULL OR name = $2)
                   AND ($3 IS NULL OR id IN (SELECT user_id FROM user_krb_principals WHERE krb_principal = $3))
                 ORDER BY id LIMIT 1";
            Ok(db.fetch_optional(sql, args![*id, given(name), given(krb_principal)]).await?)
        }
    }
}

/// The user that is meant; a fault if there is none.
pub(crate) async fn get(db: &mut Conn, which: &UserRef) -> Result<User> {
    match find(db, which).await? {
        Some(user) => Ok(user),
        None => fail!("No such user: {which}"),
    }
}

/// The user that a caller means, which may be the caller.
pub(crate) async fn find_for(cx: &mut Call<'_>, which: &UserRef) -> Result<Option<User>> {
    match (which, cx.user_id()) {
        (UserRef::Me, Ok(me)) => find_by_id(cx.db().await?, me).await,
        _ => find(cx.db().await?, which).await,
    }
}

/// The user that a caller means, which may be the caller; a fault if there is none.
pub(crate) async fn get_for(cx: &mut Call<'_>, which: &UserRef) -> Result<User> {
    match find_for(cx, which).await? {
        Some(user) => Ok(user),
        None => fail!("No such user: {which}"),
    }
}

/// A user's Kerberos principals, sorted.
pub(crate) async fn principals(db: &mut Conn, id: UserId) -> Result<Vec<String>> {
    let sql = "SELECT krb_principal FROM user_krb_principals WHERE user_id = $1 ORDER BY krb_principal";
    Ok(db.fetch_scalars(sql, args![id]).await?)
}

/// The Kerberos principals of several users.
async fn principals_of(db: &mut Conn, ids: &[UserId]) -> Result<HashMap<UserId, Vec<String>>> {
    let rows: Vec<(UserId, String)> = db
        .fetch_all(
            sql!("SELECT user_id, krb_principal FROM user_krb_principals WHERE user_id ", { in "$1" }, " ORDER BY krb_principal"),
            args![db_list(ids)],
        )
        .await?;
    let mut of: HashMap<_, Vec<_>> = HashMap::new();
    for (user, principal) in rows {
        of.entry(user).or_default().push(principal);
    }
    Ok(of)
}
