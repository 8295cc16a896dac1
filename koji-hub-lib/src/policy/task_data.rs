//! What policies know of a task: what it builds, for which target, into which tag.

use koji_core::api::{Param, TagRef};
use koji_core::ids::TaskId;
use koji_core::task::named;
use koji_core::xmlrpc::{Struct, Value};

use crate::Result;
use crate::call::Call;
use crate::db::args;
use crate::error::fail;
use crate::{tags, tasks};

/// The data of a task that there is; a fault if there is none.
pub(crate) async fn of_task(cx: &mut Call<'_>, task: TaskId) -> Result<Struct> {
    let (method, params) = request(cx, task).await?;
    of_args(cx, &method, &params).await
}

/// The data of a task's arguments: `source`, `target`, `tag`, `build_tag` and `scratch` as far as they are among them.
pub(crate) async fn of_args(cx: &mut Call<'_>, method: &str, params: &[Value]) -> Result<Struct> {
    let mut data = Struct::new();
    let Some(mut given) = arguments(method, params) else { return Ok(data) };
    // this one has all its arguments in one
    if method == "indirectionimage"
        && let Some(Value::Struct(opts)) = given.get("opts").cloned()
    {
        given = opts.clone();
        given.insert("opts", opts);
    }
    let first = |names: &[&str]| names.iter().find_map(|name| given.get(name));
    // newRepo's src is whether source packages are in it
    if method != "newRepo"
        && let Some(source) = first(&["src", "spec_url", "url"])
    {
        match source {
            Value::String(_) => data.insert("source", source.clone()),
            other => fail!(Parameter, "Invalid type for value: {}, expected a source", other.type_name()),
        }
    }
    if let Some(target) = first(&["target", "build_target", "target_info"]) {
        let name = match target {
            Value::Struct(info) => info.get("name").cloned().unwrap_or_default(),
            other => other.clone(),
        };
        data.insert("target", target_name(cx, &name).await?);
    }
    for (field, asked) in [("tag", first(&["tag", "tag_id", "tag_info"])), ("build_tag", given.get("build_tag"))] {
        if let Some(tag) = asked.and_then(|tag| TagRef::from_value(tag.clone()).ok())
            && let Some(tag) = tags::find(cx.db().await?, &tag, None).await?
        {
            data.insert(field, tag.name);
        }
    }
    if let Some(scratch) = given.get("opts").and_then(Value::as_struct).and_then(|opts| opts.get("scratch")) {
        data.insert("scratch", scratch.clone());
    }
    Ok(data)
}

/// What a build task builds from, as it was asked for.
pub(super) async fn source(cx: &mut Call<'_>, task: TaskId) -> Result<Option<String>> {
    let (method, params) = request(cx, task).await?;
    let Some(given) = arguments(&method, &params) else { return Ok(None) };
    let names: &[&str] = match method.as_str() {
        "winbuild" => &["source_url"],
        "indirectionimage" => &[],
        "wrapperRPM" => &["spec_url"],
        _ => &["src", "url"],
    };
    Ok(names.iter().find_map(|name| given.get(name)).and_then(Value::as_str).map(str::to_owned))
}

fn arguments(method: &str, params: &[Value]) -> Option<Struct> {
    match named(method, params)? {
        Ok(given) => Some(given),
        Err(fault) => {
            tracing::warn!(method, %fault, "the arguments do not fit the task's method");
            None
        }
    }
}

async fn request(cx: &mut Call<'_>, task: TaskId) -> Result<(String, Vec<Value>)> {
    let db = cx.db().await?;
    Ok((tasks::get(db, task).await?.method, tasks::request::of_task(db, task).await?))
}

/// The target's name, if there is such a target now.
async fn target_name(cx: &mut Call<'_>, target: &Value) -> Result<Option<String>> {
    let sql = "SELECT build_target.name FROM build_target
               JOIN build_target_config AS config ON config.build_target_id = build_target.id AND config.active = TRUE
               WHERE build_target.name = $1 OR build_target.id = $2";
    let id = target.as_int().and_then(|id| i32::try_from(id).ok());
    Ok(cx.db().await?.fetch_scalar_optional(sql, args![target.as_str(), id]).await?)
}
