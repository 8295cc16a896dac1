//! Repos for distribution: made of signed RPMs, which are in the repo themselves.

use std::collections::{BTreeMap, BTreeSet};

use koji_core::api::VolumeRef;
use koji_core::arch;
use koji_core::ids::{BuildId, EventId, RepoId, RpmId};
use koji_core::model::{RepoState, Tag};
use koji_core::paths;
use koji_core::xmlrpc::Struct;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::builds::{self, BuildExt};
use crate::call::Call;
use crate::db::args;
use crate::error::fail;
use crate::given::read;
use crate::import::{place, remove_unless_committed, shown, upload};
use crate::plugin::{Callback, RepoInit, RepoKind};
use crate::signals::Change;
use crate::storage::Storage;
use crate::{Result, names, rpms};

/// Begins a repo: its row, its directory with one for each of the `arch` that the options name, and the `comps` that were
/// uploaded for it.
pub(crate) async fn init(cx: &mut Call<'_>, tag: &Tag, keys: &[String], options: &Struct) -> Result<(RepoId, EventId)> {
    let option = |name: &str| options.get(name).cloned().unwrap_or_default();
    let event: Option<EventId> = read("event", option("event"))?;
    let volume = match read::<Option<VolumeRef>>("volume", option("volume"))? {
        None => None,
        Some(volume) => Some(names::get(cx.db().await?, &volume).await?.1),
    };
    let Some(asked) = options.get("arch") else { fail!(Parameter, "distRepo() needs a list of arches as arch") };
    let asked: Vec<String> = read("arch", asked.clone())?;
    let arches: BTreeSet<&str> = asked.iter().map(|arch| arch::canonical(arch)).collect();
    if let Some(wrong) = arches.iter().find(|arch| arch.is_empty() || !arch::is_valid(arch)) {
        fail!(Parameter, "invalid value for arch: {wrong}");
    }
    let comps: Option<String> = match option("comps") {
        comps if comps.is_truthy() => Some(read("comps", comps)?),
        _ => None,
    };
    if let Some(comps) = comps.as_deref().filter(|comps| !paths::is_relative(comps)) {
        fail!("Invalid path: {comps}");
    }
    let Ok(task_opts) = serde_json::to_value(options) else { fail!(Parameter, "the options have no form in JSON") };
    let listed: Vec<String> = arches.iter().map(|arch| (*arch).to_owned()).collect();
    let kind = |repodir| RepoKind::Dist {
        dist: true,
        keys,
        arches: &listed,
        task_opts: options,
        with_src: false,
        with_debuginfo: false,
        with_separate_src: false,
        repodir,
    };
    cx.tell(Callback::PreRepoInit(RepoInit { tag, event, repo_id: None, kind: kind(None) })).await?;

    let event = match event.filter(|event| event.0 != 0) {
        None => cx.event().await?,
        Some(event) => {
            let sql = "SELECT id FROM events WHERE id = $1";
            match cx.db().await?.fetch_scalar_optional(sql, args![event]).await? {
                Some(event) => event,
                None => fail!("No such event: {event}"),
            }
        }
    };
    let sql = "INSERT INTO repo (create_event, tag_id, state, dist) VALUES ($1, $2, $3, TRUE) RETURNING id";
    let id: RepoId = cx.db().await?.fetch_scalar(sql, args![event, tag.id, RepoState::Init]).await?;

    let dir = paths::dist_repo(volume.as_deref(), &tag.name, id);
    remove_unless_committed(cx, dir.clone());
    let storage = cx.storage();
    // of an attempt that died
    storage.remove(&dir).await?;
    for arch in arches {
        storage.create_dir(&format!("{dir}/{arch}")).await?;
    }
    if let Some(comps) = comps {
        let from = upload(&comps);
        if storage.metadata(&from).await?.is_none_or(|found| found.is_dir) {
            fail!("No such file: {}", shown(cx.hub(), &from));
        }
        storage.copy(&from, &format!("{dir}/groups/comps.xml")).await?;
    }
    let about = serde_json::json!({
        "id": id,
        "tag": tag.name,
        "tag_id": tag.id,
        "keys": keys,
        "volume": volume,
        "task_opts": task_opts,
    });
    storage.put(&format!("{dir}/repo.json"), format!("{about:#}\n").into()).await?;
    let usual = paths::dist_repo(None, &tag.name, id);
    if usual != dir {
        storage.link(&dir, &usual).await?;
        remove_unless_committed(cx, usual);
    }
    let repodir = shown(cx.hub(), &dir);
    let about = RepoInit { tag, event: Some(event), repo_id: Some(id), kind: kind(Some(&repodir)) };
    cx.tell(Callback::PostRepoInit(about)).await?;
    cx.announce(Change::Repos);
    Ok((id, event))
}

