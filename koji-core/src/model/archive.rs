use super::{BuildState, ChecksumType, TaggedBuild, records};
use crate::ids::{
    ArchiveId, BTypeId, BuildId, BuildrootId, EventId, HostId, PackageId, TagId, TaskId, UserId, VolumeId,
};
use crate::json::JsonText;

/// The archives of the builds in a tag, and those builds (`listTaggedArchives`).
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
pub enum TaggedArchives {
    /// What is in the tag.
    Found(Vec<TaggedArchive>, Vec<TaggedBuild>),
    /// There is no such tag: an empty list.
    NoTag([(); 0]),
}

/// A file in an archive (`listArchiveFiles`).
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ArchiveFile {
    /// The archive, as it was asked for.
    pub archive_id: Option<ArchiveId>,
    /// The file's path.
    pub name: String,
    /// Its size in bytes.
    pub size: i64,
    /// When it was changed, in seconds since 1970.
    pub mtime: i64,
    /// Its permissions, in tar archives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<i64>,
    /// Its owner, in tar archives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Its group, in tar archives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
}

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
        /// Whether it is an image that holds a system: the RPMs in it are known. Only if one archive was asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "sqlx", sqlx(default))]
        rootid: Option<bool>,
    }
    /// What is known of an archive as one of Maven (`getMavenArchive`).
    MavenArchive {
        /// The archive.
        archive_id: ArchiveId,
        /// The group.
        group_id: String,
        /// The artifact.
        artifact_id: String,
        /// The version.
        version: String,
    }
    /// What is known of an archive as one of Windows (`getWinArchive`).
    WinArchive {
        /// The archive.
        archive_id: ArchiveId,
        /// The folder below the build's.
        relpath: String,
        /// The platforms, separated by spaces.
        platforms: String,
        /// The flags, separated by spaces.
        flags: Option<String>,
    }
    /// What is known of an archive as an image (`getImageArchive`).
    ImageArchive {
        /// The archive.
        archive_id: ArchiveId,
        /// The arch.
        arch: String,
        /// Whether the RPMs in it are known.
        rootid: bool,
    }
    /// An archive of a build in a tag (`listTaggedArchives`).
    TaggedArchive {
        /// Its id.
        id: ArchiveId,
        /// Its type.
        type_id: i32,
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
        /// Whatever else is known of it, if asked for.
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "super::present")]
        #[cfg_attr(feature = "sqlx", sqlx(default))]
        extra: Option<Option<JsonText>>,
        /// The Maven group, if Maven archives were asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "sqlx", sqlx(default))]
        maven_group_id: Option<String>,
        /// The Maven artifact, if Maven archives were asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "sqlx", sqlx(default))]
        maven_artifact_id: Option<String>,
        /// The Maven version, if Maven archives were asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "sqlx", sqlx(default))]
        maven_version: Option<String>,
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
    }
    /// A Maven archive of a tag, with its build (`getLatestMavenArchives`).
    LatestMavenArchive {
        /// The tag its build is in.
        tag_id: TagId,
        /// That tag's name.
        tag_name: String,
        /// The package.
        pkg_id: PackageId,
        /// The build.
        build_id: BuildId,
        /// The package's name.
        build_name: String,
        /// The build's version.
        build_version: String,
        /// The build's release.
        build_release: String,
        /// The build's epoch.
        build_epoch: Option<i32>,
        /// The build's state.
        state: BuildState,
        /// The task that made the build.
        task_id: Option<TaskId>,
        /// The build's owner.
        owner: UserId,
        /// The volume the build's files are on.
        volume_id: VolumeId,
        /// That volume's name.
        volume_name: String,
        /// The archive.
        id: ArchiveId,
        /// Its type.
        type_id: i32,
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
        extra: Option<JsonText>,
        /// The Maven group.
        group_id: String,
        /// The Maven artifact.
        artifact_id: String,
        /// The Maven version.
        version: String,
        /// The event at which the build was tagged.
        tag_event: EventId,
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
