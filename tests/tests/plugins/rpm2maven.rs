//! `rpm2maven`: what RPMs install becomes a Maven repository on disk.

use std::path::Path;
use std::sync::Arc;

use koji_core::api::archives::ListArchives;
use koji_core::api::builds::GetMavenBuild;
use koji_core::api::rpms::{ImportRpm, ListRpms};
use koji_hub_lib::storage::LocalStorage;
use koji_tests::{BuiltRpms, TestDb, TestHub, build_spec, databases};

const FOLDER: &str = "/usr/share/java/repository/maven2";

fn hub(db: TestDb, top: &Path) -> TestHub {
    TestHub::with_storage(db, Arc::new(LocalStorage::new(top).unwrap()), |config| {
        config.plugins.push("rpm2maven".into());
        let file = "[patterns]\nrpm_names = *-repolib other-*\nartifact_paths = /usr/share/java/repository/maven2/*\n";
        std::fs::write(top.join("rpm2maven.conf"), file).unwrap();
        config.plugin_config_dir = top.to_owned();
    })
}

/// A package whose `-repolib` installs an artifact, and things that are none.
fn packages(name: &str, payload: &str) -> BuiltRpms {
    let pom = "<project><groupId>org.example</groupId><artifactId>lib</artifactId><version>1</version></project>";
    let spec = format!(
        "Name: {name}\nVersion: 1\nRelease: 1\nSummary: A test\nLicense: MIT\nBuildArch: noarch\n\
         %define _binary_payload {payload}\n\
         %description\nFor tests.\n%package repolib\nSummary: Its artifacts\n%description repolib\nThem.\n\
         %install\ncd %{{buildroot}}\nmkdir -p usr/share/{name} .{FOLDER}/org/example/lib/1 .{FOLDER}/aa/bb/cc/two\n\
         echo hello > usr/share/{name}/hello.jar\ncd .{FOLDER}/aa/bb/cc/two\ntouch a.pom b.pom a.jar\n\
         cd %{{buildroot}}{FOLDER}/org/example/lib/1\necho '{pom}' > lib-1.pom\necho jar > lib-1.jar\n\
         ln lib-1.jar lib-1-copy.jar\nln -s /etc/passwd lib-1-secret.jar\necho words > lib-1.unknown\ntouch lib-1-empty.jar\n\
         %files\n/usr/share/{name}\n%files repolib\n{FOLDER}/*/*/*/*/*\n/usr/share/{name}\n"
    );
    build_spec(&spec, "noarch", &[])
}

async fn put(hub: &TestHub, rpms: &BuiltRpms) {
    for (name, bytes) in &rpms.0 {
        hub.hub.storage().put(&format!("work/cli/{name}"), bytes.clone().into()).await.unwrap();
    }
}

