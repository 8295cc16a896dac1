//! Users, groups and permissions, as the hub's callers see them.

use koji_core::api::sessions::Login;
use koji_core::api::users::*;
use koji_core::api::{QueryOpts, UserRef};
use koji_core::fault::FaultKind;
use koji_core::ids::UserId;
use koji_core::model::{UserStatus, UserType};
use koji_core::xmlrpc::{Struct, Value};
use koji_hub_lib::NewUser;
use koji_tests::{TestHub, hubs};

fn mapping(old: Option<&str>, new: Option<&str>) -> Struct {
    [("old", Value::from(old)), ("new", new.into())].into_iter().collect()
}

#[tokio::test]
async fn users_are_made_found_and_changed() {
    for hub in hubs("users_are_made_found_and_changed").await {
        let admin = hub.admin().await;
        let id = admin.call(CreateUser::new("erin").krb_principal("erin@EXAMPLE.COM")).await.unwrap();
        let by_principal = UserRef::Fields { id: None, name: None, krb_principal: Some("erin@EXAMPLE.COM".into()) };
        for which in [id.into(), "erin".into(), "erin@EXAMPLE.COM".into(), by_principal] {
            let user = hub.nobody().call(GetUser::new().user_info(which)).await.unwrap().unwrap();
            assert_eq!((user.id, user.status, user.usertype), (id, UserStatus::Normal, UserType::Normal));
            assert_eq!(user.krb_principals.unwrap(), ["erin@EXAMPLE.COM"]);
        }
        let plain = admin.call(GetUser::new().user_info(id).krb_princs(false).groups(true)).await.unwrap().unwrap();
        assert_eq!((plain.krb_principals, plain.groups), (None, Some(vec![])));
        assert_eq!(admin.call(GetUser::new()).await.unwrap().unwrap().name, "kojiadmin");
        assert_eq!(admin.call(GetUser::new().user_info("nosuch")).await.unwrap(), None);

        let change = mapping(Some("erin@EXAMPLE.COM"), Some("erica@EXAMPLE.COM"));
        admin.call(EditUser::new("erin").name("erica").krb_principal_mappings(vec![change])).await.unwrap();
        let user = admin.call(GetUser::new().user_info("erica")).await.unwrap().unwrap();
        assert_eq!((user.id, user.krb_principals.unwrap()), (id, vec!["erica@EXAMPLE.COM".to_owned()]));
        admin.call(AddUserKrbPrincipal::new("erica", "e2@EXAMPLE.COM")).await.unwrap();
        admin.call(RemoveUserKrbPrincipal::new("erica", "erica@EXAMPLE.COM")).await.unwrap();
        let user = admin.call(GetUser::new().user_info("erica")).await.unwrap().unwrap();
        assert_eq!(user.krb_principals.unwrap(), ["e2@EXAMPLE.COM"]);
        admin.call(DisableUser::new("erica")).await.unwrap();
        assert_eq!(admin.call(GetUser::new().user_info(id)).await.unwrap().unwrap().status, UserStatus::Blocked);
        admin.call(EnableUser::new("erica")).await.unwrap();
        assert_eq!(admin.call(GetUser::new().user_info(id)).await.unwrap().unwrap().status, UserStatus::Normal);
    }
}

#[tokio::test]
async fn wrong_users_are_refused_in_kojis_words() {
    for hub in hubs("wrong_users_are_refused").await {
        let admin = hub.admin().await;
        let alice = hub.user("alice", &[]).await;
        let generic = |text: &str| (FaultKind::Generic, text.to_owned());
        for (request, text) in [
            (CreateUser::new("alice"), "user already exists: alice"),
            (CreateUser::new(""), "Name  does not match RegexUserName value"),
            (CreateUser::new("frank").status(77), "invalid status: 77"),
        ] {
            assert_eq!(admin.refused(request).await, generic(text));
        }
        let raw = async |method, params| admin.call_raw(method, params).await.unwrap_err();
        let list = Value::Array(vec!["alice".into()]);
        let fault = raw("createUser", vec![list.clone()]).await;
        assert_eq!((fault.code, fault.message.as_str()), (1000, "Name should be string"));
        let fault = raw("getUser", vec![list]).await;
        assert_eq!((fault.code, fault.message.as_str()), (1000, "Invalid type for userInfo: <class 'list'>"));
        assert_eq!(hub.nobody().refused(GetUser::new()).await, generic("No user provided"));
        let refused = admin.refused(EditUser::new("alice").name("kojiadmin")).await;
        assert_eq!(refused, generic(&format!("Name kojiadmin already taken by user {}", admin.id)));
        let unknown = mapping(Some("x@EXAMPLE.COM"), None);
        let refused = admin.refused(EditUser::new("alice").krb_principal_mappings(vec![unknown])).await;
        assert_eq!(refused, generic("Cannot remove non-existent Kerberos principals: x@EXAMPLE.COM"));
        let (kind, text) = admin.refused(RemoveUserKrbPrincipal::new("alice", "x")).await;
        assert_eq!((kind, text.as_str()), (FaultKind::Auth, "cannot remove Kerberos Principal: x with user alice"));
        let (kind, text) = alice.refused(DisableUser::new("kojiadmin")).await;
        assert_eq!(kind, FaultKind::ActionNotAllowed);
        assert_eq!(text, "admin permission required (logged in as alice)");
    }
}

