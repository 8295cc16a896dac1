use super::records;
use crate::ids::{ExternalRepoId, TagId, TargetId};

records! {
    /// A build target: where builds come from and go to (`getBuildTarget`).
    BuildTarget {
        /// Its id.
        id: TargetId,
        /// Its name.
        name: String,
        /// The tag that buildroots are made from.
        build_tag: TagId,
        /// That tag's name.
        build_tag_name: String,
        /// The tag that builds are put in.
        dest_tag: TagId,
        /// That tag's name.
        dest_tag_name: String,
    }
    /// A repo outside the hub (`getExternalRepo`).
    ExternalRepo {
        /// Its id.
        id: ExternalRepoId,
        /// Its name.
        name: String,
        /// Where it is; `$arch` stands for the arch.
        url: String,
    }
    /// An external repo of a tag (`getTagExternalRepos`).
    TagExternalRepo {
        /// The repo.
        external_repo_id: ExternalRepoId,
        /// Its name.
        external_repo_name: String,
        /// Where it is.
        url: String,
        /// Its place: the lowest comes first.
        priority: i32,
        /// How it is merged: `koji`, `simple` or `bare`.
        merge_mode: String,
        /// The only arches it is used for.
        arches: Option<String>,
        /// The tag.
        tag_id: TagId,
        /// The tag's name.
        tag_name: String,
    }
}
