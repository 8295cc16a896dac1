//! Who may act as which content generator.

use std::collections::BTreeMap;

use koji_core::api::{CgRef, UserRef};
use koji_core::ids::CgId;
use koji_core::model::ContentGenerator;

use crate::call::Call;
use crate::db::{Conn, args};
use crate::error::fail;
use crate::{Result, names, users};

/// The content generators that anyone may act as, by name.
pub(crate) async fn list(db: &mut Conn) -> Result<BTreeMap<String, ContentGenerator>> {
    let rows: Vec<(CgId, String, String)> = db
        .fetch_all(
            "SELECT cg.id, cg.name, users.name FROM cg_users
             JOIN content_generator AS cg ON cg.id = cg_users.cg_id
             JOIN users ON users.id = cg_users.user_id
             WHERE cg_users.active = TRUE ORDER BY cg_users.create_event, users.id",
            args![],
        )
        .await?;
    let mut out = BTreeMap::new();
    for (id, name, user) in rows {
        let cg = out.entry(name).or_insert(ContentGenerator { id, users: Vec::new() });
        cg.users.push(user);
    }
    Ok(out)
}

/// Lets a user act as a content generator; with `create`, one that there is not yet is made.
pub(crate) async fn grant(cx: &mut Call<'_>, user: &UserRef, cg: &CgRef, create: bool) -> Result<()> {
    let user = users::get(cx.db().await?, user).await?.id;
    if let (CgRef::Name(name), true) = (cg, create) {
        names::check_internal(cx.hub().config(), name)?;
        names::get_or_make::<CgId>(cx.db().await?, name).await?;
    }
    let db = cx.db().await?;
    let (cg, name) = names::get::<CgId>(db, cg).await?;
    let sql = "SELECT cg_id FROM cg_users WHERE active = TRUE AND cg_id = $1 AND user_id = $2";
    let known: Option<CgId> = db.fetch_scalar_optional(sql, args![cg, user]).await?;
    if known.is_some() {
        fail!("User already has access to content generator {name}");
    }
    cx.insert_versioned("cg_users", vec![("cg_id", cg.into()), ("user_id", user.into())]).await
}

/// Lets a user no longer act as a content generator.
pub(crate) async fn revoke(cx: &mut Call<'_>, user: &UserRef, cg: &CgRef) -> Result<()> {
    let db = cx.db().await?;
    let user = users::get(db, user).await?.id;
    let (cg, _) = names::get::<CgId>(db, cg).await?;
    cx.revoke("cg_users", vec![("cg_id", cg.into()), ("user_id", user.into())]).await.map(|_| ())
}

/// The content generator; a fault unless the caller may act as it. Not even administrators may unless they were let.
pub(crate) async fn assert_access(cx: &mut Call<'_>, cg: &CgRef) -> Result<(CgId, String)> {
    let (cg, name) = names::get::<CgId>(cx.db().await?, cg).await?;
    let Some(user) = cx.session().filter(|session| session.usable).map(|session| session.user_id) else {
        fail!(Auth, "Not logged-in");
    };
    let sql = "SELECT cg_id FROM cg_users WHERE active = TRUE AND cg_id = $1 AND user_id = $2";
    let allowed: Option<CgId> = cx.db().await?.fetch_scalar_optional(sql, args![cg, user]).await?;
    if allowed.is_none() {
        fail!(Auth, "Content generator access required ({name})");
    }
    Ok((cg, name))
}
