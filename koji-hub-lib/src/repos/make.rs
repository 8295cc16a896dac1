//! Making repos: what the builder works from, and putting its work in place.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;

use koji_core::api::TagRef;
use koji_core::arch;
use koji_core::ids::{BuildId, EventId, RepoId, TagId, TaskId};
use koji_core::json::Json;
use koji_core::model::{Repo, RepoState, TaggedBuild, TaggedRpm};
use koji_core::nvr::{self, Nvr, Nvra};
use koji_core::paths::{self, BuildDir};
use koji_core::xmlrpc::Struct;

use super::options::RepoOptions;
use super::{comps, maven, state};
use crate::Result;
use crate::call::Call;
use crate::db::{Conn, args, new_event};
use crate::error::fail;
use crate::groups::{self, Parts};
use crate::packages::{self, Listing};
use crate::plugin::{Callback, RepoDone, RepoInit, RepoKind};
use crate::signals::Change;
use crate::storage::StorageError;
use crate::{tagging, tags};

/// The files of one arch's folder, as they are written.
#[derive(Default)]
struct ArchFiles {
    pkglist: String,
    rpmlist: String,
}

/// Begins a repo: its row, and the lists from which a builder makes its metadata.
pub(crate) async fn init(
    cx: &mut Call<'_>,
    tag: &TagRef,
    task: Option<TaskId>,
    event: Option<EventId>,
    asked: Option<&Struct>,
) -> Result<(RepoId, EventId)> {
    let tag = tags::get(cx.db().await?, tag, event).await?;
    let asked = RepoOptions::from_builder(asked);
    let (options, custom) = RepoOptions::of_tag(cx.hub().config(), &tag, &asked);
    if options.is_on("maven") && !cx.hub().config().enable_maven {
        fail!("Maven support not enabled");
    }
    let opts = options.to_struct();
    let kind = RepoKind::Build { task_id: task, opts: &opts };
    cx.tell(Callback::PreRepoInit(RepoInit { tag: &tag, event, repo_id: None, kind: kind.clone() })).await?;
    let db = cx.db().await?;
    if let Some(task) = task
        && let Some(begun) = begun_by(db, task, tag.id, event, &options).await?
    {
        return Ok(begun);
    }
    let at = match event {
        None => new_event(db).await?,
        Some(event) => {
            let known: Option<EventId> =
                db.fetch_scalar_optional("SELECT id FROM events WHERE id = $1", args![event]).await?;
            match known {
                Some(event) => event,
                None => fail!("No such event: {event}"),
            }
        }
    };
    let which = TagRef::Id(tag.id);
    let begin = tags::last_change(db, &which, Some(at), true).await?.unwrap_or(at);
    let end = tags::first_change(db, &which, Some(at), true).await?;
    let id: RepoId = db
        .fetch_scalar(
            "INSERT INTO repo (create_event, begin_event, end_event, tag_id, state, task_id, opts, custom_opts)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id",
            args![at, begin, end, tag.id, RepoState::Init, task, options.to_json(), custom.to_json()],
        )
        .await?;
    let latest = !tag.extra.get("repo_include_all").is_some_and(|v| v.is_truthy());
    let (rpms, builds) = tagging::rpms_for_repo(db, tag.id, at, latest).await?;
    let tag_groups = groups::unblocked(db, tag.id, Some(at), Parts::ALL).await?;
    let listing = Listing { inherit: true, event: Some(at), with_owners: false, ..Listing::of_tag(tag.id) };
    let blocked = packages::list(db, &listing).await?.into_iter().filter(|p| p.blocked);
    let blocklist: String = blocked.map(|p| format!("{}\n", p.package_name)).collect();

    let mut arches: BTreeMap<String, ArchFiles> = tag
        .arches
        .as_deref()
        .unwrap_or("")
        .split_whitespace()
        .map(arch::canonical)
        .filter(|a| !matches!(*a, "src" | arch::NOARCH))
        .map(|a| (a.to_owned(), ArchFiles::default()))
        .collect();
    if options.is_on("separate_src") {
        arches.insert("src".into(), ArchFiles::default());
    }
    sort_rpms(&mut arches, rpms, &builds, &options)?;

    let dir = paths::repo(&tag.name, id);
    let (storage, undo_dir) = (cx.hub().clone(), dir.clone());
    cx.on_rollback(async move {
        if let Err(e) = storage.storage().remove(&undo_dir).await {
            tracing::warn!(error = %e, "cannot remove what is left of a repo");
        }
    });
    let storage = cx.storage();
    // of an attempt that died
    storage.remove(&dir).await?;
    storage.put(&format!("{dir}/groups/comps.xml"), comps::generate(tag_groups).into()).await?;
    let about = serde_json::json!({
        "id": id,
        "tag": tag.name,
        "tag_id": tag.id,
        "task_id": task,
        "event_id": at,
        "opts": options.to_json(),
        "custom_opts": custom.to_json(),
        "with_src": options.is_on("src"),
        "with_separate_src": options.is_on("separate_src"),
        "with_debuginfo": options.is_on("debuginfo"),
    });
    storage.put(&format!("{dir}/repo.json"), format!("{about:#}\n").into()).await?;
    for (arch, files) in arches {
        storage.put(&format!("{dir}/{arch}/pkglist"), files.pkglist.into()).await?;
        storage.put(&format!("{dir}/{arch}/rpmlist.jsonl"), files.rpmlist.into()).await?;
        storage.put(&format!("{dir}/{arch}/blocklist"), blocklist.clone().into()).await?;
        storage.link_top(&format!("{dir}/{arch}/toplink")).await?;
    }
    if options.is_on("maven") {
        maven::make(cx, &dir, tag.id, at).await?;
    }
    cx.tell(Callback::PostRepoInit(RepoInit { tag: &tag, event, repo_id: Some(id), kind })).await?;
    cx.announce(Change::Repos);
    Ok((id, at))
}

