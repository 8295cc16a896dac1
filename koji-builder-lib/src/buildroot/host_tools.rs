//! What the host itself provides.
//!
//! On a host that is an RPM distribution its RPM database says so. Elsewhere that is empty, and what packages ask for in
//! Fedora's words is looked for in the host's own terms:
//! - a path is provided if there is such a file;
//! - `pkgconfig(x)` by a file `x.pc`, with the version that it gives;
//! - `libx.so.1()(64bit)` by a library of that name;
//! - `perl(X::Y)` by a file `X/Y.pm` where Perl looks for it;
//! - a name by a Debian package: of that name, of the name that stands for it in [`DEBIAN_NAMES`], or, for `x-devel`, one
//!   of `libx-dev` and `x-dev`, with its version as upstream gave it;
//! - a name without a version also by a program of that name.
//!
//! What none of these finds is not there.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::capability::Capability;
use crate::task::{LoggedCommand, TaskError};

/// How long the RPM database may take to answer.
const QUERY_TIMEOUT: Duration = Duration::from_secs(5 * 60);

/// What Fedora and Debian call differently.
const DEBIAN_NAMES: &[(&str, &str)] = &[
    ("bzip2-devel", "libbz2-dev"),
    ("elfutils-devel", "libdw-dev"),
    ("elfutils-libelf-devel", "libelf-dev"),
    ("expat-devel", "libexpat1-dev"),
    ("gcc-c++", "g++"),
    ("glib2-devel", "libglib2.0-dev"),
    ("glibc", "libc6"),
    ("glibc-common", "libc-bin"),
    ("glibc-devel", "libc6-dev"),
    ("gmp-devel", "libgmp-dev"),
    ("gnupg2", "gnupg"),
    ("krb5-devel", "libkrb5-dev"),
    ("libcurl-devel", "libcurl4-openssl-dev"),
    ("libstdc++-devel", "libstdc++-12-dev"),
    ("ncurses-devel", "libncurses-dev"),
    ("openssl-devel", "libssl-dev"),
    ("perl-interpreter", "perl-base"),
    ("pkgconf-pkg-config", "pkgconf"),
    ("pkgconfig", "pkgconf"),
    ("procps-ng", "procps"),
    ("python3-devel", "python3-dev"),
    ("readline-devel", "libreadline-dev"),
    ("rpm-build", "rpm"),
    ("sqlite", "sqlite3"),
    ("sqlite-devel", "libsqlite3-dev"),
    ("systemd-devel", "libsystemd-dev"),
    ("which", "debianutils"),
    ("xz", "xz-utils"),
    ("xz-devel", "liblzma-dev"),
    ("zlib-devel", "zlib1g-dev"),
];

/// What every build has, in Fedora's words: the host's, also where a repo has a package of that name.
const BASE: &[&str] = &[
    "bash",
    "binutils",
    "bzip2",
    "coreutils",
    "cpio",
    "diffutils",
    "file",
    "findutils",
    "gawk",
    "gcc",
    "gcc-c++",
    "glibc",
    "glibc-devel",
    "grep",
    "gzip",
    "info",
    "make",
    "patch",
    "rpm-build",
    "sed",
    "shadow-utils",
    "tar",
    "unzip",
    "util-linux",
    "which",
    "xz",
];

/// What the host provides.
#[derive(Debug, Default)]
pub(super) struct HostTools {
    /// Versions of what the RPM database's packages provide.
    rpm: HashMap<String, Vec<String>>,
    /// Debian packages that are installed, with upstream versions.
    debian: HashMap<String, String>,
    root: PathBuf,
    library_dirs: Vec<PathBuf>,
}

impl HostTools {
    /// Looks at this host.
    pub(super) async fn inspect() -> Result<Self, TaskError> {
        let rpm = rpm_database().await?;
        Ok(Self { rpm, debian: debian_packages(), ..Self::below(Path::new("/")) })
    }

