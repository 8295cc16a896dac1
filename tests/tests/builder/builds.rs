//! Builds, from a git repository to the repo that the next build uses.

use std::time::Duration;

use koji_builder_lib::repo_upkeep::{RepoUpkeep, UpkeepConfig};
use koji_client::xmlrpc::{Struct, Value};
use koji_tests::packages::git;

use super::setup::Setup;

const LIBRARY: &str = r"
Name: liba
Version: 1.0
Release: 1%{?dist}
Summary: A library
License: MIT
%description
A library.
%package devel
Summary: To build with it
Requires: liba%{?_isa} = %{version}-%{release}
%description devel
To build with it.
%build
echo 'int a(void) { return 42; }' | gcc -x c -shared -fPIC -Wl,-soname,liba.so.1 -o liba.so.1 -
%install
install -D liba.so.1 %{buildroot}%{_libdir}/liba.so.1
ln -s liba.so.1 %{buildroot}%{_libdir}/liba.so
install -d %{buildroot}%{_includedir}
echo 'int a(void);' > %{buildroot}%{_includedir}/liba.h
%files
%{_libdir}/liba.so.1
%files devel
%{_libdir}/liba.so
%{_includedir}/liba.h
";

const PROGRAM: &str = r"
Name: progb
Version: 1.0
Release: 1%{?dist}
Summary: A program
License: MIT
BuildRequires: gcc, liba-devel >= 1.0
%description
A program.
%build
printf '#include <liba.h>\nint main(void) { return a() - 42; }\n' | gcc -x c -o progb - -la
./progb
%install
install -D progb %{buildroot}%{_bindir}/progb
%files
%{_bindir}/progb
";

/// A git repository with a spec file: its SCM URL.
fn source(setup: &Setup, name: &str, spec: &str) -> Value {
    let directory = setup.path("git").join(name);
    std::fs::create_dir_all(&directory).unwrap();
    std::fs::write(directory.join(format!("{name}.spec")), spec).unwrap();
    git(&directory, &["init"]);
    git(&directory, &["add", "."]);
    git(&directory, &["commit", "-m", "first"]);
    format!("git+file://{}#main", directory.display()).into()
}

pub fn a_package_is_built_with_what_another_build_made() {
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let mut setup = Setup::new().await;
        setup.config.allowed_scms = format!(":{}/*:no:", setup.path("git").display());
        let _manager = setup.start_manager();
        let mut upkeep = UpkeepConfig::new(setup.config.server.as_str(), &setup.config.topdir);
        upkeep.user = Some("kojira".to_owned());
        upkeep.password = Some("secret".into());
        upkeep.sleeptime = Duration::from_millis(300);
        let upkeep = tokio::spawn(RepoUpkeep::run(upkeep, std::future::pending()));
        let extra: Struct = [("rpm.macro.dist", ".f1")].into_iter().collect();
        setup.call("createTag", vec!["f1".into()]).await;
        let options: Struct = [
            ("parent", Value::from("f1")),
            ("arches", "x86_64".into()),
            ("extra", extra.into()),
            ("__starstar", true.into()),
        ]
        .into_iter()
        .collect();
        setup.call("createTag", vec!["f1-build".into(), options.into()]).await;
        setup.call("createBuildTarget", vec!["f1".into(), "f1-build".into(), "f1".into()]).await;
        for package in ["liba", "progb"] {
            setup.call("packageListAdd", vec!["f1".into(), package.into(), "admin".into()]).await;
        }
        let (library, program) = (source(&setup, "liba", LIBRARY), source(&setup, "progb", PROGRAM));
        let levels = vec![Value::from(vec![library]), Value::from(vec![program])];
        let task = setup.call("chainBuild", vec![levels.into(), "f1".into()]).await.as_int().unwrap();
        setup.result(task).await.unwrap();
        let tagged = setup.call("listTagged", vec!["f1".into()]).await;
        let tagged = tagged.as_array().unwrap().iter();
        let mut nvrs: Vec<&str> = tagged
            .map(|build| build.as_struct().unwrap().get("nvr").unwrap())
            .map(|nvr| nvr.as_str().unwrap())
            .collect();
        nvrs.sort_unstable();
        assert_eq!(nvrs, ["liba-1.0-1.f1", "progb-1.0-1.f1"]);
        let rpm = "packages/progb/1.0/1.f1/x86_64/progb-1.0-1.f1.x86_64.rpm";
        assert!(setup.config.topdir.join(rpm).is_file());
        assert!(!upkeep.is_finished());
        upkeep.abort();
    });
}
