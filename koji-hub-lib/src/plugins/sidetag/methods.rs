//! Making, removing and listing side tags.

use koji_core::api::plugins::*;
use koji_core::api::query::Rows;
use koji_core::api::{TagRef, UserRef};
use koji_core::ids::TagId;
use koji_core::model::{NewSideTag, SideTag, Tag};
use koji_core::xmlrpc::{Struct, Value};

use super::{SideTags, edit, own, remove};
use crate::call::Call;
use crate::db::{Select, args};
use crate::error::fail;
use crate::registry::{Handle, Registry};
use crate::repos::options::RepoOptions;
use crate::repos::request;
use crate::{Error, Result, names, policy, tags, targets, users};

pub(super) fn register(r: &mut Registry) {
    r.add::<CreateSideTag>().add::<RemoveSideTag>().add::<EditSideTag>().add::<ListSideTags>();
}

impl Handle for CreateSideTag {
    async fn handle(self, cx: &mut Call<'_>) -> Result<NewSideTag> {
        let Some(settings) = cx.hub().plugin::<SideTags>() else {
            return Err(Error::Config("the plugin sidetag_hub is gone".into()));
        };
        let suffix = self.suffix.as_deref().filter(|suffix| !suffix.is_empty());
        if let Some(suffix) = suffix
            && !settings.allowed_suffixes.iter().any(|allowed| allowed == suffix)
        {
            fail!("{suffix} suffix is not allowed for sidetag");
        }
        let user = cx.user_id()?;
        let db = cx.db().await?;
        let user = users::get(db, &user.into()).await?;
        let base = tags::get(db, &self.basetag, None).await?;
        let number: i64 = db
            .fetch_scalar(
                "SELECT COUNT(*) FROM tag_extra WHERE key = 'sidetag_user_id' AND value = $1 AND active = TRUE",
                args![user.id.to_string()],
            )
            .await?;
        let data: Struct = [("tag", Value::from(base.id.0)), ("number_of_tags", number.into())].into_iter().collect();
        policy::assert(cx, "sidetag", &data, false).await?;

        let name = named(cx, &settings.name_template, &base, suffix).await?;
        let mut extra: Struct =
            [("sidetag", Value::from(true)), ("sidetag_user", user.name.into()), ("sidetag_user_id", user.id.0.into())]
                .into_iter()
                .collect();
        if self.debuginfo {
            extra.insert("with_debuginfo", true);
        }
        let (parent, arches) = (Some(TagRef::Id(base.id)), base.arches);
        let id =
            tags::create(cx, tags::NewTag { name: name.clone(), parent, arches, extra, ..Default::default() }).await?;
        targets::create(cx, &name, &id.into(), &id.into()).await?;
        let request = if settings.trigger_new_repo { request_repo(cx, id).await? } else { None };
        Ok(NewSideTag { name, id, task_id: None, request })
    }
}

/// The name of a new side tag. If its id is to be in it, the tag's row is made for it, so that it is the one that it gets.
async fn named(cx: &mut Call<'_>, template: &str, base: &Tag, suffix: Option<&str>) -> Result<String> {
    let mut name = template.replace("{basetag}", &base.name);
    if let Some(suffix) = suffix {
        name = format!("{name}-{suffix}");
    }
    const ID: &str = "{tag_id}";
    if !name.contains(ID) {
        return Ok(name);
    }
    let db = cx.db().await?;
    let id: TagId = names::get_or_make(db, &format!("{name}:{:032x}", rand::random::<u128>())).await?;
    let name = name.replace(ID, &id.to_string());
    if names::find(db, &TagRef::Name(name.clone())).await?.is_some() {
        fail!("A tag with the name '{name}' already exists");
    }
    names::check_internal(cx.hub().config(), &name)?;
    let db = cx.db().await?;
    db.execute("UPDATE tag SET name = $2 WHERE id = $1", args![id, name.as_str()]).await?;
    Ok(name)
}

async fn request_repo(cx: &mut Call<'_>, id: TagId) -> Result<Option<koji_core::model::RepoRequest>> {
    let tag = tags::get(cx.db().await?, &id.into(), None).await?;
    let wanted = request::wanted(cx, &tag, &Value::Nil, None).await?;
    let priority = request::priority(cx, None).await?;
    let options = RepoOptions::from_caller(None)?;
    Ok(request::request(cx, &tag, wanted, &options, priority, false).await?.request)
}

impl Handle for RemoveSideTag {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        let tag = own(cx, &self.sidetag).await?;
        remove(cx, &tag).await
    }
}

impl Handle for EditSideTag {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        edit::edit(cx, self).await
    }
}

impl Handle for ListSideTags {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Rows<SideTag>> {
        let user = match &self.user {
            None => None,
            Some(UserRef::Me) => Some(cx.user_id()?),
            Some(user) => Some(users::get(cx.db().await?, user).await?.id),
        };
        let db = cx.db().await?;
        let mut query = Select::from("tag")
            .columns(&[("tag.id", "id"), ("tag.name", "name"), ("o.value", "user_id"), ("users.name", "user_name")])
            .join("JOIN tag_extra AS s ON s.tag_id = tag.id AND s.key = 'sidetag' AND s.active = TRUE")
            .join("JOIN tag_extra AS o ON o.tag_id = tag.id AND o.key = 'sidetag_user_id' AND o.active = TRUE")
            .join("LEFT JOIN users ON CAST(users.id AS TEXT) = o.value")
            .filter("s.value = 'true'", args![])
            .order_by("tag.id");
        if let Some(user) = user {
            query = query.filter("o.value = $1", args![user.to_string()]);
        }
        if let Some(base) = &self.basetag {
            let base = tags::get(db, base, None).await?.id;
            query = query
                .join("JOIN tag_inheritance AS i ON i.tag_id = tag.id AND i.active = TRUE")
                .filter("i.parent_id = $1", args![base]);
        }
        Ok(query.rows(db, self.query_opts.as_ref()).await?)
    }
}
