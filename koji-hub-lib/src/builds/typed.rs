//! Builds of Maven, of Windows and of images: what makes a build one of them.

use koji_core::api::{BuildRef, Param};
use koji_core::ids::BuildId;
use koji_core::model::Build;
use koji_core::nvr::Nvr;
use koji_core::xmlrpc::{Struct, Value};

use super::{BuildExt, NewBuild, add_type, find, get_by_id, image_info, make, maven_info, win_info};
use crate::Result;
use crate::call::Call;
use crate::db::{Conn, args};
use crate::error::fail;
use crate::given::read;

/// The build that is meant. One that is named by its parts, with the epoch, is made if there is none: complete, and of the
/// caller. Drafts are refused.
pub(crate) async fn find_or_make(cx: &mut Call<'_>, which: &Value) -> Result<Build> {
    let build = match BuildRef::from_value(which.clone()) {
        Ok(build) => build,
        Err(why) => fail!("{why}"),
    };
    if let Some(build) = find(cx.db().await?, &build).await? {
        build.reject_draft()?;
        return Ok(build);
    }
    let Value::Struct(asked) = which else {
        fail!("Invalid type for build_info: <class '{}'>", which.type_name());
    };
    if asked.get("draft").is_some_and(Value::is_truthy) {
        fail!("Draft build not supported");
    }
    let nvr = Nvr::new(
        member::<String>("Build", asked, "name")?,
        member::<String>("Build", asked, "version")?,
        member::<String>("Build", asked, "release")?,
    );
    let epoch = member("Build", asked, "epoch")?;
    let kept = ["name", "version", "release", "epoch"];
    let asked = asked.iter().filter(|(name, _)| kept.contains(name)).map(|(name, v)| (name, v.clone())).collect();
    let new = NewBuild { asked, ..NewBuild::complete(nvr, epoch, cx.user_id()?) };
    let id = make(cx, new).await?;
    get_by_id(cx.db().await?, id).await
}

fn member<T: Param>(what: &str, info: &Struct, name: &str) -> Result<T> {
    match info.get(name) {
        Some(value) => read(name, value.clone()),
        None => fail!("{what} info doesn't have mandatory '{name}' key"),
    }
}

/// Reads what makes a build one of a type.
fn info<'a>(given: &'a Value, name: &str) -> Result<&'a Struct> {
    match given {
        Value::Struct(info) => Ok(info),
        other => fail!("Invalid type for {name}: <class '{}'>", other.type_name()),
    }
}

/// Makes a build one of Maven. One that is one already must be the same.
pub(crate) async fn make_maven(db: &mut Conn, build: BuildId, given: &Value) -> Result<()> {
    let info = info(given, "maven_info")?;
    let known = maven_info(db, build).await?;
    if known.is_none() && info.is_empty() {
        fail!("Maven info is empty");
    }
    let mut values = args![build];
    for name in ["group_id", "artifact_id", "version"] {
        let new: String = member("Maven", info, name)?;
        if let Some(known) = &known {
            let current = known.get(name).and_then(Value::as_str).unwrap_or_default();
            if current != new {
                fail!(Build, "{name} mismatch (current: {current}, new: {new})");
            }
        }
        values.push(new.into());
    }
    if known.is_some() {
        return Ok(());
    }
    let sql = "INSERT INTO maven_builds (build_id, group_id, artifact_id, version) VALUES ($1, $2, $3, $4)";
    db.execute(sql, values).await?;
    add_type(db, build, "maven").await
}

/// Makes a build one of Windows, or gives it another platform.
pub(crate) async fn make_win(db: &mut Conn, build: BuildId, given: &Value) -> Result<()> {
    let info = info(given, "win_info")?;
    if info.is_empty() {
        fail!("Windows info is empty");
    }
    let Some(platform) = info.get("platform") else { fail!("Windows info doesn't have mandatory platform key") };
    let platform: String = read("platform", platform.clone())?;
    if win_info(db, build).await?.is_some() {
        db.execute("UPDATE win_builds SET platform = $2 WHERE build_id = $1", args![build, platform]).await?;
        return Ok(());
    }
    db.execute("INSERT INTO win_builds (build_id, platform) VALUES ($1, $2)", args![build, platform]).await?;
    add_type(db, build, "win").await
}

/// Makes a build one of images.
pub(crate) async fn make_image(db: &mut Conn, build: BuildId) -> Result<()> {
    if image_info(db, build).await?.is_none() {
        db.execute("INSERT INTO image_builds (build_id) VALUES ($1)", args![build]).await?;
    }
    add_type(db, build, "image").await
}