/// The repo that an earlier run of a task has begun, or made: its subtasks work on that one.
async fn begun_by(
    db: &mut Conn,
    task: TaskId,
    tag: TagId,
    event: Option<EventId>,
    options: &RepoOptions,
) -> Result<Option<(RepoId, EventId)>> {
    let sql = "SELECT id, create_event, opts FROM repo WHERE task_id = $1 AND tag_id = $2 AND state IN ($3, $4) ORDER BY id DESC";
    let begun: Vec<(RepoId, EventId, Option<Json>)> =
        db.fetch_all(sql, args![task, tag, RepoState::Init, RepoState::Ready]).await?;
    let same = |(_, at, opts): &(RepoId, EventId, Option<Json>)| {
        event.is_none_or(|event| event == *at) && RepoOptions::from_stored(opts.as_ref()) == *options
    };
    Ok(begun.into_iter().find(same).map(|(id, at, _)| (id, at)))
}

/// Puts each RPM in the lists of the arches whose repos hold it.
fn sort_rpms(
    arches: &mut BTreeMap<String, ArchFiles>,
    rpms: Vec<TaggedRpm>,
    builds: &[TaggedBuild],
    options: &RepoOptions,
) -> Result<()> {
    let dirs: HashMap<BuildId, String> = builds
        .iter()
        .map(|b| {
            (b.id, BuildDir::new(Some(&b.volume_name), &Nvr::new(&b.name, &b.version, &b.release)).path().to_owned())
        })
        .collect();
    for rpm in rpms {
        if !options.is_on("debuginfo") && nvr::is_debuginfo(&rpm.name) {
            continue;
        }
        let Some(dir) = dirs.get(&rpm.build_id) else { continue };
        let name = Nvra::new(Nvr::new(&rpm.name, &rpm.version, &rpm.release), &rpm.arch);
        let path = format!("toplink/{dir}/{}", paths::rpm_in_build(&name));
        let Ok(json) = serde_json::to_string(&rpm) else { fail!("cannot list the rpm {}", rpm.id) };
        let mut add = |files: &mut ArchFiles| {
            let _ = writeln!(files.pkglist, "{path}");
            let _ = writeln!(files.rpmlist, "{json}");
        };
        match rpm.arch.as_str() {
            "src" => {
                if options.is_on("src") {
                    arches.values_mut().for_each(&mut add);
                } else if options.is_on("separate_src")
                    && let Some(files) = arches.get_mut("src")
                {
                    add(files);
                }
            }
            arch::NOARCH => arches.iter_mut().filter(|(a, _)| *a != "src").for_each(|(_, files)| add(files)),
            other => {
                if let Some(files) = arches.get_mut(arch::canonical(other)) {
                    add(files);
                }
            }
        }
    }
    Ok(())
}

