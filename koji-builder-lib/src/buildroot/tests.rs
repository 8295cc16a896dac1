//! Builds on this host, in a sandbox, with a hub of the tests' own.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use koji_core::api::TagRef;
use koji_core::ids::TagId;
use koji_core::model::Repo;

use super::*;
use crate::testing::TestHub;

const TAG: &str = r#"{"id": 2, "name": "f1-build", "perm_id": null, "perm": null, "arches": "x86_64", "locked": false,
    "maven_support": false, "maven_include_all": false,
    "extra": {"rpm.macro.dist": ".f1", "rpm.env.GREETING": "hello", "rpm.macro.bad name": "x"}}"#;
const REPO: &str = r#"{"id": 3, "tag_id": 2, "tag_name": "f1-build", "state": 1, "dist": false,
    "creation_time": "2024-01-01 00:00:00+00:00", "creation_ts": 1.0, "state_time": null, "state_ts": null,
    "create_event": 5, "create_ts": 1.0}"#;
const PRIMARY: &str = r#"<metadata packages="0"></metadata>"#;
const REPOMD: &str = r#"<repomd><data type="primary"><location href="repodata/primary.xml"/></data></repomd>"#;

const SPEC: &str = r#"
Name: hello
Version: 1.0
Release: 1%{?dist}
Summary: A greeting
License: MIT
Source0: greeting
BuildArch: noarch
@HEADER@
%description
A greeting.
%package doc
Summary: About it
%description doc
About it.
%build
@BUILD@
%install
install -D -m 644 %{SOURCE0} %{buildroot}/usr/share/hello/greeting
install -D -m 644 %{SOURCE0} %{buildroot}/usr/share/doc/hello/about
%files
/usr/share/hello
%files doc
/usr/share/doc/hello
"#;

struct Bench {
    hub: Arc<TestHub>,
    cx: TaskContext,
    directory: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let host = r#"{"id": 1, "user_id": 1, "name": "h", "ready": true, "task_load": 0.0, "arches": "x86_64",
            "capacity": 2.0, "description": null, "comment": null, "enabled": true}"#;
        let hub = TestHub::new(&[
            ("getBuildConfig", TAG),
            ("host.getHost", host),
            ("host.newBuildRoot", "11"),
            ("host.setBuildRootList", "null"),
            ("host.updateBuildRootList", "null"),
            ("host.setBuildRootState", "null"),
        ]);
        let directory = tempfile::tempdir().unwrap();
        let metadata = directory.path().join("top/repos/f1-build/3/x86_64/repodata");
        std::fs::create_dir_all(&metadata).unwrap();
        std::fs::write(metadata.join("primary.xml"), PRIMARY).unwrap();
        std::fs::write(metadata.join("repomd.xml"), REPOMD).unwrap();
        let cx = hub.task(directory.path());
        Self { hub, cx, directory }
    }

    async fn lease(&self) -> Lease {
        let repo: Repo = serde_json::from_str(REPO).unwrap();
        Lease::begin(&self.cx, TagRef::Id(TagId(2)), &repo, "noarch").await.unwrap()
    }

    /// A source directory with the spec file.
    fn source(&self, header: &str, build: &str) -> (PathBuf, PathBuf) {
        let source = self.directory.path().join("hello");
        std::fs::create_dir_all(&source).unwrap();
        std::fs::write(source.join("greeting"), "hello\n").unwrap();
        let spec = source.join("hello.spec");
        std::fs::write(&spec, SPEC.replace("@HEADER@", header).replace("@BUILD@", build)).unwrap();
        (source, spec)
    }

    async fn build(&self, header: &str, build: &str) -> Result<BuiltPackages, TaskError> {
        let mut lease = self.lease().await;
        let (source, spec) = self.source(header, build);
        let made = lease.root().build_srpm(&source, &spec, &source).await;
        let (mut lease, srpm) = lease.settle(made).await?;
        let copy = self.directory.path().join(srpm.file_name().unwrap());
        std::fs::rename(&srpm, &copy).unwrap();
        let built = lease.root().build_rpms(&copy, "noarch").await;
        let (lease, built) = lease.settle(built).await?;
        let logs = lease.finish().await?;
        assert_eq!(logs, ["tasks/7/7/root.log", "tasks/7/7/build.log"]);
        Ok(built)
    }
}

