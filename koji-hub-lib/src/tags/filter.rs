//! Which packages an inherited link lets through.

use fancy_regex::Regex;

use crate::Result;
use crate::error::fail;

/// The filters on the way to a tag; a package's name must match all of them.
#[derive(Debug, Default)]
pub(crate) struct PackageFilter(Vec<Regex>);

impl PackageFilter {
    /// Reads regular expressions in Python's form.
    pub(crate) fn new(patterns: &[String]) -> Result<Self> {
        let mut filters = Vec::with_capacity(patterns.len());
        for pattern in patterns {
            // as Python's `match`: at the beginning of the name, but not up to its end
            match Regex::new(&format!(r"\A(?:{pattern})")) {
                Ok(filter) => filters.push(filter),
                Err(e) => fail!("invalid package filter {pattern}: {e}"),
            }
        }
        Ok(PackageFilter(filters))
    }

    /// Whether a package passes. A filter that gives up on a name does not match it.
    pub(crate) fn passes(&self, package: &str) -> bool {
        self.0.iter().all(|filter| filter.is_match(package).unwrap_or(false))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_filters_must_match_at_the_beginning() {
        let filter =
            |patterns: &[&str]| PackageFilter::new(&patterns.iter().map(|p| (*p).to_owned()).collect::<Vec<_>>());
        assert!(filter(&[]).unwrap().passes("bash"));
        assert!(filter(&["ba", "^b.*h$"]).unwrap().passes("bash"));
        assert!(!filter(&["ba", "sh"]).unwrap().passes("bash"));
        assert!(!filter(&["a|^sh"]).unwrap().passes("bash"));
        assert!(!filter(&["(?!bash$)"]).unwrap().passes("bash"));
        assert!(filter(&["("]).is_err());
    }
}
