//! Storage volumes, as the hub's callers see them.

use koji_core::api::volumes::*;
use koji_tests::hubs;

#[tokio::test]
async fn volumes_are_directories_that_are_there() {
    for hub in hubs("volumes_are_directories").await {
        let admin = hub.admin().await;
        let text = admin.refused(AddVolume::new("vol2")).await.1;
        assert_eq!(text, "please create the volume directory first");
        hub.hub.storage().create_dir("vol/vol2").await.unwrap();
        let made = admin.call(AddVolume::new("vol2")).await.unwrap();
        assert_eq!(admin.refused(AddVolume::new("vol2")).await.1, "volume vol2 already exists");
        assert_eq!(admin.call(AddVolume::new("vol2").strict(false)).await.unwrap(), made);
        let names: Vec<_> = admin.call(ListVolumes::new()).await.unwrap().into_iter().map(|v| v.name).collect();
        assert_eq!(names, ["DEFAULT", "vol2"]);
        assert_eq!(admin.call(GetVolume::new(made.id)).await.unwrap().unwrap().name, "vol2");
        assert_eq!(admin.refused(GetVolume::new("nosuch").strict(true)).await.1, "No such volume: nosuch");
        admin.call(RemoveVolume::new("vol2")).await.unwrap();
        assert_eq!(admin.refused(RemoveVolume::new("vol2")).await.1, "No such entry in table volume: vol2");
    }
}
