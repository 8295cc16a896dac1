//! Making, changing and deleting tags.

use koji_core::api::{PermissionRef, TagRef};
use koji_core::arch::ArchList;
use koji_core::ids::TagId;
use koji_core::python;
use koji_core::xmlrpc::{Struct, Value};

use super::{find, get, set_links};
use crate::call::Call;
use crate::db::{Arg, args};
use crate::error::fail;
use crate::given::take;
use crate::{Result, names};

/// A tag to be.
#[derive(Debug, Default)]
pub(crate) struct NewTag {
    pub name: String,
    pub parent: Option<TagRef>,
    pub arches: Option<String>,
    pub perm: Option<PermissionRef>,
    pub locked: bool,
    pub maven_support: bool,
    pub maven_include_all: bool,
    pub extra: Struct,
}

fn arches(text: &str) -> Result<String> {
    Ok(ArchList::parse_strict(text)?.to_string())
}

/// Makes a tag. One that was deleted keeps its id.
pub(crate) async fn create(cx: &mut Call<'_>, new: NewTag) -> Result<TagId> {
    let config = cx.hub().config();
    names::check_internal(config, &new.name)?;
    let arches = arches(new.arches.as_deref().unwrap_or_default())?;
    if !config.enable_maven && (new.maven_support || new.maven_include_all) {
        fail!("Maven support not enabled");
    }
    let db = cx.db().await?;
    if find(db, &TagRef::Name(new.name.clone()), None).await?.is_some() {
        fail!("A tag with the name '{}' already exists", new.name);
    }
    let given = |parent: &TagRef| *parent != TagRef::Id(TagId(0)) && *parent != TagRef::Name(String::new());
    let parent = match new.parent.filter(given) {
        None => None,
        Some(which) => match find(db, &which, None).await? {
            Some(parent) => Some(parent.id),
            None => fail!("Parent tag '{}' could not be found", which.text()),
        },
    };
    let perm = match &new.perm {
        None => None,
        Some(perm) => Some(names::get(db, perm).await?.0),
    };
    let id: TagId = names::get_or_make(db, &new.name).await?;
    let columns = vec![
        ("tag_id", Arg::from(id)),
        ("arches", arches.into()),
        ("perm_id", perm.into()),
        ("locked", new.locked.into()),
        ("maven_support", new.maven_support.into()),
        ("maven_include_all", new.maven_include_all.into()),
    ];
    cx.insert_versioned("tag_config", columns).await?;
    for (key, value) in new.extra.iter() {
        insert_extra(cx, id, key, Some(value)).await?;
    }
    if let Some(parent) = parent {
        let link: Struct = [
            ("parent_id", Value::from(parent.0)),
            ("priority", 0.into()),
            ("maxdepth", Value::Nil),
            ("intransitive", false.into()),
            ("noconfig", false.into()),
            ("pkg_filter", "".into()),
        ]
        .into_iter()
        .collect();
        set_links(cx, id, vec![link], false).await?;
    }
    Ok(id)
}

/// Sets an extra option; without a value, blocks what is inherited of it.
async fn insert_extra(cx: &mut Call<'_>, tag: TagId, key: &str, value: Option<&Value>) -> Result<()> {
    let value = value.map(python::json);
    // what cannot be read again would be the end of the tag
    if let Some(text) = &value
        && let Err(e) = serde_json::from_str::<Value>(text)
    {
        fail!("Invalid tag extra data: {key}: {e}");
    }
    cx.insert_versioned("tag_extra", vec![("tag_id", tag.into()), ("key", key.into()), ("value", value.into())]).await
}

async fn revoke_extra(cx: &mut Call<'_>, tag: TagId, key: &str) -> Result<()> {
    cx.revoke("tag_extra", vec![("tag_id", tag.into()), ("key", key.into())]).await?;
    Ok(())
}

