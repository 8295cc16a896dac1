//! `rpm2maven`: the Maven artifacts that RPMs install, made available in the Maven repositories of tags.

use std::collections::BTreeMap;
use std::path::Path;

use async_trait::async_trait;
use koji_core::glob;
use koji_core::ids::RpmId;
use koji_core::model::Build;
use koji_core::xmlrpc::{Struct, Value};

use crate::call::Call;
use crate::config::HubConfig;
use crate::error::fail;
use crate::given::read;
use crate::import::{self, NewArchive, info_of_pom};
use crate::plugin::{Callback, CallbackType, Import, Plugin, PluginSettings};
use crate::{Hub, Result, archives, builds, rpm_file};

/// The folder below that for uploads in which artifacts are until they are imported.
const FOLDER: &str = "rpm2maven";

/// The plugin with its settings: patterns, separated by spaces.
pub(super) struct Rpm2Maven {
    /// Of names of RPMs.
    rpm_names: String,
    /// Of folders that hold an artifact each.
    artifact_paths: String,
}

impl Rpm2Maven {
    pub(super) fn new(config: &HubConfig) -> Result<Self> {
        let settings = PluginSettings::read(config, "rpm2maven", "patterns")?;
        let text = |key| settings.required(key).map(str::to_owned);
        Ok(Rpm2Maven { rpm_names: text("rpm_names")?, artifact_paths: text("artifact_paths")? })
    }
}

#[async_trait]
impl Plugin for Rpm2Maven {
    fn name(&self) -> &str {
        "rpm2maven"
    }

    fn callbacks(&self) -> &[CallbackType] {
        &[CallbackType::PostImport]
    }

    async fn callback(&self, cx: &mut Call<'_>, what: &Callback<'_>) -> Result<()> {
        let Callback::PostImport(Import::Rpm { rpm, build, filepath, .. }) = what else { return Ok(()) };
        let Some(name) = rpm.get("name").and_then(Value::as_str) else { return Ok(()) };
        // archives of drafts there are none
        if !cx.hub().config().enable_maven || build.draft || !glob::matches_any(&self.rpm_names, name) {
            return Ok(());
        }
        let id: RpmId = read("id", rpm.get("id").cloned().unwrap_or(Value::Nil))?;
        let folder = format!("{FOLDER}/{}/{id}", build.nvr);
        let place = import::upload(&folder);
        // of an attempt that died
        cx.storage().remove(&place).await?;
        import::remove_unless_committed(cx, place.clone());
        let artifacts = self.artifacts(cx.hub(), filepath, place.clone()).await?;
        if artifacts.is_empty() {
            return Ok(cx.storage().remove(&place).await?);
        }
        become_maven(cx, build, name).await?;
        for (below, names) in artifacts {
            import_folder(cx, build, &format!("{folder}{below}"), names).await?;
        }
        // the last to be done: what is imported leaves links here
        let hub = cx.hub().clone();
        cx.on_commit(async move {
            if let Err(e) = hub.storage().remove(&place).await {
                tracing::warn!(error = %e, "unpacked artifacts are left over");
            }
        });
        Ok(())
    }
}

impl Rpm2Maven {
    /// Unpacks the folders of the RPM that hold an artifact, which are those with one project file: the names of the files
    /// in each.
    async fn artifacts(&self, hub: &Hub, filepath: &str, place: String) -> Result<BTreeMap<String, Vec<String>>> {
        let Some(path) = Path::new(filepath).strip_prefix(&hub.config().koji_dir).ok().and_then(Path::to_str) else {
            fail!("{filepath} is not in the hub's storage");
        };
        let patterns = self.artifact_paths.clone();
        let of_artifacts = move |files: Vec<String>| {
            let mut folders = by_folder(files);
            folders.retain(|dir, names| {
                glob::matches_any(&patterns, dir) && names.iter().filter(|name| name.ends_with(".pom")).count() == 1
            });
            folders.iter().flat_map(|(dir, names)| names.iter().map(move |name| format!("{dir}/{name}"))).collect()
        };
        Ok(by_folder(rpm_file::unpack(hub, path, place, of_artifacts).await?))
    }
}

/// The names of the files in each folder.
fn by_folder(files: Vec<String>) -> BTreeMap<String, Vec<String>> {
    let mut folders: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (dir, name) in files.iter().filter_map(|file| file.rsplit_once('/')) {
        folders.entry(dir.to_owned()).or_default().push(name.to_owned());
    }
    folders
}

/// Makes the build one of Maven. Which of its artifacts should give it its name nobody knows: it gets one of its own, from
/// the first RPM that has any.
async fn become_maven(cx: &mut Call<'_>, build: &Build, rpm: &str) -> Result<()> {
    let db = cx.db().await?;
    if builds::maven_info(db, build.id).await?.is_some() {
        return Ok(());
    }
    let version = format!("{}-{}", build.version, build.release);
    let info: Struct =
        [("group_id", build.name.as_str()), ("artifact_id", rpm), ("version", version.as_str())].into_iter().collect();
    builds::make_maven(db, build.id, &info.into()).await
}

/// Imports an artifact's files, as far as they are of known types.
async fn import_folder(cx: &mut Call<'_>, build: &Build, folder: &str, names: Vec<String>) -> Result<()> {
    let Some(pom) = names.iter().find(|name| name.ends_with(".pom")) else { return Ok(()) };
    let info = info_of_pom(cx.hub(), &format!("{folder}/{pom}")).await?;
    for name in &names {
        if archives::type_of_file(cx.db().await?, name).await?.is_some() {
            let file = format!("{folder}/{name}");
            NewArchive::of_upload(cx.hub(), &file, info.clone(), None).await?.import(cx, build).await?;
        }
    }
    Ok(())
}
