//! Archives, as the hub's callers see them.

use koji_core::api::archives::*;
use koji_core::api::builds::CreateEmptyBuild;
use koji_core::ids::BuildId;
use koji_core::model::{Archive, ChecksumType};
use koji_core::xmlrpc::{Struct, Value};
use koji_hub_lib::db::args;
use koji_tests::{TestHub, hubs};

async fn archive(hub: &TestHub, build: BuildId, btype: i32, filename: &str, details: &'static str) {
    let mut db = hub.db.db.begin().await.unwrap();
    let id: i32 = db
        .fetch_scalar(
            "INSERT INTO archiveinfo (type_id, btype_id, build_id, filename, size, checksum, checksum_type)
             VALUES (1, $1, $2, $3, 5, 'abc', 2) RETURNING id",
            args![btype, build, filename],
        )
        .await
        .unwrap();
    if !details.is_empty() {
        db.execute(details, args![id]).await.unwrap();
    }
    db.commit().await.unwrap();
}

#[tokio::test]
async fn archives_are_listed_by_what_they_are() {
    for hub in hubs("archives_are_listed").await {
        let admin = hub.admin().await;
        let build = admin.call(CreateEmptyBuild::new("alpha", "1", "1", None)).await.unwrap();
        archive(&hub, build, 2, "a.jar", "INSERT INTO maven_archives VALUES ($1, 'org.x', 'a', '1')").await;
        archive(&hub, build, 3, "b.zip", "INSERT INTO win_archives VALUES ($1, 'bin', 'i386 x86_64', NULL)").await;
        archive(&hub, build, 4, "c.raw", "INSERT INTO image_archives VALUES ($1, 'x86_64')").await;
        let list = async |asked: ListArchives| -> Vec<Archive> { admin.call(asked).await.unwrap().into_list() };
        let names = |found: &[Archive]| found.iter().map(|a| a.filename.clone()).collect::<Vec<_>>();
        let all = list(ListArchives::new().build_id(build)).await;
        assert_eq!(names(&all), ["a.jar", "b.zip", "c.raw"]);
        assert_eq!((all[0].btype.as_str(), all[0].type_name.as_str(), all[0].size), ("maven", "jar", 5));
        assert_eq!((all[0].checksum_type, all[0].group_id.clone()), (ChecksumType::Sha256, None));
        assert_eq!(names(&list(ListArchives::new().filename("b.zip").size(5).checksum("abc")).await), ["b.zip"]);
        let info = |name: &str, value: Value| Struct::from_iter([(name, value)]);
        let maven = list(ListArchives::new().kind("maven").type_info(info("group_id", "org.x".into()))).await;
        assert_eq!((maven.len(), maven[0].artifact_id.as_deref()), (1, Some("a")));
        for (platform, found) in [("i386", 1), ("x86", 0), ("x86_64", 1)] {
            let asked = ListArchives::new().kind("win").type_info(info("platforms", platform.into()));
            assert_eq!(list(asked).await.len(), found, "{platform}");
        }
        assert_eq!(list(ListArchives::new().kind("win")).await[0].flags, Some(None));
        assert_eq!(list(ListArchives::new().kind("image").type_info(info("arch", "s390x".into()))).await.len(), 0);
        assert_eq!(admin.refused(ListArchives::new().kind("nosuch")).await.1, "unsupported archive type: nosuch");
        let refused = admin.refused(ListArchives::new().kind("rpm").type_info(info("x", "y".into()))).await.1;
        assert_eq!(refused, "typeInfo queries not supported for type rpm");
        assert_eq!(admin.refused(ListArchives::new().filename("x").strict(true)).await.1, "No archives found.");
        let types = admin.call(GetArchiveTypes::new()).await.unwrap();
        assert_eq!(
            (types.len(), types[0].name.as_str(), types[0].compression_type.as_deref()),
            (76, "jar", Some("zip"))
        );
    }
}
