//! The files that tasks leave.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use koji_core::ids::TaskId;
use koji_core::paths;
use koji_core::xmlrpc::{Struct, Value};

use crate::Result;
use crate::call::Call;
use crate::db::args;
use crate::error::fail;
use crate::storage::{StorageError, walk};

/// What a call of `downloadTaskOutput` is answered with at most, in bytes.
const MOST: u64 = 64 << 20;

/// Lists the files: names, with `stat` what is known of each, with `all_volumes` by volume.
pub(crate) async fn list_output(cx: &mut Call<'_>, task: TaskId, stat: bool, all_volumes: bool) -> Result<Value> {
    let volumes: Vec<String> = if all_volumes {
        cx.db().await?.fetch_scalars("SELECT name FROM volume ORDER BY id", args![]).await?
    } else {
        vec!["DEFAULT".into()]
    };
    let mut names = Vec::new();
    let mut found = Struct::new();
    for volume in volumes {
        let dir = paths::task_output(Some(volume.as_str()).filter(|v| *v != "DEFAULT"), task);
        for name in walk(cx.storage(), &dir).await? {
            let details = if stat {
                let Some(meta) = cx.storage().metadata(&format!("{dir}/{name}")).await? else { continue };
                let time = meta.modified.as_secs_f64();
                let stat: Struct = [
                    ("st_size", Value::from(meta.size.to_string())),
                    ("st_atime", time.into()),
                    ("st_mtime", time.into()),
                    ("st_ctime", time.into()),
                ]
                .into_iter()
                .collect();
                Value::Struct(stat)
            } else {
                Value::Nil
            };
            if !all_volumes {
                found.insert(name.as_str(), details);
                names.push(Value::String(name));
                continue;
            }
            let place = match found.remove(&name) {
                Some(Value::Struct(mut by_volume)) => {
                    by_volume.insert(volume.as_str(), details);
                    Value::Struct(by_volume)
                }
                Some(Value::Array(mut volumes)) => {
                    volumes.push(volume.as_str().into());
                    Value::Array(volumes)
                }
                _ if stat => Value::Struct([(volume.as_str(), details)].into_iter().collect()),
                _ => Value::Array(vec![volume.as_str().into()]),
            };
            found.insert(name, place);
        }
    }
    Ok(if stat || all_volumes { found.into() } else { names.into() })
}

/// A part of a file, in base64.
pub(crate) async fn read_output(
    cx: &mut Call<'_>,
    task: TaskId,
    name: &str,
    offset: i64,
    size: i64,
    volume: Option<&str>,
) -> Result<String> {
    if name.contains("..") {
        fail!("Invalid file name: {name}");
    }
    if let Some(volume) = volume {
        let known: Option<i32> =
            cx.db().await?.fetch_scalar_optional("SELECT id FROM volume WHERE name = $1", args![volume]).await?;
        if known.is_none() {
            fail!("No such volume: {volume}");
        }
    }
    let path = format!("{}/{name}", paths::task_output(volume.filter(|v| *v != "DEFAULT"), task));
    let meta = match cx.storage().metadata(&path).await {
        Ok(Some(meta)) if !meta.is_dir => meta,
        Ok(_) | Err(StorageError::BadPath { .. }) => fail!("no file \"{name}\" output by task {task}"),
        Err(e) => return Err(e.into()),
    };
    let start = match u64::try_from(offset) {
        Ok(start) => start,
        Err(_) => meta.size.saturating_sub(offset.unsigned_abs()),
    };
    let wanted = u64::try_from(size).unwrap_or(u64::MAX).min(meta.size.saturating_sub(start));
    if wanted > MOST {
        fail!("{name} is too large for one answer: {wanted} bytes. Ask for parts of up to {MOST}, by offset and size");
    }
    let data = cx.storage().read(&path, start, wanted).await?;
    Ok(STANDARD.encode(data))
}
