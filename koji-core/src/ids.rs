//! Ids: one type for each kind of row, so that a tag's id cannot be taken for a build's.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A row's id. All of Koji's are 32 bits wide.
pub trait Id: Copy + From<i32> + Into<i32> + fmt::Display + Send + Sync + 'static {
    /// What it identifies, in Koji's words (`tag`, `build`).
    const WHAT: &'static str;
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident $what:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        #[cfg_attr(feature = "sqlx", derive(sqlx::Type), sqlx(transparent))]
        pub struct $name(pub i32);

        impl Id for $name {
            const WHAT: &'static str = $what;
        }
        impl From<i32> for $name {
            fn from(id: i32) -> Self {
                $name(id)
            }
        }
        impl From<$name> for i32 {
            fn from(id: $name) -> i32 {
                id.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
        impl FromStr for $name {
            type Err = std::num::ParseIntError;
            fn from_str(s: &str) -> Result<Self, Self::Err> {
                s.parse().map($name)
            }
        }
    )*};
}

ids! {
    /// An archive.
    ArchiveId "archive";
    /// A build.
    BuildId "build";
    /// A buildroot.
    BuildrootId "buildroot";
    /// A build type.
    BTypeId "btype";
    /// A content generator.
    CgId "content generator";
    /// A channel.
    ChannelId "channel";
    /// An event: the order of all changes.
    EventId "event";
    /// An external repo.
    ExternalRepoId "external repo";
    /// A comps group.
    GroupId "group";
    /// A builder host.
    HostId "host";
    /// What a user wants mail about.
    NotificationId "notification";
    /// What a user wants no mail about.
    NotificationBlockId "notification block";
    /// A package.
    PackageId "package";
    /// A permission.
    PermissionId "permission";
    /// A repo.
    RepoId "repo";
    /// A request for a repo.
    RepoRequestId "repo request";
    /// An RPM.
    RpmId "rpm";
    /// A session.
    SessionId "session";
    /// A tag.
    TagId "tag";
    /// A build target.
    TargetId "build target";
    /// A task.
    TaskId "task";
    /// A user, a host's user or a group of users.
    UserId "user";
    /// A storage volume.
    VolumeId "volume";
}
