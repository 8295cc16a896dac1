//! Tiny RPMs, built by rpmbuild.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::packages::srpm_of;

/// The files that building a package gave: the source package first, then noarch packages, by name.
pub struct BuiltRpms(pub Vec<(String, Vec<u8>)>);

/// Builds a noarch package `name`, and `name-doc`, of that version and release; `more` is further text of its preamble.
///
/// # Panics
/// When there is no rpmbuild, or it refuses.
pub fn build_rpms(name: &str, version: &str, release: &str, more: &str) -> BuiltRpms {
    let spec = format!(
        "Name: {name}\nVersion: {version}\nRelease: {release}\nSummary: A test\nLicense: MIT\nBuildArch: noarch\n\
         Requires: bash >= 5\nProvides: greeting = 1\n{more}\n\
         %description\nFor tests.\n\n%package doc\nSummary: Its words\n%description doc\nWords.\n\n\
         %install\nmkdir -p %{{buildroot}}/usr/share/{name}\necho hello > %{{buildroot}}/usr/share/{name}/hello\n\
         %files\n/usr/share/{name}\n%files doc\n\n\
         %changelog\n* Mon Jan 06 2025 Ann Packager <ann@example.com> - {version}-{release}\n- Second\n\n\
         * Sun Jan 05 2025 Žofie <zofie@example.com>\n- First\n"
    );
    build_spec(&spec, "noarch", &[])
}

/// Builds what a spec file of that text makes for an arch, with further arguments for rpmbuild.
///
/// # Panics
/// As [`build_rpms`].
pub fn build_spec(spec: &str, arch: &str, args: &[&str]) -> BuiltRpms {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let file = dir.path().join("test.spec");
    std::fs::write(&file, spec).expect("a spec file");
    let done = Command::new("rpmbuild")
        .args(["-ba", "--define", &format!("_topdir {}", dir.path().display())])
        .args(args)
        .arg(&file)
        .output()
        .expect("rpmbuild: install the package rpm, or rpm-build");
    assert!(done.status.success(), "rpmbuild: {}", String::from_utf8_lossy(&done.stderr));
    let mut files = files_in(&dir.path().join("SRPMS"));
    files.extend(files_in(&dir.path().join("RPMS").join(arch)));
    BuiltRpms(files)
}

/// Builds an empty package `name` of version 1 and release 1 for an arch: the source package first.
///
/// # Panics
/// As [`build_rpms`].
pub fn build_arch_rpms(name: &str, arch: &str) -> BuiltRpms {
    let spec = format!(
        "%define debug_package %{{nil}}\nName: {name}\nVersion: 1\nRelease: 1\nSummary: A test\nLicense: MIT\n\
         %description\nFor tests.\n%files\n"
    );
    build_spec(&spec, arch, &["--target", arch])
}

/// Makes the source package of a noarch package in a folder; its build runs `script`. The path of the file.
///
/// # Panics
/// When there is no rpmbuild, or it refuses.
pub fn build_source_rpm(folder: &Path, name: &str, version: &str, script: &str) -> PathBuf {
    let spec = format!(
        "Name: {name}\nVersion: {version}\nRelease: 1\nSummary: A test\nLicense: MIT\nBuildArch: noarch\n\
         %description\nFor tests.\n%build\n{script}\n%install\nmkdir -p %{{buildroot}}/usr/share\n\
         echo {version} > %{{buildroot}}/usr/share/{name}\n%files\n/usr/share/{name}\n"
    );
    srpm_of(name, &spec, folder)
}

fn files_in(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<(String, Vec<u8>)> = std::fs::read_dir(folder)
        .expect("built packages")
        .map(|entry| {
            let path = entry.expect("an entry").path();
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            (name, std::fs::read(&path).expect("a package"))
        })
        .collect();
    files.sort();
    files
}
