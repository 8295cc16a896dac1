//! Names: which are allowed, and what they stand for.

use koji_core::api::Ref;
use koji_core::ids::{
    BTypeId, CgId, ChannelId, ExternalRepoId, GroupId, Id, PackageId, PermissionId, TagId, TargetId, VolumeId,
};

use crate::Result;
use crate::config::HubConfig;
use crate::db::{Conn, args};
use crate::error::fail;

/// Refuses a name of a tag, a package, a host and their like that is too long or has characters that are not allowed.
/// Koji's `RegexNameInternal` and `MaxNameLengthInternal`.
pub(crate) fn check_internal(config: &HubConfig, name: &str) -> Result<()> {
    check(config, "Name", name, "RegexNameInternal", "/_.+-")
}

/// Refuses such a name of a user. Koji's `RegexUserName`.
pub(crate) fn check_user(config: &HubConfig, name: &str) -> Result<()> {
    check(config, "Name", name, "RegexUserName", "/_.@-")
}

/// Refuses such a Kerberos principal.
pub(crate) fn check_principal(config: &HubConfig, principal: &str) -> Result<()> {
    check(config, "Kerberos principal", principal, "RegexUserName", "/_.@-")
}

fn check(config: &HubConfig, what: &str, name: &str, rule: &str, punctuation: &str) -> Result<()> {
    let most = config.max_name_length;
    if most != 0 && name.chars().count() > most {
        fail!("{what} {name} is too long. Max length is {most} characters");
    }
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || punctuation.contains(c)) {
        fail!("{what} {name} does not match {rule} value");
    }
    Ok(())
}

/// Ids of tables whose rows have a unique name.
pub(crate) trait Named: Id {
    /// The table.
    const TABLE: &'static str;
    /// Finds a row by its id.
    const BY_ID: &'static str;
    /// Finds a row by its name.
    const BY_NAME: &'static str;
    /// Makes a row.
    const INSERT: &'static str;
}

macro_rules! named {
    ($($id:ident $table:literal,)*) => {$(
        impl Named for $id {
            const TABLE: &'static str = $table;
            const BY_ID: &'static str = concat!("SELECT id, name FROM ", $table, " WHERE id = $1");
            const BY_NAME: &'static str = concat!("SELECT id, name FROM ", $table, " WHERE name = $1");
            const INSERT: &'static str = concat!("INSERT INTO ", $table, " (name) VALUES ($1) ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING id");
        }
    )*};
}

named! {
    BTypeId "btype",
    CgId "content_generator",
    ChannelId "channels",
    ExternalRepoId "external_repo",
    GroupId "groups",
    PackageId "package",
    PermissionId "permissions",
    TagId "tag",
    TargetId "build_target",
    VolumeId "volume",
}

/// The id and the name of what is meant, whatever has become of it; none if there never was such a thing.
pub(crate) async fn find<I: Named>(db: &mut Conn, which: &Ref<I>) -> Result<Option<(I, String)>> {
    let row: Option<(i32, String)> = match which {
        Ref::Id(id) => {
            let id: i32 = (*id).into();
            db.fetch_optional(I::BY_ID, args![id]).await?
        }
        Ref::Name(name) => db.fetch_optional(I::BY_NAME, args![name.as_str()]).await?,
    };
    Ok(row.map(|(id, name)| (I::from(id), name)))
}

/// The id and the name of what is meant; a fault if there never was such a thing.
pub(crate) async fn get<I: Named>(db: &mut Conn, which: &Ref<I>) -> Result<(I, String)> {
    match find(db, which).await? {
        Some(found) => Ok(found),
        None => fail!("No such entry in table {}: {}", I::TABLE, which.text()),
    }
}

/// The id of that name, which is made if need be.
pub(crate) async fn get_or_make<I: Named>(db: &mut Conn, name: &str) -> Result<I> {
    if let Some((id, _)) = find(db, &Ref::<I>::Name(name.to_owned())).await? {
        return Ok(id);
    }
    let id: i32 = db.fetch_scalar(I::INSERT, args![name]).await?;
    Ok(I::from(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked_as_koji_does() {
        let config = HubConfig::new("", "");
        let text = |result: Result<()>| result.unwrap_err().to_string();
        assert!(check_internal(&config, "f44-build_1.0+x/y").is_ok());
        assert!(check_user(&config, "host/builder1@EXAMPLE.COM").is_ok());
        assert_eq!(text(check_internal(&config, "a b")), "Name a b does not match RegexNameInternal value");
        assert_eq!(text(check_internal(&config, "a@b")), "Name a@b does not match RegexNameInternal value");
        assert_eq!(text(check_user(&config, "")), "Name  does not match RegexUserName value");
        assert_eq!(text(check_principal(&config, "a+b")), "Kerberos principal a+b does not match RegexUserName value");
        let long = "x".repeat(257);
        assert_eq!(text(check_user(&config, &long)), format!("Name {long} is too long. Max length is 256 characters"));
    }
}