fn names(files: &[PathBuf]) -> Vec<&str> {
    files.iter().map(|file| file.file_name().unwrap().to_str().unwrap()).collect()
}

#[tokio::test]
async fn a_package_with_a_subpackage_is_built_with_the_tags_macros() {
    let bench = Bench::new();
    let built = bench.build("BuildRequires: gcc make", "echo $GREETING from $(id -un)").await.unwrap();
    assert_eq!(names(&built.rpms), ["hello-1.0-1.f1.noarch.rpm", "hello-doc-1.0-1.f1.noarch.rpm"]);
    assert_eq!(names(std::slice::from_ref(&built.srpm)), ["hello-1.0-1.f1.src.rpm"]);
    let header = PackageHeader::read_source(&built.srpm).unwrap();
    assert_eq!(header.origin, [(); 3].map(|()| Some("Koji".to_owned())));
    assert_eq!(header.arches.build, ["noarch"]);
    let log = bench.hub.text("build.log");
    assert!(log.contains("hello from mockbuild"), "{log}");
    let calls = bench.hub.calls.lock().unwrap();
    let states: Vec<_> = calls.iter().filter(|(method, _)| method == "host.setBuildRootState").collect();
    let states: Vec<_> = states.iter().map(|(_, params)| params[1].as_str().unwrap()).collect();
    assert_eq!(states, ["BUILDING", "EXPIRED"]);
}

#[tokio::test]
async fn a_failing_build_says_where_to_look() {
    let bench = Bench::new();
    let error = bench.build("", "echo this goes wrong; exit 3").await.unwrap_err();
    let expected = "error building package (arch noarch), rpmbuild exited with status 1; see build.log for more \
                    information";
    assert_eq!(error.to_fault(), koji_core::fault::Fault::new(koji_core::fault::FaultKind::Build, expected));
    assert!(bench.hub.text("build.log").contains("this goes wrong"));
    let calls = bench.hub.calls.lock().unwrap();
    assert_eq!(calls.last().unwrap().1[1].as_str(), Some("EXPIRED"));
}

#[tokio::test]
async fn what_is_required_and_nowhere_is_named() {
    let bench = Bench::new();
    let error = bench.build("BuildRequires: make, no-such-thing >= 2, pkgconfig(nowhere)", "true").await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("these BuildRequires: no-such-thing >= 2, pkgconfig(nowhere); see root.log"), "{text}");
    let log = bench.hub.text("root.log");
    assert!(log.contains("No matching package to install: 'no-such-thing >= 2'"), "{log}");
}

#[tokio::test]
async fn damaged_source_packages_are_refused() {
    let bench = Bench::new();
    let mut lease = bench.lease().await;
    let (source, spec) = bench.source("", "true");
    let srpm = lease.root().build_srpm(&source, &spec, &source).await.unwrap();
    let mut data = std::fs::read(&srpm).unwrap();
    let last = data.len() - 20;
    data[last] ^= 0xff;
    let damaged = bench.directory.path().join("hello-1.0-1.f1.src.rpm");
    std::fs::write(&damaged, &data).unwrap();
    let error = lease.root().rebuild_srpm(&damaged).await.unwrap_err();
    assert!(error.to_string().contains("hello-1.0-1.f1.src.rpm is damaged; see build.log"), "{error}");
    std::fs::write(&damaged, "no rpm at all").unwrap();
    let error = PackageHeader::read_source(&damaged).unwrap_err();
    assert!(error.to_string().starts_with("hello-1.0-1.f1.src.rpm is not a readable rpm file"), "{error}");
    assert!(PackageHeader::read(Path::new("/nowhere.rpm")).unwrap_err().to_string().contains("/nowhere.rpm"));
}

#[tokio::test]
async fn a_source_command_runs_where_the_source_is() {
    let bench = Bench::new();
    let mut lease = bench.lease().await;
    let (source, _) = bench.source("", "true");
    let command = ["touch".to_owned(), "fetched".to_owned()];
    lease.root().fetch_sources(&command, &source).await.unwrap();
    assert!(source.join("fetched").exists());
    let error = lease.root().fetch_sources(&["false".to_owned()], &source).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "error retrieving sources, false exited with status 1; see build.log for more information"
    );
}
