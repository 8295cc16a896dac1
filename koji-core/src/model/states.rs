//! States and kinds: numbers on the wire and in the database, names for people.

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $code:literal $text:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[cfg_attr(feature = "sqlx", derive(sqlx::Type))]
        #[cfg_attr(feature = "sqlx", repr(i32))]
        pub enum $name { $($(#[$vdoc])* $variant = $code,)* }

        impl $name {
            /// All of them, by code.
            pub const ALL: &[$name] = &[$($name::$variant),*];
            /// The number that stands for it.
            pub fn code(self) -> i32 {
                self as i32
            }
            /// What that number stands for.
            pub fn from_code(code: i32) -> Option<Self> {
                match code { $($code => Some($name::$variant),)* _ => None }
            }
            /// Koji's name for it.
            pub fn name(self) -> &'static str {
                match self { $($name::$variant => $text,)* }
            }
            /// What Koji's name stands for.
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($text => Some($name::$variant),)* _ => None }
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.name())
            }
        }
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.serialize_i32(self.code())
            }
        }
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let code = <i32 as serde::Deserialize>::deserialize(d)?;
                $name::from_code(code)
                    .ok_or_else(|| serde::de::Error::custom(format_args!("{code} is no {}", stringify!($name))))
            }
        }
        impl crate::api::Param for $name {
            fn from_value(value: crate::xmlrpc::Value) -> Result<Self, String> {
                let code = <i32 as crate::api::Param>::from_value(value)?;
                $name::from_code(code).ok_or_else(|| format!("{code} is no {}", stringify!($name)))
            }
            fn into_value(self) -> crate::xmlrpc::Value {
                self.code().into()
            }
        }
    )*};
}

codes! {
    /// The state of a task.
    TaskState {
        /// Waits for a builder.
        Free = 0 "FREE",
        /// A builder works on it.
        Open = 1 "OPEN",
        /// Ended well.
        Closed = 2 "CLOSED",
        /// Was canceled.
        Canceled = 3 "CANCELED",
        /// A builder is chosen but has not begun.
        Assigned = 4 "ASSIGNED",
        /// Ended with a fault.
        Failed = 5 "FAILED",
    }
    /// The state of a build.
    BuildState {
        /// In the making.
        Building = 0 "BUILDING",
        /// Done and imported.
        Complete = 1 "COMPLETE",
        /// Was complete, its files are gone.
        Deleted = 2 "DELETED",
        /// Failed.
        Failed = 3 "FAILED",
        /// Was canceled.
        Canceled = 4 "CANCELED",
    }
    /// The state of a repo; it only ever goes up.
    RepoState {
        /// In the making.
        Init = 0 "INIT",
        /// Fit for use.
        Ready = 1 "READY",
        /// Superseded, still in place.
        Expired = 2 "EXPIRED",
        /// Its files are gone.
        Deleted = 3 "DELETED",
        /// Could not be made.
        Problem = 4 "PROBLEM",
    }
    /// The state of a buildroot.
    BuildrootState {
        /// In the making.
        Init = 0 "INIT",
        /// Waits.
        Waiting = 1 "WAITING",
        /// In use.
        Building = 2 "BUILDING",
        /// No longer in use.
        Expired = 3 "EXPIRED",
    }
    /// What kind of user.
    UserType {
        /// A person or a program.
        Normal = 0 "NORMAL",
        /// A builder.
        Host = 1 "HOST",
        /// A group of users.
        Group = 2 "GROUP",
    }
    /// Whether a user may log in.
    UserStatus {
        /// May.
        Normal = 0 "NORMAL",
        /// May not.
        Blocked = 1 "BLOCKED",
    }
    /// How a session was authenticated.
    AuthType {
        /// By password.
        Normal = 0 "NORMAL",
        /// By Kerberos, of old.
        Kerberos = 1 "KERBEROS",
        /// By a TLS client certificate.
        Ssl = 2 "SSL",
        /// By GSSAPI.
        Gssapi = 3 "GSSAPI",
    }
    /// Why a tag's content changed other than by tagging.
    TagUpdateType {
        /// A build moved to another volume.
        VolumeChange = 0 "VOLUME_CHANGE",
        /// RPMs or archives were added to a build.
        Import = 1 "IMPORT",
        /// Someone said so.
        Manual = 2 "MANUAL",
        /// A draft was promoted.
        DraftPromotion = 3 "DRAFT_PROMOTION",
    }
    /// The kind of a checksum.
    ChecksumType {
        /// MD5
        Md5 = 0 "md5",
        /// SHA-1
        Sha1 = 1 "sha1",
        /// SHA-256
        Sha256 = 2 "sha256",
    }
    /// The kind of a dependency between RPMs.
    DepType {
        /// Requires
        Require = 0 "REQUIRE",
        /// Provides
        Provide = 1 "PROVIDE",
        /// Obsoletes
        Obsolete = 2 "OBSOLETE",
        /// Conflicts
        Conflict = 3 "CONFLICT",
        /// Suggests
        Suggest = 4 "SUGGEST",
        /// Enhances
        Enhance = 5 "ENHANCE",
        /// Supplements
        Supplement = 6 "SUPPLEMENT",
        /// Recommends
        Recommend = 7 "RECOMMEND",
    }
}

impl TaskState {
    /// Whether the task has ended, well or not.
    pub fn is_finished(self) -> bool {
        matches!(self, TaskState::Closed | TaskState::Canceled | TaskState::Failed)
    }
}
