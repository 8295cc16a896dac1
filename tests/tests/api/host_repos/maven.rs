//! Repos of tags with Maven support hold a Maven repository.

use koji_core::api::archives::ImportArchive;
use koji_core::api::builds::CreateEmptyBuild;
use koji_core::api::host_repos::RepoInit;
use koji_core::api::packages::PackageListAdd;
use koji_core::api::tagging::TagBuildBypass;
use koji_core::api::tags::CreateTag;
use koji_core::api::tasks::NewRepo;
use koji_core::api::typed_builds::CreateMavenBuild;
use koji_core::api::{BuildRef, Param};
use koji_core::xmlrpc::Struct;
use koji_tests::{Caller, TestHub, databases, hubs};

const ARTIFACT: &str = "maven/org/example/lib";

async fn import(hub: &TestHub, admin: &Caller<'_>, name: &str, version: &str) {
    let build = admin.call(CreateEmptyBuild::new(name, version, "1", None)).await.unwrap();
    let which = || BuildRef::Id(build).into_value();
    let info: Struct =
        [("group_id", "org.example"), ("artifact_id", "lib"), ("version", version)].into_iter().collect();
    admin.call(CreateMavenBuild::new(which(), info.clone())).await.unwrap();
    let file = format!("up/{name}/lib-{version}.jar");
    hub.hub.storage().put(&format!("work/{file}"), version.to_owned().into()).await.unwrap();
    admin.call(ImportArchive::new(file, which(), "maven", info)).await.unwrap();
    admin.call(PackageListAdd::new("base", name).owner("kojiadmin")).await.unwrap();
    admin.call(TagBuildBypass::new("base", build)).await.unwrap();
}

#[tokio::test]
async fn it_leads_to_what_the_tags_builds_hold() {
    for db in databases("it_leads_to_what").await {
        let hub = TestHub::with(db, |config| config.enable_maven = true);
        let (admin, builder) = (hub.admin().await, hub.builder("builder1").await);
        let base = CreateTag::new("base").maven_support(true).maven_include_all(true).arches("x86_64".to_owned());
        admin.call(base).await.unwrap();
        admin.call(CreateTag::new("plain").parent("base").arches("x86_64".to_owned())).await.unwrap();
        admin.call(CreateTag::new("java").parent("base").maven_support(true)).await.unwrap();
        import(&hub, &admin, "old", "1.9").await;
        import(&hub, &admin, "new", "1.10").await;

        let storage = hub.hub.storage();
        let (repo, _) = builder.call(RepoInit::new("java")).await.unwrap();
        let at = |path: &str| format!("repos/java/{repo}/{ARTIFACT}/{path}");
        for version in ["1.9", "1.10"] {
            assert!(storage.is_link(&at(version)).await.unwrap(), "{version}");
            let jar = storage.read(&at(&format!("{version}/lib-{version}.jar")), 0, 100).await.unwrap();
            assert_eq!(jar, version);
        }
        let list = storage.read(&at("maven-metadata.xml"), 0, 1 << 20).await.unwrap();
        let list = String::from_utf8_lossy(&list);
        let told = [
            "<groupId>org.example</groupId>",
            "<artifactId>lib</artifactId>",
            "<latest>1.10</latest>",
            "<version>1.9</version>\n      <version>1.10</version>",
        ];
        assert!(told.iter().all(|part| list.contains(part)), "{list}");
        assert_eq!(storage.read(&at("maven-metadata.xml.sha1"), 0, 100).await.unwrap().len(), 40);

        let (repo, _) = builder.call(RepoInit::new("plain")).await.unwrap();
        assert!(storage.metadata(&format!("repos/plain/{repo}/maven")).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn a_task_that_runs_again_gets_the_repo_that_it_asked_for_before() {
    for hub in hubs("a_task_that_runs_again").await {
        let (admin, builder) = (hub.admin().await, hub.builder("builder1").await);
        admin.call(CreateTag::new("f44").arches("x86_64".to_owned())).await.unwrap();
        let task = admin.call(NewRepo::new("f44")).await.unwrap();
        let ask = async |option: &str| {
            let opts: Struct = [(option, true)].into_iter().collect();
            builder.call(RepoInit::new("f44").task_id(task).opts(opts)).await.unwrap()
        };
        let first = ask("src").await;
        assert_eq!(ask("src").await, first);
        assert_ne!(ask("debuginfo").await.0, first.0);
        assert_ne!(ask("nosuch").await.0, first.0);
        assert_eq!(ask("src").await, first);
    }
}
