//! `sidetag_hub`: tags of one's own beside another, to build in what must come together.
//!
//! A side tag is known by its extra options: `sidetag`, and `sidetag_user_id` with the id of its owner.

mod edit;
mod methods;

use async_trait::async_trait;
use koji_core::api::{Param, TagRef, TargetRef};
use koji_core::ids::UserId;
use koji_core::model::Tag;
use koji_core::xmlrpc::{Struct, Value};

use crate::call::Call;
use crate::config::HubConfig;
use crate::db::args;
use crate::error::fail;
use crate::plugin::{Callback, CallbackType, Plugin, PluginSettings};
use crate::registry::Registry;
use crate::{Error, Result, policy, tags, targets};

/// The plugin with its settings.
pub(super) struct SideTags {
    remove_empty: bool,
    allowed_suffixes: Vec<String>,
    name_template: String,
    trigger_new_repo: bool,
}

impl SideTags {
    pub(super) fn new(config: &HubConfig) -> Result<Self> {
        let settings = PluginSettings::read(config, "sidetag", "sidetag")?;
        let suffixes = settings.text("allowed_suffixes").unwrap_or_default().split(',').map(str::trim);
        Ok(SideTags {
            remove_empty: settings.flag("remove_empty")?,
            allowed_suffixes: suffixes.filter(|suffix| !suffix.is_empty()).map(str::to_owned).collect(),
            name_template: settings.text("name_template").unwrap_or("{basetag}-side-{tag_id}").to_owned(),
            trigger_new_repo: settings.flag("trigger_new_repo")?,
        })
    }
}

#[async_trait]
impl Plugin for SideTags {
    fn name(&self) -> &str {
        "sidetag_hub"
    }

    fn callbacks(&self) -> &[CallbackType] {
        if self.remove_empty { &[CallbackType::PostUntag] } else { &[] }
    }

    async fn callback(&self, cx: &mut Call<'_>, what: &Callback<'_>) -> Result<()> {
        match what {
            Callback::PostUntag(about) => remove_if_empty(cx, about.tag).await,
            _ => Ok(()),
        }
    }

    fn methods(&self, registry: &mut Registry) {
        methods::register(registry);
    }

    fn policy_tests(&self) -> &[&str] {
        &["is_sidetag", "is_sidetag_owner"]
    }

    async fn policy_test(&self, cx: &mut Call<'_>, name: &str, args: &[String], data: &Struct) -> Result<bool> {
        let fields: &[&str] = match args {
            _ if name == "is_sidetag" => &["tag"],
            [] => &["tag"],
            [one] if one == "tag" => &["tag"],
            [one] if one == "fromtag" => &["fromtag"],
            [one] if one == "both" => &["tag", "fromtag"],
            [other] => fail!("{name} takes tag, fromtag or both, not {other}"),
            _ => fail!("{name} takes one argument"),
        };
        for field in fields {
            let Some(tag) = tag_of(cx, data, field).await? else { return Ok(false) };
            let holds = match name {
                "is_sidetag" => is_side_tag(&tag),
                _ => match policy::user(cx, data).await? {
                    Some(user) => may_change(cx, &tag, user.id).await?,
                    None => false,
                },
            };
            if !holds {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

async fn tag_of(cx: &mut Call<'_>, data: &Struct, field: &str) -> Result<Option<Tag>> {
    match data.get(field) {
        None | Some(Value::Nil) => Ok(None),
        Some(value) => match TagRef::from_value(value.clone()) {
            Ok(which) => tags::find(cx.db().await?, &which, None).await,
            Err(e) => fail!("policy data: {field}: {e}"),
        },
    }
}

fn is_side_tag(tag: &Tag) -> bool {
    tag.extra.get("sidetag").is_some_and(Value::is_truthy)
}

/// Whether it is a side tag of that user's; an administrator who calls may change any.
async fn may_change(cx: &mut Call<'_>, tag: &Tag, user: UserId) -> Result<bool> {
    if !is_side_tag(tag) {
        return Ok(false);
    }
    let owner = tag.extra.get("sidetag_user_id").and_then(Value::as_int);
    Ok(owner == Some(user.0.into()) || cx.has_perm("admin").await?)
}

/// The side tag, which must be the caller's own.
async fn own(cx: &mut Call<'_>, which: &TagRef) -> Result<Tag> {
    let user = cx.user_id()?;
    let tag = tags::get(cx.db().await?, which, None).await?;
    if !is_side_tag(&tag) {
        fail!("Not a sidetag: {}", tag.name);
    }
    if !may_change(cx, &tag, user).await? {
        fail!(ActionNotAllowed, "This is not your sidetag");
    }
    Ok(tag)
}

/// Deletes a side tag and its target.
async fn remove(cx: &mut Call<'_>, tag: &Tag) -> Result<()> {
    let target = TargetRef::Name(tag.name.clone());
    let Some(target) = targets::find(cx.db().await?, &target, None).await? else {
        fail!("Target is missing for sidetag")
    };
    if (target.build_tag, target.dest_tag) != (tag.id, tag.id) {
        fail!("Target does not match sidetag");
    }
    targets::delete(cx, &target.id.into()).await?;
    tags::delete(cx, &tag.id.into()).await
}

/// Removes a side tag from which the last build has been taken.
async fn remove_if_empty(cx: &mut Call<'_>, tag: &Tag) -> Result<()> {
    let Some(tag) = tags::find(cx.db().await?, &tag.id.into(), None).await? else { return Ok(()) };
    if !is_side_tag(&tag) {
        return Ok(());
    }
    let sql = "SELECT COUNT(*) FROM tag_listing WHERE tag_id = $1 AND active = TRUE";
    let builds: i64 = cx.db().await?.fetch_scalar(sql, args![tag.id]).await?;
    if builds > 0 {
        return Ok(());
    }
    match remove(cx, &tag).await {
        // one that is not as it was made is left to its owner
        Err(Error::Fault(fault)) => {
            tracing::info!(tag = tag.name, %fault, "an empty side tag stays");
            Ok(())
        }
        done => done,
    }
}
