//! Running programs shut off from the host, with bubblewrap: its `/usr` read-only, nothing of its files else, no network.

use std::path::{Path, PathBuf};

use super::mount::through_overlay;
use crate::task::{LoggedCommand, TaskError};

/// The home of builds, inside.
pub(super) const HOME: &str = "/builddir";

/// Files below `/etc` that programs need, and that hold no secrets.
const ETC: &[&str] = &[
    "alternatives",
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "localtime",
    "mime.types",
    "perl",
    "protocols",
    "python3",
    "rpm",
    "services",
    "ssl/certs",
    "ssl/openssl.cnf",
    // not all of pki: it may hold private keys
    "pki/ca-trust",
    "pki/rpm-gpg",
    "pki/tls/cert.pem",
    "pki/tls/certs",
    "pki/tls/openssl.cnf",
    "crypto-policies",
    "fonts",
];

const PASSWD: &str = "root:x:0:0:root:/root:/bin/sh\nmockbuild:x:1000:1000:builds:/builddir:/bin/sh\n\
                      nobody:x:65534:65534:nobody:/:/bin/false\n";
const GROUP: &str = "root:x:0:\nmock:x:1000:\nnobody:x:65534:\n";
const HOSTS: &str = "127.0.0.1 localhost buildroot\n::1 localhost buildroot\n";

/// A place to run programs in. `home` is the only directory that they can write to and that stays.
#[derive(Debug, Clone)]
pub(super) struct Sandbox {
    home: PathBuf,
    etc: PathBuf,
    /// What is laid over the host's files: a directory with `usr`, `etc`, ...
    over: Option<PathBuf>,
    env: Vec<(String, String)>,
    binds: Vec<(PathBuf, String, bool)>,
    network: bool,
    cwd: String,
}

impl Sandbox {
    /// A sandbox with its files below `directory`, which is made.
    pub(super) fn new(directory: &Path) -> Result<Self, TaskError> {
        let (home, etc) = (directory.join("builddir"), directory.join("etc"));
        for dir in ["BUILD", "BUILDROOT", "RPMS", "SOURCES", "SPECS", "SRPMS"] {
            fs_err::create_dir_all(home.join("build").join(dir))?;
        }
        fs_err::create_dir_all(&etc)?;
        for (name, text) in [("passwd", PASSWD), ("group", GROUP), ("hosts", HOSTS)] {
            fs_err::write(etc.join(name), text)?;
        }
        let env = [("PATH", "/usr/bin:/bin:/usr/sbin:/sbin"), ("HOME", HOME), ("LANG", "C.UTF-8"), ("TERM", "vt100")];
        let env = env.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        Ok(Self { home, etc, over: None, env, binds: Vec::new(), network: false, cwd: HOME.to_owned() })
    }

    /// Where the home is, outside.
    pub(super) fn home(&self) -> &Path {
        &self.home
    }

    /// Lays the files below `directory` over the host's.
    pub(super) fn lay_over(&mut self, directory: PathBuf) {
        self.over = Some(directory);
    }

    /// Sets a variable of the environment.
    pub(super) fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Makes a file or directory visible at `inside`.
    pub(super) fn bind(mut self, outside: &Path, inside: &str, writable: bool) -> Self {
        self.binds.push((outside.to_owned(), inside.to_owned(), writable));
        self
    }

    /// Runs programs in that directory, inside.
    pub(super) fn cwd(mut self, directory: &str) -> Self {
        self.cwd = directory.to_owned();
        self
    }

    /// Lets programs use the network.
    pub(super) fn with_network(mut self) -> Self {
        self.network = true;
        self
    }