/// All files below a folder, without links.
fn files_below(top: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut todo = vec![top.to_owned()];
    while let Some(dir) = todo.pop() {
        for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
            if entry.file_type().unwrap().is_dir() {
                todo.push(entry.path());
            } else {
                found.push(entry.path().strip_prefix(top).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}

#[tokio::test]
async fn what_an_rpm_installs_becomes_a_maven_repository() {
    for (n, payload) in ["w9.gzdio", "w6.bzdio", "w2.xzdio", "w3.zstdio", "w.ufdio"].iter().enumerate() {
        let rpms = packages("greeting", payload);
        for db in databases(&format!("becomes_a_maven_repository_{n}")).await {
            let dir = tempfile::tempdir().unwrap();
            let hub = hub(db, dir.path());
            let admin = hub.admin().await;
            put(&hub, &rpms).await;
            for (name, _) in &rpms.0 {
                admin.call(ImportRpm::new("cli", name.as_str())).await.unwrap();
            }
            let info = admin.call(GetMavenBuild::new("greeting-1-1")).await.unwrap().unwrap();
            let said = ["group_id", "artifact_id", "version"].map(|name| info.get(name).unwrap().as_str().unwrap());
            assert_eq!(said, ["greeting", "greeting-repolib", "1-1"]);
            let maven = dir.path().join("packages/greeting/1/1/maven");
            let mut expected = Vec::new();
            for file in ["lib-1-copy.jar", "lib-1-empty.jar", "lib-1.jar", "lib-1.pom"] {
                for sum in ["", ".md5", ".sha1"] {
                    expected.push(format!("org/example/lib/1/{file}{sum}"));
                }
            }
            expected.sort();
            assert_eq!(files_below(&maven), expected);
            let content = |file: &str| std::fs::read_to_string(maven.join("org/example/lib/1").join(file)).unwrap();
            assert_eq!((content("lib-1.jar"), content("lib-1-copy.jar")), ("jar\n".into(), "jar\n".into()));
            assert!(content("lib-1.pom").contains("org.example") && content("lib-1-empty.jar").is_empty());
            assert_eq!(admin.call(ListArchives::new()).await.unwrap().into_list().len(), 4);
            // what was unpacked is gone
            assert_eq!(files_below(&dir.path().join("work/rpm2maven")), [""; 0]);
        }
    }
}

#[tokio::test]
async fn packages_that_are_not_named_stay_what_they_are() {
    for db in databases("packages_that_are_not_named").await {
        let dir = tempfile::tempdir().unwrap();
        let hub = TestHub::with_storage(db, Arc::new(LocalStorage::new(dir.path()).unwrap()), |config| {
            config.plugins.push("rpm2maven".into());
            for (key, value) in [("rpm_names", "other-*"), ("artifact_paths", "*")] {
                config.sections.push(("rpm2maven".into(), key.into(), value.into()));
            }
        });
        let admin = hub.admin().await;
        let rpms = packages("plain", "w1.gzdio");
        put(&hub, &rpms).await;
        for (name, _) in &rpms.0 {
            admin.call(ImportRpm::new("cli", name.as_str())).await.unwrap();
        }
        assert!(admin.call(GetMavenBuild::new("plain-1-1")).await.unwrap().is_none());
        assert!(!dir.path().join("packages/plain/1/1/maven").exists());
    }
}

#[tokio::test]
async fn an_rpm_without_files_is_imported() {
    let spec = "Name: other-empty\nVersion: 1\nRelease: 1\nSummary: A test\nLicense: MIT\nBuildArch: noarch\n\
                %description\nFor tests.\n%files\n";
    let rpms = build_spec(spec, "noarch", &[]);
    for db in databases("an_rpm_without_files").await {
        let dir = tempfile::tempdir().unwrap();
        let hub = hub(db, dir.path());
        let admin = hub.admin().await;
        put(&hub, &rpms).await;
        for (name, _) in &rpms.0 {
            admin.call(ImportRpm::new("cli", name.as_str())).await.unwrap();
        }
        assert!(admin.call(GetMavenBuild::new("other-empty-1-1")).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn an_rpm_whose_paths_leave_the_folder_is_refused_as_a_whole() {
    let BuiltRpms(mut rpms) = packages("other-lib", "w.ufdio");
    let (_, lies) = rpms.iter_mut().find(|(name, _)| name.contains("-repolib-")).unwrap();
    let (honest, evil) = (b"/maven2/org/example/lib/1", b"/maven2/../../../../lib/1");
    let mut changed = 0;
    for at in 0..lies.len() - honest.len() {
        if lies[at..].starts_with(honest) {
            lies[at..at + evil.len()].copy_from_slice(evil);
            changed += 1;
        }
    }
    assert!(changed > 1, "header and payload");
    let rpms = BuiltRpms(rpms);
    for db in databases("whose_paths_leave").await {
        let dir = tempfile::tempdir().unwrap();
        let hub = hub(db, dir.path());
        let admin = hub.admin().await;
        put(&hub, &rpms).await;
        let (lying, rest): (Vec<_>, Vec<_>) = rpms.0.iter().partition(|(name, _)| name.contains("-repolib-"));
        for (name, _) in rest {
            admin.call(ImportRpm::new("cli", name.as_str())).await.unwrap();
        }
        let before = files_below(dir.path());
        let why = admin.refused(ImportRpm::new("cli", lying[0].0.as_str())).await.1;
        assert!(why.contains("not a path inside the storage"), "{why}");
        assert_eq!(files_below(dir.path()), before);
        assert!(admin.call(GetMavenBuild::new("other-lib-1-1")).await.unwrap().is_none());
        assert_eq!(admin.call(ListRpms::new()).await.unwrap().into_list().len(), 2);
    }
}
