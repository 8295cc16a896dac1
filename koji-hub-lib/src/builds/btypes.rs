//! The types of builds, and what is known of a build as one of them.

use koji_core::ids::{BTypeId, BuildId};
use koji_core::model::Build;
use koji_core::xmlrpc::{Struct, Value, to_value};

use crate::Result;
use crate::db::{Conn, args};

/// What is known of a build as a Maven build.
pub(crate) async fn maven_info(db: &mut Conn, build: BuildId) -> Result<Option<Struct>> {
    let sql = "SELECT group_id, artifact_id, version FROM maven_builds WHERE build_id = $1";
    let row: Option<(String, String, String)> = db.fetch_optional(sql, args![build]).await?;
    Ok(row.map(|(group, artifact, version)| {
        [("build_id", Value::from(build.0)), ("group_id", group.into()), ("artifact_id", artifact.into())]
            .into_iter()
            .chain([("version", version.into())])
            .collect()
    }))
}

/// What is known of a build as a Windows build.
pub(crate) async fn win_info(db: &mut Conn, build: BuildId) -> Result<Option<Struct>> {
    let sql = "SELECT platform FROM win_builds WHERE build_id = $1";
    let platform: Option<String> = db.fetch_scalar_optional(sql, args![build]).await?;
    Ok(platform
        .map(|platform| [("build_id", Value::from(build.0)), ("platform", platform.into())].into_iter().collect()))
}

/// What is known of a build as an image build.
pub(crate) async fn image_info(db: &mut Conn, build: BuildId) -> Result<Option<Struct>> {
    let sql = "SELECT build_id FROM image_builds WHERE build_id = $1";
    let found: Option<BuildId> = db.fetch_scalar_optional(sql, args![build]).await?;
    Ok(found.map(|id| [("build_id", Value::from(id.0))].into_iter().collect()))
}

/// The types of a build, each with what is known of it as such.
pub(crate) async fn types(db: &mut Conn, build: &Build) -> Result<Struct> {
    let sql = "SELECT btype.name FROM build_types JOIN btype ON btype.id = build_types.btype_id
               WHERE build_types.build_id = $1 ORDER BY btype.id";
    let names: Vec<String> = db.fetch_scalars(sql, args![build.id]).await?;
    let known = build.extra.as_ref().and_then(|extra| extra.0.get("typeinfo"));
    let mut out = Struct::new();
    for name in names {
        let info = known.and_then(|known| known.get(&name));
        out.insert(name, info.map(to_value).transpose()?.unwrap_or_default());
    }
    for (name, info) in [
        ("maven", maven_info(db, build.id).await?),
        ("win", win_info(db, build.id).await?),
        ("image", image_info(db, build.id).await?),
    ] {
        if let Some(info) = info {
            out.insert(name, info);
        }
    }
    Ok(out)
}

/// Gives a build a type, if it does not have it.
pub(crate) async fn add_type(db: &mut Conn, build: BuildId, btype: &str) -> Result<()> {
    let (btype, _) = crate::names::get::<BTypeId>(db, &btype.into()).await?;
    db.execute(
        "INSERT INTO build_types (build_id, btype_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        args![build, btype],
    )
    .await?;
    Ok(())
}
