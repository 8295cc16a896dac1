use super::{AuthType, UserStatus, UserType, records};
use crate::ids::{PermissionId, UserId};

/// A user (`getUser`).
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "sqlx", derive(sqlx::FromRow))]
pub struct User {
    /// Its id.
    pub id: UserId,
    /// Its name.
    pub name: String,
    /// Whether it may log in.
    pub status: UserStatus,
    /// What kind it is.
    pub usertype: UserType,
    /// Its Kerberos principals, if asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "sqlx", sqlx(skip))]
    pub krb_principals: Option<Vec<String>>,
    /// The names of its groups, if asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "sqlx", sqlx(skip))]
    pub groups: Option<Vec<String>>,
}

/// The user of the session (`getLoggedInUser`).
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct LoggedInUser {
    /// The user.
    #[serde(flatten)]
    pub user: User,
    /// The first of its Kerberos principals.
    pub krb_principal: Option<String>,
    /// How the session was authenticated.
    pub authtype: Option<AuthType>,
}

records! {
    /// A user in a group (`getGroupMembers`).
    GroupMember {
        /// Its id.
        id: UserId,
        /// Its name.
        name: String,
        /// What kind it is.
        usertype: UserType,
        /// Its Kerberos principals.
        #[cfg_attr(feature = "sqlx", sqlx(skip))]
        krb_principals: Vec<String>,
    }
    /// A group that a user is in (`getUserGroups`).
    UserGroup {
        /// Its id.
        id: UserId,
        /// Its name.
        name: String,
    }
    /// A permission (`getAllPerms`).
    Permission {
        /// Its id.
        id: PermissionId,
        /// Its name.
        name: String,
        /// What it allows.
        description: Option<String>,
    }
}
