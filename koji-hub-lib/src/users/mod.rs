//! Users, groups of users, and permissions.

mod new;

pub use new::NewUser;

use koji_core::api::UserRef;
use koji_core::ids::UserId;
use koji_core::model::User;

use crate::Result;
use crate::db::{Conn, Select, args};
use crate::error::fail;

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

/// The user with that id, without principals and groups.
pub(crate) async fn find_by_id(db: &mut Conn, id: UserId) -> Result<Option<User>> {
    Ok(db.fetch_optional("SELECT id, name, status, usertype FROM users WHERE id = $1", args![id]).await?)
}

/// A user's Kerberos principals, sorted.
pub(crate) async fn principals(db: &mut Conn, id: UserId) -> Result<Vec<String>> {
    let sql = "SELECT krb_principal FROM user_krb_principals WHERE user_id = $1 ORDER BY krb_principal";
    Ok(db.fetch_scalars(sql, args![id]).await?)
}

/// The user that is meant, without principals and groups. A text is a name or a principal.
pub(crate) async fn find(db: &mut Conn, user: &UserRef) -> Result<Option<User>> {
    let (id, name, principal) = match user {
        UserRef::Id(id) => return find_by_id(db, *id).await,
        UserRef::Name(text) => (None, Some(text), Some(text)),
        UserRef::Fields { id, name, krb_principal } => (*id, name.as_ref(), krb_principal.as_ref()),
    };
    let condition = match user {
        UserRef::Name(_) => "users.name = $2 OR principal.user_id IS NOT NULL",
        _ => {
            "($1 IS NULL OR users.id = $1) AND ($2 IS NULL OR users.name = $2)
              AND ($3 IS NULL OR principal.user_id IS NOT NULL)"
        }
    };
    let query = Select::from("users")
        .columns(&[
            ("users.id", "id"),
            ("users.name", "name"),
            ("users.status", "status"),
            ("users.usertype", "usertype"),
        ])
        .join_with(
            "LEFT JOIN user_krb_principals AS principal ON principal.user_id = users.id AND principal.krb_principal = $1",
            args![principal.map(String::as_str)],
        )
        .order_by("users.id");
    let query = match user {
        UserRef::Name(text) => query.filter("users.name = $1 OR principal.user_id IS NOT NULL", args![text.as_str()]),
        _ => [
            id.map(|id| ("users.id = $1", args![id])),
            name.map(|name| ("users.name = $1", args![name.as_str()])),
            principal.map(|_| ("principal.user_id IS NOT NULL", args![])),
        ]
        .into_iter()
        .flatten()
        .fold(query, |query, (condition, args)| query.filter(condition, args)),
    };
    Ok(query.fetch_optional(db).await?)
}

/// The user that is meant; a fault if there is none.
pub(crate) async fn get(db: &mut Conn, user: &UserRef) -> Result<User> {
    match find(db, user).await? {
        Some(found) => Ok(found),
        None => fail!("No such user: {user}"),
    }
}
