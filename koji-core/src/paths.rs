//! Where Koji keeps its files: the one place that knows the layout below the top directory.
//!
//! Every function gives a path relative to the top directory (`/mnt/koji`) or, which is the same, to the URL under
//! which it is served, with `/` between the parts; [`under`] joins the two. The parts come from names that the hub has
//! checked; what a client names itself must pass [`is_component`] or [`is_relative`] first.

use std::fmt;

use crate::ids::{RepoId, TaskId};
use crate::nvr::{Nvr, Nvra};

/// The volume on which builds are kept unless something else was chosen.
pub const DEFAULT_VOLUME: &str = "DEFAULT";

/// Joins a top directory or URL and a relative path.
pub fn under(top: &str, relative: &str) -> String {
    match relative {
        "" => top.to_owned(),
        _ => format!("{}/{relative}", top.trim_end_matches('/')),
    }
}

/// The root of a volume; empty, the top directory itself, for `DEFAULT` and for none.
pub fn volume(name: Option<&str>) -> String {
    match name {
        None | Some(DEFAULT_VOLUME) => String::new(),
        Some(name) => format!("vol/{name}"),
    }
}

/// Whether `text` can be one part of a path: not empty, `.` or `..`, without `/` and NUL.
pub fn is_component(text: &str) -> bool {
    !matches!(text, "" | "." | "..") && !text.contains(['/', '\0'])
}

/// Whether `path` is relative and stays below where it starts: every part [`is_component`].
pub fn is_relative(path: &str) -> bool {
    path.split('/').all(is_component)
}

/// The directory of a build, and what is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildDir(String);

impl BuildDir {
    /// Where the build is kept.
    pub fn new(volume_name: Option<&str>, nvr: &Nvr) -> Self {
        let packages = join(&volume(volume_name), "packages");
        Self(format!("{packages}/{}/{}/{}", nvr.name, nvr.version, nvr.release))
    }

    /// The directory itself.
    pub fn path(&self) -> &str {
        &self.0
    }

    /// An rpm.
    pub fn rpm(&self, rpm: &Nvra) -> String {
        format!("{self}/{}", rpm_in_build(rpm))
    }

    /// The copy of an rpm that is signed with `sigkey`.
    pub fn signed(&self, rpm: &Nvra, sigkey: &str) -> String {
        format!("{self}/{}", signed_in_build(rpm, sigkey))
    }

    /// The signature header that [`BuildDir::signed`] is made with.
    pub fn sighdr(&self, rpm: &Nvra, sigkey: &str) -> String {
        format!("{self}/{}", sighdr_in_build(rpm, sigkey))
    }

    /// The directory of the logs, which has one below it for each architecture.
    pub fn logs(&self) -> String {
        format!("{self}/data/logs")
    }

    /// The content generator's metadata.
    pub fn metadata(&self) -> String {
        format!("{self}/metadata.json")
    }

    /// The directory of the files of a build type: `maven`, `win`, `images` for `image`, else `files/<btype>`.
    pub fn typed(&self, btype: &str) -> String {
        match btype {
            "maven" | "win" => format!("{self}/{btype}"),
            "image" => format!("{self}/images"),
            _ => format!("{self}/files/{btype}"),
        }
    }
}

impl fmt::Display for BuildDir {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An rpm, relative to the [`BuildDir`].
pub fn rpm_in_build(rpm: &Nvra) -> String {
    format!("{}/{rpm}.rpm", rpm.arch)
}

/// A signed copy, relative to the [`BuildDir`].
pub fn signed_in_build(rpm: &Nvra, sigkey: &str) -> String {
    format!("{}/{}", join_key("data/signed", sigkey), rpm_in_build(rpm))
}

/// A cached signature header, relative to the [`BuildDir`].
pub fn sighdr_in_build(rpm: &Nvra, sigkey: &str) -> String {
    format!("{}/{}.sig", join_key("data/sigcache", sigkey), rpm_in_build(rpm))
}

/// The directory of a key; an unsigned rpm has none.
fn join_key(base: &str, sigkey: &str) -> String {
    if sigkey.is_empty() { base.to_owned() } else { format!("{base}/{sigkey}") }
}

/// The directory of a Maven artifact, relative to a Maven repository.
pub fn maven_artifact(group_id: &str, artifact_id: &str, version: &str) -> String {
    format!("{}/{artifact_id}/{version}", group_id.replace('.', "/"))
}

/// The directory of all repos of a tag, with the link `latest`.
pub fn repos_of_tag(tag: &str) -> String {
    format!("repos/{tag}")
}

/// A repo; `tag` is the name that its tag had when the repo was made.
pub fn repo(tag: &str, repo_id: RepoId) -> String {
    format!("{}/{repo_id}", repos_of_tag(tag))
}

/// The directory of all dist repos of a tag, with the link `latest`.
pub fn dist_repos_of_tag(volume_name: Option<&str>, tag: &str) -> String {
    join(&volume(volume_name), &format!("repos-dist/{tag}"))
}

/// A dist repo; `tag` is the name that its tag had when the repo was made.
pub fn dist_repo(volume_name: Option<&str>, tag: &str, repo_id: RepoId) -> String {
    format!("{}/{repo_id}", dist_repos_of_tag(volume_name, tag))
}

/// The directory for uploads and for what tasks leave.
pub fn work(volume_name: Option<&str>) -> String {
    join(&volume(volume_name), "work")
}

/// The directory of a task, relative to [`work`] or to a builder's own work directory.
pub fn task_in_work(task_id: TaskId) -> String {
    format!("tasks/{}/{task_id}", task_id.0.rem_euclid(10_000))
}

/// The directory of what a task left.
pub fn task_output(volume_name: Option<&str>, task_id: TaskId) -> String {
    format!("{}/{}", work(volume_name), task_in_work(task_id))
}

/// The directory of all scratch builds.
pub fn scratch() -> &'static str {
    "scratch"
}

