//! SCM URLs: `scheme://[user[:password]@]host/path[?module]#revision`.

use std::fmt;

use koji_core::fault::{Fault, FaultKind};
use koji_core::paths;
use koji_core::xmlrpc::Struct;

/// The kinds of source control that Koji's URLs name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScmType {
    /// `git://`, `git+http://`, `git+https://`, `git+rsync://`; and `git+file://`, which Koji does not have: a repository
    /// on the builder itself.
    Git,
    /// `git+ssh://`
    GitSsh,
    /// `svn://`, `svn+http://`, `svn+https://`
    Svn,
    /// `svn+ssh://`
    SvnSsh,
    /// `cvs://`
    Cvs,
    /// `cvs+ssh://`
    CvsSsh,
}

const SCHEMES: &[(&str, ScmType)] = &[
    ("cvs", ScmType::Cvs),
    ("cvs+ssh", ScmType::CvsSsh),
    ("git", ScmType::Git),
    ("git+file", ScmType::Git),
    ("git+http", ScmType::Git),
    ("git+https", ScmType::Git),
    ("git+rsync", ScmType::Git),
    ("git+ssh", ScmType::GitSsh),
    ("svn", ScmType::Svn),
    ("svn+http", ScmType::Svn),
    ("svn+https", ScmType::Svn),
    ("svn+ssh", ScmType::SvnSsh),
];

impl ScmType {
    /// Koji's name for it, as policies see it.
    pub fn name(self) -> &'static str {
        match self {
            ScmType::Git => "GIT",
            ScmType::GitSsh => "GIT+SSH",
            ScmType::Svn => "SVN",
            ScmType::SvnSsh => "SVN+SSH",
            ScmType::Cvs => "CVS",
            ScmType::CvsSsh => "CVS+SSH",
        }
    }
}

/// A source in an SCM, taken apart and checked.
#[derive(Clone, PartialEq, Eq)]
pub struct ScmUrl {
    url: String,
    scheme: &'static str,
    kind: ScmType,
    user: Option<String>,
    password: Option<String>,
    host: String,
    repository: String,
    module: String,
    revision: String,
}

/// Without the password.
impl fmt::Debug for ScmUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ScmUrl").field(&self.source(&self.revision)).finish()
    }
}

impl ScmUrl {
    /// Whether a build's source is an SCM URL, well formed or not, and no uploaded file.
    pub fn is_scm_url(source: &str) -> bool {
        scheme(source).is_some()
    }

    /// Takes a URL apart. The fault says what is wrong with it.
    pub fn parse(url: &str, allow_password: bool) -> Result<Self, Fault> {
        let generic = |text: String| Fault::new(FaultKind::Generic, text);
        let Some((scheme, kind)) = scheme(url) else {
            let known: Vec<String> = SCHEMES.iter().map(|(name, _)| format!("{name}://")).collect();
            return Err(generic(format!("Invalid scheme in scm url. Valid schemes are: {}", known.join(" "))));
        };
        let lacks =
            |what: &str| generic(format!("Unable to parse SCM URL: {url} . Could not find the {what} element."));
        if url.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(generic(format!("Invalid SCM URL: {url:?} has blanks or control characters")));
        }
        let rest = url.get(scheme.len() + "://".len()..).unwrap_or_default();
        let (rest, revision) = rest.split_once('#').unwrap_or((rest, ""));
        let (rest, module) = rest.split_once('?').unwrap_or((rest, ""));
        let (netloc, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (userinfo, host) = match netloc.split('@').collect::<Vec<_>>()[..] {
            [host] => (None, host),
            [user, host] => (Some(user), host),
            _ => return Err(generic(format!("Invalid username@hostname specified: {netloc}"))),
        };
        let (user, password) = match userinfo.map(|info| info.split_once(':').unwrap_or((info, ""))) {
            Some((user, password)) => (Some(user.to_owned()), Some(password.to_owned()).filter(|p| !p.is_empty())),
            None => (None, None),
        };
        if password.is_some() && !allow_password {
            return Err(generic("username:password format not supported in SCM URLs".to_owned()));
        }
        let user = user.filter(|user| !user.is_empty());
        if path.is_empty() {
            return Err(lacks("path"));
        }
        let last = path.rsplit('/').next().unwrap_or_default();
        if let Some((_, params)) = last.split_once(';') {
            let text = format!("Unable to parse SCM URL: {url} . Params element {params} should be empty.");
            return Err(generic(text));
        }
        if revision.is_empty() {
            return Err(lacks("fragment"));
        }
        if host.is_empty() != (scheme == "git+file") {
            return Err(lacks("netloc"));
        }
        let module = module.trim_end_matches('/');
        // what git or ssh could take for an option, or for more than one thing
        let dangerous = |text: &str| text.starts_with('-');
        if dangerous(host)
            || user.as_deref().is_some_and(dangerous)
            || revision.starts_with(['-', '+', '^'])
            || revision.contains([':', '\\'])
            || !(module.is_empty() || paths::is_relative(module))
        {
            return Err(generic(format!("Invalid SCM URL: {}", redacted(url))));
        }
        if matches!(kind, ScmType::GitSsh | ScmType::SvnSsh | ScmType::CvsSsh) && user.is_none() {
            let text = format!("No user specified for repository access scheme: {scheme}://");
            return Err(Fault::new(FaultKind::Build, text));
        }
        Ok(Self {
            url: url.to_owned(),
            scheme,
            kind,
            user,
            password,
            host: host.to_owned(),
            repository: normalized(path),
            module: module.to_owned(),
            revision: revision.to_owned(),
        })
    }

