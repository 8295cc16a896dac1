//! What packages require and provide: a name, perhaps with a version.

use std::cmp::Ordering;
use std::fmt;

use rpm::{Dependency, DependencyFlags};
use rpm_version::Evr;

/// How a version must stand to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Relation {
    Less,
    LessOrEqual,
    Equal,
    GreaterOrEqual,
    Greater,
}

impl Relation {
    fn admits(self, ordering: Ordering) -> bool {
        match self {
            Relation::Less => ordering.is_lt(),
            Relation::LessOrEqual => ordering.is_le(),
            Relation::Equal => ordering.is_eq(),
            Relation::GreaterOrEqual => ordering.is_ge(),
            Relation::Greater => ordering.is_gt(),
        }
    }

    /// As people write it: `=`, `>=`, ...
    fn sign(self) -> &'static str {
        match self {
            Relation::Less => "<",
            Relation::LessOrEqual => "<=",
            Relation::Equal => "=",
            Relation::GreaterOrEqual => ">=",
            Relation::Greater => ">",
        }
    }

    /// From what people write.
    pub(super) fn from_sign(sign: &str) -> Option<Self> {
        use Relation::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual};
        [Less, LessOrEqual, Equal, GreaterOrEqual, Greater].into_iter().find(|relation| relation.sign() == sign)
    }

    /// From the words of repository metadata: `EQ`, `GE`, ...
    pub(super) fn from_metadata(word: &str) -> Option<Self> {
        Some(match word {
            "LT" => Relation::Less,
            "LE" => Relation::LessOrEqual,
            "EQ" => Relation::Equal,
            "GE" => Relation::GreaterOrEqual,
            "GT" => Relation::Greater,
            _ => return None,
        })
    }
}

/// Something that is required or provided.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Capability {
    pub(super) name: String,
    /// The relation to an `[epoch:]version[-release]`.
    pub(super) version: Option<(Relation, String)>,
}

impl Capability {
    #[cfg(test)]
    pub(super) fn any(name: &str) -> Self {
        Self { name: name.to_owned(), version: None }
    }

    pub(super) fn from_dependency(dependency: &Dependency) -> Self {
        let has = |flag| dependency.flags.contains(flag);
        let relation = match (has(DependencyFlags::LESS), has(DependencyFlags::EQUAL), has(DependencyFlags::GREATER)) {
            (true, false, _) => Some(Relation::Less),
            (true, true, _) => Some(Relation::LessOrEqual),
            (false, true, false) => Some(Relation::Equal),
            (false, true, true) => Some(Relation::GreaterOrEqual),
            (false, false, true) => Some(Relation::Greater),
            (false, false, false) => None,
        };
        let version = relation.map(|relation| (relation, dependency.version.clone()));
        Self { name: dependency.name.clone(), version: version.filter(|(_, version)| !version.is_empty()) }
    }

    /// Whether something provided under the same name satisfies this. What has no version satisfies no wish for one.
    pub(super) fn accepts(&self, provided: Option<&str>) -> bool {
        match (&self.version, provided) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some((relation, wanted)), Some(provided)) => relation.admits(compare(provided, wanted)),
        }
    }
}

/// As people write it: `foo >= 2`.
impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        match &self.version {
            Some((relation, version)) => write!(f, " {} {version}", relation.sign()),
            None => Ok(()),
        }
    }
}

/// Compares as RPM does: no epoch is 0, and releases count only if both have one.
fn compare(a: &str, b: &str) -> Ordering {
    let (a, b) = (Evr::parse(a), Evr::parse(b));
    let epoch = |evr: &Evr<'_>| if evr.epoch().is_empty() { "0".to_owned() } else { evr.epoch().to_owned() };
    let both = !a.release().is_empty() && !b.release().is_empty();
    let full = |evr: &Evr<'_>| {
        let release = if both { evr.release() } else { "" };
        Evr::new(epoch(evr), evr.version().to_owned(), release.to_owned())
    };
    full(&a).cmp(&full(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_as_rpm_does() {
        let wants =
            |relation, version: &str| Capability { name: "a".into(), version: Some((relation, version.into())) };
        assert!(wants(Relation::Equal, "1.0").accepts(Some("1.0-5")));
        assert!(wants(Relation::Equal, "0:1.0-5").accepts(Some("1.0-5")));
        assert!(!wants(Relation::Equal, "1.0-4").accepts(Some("1.0-5")));
        assert!(wants(Relation::GreaterOrEqual, "1.9").accepts(Some("1.10")));
        assert!(!wants(Relation::GreaterOrEqual, "1:1").accepts(Some("9")));
        assert!(wants(Relation::Less, "2").accepts(Some("2~rc1")));
        assert!(!wants(Relation::Greater, "1").accepts(None));
        assert!(Capability::any("a").accepts(None));
        assert_eq!(wants(Relation::LessOrEqual, "2").to_string(), "a <= 2");
    }
}