/// Changes a tag: what `editTag2` lists.
pub(crate) async fn edit(cx: &mut Call<'_>, which: &TagRef, mut changes: Struct) -> Result<()> {
    let maven_support: Option<bool> = take(&mut changes, "maven_support")?;
    let maven_include_all: Option<bool> = take(&mut changes, "maven_include_all")?;
    if !cx.hub().config().enable_maven && (maven_support.is_some() || maven_include_all.is_some()) {
        fail!("Maven support not enabled");
    }
    let remove: Option<Option<Vec<String>>> = take(&mut changes, "remove_extra")?;
    let block: Option<Option<Vec<String>>> = take(&mut changes, "block_extra")?;
    let (remove, block) = (remove.flatten().unwrap_or_default(), block.flatten().unwrap_or_default());

    let tag = get(cx.db().await?, which, None).await?;
    let perm = changes.remove("perm");
    if let Some(perm) = perm
        && changes.get("perm_id").is_none()
    {
        changes.insert("perm_id", perm);
    }
    let perm = match take::<Option<PermissionRef>>(&mut changes, "perm_id")? {
        None => tag.perm_id,
        Some(None) => None,
        Some(Some(perm)) => Some(names::get(cx.db().await?, &perm).await?.0),
    };
    if let Some(Some(name)) = take::<Option<String>>(&mut changes, "name")?
        && !name.is_empty()
        && name != tag.name
    {
        rename(cx, tag.id, &name).await?;
    }
    let new_arches = match take::<Option<String>>(&mut changes, "arches")? {
        None => tag.arches.clone(),
        Some(None) => None,
        Some(Some(text)) if tag.arches.as_ref() == Some(&text) => Some(text),
        Some(Some(text)) => Some(arches(&text)?),
    };
    let locked = take(&mut changes, "locked")?.unwrap_or(tag.locked);
    let maven_support = maven_support.unwrap_or(tag.maven_support);
    let maven_include_all = maven_include_all.unwrap_or(tag.maven_include_all);
    let now = (perm, &new_arches, locked, maven_support, maven_include_all);
    if now != (tag.perm_id, &tag.arches, tag.locked, tag.maven_support, tag.maven_include_all) {
        cx.revoke("tag_config", vec![("tag_id", tag.id.into())]).await?;
        let columns = vec![
            ("tag_id", Arg::from(tag.id)),
            ("arches", new_arches.into()),
            ("perm_id", perm.into()),
            ("locked", locked.into()),
            ("maven_support", maven_support.into()),
            ("maven_include_all", maven_include_all.into()),
        ];
        cx.insert_versioned("tag_config", columns).await?;
    }

    if let Some(extra) = take::<Struct>(&mut changes, "extra")? {
        if let Some((key, _)) = extra.iter().find(|(key, _)| block.iter().chain(&remove).any(|k| k == key)) {
            fail!("Can not both add/update and remove tag-extra: '{key}'");
        }
        for (key, value) in extra.iter().filter(|(key, value)| tag.extra.get(key) != Some(*value)) {
            revoke_extra(cx, tag.id, key).await?;
            insert_extra(cx, tag.id, key, Some(value)).await?;
        }
    }
    for key in &block {
        revoke_extra(cx, tag.id, key).await?;
        insert_extra(cx, tag.id, key, None).await?;
    }
    let absent: Vec<&str> = remove.iter().map(String::as_str).filter(|key| tag.extra.get(key).is_none()).collect();
    if !absent.is_empty() {
        fail!("Tag: {} doesn't have extra: {}", tag.name, absent.join(", "));
    }
    for key in &remove {
        revoke_extra(cx, tag.id, key).await?;
    }
    Ok(())
}

async fn rename(cx: &mut Call<'_>, tag: TagId, name: &str) -> Result<()> {
    names::check_internal(cx.hub().config(), name)?;
    let db = cx.db().await?;
    if let Some((other, _)) = names::find(db, &TagRef::Name(name.to_owned())).await? {
        fail!("Name {name} already taken by tag {other}");
    }
    db.execute("UPDATE tag SET name = $2 WHERE id = $1", args![tag, name]).await?;
    Ok(())
}

/// Deletes a tag: all that refers to it ends. Its history, its name and its repos stay.
pub(crate) async fn delete(cx: &mut Call<'_>, which: &TagRef) -> Result<()> {
    let tag = get(cx.db().await?, which, None).await?.id;
    for (table, column) in [
        ("tag_config", "tag_id"),
        ("tag_extra", "tag_id"),
        ("tag_inheritance", "tag_id"),
        ("tag_inheritance", "parent_id"),
        ("build_target_config", "build_tag"),
        ("build_target_config", "dest_tag"),
        ("tag_listing", "tag_id"),
        ("tag_packages", "tag_id"),
        ("tag_package_owners", "tag_id"),
        ("tag_external_repos", "tag_id"),
        ("group_config", "tag_id"),
        ("group_req_listing", "tag_id"),
        ("group_package_listing", "tag_id"),
    ] {
        cx.revoke(table, vec![(column, tag.into())]).await?;
    }
    Ok(())
}
