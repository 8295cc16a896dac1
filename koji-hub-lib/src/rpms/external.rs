//! RPMs of external repos, which the hub knows only by what is said of them.

use koji_core::api::{ExternalRepoRef, Param, RpmRef};
use koji_core::ids::{ExternalRepoId, RpmId};
use koji_core::model::Rpm;
use koji_core::python;
use koji_core::xmlrpc::{Struct, Value};

use super::{find, get};
use crate::call::Call;
use crate::db::args;
use crate::error::fail;
use crate::{Result, names};

/// A field of the data; a fault if it is missing or of another type.
fn field<T: Param>(data: &Struct, name: &str) -> Result<T> {
    match data.get(name).map(|value| T::from_value(value.clone())) {
        None => fail!("{name} field missing: {}", python::repr(&data.clone().into())),
        Some(Ok(value)) => Ok(value),
        Some(Err(_)) => {
            fail!("Invalid value for {name}: {}", python::repr(&data.get(name).cloned().unwrap_or_default()))
        }
    }
}

/// Registers an RPM of an external repo: `name`, `version`, `release`, `epoch`, `arch`, `payloadhash`, `size` and
/// `buildtime`. One that is known is a fault if strict, and else must have the same `payloadhash`.
pub(crate) async fn register(cx: &mut Call<'_>, data: &Struct, repo: &str, strict: bool) -> Result<Rpm> {
    let (name, version, release): (String, String, String) =
        (field(data, "name")?, field(data, "version")?, field(data, "release")?);
    let epoch: Option<i32> = field(data, "epoch")?;
    let (arch, payloadhash): (String, String) = (field(data, "arch")?, field(data, "payloadhash")?);
    let (size, buildtime): (i64, i64) = (field(data, "size")?, field(data, "buildtime")?);

    let key: Struct = [("name", &name), ("version", &version), ("release", &release), ("arch", &arch)]
        .into_iter()
        .map(|(k, v)| (k, v.as_str()))
        .collect();
    let mut named = key;
    named.insert("location", repo);
    if let Some(known) = find(cx.db().await?, &RpmRef::Fields(named)).await? {
        let shown = format!("{}@{}", super::nvra(&known), known.external_repo_name);
        if strict {
            fail!("external rpm already exists: {shown}");
        }
        if known.payloadhash != payloadhash {
            fail!("hash changed for external rpm: {shown} ({} -> {payloadhash})", known.payloadhash);
        }
        return Ok(known);
    }
    let db = cx.db().await?;
    let (repo, _): (ExternalRepoId, _) = names::get(db, &ExternalRepoRef::from(repo)).await?;
    let id: RpmId = db
        .fetch_scalar(
            "INSERT INTO rpminfo (name, version, release, epoch, arch, external_repo_id, payloadhash, size, buildtime)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id",
            args![name, version, release, epoch, arch, repo, payloadhash, size, buildtime],
        )
        .await?;
    get(db, &id.into()).await
}

/// The RPM that a builder has found in a buildroot: one of the hub's own, or with a `location` one of that external
/// repo, which is registered if need be.
pub(crate) async fn find_or_register(cx: &mut Call<'_>, data: &Struct) -> Result<RpmId> {
    let location = data.get("location").and_then(Value::as_str).filter(|location| !location.is_empty());
    Ok(match location {
        Some(location) => register(cx, data, location, false).await?.id,
        None => get(cx.db().await?, &RpmRef::Fields(data.clone())).await?.id,
    })
}
