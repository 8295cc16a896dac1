//! The import of a content generator's build: all of it, or nothing.

use koji_core::api::{BuildRef, CgRef, Param};
use koji_core::ids::{BTypeId, BuildId, BuildrootId, CgId, UserId, VolumeId};
use koji_core::model::{Build, BuildState};
use koji_core::nvr::draft_release;
use koji_core::paths::{self, BuildDir};
use koji_core::time::Timestamp;
use koji_core::xmlrpc::{Struct, Value};

use super::components::Log;
use super::metadata::{self, BuildData, Metadata};
use super::reserve::{check as check_token, clear, json, locked};
use super::{assert_access, buildroots, outputs};
use crate::builds::{self, BuildExt, NewBuild};
use crate::call::Call;
use crate::db::args;
use crate::error::fail;
use crate::import::{remove_unless_committed, shown};
use crate::plugin::{self, BuildChange, Callback, Import, hears_of_imports};
use crate::{Error, Result, names, policy, users};

/// Reads the files of an import, which takes longer than all else of it: their checksums are known by then.
/// What is refused without them is refused before.
pub(crate) async fn read_ahead(cx: &mut Call<'_>, given: Value, directory: &str, token: Option<&str>) -> Result<()> {
    let dir = directory.trim_matches('/');
    let (members, text) = metadata::open(cx.hub(), given, dir).await?;
    metadata::check_version(&members)?;
    let cg = generator(cx, &members).await?;
    let Metadata { build, outputs: files, .. } = metadata::read(members, text)?;
    check_build(cx, &build, cg, token).await?;
    cx.release().await?;
    for file in files {
        outputs::read_ahead(cx, &file, dir).await?;
    }
    Ok(())
}

/// Imports a build with the files that were uploaded into a directory.
pub(crate) async fn import(cx: &mut Call<'_>, given: Value, directory: &str, token: Option<&str>) -> Result<Build> {
    let dir = directory.trim_matches('/');
    let (members, text) = metadata::open(cx.hub(), given, dir).await?;
    metadata::check_version(&members)?;
    let cg = generator(cx, &members).await?;
    let told = hears_of_imports(cx).then(|| members.clone());
    let Metadata { build: data, buildroots: roots, outputs: files, text } = metadata::read(members, text)?;
    check_build(cx, &data, cg, token).await?;
    let owner = owner(cx, &data).await?;

    let mut log = Log::default();
    let metadata_only = files.iter().any(|file| file.metadata_only);
    let roots = buildroots::prepare(cx, &mut log, roots, &files).await?;
    let mut prepared = Vec::with_capacity(files.len());
    for file in files {
        prepared.push(outputs::prepare(cx, &mut log, file, dir, &roots, &data.types).await?);
    }
    assert_policy(cx, &data, cg, metadata_only).await?;
    let (volume, volume_name) = choose_volume(cx, &data, cg).await?;
    assert_no_files(cx, &BuildDir::new(Some(&volume_name), &data.nvr)).await?;

    if let Some(metadata) = &told {
        cx.tell(Callback::PreImport(Import::Cg { metadata, directory, build: None })).await?;
    }
    let build = match data.reserved {
        Some(build) => complete_reserved(cx, build, &data, owner, volume).await?,
        None => make(cx, &data, cg, owner, volume).await?,
    };
    set_types(cx, build, &data.types, prepared.iter().any(outputs::Prepared::is_rpm)).await?;
    let build = builds::get_by_id(cx.db().await?, build).await?;
    let place = build.dir();
    // what another import has brought meanwhile is not this one's to remove
    assert_no_files(cx, &place).await?;
    remove_unless_committed(cx, place.path().to_owned());

    let mut entered: Vec<(Value, BuildrootId)> = Vec::with_capacity(roots.len());
    for root in roots {
        let name = root.id().clone();
        entered.push((name, buildroots::enter(cx, cg, root).await?));
    }
    for file in prepared {
        let root = entered.iter().find(|(name, _)| name == file.buildroot_id());
        let Some((_, root)) = root else { fail!("Unable to map a buildroot") };
        outputs::enter(cx, &build, *root, file).await?;
    }
    if build.volume_name != paths::DEFAULT_VOLUME {
        let usual = BuildDir::new(None, &build.name());
        cx.storage().link(place.path(), usual.path()).await?;
        remove_unless_committed(cx, usual.path().to_owned());
    }
    cx.storage().put(&place.metadata(), text.into()).await?;
    if !log.0.is_empty() {
        let text = log.0.join("\n") + "\nCG import was SUCCESSFUL.\n";
        cx.storage().put(&format!("{}/cg_import.log", place.logs()), text.into()).await?;
    }
    let build = builds::get_by_id(cx.db().await?, build.id).await?;
    if let Some(metadata) = &told {
        cx.tell(Callback::PostImport(Import::Cg { metadata, directory, build: Some(&build) })).await?;
    }
    Ok(build)
}

/// The one content generator that made the buildroots; a fault unless the caller may act as it.
async fn generator(cx: &mut Call<'_>, members: &Struct) -> Result<CgId> {
    let mut found: Option<CgId> = None;
    for name in metadata::generators(members)? {
        let named = CgRef::from_value(name).map_err(Error::generic)?;
        let (cg, _) = names::get::<CgId>(cx.db().await?, &named).await?;
        if found.is_some_and(|other| other != cg) {
            fail!("Koji now support only one content-generator per import");
        }
        found = Some(cg);
    }
    match found {
        Some(cg) => Ok(assert_access(cx, &cg.into()).await?.0),
        None => fail!(Parameter, "Invalid name or id value: None"),
    }
}