/// What a builder says of an RPM in a repo. Its other fields are compared by name.
#[derive(Deserialize)]
struct Entry {
    id: RpmId,
    sigkey: Option<String>,
    #[serde(flatten)]
    fields: BTreeMap<String, serde_json::Value>,
}

/// What must be as the hub knows it.
const CHECKED: [&str; 8] = ["name", "version", "release", "arch", "epoch", "size", "payloadhash", "build_id"];

/// Puts one arch in place: the uploaded files that `repo_manifest` names, and the RPMs that `kojipkgs` names.
pub(crate) async fn move_arch(cx: &mut Call<'_>, id: RepoId, from: &str, arch: &str) -> Result<()> {
    let repo = super::get(cx.db().await?, id).await?;
    let arch = arch::canonical(arch);
    // a link, if the repo is on another volume
    let dir = format!("{}/{arch}", paths::dist_repo(None, &repo.tag_name, id));
    if !paths::is_component(arch) || cx.storage().metadata(&dir).await?.is_none_or(|found| !found.is_dir) {
        fail!("Repo arch directory missing: {}", shown(cx.hub(), &dir));
    }
    if repo.state != RepoState::Init {
        fail!("Repo is in state: {}", repo.state);
    }
    if !paths::is_relative(from) {
        fail!("Invalid upload directory: {from}");
    }
    let Some(files): Option<Vec<String>> = uploaded_json(cx.storage(), from, "repo_manifest").await? else {
        fail!("Missing repo manifest")
    };
    let Some(entries): Option<BTreeMap<String, Entry>> = uploaded_json(cx.storage(), from, "kojipkgs").await? else {
        fail!("Missing kojipkgs file")
    };
    for file in &files {
        if !paths::is_relative(file) {
            fail!("Invalid file name: {file}");
        }
        let path = upload(&format!("{from}/{file}"));
        if cx.storage().metadata(&path).await?.is_none_or(|found| found.is_dir) {
            fail!("uploaded file missing: {}", shown(cx.hub(), &path));
        }
    }
    let mut links = Vec::with_capacity(entries.len());
    for (name, entry) in entries {
        let letter: String = name.chars().take(1).flat_map(char::to_lowercase).collect();
        let to = format!("{dir}/Packages/{letter}/{name}");
        links.push((rpm_file(cx, &name, entry).await?, to));
    }

    for (file, to) in &links {
        if cx.storage().metadata(to).await?.is_some() {
            fail!("File already in repo: {}", shown(cx.hub(), to));
        }
        if cx.storage().metadata(file).await?.is_none_or(|found| found.is_dir) {
            fail!("No such file: {}", shown(cx.hub(), file));
        }
    }
    for file in &files {
        let to = format!("{dir}/{file}");
        if cx.storage().metadata(&to).await?.is_none() {
            remove_unless_committed(cx, to.clone());
        }
        place(cx, &format!("{from}/{file}"), &to).await?;
    }
    for (file, to) in links {
        remove_unless_committed(cx, to.clone());
        cx.storage().copy(&file, &to).await?;
    }
    Ok(())
}

/// Reads an uploaded JSON document; none if it is not there.
async fn uploaded_json<T: DeserializeOwned>(storage: &dyn Storage, dir: &str, name: &str) -> Result<Option<T>> {
    let path = upload(&format!("{dir}/{name}"));
    let Some(found) = storage.metadata(&path).await?.filter(|found| !found.is_dir) else { return Ok(None) };
    let text = storage.read(&path, 0, found.size).await?;
    match serde_json::from_slice(&text) {
        Ok(value) => Ok(Some(value)),
        Err(e) => fail!("{name} cannot be read: {e}"),
    }
}

/// The file of an RPM that is to be in a repo: the copy with the signature that is asked for.
async fn rpm_file(cx: &mut Call<'_>, name: &str, entry: Entry) -> Result<String> {
    if !paths::is_component(name) {
        fail!("Invalid file name: {name}");
    }
    let rpm = rpms::get(cx.db().await?, &entry.id.into()).await?;
    let Ok(serde_json::Value::Object(known)) = serde_json::to_value(&rpm) else { fail!("No such rpm: {}", entry.id) };
    if let Some(key) =
        CHECKED.iter().find(|key| entry.fields.get(**key).is_none_or(|value| known.get(**key) != Some(value)))
    {
        fail!("kojipkgs entry does not match db: file {name}, key {key}");
    }
    let Some(build): Option<BuildId> = rpm.build_id else { fail!("{name} is not an rpm of a build") };
    let dir = builds::get_by_id(cx.db().await?, build).await?.dir();
    let nvra = rpms::nvra(&rpm);
    match entry.sigkey.as_deref().filter(|key| !key.is_empty()) {
        None => Ok(dir.rpm(&nvra)),
        Some(key) if !paths::is_component(key) => fail!("Invalid sigkey: {key}"),
        Some(key) => Ok(dir.signed(&nvra, key)),
    }
}
