//! What builds of Maven, of Windows and of images made, as builders hand it over.

use koji_core::api::archives::*;
use koji_core::api::buildroots::*;
use koji_core::api::builds::*;
use koji_core::api::host_repos::*;
use koji_core::api::packages::PackageListAdd;
use koji_core::api::rpms::{ImportRpm, ListBuildRpms, ListRpms};
use koji_core::api::tagging::TagBuildBypass;
use koji_core::api::tags::CreateTag;
use koji_core::api::typed_builds::*;
use koji_core::api::{Method, UserRef};
use koji_core::fault::FaultKind;
use koji_core::ids::{ArchiveId, BuildId, TaskId};
use koji_core::model::{Archive, BuildState};
use koji_core::xmlrpc::{Struct, Value};
use koji_tests::{BuiltRpms, Caller, TestHub, build_rpms, databases, hubs};

const FOLDER: &str = "org/example/lib/1.0";

fn pom(version: &str) -> String {
    format!("<project><groupId>org.example</groupId><artifactId>lib</artifactId><version>{version}</version></project>")
}

async fn put(hub: &TestHub, task: TaskId, name: &str, content: &str) {
    let path = format!("work/tasks/{task}/{task}/{name}");
    hub.hub.storage().put(&path, content.to_owned().into()).await.unwrap();
}

async fn put_rpms(hub: &TestHub, task: TaskId, rpms: &BuiltRpms) -> Vec<String> {
    let mut names = Vec::new();
    for (name, bytes) in &rpms.0 {
        let path = format!("work/tasks/{task}/{task}/{name}");
        hub.hub.storage().put(&path, bytes.clone().into()).await.unwrap();
        names.push(name.clone());
    }
    names
}

async fn exists(hub: &TestHub, path: &str) -> bool {
    hub.hub.storage().metadata(path).await.unwrap().is_some()
}

fn texts(names: &[&str]) -> Value {
    Value::Array(names.iter().map(|name| Value::from(*name)).collect())
}

