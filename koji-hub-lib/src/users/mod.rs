//! Users, groups of users, and permissions.

use koji_core::ids::UserId;
use koji_core::model::User;

use crate::Result;
use crate::db::{Conn, args};

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
