//! A content generator's import as osbuild-composer does it.

use koji_core::api::archives::ListArchives;
use koji_core::api::builds::GetBuild;
use koji_core::api::content_generators::GrantCgAccess;
use koji_core::model::BuildState;
use koji_tests::hubs;

use crate::{Home, outcome};

#[tokio::test(flavor = "multi_thread")]
async fn an_image_is_imported_in_chunks() {
    for hub in hubs("an_image_is_imported").await {
        let (admin, composer) = (hub.admin().await, hub.user("composer", &[]).await);
        hub.hub.set_password("composer", "secret").await.unwrap();
        admin.call(GrantCgAccess::new("composer", "osbuild").create(true)).await.unwrap();
        let url = hub.serve().await;
        let home = Home::new(&url);
        let mut command = home.script("osbuild.py");
        command.arg(url);
        assert_eq!(outcome(command).await.ok().trim(), "done");

        let build = admin.call(GetBuild::new("fedora-image-44-1")).await.unwrap().unwrap();
        assert_eq!((build.state, build.owner_id), (BuildState::Complete, composer.id));
        assert_eq!(build.cg_name.as_deref(), Some("osbuild"));
        let archives = admin.call(ListArchives::new().build_id(build.id)).await.unwrap().into_list();
        let about: Vec<_> = archives.iter().map(|archive| (archive.filename.as_str(), archive.size)).collect();
        let image: Vec<u8> = (0..=255).cycle().take(256 * 10240).chain(*b"the end").collect();
        assert_eq!(about, [("disk.qcow2", image.len() as i64)]);
        let storage = hub.hub.storage();
        let kept = storage.read("packages/fedora-image/44/1/images/disk.qcow2", 0, 1 << 30).await.unwrap();
        assert!(kept == image, "the image is not what was uploaded");
        let log = storage.read("packages/fedora-image/44/1/data/logs/osbuild.log", 0, 1 << 20).await.unwrap();
        assert_eq!(log, "the log");
    }
}