    /// The URL as it was given.
    pub fn as_str(&self) -> &str {
        &self.url
    }

    /// The scheme, without `://`.
    pub fn scheme(&self) -> &'static str {
        self.scheme
    }

    /// What kind of source control.
    pub fn kind(&self) -> ScmType {
        self.kind
    }

    /// The user, with the password if there is one: `user`, `user:password`.
    pub fn user(&self) -> Option<String> {
        let user = self.user.as_ref()?;
        Some(match &self.password {
            Some(password) => format!("{user}:{password}"),
            None => user.clone(),
        })
    }

    /// The host, with the port if there is one; empty for `git+file`.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The path of the repository: with a `/` in front and none behind.
    pub fn repository(&self) -> &str {
        &self.repository
    }

    /// The directory in the repository; empty for all of it.
    pub fn module(&self) -> &str {
        &self.module
    }

    /// The branch, tag or commit.
    pub fn revision(&self) -> &str {
        &self.revision
    }

    /// The URL that names a commit of it, without user.
    pub fn source(&self, commit: &str) -> String {
        let module = if self.module.is_empty() { String::new() } else { format!("?{}", self.module) };
        format!("{}://{}{}{module}#{commit}", self.scheme, self.host, self.repository)
    }

    /// What a policy sees of it: `scm_url`, `scm_host` and so on.
    pub fn policy_data(&self) -> Struct {
        let mut data = Struct::new();
        data.insert("scm_url", self.url.as_str());
        data.insert("scm_scheme", format!("{}://", self.scheme));
        data.insert("scm_user", self.user());
        data.insert("scm_host", self.host.as_str());
        data.insert("scm_repository", self.repository.as_str());
        data.insert("scm_module", self.module.as_str());
        data.insert("scm_revision", self.revision.as_str());
        data.insert("scm_type", self.kind.name());
        data
    }
}

fn scheme(url: &str) -> Option<(&'static str, ScmType)> {
    let (name, _) = url.split_once("://")?;
    SCHEMES.iter().copied().find(|(known, _)| *known == name)
}

/// Python's `normpath`, for a path that begins with `/`.
fn normalized(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

fn redacted(url: &str) -> String {
    match (url.find("://"), url.find('@')) {
        (Some(scheme), Some(at)) if scheme < at => format!("{}://...{}", &url[..scheme], &url[at..]),
        _ => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(url: &str) -> Option<[String; 5]> {
        let url = ScmUrl::parse(url, false).ok()?;
        let user = url.user().unwrap_or_default();
        Some([user, url.host, url.repository, url.module, url.revision])
    }

    #[test]
    fn urls_parse_as_koji() {
        let cases = [
            ("git://h/r#x", Some(["", "h", "/r", "", "x"])),
            ("git+https://u@h:8080/a/b.git?sub/dir/#f44", Some(["u", "h:8080", "/a/b.git", "sub/dir", "f44"])),
            ("git+ssh://u@h//a/../b/#origin/main", Some(["u", "h", "/b", "", "origin/main"])),
            ("svn://h/r?m#5", Some(["", "h", "/r", "m", "5"])),
            ("git+file:///srv/git/hello.git#HEAD", Some(["", "", "/srv/git/hello.git", "", "HEAD"])),
            ("git://h/r?#x", Some(["", "h", "/r", "", "x"])),
            ("git://h/r", None),
            ("git://h#x", None),
            ("git:///r#x", None),
            ("git+file://h/r#x", None),
            ("http://h/r#x", None),
            ("git://h/r;a#x", None),
            ("git://a@b@h/r#x", None),
            ("git://u:p@h/r#x", None),
            ("git+ssh://h/r#x", None),
            ("git://-oProxyCommand=x/r#x", None),
            ("git://h/r#--upload-pack=x", None),
            ("git://h/r#a:b", None),
            ("git://h/r?../..#x", None),
            ("git://h/r#x y", None),
        ];
        for (url, expected) in cases {
            assert_eq!(parts(url), expected.map(|parts| parts.map(str::to_owned)), "{url}");
        }
        let allowed = ScmUrl::parse("git+https://u:p@h/r#x", true).unwrap();
        assert_eq!(allowed.user().as_deref(), Some("u:p"));
        assert_eq!(allowed.source("abc"), "git+https://h/r#abc");
        assert!(!format!("{allowed:?}").contains(":p"));
    }

    #[test]
    fn uploads_are_no_urls() {
        assert!(ScmUrl::is_scm_url("git+https://h/r"));
        assert!(!ScmUrl::is_scm_url("cli-build/1.abc/a-1-1.src.rpm"));
        assert!(!ScmUrl::is_scm_url("https://h/a.src.rpm"));
    }
}