fn results(task: TaskId, members: impl IntoIterator<Item = (&'static str, Value)>) -> Struct {
    [("task_id", Value::from(task.0)), ("buildroot_id", Value::Nil)].into_iter().chain(members).collect()
}

fn maven_results(task: TaskId, files: &[&str], logs: &[&str]) -> Struct {
    let files: Struct = [(FOLDER, texts(files))].into_iter().collect();
    results(task, [("files", files.into()), ("logs", texts(logs))])
}

fn wrapper(task: TaskId, rpms: &[String]) -> Struct {
    let names: Vec<&str> = rpms.iter().map(String::as_str).collect();
    results(task, [("srpm", names[0].into()), ("rpms", texts(&names[1..])), ("logs", texts(&["rpm.log"]))])
}

async fn archives(user: &Caller<'_>, build: BuildId) -> Vec<Archive> {
    user.call(ListArchives::new().build_id(build)).await.unwrap().into_list()
}

fn names(archives: &[Archive]) -> Vec<&str> {
    archives.iter().map(|archive| archive.filename.as_str()).collect()
}

fn parts(name: &str, release: &str) -> Struct {
    [("name", Value::from(name)), ("version", "1.0".into()), ("release", release.into()), ("epoch", Value::Nil)]
        .into_iter()
        .collect()
}

fn maven() -> Struct {
    [("group_id", "org.example"), ("artifact_id", "lib"), ("version", "1.0")].into_iter().collect()
}

async fn state(user: &Caller<'_>, build: BuildId) -> BuildState {
    user.call(GetBuild::new(build)).await.unwrap().unwrap().state
}

async fn begun<M: Method<Output = Struct>>(builder: &Caller<'_>, request: M) -> BuildId {
    BuildId(i32::try_from(builder.call(request).await.unwrap().get("id").unwrap().as_int().unwrap()).unwrap())
}

#[tokio::test]
async fn a_maven_build_is_a_maven_repository() {
    let rpms = build_rpms("libwrap", "1.0", "1", "");
    for hub in hubs("a_maven_build_is").await {
        let (builder, alice) = (hub.builder("builder1").await, hub.user("alice", &[]).await);
        let task = hub.open_task(&builder, &alice, "maven").await;
        let id = begun(&builder, InitMavenBuild::new(task, parts("lib", "1"), maven())).await;
        for (name, content) in [
            ("lib-1.0.jar", "jar"),
            ("lib-1.0.pom", pom("1.0").as_str()),
            ("lib-1.0.jar.md5", "wrong"),
            ("maven-metadata.xml", "<metadata/>"),
            ("lib.unknown", "x"),
        ] {
            put(&hub, task, &format!("{FOLDER}/{name}"), content).await;
        }
        put(&hub, task, "mvn.log", "built").await;
        let complete = |files: &[&str], logs: &[&str]| {
            CompleteMavenBuild::new(task, id, maven_results(task, files, logs), Struct::new())
        };
        let refused = builder.refused(complete(&["lib-1.0.jar", "nosuch.jar"], &[])).await.1;
        assert_eq!(refused, format!("No such file: /mnt/koji/work/tasks/{task}/{task}/{FOLDER}/nosuch.jar"));
        let dir = "packages/lib/1.0/1";
        assert!(!exists(&hub, &format!("{dir}/maven/{FOLDER}/lib-1.0.jar")).await, "what was placed stays");
        assert_eq!((state(&alice, id).await, archives(&alice, id).await.len()), (BuildState::Building, 0));
        let refused = builder.refused(complete(&["lib.unknown"], &[])).await;
        assert_eq!(refused, (FaultKind::Build, "unsupported file type: lib.unknown".into()));
        let refused = builder.refused(complete(&["a.pom", "b.pom"], &[])).await;
        assert_eq!(refused, (FaultKind::Build, format!("multiple .pom files in {FOLDER}: a.pom, b.pom")));
        let refused = builder.refused(complete(&["../../../../../../x.jar"], &[])).await.1;
        assert_eq!(refused, format!("Invalid path: {FOLDER}/../../../../../../x.jar"));
        assert!(builder.refused(complete(&[], &["../mvn.log"])).await.1.starts_with("Invalid path"));
        let refused = builder.refused(complete(&[], &["nosuch.log"])).await.1;
        assert!(refused.starts_with("Error importing build log. "), "{refused}");
        // another task's build
        let other = hub.open_task(&builder, &alice, "maven").await;
        let stolen = CompleteMavenBuild::new(other, id, maven_results(task, &[], &[]), Struct::new());
        let expected = format!("Unable to complete build: task_id mismatch (build: {task}, task: {other})");
        assert_eq!(builder.refused(stolen).await.1, expected);

        let rpms = put_rpms(&hub, task, &rpms).await;
        put(&hub, task, "rpm.log", "wrapped").await;
        let files = ["lib-1.0.jar", "lib-1.0.pom", "lib-1.0.jar.md5", "maven-metadata.xml"];
        let files = maven_results(task, &files, &["mvn.log"]);
        builder.call(CompleteMavenBuild::new(task, id, files, wrapper(task, &rpms))).await.unwrap();
        assert_eq!(state(&alice, id).await, BuildState::Complete);
        assert_eq!(names(&archives(&alice, id).await), ["lib-1.0.jar", "lib-1.0.pom"]);
        let found = alice.call(ListArchives::new().kind("maven").build_id(id)).await.unwrap().into_list();
        assert_eq!((found[0].group_id.as_deref(), found[0].version.as_deref()), (Some("org.example"), Some("1.0")));
        for file in [
            "maven/org/example/lib/1.0/lib-1.0.jar",
            "maven/org/example/lib/1.0/lib-1.0.jar.md5",
            "maven/org/example/lib/1.0/lib-1.0.pom.sha1",
            "maven/org/example/lib/1.0/maven-metadata.xml",
            "maven/org/example/lib/1.0/maven-metadata.xml.sha1",
            "data/logs/maven/mvn.log",
            "data/logs/noarch/rpm.log",
            "src/libwrap-1.0-1.src.rpm",
            "noarch/libwrap-doc-1.0-1.noarch.rpm",
        ] {
            assert!(exists(&hub, &format!("{dir}/{file}")).await, "{file}");
        }
        let sum = hub.hub.storage().read(&format!("{dir}/maven/{FOLDER}/lib-1.0.jar.md5"), 0, 99).await.unwrap();
        assert_ne!(sum, "wrong");
        assert_eq!(alice.call(ListBuildRpms::new(id)).await.unwrap().len(), 3);
        let types = alice.call(GetBuildType::new(id)).await.unwrap().unwrap();
        assert_eq!(types.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["rpm", "maven"]);

        let again = ImportWrapperRpms::new(task, id, wrapper(task, &rpms));
        let expected = "wrapper rpms for lib-1.0-1 have already been imported";
        assert_eq!(builder.refused(again).await.1, expected);
        assert_eq!(builder.refused(complete(&[], &[])).await.1, "Unable to complete build: state is COMPLETE");
        assert!(exists(&hub, &format!("{dir}/maven/{FOLDER}/lib-1.0.jar")).await, "a refusal removed the build");
    }
}

#[tokio::test]
async fn a_project_file_must_fit_its_place() {
    for hub in hubs("a_project_file_must_fit").await {
        let (builder, alice) = (hub.builder("builder1").await, hub.user("alice", &[]).await);
        let task = hub.open_task(&builder, &alice, "maven").await;
        let id = begun(&builder, InitMavenBuild::new(task, parts("lib", "1"), maven())).await;
        let complete = || CompleteMavenBuild::new(task, id, maven_results(task, &["lib-1.0.pom"], &[]), None::<Struct>);
        put(&hub, task, &format!("{FOLDER}/lib-1.0.pom"), &pom("2")).await;
        let refused = builder.refused(complete()).await;
        let expected = "Maven info (org.example-lib-2) is not consistent with pom filename (lib-1.0.pom)";
        assert_eq!(refused, (FaultKind::Build, expected.into()));
        put(&hub, task, &format!("{FOLDER}/lib-1.0.pom"), &pom("../../../../x")).await;
        assert!(builder.call(complete()).await.is_err());
        put(&hub, task, &format!("{FOLDER}/lib-1.0.pom"), "<project>").await;
        assert!(builder.refused(complete()).await.1.starts_with("cannot read /mnt/koji/work/tasks/"));
        assert_eq!(state(&alice, id).await, BuildState::Building);
    }
}

#[tokio::test]
async fn wrapper_rpms_come_into_complete_builds_only() {
    let rpms = build_rpms("libwrap", "1.0", "1", "");
    for hub in hubs("wrapper_rpms_come").await {
        let (builder, admin) = (hub.builder("builder1").await, hub.admin().await);
        let task = hub.open_task(&builder, &admin, "wrapperRPM").await;
        let rpms = put_rpms(&hub, task, &rpms).await;
        put(&hub, task, "rpm.log", "wrapped").await;
        let building = begun(&builder, InitMavenBuild::new(task, parts("lib", "1"), maven())).await;
        let import = |build: BuildId, rpms: &[String]| ImportWrapperRpms::new(task, build, wrapper(task, rpms));
        let refused = builder.refused(import(building, &rpms)).await.1;
        assert_eq!(refused, "cannot import wrapper rpms for lib-1.0-1: build state is building, not complete");
        let id = admin.call(CreateEmptyBuild::new("other", "1", "1", None)).await.unwrap();
        let missing = vec![rpms[0].clone(), "nosuch-1-1.noarch.rpm".to_owned()];
        let refused = builder.refused(import(id, &missing)).await.1;
        assert_eq!(refused, format!("No such file: /mnt/koji/work/tasks/{task}/{task}/nosuch-1-1.noarch.rpm"));
        assert!(!exists(&hub, "packages/other/1/1/src/libwrap-1.0-1.src.rpm").await, "what was placed stays");
        builder.call(import(id, &rpms)).await.unwrap();
        assert_eq!(admin.call(ListBuildRpms::new(id)).await.unwrap().len(), 3);
        assert!(exists(&hub, "packages/other/1/1/data/logs/noarch/rpm.log").await);
        let other = hub.builder("builder2").await;
        assert_eq!(other.refused(import(id, &rpms)).await.0, FaultKind::ActionNotAllowed);
    }
}

#[tokio::test]
async fn a_windows_build_has_files_with_platforms() {
    for db in databases("a_windows_build_has").await {
        let hub = TestHub::with(db, |config| {
            config
                .policies
                .push(("volume".into(), "match import_type win && buildtype win :: slow\nall :: DEFAULT".into()));
        });
        let (builder, admin) = (hub.builder("builder1").await, hub.admin().await);
        hub.hub.storage().create_dir("vol/slow").await.unwrap();
        admin.call(koji_core::api::volumes::AddVolume::new("slow")).await.unwrap();
        let task = hub.open_task(&builder, &admin, "winbuild").await;
        let platform = Struct::from_iter([("platform", "w7")]);
        let id = begun(&builder, InitWinBuild::new(task, parts("tool", "1"), platform)).await;
        put(&hub, task, "bin/tool.zip", "zip").await;
        put(&hub, task, "sub/win.log", "built").await;
        let complete = |about: Struct| {
            let output: Struct = [("bin/tool.zip", about)].into_iter().collect();
            let results = results(task, [("output", output.into()), ("logs", texts(&["sub/win.log"]))]);
            CompleteWinBuild::new(task, id, results, None::<Struct>)
        };
        let about = |platforms: &[&str]| -> Struct {
            [("platforms", texts(platforms)), ("flags", texts(&["chk", "fre"]))].into_iter().collect()
        };
        let refused = builder.refused(complete(about(&[]))).await;
        assert_eq!(refused, (FaultKind::Build, "no value for platforms".into()));
        builder.call(complete(about(&["w7", "w8"]))).await.unwrap();
        let found = admin.call(ListArchives::new().kind("win").build_id(id)).await.unwrap().into_list();
        let shown = (found[0].relpath.as_deref(), found[0].platforms.as_deref(), found[0].flags.clone().flatten());
        assert_eq!(shown, (Some("bin"), Some("w7 w8"), Some("chk fre".into())));
        assert_eq!(admin.call(GetBuild::new(id)).await.unwrap().unwrap().volume_name, "slow");
        for file in ["win/bin/tool.zip", "data/logs/win/sub/win.log"] {
            assert!(exists(&hub, &format!("vol/slow/packages/tool/1.0/1/{file}")).await, "{file}");
        }
        assert!(exists(&hub, "packages/tool/1.0/1/win/bin/tool.zip").await, "no link from the usual volume");
        let maven = CompleteMavenBuild::new(task, id, maven_results(task, &[], &[]), None::<Struct>);
        assert_eq!(builder.refused(maven).await.1, format!("no such maven build: {id}"));
    }
}

#[tokio::test]
async fn images_say_what_is_installed_in_them() {
    let rpms = build_rpms("hello", "2.10", "1", "");
    for hub in hubs("images_say_what").await {
        let (builder, admin) = (hub.builder("builder1").await, hub.admin().await);
        for (name, bytes) in &rpms.0 {
            hub.hub.storage().put(&format!("work/cli/{name}"), bytes.clone().into()).await.unwrap();
            admin.call(ImportRpm::new("cli", name.as_str())).await.unwrap();
        }
        let task = hub.open_task(&builder, &admin, "livemedia").await;
        let id = begun(&builder, InitImageBuild::new(task, parts("img", "1"))).await;
        let installed = |name: &str| -> Value {
            let rpm: Struct = [("name", name), ("version", "2.10"), ("release", "1"), ("arch", "noarch")]
                .into_iter()
                .map(|(key, value)| (key, Value::from(value)))
                .chain([("epoch", Value::Nil)])
                .collect();
            Value::Array(vec![rpm.clone().into(), rpm.into()])
        };
        let image = |name: &str, files: &[&str]| -> Value {
            results(task, [("files", texts(files)), ("logs", texts(&[])), ("arch", "x86_64".into())])
                .into_iter()
                .chain([("rpmlist".to_owned(), installed(name))])
                .collect::<Struct>()
                .into()
        };
        let all = |image: Value| -> Struct {
            [("x86_64", image), ("s390x", Struct::from_iter([("arch", "s390x")]).into())].into_iter().collect()
        };
        for name in ["a.iso", "a.xml", "a.unknown", "img.log"] {
            put(&hub, task, name, name).await;
        }
        let complete = |image: Value| CompleteImageBuild::new(task, id, all(image));
        let refused = builder.refused(complete(image("hello", &["a.unknown"]))).await;
        assert_eq!(refused, (FaultKind::Build, "Unsupported file type: a.unknown".into()));
        let refused = builder.refused(complete(image("nosuch", &["a.iso"]))).await.1;
        assert!(refused.starts_with("No such rpm: "), "{refused}");
        assert!(!exists(&hub, "packages/img/1.0/1/images/a.iso").await, "what was placed stays");
        builder.call(complete(image("hello", &["a.iso", "a.xml"]))).await.unwrap();
        assert_eq!(state(&admin, id).await, BuildState::Complete);
        let found = archives(&admin, id).await;
        assert_eq!(names(&found), ["a.iso", "a.xml"]);
        let of =
            async |archive: ArchiveId| admin.call(ListRpms::new().image_id(archive)).await.unwrap().into_list().len();
        assert_eq!((of(found[0].id).await, of(found[1].id).await), (1, 0));
        for file in ["images/a.iso", "data/logs/image/x86_64/img.log"] {
            assert!(exists(&hub, &format!("packages/img/1.0/1/{file}")).await, "{file}");
        }
        let refused = builder.refused(CompleteImageBuild::new(task, BuildId(9999), Struct::new())).await.1;
        assert_eq!(refused, "No such build: 9999");

        // into a build that goes on
        let task = hub.open_task(&builder, &admin, "appliance").await;
        let id = begun(&builder, InitImageBuild::new(task, parts("img", "2"))).await;
        put(&hub, task, "b.iso", "b").await;
        put(&hub, task, "img.log", "b").await;
        let one = results(task, [("files", texts(&["b.iso"])), ("logs", texts(&[])), ("arch", "x86_64".into())]);
        let one: Struct = [("x86_64", one)].into_iter().collect();
        builder.call(ImportImage::new(task, id, one)).await.unwrap();
        assert_eq!((state(&admin, id).await, archives(&admin, id).await.len()), (BuildState::Building, 1));
        assert!(exists(&hub, "packages/img/1.0/2/data/logs/image/img.log").await);
        builder.call(CompleteImageBuild::new(task, id, Struct::new())).await.unwrap();
        assert!(exists(&hub, "packages/img/1.0/2/images/b.iso").await, "what was imported before is gone");
    }
}

#[tokio::test]
async fn scratch_builds_keep_the_names_of_their_files() {
    for hub in hubs("scratch_builds_keep").await {
        let (builder, alice) = (hub.builder("builder1").await, hub.user("alice", &[]).await);
        let task = hub.open_task(&builder, &alice, "maven").await;
        for name in [&format!("{FOLDER}/lib-1.0.jar"), "mvn.log", "bin/tool.zip", "a.iso", "w.src.rpm", "rpm.log"] {
            put(&hub, task, name, "x").await;
        }
        let rpms = || wrapper(task, &["w.src.rpm".to_owned()]);
        let files = maven_results(task, &["lib-1.0.jar"], &["mvn.log"]);
        builder.call(MoveMavenBuildToScratch::new(task, files, rpms())).await.unwrap();
        let output: Struct = [("bin/tool.zip", Struct::new())].into_iter().collect();
        let files = results(task, [("output", output.into()), ("logs", texts(&[]))]);
        builder.call(MoveWinBuildToScratch::new(task, files, None::<Struct>)).await.unwrap();
        let image = results(task, [("files", texts(&["a.iso"])), ("logs", texts(&[])), ("rpmresults", rpms().into())]);
        let images: Struct = [("x86_64", image), ("s390x", Struct::new())].into_iter().collect();
        builder.call(MoveImageBuildToScratch::new(task, images)).await.unwrap();
        for file in
            [&format!("{FOLDER}/lib-1.0.jar"), "mvn.log", "bin/tool.zip", "a.iso", "rpms/w.src.rpm", "rpms/rpm.log"]
        {
            assert!(exists(&hub, &format!("scratch/alice/task_{task}/{file}")).await, "{file}");
        }
        let missing = maven_results(task, &["nosuch.jar"], &[]);
        let refused = builder.refused(MoveMavenBuildToScratch::new(task, missing, None::<Struct>)).await.1;
        assert_eq!(refused, format!("No such file: /mnt/koji/work/tasks/{task}/{task}/{FOLDER}/nosuch.jar"));
        let outside = maven_results(task, &[], &["../../../etc/passwd"]);
        let refused = builder.refused(MoveMavenBuildToScratch::new(task, outside, None::<Struct>)).await.1;
        assert_eq!(refused, "Invalid path: ../../../etc/passwd");
        assert_eq!(builder.refused(MoveImageBuildToScratch::new(task, "x")).await.0, FaultKind::Parameter);
        let other = hub.builder("builder2").await;
        let refused = other.refused(MoveImageBuildToScratch::new(task, Struct::new())).await.0;
        assert_eq!(refused, FaultKind::ActionNotAllowed);
    }
}

#[tokio::test]
async fn maven_artifacts_in_a_buildroot_are_the_tags_or_known() {
    for hub in hubs("maven_artifacts_in").await {
        let (builder, admin) = (hub.builder("builder1").await, hub.admin().await);
        let task = hub.open_task(&builder, &admin, "maven").await;
        let id = begun(&builder, InitMavenBuild::new(task, parts("lib", "1"), maven())).await;
        put(&hub, task, &format!("{FOLDER}/lib-1.0.jar"), "jar").await;
        let files = maven_results(task, &["lib-1.0.jar"], &[]);
        builder.call(CompleteMavenBuild::new(task, id, files, None::<Struct>)).await.unwrap();
        admin.call(CreateTag::new("mvn").maven_support(true)).await.unwrap();
        admin.call(PackageListAdd::new("mvn", "lib").owner(UserRef::Id(admin.id))).await.unwrap();
        let tagged = async || {
            let (repo, _) = builder.call(RepoInit::new("mvn")).await.unwrap();
            let root = builder.call(NewBuildRoot::new(repo, "x86_64".to_owned()).task_id(task)).await.unwrap();
            builder.call(SetBuildRootState::new(root, "BUILDING")).await.unwrap();
            root
        };
        let early = tagged().await;
        admin.call(TagBuildBypass::new("mvn", id)).await.unwrap();
        let root = tagged().await;
        let entry = |filename: &str, size: i64| -> Value {
            let file: Struct = [("path", Value::from(FOLDER)), ("filename", filename.into()), ("size", size.into())]
                .into_iter()
                .collect();
            let entry: Struct = [("maven_info", Value::from(maven())), ("files", Value::Array(vec![file.into()]))]
                .into_iter()
                .collect();
            entry.into()
        };
        let update = |root, entry| UpdateMavenBuildRootList::new(root, task, vec![entry]);
        let refused = builder.refused(update(early, entry("lib-1.0.jar", 3))).await;
        let expected = format!("No such file in build environment: {FOLDER}/lib-1.0.jar, size: 3");
        assert_eq!(refused, (FaultKind::Buildroot, expected), "the repo was made before the build was tagged");
        assert_eq!(builder.refused(update(root, entry("lib-1.0.jar", 4))).await.0, FaultKind::Buildroot);
        builder.call(update(root, entry("lib-1.0.jar", 3)).project(true)).await.unwrap();
        let found = admin.call(ListArchives::new().component_buildroot_id(root)).await.unwrap().into_list();
        assert_eq!(names(&found), ["lib-1.0.jar"]);

        // what is not the tag's must be ignored, or come from elsewhere
        builder.call(update(root, entry("x.jar", 1)).ignore_unknown(true)).await.unwrap();
        builder.call(update(root, entry("x.jar", 1)).ignore(vec![entry("x.jar", 1)])).await.unwrap();
        let stamped = vec![entry("x-20240131.123456-7.jar", 1)];
        builder.call(update(root, entry("x-SNAPSHOT.jar", 1)).ignore(stamped)).await.unwrap();
        put(&hub, task, &format!("{FOLDER}/y.jar"), "yy").await;
        assert!(builder.call(update(root, entry("y.jar", 2))).await.is_err());
        builder.call(update(root, entry("y.jar", 2)).extra_deps(vec![Value::from(task.0)])).await.unwrap();
        builder.call(update(early, entry("lib-1.0.jar", 3)).extra_deps(vec!["lib-1.0-1".into()])).await.unwrap();
        let found = admin.call(ListArchives::new().component_buildroot_id(early)).await.unwrap().into_list();
        assert_eq!(names(&found), ["lib-1.0.jar"]);
        let refused = builder.refused(update(root, Value::from(1))).await.0;
        assert_eq!(refused, FaultKind::Parameter);
    }
}
