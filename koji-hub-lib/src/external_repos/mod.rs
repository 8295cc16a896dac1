//! Repos outside the hub, and the tags whose buildroots use them.

pub(crate) mod data;
mod of_tags;

use koji_core::api::query::Rows;
use koji_core::api::{ExternalRepoRef, QueryOpts};
use koji_core::ids::EventId;
use koji_core::model::ExternalRepo;

pub(crate) use of_tags::{Change, add_to_tag, edit_of_tag, of_line, of_tags, remove_from_tag};

use crate::call::Call;
use crate::db::{Conn, Select, args};
use crate::error::fail;
use crate::{Result, names};

/// Lists repos, now or at an event: all, the one that is meant, those at a URL.
pub(crate) async fn list(
    db: &mut Conn,
    which: Option<&ExternalRepoRef>,
    url: Option<&str>,
    event: Option<EventId>,
    asked: Option<&QueryOpts>,
) -> Result<Rows<ExternalRepo>> {
    let mut query = Select::from("external_repo_config AS c")
        .columns(&[("r.id", "id"), ("r.name", "name"), ("c.url", "url")])
        .join("JOIN external_repo AS r ON r.id = c.external_repo_id")
        .at("c", event)
        .order_by("c.create_event")
        .order_by("r.id");
    query = match which {
        None => query,
        Some(ExternalRepoRef::Id(id)) => query.filter("r.id = $1", args![*id]),
        Some(ExternalRepoRef::Name(name)) => query.filter("r.name = $1", args![name.as_str()]),
    };
    if let Some(url) = url.filter(|url| !url.is_empty()) {
        query = query.filter("c.url = $1", args![url]);
    }
    Ok(query.rows(db, asked).await?)
}

/// The repo that is meant, now or at an event.
pub(crate) async fn find(
    db: &mut Conn,
    which: &ExternalRepoRef,
    event: Option<EventId>,
) -> Result<Option<ExternalRepo>> {
    Ok(list(db, Some(which), None, event, None).await?.into_list().pop())
}

/// The repo that is meant, now or at an event; a fault if there is none.
pub(crate) async fn get(db: &mut Conn, which: &ExternalRepoRef, event: Option<EventId>) -> Result<ExternalRepo> {
    match find(db, which, event).await? {
        Some(repo) => Ok(repo),
        None => fail!("No such repo: {}", which.text()),
    }
}

fn with_slash(url: &str) -> String {
    if url.ends_with('/') { url.to_owned() } else { format!("{url}/") }
}

/// Registers a repo. One that was deleted keeps its id.
pub(crate) async fn create(cx: &mut Call<'_>, name: &str, url: &str) -> Result<ExternalRepo> {
    names::check_internal(cx.hub().config(), name)?;
    let db = cx.db().await?;
    if find(db, &name.into(), None).await?.is_some() {
        fail!("An external repo named \"{name}\" already exists");
    }
    let repo = ExternalRepo { id: names::get_or_make(db, name).await?, name: name.to_owned(), url: with_slash(url) };
    let columns = vec![("external_repo_id", repo.id.into()), ("url", repo.url.as_str().into())];
    cx.insert_versioned("external_repo_config", columns).await?;
    Ok(repo)
}

/// Renames a repo, or says that it is elsewhere now.
pub(crate) async fn edit(
    cx: &mut Call<'_>,
    which: &ExternalRepoRef,
    name: Option<&str>,
    url: Option<&str>,
) -> Result<()> {
    let repo = get(cx.db().await?, which, None).await?;
    if let Some(name) = name.filter(|name| !name.is_empty() && *name != repo.name) {
        names::check_internal(cx.hub().config(), name)?;
        let db = cx.db().await?;
        if let Some((other, _)) = names::find(db, &ExternalRepoRef::Name(name.to_owned())).await? {
            fail!("name \"{name}\" is already taken by external repo {other}");
        }
        db.execute("UPDATE external_repo SET name = $2 WHERE id = $1", args![repo.id, name]).await?;
    }
    if let Some(url) = url.filter(|url| !url.is_empty() && *url != repo.url) {
        cx.revoke("external_repo_config", vec![("external_repo_id", repo.id.into())]).await?;
        let columns = vec![("external_repo_id", repo.id.into()), ("url", with_slash(url).into())];
        cx.insert_versioned("external_repo_config", columns).await?;
    }
    Ok(())
}

/// Deletes a repo: from all tags too.
pub(crate) async fn delete(cx: &mut Call<'_>, which: &ExternalRepoRef) -> Result<()> {
    let repo = get(cx.db().await?, which, None).await?.id;
    for table in ["tag_external_repos", "external_repo_config"] {
        cx.revoke(table, vec![("external_repo_id", repo.into())]).await?;
    }
    Ok(())
}
