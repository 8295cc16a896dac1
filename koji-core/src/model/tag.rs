use super::{RepoRequest, records};
use crate::ids::{EventId, GroupId, PackageId, PermissionId, TagId, TaskId, UserId};
use crate::xmlrpc::Struct;

/// A tag (`getTag`).
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Tag {
    /// Its id.
    pub id: TagId,
    /// Its name.
    pub name: String,
    /// The permission needed to change its content.
    pub perm_id: Option<PermissionId>,
    /// That permission's name.
    pub perm: Option<String>,
    /// Its arches, separated by spaces.
    pub arches: Option<String>,
    /// Whether its content may not change.
    pub locked: bool,
    /// Whether Maven builds are kept in its repos.
    pub maven_support: bool,
    /// Whether all versions of Maven builds are, not just the latest.
    pub maven_include_all: bool,
    /// Its extra options. With `blocked`, each is `[is blocked, value]`.
    #[serde(default)]
    pub extra: Struct,
    /// The event that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query_event: Option<EventId>,
    /// The event at which it was deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoke_event: Option<EventId>,
    /// Where inherited settings come from (`getBuildConfig`): `arches` and each key of `extra`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config_inheritance: Option<Struct>,
}

/// A tag in a list (`listTags`).
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "sqlx", derive(sqlx::FromRow))]
pub struct TagListItem {
    /// Its id.
    pub id: TagId,
    /// Its name.
    pub name: String,
    /// Its arches, separated by spaces.
    pub arches: Option<String>,
    /// Whether its content may not change.
    pub locked: bool,
    /// Whether Maven builds are kept in its repos.
    pub maven_support: bool,
    /// Whether all versions of Maven builds are.
    pub maven_include_all: bool,
    /// The permission needed to change its content, if asked for.
    #[serde(flatten)]
    #[cfg_attr(feature = "sqlx", sqlx(skip))]
    pub perm: Option<TagPermission>,
    /// How the package asked for stands in it.
    #[serde(flatten)]
    #[cfg_attr(feature = "sqlx", sqlx(skip))]
    pub package: Option<TagListPackage>,
}

records! {
    /// A side tag (`listSideTags`).
    SideTag {
        /// Its id.
        id: TagId,
        /// Its name.
        name: String,
        /// Its owner's id, as a text.
        user_id: String,
        /// Its owner's name.
        user_name: Option<String>,
    }
    /// A side tag that was just made (`createSideTag`).
    NewSideTag {
        /// Its name.
        name: String,
        /// Its id.
        id: TagId,
        /// Always nil.
        task_id: Option<TaskId>,
        /// The request for its first repo, if there is one.
        #[cfg_attr(feature = "sqlx", sqlx(skip))]
        request: Option<RepoRequest>,
    }
    /// The permission that a tag requires.
    TagPermission {
        /// Its id.
        perm_id: Option<PermissionId>,
        /// Its name.
        perm: Option<String>,
    }
    /// How a package stands in a listed tag.
    TagListPackage {
        /// The owner's id.
        owner_id: UserId,
        /// The owner's name.
        owner_name: String,
        /// Whether it is blocked there.
        blocked: bool,
        /// Arches beside the tag's.
        extra_arches: Option<String>,
    }
    /// A link of inheritance from a tag to a parent (`getInheritanceData`).
    InheritanceLink {
        /// The parent.
        parent_id: TagId,
        /// The parent's name.
        name: String,
        /// Its place: the lowest comes first.
        priority: i32,
        /// How many generations it reaches, if limited.
        maxdepth: Option<i32>,
        /// Whether it is ignored when it is itself inherited.
        intransitive: bool,
        /// Whether only builds and packages are inherited, not settings.
        noconfig: bool,
        /// A regular expression that names of inherited packages must match.
        pkg_filter: Option<String>,
        /// The child.
        child_id: TagId,
    }
    /// A step of a tag's whole line of inheritance (`getFullInheritance`).
    InheritanceStep {
        /// The parent; downwards (`reverse`), the tag that it was reached from.
        parent_id: TagId,
        /// The name of the tag that is reached.
        name: String,
        /// The link's priority.
        priority: i32,
        /// The link's own limit of depth.
        maxdepth: Option<i32>,
        /// Whether the link is ignored when it is itself inherited.
        intransitive: bool,
        /// Whether only builds and packages are inherited.
        noconfig: bool,
        /// The link's filter.
        pkg_filter: Option<String>,
        /// The child; upwards only.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        child_id: Option<TagId>,
        /// The descendant; downwards only.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tag_id: Option<TagId>,
        /// How many generations may still follow.
        nextdepth: Option<i32>,
        /// How many generations it is away, from 1.
        currdepth: i32,
        /// All filters on the way.
        #[cfg_attr(feature = "sqlx", sqlx(skip))]
        filter: Vec<String>,
    }
}