#[tokio::test]
async fn groups_give_their_permissions_to_members() {
    for hub in hubs("groups_give_their_permissions").await {
        let (admin, alice) = (hub.admin().await, hub.user("alice", &["repo"]).await);
        let group = admin.call(NewGroup::new("releng")).await.unwrap();
        admin.call(AddGroupMember::new("releng", "alice")).await.unwrap();
        let grant = GrantPermission::new("releng", "custom").create(true).description("what it is for");
        admin.call(grant).await.unwrap();
        let perms = async |with_groups| alice.call(GetUserPerms::new().with_groups(with_groups)).await.unwrap();
        assert_eq!(perms(true).await, ["custom", "repo"]);
        assert_eq!(perms(false).await, ["repo"]);
        let sources = alice.call(GetUserPermsInheritance::new("alice")).await.unwrap();
        assert_eq!(sources.get("custom"), Some(&Value::Array(vec!["releng".into()])));
        assert_eq!(sources.get("repo"), Some(&Value::Array(vec![Value::Nil])));
        let all = alice.call(GetAllPerms::new()).await.unwrap();
        assert_eq!(all[0].name, "admin");
        assert_eq!(all.last().unwrap().description.as_deref(), Some("what it is for"));
        admin.call(EditPermission::new("custom", "other")).await.unwrap();
        assert_eq!(alice.call(GetAllPerms::new()).await.unwrap().pop().unwrap().description.as_deref(), Some("other"));

        let members = alice.call(GetGroupMembers::new("releng")).await.unwrap();
        assert_eq!((members.len(), members[0].id, members[0].krb_principals.len()), (1, alice.id, 0));
        assert_eq!(alice.call(GetUserGroups::new(alice.id)).await.unwrap()[0].id, group);
        let mine = alice.call(GetUser::new().groups(true)).await.unwrap().unwrap();
        assert_eq!(mine.groups.unwrap(), ["releng"]);

        let text = async |refused: (FaultKind, String)| refused.1;
        assert_eq!(text(admin.refused(AddGroupMember::new("releng", "alice")).await).await, "User already in group");
        admin.call(AddGroupMember::new("releng", "alice").strict(false)).await.unwrap();
        assert_eq!(text(admin.refused(AddGroupMember::new("alice", "alice")).await).await, "Not a group: alice");
        let refused = admin.refused(AddGroupMember::new("releng", "releng")).await;
        assert_eq!(refused.1, "Groups cannot be members of other groups");
        assert_eq!(admin.refused(NewGroup::new("alice")).await.1, "user/group already exists: alice");
        assert_eq!(alice.refused(GetGroupMembers::new("alice")).await.1, "No such group: alice");
        admin.call(DropGroupMember::new("releng", "alice")).await.unwrap();
        assert_eq!(admin.refused(DropGroupMember::new("releng", "alice")).await.1, "No such user in group: releng");
        assert_eq!(perms(true).await, ["repo"]);
    }
}

#[tokio::test]
async fn permissions_are_given_and_taken_once() {
    for hub in hubs("permissions_are_given_and_taken").await {
        let (admin, _) = (hub.admin().await, hub.user("alice", &[]).await);
        admin.call(GrantPermission::new("alice", "tag")).await.unwrap();
        let refused = admin.refused(GrantPermission::new("alice", "tag")).await.1;
        assert_eq!(refused, "user alice already has permission: tag");
        admin.call(RevokePermission::new("alice", "tag")).await.unwrap();
        let refused = admin.refused(RevokePermission::new("alice", "tag")).await.1;
        assert_eq!(refused, "user alice does not have permission: tag");
        admin.call(GrantPermission::new("alice", "tag")).await.unwrap();
        let refused = admin.refused(GrantPermission::new("alice", "nosuch")).await.1;
        assert_eq!(refused, "No such entry in table permissions: nosuch");
        let refused = admin.refused(GrantPermission::new("nobody", "tag")).await.1;
        assert_eq!(refused, "No such user: 'nobody'");
        let refused = admin.refused(GrantPermission::new("alice", "repo").description("x")).await.1;
        assert_eq!(refused, "Description should be specified only with create.");
    }
}

