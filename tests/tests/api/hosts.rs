//! Builder hosts and channels, as the hub's callers see them.

use koji_core::api::KwArgs;
use koji_core::api::hosts::*;
use koji_core::api::users::GetUser;
use koji_core::ids::HostId;
use koji_core::model::UserType;
use koji_core::xmlrpc::{Struct, Value};
use koji_tests::{Caller, hubs};

fn arches(names: &[&str]) -> Value {
    Value::Array(names.iter().map(|name| (*name).into()).collect())
}

fn changes(members: &[(&str, Value)]) -> KwArgs {
    KwArgs(members.iter().map(|(k, v)| (*k, v.clone())).collect::<Struct>())
}

async fn channels(user: &Caller<'_>, request: ListChannels) -> Vec<String> {
    user.call(request).await.unwrap().into_iter().map(|channel| channel.name).collect()
}

#[tokio::test]
async fn hosts_are_registered_and_changed() {
    for hub in hubs("hosts_are_registered").await {
        let admin = hub.user("kojiadmin", &["host"]).await;
        let id = admin.call(AddHost::new("b1.example.com", arches(&["x86_64", "i386"]))).await.unwrap();
        let host = admin.call(GetHost::new("b1.example.com")).await.unwrap().unwrap();
        assert_eq!((host.id, host.arches.as_deref(), host.capacity), (id, Some("x86_64 i386"), 2.0));
        assert_eq!((host.enabled, host.ready, host.update_ts, host.task_load), (true, false, None, 0.0));
        let user = admin.call(GetUser::new().user_info(host.user_id)).await.unwrap().unwrap();
        assert_eq!((user.name.as_str(), user.usertype), ("b1.example.com", UserType::Host));
        assert_eq!(channels(&admin, ListChannels::new().host_id(id)).await, ["default"]);

        let change = changes(&[("capacity", 4.into()), ("arches", "x86_64".into()), ("comment", "new".into())]);
        assert!(admin.call(EditHost::new(id).changes(change.clone())).await.unwrap());
        assert!(!admin.call(EditHost::new(id).changes(change)).await.unwrap());
        admin.call(DisableHost::new("b1.example.com")).await.unwrap();
        let host = admin.call(GetHost::new(id)).await.unwrap().unwrap();
        assert_eq!((host.capacity, host.arches.as_deref()), (4.0, Some("x86_64")));
        assert_eq!((host.comment.as_deref(), host.enabled), (Some("new"), false));
        assert_eq!(admin.call(GetAllArches::new()).await.unwrap(), ["x86_64"]);
        assert_eq!(admin.call(GetLastHostUpdate::new(id)).await.unwrap(), Value::Nil);
        let at_work = hub.log_in(host.user_id).await;
        assert!(at_work.call(GetLastHostUpdate::new(id).ts(true)).await.unwrap() != Value::Nil);

        let text = admin.refused(AddHost::new("b1.example.com", arches(&[]))).await.1;
        assert_eq!(text, "host already exists: b1.example.com");
        let text = admin.refused(AddHost::new("b2", arches(&["bad arch!"]))).await.1;
        assert_eq!(text, "Architecture can be only [a-zA-Z0-9_-]");
        let text = admin.refused(GetHost::new("nosuch").strict(true)).await.1;
        assert_eq!(text, "Invalid hostInfo: nosuch");
        assert_eq!(admin.refused(EnableHost::new("nosuch")).await.1, "host does not exist: nosuch");

        hub.user("person", &[]).await;
        let text = admin.refused(AddHost::new("person", arches(&["x86_64"]))).await.1;
        assert_eq!(text, "user person already exists and it is not a host");
        admin.call(AddHost::new("person", arches(&["x86_64"])).force(true)).await.unwrap();
        hub.user_of_type("builder", UserType::Host, &[]).await;
        admin.call(AddHost::new("builder", arches(&["aarch64"]))).await.unwrap();
    }
}

