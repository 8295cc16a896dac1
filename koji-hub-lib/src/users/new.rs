//! Users that programs make without a session: the first administrator, the builders.

use koji_core::ids::{PermissionId, UserId};
use koji_core::model::{UserStatus, UserType};

use crate::db::{Db, args, insert_versioned, new_event};
use crate::error::fail;
use crate::session::hash_password;
use crate::{Hub, Result, names};

/// A user to be made.
#[derive(Debug, Clone, Default)]
pub struct NewUser {
    /// Its name.
    pub name: String,
    /// Its password; without one it cannot log in by password.
    pub password: Option<String>,
    /// Its permissions; those that are not known yet are made.
    pub permissions: Vec<String>,
    /// Whether it is a builder host's user.
    pub host: bool,
    /// Whether it may not log in.
    pub blocked: bool,
}

impl Hub {
    /// Makes a user, with ids in order. A name that is taken is a fault.
    pub async fn add_user(&self, new: NewUser) -> Result<UserId> {
        names::check_user(self.config(), &new.name)?;
        let password = match &new.password {
            Some(password) if password.is_empty() => fail!("the password must not be empty"),
            Some(password) => Some(hash_password(password).await?),
            None => None,
        };
        add(self.db(), new, password).await
    }

    /// Sets a user's password.
    pub async fn set_password(&self, name: &str, password: &str) -> Result<()> {
        let hash = hash_password(password).await?;
        let mut db = self.db().begin().await?;
        if db.execute("UPDATE users SET password = $2 WHERE name = $1", args![name, hash]).await? == 0 {
            fail!("No such user: '{name}'");
        }
        Ok(db.commit().await?)
    }
}

async fn add(db: &Db, new: NewUser, password: Option<String>) -> Result<UserId> {
    let mut db = db.begin().await?;
    let taken: Option<UserId> =
        db.fetch_scalar_optional("SELECT id FROM users WHERE name = $1", args![new.name.as_str()]).await?;
    if taken.is_some() {
        fail!("user already exists: {}", new.name);
    }
    let usertype = if new.host { UserType::Host } else { UserType::Normal };
    let status = if new.blocked { UserStatus::Blocked } else { UserStatus::Normal };
    let id: UserId = db
        .fetch_scalar(
            "INSERT INTO users (name, password, status, usertype) VALUES ($1, $2, $3, $4) RETURNING id",
            args![new.name.as_str(), password, status, usertype],
        )
        .await?;
    if !new.permissions.is_empty() {
        let event = new_event(&mut db).await?;
        for name in &new.permissions {
            let permission: PermissionId = names::get_or_make(&mut db, name).await?;
            let columns = vec![("user_id", id.into()), ("perm_id", permission.into())];
            insert_versioned(&mut db, "user_perms", columns, event, id).await?;
        }
    }
    db.commit().await?;
    Ok(id)
}
