//! Lists of archives.

use koji_core::api::archives::ListArchives;
use koji_core::api::query::Rows;
use koji_core::ids::BTypeId;
use koji_core::model::Archive;
use koji_core::xmlrpc::{Struct, Value};

use crate::db::{Conn, Select, args, sql};
use crate::error::fail;
use crate::{Result, names};

/// What is read of every archive, from `archiveinfo` and `btype`.
pub(crate) const COLUMNS: &[(&str, &str)] = &[
    ("archiveinfo.id", "id"),
    ("archiveinfo.type_id", "type_id"),
    ("archiveinfo.btype_id", "btype_id"),
    ("btype.name", "btype"),
    ("archiveinfo.build_id", "build_id"),
    ("archiveinfo.buildroot_id", "buildroot_id"),
    ("archiveinfo.filename", "filename"),
    ("archiveinfo.size", "size"),
    ("archiveinfo.checksum", "checksum"),
    ("archiveinfo.checksum_type", "checksum_type"),
    ("archiveinfo.metadata_only", "metadata_only"),
];

pub(super) fn select<'a>() -> Select<'a> {
    Select::from("archiveinfo")
        .columns(COLUMNS)
        .columns(&[
            ("archiveinfo.extra", "extra"),
            ("archivetypes.name", "type_name"),
            ("archivetypes.description", "type_description"),
            ("archivetypes.extensions", "type_extensions"),
            ("archivetypes.compression_type", "compression_type"),
        ])
        .join("JOIN archivetypes ON archivetypes.id = archiveinfo.type_id")
        .join("JOIN btype ON btype.id = archiveinfo.btype_id")
        .order_by("archiveinfo.id")
}

/// The archives that match all that is asked for.
pub(crate) async fn list(db: &mut Conn, asked: ListArchives) -> Result<Rows<Archive>> {
    let mut query = select();
    for (value, condition) in [
        (asked.build_id.map(|id| id.0), "archiveinfo.build_id = $1"),
        (asked.buildroot_id.map(|id| id.0), "archiveinfo.buildroot_id = $1"),
        (asked.archive_id.map(|id| id.0), "archiveinfo.id = $1"),
        (asked.checksum_type, "archiveinfo.checksum_type = $1"),
    ] {
        if let Some(value) = value {
            query = query.filter(condition, args![value]);
        }
    }
    for (value, condition) in
        [(&asked.filename, "archiveinfo.filename = $1"), (&asked.checksum, "archiveinfo.checksum = $1")]
    {
        if let Some(value) = value {
            query = query.filter(condition, args![value.as_str()]);
        }
    }
    if let Some(size) = asked.size {
        query = query.filter("archiveinfo.size = $1", args![size]);
    }
    if let Some(root) = asked.component_buildroot_id {
        query = query
            .columns(&[("used.buildroot_id", "component_buildroot_id"), ("used.project_dep", "project")])
            .join("JOIN buildroot_archives AS used ON used.archive_id = archiveinfo.id")
            .filter("used.buildroot_id = $1", args![root]);
    }
    if let Some(image) = asked.image_id {
        query = query
            .join("JOIN archive_components AS component ON component.component_id = archiveinfo.id")
            .filter("component.archive_id = $1", args![image]);
    }
    if let Some(host) = asked.host_id {
        query = query
            .column("root.host_id", "host_id")
            .join("JOIN standard_buildroot AS root ON root.buildroot_id = archiveinfo.buildroot_id")
            .filter("root.host_id = $1", args![host]);
    }
    if let Some(kind) = &asked.kind {
        query = of_type(db, query, kind, asked.type_info.as_ref()).await?;
    }
    let mut found: Rows<Archive> = query.rows(db, asked.query_opts.as_ref()).await?;
    if asked.strict && found.count() == 0 {
        fail!("No archives found.");
    }
    if asked.kind.as_deref() == Some("win") {
        found = found.map(|archive| Archive { flags: Some(archive.flags.flatten()), ..archive });
    }
    Ok(found)
}
/// Keeps the archives of a type, and what is known of them as such.
async fn of_type<'a>(db: &mut Conn, query: Select<'a>, kind: &str, info: Option<&Struct>) -> Result<Select<'a>> {
    let text = |name: &str| info.and_then(|info| info.get(name)).and_then(Value::as_str).map(str::to_owned);
    let mut query = match kind {
        "maven" => query.join("JOIN maven_archives ON maven_archives.archive_id = archiveinfo.id").columns(&[
            ("maven_archives.group_id", "group_id"),
            ("maven_archives.artifact_id", "artifact_id"),
            ("maven_archives.version", "version"),
        ]),
        "win" => query.join("JOIN win_archives ON win_archives.archive_id = archiveinfo.id").columns(&[
            ("win_archives.relpath", "relpath"),
            ("win_archives.platforms", "platforms"),
            ("win_archives.flags", "flags"),
        ]),
        "image" => query
            .join("JOIN image_archives ON image_archives.archive_id = archiveinfo.id")
            .columns(&[("image_archives.arch", "arch")]),
        other => {
            let Some((id, name)) = names::find::<BTypeId>(db, &other.into()).await? else {
                fail!("unsupported archive type: {other}");
            };
            if info.is_some_and(|info| !info.is_empty()) {
                fail!("typeInfo queries not supported for type {name}");
            }
            return Ok(query.filter("archiveinfo.btype_id = $1", args![id]));
        }
    };
    let fields: &[(&str, &'static str)] = match kind {
        "maven" => &[
            ("group_id", "maven_archives.group_id = $1"),
            ("artifact_id", "maven_archives.artifact_id = $1"),
            ("version", "maven_archives.version = $1"),
        ],
        "win" => &[("relpath", "win_archives.relpath = $1")],
        _ => &[("arch", "image_archives.arch = $1")],
    };
    for (name, condition) in fields {
        if let Some(value) = text(name) {
            query = query.filter(*condition, args![value]);
        }
    }
    if kind == "win" {
        for (name, condition) in [
            ("platforms", sql!({regex "win_archives.platforms", "$1"})),
            ("flags", sql!({regex "win_archives.flags", "$1"})),
        ] {
            let wanted = match info.and_then(|info| info.get(name)) {
                Some(Value::Array(values)) => values.clone(),
                Some(value) => vec![value.clone()],
                None => Vec::new(),
            };
            for word in wanted.iter().filter_map(Value::as_str) {
                // as a word of its own
                query = query.filter(condition, args![format!("(^|[^[:alnum:]_])({word})([^[:alnum:]_]|$)")]);
            }
        }
    }
    Ok(query)
}
