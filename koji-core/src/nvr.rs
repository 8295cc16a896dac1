//! Names of builds (`name-version-release`) and of rpms (`name-version-release.arch`).
//!
//! Parsing is as lenient as Koji's: it splits at the last two `-` (and the last `.`) and checks little else, so
//! that a parsed name may still be one that [`Nvr::check`] or the hub's own name rules refuse.

use std::fmt;
use std::str::FromStr;

use crate::ids::BuildId;
use crate::{Error, Result};

/// What stands between the release that a draft build is to have and its `draft_<build id>` mark.
pub const DRAFT_DELIMITER: char = ',';

/// A build's name. Written as `name-version-release`, without the epoch, as Koji writes it everywhere.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Nvr {
    /// The package's name.
    pub name: String,
    /// The version.
    pub version: String,
    /// The release; that of a draft build ends with `,draft_<build id>`.
    pub release: String,
    /// What stood before a `:` in the name (`1:bash-5.2-1`), not checked to be a number. Koji gives an empty string
    /// where this is `None`.
    pub epoch: Option<String>,
}

impl Nvr {
    /// A name without an epoch.
    pub fn new(name: impl Into<String>, version: impl Into<String>, release: impl Into<String>) -> Self {
        Self { name: name.into(), version: version.into(), release: release.into(), epoch: None }
    }

    /// Koji's `check_NVR`: refuses a version or release with a `-`, which would parse back as another name. Needed
    /// only for a name that came in parts.
    pub fn check(&self) -> Result<()> {
        for (field, value) in [("version", &self.version), ("release", &self.release)] {
            if value.contains('-') {
                return Err(Error::ForbiddenCharacter { character: '-', field });
            }
        }
        Ok(())
    }
}

impl FromStr for Nvr {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let invalid = || Error::InvalidNvr(text.to_owned());
        let (rest, release) = text.rsplit_once('-').ok_or_else(invalid)?;
        let (name, version) = rest.rsplit_once('-').ok_or_else(invalid)?;
        if release.is_empty() || version.is_empty() {
            return Err(invalid());
        }
        let (epoch, name) = name.split_once(':').unwrap_or(("", name));
        Ok(Self { epoch: (!epoch.is_empty()).then(|| epoch.to_owned()), ..Self::new(name, version, release) })
    }
}

impl fmt::Display for Nvr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-{}", self.name, self.version, self.release)
    }
}

/// An rpm's name. Written as `name-version-release.arch`; parsing also takes the file name with `.rpm`, and a
/// location as in `bash-5.2-1.x86_64@external-repo`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Nvra {
    /// The rpm's own name, version and release: for the rpm of a draft build without the draft mark.
    pub nvr: Nvr,
    /// The architecture, `src` for a source rpm.
    pub arch: String,
    /// What stood behind the first `@`: the external repo that the rpm is from.
    pub location: Option<String>,
}

impl Nvra {
    /// The rpm of `nvr` for `arch`.
    pub fn new(nvr: Nvr, arch: impl Into<String>) -> Self {
        Self { nvr, arch: arch.into(), location: None }
    }

    /// Whether this is a source rpm.
    pub fn is_src(&self) -> bool {
        self.arch == "src"
    }

    /// The rpm's file name, `name-version-release.arch.rpm`.
    pub fn file_name(&self) -> String {
        format!("{self}.rpm")
    }

    /// Koji's `check_NVRA`: [`Nvr::check`], and no `.` in the architecture.
    pub fn check(&self) -> Result<()> {
        self.nvr.check()?;
        match self.arch.contains('.') {
            true => Err(Error::ForbiddenCharacter { character: '.', field: "arch" }),
            false => Ok(()),
        }
    }
}

impl FromStr for Nvra {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let (text, location) = text.split_once('@').unwrap_or((text, ""));
        let text = text.strip_suffix(".rpm").unwrap_or(text);
        let (nvr, arch) = text.rsplit_once('.').ok_or_else(|| Error::InvalidNvr(text.to_owned()))?;
        if arch.is_empty() {
            return Err(Error::InvalidNvr(text.to_owned()));
        }
        let location = (!location.is_empty()).then(|| location.to_owned());
        Ok(Self { location, ..Self::new(nvr.parse()?, arch) })
    }
}

impl fmt::Display for Nvra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.nvr, self.arch)
    }
}

/// The release of draft build `build_id` that is to become `target_release` when it is promoted.
pub fn draft_release(target_release: &str, build_id: BuildId) -> String {
    format!("{target_release}{DRAFT_DELIMITER}draft_{build_id}")
}

/// The release that a draft build with `draft_release` gets when it is promoted, and that its rpms have already.
pub fn target_release(draft_release: &str) -> Result<&str> {
    match draft_release.split_once(DRAFT_DELIMITER) {
        Some((target, mark)) if mark.starts_with("draft_") => Ok(target),
        _ => Err(Error::InvalidDraftRelease(draft_release.to_owned())),
    }
}

