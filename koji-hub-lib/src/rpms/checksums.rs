//! Checksums of RPM files with each of their signatures, computed once.

use std::collections::BTreeMap;

use bytes::Bytes;
use koji_core::ids::RpmId;
use koji_core::model::{ChecksumType, Rpm};
use koji_core::xmlrpc::{Struct, Value};

use super::nvra;
use crate::Result;
use crate::builds::{self, BuildExt};
use crate::call::Call;
use crate::db::args;
use crate::rpm_file::Spliced;
use crate::storage::Storage;
use crate::sums::Sums;

/// The checksums of these kinds for each signature: by key, then by kind. With `stored_only`, nil for those that were
/// not computed yet.
pub(crate) async fn checksums(
    cx: &mut Call<'_>,
    rpm: &Rpm,
    kinds: &[ChecksumType],
    stored_only: bool,
) -> Result<Struct> {
    let sql = "SELECT sigkey FROM rpmsigs WHERE rpm_id = $1 ORDER BY sigkey";
    let keys: Vec<String> = cx.db().await?.fetch_scalars(sql, args![rpm.id]).await?;
    let sql = "SELECT sigkey, checksum_type, checksum FROM rpm_checksum WHERE rpm_id = $1";
    let rows: Vec<(String, i16, String)> = cx.db().await?.fetch_all(sql, args![rpm.id]).await?;
    let mut known: BTreeMap<(String, i32), String> =
        rows.into_iter().map(|(key, kind, sum)| ((key, kind.into()), sum)).collect();
    let mut computed = Vec::new();
    for key in keys.iter().filter(|_| !stored_only) {
        let missing: Vec<ChecksumType> =
            kinds.iter().copied().filter(|kind| !known.contains_key(&(key.clone(), kind.code()))).collect();
        if !missing.is_empty() {
            let sums = compute(cx, rpm, key, &missing).await?;
            computed.extend(sums.into_iter().map(|(kind, sum)| (key.clone(), kind, sum)));
        }
    }
    // a transaction only now: reading the files takes its time
    for (key, kind, sum) in computed {
        store(cx, rpm.id, &key, kind, &sum).await?;
        known.insert((key, kind.code()), sum);
    }
    let mut out = Struct::new();
    for key in keys {
        let of_kind = |kind: &ChecksumType| (kind.name(), known.get(&(key.clone(), kind.code())).cloned());
        let sums: Struct = kinds.iter().map(of_kind).map(|(kind, sum)| (kind, Value::from(sum))).collect();
        out.insert(key, sums);
    }
    Ok(out)
}

async fn compute(
    cx: &mut Call<'_>,
    rpm: &Rpm,
    sigkey: &str,
    kinds: &[ChecksumType],
) -> Result<Vec<(ChecksumType, String)>> {
    let Some(build) = rpm.build_id else { return Ok(Vec::new()) };
    let dir = builds::get_by_id(cx.db().await?, build).await?.dir();
    let name = nvra(rpm);
    let storage = cx.storage();
    let sighdr = signature(storage, &dir.sighdr(&name, sigkey)).await?;
    let mut sums = Sums::new(kinds);
    let mut file = Spliced::open(storage, &dir.rpm(&name), sighdr).await?;
    while let Some(part) = file.next().await? {
        sums.update(&part);
    }
    Ok(sums.finish())
}

/// A signature header that was kept.
pub(super) async fn signature(storage: &dyn Storage, path: &str) -> Result<Bytes> {
    let length = storage.metadata(path).await?.map_or(0, |found| found.size);
    Ok(storage.read(path, 0, length).await?)
}

async fn store(cx: &mut Call<'_>, rpm: RpmId, sigkey: &str, kind: ChecksumType, sum: &str) -> Result<()> {
    let kind = i16::try_from(kind.code()).unwrap_or_default();
    cx.begin()
        .await?
        .execute(
            "INSERT INTO rpm_checksum (rpm_id, sigkey, checksum, checksum_type) VALUES ($1, $2, $3, $4)
             ON CONFLICT DO NOTHING",
            args![rpm, sigkey, sum, kind],
        )
        .await?;
    Ok(())
}