#[tokio::test]
async fn users_are_listed_as_asked() {
    for hub in hubs("users_are_listed_as_asked").await {
        let admin = hub.admin().await;
        hub.user("bob", &["image"]).await;
        hub.user("blocked", &[]).await;
        hub.user_of_type("builder1", UserType::Host, &[]).await;
        admin.call(AddUserKrbPrincipal::new("bob", "bob@EXAMPLE.COM")).await.unwrap();
        admin.call(NewGroup::new("releng")).await.unwrap();
        admin.call(GrantPermission::new("releng", "image")).await.unwrap();
        admin.call(AddGroupMember::new("releng", "blocked")).await.unwrap();
        let names = async |request: ListUsers| {
            let users = admin.call(request).await.unwrap().into_list();
            users.into_iter().map(|user| user.name).collect::<Vec<_>>()
        };
        assert_eq!(names(ListUsers::new()).await, ["kojiadmin", "bob", "blocked"]);
        assert_eq!(names(ListUsers::new().user_type(vec![1, 2])).await, ["builder1", "releng"]);
        assert_eq!(names(ListUsers { user_type: None, ..ListUsers::new() }).await.len(), 5);
        let opts = QueryOpts { order: Some("-name".into()), ..Default::default() };
        assert_eq!(names(ListUsers::new().prefix("B").query_opts(opts)).await, ["bob", "blocked"]);
        assert_eq!(names(ListUsers::new().perm("image")).await, ["bob"]);
        assert_eq!(names(ListUsers::new().perm("image").inherited_perm(true)).await, ["bob", "blocked"]);
        let bob = admin.call(ListUsers::new().prefix("bob")).await.unwrap().into_list().remove(0);
        assert_eq!(bob.krb_principals.unwrap(), ["bob@EXAMPLE.COM"]);
        let opts = QueryOpts { count_only: Some(true), ..Default::default() };
        assert_eq!(admin.call(ListUsers::new().query_opts(opts)).await.unwrap().count(), 3);
        let opts = QueryOpts { order: Some("nosuch".into()), ..Default::default() };
        assert_eq!(admin.refused(ListUsers::new().query_opts(opts)).await.1, "Invalid order: nosuch");
    }
}

async fn add(hub: &TestHub, user: NewUser) -> Result<UserId, String> {
    hub.hub.add_user(user).await.map_err(|e| e.to_string())
}

#[tokio::test]
async fn the_first_users_are_made_without_a_session() {
    for hub in hubs("the_first_users_are_made").await {
        let admin = NewUser {
            name: "kojiadmin".into(),
            password: Some("secret".into()),
            permissions: vec!["admin".into(), "repo".into()],
            ..Default::default()
        };
        let first = add(&hub, admin.clone()).await.unwrap();
        let host = NewUser { name: "builder1".into(), host: true, ..Default::default() };
        assert_eq!(add(&hub, host).await.unwrap(), UserId(first.0 + 1));
        let blocked = NewUser { name: "blocked".into(), blocked: true, ..Default::default() };
        add(&hub, blocked).await.unwrap();
        assert_eq!(add(&hub, admin).await.unwrap_err(), "user already exists: kojiadmin");
        let other = NewUser { name: "x".into(), permissions: vec!["of-its-own".into()], ..Default::default() };
        add(&hub, other).await.unwrap();

        let nobody = hub.nobody();
        nobody.call(Login::new("kojiadmin", "secret")).await.unwrap();
        assert_eq!(nobody.call(GetUserPerms::new().user_id("kojiadmin")).await.unwrap(), ["admin", "repo"]);
        let kind = async |name: &str| {
            let user = nobody.call(GetUser::new().user_info(name)).await.unwrap().unwrap();
            (user.usertype, user.status)
        };
        assert_eq!(kind("builder1").await, (UserType::Host, UserStatus::Normal));
        assert_eq!(kind("blocked").await, (UserType::Normal, UserStatus::Blocked));
    }
}
