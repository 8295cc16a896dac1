//! Events, as the hub's callers see them.

use koji_core::api::KwArgs;
use koji_core::api::events::{GetEvent, GetLastEvent};
use koji_core::api::tags::{CreateTag, EditTag2, GetTag};
use koji_core::fault::FaultKind;
use koji_core::ids::EventId;
use koji_core::xmlrpc::Value;
use koji_tests::hubs;

#[tokio::test]
async fn each_change_has_an_event_and_the_past_can_be_asked_for() {
    for hub in hubs("each_change_has_an_event").await {
        let admin = hub.admin().await;
        let last = async || admin.call(GetLastEvent::new()).await.unwrap().unwrap();
        admin.call(CreateTag::new("f44").arches("x86_64")).await.unwrap();
        let made = last().await;
        let changes = KwArgs([("arches".to_owned(), Value::from("x86_64 aarch64"))].into_iter().collect());
        admin.call(EditTag2::new("f44").changes(changes)).await.unwrap();
        let changed = last().await;
        assert!(changed.id > made.id && changed.ts >= made.ts);
        assert_eq!(admin.call(GetEvent::new(made.id)).await.unwrap().unwrap(), made);

        let arches = async |event: Option<EventId>| {
            let get = GetTag::new("f44");
            let get = match event {
                Some(event) => get.event(event),
                None => get,
            };
            admin.call(get).await.unwrap().and_then(|tag| tag.arches)
        };
        assert_eq!(arches(Some(made.id)).await.as_deref(), Some("x86_64"));
        assert_eq!(arches(None).await.as_deref(), Some("x86_64 aarch64"));

        let before = GetLastEvent::new().before(Value::Double(made.ts.0));
        let earlier = admin.call(before).await.unwrap();
        assert!(earlier.is_none_or(|event| event.id < made.id));
        assert_eq!(admin.call(GetEvent::new(EventId(99999)).strict(false)).await.unwrap(), None);
        let (kind, text) = admin.refused(GetEvent::new(EventId(99999))).await;
        assert_eq!((kind, text.as_str()), (FaultKind::Generic, "query returned no rows"));
    }
}
