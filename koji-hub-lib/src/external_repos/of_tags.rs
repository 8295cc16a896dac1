//! Which external repos tags use, and how.

use std::collections::HashSet;

use koji_core::api::{ExternalRepoRef, TagRef};
use koji_core::arch::ArchList;
use koji_core::ids::{EventId, ExternalRepoId, TagId};
use koji_core::model::TagExternalRepo;

use super::get;
use crate::call::Call;
use crate::db::{Arg, Conn, Select, args, list as db_list, sql};
use crate::error::fail;
use crate::{Result, tags};

/// How repos may be merged.
const MERGE_MODES: [&str; 3] = ["koji", "simple", "bare"];

/// The repos of tags, or the tags of a repo, by priority; now or at an event.
pub(crate) async fn of_tags(
    db: &mut Conn,
    tags: Option<&[TagId]>,
    repo: Option<ExternalRepoId>,
    event: Option<EventId>,
) -> Result<Vec<TagExternalRepo>> {
    let mut query = Select::from("tag_external_repos AS t")
        .columns(&[
            ("r.id", "external_repo_id"),
            ("r.name", "external_repo_name"),
            ("t.priority", "priority"),
            ("tag.id", "tag_id"),
            ("tag.name", "tag_name"),
            ("c.url", "url"),
            ("t.merge_mode", "merge_mode"),
            ("t.arches", "arches"),
        ])
        .join("JOIN tag ON tag.id = t.tag_id")
        .join("JOIN external_repo AS r ON r.id = t.external_repo_id")
        .join("JOIN external_repo_config AS c ON c.external_repo_id = r.id")
        .at("t", event)
        .at("c", event)
        .order_by("t.priority")
        .order_by("t.create_event")
        .order_by("tag.id");
    if let Some(tags) = tags {
        query = query.filter(sql!("t.tag_id ", { in "$1" }), args![db_list(tags)]);
    }
    if let Some(repo) = repo {
        query = query.filter("r.id = $1", args![repo]);
    }
    Ok(query.fetch_all(db).await?)
}

/// The repos of a tag and of those that it inherits from, the nearest first, each once.
pub(crate) async fn of_line(db: &mut Conn, tag: TagId, event: Option<EventId>) -> Result<Vec<TagExternalRepo>> {
    let mut line = vec![tag];
    line.extend(tags::inheritance(db, tag, event).await?.into_iter().map(|step| step.parent_id));
    let all = of_tags(db, Some(&line), None, event).await?;
    let mut seen = HashSet::new();
    let in_order = line.iter().flat_map(|tag| all.iter().filter(move |repo| repo.tag_id == *tag));
    Ok(in_order.filter(|repo| seen.insert(repo.external_repo_id)).cloned().collect())
}

/// How a tag uses a repo.
struct Use {
    tag: TagId,
    repo: ExternalRepoId,
    priority: i32,
    merge_mode: String,
    arches: Option<String>,
}

async fn insert(cx: &mut Call<'_>, new: Use, tag_name: &str, repo_name: &str) -> Result<()> {
    if !MERGE_MODES.contains(&new.merge_mode.as_str()) {
        fail!("No such merge mode: {}", new.merge_mode);
    }
    let present = of_tags(cx.db().await?, Some(&[new.tag]), None, None).await?;
    if present.iter().any(|other| other.external_repo_id == new.repo) {
        fail!("tag {tag_name} already associated with external repo {repo_name}");
    }
    if present.iter().any(|other| other.priority == new.priority) {
        fail!("tag {tag_name} already associated with an external repo at priority {}", new.priority);
    }
    let columns = vec![
        ("tag_id", Arg::from(new.tag)),
        ("external_repo_id", new.repo.into()),
        ("priority", new.priority.into()),
        ("merge_mode", new.merge_mode.into()),
        ("arches", new.arches.into()),
    ];
    cx.insert_versioned("tag_external_repos", columns).await
}

async fn revoke(cx: &mut Call<'_>, tag: TagId, repo: ExternalRepoId) -> Result<u64> {
    cx.revoke("tag_external_repos", vec![("tag_id", tag.into()), ("external_repo_id", repo.into())]).await
}

/// Adds a repo to a tag.
pub(crate) async fn add_to_tag(
    cx: &mut Call<'_>,
    tag: &TagRef,
    repo: &ExternalRepoRef,
    priority: i32,
    merge_mode: String,
    arches: Option<&str>,
) -> Result<()> {
    if !MERGE_MODES.contains(&merge_mode.as_str()) {
        fail!("No such merge mode: {merge_mode}");
    }
    let db = cx.db().await?;
    let (tag, repo) = (tags::get(db, tag, None).await?, get(db, repo, None).await?);
    let arches = arches.map(str::parse::<ArchList>).transpose()?.map(|arches| arches.to_string());
    insert(cx, Use { tag: tag.id, repo: repo.id, priority, merge_mode, arches }, &tag.name, &repo.name).await
}

/// Takes a repo from a tag.
pub(crate) async fn remove_from_tag(cx: &mut Call<'_>, tag: &TagRef, repo: &ExternalRepoRef) -> Result<()> {
    let db = cx.db().await?;
    let (tag, repo) = (tags::get(db, tag, None).await?, get(db, repo, None).await?);
    if revoke(cx, tag.id, repo.id).await? == 0 {
        fail!("external repo {} not associated with tag {}", repo.name, tag.name);
    }
    Ok(())
}

/// What is to change in how a tag uses a repo.
#[derive(Debug, Default)]
pub(crate) struct Change {
    pub priority: Option<i32>,
    pub merge_mode: Option<String>,
    pub arches: Option<String>,
}

/// Changes how a tag uses a repo. Says whether anything changed.
pub(crate) async fn edit_of_tag(
    cx: &mut Call<'_>,
    tag: &TagRef,
    repo: &ExternalRepoRef,
    change: Change,
) -> Result<bool> {
    let db = cx.db().await?;
    let (tag, repo) = (tags::get(db, tag, None).await?, get(db, repo, None).await?);
    let Some(old) = of_tags(db, Some(&[tag.id]), Some(repo.id), None).await?.pop() else {
        fail!("external repo {} not associated with tag {}", repo.name, tag.name)
    };
    let arches = match change.arches {
        Some(text) => Some(ArchList::parse_strict(&text)?.to_string()),
        None => old.arches.clone(),
    };
    let new = Use {
        tag: tag.id,
        repo: repo.id,
        priority: change.priority.unwrap_or(old.priority),
        merge_mode: change.merge_mode.unwrap_or_else(|| old.merge_mode.clone()),
        arches,
    };
    if (new.priority, &new.merge_mode, &new.arches) == (old.priority, &old.merge_mode, &old.arches) {
        return Ok(false);
    }
    revoke(cx, tag.id, repo.id).await?;
    insert(cx, new, &tag.name, &repo.name).await?;
    Ok(true)
}
