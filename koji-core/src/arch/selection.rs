//! For which architectures the `build` task builds a package, and which hosts may do it.

use super::{ArchList, NOARCH, canonical};
use crate::{Error, Result, glob};

/// What a source rpm's header says about architectures; each list may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceArches {
    /// `BuildArch`: replaces what the tag would build for.
    pub build: Vec<String>,
    /// `ExclusiveArch`: only these.
    pub exclusive: Vec<String>,
    /// `ExcludeArch`: none of these.
    pub exclude: Vec<String>,
}

impl SourceArches {
    fn admits(&self, arch: &str) -> bool {
        let has = |list: &[String]| list.iter().any(|name| name == arch);
        (self.exclusive.is_empty() || has(&self.exclusive)) && !has(&self.exclude)
    }

    /// The same, with canonical names.
    fn canonical(&self) -> Self {
        let map = |list: &[String]| list.iter().map(|name| canonical(name).to_owned()).collect();
        Self { build: map(&self.build), exclusive: map(&self.exclusive), exclude: map(&self.exclude) }
    }
}

/// The architectures to build for, one `buildArch` task each; the spec file is built with exactly these names.
///
/// `tag` has those of the build tag, `extra` the package's `extra_arches` in the destination tag. `scratch_override`
/// is the `arch_override` of a scratch build (other builds must not have one) and replaces all but the tag's limits.
/// A tag without architectures builds nothing.
pub fn build_arches(
    tag: &ArchList,
    extra: &ArchList,
    source: &SourceArches,
    scratch_override: Option<&ArchList>,
) -> Result<Vec<String>> {
    if tag.is_empty() {
        return Err(Error::NoMatchingArches);
    }
    let candidates: Vec<&str> = match scratch_override.filter(|list| !list.is_empty()) {
        Some(list) => list.iter().collect(),
        None => {
            let noarch = source.build.iter().chain(&source.exclusive).any(|arch| arch == NOARCH)
                && !source.exclude.iter().any(|arch| arch == NOARCH);
            let base: Vec<&str> = match source.build.is_empty() {
                true => tag.iter().chain(extra.iter()).collect(),
                false => source.build.iter().map(String::as_str).collect(),
            };
            let admitted = base.into_iter().filter(|arch| source.admits(arch));
            admitted.chain(noarch.then_some(NOARCH)).collect()
        }
    };
    let mut arches: Vec<String> = Vec::new();
    for arch in candidates {
        if (arch == NOARCH || tag.covers(arch)) && !arches.iter().any(|known| known == arch) {
            arches.push(arch.to_owned());
        }
    }
    if arches.is_empty() { Err(Error::NoMatchingArches) } else { Ok(arches) }
}

/// The architecture of a task: which hosts may take it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TaskArch {
    /// This one.
    Is(String),
    /// Any one of these, to be drawn at random so that all hosts get their share; never empty.
    OneOf(Vec<String>),
}

