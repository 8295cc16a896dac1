//! Sessions, as the hub's callers see them.

use koji_core::api::sessions::{GetLoggedInUser, GetPerms, Login};
use koji_core::fault::FaultKind;
use koji_hub_lib::NewUser;
use koji_hub_lib::db::args;
use koji_tests::{TestHub, hubs};

#[tokio::test]
async fn a_session_is_its_users_and_nobody_has_none() {
    for hub in hubs("a_session_is_its_users").await {
        let alice = hub.user("alice", &["tag", "repo"]).await;
        let me = alice.call(GetLoggedInUser::new()).await.unwrap().unwrap();
        assert_eq!((me.user.id, me.user.name.as_str()), (alice.id, "alice"));
        assert_eq!(alice.call(GetPerms::new()).await.unwrap(), ["repo", "tag"]);
        assert_eq!(hub.nobody().call(GetLoggedInUser::new()).await.unwrap(), None);
    }
}

async fn with_password(hub: &TestHub, name: &str) {
    let new = NewUser { name: name.into(), password: Some("secret".into()), ..NewUser::default() };
    hub.hub.add_user(new).await.unwrap();
}

#[tokio::test]
async fn an_expired_session_is_renewed_by_its_own_user_only() {
    for hub in hubs("an_expired_session_is_renewed").await {
        let alice = hub.user("alice", &["admin"]).await;
        hub.hub.set_password("alice", "secret").await.unwrap();
        with_password(&hub, "mallory").await;
        let mut db = hub.db.db.begin().await.unwrap();
        db.execute("UPDATE sessions SET expired = TRUE WHERE user_id = $1", args![alice.id]).await.unwrap();
        db.commit().await.unwrap();
        let (kind, text) = alice.refused(Login::new("mallory", "secret").renew(true)).await;
        assert!(kind == FaultKind::Auth && text.ends_with("is another user's"), "{text}");
        assert_eq!(alice.refused(GetPerms::new()).await.0, FaultKind::AuthExpired);
        let keys = alice.call(Login::new("alice", "secret").renew(true)).await.unwrap();
        assert!(keys.session_key.starts_with(&format!("{}-", alice.id)));
    }
}

#[tokio::test]
async fn a_session_is_made_the_users_only_one_when_it_is_renewed_but_not_by_a_login() {
    for hub in hubs("a_session_is_made_the_users_only").await {
        let builder = hub.user("builder1", &[]).await;
        hub.hub.set_password("builder1", "secret").await.unwrap();
        let exclusive = async || -> Vec<i32> {
            let mut db = hub.db.db.read().await.unwrap();
            db.fetch_scalars("SELECT id FROM sessions WHERE exclusive = TRUE", args![]).await.unwrap()
        };
        hub.nobody().call(Login::new("builder1", "secret").exclusive(true)).await.unwrap();
        assert_eq!(exclusive().await, [0; 0]);
        let mut db = hub.db.db.begin().await.unwrap();
        db.execute("UPDATE sessions SET expired = TRUE WHERE user_id = $1", args![builder.id]).await.unwrap();
        db.commit().await.unwrap();
        let renewed = builder.call(Login::new("builder1", "secret").renew(true).exclusive(true)).await.unwrap();
        assert_eq!(exclusive().await, [renewed.session_id.0]);
    }
}
