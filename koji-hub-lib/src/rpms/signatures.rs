//! Signatures of RPMs: their headers are kept, and copies of the files made with them.

use bytes::Bytes;
use koji_core::ids::RpmId;
use koji_core::model::{Build, ChecksumType, Rpm};
use koji_core::nvr::Nvra;
use md5::Digest;

use super::checksums::signature;
use super::{checksums, nvra};
use crate::Result;
use crate::builds::{self, BuildExt};
use crate::call::Call;
use crate::db::args;
use crate::error::fail;
use crate::plugin::{Callback, CallbackType, RpmSign};
use crate::rpm_file::{self, Spliced, hex};
use crate::storage::WriteAt;

/// Keeps a signature header of a build's RPM, whose file is in place. `sigkey` is the id of the key, empty for none.
pub(crate) async fn add_signature(
    cx: &mut Call<'_>,
    build: &Build,
    rpm: RpmId,
    nvra: &Nvra,
    sigkey: &str,
    sighdr: Bytes,
) -> Result<()> {
    let db = cx.db().await?;
    let known: Option<RpmId> = db
        .fetch_scalar_optional("SELECT rpm_id FROM rpmsigs WHERE rpm_id = $1 AND sigkey = $2", args![rpm, sigkey])
        .await?;
    if known.is_some() {
        fail!("Signature already exists for package {nvra}, key {sigkey}");
    }
    let sighash = hex(&md5::Md5::digest(&sighdr));
    let signed = match cx.tells(CallbackType::PreRpmSign) || cx.tells(CallbackType::PostRpmSign) {
        true => Some(super::get(cx.db().await?, &rpm.into()).await?),
        false => None,
    };
    let about = signed.as_ref().map(|rpm| RpmSign { sigkey, sighash: &sighash, build, rpm });
    if let Some(about) = about.clone() {
        cx.tell(Callback::PreRpmSign(about)).await?;
    }
    let db = cx.db().await?;
    db.execute(
        "INSERT INTO rpmsigs (rpm_id, sigkey, sighash) VALUES ($1, $2, $3)",
        args![rpm, sigkey, sighash.as_str()],
    )
    .await?;
    cx.storage().put(&build.dir().sighdr(nvra, sigkey), sighdr).await?;
    match about {
        Some(about) => cx.tell(Callback::PostRpmSign(about)).await,
        None => Ok(()),
    }
}

/// The build of one of the hub's own RPMs, locked: it does not move while files are written into its directory.
async fn build_of(cx: &mut Call<'_>, rpm: &Rpm) -> Result<Build> {
    match rpm.build_id {
        Some(build) => builds::lock(cx.db().await?, build).await,
        None => fail!("Not an internal rpm: {} (from {})", nvra(rpm), rpm.external_repo_name),
    }
}

/// Keeps a signature header of an RPM, after a look whether it is that RPM's. Another key id than that of the key which
/// signed it may be given.
pub(crate) async fn sign(cx: &mut Call<'_>, rpm: &Rpm, sighdr: Bytes, sigkey: Option<String>) -> Result<()> {
    let sigkey = sigkey.filter(|key| !key.is_empty()).map(|key| key.to_lowercase());
    if let Some(key) = &sigkey {
        check_key(key)?;
    }
    let build = build_of(cx, rpm).await?;
    let name = nvra(rpm);
    let path = build.dir().rpm(&name);
    let Some(file) = rpm_file::read(cx.storage(), &path).await? else { fail!("No such path: {path}") };
    let summary = match file.with_signature(sighdr.clone()).and_then(|signed| signed.summary()) {
        Ok(summary) => summary,
        Err(reason) => fail!("invalid signature header for {name}: {reason}"),
    };
    if summary.sigmd5 != rpm.payloadhash {
        fail!("wrong md5 for {name}: {}", summary.sigmd5);
    }
    add_signature(cx, &build, rpm.id, &name, &sigkey.unwrap_or(summary.sigkey), sighdr).await
}

/// A fault unless it can be a key's id, which is a part of paths.
fn check_key(sigkey: &str) -> Result<()> {
    if sigkey.is_empty() || !sigkey.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')) {
        fail!("Invalid sigkey: {sigkey}");
    }
    Ok(())
}

