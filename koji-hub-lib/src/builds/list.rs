//! Lists of builds.

use koji_core::api::UserRef;
use koji_core::api::builds::ListBuilds;
use koji_core::api::query::Rows;
use koji_core::ids::{BTypeId, PackageId, TaskId, UserId};
use koji_core::model::{BuildListItem, BuildState};
use koji_core::time::Timestamp;
use koji_core::xmlrpc::{Struct, Value};

use crate::Result;
use crate::db::{Conn, Select, args, glob_to_like, list as sql_list, sql};
use crate::error::fail;
use crate::{names, users};

fn select<'a>() -> Select<'a> {
    Select::from("build")
        .columns(&[
            ("build.id", "build_id"),
            ("build.version", "version"),
            ("build.release", "release"),
            ("build.epoch", "epoch"),
            ("build.draft", "draft"),
            ("build.state", "state"),
            ("build.completion_time", "completion_time"),
            ("build.promotion_time", "promotion_time"),
            ("build.start_time", "start_time"),
            ("build.source", "source"),
            ("build.extra", "extra"),
            ("events.id", "creation_event_id"),
            ("events.time", "creation_time"),
            ("build.task_id", "task_id"),
            ("events.time", "creation_ts"),
            ("build.start_time", "start_ts"),
            ("build.completion_time", "completion_ts"),
            ("build.promotion_time", "promotion_ts"),
            ("package.id", "package_id"),
            ("package.name", "package_name"),
            ("package.name", "name"),
            ("volume.id", "volume_id"),
            ("volume.name", "volume_name"),
            ("package.name || '-' || build.version || '-' || build.release", "nvr"),
            ("users.id", "owner_id"),
            ("users.name", "owner_name"),
            ("promoter.id", "promoter_id"),
            ("promoter.name", "promoter_name"),
        ])
        .join("JOIN events ON events.id = build.create_event")
        .join("JOIN package ON package.id = build.pkg_id")
        .join("JOIN volume ON volume.id = build.volume_id")
        .join("JOIN users ON users.id = build.owner")
        .join("LEFT JOIN users AS promoter ON promoter.id = build.promoter")
}

/// The builds that match all that is asked for.
pub(crate) async fn list(db: &mut Conn, asked: ListBuilds) -> Result<Rows<BuildListItem>> {
    let mut query = select();
    if let Some(package) = &asked.package_id {
        let Some((id, _)) = names::find::<PackageId>(db, package).await? else { return Ok(Rows::List(Vec::new())) };
        query = query.filter("build.pkg_id = $1", args![id]);
    }
    for (user, condition) in [(&asked.user_id, "build.owner = $1"), (&asked.promoter, "build.promoter = $1")] {
        if let Some(user) = user {
            let Some(id) = user_id(db, user).await? else { return Ok(Rows::List(Vec::new())) };
            query = query.filter(condition, args![id]);
        }
    }
    if let Some(cg) = &asked.cg_id {
        let Some((id, _)) = names::find(db, cg).await? else { return Ok(Rows::List(Vec::new())) };
        query = query.filter("build.cg_id = $1", args![id]);
    }
    if let Some(volume) = asked.volume_id {
        query = query.filter("build.volume_id = $1", args![volume]);
    }
    query = match asked.task_id {
        None => query,
        Some(TaskId(-1)) => query.filter("build.task_id IS NOT NULL", args![]),
        Some(task) => query.filter("build.task_id = $1", args![task]),
    };
    if let Some(source) = &asked.source {
        query = query.filter(sql!({ilike "build.source", "$1"}), args![glob_to_like(source)]);
    }
    if let Some(prefix) = asked.prefix.filter(|prefix| !prefix.is_empty()) {
        // Koji reads a prefix as a pattern
        query = query.filter(sql!({ilike "package.name", "$1"}), args![format!("{prefix}%")]);
    }
    if let Some(pattern) = asked.pattern.filter(|pattern| !pattern.is_empty()) {
        let nvr = sql!({ilike "(package.name || '-' || build.version || '-' || build.release)", "$1"});
        query = query.filter(nvr, args![glob_to_like(&pattern)]);
    }
    if let Some(states) = &asked.state {
        query = query.filter(sql!("build.state ", {in "$1"}), args![sql_list(&states.0)]);
    }
    for (when, condition) in [
        (asked.created_before, "events.time < $1"),
        (asked.created_after, "events.time > $1"),
        (asked.complete_before, "build.completion_time < $1"),
        (asked.complete_after, "build.completion_time > $1"),
        (asked.promoted_before, "build.promotion_time < $1"),
        (asked.promoted_after, "build.promotion_time > $1"),
    ] {
        if let Some(when) = when {
            query = query.filter(condition, args![when]);
        }
    }
    if let Some(draft) = asked.draft {
        query = query.filter(if draft { "build.draft" } else { "NOT build.draft" }, args![]);
    }
    if let Some(btype) = &asked.kind {
        query = of_type(db, query, btype, asked.type_info.as_ref()).await?;
    }
    Ok(query.order_by("build.id").rows(db, asked.query_opts.as_ref()).await?)
}

