//! Architectures: names, lists, canonical forms; [`selection`] has what a build makes of them.

pub mod selection;

use std::fmt;
use std::str::FromStr;

use crate::{Error, Result};

/// The architecture of packages that run anywhere, and of tasks that any host may take.
pub const NOARCH: &str = "noarch";

/// Koji's `canonArch`: the architecture under which a family of compatible ones is built and put into repos, such as
/// `i386` for `i686`. A name that Koji has no rule for (`noarch` and `src` too) is its own.
pub fn canonical(arch: &str) -> &str {
    match arch {
        "athlon" => "i386",
        "ia32e" => "x86_64",
        "ppc64le" => "ppc64le",
        _ if is_ix86(arch) => "i386",
        _ if arch.starts_with("ppc64") => "ppc64",
        _ if arch.starts_with("sparc64") => "sparc64",
        _ if arch.starts_with("sparc") => "sparc",
        _ if arch.starts_with("alpha") => "alpha",
        _ => match arch.strip_prefix("arm") {
            Some(variant) if variant.contains('h') => "armhfp",
            Some(_) => "arm",
            None => arch,
        },
    }
}

fn is_ix86(arch: &str) -> bool {
    let family = arch.strip_prefix('i').and_then(|rest| rest.strip_suffix("86"));
    family.is_some_and(|family| family.chars().count() == 1)
}

/// A list of architectures, as tags, hosts and packages have it. Written space separated, as the database has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ArchList(Vec<String>);

impl ArchList {
    /// Reads what is separated by whitespace only: the form in which the hub takes and keeps a list.
    pub fn parse_strict(text: &str) -> Result<Self> {
        text.split_whitespace().map(str::to_owned).collect::<Vec<_>>().try_into()
    }

    /// The names, in their order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The canonical names, each once, in the order of their first appearance.
    pub fn canonical(&self) -> Vec<&str> {
        let mut names = Vec::new();
        for name in self.iter().map(canonical) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// Whether one of the list has the same canonical form as `arch`.
    pub fn covers(&self, arch: &str) -> bool {
        self.iter().any(|name| canonical(name) == canonical(arch))
    }

    /// The canonical architectures that both have, in the order of this one: those for which a host with one list can
    /// build in a tag with the other.
    pub fn common<'a>(&'a self, other: &ArchList) -> Vec<&'a str> {
        let mut names = self.canonical();
        names.retain(|name| other.covers(name));
        names
    }
}

/// Reads what is separated by whitespace or commas: the form in which people give a list. Koji's `parse_arches`.
impl FromStr for ArchList {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::parse_strict(&text.replace(',', " "))
    }
}

impl TryFrom<Vec<String>> for ArchList {
    type Error = Error;

    fn try_from(names: Vec<String>) -> Result<Self> {
        match names.iter().find(|name| !is_valid(name)) {
            Some(name) => Err(Error::InvalidArch(name.clone())),
            None => Ok(Self(names)),
        }
    }
}

impl fmt::Display for ArchList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(" "))
    }
}

/// Whether an architecture's name has only letters, digits, `_` and `-`.
pub fn is_valid(arch: &str) -> bool {
    arch.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_names_are_kojis() {
        let cases = [
            ("i386", "i386"),
            ("i686", "i386"),
            ("i6686", "i6686"),
            ("i86", "i86"),
            ("athlon", "i386"),
            ("ia32e", "x86_64"),
            ("ia64", "ia64"),
            ("x86_64", "x86_64"),
            ("amd64", "amd64"),
            ("ppc", "ppc"),
            ("ppc64", "ppc64"),
            ("ppc64le", "ppc64le"),
            ("ppc64lex", "ppc64"),
            ("ppc64p7", "ppc64"),
            ("sparc", "sparc"),
            ("sparcv9", "sparc"),
            ("sparc64v", "sparc64"),
            ("alphaev6", "alpha"),
            ("arm", "arm"),
            ("armhfp", "armhfp"),
            ("armv7hl", "armhfp"),
            ("armv7hnl", "armhfp"),
            ("armv5tel", "arm"),
            ("arch-arm", "arch-arm"),
            ("aarch64", "aarch64"),
            ("noarch", "noarch"),
            ("src", "src"),
            ("I686", "I686"),
            ("", ""),
        ];
        for (arch, expected) in cases {
            assert_eq!(canonical(arch), expected, "{arch}");
        }
    }

    #[test]
    fn lists_parse_as_koji() {
        let lenient = |text: &str| text.parse::<ArchList>().map(|list| list.to_string()).ok();
        let strict = |text: &str| ArchList::parse_strict(text).map(|list| list.to_string()).ok();
        for (text, as_people, as_hub) in [
            ("x86_64 i686", Some("x86_64 i686"), Some("x86_64 i686")),
            (" x  y\tz\n", Some("x y z"), Some("x y z")),
            ("x86_64,i686", Some("x86_64 i686"), None),
            ("a , b", Some("a b"), None),
            ("a.b", None, None),
            ("", Some(""), Some("")),
        ] {
            assert_eq!(lenient(text).as_deref(), as_people, "{text}");
            assert_eq!(strict(text).as_deref(), as_hub, "{text}");
        }
    }

    #[test]
    fn common_arches_are_canonical() {
        let tag: ArchList = "i686 x86_64 i586 aarch64".parse().unwrap();
        let host: ArchList = "x86_64 i386".parse().unwrap();
        assert_eq!(tag.canonical(), ["i386", "x86_64", "aarch64"]);
        assert_eq!(tag.common(&host), ["i386", "x86_64"]);
        assert!(tag.common(&"s390x".parse().unwrap()).is_empty());
    }
}