/// A comps group of a tag, with what is in it (`getTagGroups`).
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "sqlx", derive(sqlx::FromRow))]
pub struct TagGroup {
    /// Its name.
    pub name: String,
    /// Its id.
    pub group_id: GroupId,
    /// The tag that supplies it.
    pub tag_id: TagId,
    /// Whether it is blocked.
    pub blocked: bool,
    /// Whether it stands in comps files.
    pub exported: Option<bool>,
    /// Its name for people.
    pub display_name: String,
    /// Whether installers choose it by default.
    pub is_default: Option<bool>,
    /// Whether installers show it.
    pub uservisible: Option<bool>,
    /// What it is for.
    pub description: Option<String>,
    /// The only language it is for.
    pub langonly: Option<String>,
    /// Whether it is for multilib systems only.
    pub biarchonly: Option<bool>,
    /// The packages in it, if asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "sqlx", sqlx(skip))]
    pub packagelist: Option<Vec<GroupPackage>>,
    /// The groups it requires, if asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "sqlx", sqlx(skip))]
    pub grouplist: Option<Vec<GroupRequirement>>,
}

records! {
    /// A package in a comps group.
    GroupPackage {
        /// The group.
        group_id: GroupId,
        /// The tag that supplies the entry.
        tag_id: TagId,
        /// The package's name.
        package: String,
        /// Whether it is blocked.
        blocked: bool,
        /// `mandatory`, `default`, `optional` or `conditional`.
        #[serde(rename = "type")]
        #[cfg_attr(feature = "sqlx", sqlx(rename = "type"))]
        kind: String,
        /// Whether only the base arch is meant.
        basearchonly: Option<bool>,
        /// For conditional ones: the package it goes with.
        requires: Option<String>,
    }
    /// A group that a comps group requires.
    GroupRequirement {
        /// The group.
        group_id: GroupId,
        /// The tag that supplies the entry.
        tag_id: TagId,
        /// The required group.
        req_id: GroupId,
        /// The required group's name.
        name: String,
        /// Whether it is blocked.
        blocked: bool,
        /// `mandatory`, `default` or `optional`.
        #[serde(rename = "type")]
        #[cfg_attr(feature = "sqlx", sqlx(rename = "type"))]
        kind: Option<String>,
        /// Whether the group is a metapackage.
        is_metapkg: bool,
    }
    /// How a package stands in a tag (`listPackages`, `getPackageConfig`).
    TagPackage {
        /// The package.
        package_id: PackageId,
        /// The package's name.
        package_name: String,
        /// The tag that supplies the entry.
        tag_id: TagId,
        /// That tag's name.
        tag_name: String,
        /// Arches beside the tag's.
        extra_arches: Option<String>,
        /// Whether it is blocked.
        blocked: bool,
        /// Its owner.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "sqlx", sqlx(default))]
        owner_id: Option<UserId>,
        /// The owner's name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "sqlx", sqlx(default))]
        owner_name: Option<String>,
    }
}
