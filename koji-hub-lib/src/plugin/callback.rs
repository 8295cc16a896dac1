//! The moments at which plugins are asked or told, and what they learn then.

use koji_core::xmlrpc::{Struct, Value, to_value};

use super::about::{
    BuildPromote, BuildStateChange, Import, PackageListChange, RepoDone, RepoInit, RpmSign, Tagging, TaskStateChange,
    Untagging,
};
use crate::Result;

macro_rules! callbacks {
    ($($pre:ident $pre_name:literal, $post:ident $post_name:literal => $(#[doc = $doc:literal])* $about:ident;)*) => {
        /// A moment of a change on the hub: Koji's callback types.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum CallbackType {
            $(
                #[doc = concat!("`", $pre_name, "`: before it.")]
                $pre,
                #[doc = concat!("`", $post_name, "`: after it.")]
                $post,
            )*
            /// `preCommit`: before a request that may have written is committed.
            PreCommit,
            /// `postCommit`: after that.
            PostCommit,
        }

        impl CallbackType {
            /// All of them.
            pub const ALL: &[CallbackType] =
                &[$(CallbackType::$pre, CallbackType::$post,)* CallbackType::PreCommit, CallbackType::PostCommit];

            /// Koji's name (`preTag`).
            pub fn name(self) -> &'static str {
                match self {
                    $(CallbackType::$pre => $pre_name, CallbackType::$post => $post_name,)*
                    CallbackType::PreCommit => "preCommit",
                    CallbackType::PostCommit => "postCommit",
                }
            }
        }

        /// A change that is about to be made (`Pre…`) or has been made (`Post…`) by a call.
        #[derive(Debug, Clone)]
        #[non_exhaustive]
        pub enum Callback<'a> {
            $(
                $(#[doc = $doc])*
                $pre($about<'a>),
                $(#[doc = $doc])*
                $post($about<'a>),
            )*
            /// The request is about to be committed.
            PreCommit,
            /// The request has been committed. What is written now is committed apart.
            PostCommit,
        }

        impl Callback<'_> {
            /// Which of the moments this is.
            pub fn kind(&self) -> CallbackType {
                match self {
                    $(Callback::$pre(_) => CallbackType::$pre, Callback::$post(_) => CallbackType::$post,)*
                    Callback::PreCommit => CallbackType::PreCommit,
                    Callback::PostCommit => CallbackType::PostCommit,
                }
            }

            /// What a plugin of Koji is given, by name.
            pub fn to_struct(&self) -> Result<Struct> {
                let value = match self {
                    $(Callback::$pre(about) | Callback::$post(about) => to_value(about)?,)*
                    Callback::PreCommit | Callback::PostCommit => Value::Nil,
                };
                Ok(match value {
                    Value::Struct(s) => s,
                    _ => Struct::new(),
                })
            }
        }
    };
}

callbacks! {
    PrePackageListChange "prePackageListChange", PostPackageListChange "postPackageListChange" =>
        /// How a tag lists a package.
        PackageListChange;
    PreTaskStateChange "preTaskStateChange", PostTaskStateChange "postTaskStateChange" =>
        /// A task's state, host, end, weight or priority.
        TaskStateChange;
    PreBuildStateChange "preBuildStateChange", PostBuildStateChange "postBuildStateChange" =>
        /// A build's state, volume, owner or end.
        BuildStateChange;
    PreImport "preImport", PostImport "postImport" =>
        /// Something is filed: a build, or one file of it.
        Import;
    PreRpmSign "preRPMSign", PostRpmSign "postRPMSign" =>
        /// A signature of an RPM is kept.
        RpmSign;
    PreTag "preTag", PostTag "postTag" =>
        /// A build comes into a tag.
        Tagging;
    PreUntag "preUntag", PostUntag "postUntag" =>
        /// A build leaves a tag.
        Untagging;
    PreRepoInit "preRepoInit", PostRepoInit "postRepoInit" =>
        /// A repo begins.
        RepoInit;
    PreRepoDone "preRepoDone", PostRepoDone "postRepoDone" =>
        /// A repo is complete.
        RepoDone;
    PreBuildPromote "preBuildPromote", PostBuildPromote "postBuildPromote" =>
        /// A draft becomes a build like others.
        BuildPromote;
}
