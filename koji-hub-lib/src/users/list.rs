use koji_core::api::QueryOpts;
use koji_core::api::query::Rows;
use koji_core::ids::PermissionId;
use koji_core::model::User;

use super::principals_of;
use crate::Result;
use crate::db::{Conn, Select, args, list as db_list, sql};

/// Which users are listed.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    /// Those of these types.
    pub types: Option<Vec<i32>>,
    /// Those whose names begin so, whatever the case.
    pub prefix: Option<String>,
    /// Those who hold a permission.
    pub perm: Option<PermissionId>,
    /// Those, too, who hold it by a group.
    pub perm_of_groups: bool,
}

/// Lists users with their principals.
pub(crate) async fn list(db: &mut Conn, filter: Filter, asked: Option<&QueryOpts>) -> Result<Rows<User>> {
    let mut query = Select::from("users")
        .columns(&[("users.id", "id"), ("users.name", "name"), ("status", "status"), ("usertype", "usertype")])
        .order_by("users.id");
    if let Some(types) = &filter.types {
        query = query.filter(sql!("usertype ", { in "$1" }), args![db_list(types)]);
    }
    if let Some(perm) = filter.perm {
        query = query.filter(
            "users.id IN (SELECT user_id FROM user_perms WHERE active = TRUE AND perm_id = $1)
             OR ($2 AND users.id IN (SELECT g.user_id FROM user_groups g JOIN user_perms p ON p.user_id = g.group_id
                                     WHERE g.active = TRUE AND p.active = TRUE AND p.perm_id = $1))",
            args![perm, filter.perm_of_groups],
        );
    }
    if let Some(prefix) = &filter.prefix {
        query = query.filter(sql!({ ilike "users.name", "$1 || '%'" }), args![prefix.as_str()]);
    }
    let rows_asked = asked.map(|asked| QueryOpts { as_list: None, ..asked.clone() });
    let mut users = match query.rows::<User>(db, rows_asked.as_ref()).await? {
        Rows::List(users) => users,
        counted => return Ok(counted),
    };
    let ids: Vec<_> = users.iter().map(|user| user.id).collect();
    let mut principals = principals_of(db, &ids).await?;
    for user in &mut users {
        user.krb_principals = Some(principals.remove(&user.id).unwrap_or_default());
    }
    Ok(match asked.and_then(|asked| asked.as_list) {
        Some(true) => Rows::values(users, &["id", "krb_principals", "name", "status", "usertype"]),
        _ => Rows::List(users),
    })
}
