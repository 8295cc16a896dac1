//! Builds, from a git repository to the repo that the next build uses.

use std::time::Duration;

use koji_builder_lib::repo_upkeep::{RepoUpkeep, UpkeepConfig};
use koji_client::xmlrpc::{Struct, Value};
use koji_tests::packages::git;

use super::mail::tasks;
use super::setup::Setup;
use super::smtp::{Mail, MailServer};

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
%changelog
* Mon Jan 06 2025 Ann Packager <ann@example.com> - 1.0-1
- Begun
";

const BROKEN: &str = r"
Name: broken
Version: 1.0
Release: 1
Summary: What cannot be built
License: MIT
BuildArch: noarch
%description
What cannot be built.
%build
false
%files
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
        let mails = MailServer::default();
        setup.config.smtphost = Some(mails.serve("127.0.0.1:0").await);
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
        for package in ["liba", "progb", "broken"] {
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
        let built = sent(&setup, &mails).await;
        let built = built.iter().find(|mail| mail.header("X-Koji-Package") == ["progb"]).unwrap();
        assert_eq!(built.header("Subject"), ["Package: progb-1.0-1.f1 Tag: f1 Status: complete Built by: admin"]);
        let headers =
            ["X-Koji-Tag", "X-Koji-Builder", "X-Koji-Status", "X-Koji-Draft"].map(|name| built.header(name)[0]);
        assert_eq!(
            (headers, built.to.as_slice()),
            (["f1", "admin", "complete", "False"], &["admin@example.com".into()][..])
        );
        tells(built, &["Package: progb-1.0-1.f1", "Tag: f1", "Status: complete", "Built by: admin"]);
        tells(built, &["Changelog:", "* Mon Jan 06 2025 Ann Packager <ann@example.com> - 1.0-1", "- Begun", ""]);
        tells(built, &["SRPMS:", "  progb-1.0-1.f1.src.rpm", "", "Closed tasks:", "-------------", ""]);
        tells(built, &["rpms:", &format!(" {}/{rpm}", setup.config.topurls[0])]);

        let source = source(&setup, "broken", BROKEN);
        let task = setup.call("build", vec![source, "f1".into()]).await.as_int().unwrap();
        let why = setup.result(task).await.unwrap_err();
        let failed = sent(&setup, &mails).await.remove(0);
        assert_eq!(failed.header("Subject"), ["Package: broken-1.0-1 Tag: f1 Status: failed Built by: admin"]);
        let id = setup.call("getBuild", vec!["broken-1.0-1".into()]).await.as_struct().unwrap().get("id").cloned();
        let id = id.unwrap().as_int().unwrap();
        tells(&failed, &[&format!("broken-1.0-1 ({id}) failed on builder (noarch), builder (noarch):")]);
        assert!(failed.text.contains(why.lines().next().unwrap()), "{why}: {}", failed.text);
        tells(&failed, &["Failed tasks:", "-------------", "", &format!("Task {task} on builder")]);
        let log = "&name=build.log&volume=DEFAULT";
        assert!(failed.lines().iter().any(|line| line.contains("/getfile?taskID=") && line.ends_with(log)));
        let web = "http://localhost.localdomain/koji";
        let links =
            [format!("Task Info: {web}/taskinfo?taskID={task}"), format!("Build Info: {web}/buildinfo?buildID={id}")];
        assert_eq!(failed.lines()[failed.lines().len() - 2..], links);
        assert!(!upkeep.is_finished());
        upkeep.abort();
    });
}

/// All mails about builds, once their tasks are done.
async fn sent(setup: &Setup, server: &MailServer) -> Vec<Mail> {
    for task in tasks(setup, "buildNotification").await {
        setup.result(task).await.unwrap();
    }
    server.take().into_iter().filter(|mail| !mail.header("X-Koji-Builder").is_empty()).collect()
}

/// Asserts that these lines follow on each other in a mail.
fn tells(mail: &Mail, lines: &[&str]) {
    assert!(mail.lines().windows(lines.len()).any(|found| found == lines), "{lines:?} in {}", mail.text);
}