#[tokio::test]
async fn hosts_are_listed_as_asked() {
    for hub in hubs("hosts_are_listed_as_asked").await {
        let admin = hub.admin().await;
        admin.call(AddHost::new("b1", arches(&["x86_64", "ppc64"]))).await.unwrap();
        admin.call(AddHost::new("b2", arches(&["ppc"]))).await.unwrap();
        admin.call(AddHostToChannel::new("b2", "createrepo")).await.unwrap();
        admin.call(DisableHost::new("b1")).await.unwrap();
        let names = async |request: ListHosts| {
            let hosts = admin.call(request).await.unwrap().into_list();
            hosts.into_iter().map(|host| host.name).collect::<Vec<_>>()
        };
        assert_eq!(names(ListHosts::new()).await.len(), 2);
        assert_eq!(names(ListHosts::new().arches("ppc".to_owned())).await, ["b2"]);
        assert_eq!(names(ListHosts::new().arches(vec!["ppc64".to_owned(), "s390x".to_owned()])).await, ["b1"]);
        assert_eq!(names(ListHosts::new().channel_id("createrepo")).await, ["b2"]);
        assert_eq!(names(ListHosts::new().enabled(false)).await, ["b1"]);
        assert!(names(ListHosts::new().ready(true)).await.is_empty());
        assert_eq!(names(ListHosts::new().user_id("b1")).await, ["b1"]);
        let text = admin.refused(ListHosts::new().arches(Vec::<String>::new())).await.1;
        assert_eq!(text, "arches option cannot be empty");
        let text = admin.refused(ListHosts::new().channel_id("nosuch")).await.1;
        assert_eq!(text, "No such entry in table channels: nosuch");
    }
}

#[tokio::test]
async fn channels_are_kept() {
    for hub in hubs("channels_are_kept").await {
        let admin = hub.admin().await;
        admin.call(AddHost::new("b1", arches(&["x86_64"]))).await.unwrap();
        let id = admin.call(AddChannel::new("mine").description("for me")).await.unwrap();
        let text = admin.refused(AddChannel::new("mine")).await.1;
        assert_eq!(text, format!("channel mine already exists (id={id})"));
        admin.call(AddHostToChannel::new("b1", "mine")).await.unwrap();
        let refused = async |request: AddHostToChannel| admin.refused(request).await.1;
        let again = AddHostToChannel::new("b1", "mine");
        assert_eq!(refused(again).await, "host b1 is already subscribed to the mine channel");
        assert_eq!(refused(AddHostToChannel::new("b1", "nosuch")).await, "channel does not exist: nosuch");
        assert_eq!(refused(AddHostToChannel::new("nosuch", "mine")).await, "host does not exist: nosuch");
        admin.call(AddHostToChannel::new("b1", "other").create(true)).await.unwrap();
        assert_eq!(channels(&admin, ListChannels::new().host_id("b1")).await, ["default", "mine", "other"]);
        admin.call(RemoveHostFromChannel::new("b1", "mine")).await.unwrap();
        let text = admin.refused(RemoveHostFromChannel::new("b1", "mine")).await.1;
        assert_eq!(text, "host b1 is not subscribed to the mine channel");

        assert!(admin.call(EditChannel::new("mine").changes(changes(&[("name", "ours".into())]))).await.unwrap());
        assert!(!admin.call(EditChannel::new("ours").changes(changes(&[("other", 1.into())]))).await.unwrap());
        admin.call(RenameChannel::new("ours", "theirs")).await.unwrap();
        admin.call(DisableChannel::new("theirs").comment("off")).await.unwrap();
        let channel = admin.call(GetChannel::new(id)).await.unwrap().unwrap();
        assert_eq!((channel.name.as_str(), channel.enabled), ("theirs", false));
        assert_eq!((channel.comment.as_deref(), channel.description.as_deref()), (Some("off"), Some("for me")));
        assert_eq!(refused(AddHostToChannel::new("b1", "theirs")).await, "channel theirs is disabled");
        assert_eq!(channels(&admin, ListChannels::new().enabled(false)).await, ["theirs"]);
        admin.call(EnableChannel::new("theirs")).await.unwrap();
        assert_eq!(admin.refused(EnableChannel::new("nosuch")).await.1, "No such channel: nosuch");
        assert_eq!(admin.refused(GetChannel::new("nosuch").strict(true)).await.1, "query returned no rows");
        assert_eq!(admin.refused(ListChannels::new().host_id("nosuch")).await.1, "Invalid hostInfo: nosuch");
        assert!(channels(&admin, ListChannels::new().host_id(HostId(99))).await.is_empty());
    }
}
