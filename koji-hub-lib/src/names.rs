//! Names: which are allowed, and what they stand for.

use fancy_regex::Regex;
use koji_core::api::Ref;
use koji_core::ids::{
    BTypeId, CgId, ChannelId, ExternalRepoId, GroupId, Id, PackageId, PermissionId, TagId, TargetId, VolumeId,
};

use crate::config::HubConfig;
use crate::db::{Conn, args};
use crate::error::fail;
use crate::{Error, Result};

/// Which names are allowed.
#[derive(Debug, Clone)]
pub struct NameRule(Rule);

#[derive(Debug, Clone)]
enum Rule {
    /// Names of ASCII letters, digits and these characters, one at least.
    Chars(&'static str),
    /// Names in which the expression matches at the beginning.
    Regex(Regex),
    Any,
}

impl NameRule {
    /// The default of `RegexNameInternal`, `^[A-Za-z0-9/_.+-]+$`.
    pub const INTERNAL: NameRule = NameRule(Rule::Chars("/_.+-"));
    /// The default of `RegexUserName`, `^[A-Za-z0-9/_.@-]+$`.
    pub const USER: NameRule = NameRule(Rule::Chars("/_.@-"));

    /// Reads a regular expression in Python's form: the value of the option `key`. An empty one allows all names.
    pub fn parse(key: &str, regex: &str) -> Result<NameRule> {
        if regex.is_empty() {
            return Ok(NameRule(Rule::Any));
        }
        // as Python's `match`: at the beginning of the name, but not up to its end
        match Regex::new(&format!(r"\A(?:{regex})")) {
            Ok(regex) => Ok(NameRule(Rule::Regex(regex))),
            Err(e) => Err(Error::Config(format!("{key} is no regular expression: {e}"))),
        }
    }

    /// The regular expression.
    pub(crate) fn regex(&self) -> String {
        match &self.0 {
            Rule::Chars(others) => format!("^[A-Za-z0-9{others}]+$"),
            Rule::Regex(regex) => {
                let text = regex.as_str();
                text.strip_prefix(r"\A(?:").and_then(|text| text.strip_suffix(')')).unwrap_or(text).to_owned()
            }
            Rule::Any => String::new(),
        }
    }

    fn allows(&self, name: &str) -> bool {
        match &self.0 {
            Rule::Chars(others) => {
                !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || others.contains(c))
            }
            // an expression that gives up on a name does not match it
            Rule::Regex(regex) => regex.is_match(name).unwrap_or(false),
            Rule::Any => true,
        }
    }
}

/// Refuses a name of a tag, a package, a host and their like that is too long or that Koji's `RegexNameInternal` does not
/// allow.
pub(crate) fn check_internal(config: &HubConfig, name: &str) -> Result<()> {
    check(config, "Name", name, &config.name_rule, "RegexNameInternal")
}

/// Refuses a name of a user that is too long or that Koji's `RegexUserName` does not allow.
pub(crate) fn check_user(config: &HubConfig, name: &str) -> Result<()> {
    check(config, "Name", name, &config.user_name_rule, "RegexUserName")
}

/// Refuses such a Kerberos principal.
pub(crate) fn check_principal(config: &HubConfig, principal: &str) -> Result<()> {
    check(config, "Kerberos principal", principal, &config.user_name_rule, "RegexUserName")
}

fn check(config: &HubConfig, what: &str, name: &str, rule: &NameRule, key: &str) -> Result<()> {
    let most = config.max_name_length;
    if most != 0 && name.chars().count() > most {
        fail!("{what} {name} is too long. Max length is {most} characters");
    }
    if !rule.allows(name) {
        fail!("{what} {name} does not match {key} value");
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

    #[test]
    fn hub_conf_says_which_names_are_allowed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("hub.conf");
        let read = |lines: &str| {
            std::fs::write(&path, format!("[hub]\nDBName = koji\nKojiDir = /mnt/koji\n{lines}\n")).unwrap();
            HubConfig::read(&path)
        };
        let config = read("RegexNameInternal = (?!x)[a-z ]+$\nRegexUserName =\nMaxNameLengthInternal = 5").unwrap();
        assert!(check_internal(&config, "a b").is_ok());
        for refused in ["A", "", "1a", "xa", "a b c d"] {
            assert!(check_internal(&config, refused).is_err(), "{refused}");
        }
        assert!(check_user(&config, "ü ß").is_ok());
        assert!(check_internal(&read("RegexNameInternal = a|b").unwrap(), "bc").is_ok());
        assert!(check_internal(&read("RegexNameInternal = a|b").unwrap(), "cb").is_err());
        let error = read("RegexUserName = [a-z").unwrap_err().to_string();
        assert!(error.starts_with("RegexUserName is no regular expression: "), "{error}");
    }
}
