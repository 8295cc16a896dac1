//! Sessions, as the hub's callers see them.

use koji_core::api::sessions::{GetLoggedInUser, GetPerms};
use koji_tests::hubs;

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
