//! Lists of tags.

use koji_core::api::QueryOpts;
use koji_core::api::query::Rows;
use koji_core::ids::{BuildId, PackageId, PermissionId, UserId};
use koji_core::model::{TagListItem, TagListPackage, TagPermission};

use crate::Result;
use crate::db::{Conn, Select, args, glob_to_like, sql};

/// Which tags are listed, and how.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    /// Those that a build is in.
    pub build: Option<BuildId>,
    /// Those that list a package, with how.
    pub package: Option<PackageId>,
    /// With the permission that they require.
    pub perms: bool,
    /// Those whose names match a shell pattern, whatever the case.
    pub pattern: Option<String>,
}

#[derive(sqlx::FromRow, serde::Serialize)]
struct Row {
    #[sqlx(flatten)]
    #[serde(flatten)]
    tag: TagListItem,
    #[sqlx(default)]
    perm_id: Option<PermissionId>,
    #[sqlx(default)]
    perm: Option<String>,
    #[sqlx(default)]
    owner_id: Option<UserId>,
    #[sqlx(default)]
    owner_name: Option<String>,
    #[sqlx(default)]
    blocked: Option<bool>,
    #[sqlx(default)]
    extra_arches: Option<String>,
}

/// Lists tags as they are now.
pub(crate) async fn list(db: &mut Conn, filter: Filter, asked: Option<&QueryOpts>) -> Result<Rows<TagListItem>> {
    let mut query = Select::from("tag_config AS c")
        .columns(&[
            ("tag.id", "id"),
            ("tag.name", "name"),
            ("c.arches", "arches"),
            ("c.locked", "locked"),
            ("c.maven_support", "maven_support"),
            ("c.maven_include_all", "maven_include_all"),
        ])
        .join("JOIN tag ON tag.id = c.tag_id")
        .at("c", None)
        .order_by("tag.id");
    if filter.perms {
        query = query
            .columns(&[("c.perm_id", "perm_id"), ("permissions.name", "perm")])
            .join("LEFT JOIN permissions ON permissions.id = c.perm_id");
    }
    if let Some(build) = filter.build {
        query = query
            .join("JOIN tag_listing ON tag_listing.tag_id = tag.id")
            .filter("tag_listing.build_id = $1", args![build])
            .at("tag_listing", None);
    }
    if let Some(package) = filter.package {
        query = query
            .columns(&[
                ("users.id", "owner_id"),
                ("users.name", "owner_name"),
                ("p.blocked", "blocked"),
                ("p.extra_arches", "extra_arches"),
            ])
            .join("JOIN tag_packages AS p ON p.tag_id = tag.id")
            .join("JOIN tag_package_owners AS o ON o.tag_id = p.tag_id AND o.package_id = p.package_id AND o.active = TRUE")
            .join("JOIN users ON users.id = o.owner")
            .filter("p.package_id = $1", args![package])
            .at("p", None);
    }
    if let Some(pattern) = &filter.pattern {
        query = query.filter(sql!({ ilike "tag.name", "$1" }), args![glob_to_like(pattern)]);
    }
    let rows: Rows<Row> = query.rows(db, asked).await?;
    Ok(rows.map(|row| TagListItem {
        perm: filter.perms.then_some(TagPermission { perm_id: row.perm_id, perm: row.perm }),
        package: match (row.owner_id, row.owner_name, row.blocked) {
            (Some(owner_id), Some(owner_name), Some(blocked)) => {
                Some(TagListPackage { owner_id, owner_name, blocked, extra_arches: row.extra_arches })
            }
            _ => None,
        },
        ..row.tag
    }))
}
