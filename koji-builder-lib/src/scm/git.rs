//! Git, with the git command line.

use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;

use super::{Checkout, Scm, ScmType, ScmUrl};
use crate::task::{LoggedCommand, TaskError};

/// The whole configuration of the git that is run: nothing of the host's or of a user's counts.
const CONFIG: &str = "[safe]\n\tdirectory = *\n[core]\n\thooksPath = /dev/null\n\tfsmonitor = false\n\
                      [advice]\n\tdetachedHead = false\n[credential]\n\thelper =\n[init]\n\ttemplateDir =\n";

/// Fetches sources with the git command line: no hooks, no configuration but its own, no questions, and no other
/// protocol than the URL's.
#[derive(Debug, Clone)]
pub struct Git {
    /// How long each git command may take.
    pub timeout: Duration,
}

impl Default for Git {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(60 * 60) }
    }
}

#[async_trait]
impl Scm for Git {
    fn handles(&self, url: &ScmUrl) -> bool {
        matches!(url.kind(), ScmType::Git | ScmType::GitSsh)
    }

    async fn checkout(&self, url: &ScmUrl, use_common: bool, into: &Path, log: &Path) -> Result<Checkout, TaskError> {
        let home = tempfile::tempdir_in(into)?;
        fs_err::write(home.path().join("gitconfig"), CONFIG)?;
        let git = Running { git: self, url, home: home.path(), log };
        let repository = git_url(url, url.repository());
        let name = base_name(url.repository())?;
        let clone = into.join(name);
        git.run(into, &["clone", "-n", "--", &repository, name]).await?;
        let revision = url.revision();
        // a fetch does not know the names of remote branches
        let wanted = revision.strip_prefix("origin/").unwrap_or(revision);
        let fetched = git.run(&clone, &["fetch", "--", "origin", &format!("{wanted}:KOJI_FETCH_HEAD")]).await;
        match fetched {
            Ok(()) => git.run(&clone, &["reset", "--hard", "KOJI_FETCH_HEAD", "--"]).await?,
            // names that only a clone knows, such as shortened commits
            Err(_) => git.run(&clone, &["reset", "--hard", revision, "--"]).await?,
        }
        let commit = git.output(&clone, &["rev-parse", "HEAD"]).await?;
        let directory = if url.module().is_empty() { clone.clone() } else { inside(&clone, url.module())? };
        if use_common {
            let common = git_url(url, &common_of(url.repository()));
            git.run(into, &["clone", "--", &common, "common"]).await?;
            let beside = directory.parent().unwrap_or(into).join("common");
            if !beside.exists() {
                std::os::unix::fs::symlink(into.join("common"), beside)?;
            }
        }
        Ok(Checkout { directory, source: url.source(&commit) })
    }
}

/// A git that works for one checkout.
struct Running<'a> {
    git: &'a Git,
    url: &'a ScmUrl,
    home: &'a Path,
    log: &'a Path,
}

impl Running<'_> {
    fn command(&self, directory: &Path, args: &[&str]) -> LoggedCommand {
        LoggedCommand::new("git")
            .args(args)
            .cwd(directory)
            .timeout(self.git.timeout)
            .env("HOME", self.home)
            .env("XDG_CONFIG_HOME", self.home)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", self.home.join("gitconfig"))
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_ASKPASS", "/bin/false")
            .env("GIT_SSH_COMMAND", "ssh -o BatchMode=yes")
            .env("GIT_ALLOW_PROTOCOL", protocol(self.url))
    }

    async fn run(&self, directory: &Path, args: &[&str]) -> Result<(), TaskError> {
        if self.command(directory, args).run(self.log).await?.success() { Ok(()) } else { Err(self.failed(args)) }
    }

    async fn output(&self, directory: &Path, args: &[&str]) -> Result<String, TaskError> {
        let (status, output) = self.command(directory, args).output(Some(self.log)).await?;
        if !status.success() {
            return Err(self.failed(args));
        }
        let text = String::from_utf8(output).map_err(|_| self.failed(args))?;
        Ok(text.trim().to_owned())
    }

    fn failed(&self, args: &[&str]) -> TaskError {
        let log = self.log.file_name().unwrap_or_default().display();
        // the URL may bear a password
        let shown = args.iter().filter(|arg| !arg.contains("://")).copied().collect::<Vec<_>>().join(" ");
        let kind = self.url.kind().name();
        TaskError::build(format!("Error running {kind} command \"git {shown}\", see {log} for details"))
    }
}

/// The protocol that git is to use, and no other.
fn protocol(url: &ScmUrl) -> &'static str {
    url.scheme().strip_prefix("git+").unwrap_or("git")
}

fn git_url(url: &ScmUrl, repository: &str) -> String {
    let user = url.user().map(|user| format!("{user}@")).unwrap_or_default();
    format!("{}://{user}{}{repository}", protocol(url), url.host())
}

