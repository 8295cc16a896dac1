/// A table that keeps history.
pub(super) struct Table {
    pub name: &'static str,
    pub columns: &'static [(&'static str, &'static str)],
    /// The joins with events and users that all have.
    pub joins: [&'static str; 4],
    pub links: &'static [Link],
    pub current: &'static str,
    pub past: &'static str,
    pub after_event: &'static str,
    pub before_event: &'static str,
}

/// What the rows of a table are about: columns with its name, and the filter by it.
pub(super) struct Link {
    pub columns: &'static [(&'static str, &'static str)],
    pub join: Option<&'static str>,
    pub filter: (&'static str, &'static str),
}

/// `link!(tag "tag_listing.tag_id" => "tag" as "tag", "tag.name")`: the filter, the column with an id, the table whose row
/// that is, its alias, and the name under which its name is shown.
macro_rules! link {
    ($filter:ident $column:literal => $table:literal as $alias:literal, $shown:literal) => {
        Link {
            columns: &[(concat!($alias, ".name"), $shown)],
            join: Some(concat!("LEFT JOIN ", $table, " AS ", $alias, " ON ", $alias, ".id = ", $column)),
            filter: (stringify!($filter), concat!($alias, ".id = $1")),
        }
    };
}

/// Tables, each with its own columns and what it is about. Of two links of one kind the last one's filter counts, as in
/// Koji.
macro_rules! tables {
    ($($table:literal [$($column:literal)*] [$($link:expr),*];)*) => {
        &[$(Table {
            name: $table,
            columns: &[
                (concat!($table, ".active"), "active"),
                (concat!($table, ".create_event"), "create_event"),
                (concat!($table, ".revoke_event"), "revoke_event"),
                (concat!($table, ".creator_id"), "creator_id"),
                (concat!($table, ".revoker_id"), "revoker_id"),
                ("creator.name", "creator_name"),
                ("revoker.name", "revoker_name"),
                ("ev1.time", "create_ts"),
                ("ev2.time", "revoke_ts"),
                $((concat!($table, ".", $column), $column)),*
            ],
            joins: [
                concat!("JOIN events AS ev1 ON ev1.id = ", $table, ".create_event"),
                concat!("LEFT JOIN events AS ev2 ON ev2.id = ", $table, ".revoke_event"),
                concat!("JOIN users AS creator ON creator.id = ", $table, ".creator_id"),
                concat!("LEFT JOIN users AS revoker ON revoker.id = ", $table, ".revoker_id"),
            ],
            links: &[$($link),*],
            current: concat!($table, ".active = TRUE"),
            past: concat!($table, ".active IS NULL"),
            after_event: concat!($table, ".create_event > $1 OR ", $table, ".revoke_event > $1"),
            before_event: concat!($table, ".create_event < $1 OR ", $table, ".revoke_event < $1"),
        }),*]
    };
}

pub(super) const TABLES: &[Table] = tables! {
    "build_target_config" ["build_target_id" "build_tag" "dest_tag"] [
        link!(build_target "build_target_config.build_target_id" => "build_target" as "build_target", "build_target.name"),
        link!(tag "build_target_config.build_tag" => "tag" as "build_tag", "build_tag.name"),
        link!(tag "build_target_config.dest_tag" => "tag" as "dest_tag", "dest_tag.name")
    ];
    "cg_users" ["user_id" "cg_id"] [
        link!(user "cg_users.user_id" => "users" as "users", "user.name"),
        link!(cg "cg_users.cg_id" => "content_generator" as "content_generator", "content_generator.name")
    ];
    "external_repo_config" ["external_repo_id" "url"] [
        link!(external_repo "external_repo_config.external_repo_id" => "external_repo" as "external_repo", "external_repo.name")
    ];
    "external_repo_data" ["external_repo_id" "data"] [
        link!(external_repo "external_repo_data.external_repo_id" => "external_repo" as "external_repo", "external_repo.name")
    ];
    "group_config" ["group_id" "tag_id" "blocked" "exported" "display_name" "is_default" "uservisible" "description" "langonly" "biarchonly"] [
        link!(group "group_config.group_id" => "groups" as "groups", "group.name"),
        link!(tag "group_config.tag_id" => "tag" as "tag", "tag.name")
    ];
    "group_package_listing" ["group_id" "tag_id" "package" "blocked" "type" "basearchonly" "requires"] [
        link!(group "group_package_listing.group_id" => "groups" as "groups", "group.name"),
        link!(tag "group_package_listing.tag_id" => "tag" as "tag", "tag.name"),
        Link { columns: &[], join: None, filter: ("package", "group_package_listing.package = $1") }
    ];
    "group_req_listing" ["group_id" "tag_id" "req_id" "blocked" "type" "is_metapkg"] [
        link!(group "group_req_listing.group_id" => "groups" as "groups", "group.name"),
        link!(tag "group_req_listing.tag_id" => "tag" as "tag", "tag.name"),
        link!(group "group_req_listing.req_id" => "groups" as "req", "req.name")
    ];
    "host_channels" ["host_id" "channel_id"] [
        link!(host "host_channels.host_id" => "host" as "host", "host.name"),
        link!(channel "host_channels.channel_id" => "channels" as "channels", "channels.name")
    ];
    "host_config" ["host_id" "arches" "capacity" "description" "comment" "enabled"] [
        link!(host "host_config.host_id" => "host" as "host", "host.name")
    ];
    "tag_config" ["tag_id" "arches" "perm_id" "locked" "maven_support" "maven_include_all"] [
        link!(tag "tag_config.tag_id" => "tag" as "tag", "tag.name"),
        link!(permission "tag_config.perm_id" => "permissions" as "permission", "permission.name")
    ];
    "tag_external_repos" ["tag_id" "external_repo_id" "priority" "merge_mode" "arches"] [
        link!(tag "tag_external_repos.tag_id" => "tag" as "tag", "tag.name"),
        link!(external_repo "tag_external_repos.external_repo_id" => "external_repo" as "external_repo", "external_repo.name")
    ];
    "tag_extra" ["tag_id" "key" "value"] [
        link!(tag "tag_extra.tag_id" => "tag" as "tag", "tag.name"),
        Link { columns: &[], join: None, filter: ("xkey", "tag_extra.key = $1") }
    ];
    "tag_inheritance" ["tag_id" "parent_id" "priority" "maxdepth" "intransitive" "noconfig" "pkg_filter"] [
        link!(parent "tag_inheritance.parent_id" => "tag" as "parent", "parent.name"),
        Link {
            columns: &[("tag.name", "tag.name")],
            join: Some("LEFT JOIN tag ON tag.id = tag_inheritance.tag_id"),
            filter: ("tag", "tag_inheritance.tag_id = $1 OR tag_inheritance.parent_id = $1"),
        }
    ];
    "tag_listing" ["build_id" "tag_id"] [
        Link {
            columns: &[("build.version", "version"), ("build.release", "release"), ("build.epoch", "epoch"), ("build.state", "build.state")],
            join: Some("JOIN build ON build.id = tag_listing.build_id"),
            filter: ("build", "build.id = $1"),
        },
        Link {
            columns: &[("package.name", "name")],
            join: Some("JOIN package ON package.id = build.pkg_id"),
            filter: ("package", "package.id = $1"),
        },
        link!(tag "tag_listing.tag_id" => "tag" as "tag", "tag.name")
    ];
    "tag_package_owners" ["package_id" "tag_id" "owner"] [
        link!(package "tag_package_owners.package_id" => "package" as "package", "package.name"),
        link!(tag "tag_package_owners.tag_id" => "tag" as "tag", "tag.name"),
        link!(user "tag_package_owners.owner" => "users" as "owner", "owner.name")
    ];
    "tag_packages" ["package_id" "tag_id" "blocked" "extra_arches"] [
        link!(package "tag_packages.package_id" => "package" as "package", "package.name"),
        link!(tag "tag_packages.tag_id" => "tag" as "tag", "tag.name")
    ];
    "user_groups" ["user_id" "group_id"] [
        link!(user "user_groups.user_id" => "users" as "users", "user.name"),
        link!(user "user_groups.group_id" => "users" as "usergroup", "group.name")
    ];
    "user_perms" ["user_id" "perm_id"] [
        link!(user "user_perms.user_id" => "users" as "users", "user.name"),
        link!(permission "user_perms.perm_id" => "permissions" as "permission", "permission.name")
    ];
};

/// The filters that only tables with such a thing take.
pub(super) const LINKED: [&str; 12] = [
    "tag",
    "build",
    "host",
    "channel",
    "package",
    "user",
    "permission",
    "cg",
    "external_repo",
    "build_target",
    "group",
    "xkey",
];

impl Table {
    /// The condition on what such a filter names.
    pub fn condition(&self, filter: &str) -> Option<&'static str> {
        self.links.iter().rev().find(|link| link.filter.0 == filter).map(|link| link.filter.1)
    }
}