    fn below(root: &Path) -> Self {
        let mut library_dirs = vec![root.join("usr/lib64"), root.join("usr/lib")];
        for entry in std::fs::read_dir(root.join("usr/lib")).into_iter().flatten().flatten() {
            if entry.file_name().to_str().is_some_and(|name| name.contains("-linux-gnu")) {
                library_dirs.push(entry.path());
            }
        }
        Self { root: root.to_owned(), library_dirs, ..Self::default() }
    }

    /// Whether it is part of what every build has.
    pub(super) fn is_base(&self, wanted: &Capability) -> bool {
        BASE.contains(&wanted.name.as_str()) && self.provides(wanted)
    }

    /// Whether the host provides it.
    pub(super) fn provides(&self, wanted: &Capability) -> bool {
        let name = wanted.name.as_str();
        if let Some(versions) = self.rpm.get(name)
            && versions.iter().any(|version| wanted.accepts(Some(version.as_str()).filter(|v| !v.is_empty())))
        {
            return true;
        }
        if ["rpmlib(", "config(", "rtld("].iter().any(|start| name.starts_with(start)) {
            return true;
        }
        if let Some(path) = name.strip_prefix('/') {
            return self.root.join(path).exists();
        }
        if let Some(module) = inner(name, "pkgconfig(") {
            return self.pkg_config(module).is_some_and(|version| wanted.accepts(version.as_deref()));
        }
        if let Some(module) = inner(name, "perl(") {
            return self.perl(module);
        }
        if name == "python(abi)" {
            return self.program("python3");
        }
        match name.split_once('(') {
            Some((library, _)) if library.contains(".so") => {
                self.library_dirs.iter().any(|dir| dir.join(library).exists())
            }
            // the mark of the architecture: gcc(x86-64)
            Some((plain, mark)) if mark.starts_with("x86-") || mark.starts_with("aarch-") => self.named(plain, wanted),
            Some(_) => false,
            None => self.named(name, wanted),
        }
    }

    fn named(&self, name: &str, wanted: &Capability) -> bool {
        let alias = DEBIAN_NAMES.iter().find(|(fedora, _)| *fedora == name).map(|(_, debian)| (*debian).to_owned());
        let development = name.strip_suffix("-devel");
        let development = development.map(|base| {
            let library = if base.starts_with("lib") { base.to_owned() } else { format!("lib{base}") };
            [format!("{library}-dev"), format!("{base}-dev")]
        });
        let mut names = std::iter::once(name.to_owned()).chain(alias).chain(development.into_iter().flatten());
        let packaged = names.any(|name| self.debian.get(&name).is_some_and(|version| wanted.accepts(Some(version))));
        packaged || (wanted.version.is_none() && self.program(name))
    }

    fn program(&self, name: &str) -> bool {
        ["usr/bin", "usr/sbin"].iter().any(|dir| self.root.join(dir).join(name).is_file())
    }

    /// The version that a `.pc` file gives, if there is one.
    fn pkg_config(&self, module: &str) -> Option<Option<String>> {
        let dirs = self.library_dirs.iter().map(|dir| dir.join("pkgconfig"));
        let mut files = dirs.chain([self.root.join("usr/share/pkgconfig")]).map(|dir| dir.join(format!("{module}.pc")));
        let text = files.find_map(|file| std::fs::read_to_string(file).ok())?;
        let version = text.lines().find_map(|line| line.strip_prefix("Version:"));
        Some(version.map(|version| version.trim().to_owned()).filter(|version| !version.contains('$')))
    }

    fn perl(&self, module: &str) -> bool {
        let file = format!("{}.pm", module.replace("::", "/"));
        let mut dirs = vec![self.root.join("usr/share/perl5"), self.root.join("usr/share/perl5/vendor_perl")];
        let nested = self.library_dirs.iter().map(|dir| dir.join("perl")).chain([self.root.join("usr/share/perl")]);
        for parent in nested.chain(self.library_dirs.iter().map(|dir| dir.join("perl5"))) {
            dirs.extend(std::fs::read_dir(&parent).into_iter().flatten().flatten().map(|entry| entry.path()));
            dirs.push(parent);
        }
        dirs.extend(self.library_dirs.iter().map(|dir| dir.join("perl-base")));
        dirs.iter().any(|dir| dir.join(&file).is_file())
    }
}