async fn user_id(db: &mut Conn, user: &UserRef) -> Result<Option<UserId>> {
    Ok(users::find(db, user).await?.map(|user| user.id))
}

/// Keeps the builds of a type, and what is known of them as such.
async fn of_type<'a>(db: &mut Conn, query: Select<'a>, btype: &str, info: Option<&Struct>) -> Result<Select<'a>> {
    let wanted: &[(&str, &'static str)] = match btype {
        "maven" => &[
            ("group_id", "maven_builds.group_id = $1"),
            ("artifact_id", "maven_builds.artifact_id = $1"),
            ("version", "maven_builds.version = $1"),
        ],
        "win" => &[("platform", "win_builds.platform = $1")],
        _ => &[],
    };
    let mut query = match btype {
        "maven" => query.join("JOIN maven_builds ON maven_builds.build_id = build.id").columns(&[
            ("maven_builds.group_id", "maven_group_id"),
            ("maven_builds.artifact_id", "maven_artifact_id"),
            ("maven_builds.version", "maven_version"),
        ]),
        "win" => query
            .join("JOIN win_builds ON win_builds.build_id = build.id")
            .columns(&[("win_builds.platform", "platform")]),
        "image" => query.join("JOIN image_builds ON image_builds.build_id = build.id"),
        other => {
            let Some((id, _)) = names::find::<BTypeId>(db, &other.into()).await? else {
                fail!("unsupported build type: {other}");
            };
            let join = "JOIN build_types ON build_types.build_id = build.id AND build_types.btype_id = $1";
            query.join_with(join, args![id])
        }
    };
    for (name, condition) in wanted {
        if let Some(value) = info.and_then(|info| info.get(name)).and_then(Value::as_str) {
            query = query.filter(*condition, args![value.to_owned()]);
        }
    }
    Ok(query)
}

/// How long a package's builds take on the average, in seconds; of those that ended after `since`, if given. Builds
/// without a task do not count.
pub(crate) async fn average_duration(
    db: &mut Conn,
    package: PackageId,
    since: Option<Timestamp>,
) -> Result<Option<f64>> {
    let mut query = Select::from("build")
        .column(sql!("AVG(", {epoch "build.completion_time"}, " - ", {epoch "events.time"}, ")"), "duration")
        .join("JOIN events ON events.id = build.create_event")
        .filter("build.pkg_id = $1 AND build.state = $2", args![package, BuildState::Complete])
        .filter("build.task_id IS NOT NULL OR build.extra LIKE '%koji_task_id%'", args![]);
    if let Some(since) = since {
        query = query.filter("build.completion_time > $1", args![since]);
    }
    let average: Vec<Option<f64>> = query.fetch_scalars(db).await?;
    Ok(average.into_iter().next().flatten())
}
