//! The error of this crate.

use std::path::PathBuf;

use crate::fault::{Fault, FaultKind};

/// A result with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can be wrong with a name, an architecture list, a configuration file or a task's arguments.
///
/// Where Koji's clients parse or show the text of the matching fault, the text is Koji's.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Not of the form `name-version-release` or `name-version-release.arch`.
    #[error("invalid format: {0}")]
    InvalidNvr(String),
    /// A character that would make the joined name ambiguous.
    #[error("The \"{character}\" character not allowed in {field} field")]
    ForbiddenCharacter {
        /// The character.
        character: char,
        /// The field that has it: `version`, `release` or `arch`.
        field: &'static str,
    },
    /// Not the release of a draft build, `<release>,draft_<build id>`.
    #[error("draft release: {0} is not in valid format")]
    InvalidDraftRelease(String),
    /// An architecture name with other characters than letters, digits, `_` and `-`.
    #[error("Architecture can be only [a-zA-Z0-9_-]")]
    InvalidArch(String),
    /// The build tag and the source package have no architecture in common.
    #[error("No matching arches were found")]
    NoMatchingArches,
    /// A noarch package excludes every architecture on which the tag could build it.
    #[error("No valid arches were found. {0}")]
    NoNoarchArches(String),
    /// A configuration file or directory that must exist cannot be read.
    #[error("Config file {path} can't be opened.")]
    ConfigUnreadable {
        /// The file or directory.
        path: PathBuf,
        /// Why, where the system said it.
        #[source]
        source: std::io::Error,
    },
    /// A limit of the process's resources that cannot be set.
    #[error("cannot set {resource}")]
    Limit {
        /// The system's name of the resource.
        resource: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A configuration directory that must hold `*.conf` files holds none.
    #[error("No config files found in directory: {0}")]
    ConfigDirectoryEmpty(PathBuf),
    /// A line that Python's ConfigParser would refuse.
    #[error("{path}:{line}: {problem}")]
    ConfigSyntax {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong there.
        problem: String,
    },
    /// A value that is not of its option's type, or whose `%` references cannot be resolved.
    #[error("{path}:{line}: {problem}")]
    ConfigValue {
        /// The file with the option.
        path: PathBuf,
        /// The line of the option, from 1.
        line: usize,
        /// What is wrong with the value.
        problem: String,
    },
    /// No configuration file has a section for the profile.
    #[error("no configuration for profile name: {0}")]
    NoProfile(String),
}

/// The fault that Koji's hub or builder gives for it.
impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        let kind = match &error {
            Error::InvalidNvr(_)
            | Error::ForbiddenCharacter { .. }
            | Error::InvalidDraftRelease(_)
            | Error::InvalidArch(_) => FaultKind::Generic,
            Error::NoMatchingArches | Error::NoNoarchArches(_) => FaultKind::Build,
            Error::ConfigUnreadable { .. }
            | Error::ConfigDirectoryEmpty(_)
            | Error::ConfigSyntax { .. }
            | Error::ConfigValue { .. }
            | Error::NoProfile(_)
            | Error::Limit { .. } => FaultKind::Configuration,
        };
        Fault::new(kind, error.to_string())
    }
}