/// The name of the directory for a repository.
fn base_name(repository: &str) -> Result<&str, TaskError> {
    let path = repository.strip_suffix("/.git").or_else(|| repository.strip_suffix(".git")).unwrap_or(repository);
    let name = path.rsplit('/').next().unwrap_or_default();
    if name.is_empty() || name.starts_with('-') || matches!(name, "." | ".." | "common") {
        return Err(TaskError::build(format!("the repository {repository} has no name to check it out as")));
    }
    Ok(name)
}

/// The repository `common` beside another.
fn common_of(repository: &str) -> String {
    let (path, suffix) = match (repository.strip_suffix("/.git"), repository.strip_suffix(".git")) {
        (Some(path), _) => (path, "/.git"),
        (None, Some(path)) => (path, ".git"),
        (None, None) => (repository, ""),
    };
    let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
    format!("{parent}/common{suffix}")
}

/// A directory in a checkout, which no link may lead out of it.
fn inside(checkout: &Path, module: &str) -> Result<PathBuf, TaskError> {
    let missing = || TaskError::build(format!("the source has no directory {module}"));
    let directory = checkout.join(module).canonicalize().map_err(|_| missing())?;
    let checkout = checkout.canonicalize()?;
    if directory.is_dir() && directory.starts_with(&checkout) { Ok(directory) } else { Err(missing()) }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    fn git(directory: &Path, args: &[&str]) {
        let status = Command::new("git")
            .args(["-c", "user.name=a", "-c", "user.email=a@b", "-c", "init.defaultBranch=main"])
            .args(args)
            .current_dir(directory)
            .output()
            .unwrap();
        assert!(status.status.success(), "{args:?} {status:?}");
    }

    fn repository(directory: &Path) -> PathBuf {
        let path = directory.join("hello.git");
        std::fs::create_dir_all(path.join("sub")).unwrap();
        git(&path, &["init"]);
        std::fs::write(path.join("hello.spec"), "Name: hello\n").unwrap();
        std::fs::write(path.join("sub/file"), "1").unwrap();
        std::os::unix::fs::symlink("/etc", path.join("out")).unwrap();
        git(&path, &["add", "."]);
        git(&path, &["commit", "-m", "one"]);
        git(&path, &["tag", "v1"]);
        std::fs::write(path.join("sub/file"), "2").unwrap();
        git(&path, &["commit", "-am", "two"]);
        path
    }

    async fn checkout(url: &str, into: &Path) -> Result<Checkout, TaskError> {
        let url = ScmUrl::parse(url, false)?;
        std::fs::create_dir_all(into).unwrap();
        Git::default().checkout(&url, false, into, &into.join("checkout.log")).await
    }

    #[tokio::test]
    async fn branches_tags_and_commits_are_checked_out() {
        let dir = tempfile::tempdir().unwrap();
        let repository = repository(dir.path());
        // nothing in the repository's own configuration is run
        git(&repository, &["config", "core.fsmonitor", "touch /tmp/koji-git-test-was-here"]);
        let url = format!("git+file://{}", repository.display());
        for (number, (revision, content)) in
            [("main", "2"), ("v1", "1"), ("origin/main", "2"), ("HEAD~1", "1")].into_iter().enumerate()
        {
            let into = dir.path().join(number.to_string());
            let found = checkout(&format!("{url}?sub#{revision}"), &into).await.unwrap();
            assert_eq!(std::fs::read_to_string(found.directory.join("file")).unwrap(), content, "{revision}");
            let (start, commit) = found.source.split_once('#').unwrap();
            assert_eq!(start, format!("{url}?sub"));
            assert_eq!(commit.len(), 40);
        }
        assert!(!Path::new("/tmp/koji-git-test-was-here").exists());
    }

    #[tokio::test]
    async fn what_is_not_there_is_said() {
        let dir = tempfile::tempdir().unwrap();
        let url = format!("git+file://{}", repository(dir.path()).display());
        let error = checkout(&format!("{url}#nope"), &dir.path().join("a")).await.unwrap_err();
        assert!(error.to_string().contains("git reset --hard nope --\", see checkout.log"), "{error}");
        let error = checkout(&format!("{url}?out#main"), &dir.path().join("b")).await.unwrap_err();
        assert_eq!(error.to_string(), "the source has no directory out");
    }

    #[test]
    fn common_is_beside_the_repository() {
        assert_eq!(common_of("/rpms/bash.git"), "/rpms/common.git");
        assert_eq!(common_of("/rpms/bash/.git"), "/rpms/common/.git");
        assert_eq!(common_of("/rpms/bash"), "/rpms/common");
        assert_eq!(base_name("/rpms/bash.git").unwrap(), "bash");
    }
}