    /// The command that runs a program inside.
    pub(super) fn command<A: AsRef<str>>(&self, argv: &[A]) -> Result<LoggedCommand, TaskError> {
        let usr_mount = self.home.with_file_name("usr");
        let over_usr = self.over.as_ref().map(|over| over.join("usr")).filter(|usr| usr.is_dir());
        let mut args = self.isolation();
        let usr = if over_usr.is_some() { usr_mount.as_path() } else { Path::new("/usr") };
        args.extend(["--ro-bind".to_owned(), text(usr)?, "/usr".to_owned()]);
        for name in ["bin", "sbin", "lib", "lib32", "lib64", "libx32"] {
            let path = format!("/{name}");
            match std::fs::read_link(&path) {
                Ok(target) => args.extend(["--symlink".to_owned(), text(&target)?, path]),
                Err(_) => args.extend(["--ro-bind-try".to_owned(), path.clone(), path]),
            }
        }
        args.extend(self.etc_args()?);
        args.extend(["--bind".to_owned(), text(&self.home)?, HOME.to_owned()]);
        for (outside, inside, writable) in &self.binds {
            let how = if *writable { "--bind" } else { "--ro-bind" };
            args.extend([how.to_owned(), text(outside)?, inside.clone()]);
        }
        for (name, value) in &self.env {
            args.extend(["--setenv".to_owned(), name.clone(), value.clone()]);
        }
        args.extend(["--chdir".to_owned(), self.cwd.clone(), "--".to_owned()]);
        args.extend(argv.iter().map(|arg| arg.as_ref().to_owned()));
        match over_usr {
            Some(over) => through_overlay(&over, &usr_mount, "bwrap", args),
            None => Ok(LoggedCommand::new("bwrap").args(args)),
        }
    }

    fn isolation(&self) -> Vec<String> {
        let mut args = vec!["--unshare-all"];
        if self.network {
            args.push("--share-net");
        }
        args.extend(["--unshare-user", "--uid", "1000", "--gid", "1000", "--hostname", "buildroot"]);
        args.extend(["--die-with-parent", "--new-session", "--clearenv", "--cap-drop", "ALL"]);
        args.extend(["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--dir", "/var", "--tmpfs", "/var/tmp"]);
        args.extend(["--dir", "/etc", "--dir", "/run", "--dir", "/root"]);
        args.into_iter().map(str::to_owned).collect()
    }

    fn etc_args(&self) -> Result<Vec<String>, TaskError> {
        let mut args = Vec::new();
        let mut try_bind = |outside: &Path, inside: String| -> Result<(), TaskError> {
            args.extend(["--ro-bind-try".to_owned(), text(outside)?, inside]);
            Ok(())
        };
        for name in ETC {
            let path = format!("/etc/{name}");
            try_bind(Path::new(&path), path.clone())?;
        }
        for name in ["passwd", "group", "hosts"] {
            try_bind(&self.etc.join(name), format!("/etc/{name}"))?;
        }
        if self.network {
            try_bind(Path::new("/etc/resolv.conf"), "/etc/resolv.conf".to_owned())?;
            try_bind(Path::new("/etc/nsswitch.conf"), "/etc/nsswitch.conf".to_owned())?;
        }
        if let Some(over) = &self.over {
            for entry in fs_err::read_dir(over.join("etc")).into_iter().flatten().flatten() {
                let name = entry.file_name();
                if let Some(name) = name.to_str().filter(|name| !matches!(*name, "passwd" | "group" | "hosts")) {
                    try_bind(&entry.path(), format!("/etc/{name}"))?;
                }
            }
            try_bind(&over.join("opt"), "/opt".to_owned())?;
        }
        Ok(args)
    }
}

fn text(path: &Path) -> Result<String, TaskError> {
    let text = path.to_str().map(str::to_owned);
    text.ok_or_else(|| TaskError::generic(format!("a path is not UTF-8: {}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn run(script: &str) -> (bool, String) {
        let dir = tempfile::tempdir().unwrap();
        let sandbox = Sandbox::new(dir.path()).unwrap();
        let log = dir.path().join("log");
        let status = sandbox.command(&["/bin/sh", "-c", script]).unwrap().run(&log).await.unwrap();
        (status.success(), std::fs::read_to_string(log).unwrap())
    }

    #[tokio::test]
    async fn the_host_cannot_be_written_or_read_or_reached() {
        let (ok, text) = run("touch /usr/koji-test || touch /etc/koji-test || touch /koji-test").await;
        // the root is a tmpfs of the sandbox's own
        assert!(!Path::new("/usr/koji-test").exists() && !Path::new("/etc/koji-test").exists(), "{ok} {text}");
        assert!(!Path::new("/koji-test").exists());
        assert!(text.contains("Read-only file system"), "{text}");
        let (ok, text) = run("test ! -e /etc/shadow && test ! -e /home && test ! -e /work").await;
        assert!(ok, "{text}");
        let (ok, text) = run("tail -n +3 /proc/net/dev; ! tail -n +3 /proc/net/dev | grep -v lo:").await;
        assert!(ok, "{text}");
        let (ok, text) =
            run("! (exec 3<>/dev/tcp/127.0.0.1/22) 2>/dev/null && id -u && touch ~/x && touch /tmp/x").await;
        assert!(ok && text.contains("1000"), "{text}");
    }
}
