use super::{DepType, TaggedBuild, records};
use crate::ids::{BuildId, BuildrootId, ExternalRepoId, RpmId};
use crate::json::JsonText;

/// The RPMs of the builds in a tag, and those builds (`listTaggedRPMS`).
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
pub enum TaggedRpms {
    /// What is in the tag.
    Found(Vec<TaggedRpm>, Vec<TaggedBuild>),
    /// There is no such tag: an empty list.
    NoTag([(); 0]),
}

records! {
    /// An RPM (`getRPM`).
    Rpm {
        /// Its id.
        id: RpmId,
        /// The build it is a part of; none for external ones.
        build_id: Option<BuildId>,
        /// The buildroot it was built in.
        buildroot_id: Option<BuildrootId>,
        /// Its name.
        name: String,
        /// Its version.
        version: String,
        /// Its release.
        release: String,
        /// Its epoch.
        epoch: Option<i32>,
        /// Its arch; `src` for a source package.
        arch: String,
        /// Whether its build is a draft.
        #[serde(default)]
        draft: Option<bool>,
        /// The external repo it is from; 0 for the hub's own.
        external_repo_id: ExternalRepoId,
        /// That repo's name; `INTERNAL` for the hub's own.
        external_repo_name: String,
        /// The MD5 of header and payload (`SIGMD5`), in hex.
        payloadhash: String,
        /// Its size in bytes.
        size: i64,
        /// When it was built, in seconds since 1970.
        buildtime: i64,
        /// Whether only what is known of it was imported.
        #[serde(default)]
        metadata_only: bool,
        /// Whatever else is known of it.
        #[serde(default)]
        extra: Option<JsonText>,
    }
    /// An RPM in a list (`listRPMs`).
    RpmListItem {
        /// Its id.
        id: RpmId,
        /// The build it is a part of; none for external ones.
        build_id: Option<BuildId>,
        /// The buildroot it was built in.
        buildroot_id: Option<BuildrootId>,
        /// Its name.
        name: String,
        /// Its version.
        version: String,
        /// Its release.
        release: String,
        /// Its epoch.
        epoch: Option<i32>,
        /// Its arch; `src` for a source package.
        arch: String,
        /// Its name-version-release.
        nvr: String,
        /// Whether its build is a draft.
        #[serde(default)]
        draft: Option<bool>,
        /// The external repo it is from; 0 for the hub's own.
        external_repo_id: ExternalRepoId,
        /// That repo's name; `INTERNAL` for the hub's own.
        external_repo_name: String,
        /// The MD5 of header and payload (`SIGMD5`), in hex.
        payloadhash: String,
        /// Its size in bytes.
        size: i64,
        /// When it was built, in seconds since 1970.
        buildtime: i64,
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
        /// Whether it came into that buildroot later.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "sqlx", sqlx(default))]
        is_update: Option<bool>,
    }
    /// An RPM of a tagged build (`listTaggedRPMS`).
    TaggedRpm {
        /// Its id.
        id: RpmId,
        /// The build it is a part of.
        build_id: BuildId,
        /// The buildroot it was built in.
        buildroot_id: Option<BuildrootId>,
        /// Its name.
        name: String,
        /// Its version.
        version: String,
        /// Its release.
        release: String,
        /// Its epoch.
        epoch: Option<i32>,
        /// Its arch; `src` for a source package.
        arch: String,
        /// Whether its build is a draft.
        #[serde(default)]
        draft: Option<bool>,
        /// The MD5 of header and payload (`SIGMD5`), in hex.
        payloadhash: String,
        /// Its size in bytes.
        size: i64,
        /// When it was built, in seconds since 1970.
        buildtime: i64,
        /// Whether only what is known of it was imported.
        #[serde(default)]
        metadata_only: bool,
        /// The key it is signed with, if that was asked for: none if it is not signed.
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "super::present")]
        #[cfg_attr(feature = "sqlx", sqlx(default))]
        sigkey: Option<Option<String>>,
        /// Whatever else is known of it, if asked for.
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "super::present")]
        #[cfg_attr(feature = "sqlx", sqlx(default))]
        extra: Option<Option<JsonText>>,
    }
    /// A signature of an RPM (`queryRPMSigs`).
    RpmSig {
        /// The RPM.
        rpm_id: RpmId,
        /// The key's id, in lower-case hex.
        sigkey: String,
        /// The MD5 of the signature header.
        sighash: String,
    }
    /// A dependency of an RPM (`getRPMDeps`).
    RpmDep {
        /// What it depends on.
        name: String,
        /// Of which version; empty for any.
        version: String,
        /// How versions compare, in RPM's flags.
        flags: i64,
        /// Its kind.
        #[serde(rename = "type")]
        #[cfg_attr(feature = "sqlx", sqlx(rename = "type"))]
        kind: DepType,
    }
    /// A file of an RPM (`listRPMFiles`).
    RpmFile {
        /// Its path.
        name: String,
        /// Its digest in hex; empty for folders and links.
        digest: String,
        /// The digest's algorithm.
        digest_algo: String,
        /// The digest again, as older clients call it.
        md5: String,
        /// Its size in bytes.
        size: i64,
        /// RPM's flags for files.
        flags: i64,
        /// Its owner.
        user: String,
        /// Its group.
        group: String,
        /// When it was changed.
        mtime: i64,
        /// Its kind and permissions.
        mode: i64,
    }
}
