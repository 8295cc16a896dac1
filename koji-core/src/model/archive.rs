use super::{ChecksumType, records};
use crate::ids::{ArchiveId, BTypeId, BuildId, BuildrootId, HostId};
use crate::json::JsonText;

records! {
    /// An archive: a file of a build that is no RPM (`listArchives`).
    Archive {
        /// Its id.
        id: ArchiveId,
        /// Its type.
        type_id: i32,
        /// That type's name.
        type_name: String,
        /// What that type is.
        type_description: String,
        /// The extensions of files of that type.
        type_extensions: String,
        /// How files of that type are packed: `zip` or `tar`.
        #[serde(default)]
        compression_type: Option<String>,
        /// The type of build that it belongs to.
        btype_id: BTypeId,
        /// That build type's name.
        btype: String,
        /// The build.
        build_id: BuildId,
        /// The buildroot it was built in.
        buildroot_id: Option<BuildrootId>,
        /// The file's name.
        filename: String,
        /// Its size in bytes.
        size: i64,
        /// Its checksum in hex.
        checksum: String,
        /// The checksum's kind.
        checksum_type: ChecksumType,
        /// Whether only what is known of it was imported.
        #[serde(default)]
        metadata_only: bool,
        /// Whatever else is known of it.
        #[serde(default)]
        extra: Option<JsonText>,
        /// The buildroot it is a component of, if that was asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "sqlx", sqlx(default))]
        component_buildroot_id: Option<BuildrootId>,
        /// Whether the project needed it, not the build environment, if that was asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "sqlx", sqlx(default))]
        project: Option<bool>,
        /// The host it was built on, if that was asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "sqlx", sqlx(default))]
        host_id: Option<HostId>,
        /// The Maven group, if Maven archives were asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "sqlx", sqlx(default))]
        group_id: Option<String>,
        /// The Maven artifact, if Maven archives were asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "sqlx", sqlx(default))]
        artifact_id: Option<String>,
        /// The Maven version, if Maven archives were asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "sqlx", sqlx(default))]
        version: Option<String>,
        /// The folder, if Windows archives were asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "sqlx", sqlx(default))]
        relpath: Option<String>,
        /// The platforms, separated by spaces, if Windows archives were asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "sqlx", sqlx(default))]
        platforms: Option<String>,
        /// The flags, separated by spaces, if Windows archives were asked for.
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "super::present")]
        #[cfg_attr(feature = "sqlx", sqlx(default))]
        flags: Option<Option<String>>,
        /// The arch, if images were asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "sqlx", sqlx(default))]
        arch: Option<String>,
    }
    /// A type of archives (`getArchiveTypes`).
    ArchiveType {
        /// Its id.
        id: i32,
        /// Its name.
        name: String,
        /// What it is.
        description: String,
        /// The extensions of its files, separated by spaces.
        extensions: String,
        /// How its files are packed: `zip` or `tar`.
        #[serde(default)]
        compression_type: Option<String>,
    }
}
