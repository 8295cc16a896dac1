//! What was last seen of external repos: repository upkeep stores it, to know when one has changed.

use koji_core::api::ExternalRepoRef;
use koji_core::json::Json;
use koji_core::python;
use koji_core::xmlrpc::{Value, to_value};

use crate::call::Call;
use crate::db::{Conn, args};
use crate::error::fail;
use crate::{Result, names};

/// What was last stored of a repo; nil if nothing was.
pub(crate) async fn get(db: &mut Conn, repo: &ExternalRepoRef) -> Result<Value> {
    let (id, _) = names::get(db, repo).await?;
    let sql = "SELECT data FROM external_repo_data WHERE external_repo_id = $1 AND active = TRUE";
    let data: Option<Option<Json>> = db.fetch_scalar_optional(sql, args![id]).await?;
    Ok(to_value(&data.flatten())?)
}

/// Stores what was seen of a repo, in place of what was stored before.
pub(crate) async fn set(cx: &mut Call<'_>, repo: &ExternalRepoRef, data: &Value) -> Result<()> {
    let (id, _) = names::get(cx.db().await?, repo).await?;
    let Value::Struct(_) = data else {
        fail!(Parameter, "Invalid type for value '{}': <class '{}'>", python::str(data), data.type_name());
    };
    let Ok(json) = serde_json::to_value(data) else {
        fail!(Parameter, "data that JSON has no form for: {}", python::repr(data));
    };
    cx.revoke("external_repo_data", vec![("external_repo_id", id.into())]).await?;
    cx.insert_versioned("external_repo_data", vec![("external_repo_id", id.into()), ("data", Json(json).into())]).await
}
