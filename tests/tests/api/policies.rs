//! Policies, as the hub's callers see them.

use koji_core::api::UserRef;
use koji_core::api::builds::CreateEmptyBuild;
use koji_core::api::policies::EvalPolicy;
use koji_core::api::tags::CreateTag;
use koji_core::fault::FaultKind;
use koji_core::xmlrpc::{Struct, Value};
use koji_tests::{Caller, TestHub, databases, hubs};

fn data(fields: &[(&str, Value)]) -> Struct {
    fields.iter().map(|(k, v)| (*k, v.clone())).collect()
}

async fn eval(user: &Caller<'_>, name: &str, fields: &[(&str, Value)]) -> Option<String> {
    user.call(EvalPolicy::new(name, data(fields))).await.unwrap()
}

#[tokio::test]
async fn kojis_defaults_hold() {
    for hub in hubs("kojis_defaults_hold").await {
        let admin = hub.admin().await;
        let alice = hub.user("alice", &[]).await;
        let of = |user: &Caller<'_>| [("user_id", Value::from(user.id.0))];
        assert_eq!(eval(&alice, "build_from_srpm", &of(&admin)).await.as_deref(), Some("allow"));
        assert_eq!(
            eval(&admin, "build_from_srpm", &of(&alice)).await.as_deref(),
            Some("deny Only admin can do this via default policy")
        );
        assert_eq!(eval(&alice, "channel", &[("req_channel", "x".into())]).await.as_deref(), Some("req"));
        assert_eq!(eval(&alice, "channel", &[("parent", Value::Nil)]).await.as_deref(), Some("use default"));
        let refused = alice.refused(EvalPolicy::new("nosuch", Struct::new())).await;
        assert_eq!(refused, (FaultKind::Generic, "no such policy: nosuch".to_owned()));
    }
}

#[tokio::test]
async fn tests_look_into_the_database() {
    let policy = "
        user bob* :: is bob
        is_new_package :: new
        policy inner :: inner
        tag f44* && ! fromtag * :: tagged
        is_build_owner && is_draft :: own draft
        is_build_owner :: own
        imported && package hello :: imported
        version 1.* && release 1 && volume DEFAULT :: parts
        buildtag_inherits_from * :: inherits
        buildtag f44 :: buildtag
        hastag * :: has a tag
        cg_match_any * :: cg
        source git* :: source
        user_in_group * :: group
        buildtype rpm :: rpm
    ";
    for db in databases("tests_look_into").await {
        let hub = TestHub::with(db, |config| {
            config.policies.push(("all".into(), policy.into()));
            config.policies.push(("inner".into(), "has loop && policy all :: allow\nhas inner :: yes".into()));
        });
        let admin = hub.admin().await;
        let bob = hub.user("bob", &[]).await;
        admin.call(CreateTag::new("f44")).await.unwrap();
        let of_bob = CreateEmptyBuild::new("hello", "1.0", "1", None).owner(UserRef::Id(bob.id));
        let hello = admin.call(of_bob).await.unwrap().0;
        let draft = admin.call(CreateEmptyBuild::new("hello", "2.0", "1", None).draft(true)).await.unwrap().0;
        let ask = async |fields: &[(&str, Value)]| {
            let mut all = vec![("package", Value::from("hello"))];
            all.extend_from_slice(fields);
            eval(&admin, "all", &all).await
        };
        assert_eq!(ask(&[("user_id", bob.id.0.into())]).await.as_deref(), Some("is bob"));
        assert_eq!(eval(&admin, "all", &[("package", "nosuch".into())]).await.as_deref(), Some("new"));
        assert_eq!(ask(&[("inner", 1.into())]).await.as_deref(), Some("inner"));
        assert_eq!(ask(&[("tag", "f44".into())]).await.as_deref(), Some("tagged"));
        assert_eq!(ask(&[("build", draft.into())]).await.as_deref(), Some("own draft"));
        let is_parts = ask(&[("build", hello.into())]).await;
        assert_eq!(is_parts.as_deref(), Some("parts"));
        let target = [("build_tag", "f44".into()), ("version", "9".into()), ("release", "9".into())];
        // imported needs a build
        let refused = admin.refused(EvalPolicy::new("all", data(&[("package", "hello".into())]))).await;
        assert_eq!(refused.1, "policy data must contain a build");
        let mut fields = target.to_vec();
        fields.push(("build", hello.into()));
        assert_eq!(ask(&fields).await.as_deref(), Some("buildtag"));
        let refused = admin.refused(EvalPolicy::new("all", data(&[("package", "hello".into()), ("loop", 1.into())])));
        assert_eq!(refused.await.1, "encountered policy loop at policy inner");
    }
}
