//! What went into buildroots and files, found among what the hub has. What it does not have is left out, with a word in
//! the log.

use koji_core::api::RpmRef;
use koji_core::api::archives::ListArchives;
use koji_core::ids::{ArchiveId, RpmId};
use koji_core::model::ChecksumType;
use koji_core::python;
use koji_core::xmlrpc::{Struct, Value};

use crate::call::Call;
use crate::error::fail;
use crate::given::read;
use crate::{Result, archives, builds, rpms};

/// What an import has to tell that is no fault.
#[derive(Default)]
pub(super) struct Log(pub Vec<String>);

impl Log {
    fn warn(&mut self, text: String) {
        tracing::warn!("{text}");
        self.0.push(text);
    }
}

/// The RPMs and archives that were found, each once.
#[derive(Default)]
pub(super) struct Found {
    pub rpms: Vec<RpmId>,
    pub archives: Vec<ArchiveId>,
}

/// Finds components.
pub(super) async fn find(cx: &mut Call<'_>, log: &mut Log, components: &[Struct]) -> Result<Found> {
    let mut found = Found::default();
    for component in components {
        match component.get("type").and_then(Value::as_str) {
            Some("rpm") => found.rpms.extend(rpm(cx, log, component).await?),
            Some("file") => found.archives.extend(file(cx, log, component).await?),
            Some("kojifile") => found.archives.push(koji_file(cx, component).await?),
            _ => {
                let kind = component.get("type").cloned().unwrap_or_default();
                fail!("No such component type: {}", python::str(&kind));
            }
        }
    }
    found.rpms.sort_unstable();
    found.rpms.dedup();
    found.archives.sort_unstable();
    found.archives.dedup();
    Ok(found)
}

fn shown(component: &Struct) -> String {
    python::repr(&component.clone().into())
}

fn member<T: koji_core::api::Param>(component: &Struct, name: &str) -> Result<T> {
    match component.get(name) {
        Some(value) => read(name, value.clone()),
        None => fail!("Invalid metadata: a component has no {name}"),
    }
}

async fn rpm(cx: &mut Call<'_>, log: &mut Log, component: &Struct) -> Result<Option<RpmId>> {
    if component.get("location").is_some() {
        fail!("External rpms not allowed");
    }
    if component.get("id").is_some() {
        fail!("Unexpected 'id' field in component");
    }
    let sigmd5 = component.get("sigmd5").cloned();
    let Some(rpm) = rpms::find(cx.db().await?, &RpmRef::Fields(component.clone())).await? else {
        log.warn(format!("IGNORING unmatched rpm component: {}", shown(component)));
        return Ok(None);
    };
    if rpm.draft == Some(true) {
        fail!("Draft rpm not supported");
    }
    match sigmd5 {
        None => fail!("Invalid metadata: a component has no sigmd5"),
        Some(sum) if sum.as_str() == Some(&rpm.payloadhash) => {}
        Some(_) => log.warn(format!("IGNORING rpm component (md5 mismatch): {}", shown(component))),
    }
    Ok(Some(rpm.id))
}

async fn file(cx: &mut Call<'_>, log: &mut Log, component: &Struct) -> Result<Option<ArchiveId>> {
    let (name, size): (String, i64) = (member(component, "filename")?, member(component, "filesize")?);
    let (sum, kind): (String, String) = (member(component, "checksum")?, member(component, "checksum_type")?);
    let Some(kind) = ChecksumType::from_name(&kind) else { fail!("Unsupported checksum type: {kind}") };
    let asked = ListArchives::new().filename(name.as_str()).size(size);
    let (same, others): (Vec<_>, Vec<_>) = archives::list(cx.db().await?, asked)
        .await?
        .into_list()
        .into_iter()
        .partition(|archive| archive.checksum_type == kind);
    if let Some(archive) = same.iter().find(|archive| archive.checksum == sum) {
        return Ok(Some(archive.id));
    }
    log.warn(format!("Failed to match archive {name} (size {size}, sum {sum}"));
    if !others.is_empty() {
        log.warn(format!("Match failed with {} type mismatches", others.len()));
    }
    log.warn(format!("IGNORING unmatched archive: {}", shown(component)));
    Ok(None)
}

/// An archive by its id; what else is said of it must be so.
async fn koji_file(cx: &mut Call<'_>, component: &Struct) -> Result<ArchiveId> {
    let id: ArchiveId = member(component, "archive_id")?;
    let db = cx.db().await?;
    let archive = archives::get(db, Some(id)).await?;
    let build = builds::get_by_id(db, archive.build_id).await?;
    for name in ["nvr", "filename"] {
        if component.get(name).is_none() {
            fail!("{name} field missing for component, archive_id={id}");
        }
    }
    for (name, expected) in [
        ("nvr", Value::from(build.nvr)),
        ("filename", archive.filename.into()),
        ("filesize", archive.size.into()),
        ("checksum", archive.checksum.into()),
        ("checksum_type", archive.checksum_type.name().into()),
    ] {
        if let Some(given) = component.get(name).filter(|given| **given != expected) {
            let (expected, given) = (python::str(&expected), python::str(given));
            fail!("Component field {name} does not match for archive_id={id}: {expected} != {given}");
        }
    }
    Ok(id)
}
