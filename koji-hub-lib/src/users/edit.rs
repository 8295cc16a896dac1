use std::collections::BTreeSet;

use koji_core::api::UserRef;
use koji_core::ids::UserId;
use koji_core::model::{User, UserStatus, UserType};
use koji_core::xmlrpc::{Struct, Value};

use super::{find_for, get_for, principals};
use crate::call::Call;
use crate::db::{Conn, args};
use crate::error::fail;
use crate::{Result, names};

/// Inserts a user.
pub(crate) async fn insert(
    db: &mut Conn,
    name: &str,
    status: UserStatus,
    usertype: UserType,
    krb_principal: Option<&str>,
) -> Result<UserId> {
    let sql = "INSERT INTO users (name, status, usertype) VALUES ($1, $2, $3) RETURNING id";
    let id = db.fetch_scalar(sql, args![name, status, usertype]).await?;
    if let Some(principal) = krb_principal.filter(|principal| !principal.is_empty()) {
        insert_principal(db, id, principal).await?;
    }
    Ok(id)
}

/// Makes a user of a type.
pub(crate) async fn create(
    cx: &mut Call<'_>,
    name: &str,
    usertype: UserType,
    status: Option<i32>,
    krb_principal: Option<&str>,
) -> Result<UserId> {
    let config = cx.hub().config();
    names::check_user(config, name)?;
    if let Some(principal) = krb_principal {
        names::check_principal(config, principal)?;
    }
    if find_for(cx, &name.into()).await?.is_some() {
        fail!("user already exists: {name}");
    }
    if let Some(principal) = krb_principal {
        refuse_taken(cx, principal).await?;
    }
    let code = status.unwrap_or(UserStatus::Normal.code());
    let Some(status) = UserStatus::from_code(code) else { fail!("invalid status: {code}") };
    insert(cx.db().await?, name, status, usertype, krb_principal).await
}

async fn refuse_taken(cx: &mut Call<'_>, principal: &str) -> Result<()> {
    let by_principal = UserRef::Fields { id: None, name: None, krb_principal: Some(principal.to_owned()) };
    if !principal.is_empty() && find_for(cx, &by_principal).await?.is_some() {
        fail!("user with this Kerberos principal already exists: {principal}");
    }
    Ok(())
}

async fn insert_principal(db: &mut Conn, user: UserId, principal: &str) -> Result<()> {
    let sql = "INSERT INTO user_krb_principals (user_id, krb_principal) VALUES ($1, $2)";
    db.execute(sql, args![user, principal]).await?;
    Ok(())
}

async fn delete_principal(db: &mut Conn, user: UserId, principal: &str) -> Result<u64> {
    let sql = "DELETE FROM user_krb_principals WHERE user_id = $1 AND krb_principal = $2";
    Ok(db.execute(sql, args![user, principal]).await?)
}

/// Gives a user a Kerberos principal.
pub(crate) async fn add_principal(cx: &mut Call<'_>, which: &UserRef, principal: &str) -> Result<UserId> {
    let user = get_for(cx, which).await?.id;
    names::check_principal(cx.hub().config(), principal)?;
    refuse_taken(cx, principal).await?;
    insert_principal(cx.db().await?, user, principal).await?;
    Ok(user)
}

/// Takes a Kerberos principal from a user.
pub(crate) async fn remove_principal(cx: &mut Call<'_>, which: &UserRef, principal: &str) -> Result<UserId> {
    let user = get_for(cx, which).await?;
    if principal.is_empty() {
        fail!("krb_principal must be specified");
    }
    if delete_principal(cx.db().await?, user.id, principal).await? == 0 {
        fail!(Auth, "cannot remove Kerberos Principal: {principal} with user {}", user.name);
    }
    Ok(user.id)
}

/// Renames a user, and changes its principals: each mapping says the `old` and the `new`.
pub(crate) async fn edit(cx: &mut Call<'_>, which: &UserRef, name: Option<&str>, mappings: &[Struct]) -> Result<()> {
    let user = get_for(cx, which).await?;
    if let Some(name) = name.filter(|name| !name.is_empty() && *name != user.name) {
        rename(cx, &user, name).await?;
    }
    let config = cx.hub().config();
    let (mut added, mut removed) = (BTreeSet::new(), BTreeSet::new());
    for mapping in mappings {
        let given = |side| mapping.get(side).and_then(Value::as_str).filter(|text| !text.is_empty());
        removed.extend(given("old"));
        if let Some(new) = given("new") {
            names::check_principal(config, new)?;
            added.insert(new);
        }
    }
    let db = cx.db().await?;
    let current = principals(db, user.id).await?;
    let current: BTreeSet<&str> = current.iter().map(String::as_str).collect();
    let refuse = |what: &str, principals: Vec<&str>| {
        if principals.is_empty() {
            return Ok(());
        }
        fail!("{what}: {}", principals.join(", "))
    };
    refuse(
        "There are some conflicts between added and removed Kerberos principals",
        added.intersection(&removed).copied().collect(),
    )?;
    refuse("Cannot add existing Kerberos principals", added.intersection(&current).copied().collect())?;
    refuse("Cannot remove non-existent Kerberos principals", removed.difference(&current).copied().collect())?;
    for old in removed {
        delete_principal(db, user.id, old).await?;
    }
    for new in added {
        insert_principal(db, user.id, new).await?;
    }
    Ok(())
}

async fn rename(cx: &mut Call<'_>, user: &User, name: &str) -> Result<()> {
    names::check_user(cx.hub().config(), name)?;
    let db = cx.db().await?;
    let taken: Option<UserId> = db.fetch_scalar_optional("SELECT id FROM users WHERE name = $1", args![name]).await?;
    if let Some(other) = taken {
        fail!("Name {name} already taken by user {other}");
    }
    db.execute("UPDATE users SET name = $2 WHERE id = $1", args![user.id, name]).await?;
    Ok(())
}

/// Lets a user log in, or keeps it from that.
pub(crate) async fn set_status(cx: &mut Call<'_>, which: &UserRef, status: UserStatus) -> Result<()> {
    let Some(user) = find_for(cx, which).await? else { fail!("No such user: {}", which.text()) };
    if user.status != status {
        cx.db().await?.execute("UPDATE users SET status = $2 WHERE id = $1", args![user.id, status]).await?;
    }
    Ok(())
}
