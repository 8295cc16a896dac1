//! Build targets: which tag builds are made in, and which they go to.

use koji_core::api::query::Rows;
use koji_core::api::{QueryOpts, TagRef, TargetRef};
use koji_core::ids::{EventId, TagId, TargetId};
use koji_core::model::BuildTarget;

use crate::call::Call;
use crate::db::{Arg, Conn, Select, args};
use crate::error::fail;
use crate::{Result, names, tags};

/// Which targets are listed.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    pub target: Option<TargetRef>,
    pub build_tag: Option<TagId>,
    pub dest_tag: Option<TagId>,
    pub event: Option<EventId>,
}

/// Lists targets.
pub(crate) async fn list(db: &mut Conn, filter: &Filter, asked: Option<&QueryOpts>) -> Result<Rows<BuildTarget>> {
    let mut query = Select::from("build_target_config AS c")
        .columns(&[
            ("build_target.id", "id"),
            ("c.build_tag", "build_tag"),
            ("c.dest_tag", "dest_tag"),
            ("build_target.name", "name"),
            ("build.name", "build_tag_name"),
            ("dest.name", "dest_tag_name"),
        ])
        .join("JOIN build_target ON build_target.id = c.build_target_id")
        .join("JOIN tag AS build ON build.id = c.build_tag")
        .join("JOIN tag AS dest ON dest.id = c.dest_tag")
        .at("c", filter.event)
        .order_by("c.create_event")
        .order_by("build_target.id");
    query = match &filter.target {
        None => query,
        Some(TargetRef::Id(id)) => query.filter("build_target.id = $1", args![*id]),
        Some(TargetRef::Name(name)) => query.filter("build_target.name = $1", args![name.as_str()]),
    };
    if let Some(tag) = filter.build_tag {
        query = query.filter("c.build_tag = $1", args![tag]);
    }
    if let Some(tag) = filter.dest_tag {
        query = query.filter("c.dest_tag = $1", args![tag]);
    }
    Ok(query.rows(db, asked).await?)
}

/// The target that is meant, now or at an event.
pub(crate) async fn find(db: &mut Conn, which: &TargetRef, event: Option<EventId>) -> Result<Option<BuildTarget>> {
    let filter = Filter { target: Some(which.clone()), event, ..Filter::default() };
    Ok(list(db, &filter, None).await?.into_list().pop())
}

async fn ends(db: &mut Conn, build_tag: &TagRef, dest_tag: &TagRef) -> Result<(TagId, TagId)> {
    let Some(build) = tags::find(db, build_tag, None).await? else {
        fail!("build tag '{}' does not exist", build_tag.text())
    };
    let Some(dest) = tags::find(db, dest_tag, None).await? else {
        fail!("destination tag '{}' does not exist", dest_tag.text())
    };
    Ok((build.id, dest.id))
}

async fn insert(cx: &mut Call<'_>, target: TargetId, (build_tag, dest_tag): (TagId, TagId)) -> Result<()> {
    let columns =
        vec![("build_target_id", Arg::from(target)), ("build_tag", build_tag.into()), ("dest_tag", dest_tag.into())];
    cx.insert_versioned("build_target_config", columns).await
}

/// Makes a target. One that was deleted keeps its id.
pub(crate) async fn create(cx: &mut Call<'_>, name: &str, build_tag: &TagRef, dest_tag: &TagRef) -> Result<()> {
    names::check_internal(cx.hub().config(), name)?;
    let db = cx.db().await?;
    if find(db, &name.into(), None).await?.is_some() {
        fail!("A build target with the name '{name}' already exists");
    }
    let ends = ends(db, build_tag, dest_tag).await?;
    let id = names::get_or_make(db, name).await?;
    insert(cx, id, ends).await
}

async fn known(db: &mut Conn, which: &TargetRef) -> Result<(TargetId, String)> {
    match names::find(db, which).await? {
        Some(known) => Ok(known),
        None => fail!("No such build target: {}", which.text()),
    }
}

/// Renames a target, or gives it other tags.
pub(crate) async fn edit(
    cx: &mut Call<'_>,
    which: &TargetRef,
    name: &str,
    build_tag: &TagRef,
    dest_tag: &TagRef,
) -> Result<()> {
    names::check_internal(cx.hub().config(), name)?;
    let db = cx.db().await?;
    let (id, old_name) = known(db, which).await?;
    let ends = ends(db, build_tag, dest_tag).await?;
    if old_name != name {
        if let Some((other, _)) = names::find::<TargetId>(db, &name.into()).await? {
            fail!("name \"{name}\" is already taken by build target {other}");
        }
        db.execute("UPDATE build_target SET name = $2 WHERE id = $1", args![id, name]).await?;
    }
    cx.revoke("build_target_config", vec![("build_target_id", id.into())]).await?;
    insert(cx, id, ends).await
}

/// Deletes a target.
pub(crate) async fn delete(cx: &mut Call<'_>, which: &TargetRef) -> Result<()> {
    let (id, _) = known(cx.db().await?, which).await?;
    cx.revoke("build_target_config", vec![("build_target_id", id.into())]).await?;
    Ok(())
}
