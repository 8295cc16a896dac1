use serde::{Deserialize, Serialize};

use super::{present, records};
use crate::ids::{ArchiveId, BuildId, RpmId, TagId};

/// What refers to a build (`buildReferences`). What was not looked for, once something else was found, is absent.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct BuildReferences {
    /// The tags it is in.
    pub tags: Vec<TagReference>,
    /// RPMs of complete builds that were built with its RPMs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rpms: Option<Vec<RpmReference>>,
    /// Archives of complete builds that hold its RPMs or archives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub component_of: Option<Vec<ArchiveId>>,
    /// Archives of complete builds that were built with its archives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archives: Option<Vec<ArchiveReference>>,
    /// When it was last used in a builder's buildroot, in seconds since 1970; nil if never.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub last_used: Option<Option<f64>>,
    /// `component_of`, as older clients call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub images: Option<Vec<ArchiveId>>,
}

records! {
    /// A tag that a build is in.
    TagReference {
        /// Its name.
        name: String,
        /// Its id.
        tag_id: TagId,
    }
    /// An RPM in whose buildroot a build was used.
    RpmReference {
        /// Its arch.
        arch: String,
        /// Its build.
        build_id: BuildId,
        /// Its id.
        id: RpmId,
        /// Its name.
        name: String,
        /// Its release.
        release: String,
        /// Its version.
        version: String,
    }
    /// An archive in whose buildroot a build was used.
    ArchiveReference {
        /// Its build.
        build_id: BuildId,
        /// Its file's name.
        filename: String,
        /// Its id.
        id: ArchiveId,
        /// Its type.
        type_id: i32,
        /// That type's name.
        type_name: String,
    }
}
