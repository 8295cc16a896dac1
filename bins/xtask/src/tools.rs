//! The programs that the demo and the tests need, and how to get them.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::bail;

use crate::run;

/// A program, and the packages that have it.
pub struct Tool {
    /// What is looked for: a program's name, or the path of a file.
    needs: &'static str,
    apt: &'static [&'static str],
    dnf: &'static [&'static str],
}

const fn tool(needs: &'static str, apt: &'static [&'static str], dnf: &'static [&'static str]) -> Tool {
    Tool { needs, apt, dnf }
}

/// For building packages and looking at repositories.
pub const BUILD: &[Tool] = &[
    tool("rpmbuild", &["rpm"], &["rpm-build"]),
    tool("createrepo_c", &["createrepo-c"], &["createrepo_c"]),
    tool("dnf", &["dnf"], &["dnf"]),
    tool("bwrap", &["bubblewrap"], &["bubblewrap"]),
    tool("git", &["git"], &["git"]),
    tool("gcc", &["gcc", "libc6-dev"], &["gcc"]),
    tool("make", &["make"], &["make"]),
    tool("cpio", &["cpio"], &["cpio"]),
    tool("debugedit", &["debugedit"], &["debugedit"]),
    tool("eu-strip", &["elfutils"], &["elfutils"]),
];

/// For the tests beside.
pub const TEST: &[Tool] = &[
    tool("initdb", &["postgresql"], &["postgresql-server"]),
    tool("/usr/include/gssapi/gssapi.h", &["libkrb5-dev"], &["krb5-devel"]),
    tool("python3", &["python3"], &["python3"]),
];

fn found(needs: &str) -> bool {
    if needs.starts_with('/') {
        return Path::new(needs).exists();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).chain(postgres_folders()).any(|dir| dir.join(needs).is_file())
}

/// Where Debian keeps the server's programs.
fn postgres_folders() -> Vec<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    versions.map(|version| version.path().join("bin")).collect()
}

/// Installs what is missing, or says which command does.
pub fn install(tools: &[&[Tool]]) -> anyhow::Result<()> {
    let missing: Vec<&Tool> = tools.iter().copied().flatten().filter(|t| !found(t.needs)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = missing.iter().map(|t| t.needs).collect();
    println!("missing: {}", names.join(", "));
    let (manager, packages) = if found("apt-get") {
        ("apt-get", missing.iter().flat_map(|t| t.apt).copied().collect::<Vec<_>>())
    } else if found("dnf") {
        ("dnf", missing.iter().flat_map(|t| t.dnf).copied().collect())
    } else {
        bail!("install these programs with the system's package manager: {}", names.join(", "));
    };
    let line = format!("{manager} install -y {}", packages.join(" "));
    let am_root = std::fs::metadata("/proc/self").is_ok_and(|m| std::os::unix::fs::MetadataExt::uid(&m) == 0);
    if !am_root {
        bail!("install what is missing, then run this again:\n\n    sudo {line}\n");
    }
    println!("installing: {line}");
    if manager == "apt-get" {
        run(Command::new("apt-get").args(["update", "-q"]))?;
    }
    run(Command::new(manager).args(["install", "-y"]).args(&packages).env("DEBIAN_FRONTEND", "noninteractive"))?;
    match missing.iter().find(|t| !found(t.needs)) {
        Some(tool) => bail!("{} is still missing after the installation", tool.needs),
        None => Ok(()),
    }
}
