//! The options of build tasks: structs of which everything may be left out. Unknown options are ignored.

use serde::{Deserialize, Deserializer, Serialize};

use crate::api::Param;
use crate::ids::RepoId;
use crate::xmlrpc::{Struct, Value, from_value, to_value};

/// The options of `build` and `chainbuild`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct BuildOpts {
    /// The architectures to build for, space separated; for scratch builds only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arch_override: Option<String>,
    /// Whether the build is not tagged.
    #[serde(deserialize_with = "truth", skip_serializing_if = "is_false")]
    pub skip_tag: bool,
    /// Whether the result is kept aside and never becomes a build.
    #[serde(deserialize_with = "truth", skip_serializing_if = "is_false")]
    pub scratch: bool,
    /// The repo to build in, instead of a current one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repo_id: Option<RepoId>,
    /// Whether the first failing architecture ends the others.
    #[serde(deserialize_with = "truth", skip_serializing_if = "is_false")]
    pub fail_fast: bool,
    /// Whether to wait for a repo that is as new as this task.
    #[serde(deserialize_with = "truth", skip_serializing_if = "is_false")]
    pub wait_repo: bool,
    /// The builds that the repo must hold, by name-version-release.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait_builds: Option<Vec<String>>,
    /// Whether an uploaded source rpm is rebuilt first, instead of as the tag says; for scratch builds only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rebuild_srpm: Option<bool>,
    /// Whether the build is a draft.
    #[serde(deserialize_with = "truth", skip_serializing_if = "is_false")]
    pub draft: bool,
    /// What the user wants to be recorded with the build.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_user_metadata: Option<Struct>,
}

/// The options of `buildArch`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct BuildArchOpts {
    /// The repo to build in; the task fails without.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repo_id: Option<RepoId>,
}

/// The options of `buildSRPMFromSCM` and `rebuildSRPM`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SrpmOpts {
    /// The repo to build in, instead of a current one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repo_id: Option<RepoId>,
    /// Whether it is for a scratch build.
    #[serde(deserialize_with = "truth", skip_serializing_if = "is_false")]
    pub scratch: bool,
}

/// Options are parameters that may be nil, which stands for none.
macro_rules! opts_params {
    ($($t:ty),*) => {$(
        impl Param for $t {
            fn from_value(value: Value) -> Result<Self, String> {
                if value.is_nil() { Ok(Self::default()) } else { from_value(value).map_err(|e| e.to_string()) }
            }
            fn into_value(self) -> Value {
                // every field has a wire form
                to_value(&self).unwrap_or_default()
            }
        }
    )*};
}
opts_params!(BuildOpts, BuildArchOpts, SrpmOpts);

/// Whatever Python takes for true; programs send `None` for an option that is not set.
fn truth<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Value::deserialize(deserializer).map(|value| value.is_truthy())
}

fn is_false(value: &bool) -> bool {
    !value
}