/// A fault unless the build is reserved by this token, or there is none yet.
async fn check_build(cx: &mut Call<'_>, data: &BuildData, cg: CgId, token: Option<&str>) -> Result<()> {
    let nvr = &data.nvr;
    match data.reserved {
        Some(id) => check_reserved(cx, id, data, cg, token).await?,
        None if token.is_some() => fail!("Reservation token given, but no build_id in metadata"),
        None => {
            let (name, version, release) = (nvr.name.clone(), nvr.version.clone(), nvr.release.clone());
            let known = builds::find(cx.db().await?, &BuildRef::Parts { name, version, release }).await?;
            if let Some(known) = known
                && !matches!(known.state, BuildState::Canceled | BuildState::Failed)
            {
                fail!("Build already exists: {} (id={})", known.nvr, known.id);
            }
        }
    }
    nvr.check()?;
    for (btype, _) in data.types.iter() {
        names::get::<BTypeId>(cx.db().await?, &btype.into()).await?;
    }
    Ok(())
}

async fn check_reserved(cx: &mut Call<'_>, id: BuildId, data: &BuildData, cg: CgId, token: Option<&str>) -> Result<()> {
    let db = cx.db().await?;
    let build = locked(db, id).await?;
    check_token(db, &build, cg, token).await?;
    if let Some(task) = build.task_id.filter(|task| task.0 != 0 && data.task_id != Some(*task)) {
        fail!("Build is owned by task {task}");
    }
    if build.state != BuildState::Building {
        fail!("Build ID {id} is not in BUILDING state");
    }
    if build.draft != data.draft {
        fail!("Draft field does not match reservation (build id = {id})");
    }
    let nvr = &data.nvr;
    let release = if build.draft { draft_release(&nvr.release, id) } else { nvr.release.clone() };
    if (&build.name, &build.version, &build.release) != (&nvr.name, &nvr.version, &release) {
        fail!("Build ({id}) NVR is different");
    }
    if data.epoch.is_some_and(|epoch| epoch != build.epoch) {
        fail!("Build ({id}) epoch is different");
    }
    Ok(())
}

async fn owner(cx: &mut Call<'_>, data: &BuildData) -> Result<UserId> {
    match &data.owner {
        Some(name) => Ok(users::get(cx.db().await?, &name.as_str().into()).await?.id),
        None => cx.user_id(),
    }
}

/// What both policies are asked about.
fn policy_data(data: &BuildData, cg: CgId) -> Struct {
    [
        ("package", Value::from(data.nvr.name.as_str())),
        ("version", data.nvr.version.as_str().into()),
        ("release", data.nvr.release.as_str().into()),
        ("source", data.source.as_deref().into()),
        ("cg_list", Value::Array(vec![cg.0.into()])),
    ]
    .into_iter()
    .collect()
}

async fn assert_policy(cx: &mut Call<'_>, data: &BuildData, cg: CgId, metadata_only: bool) -> Result<()> {
    let mut facts = policy_data(data, cg);
    facts.insert("btypes", Value::Array(data.types.iter().map(|(name, _)| name.into()).collect()));
    facts.insert("draft", data.draft);
    facts.insert("metadata_only", metadata_only);
    policy::assert(cx, "cg_import", &facts, false).await
}

async fn choose_volume(cx: &mut Call<'_>, data: &BuildData, cg: CgId) -> Result<(VolumeId, String)> {
    let mut facts = policy_data(data, cg);
    facts.insert("import", true);
    facts.insert("import_type", "cg");
    policy::volume(cx, &facts).await
}

async fn assert_no_files(cx: &mut Call<'_>, dir: &BuildDir) -> Result<()> {
    if cx.storage().metadata(dir.path()).await?.is_some() {
        fail!("Destination directory already exists: {}", shown(cx.hub(), dir.path()));
    }
    Ok(())
}

async fn make(cx: &mut Call<'_>, data: &BuildData, cg: CgId, owner: UserId, volume: VolumeId) -> Result<BuildId> {
    let new = NewBuild {
        draft: data.draft,
        task_id: data.task_id,
        source: data.source.clone(),
        extra: Some(json(&data.extra.clone().into())?),
        volume,
        start_time: Some(data.start_time),
        completion_time: Some(data.end_time),
        cg_id: Some(cg),
        ..NewBuild::complete(data.nvr.clone(), data.epoch.flatten(), owner)
    };
    builds::make(cx, new).await
}

async fn complete_reserved(
    cx: &mut Call<'_>,
    id: BuildId,
    data: &BuildData,
    owner: UserId,
    volume: VolumeId,
) -> Result<BuildId> {
    let extra = json(&data.extra.clone().into())?;
    let change = BuildChange::State { old: Some(BuildState::Building), new: BuildState::Complete };
    plugin::before_build(cx, id, &change).await?;
    let db = cx.db().await?;
    db.execute(
        "UPDATE build SET state = $2, extra = $3, owner = $4, source = $5, task_id = $6, volume_id = $7,
                          completion_time = $8
         WHERE id = $1",
        args![id, BuildState::Complete, extra, owner, data.source.as_deref(), data.task_id, volume, Timestamp::now()],
    )
    .await?;
    clear(db, id).await?;
    plugin::after_build(cx, id, change).await?;
    Ok(id)
}

/// Gives the build its types; one that has RPMs is of that type, whether or not it says so.
async fn set_types(cx: &mut Call<'_>, build: BuildId, types: &Struct, has_rpms: bool) -> Result<()> {
    let db = cx.db().await?;
    for (btype, info) in types.iter() {
        match btype {
            "maven" => builds::make_maven(db, build, info).await?,
            "win" => builds::make_win(db, build, info).await?,
            "image" => builds::make_image(db, build).await?,
            other => builds::add_type(db, build, other).await?,
        }
    }
    if has_rpms {
        builds::add_type(db, build, "rpm").await?;
    }
    Ok(())
}