/// Writes the copy of an RPM that has the signature of a key, and keeps its checksums. One that is there stays, unless
/// forced.
pub(crate) async fn write_signed(
    cx: &mut Call<'_>,
    rpm: &Rpm,
    sigkey: &str,
    kinds: &[ChecksumType],
    force: bool,
) -> Result<()> {
    let build = build_of(cx, rpm).await?;
    let (dir, name) = (build.dir(), nvra(rpm));
    let storage = cx.storage();
    if storage.metadata(&dir.rpm(&name)).await?.is_none() {
        fail!("No such path: {}", dir.rpm(&name));
    }
    let sql = "SELECT sighash FROM rpmsigs WHERE rpm_id = $1 AND sigkey = $2";
    let known: Option<String> = cx.db().await?.fetch_scalar_optional(sql, args![rpm.id, sigkey]).await?;
    if known.is_none() {
        fail!("No cached signature for package {name}, key {sigkey}");
    }
    let to = dir.signed(&name, sigkey);
    if force || storage.metadata(&to).await?.is_none() {
        let sighdr = signature(storage, &dir.sighdr(&name, sigkey)).await?;
        let mut file = Spliced::open(storage, &dir.rpm(&name), sighdr).await?;
        // readers see no half of it
        let beside = format!("{to}.{:016x}.part", rand::random::<u64>());
        let mut at = 0;
        while let Some(part) = file.next().await? {
            at = storage.write(&beside, WriteAt::Truncate(at), part).await?;
        }
        storage.rename(&beside, &to).await?;
    }
    checksums(cx, rpm, kinds, false).await.map(|_| ())
}

/// Forgets the signature of a key, or all of them, and removes the copies that have them. The headers are kept under
/// other names. No such signature is a fault.
pub(crate) async fn unsign(cx: &mut Call<'_>, rpm: &Rpm, sigkey: Option<&str>) -> Result<()> {
    let build = build_of(cx, rpm).await?;
    let (dir, name) = (build.dir(), nvra(rpm));
    let db = cx.db().await?;
    let found: Vec<(String, String)> = db
        .fetch_all(
            "SELECT sigkey, sighash FROM rpmsigs WHERE rpm_id = $1 AND ($2 IS NULL OR sigkey = $2) ORDER BY sigkey",
            args![rpm.id, sigkey],
        )
        .await?;
    if found.is_empty() {
        fail!("{name} has no matching signatures to delete");
    }
    for (key, sighash) in found {
        for sql in [
            "DELETE FROM rpmsigs WHERE rpm_id = $1 AND sigkey = $2",
            "DELETE FROM rpm_checksum WHERE rpm_id = $1 AND sigkey = $2",
        ] {
            cx.db().await?.execute(sql, args![rpm.id, key.as_str()]).await?;
        }
        let (hub, signed, header) = (cx.hub().clone(), dir.signed(&name, &key), dir.sighdr(&name, &key));
        cx.on_commit(async move {
            let saved = format!("{header}.{sighash}.save");
            let removed = hub.storage().remove(&signed).await;
            if let Err(e) = removed.and(hub.storage().rename(&header, &saved).await) {
                tracing::error!(error = %e, "files of a deleted signature stay");
            }
        });
    }
    Ok(())
}

/// Gives a signature another key id: what is kept of it and the copy that has it go with it.
pub(crate) async fn rename_signature(cx: &mut Call<'_>, rpm: &Rpm, old: &str, new: &str) -> Result<()> {
    let build = build_of(cx, rpm).await?;
    let (dir, name) = (build.dir(), nvra(rpm));
    check_key(new)?;
    let db = cx.db().await?;
    let known: Vec<String> = db.fetch_scalars("SELECT sigkey FROM rpmsigs WHERE rpm_id = $1", args![rpm.id]).await?;
    if !known.iter().any(|key| key == old) {
        fail!("No signature for package {name}, key {old}");
    }
    if known.iter().any(|key| key == new) {
        fail!("Signature already exists for package {name}, key {new}");
    }
    for sql in [
        "UPDATE rpmsigs SET sigkey = $3 WHERE rpm_id = $1 AND sigkey = $2",
        "UPDATE rpm_checksum SET sigkey = $3 WHERE rpm_id = $1 AND sigkey = $2",
    ] {
        db.execute(sql, args![rpm.id, old, new]).await?;
    }
    let moves = [(dir.sighdr(&name, old), dir.sighdr(&name, new)), (dir.signed(&name, old), dir.signed(&name, new))];
    for (from, to) in moves {
        if cx.storage().metadata(&from).await?.is_none() {
            continue;
        }
        let (hub, made) = (cx.hub().clone(), to.clone());
        cx.on_rollback(async move {
            if let Err(e) = hub.storage().remove(&made).await {
                tracing::error!(error = %e, "files of a signature that was not renamed stay");
            }
        });
        cx.storage().copy(&from, &to).await?;
        let hub = cx.hub().clone();
        cx.on_commit(async move {
            if let Err(e) = hub.storage().remove(&from).await {
                tracing::error!(error = %e, "files of a renamed signature stay");
            }
        });
    }
    Ok(())
}