/// The architecture of the task that builds `arch`.
///
/// `literal` has the builder's `literal_task_arches`, patterns of architectures that are not mapped to canonical ones.
/// A noarch package is built anywhere, unless its source or the tag's extra setting `noarch_arches` leaves out some of
/// the tag's architectures.
pub fn task_arch(
    arch: &str,
    literal: &str,
    tag: &ArchList,
    noarch_arches: Option<&ArchList>,
    source: &SourceArches,
) -> Result<TaskArch> {
    if glob::matches_any(literal, arch) {
        return Ok(TaskArch::Is(arch.to_owned()));
    }
    if arch != NOARCH {
        return Ok(TaskArch::Is(canonical(arch).to_owned()));
    }
    if source.exclusive.is_empty() && source.exclude.is_empty() && noarch_arches.is_none_or(ArchList::is_empty) {
        return Ok(TaskArch::Is(NOARCH.to_owned()));
    }
    let source = source.canonical();
    let tag_arches = tag.canonical();
    let mut choices = match noarch_arches.filter(|list| !list.is_empty()) {
        Some(list) => list.common(tag),
        None => tag_arches.clone(),
    };
    choices.retain(|arch| source.admits(arch));
    if choices.is_empty() {
        let noarch_arches = noarch_arches.map(ToString::to_string).unwrap_or_default();
        return Err(Error::NoNoarchArches(format!(
            "tag {tag_arches:?}, extra {noarch_arches:?}, exclusive {:?}, exclude {:?}",
            source.exclusive, source.exclude
        )));
    }
    if choices.len() == tag_arches.len() {
        return Ok(TaskArch::Is(NOARCH.to_owned()));
    }
    Ok(TaskArch::OneOf(choices.into_iter().map(str::to_owned).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> ArchList {
        text.parse().unwrap()
    }

    fn source(build: &str, exclusive: &str, exclude: &str) -> SourceArches {
        let names = |text: &str| text.split_whitespace().map(str::to_owned).collect();
        SourceArches { build: names(build), exclusive: names(exclusive), exclude: names(exclude) }
    }

    #[test]
    fn header_decides_what_is_built() {
        let cases = [
            ("", "", "", "x86_64 aarch64"),
            ("noarch", "", "", "noarch"),
            ("", "x86_64 s390x", "", "x86_64"),
            ("", "", "aarch64", "x86_64"),
            ("noarch", "x86_64", "", "noarch"),
            ("", "x86_64 noarch", "", "x86_64 noarch"),
            ("i586 x86_64 s390x", "", "", "x86_64"),
            ("", "s390x", "", ""),
            ("noarch", "", "noarch", ""),
        ];
        for (build, exclusive, exclude, expected) in cases {
            let source = source(build, exclusive, exclude);
            let arches = build_arches(&list("x86_64 aarch64"), &list("i686 x86_64"), &source, None);
            match expected {
                "" => assert_eq!(arches.unwrap_err().to_string(), "No matching arches were found"),
                _ => assert_eq!(arches.unwrap().join(" "), expected, "{source:?}"),
            }
        }
    }

    #[test]
    fn extra_arches_add_variants_that_the_tag_covers() {
        let arches = build_arches(&list("i386 x86_64"), &list("i686"), &source("", "", ""), None).unwrap();
        assert_eq!(arches, ["i386", "x86_64", "i686"]);
    }

    #[test]
    fn scratch_override_replaces_the_header() {
        let exclusive = source("", "aarch64", "");
        let arches = build_arches(&list("x86_64 aarch64"), &list(""), &exclusive, Some(&list("x86_64 s390x"))).unwrap();
        assert_eq!(arches, ["x86_64"]);
    }

    #[test]
    fn task_arches() {
        let tag = list("i686 x86_64 aarch64");
        let any = SourceArches::default();
        let is = |arch: &str| TaskArch::Is(arch.to_owned());
        let one_of = |arches: &[&str]| TaskArch::OneOf(arches.iter().map(|a| (*a).to_owned()).collect());
        assert_eq!(task_arch("i686", "", &tag, None, &any).unwrap(), is("i386"));
        assert_eq!(task_arch("i686", "s390x i?86", &tag, None, &any).unwrap(), is("i686"));
        assert_eq!(task_arch("noarch", "", &tag, None, &any).unwrap(), is("noarch"));
        let no_x86 = source("", "", "x86_64 i686");
        assert_eq!(task_arch("noarch", "", &tag, None, &no_x86).unwrap(), one_of(&["aarch64"]));
        let same = source("", "i586 x86_64 aarch64 s390x", "");
        assert_eq!(task_arch("noarch", "", &tag, None, &same).unwrap(), is("noarch"));
        let extra = list("x86_64 i386 s390x");
        assert_eq!(task_arch("noarch", "", &tag, Some(&extra), &any).unwrap(), one_of(&["x86_64", "i386"]));
        let error = task_arch("noarch", "", &tag, None, &source("", "s390x", "")).unwrap_err();
        assert!(error.to_string().starts_with("No valid arches were found. tag "), "{error}");
    }
}
