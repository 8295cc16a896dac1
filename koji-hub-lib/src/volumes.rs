//! Storage volumes: places for builds beside the default one.

use koji_core::api::VolumeRef;
use koji_core::ids::{BuildId, VolumeId};
use koji_core::model::Volume;

use crate::call::Call;
use crate::db::{Conn, args};
use crate::error::fail;
use crate::{Result, names};

/// All volumes.
pub(crate) async fn list(db: &mut Conn) -> Result<Vec<Volume>> {
    Ok(db.fetch_all("SELECT id, name FROM volume ORDER BY id", args![]).await?)
}

/// The volume that is meant.
pub(crate) async fn find(db: &mut Conn, which: &VolumeRef) -> Result<Option<Volume>> {
    Ok(names::find(db, which).await?.map(|(id, name)| Volume { id, name }))
}

/// Adds a volume, whose directory must be there; `strict` refuses one that is known.
pub(crate) async fn add(cx: &mut Call<'_>, name: &str, strict: bool) -> Result<Volume> {
    names::check_internal(cx.hub().config(), name)?;
    if strict && find(cx.db().await?, &name.into()).await?.is_some() {
        fail!("volume {name} already exists");
    }
    let storage = cx.storage();
    let dir = format!("vol/{name}");
    if !storage.metadata(&dir).await?.is_some_and(|found| found.is_dir) {
        fail!("please create the volume directory first");
    }
    let toplink = format!("{dir}/toplink");
    match storage.metadata(&toplink).await? {
        None => storage.link_top(&toplink).await?,
        Some(found) if found.is_dir => {}
        Some(_) => fail!("Not a symlink: {toplink}"),
    }
    let id: VolumeId = names::get_or_make(cx.db().await?, name).await?;
    Ok(Volume { id, name: name.to_owned() })
}

/// Removes a volume that no build is on. Its directory stays.
pub(crate) async fn remove(db: &mut Conn, which: &VolumeRef) -> Result<()> {
    let (id, name) = names::get(db, which).await?;
    let build: Option<BuildId> =
        db.fetch_scalar_optional("SELECT id FROM build WHERE volume_id = $1 LIMIT 1", args![id]).await?;
    if build.is_some() {
        fail!("volume {name} has build references");
    }
    db.execute("DELETE FROM volume WHERE id = $1", args![id]).await?;
    Ok(())
}
