//! Which packages of a repo a build needs, beside what the host has.

use std::collections::{BTreeSet, HashSet};

use super::capability::{Capability, Relation};
use super::host_tools::HostTools;
use super::repodata::RepoPackages;

/// What is needed.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Solution {
    /// The packages to lay over the host's files, by their place in the repo.
    pub(super) packages: BTreeSet<usize>,
    /// What is nowhere: what requires it, and what it is.
    pub(super) missing: Vec<(String, String)>,
}

/// Finds what a build requires, and what that requires.
///
/// What the build itself requires comes from the repo if that has it, so that packages that were built here are used;
/// only the tools that every build has are always the host's. What packages of the repo require comes from the
/// host first, so that not the half of a distribution is laid over it.
pub(super) fn solve(build: &[Capability], repo: &RepoPackages, host: &HostTools) -> Solution {
    let mut solution = Solution::default();
    let mut seen: HashSet<Capability> = HashSet::new();
    let mut open: Vec<(Option<usize>, Capability)> = build.iter().rev().map(|wanted| (None, wanted.clone())).collect();
    while let Some((by, wanted)) = open.pop() {
        if !seen.insert(wanted.clone()) {
            continue;
        }
        let is_met = |wanted: &Capability| match by {
            None => host.is_base(wanted),
            Some(_) => host.provides(wanted),
        };
        if is_met(&wanted) || wanted.name.starts_with("rpmlib(") {
            continue;
        }
        if let Some(alternatives) = alternatives(&wanted) {
            let possible = alternatives
                .into_iter()
                .find(|all| all.iter().all(|one| host.provides(one) || repo.provider(one).is_some()));
            match possible {
                Some(all) => open.extend(all.into_iter().map(|one| (by, one))),
                None => solution.missing.push((requirer(by, repo), wanted.to_string())),
            }
            continue;
        }
        match repo.provider(&wanted) {
            Some(package) => {
                if solution.packages.insert(package)
                    && let Some(found) = repo.packages.get(package)
                {
                    open.extend(found.requires.iter().rev().map(|wanted| (Some(package), wanted.clone())));
                }
            }
            None if host.provides(&wanted) => {}
            None => solution.missing.push((requirer(by, repo), wanted.to_string())),
        }
    }
    solution
}

fn requirer(by: Option<usize>, repo: &RepoPackages) -> String {
    by.and_then(|index| repo.packages.get(index)).map_or_else(|| "the build".to_owned(), |p| p.name.clone())
}

/// The ways to meet a requirement of the kind `(a or b)`, each a list of what must be met; nothing for a plain one.
///
/// `(a if b)` is met by itself: it asks for what would go along with another package. Nested ones are not known.
fn alternatives(wanted: &Capability) -> Option<Vec<Vec<Capability>>> {
    let inner = wanted.name.strip_prefix('(')?.strip_suffix(')')?;
    if inner.contains(" if ") || inner.contains(" unless ") {
        return Some(vec![Vec::new()]);
    }
    if inner.contains(" or ") {
        return Some(inner.split(" or ").map(|one| vec![plain(one)]).collect());
    }
    let all = inner.replace(" with ", " and ");
    Some(vec![all.split(" and ").map(plain).collect()])
}

fn plain(text: &str) -> Capability {
    let words: Vec<&str> = text.split_whitespace().collect();
    match words[..] {
        [name, sign, version] => {
            let version = Relation::from_sign(sign).map(|relation| (relation, version.to_owned()));
            Capability { name: name.to_owned(), version }
        }
        _ => Capability { name: text.trim().to_owned(), version: None },
    }
}

#[cfg(test)]
mod tests {
    use super::super::repodata::RepoPackage;
    use super::*;

    fn package(name: &str, provides: &[&str], requires: &[&str]) -> RepoPackage {
        let all = |names: &[&str]| names.iter().map(|name| plain(name)).collect();
        let mut package = RepoPackage { name: name.to_owned(), evr: "1-1".to_owned(), ..RepoPackage::default() };
        package.provides = all(provides);
        package.provides.push(plain(&format!("{name} = 1-1")));
        package.requires = all(requires);
        package
    }

    #[tokio::test]
    async fn the_repo_is_asked_first_and_then_the_host() {
        let repo = RepoPackages::new(
            "r",
            vec![
                package("liba-devel", &["pkgconfig(a) = 1"], &["liba = 1-1", "/bin/sh"]),
                package("liba", &[], &["rpmlib(X)", "nowhere"]),
                package("gcc", &[], &[]),
                package("tar", &[], &[]),
            ],
        );
        let host = HostTools::inspect().await.unwrap();
        let names = |requires: &[&str]| {
            let read = |text: &str| if text.starts_with('(') { Capability::any(text) } else { plain(text) };
            let requires: Vec<_> = requires.iter().map(|text| read(text)).collect();
            let solution = solve(&requires, &repo, &host);
            let names: Vec<&str> = solution.packages.iter().map(|i| repo.packages[*i].name.as_str()).collect();
            (names.join(" "), solution.missing)
        };
        let nowhere = vec![("liba".to_owned(), "nowhere".to_owned())];
        assert_eq!(names(&["pkgconfig(a)"]), ("liba-devel liba".to_owned(), nowhere));
        assert_eq!(names(&["gcc", "tar", "/bin/sh"]), (String::new(), Vec::new()));
        let missing = vec![("the build".to_owned(), "liba-devel >= 2".to_owned())];
        assert_eq!(names(&["liba-devel >= 2"]), (String::new(), missing));
        assert_eq!(names(&["(x or gcc)", "(x if y)"]), (String::new(), Vec::new()));
    }
}