/// Completes a repo: puts the uploaded files in place and marks it ready, or expired.
pub(crate) async fn done(
    cx: &mut Call<'_>,
    id: RepoId,
    data: &BTreeMap<String, (String, Vec<String>)>,
    expire: bool,
    updates: Option<Struct>,
) -> Result<()> {
    let repo = super::get(cx.db().await?, id).await?;
    cx.tell(Callback::PreRepoDone(RepoDone { repo: &repo, data, expire })).await?;
    if repo.state != RepoState::Init {
        fail!("Repo {id} not in INIT state (got {})", repo.state.code());
    }
    let dir = paths::repo(&repo.tag_name, id);
    if let Some(updates) = updates {
        update_json(cx, &format!("{dir}/repo.json"), updates).await?;
    }
    if repo.dist != Some(true) {
        for (arch, (upload, files)) in data {
            place(cx, &dir, arch, upload, files).await?;
        }
    }
    if expire {
        state::set(cx, id, RepoState::Expired).await?;
    } else {
        state::set(cx, id, RepoState::Ready).await?;
        link_latest(cx, &repo).await?;
    }
    cx.tell(Callback::PostRepoDone(RepoDone { repo: &repo, data, expire })).await
}

async fn update_json(cx: &mut Call<'_>, path: &str, updates: Struct) -> Result<()> {
    let old = cx.storage().read(path, 0, 1 << 20).await?;
    let Ok(serde_json::Value::Object(mut about)) = serde_json::from_slice(&old) else {
        fail!("{path} is not what was written");
    };
    for (name, value) in updates {
        about.insert(name, koji_core::xmlrpc::from_value(value)?);
    }
    let text = format!("{:#}\n", serde_json::Value::Object(about));
    Ok(cx.storage().put(path, text.into()).await?)
}

/// Puts the uploaded files of one arch in place.
async fn place(cx: &mut Call<'_>, dir: &str, arch: &str, upload: &str, files: &[String]) -> Result<()> {
    let arch = arch::canonical(arch);
    let arch_dir = format!("{dir}/{arch}");
    if !paths::is_component(arch) || cx.storage().metadata(&arch_dir).await?.is_none_or(|m| !m.is_dir) {
        fail!("Repo arch directory missing: {arch_dir}");
    }
    if !paths::is_relative(upload) {
        fail!("Invalid upload directory: {upload}");
    }
    for name in files {
        if !paths::is_component(name) {
            fail!("Invalid file name: {name}");
        }
        let from = format!("{}/{upload}/{name}", paths::work(None));
        let to = if name.ends_with("pkglist") {
            format!("{arch_dir}/{name}")
        } else {
            format!("{arch_dir}/repodata/{name}")
        };
        match cx.storage().copy(&from, &to).await {
            Err(StorageError::NotFound { .. }) => {
                fail!("uploaded file missing: {}", cx.hub().config().full_path(&from))
            }
            other => other?,
        }
        let hub = cx.hub().clone();
        cx.on_commit(async move {
            // the task's output stays listed; a copy that is left over does no harm
            if let Err(e) = hub.storage().link(&to, &from).await {
                tracing::warn!(error = %e, "cannot replace an uploaded file by a link");
            }
        });
    }
    Ok(())
}

/// Lets `latest` lead to the repo, unless it has options of its own or a newer one is ready.
async fn link_latest(cx: &mut Call<'_>, repo: &Repo) -> Result<()> {
    let dist = repo.dist == Some(true);
    if !dist && !RepoOptions::from_stored(repo.custom_opts.as_ref()).is_empty() {
        return Ok(());
    }
    let newer: Vec<Option<Json>> = cx
        .db()
        .await?
        .fetch_scalars(
            "SELECT custom_opts FROM repo WHERE tag_id = $1 AND state = $2 AND dist = $3 AND create_event > $4",
            args![repo.tag_id, RepoState::Ready, dist, repo.create_event],
        )
        .await?;
    if newer.iter().any(|custom| dist || RepoOptions::from_stored(custom.as_ref()).is_empty()) {
        return Ok(());
    }
    let (target, link) = if dist {
        (
            paths::dist_repo(None, &repo.tag_name, repo.id),
            format!("{}/latest", paths::dist_repos_of_tag(None, &repo.tag_name)),
        )
    } else {
        (paths::repo(&repo.tag_name, repo.id), format!("{}/latest", paths::repos_of_tag(&repo.tag_name)))
    };
    let hub = cx.hub().clone();
    cx.on_commit(async move {
        if let Err(e) = hub.storage().link(&target, &link).await {
            tracing::warn!(error = %e, "cannot set the link to the latest repo");
        }
    });
    Ok(())
}