fn inner<'a>(name: &'a str, start: &str) -> Option<&'a str> {
    name.strip_prefix(start)?.strip_suffix(')')
}

async fn rpm_database() -> Result<HashMap<String, Vec<String>>, TaskError> {
    let format = "[%{PROVIDENAME} %{PROVIDEVERSION}\\n]";
    let query = LoggedCommand::new("rpm").args(["-qa", "--qf", format]).timeout(QUERY_TIMEOUT);
    let output = match query.output(None).await {
        Ok((_, output)) => output,
        Err(TaskError::Io(error)) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error),
    };
    let mut provided: HashMap<String, Vec<String>> = HashMap::new();
    let lines = output.split(|byte| *byte == b'\n').filter_map(|line| std::str::from_utf8(line).ok());
    for line in lines {
        let (name, version) = line.split_once(' ').unwrap_or((line, ""));
        provided.entry(name.to_owned()).or_default().push(version.to_owned());
    }
    Ok(provided)
}

fn debian_packages() -> HashMap<String, String> {
    let status = std::fs::read_to_string("/var/lib/dpkg/status").unwrap_or_default();
    status.split("\n\n").filter_map(debian_package).collect()
}

fn debian_package(paragraph: &str) -> Option<(String, String)> {
    let field = |name: &str| paragraph.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    if !field("Status")?.ends_with(" installed") {
        return None;
    }
    let version = field("Version")?;
    let version = version.split_once(':').map_or(version, |(_, rest)| rest);
    let upstream = version.rsplit_once('-').map_or(version, |(upstream, _)| upstream);
    Some((field("Package")?.to_owned(), upstream.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::super::capability::Relation;
    use super::*;

    fn at_least(name: &str, version: &str) -> Capability {
        Capability { version: Some((Relation::GreaterOrEqual, version.to_owned())), ..Capability::any(name) }
    }

    #[test]
    fn fedoras_words_are_looked_up_in_the_hosts_terms() {
        let root = tempfile::tempdir().unwrap();
        let put = |path: &str, text: &str| {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        put("usr/bin/bison", "");
        put("usr/lib/x86_64-linux-gnu/libz.so.1", "");
        put("usr/lib/x86_64-linux-gnu/pkgconfig/zlib.pc", "Name: zlib\nVersion: 1.2.13\n");
        put("usr/share/perl5/Foo/Bar.pm", "");
        let mut host = HostTools::below(root.path());
        let dpkg = "Package: zlib1g-dev\nStatus: install ok installed\nVersion: 1:1.2.13.dfsg-1\n";
        host.debian.extend(debian_package(dpkg));
        assert_eq!(debian_package("Package: x\nStatus: deinstall ok config-files\nVersion: 1\n"), None);
        host.debian.insert("libfoo-dev".to_owned(), "2.0".to_owned());
        for name in [
            "bison",
            "/usr/bin/bison",
            "libz.so.1()(64bit)",
            "pkgconfig(zlib)",
            "perl(Foo::Bar)",
            "zlib-devel",
            "foo-devel",
            "libfoo-devel",
            "rpmlib(FileDigests)",
            "zlib-devel(x86-64)",
        ] {
            assert!(host.provides(&Capability::any(name)), "{name}");
        }
        for name in ["flex", "/usr/bin/flex", "libz.so.2()(64bit)", "pkgconfig(x)", "perl(Foo)", "bar-devel", "x(y)"] {
            assert!(!host.provides(&Capability::any(name)), "{name}");
        }
        assert!(host.provides(&at_least("pkgconfig(zlib)", "1.2")));
        assert!(!host.provides(&at_least("pkgconfig(zlib)", "1.3")));
        assert!(host.provides(&at_least("foo-devel", "2.0")));
        assert!(!host.provides(&at_least("foo-devel", "2.1")));
        // the version of a program is not known
        assert!(!host.provides(&at_least("bison", "1")));
    }
}