/// The directory of a scratch build.
pub fn scratch_build(user: &str, task_id: TaskId) -> String {
    format!("scratch/{user}/task_{task_id}")
}

fn join(base: &str, relative: &str) -> String {
    match base {
        "" => relative.to_owned(),
        _ => format!("{base}/{relative}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layout_is_kojis() {
        let rpm: Nvra = "bash-doc-5.2-1.fc44.noarch".parse().unwrap();
        let build = BuildDir::new(Some("DEFAULT"), &Nvr::new("bash", "5.2", "1.fc44,draft_7"));
        assert_eq!(build.path(), "packages/bash/5.2/1.fc44,draft_7");
        assert_eq!(BuildDir::new(None, &Nvr::new("a", "1", "2")).path(), "packages/a/1/2");
        let build = BuildDir::new(Some("slow"), &Nvr::new("bash", "5.2", "1.fc44"));
        let files = [
            build.rpm(&rpm),
            build.signed(&rpm, "a1b2c3d4"),
            build.sighdr(&rpm, "a1b2c3d4"),
            build.sighdr(&rpm, ""),
            build.logs(),
            build.typed("image"),
            build.typed("maven"),
            build.typed("module"),
        ];
        let expected = [
            "noarch/bash-doc-5.2-1.fc44.noarch.rpm",
            "data/signed/a1b2c3d4/noarch/bash-doc-5.2-1.fc44.noarch.rpm",
            "data/sigcache/a1b2c3d4/noarch/bash-doc-5.2-1.fc44.noarch.rpm.sig",
            "data/sigcache/noarch/bash-doc-5.2-1.fc44.noarch.rpm.sig",
            "data/logs",
            "images",
            "maven",
            "files/module",
        ];
        assert_eq!(files, expected.map(|file| format!("vol/slow/packages/bash/5.2/1.fc44/{file}")));
        assert_eq!(maven_artifact("org.apache.maven", "core", "3.9"), "org/apache/maven/core/3.9");
        assert_eq!(repo("f44-build", RepoId(12)), "repos/f44-build/12");
        assert_eq!(dist_repo(None, "f44", RepoId(12)), "repos-dist/f44/12");
        assert_eq!(dist_repo(Some("slow"), "f44", RepoId(12)), "vol/slow/repos-dist/f44/12");
        assert_eq!(task_output(None, TaskId(1_230_042)), "work/tasks/42/1230042");
        assert_eq!(task_output(Some("slow"), TaskId(7)), "vol/slow/work/tasks/7/7");
        assert_eq!(scratch_build("kim", TaskId(7)), "scratch/kim/task_7");
        assert_eq!(
            under("https://koji.example.com/kojifiles/", &repo("t", RepoId(1))),
            "https://koji.example.com/kojifiles/repos/t/1"
        );
        assert_eq!(under("/mnt/koji", &volume(None)), "/mnt/koji");
        assert_eq!(under("/", scratch()), "/scratch");
    }

    #[test]
    fn paths_that_leave_are_known() {
        for path in ["", "/etc", "a/../b", "..", "a//b", "a/", "./a", "a\0"] {
            assert!(!is_relative(path), "{path}");
        }
        assert!(is_relative("cli-build/1700000000.1.abcdefgh/x..y"));
        assert!(!is_component("a/b"));
    }
}