/// Whether an rpm of this name holds debug information or debug sources.
pub fn is_debuginfo(name: &str) -> bool {
    name.ends_with("-debuginfo") || name.ends_with("-debugsource") || name.contains("-debuginfo-")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nvr(text: &str) -> Option<(String, String, String, String)> {
        let n: Nvr = text.parse().ok()?;
        Some((n.epoch.unwrap_or_default(), n.name, n.version, n.release))
    }

    #[test]
    fn parses_nvr_as_koji() {
        let cases = [
            ("bash-5.2-1.fc44", Some(("", "bash", "5.2", "1.fc44"))),
            ("1:bash-5.2-1", Some(("1", "bash", "5.2", "1"))),
            (":bash-5.2-1", Some(("", "bash", "5.2", "1"))),
            ("a:b:c-1-1", Some(("a", "b:c", "1", "1"))),
            ("bash-1:5.2-1", Some(("", "bash", "1:5.2", "1"))),
            ("a-b-c-d", Some(("", "a-b", "c", "d"))),
            ("a--b-c", Some(("", "a-", "b", "c"))),
            ("-1-1", Some(("", "", "1", "1"))),
            ("x-1-2,draft_7", Some(("", "x", "1", "2,draft_7"))),
            ("", None),
            ("bash", None),
            ("bash-1", None),
            ("bash-1-", None),
            ("bash--1", None),
            ("--", None),
        ];
        for (text, expected) in cases {
            let expected = expected.map(|(e, n, v, r)| (e.into(), n.into(), v.into(), r.into()));
            assert_eq!(nvr(text), expected, "{text}");
        }
        assert_eq!("bash-1".parse::<Nvr>().unwrap_err().to_string(), "invalid format: bash-1");
    }

    #[test]
    fn parses_nvra_as_koji() {
        let parse = |text: &str| {
            let n: Nvra = text.parse().ok()?;
            Some((n.to_string(), n.is_src(), n.location.unwrap_or_default()))
        };
        let cases = [
            ("bash-5.2-1.fc44.x86_64", Some(("bash-5.2-1.fc44.x86_64", false, ""))),
            ("bash-5.2-1.src.rpm", Some(("bash-5.2-1.src", true, ""))),
            ("bash-5.2-1.src.rpm@ext", Some(("bash-5.2-1.src", true, "ext"))),
            ("bash-5.2-1.i686@a@b", Some(("bash-5.2-1.i686", false, "a@b"))),
            ("bash-5.2-1.i686@", Some(("bash-5.2-1.i686", false, ""))),
            ("bash-5.2-1.x86_64.rpm.rpm", Some(("bash-5.2-1.x86_64.rpm", false, ""))),
            ("bash-5.2-1", None),
            ("bash-5-1.", None),
            ("bash-5-1", None),
            ("bash-5.rpm", None),
        ];
        for (text, expected) in cases {
            let expected = expected.map(|(n, s, l)| (n.into(), s, l.into()));
            assert_eq!(parse(text), expected, "{text}");
        }
        let error = "a@b-1-1.x".parse::<Nvra>().unwrap_err();
        assert_eq!(error.to_string(), "invalid format: a");
        assert_eq!("bash-5.2-1.src".parse::<Nvra>().unwrap().file_name(), "bash-5.2-1.src.rpm");
    }

    #[test]
    fn checks_names_given_in_parts() {
        assert!(Nvr::new("a-b", "1", "1").check().is_ok());
        let error = Nvr::new("a", "1-2", "1").check().unwrap_err();
        assert_eq!(error.to_string(), "The \"-\" character not allowed in version field");
        let error = Nvra::new(Nvr::new("a", "1", "1"), "x.y").check().unwrap_err();
        assert_eq!(error.to_string(), "The \".\" character not allowed in arch field");
    }

    #[test]
    fn draft_releases_round_trip() {
        assert_eq!(draft_release("1.fc44", BuildId(23)), "1.fc44,draft_23");
        assert_eq!(target_release("1.fc44,draft_23").unwrap(), "1.fc44");
        assert_eq!(target_release(",draft_").unwrap(), "");
        let error = target_release("1.fc44").unwrap_err();
        assert_eq!(error.to_string(), "draft release: 1.fc44 is not in valid format");
        assert!(target_release("1,a,draft_2").is_err());
    }

    #[test]
    fn knows_debuginfo() {
        for (name, expected) in [
            ("bash-debuginfo", true),
            ("bash-debugsource", true),
            ("bash-debuginfo-common", true),
            ("bash-debugsource-x", false),
            ("bash", false),
            ("debuginfo", false),
        ] {
            assert_eq!(is_debuginfo(name), expected, "{name}");
        }
    }
}
