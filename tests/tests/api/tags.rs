//! Tags and their inheritance, as the hub's callers see them.

mod snapshots;

use koji_core::api::tags::*;
use koji_core::api::{EventRef, KwArgs, QueryOpts};
use koji_core::fault::FaultKind;
use koji_core::ids::{EventId, TagId};
use koji_core::model::Tag;
use koji_core::xmlrpc::{Struct, Value};
use koji_tests::{Caller, hubs};

fn members(members: &[(&str, Value)]) -> Struct {
    members.iter().map(|(k, v)| (*k, v.clone())).collect()
}

async fn create(user: &Caller<'_>, name: &str) -> TagId {
    user.call(CreateTag::new(name)).await.unwrap()
}

async fn get(user: &Caller<'_>, name: &str) -> Tag {
    user.call(GetTag::new(name).strict(true)).await.unwrap().unwrap()
}

async fn edit(user: &Caller<'_>, name: &str, changes: &[(&str, Value)]) {
    user.call(EditTag2::new(name).changes(KwArgs(members(changes)))).await.unwrap();
}

fn link(parent: TagId, priority: i32) -> Struct {
    members(&[
        ("parent_id", parent.0.into()),
        ("priority", priority.into()),
        ("maxdepth", Value::Nil),
        ("intransitive", false.into()),
        ("noconfig", false.into()),
        ("pkg_filter", "".into()),
    ])
}

fn with(mut link: Struct, name: &str, value: impl Into<Value>) -> Struct {
    link.insert(name, value);
    link
}

#[tokio::test]
async fn a_tag_is_what_it_was_made_as() {
    for hub in hubs("a_tag_is_what_it_was_made_as").await {
        let user = hub.user("releng", &["tag"]).await;
        let extra =
            members(&[("mock.new_chroot", 1.into()), ("nul", Value::Nil), ("list", Value::Array(vec![1.5.into()]))]);
        let id = user
            .call(CreateTag::new("f44").arches(" x86_64  i686").perm("admin").locked(true).extra(extra.clone()))
            .await
            .unwrap();
        let tag = get(&user, "f44").await;
        assert_eq!((tag.id, tag.arches.as_deref(), tag.locked), (id, Some("x86_64 i686"), true));
        assert_eq!((tag.perm.as_deref(), tag.extra, tag.query_event), (Some("admin"), extra, None));
        assert_eq!(user.call(GetTag::new(id)).await.unwrap().unwrap().name, "f44");
        assert_eq!(user.call(GetTag::new("F44")).await.unwrap(), None);
        assert_eq!(user.call(GetTagId::new("f44")).await.unwrap(), Some(id));
        create(&user, "plain").await;
        let plain = get(&user, "plain").await;
        assert_eq!((plain.arches.as_deref(), plain.perm_id, plain.extra.is_empty()), (Some(""), None, true));
    }
}

#[tokio::test]
async fn wrong_tags_are_refused_in_kojis_words() {
    for hub in hubs("wrong_tags_are_refused").await {
        let user = hub.user("releng", &["tag"]).await;
        create(&user, "a").await;
        let generic = |text: &str| (FaultKind::Generic, text.to_owned());
        for (name, text) in [
            ("a", "A tag with the name 'a' already exists"),
            ("a b", "Name a b does not match RegexNameInternal value"),
        ] {
            assert_eq!(user.refused(CreateTag::new(name)).await, generic(text));
        }
        let refused = user.refused(CreateTag::new("b").parent("nosuch")).await;
        assert_eq!(refused, generic("Parent tag 'nosuch' could not be found"));
        let refused = user.refused(CreateTag::new("b").arches("bad!")).await;
        assert_eq!(refused, generic("Architecture can be only [a-zA-Z0-9_-]"));
        let refused = user.refused(CreateTag::new("b").perm("nosuch")).await;
        assert_eq!(refused, generic("No such entry in table permissions: nosuch"));
        assert_eq!(user.refused(GetTag::new("b").strict(true)).await, generic("No such tagInfo: 'b'"));
        assert_eq!(user.refused(GetTag::new(TagId(9)).strict(true)).await, generic("No such tagInfo: 9"));
        let refused = hub.nobody().refused(CreateTag::new("b")).await;
        assert_eq!(refused, (FaultKind::ActionNotAllowed, "tag permission required (user not logged in)".into()));
    }
}

#[tokio::test]
async fn a_tag_changes_and_its_past_stays() {
    for hub in hubs("a_tag_changes_and_its_past_stays").await {
        let user = hub.user("releng", &["tag"]).await;
        let id = create(&user, "old").await;
        let made = user.call(TagFirstChangeEvent::new("old")).await.unwrap().unwrap();
        edit(&user, "old", &[("name", "new".into()), ("arches", "x86_64".into()), ("perm", "tag".into())]).await;
        edit(&user, "new", &[("extra", members(&[("a", 1.into()), ("b", "x".into())]).into())]).await;
        edit(
            &user,
            "new",
            &[("block_extra", Value::Array(vec!["c".into()])), ("remove_extra", Value::Array(vec!["b".into()]))],
        )
        .await;
        let now = get(&user, "new").await;
        assert_eq!((now.id, now.arches.as_deref(), now.perm.as_deref()), (id, Some("x86_64"), Some("tag")));
        assert_eq!(now.extra, members(&[("a", 1.into())]));
        let blocked = user.call(GetTag::new("new").blocked(true)).await.unwrap().unwrap().extra;
        let pair = |blocked: bool, value: Value| Value::Array(vec![blocked.into(), value]);
        assert_eq!(blocked, members(&[("a", pair(false, 1.into())), ("c", pair(true, Value::Nil))]));

        let then = user.call(GetTag::new("new").event(made)).await.unwrap().unwrap();
        assert_eq!((then.arches.as_deref(), then.extra.is_empty(), then.query_event), (Some(""), true, Some(made)));
        assert_eq!(user.call(GetTag::new("new").event(EventId(made.0 - 1))).await.unwrap(), None);

        user.call(EditTag::new("new", "new", "s390x".to_owned(), false, None).extra(Struct::new())).await.unwrap();
        let edited = get(&user, "new").await;
        assert_eq!((edited.arches.as_deref(), edited.perm_id), (Some("s390x"), None));

        let refused = |changes: &[(&str, Value)]| EditTag2::new("new").changes(KwArgs(members(changes)));
        let (_, text) = user.refused(refused(&[("remove_extra", Value::Array(vec!["x".into(), "y".into()]))])).await;
        assert_eq!(text, "Tag: new doesn't have extra: x, y");
        create(&user, "other").await;
        let (_, text) = user.refused(refused(&[("name", "other".into())])).await;
        assert_eq!(text, format!("Name other already taken by tag {}", get(&user, "other").await.id));
    }
}

#[tokio::test]
async fn a_deleted_tag_is_gone_but_known() {
    for hub in hubs("a_deleted_tag_is_gone_but_known").await {
        let user = hub.user("releng", &["tag"]).await;
        let id = create(&user, "doomed").await;
        let child = user.call(CreateTag::new("child").parent("doomed")).await.unwrap();
        user.call(DeleteTag::new("doomed")).await.unwrap();
        assert_eq!(user.call(GetTag::new("doomed")).await.unwrap(), None);
        assert_eq!(user.call(GetInheritanceData::new(child)).await.unwrap(), []);
        let (_, text) = user.refused(DeleteTag::new("doomed")).await;
        assert_eq!(text, "No such tagInfo: 'doomed'");
        let last = user.call(GetTag::new("doomed").event(EventRef::Auto)).await.unwrap().unwrap();
        let deleted = user.call(TagLastChangeEvent::new("doomed")).await.unwrap().unwrap();
        assert_eq!((last.revoke_event, last.query_event), (Some(deleted), Some(EventId(deleted.0 - 1))));
        assert_eq!(create(&user, "doomed").await, id);
    }
}

#[tokio::test]
async fn links_are_added_changed_and_dropped() {
    for hub in hubs("links_are_added_changed_and_dropped").await {
        let user = hub.user("releng", &["tag"]).await;
        let (a, b, top) = (create(&user, "a").await, create(&user, "b").await, create(&user, "top").await);
        let set = |links: Vec<Struct>| SetInheritanceData::new("top", links);
        let parents = async || {
            let links = user.call(GetInheritanceData::new("top")).await.unwrap();
            links.into_iter().map(|l| (l.parent_id, l.priority, l.child_id == top)).collect::<Vec<_>>()
        };
        user.call(set(vec![link(b, 5), link(a, 1)])).await.unwrap();
        assert_eq!(parents().await, [(a, 1, true), (b, 5, true)]);
        let before = user.call(TagLastChangeEvent::new("top")).await.unwrap();
        user.call(set(vec![link(a, 1)])).await.unwrap();
        assert_eq!(user.call(TagLastChangeEvent::new("top")).await.unwrap(), before, "nothing changed");

        let (_, text) = user.refused(set(vec![link(a, 5)])).await;
        assert_eq!(
            text,
            format!("Multiple parent tags ([{a}, {b}]) cannot have the same priority value (5) on child tag {top}")
        );
        let (_, text) = user.refused(set(vec![members(&[("parent_id", a.0.into())])])).await;
        assert_eq!(text, "No value for priority");
        let (_, text) = user.refused(set(vec![link(TagId(99), 3)])).await;
        assert_eq!(text, "No such tagInfo: 99");

        user.call(set(vec![members(&[("parent_id", a.0.into()), ("delete link", true.into())])])).await.unwrap();
        assert_eq!(parents().await, [(b, 5, true)]);
        user.call(set(vec![link(a, 5)]).clear(true)).await.unwrap();
        assert_eq!(parents().await, [(a, 5, true)]);
    }
}

#[tokio::test]
async fn inheritance_is_followed_both_ways() {
    for hub in hubs("inheritance_is_followed_both_ways").await {
        let user = hub.user("releng", &["tag"]).await;
        let base = create(&user, "base").await;
        let mid = user.call(CreateTag::new("mid").parent("base")).await.unwrap();
        let side = create(&user, "side").await;
        let top = create(&user, "top").await;
        let filtered = with(with(link(side, 10), "pkg_filter", "^a"), "noconfig", true);
        user.call(SetInheritanceData::new("top", vec![link(mid, 0), filtered])).await.unwrap();
        let up = user.call(GetFullInheritance::new("top")).await.unwrap();
        let order: Vec<_> = up.iter().map(|s| (s.parent_id, s.child_id, s.currdepth, s.filter.clone())).collect();
        assert_eq!(
            order,
            [(mid, Some(top), 1, vec![]), (base, Some(mid), 2, vec![]), (side, Some(top), 1, vec!["^a".to_owned()])]
        );
        let down = user.call(GetFullInheritance::new("base").reverse(true)).await.unwrap();
        let order: Vec<_> = down.iter().map(|s| (s.tag_id, s.parent_id, s.name.as_str(), s.currdepth)).collect();
        assert_eq!(order, [(Some(mid), base, "mid", 1), (Some(top), mid, "top", 2)]);
        let first = user.call(TagFirstChangeEvent::new("top")).await.unwrap().unwrap();
        assert_eq!(user.call(GetFullInheritance::new(top).event(first)).await.unwrap(), []);
        assert_eq!(user.call(GetFullInheritance::new(TagId(99))).await.unwrap(), []);
        let (_, text) = user.refused(GetFullInheritance::new("nosuch")).await;
        assert_eq!(text, "No such entry in table tag: nosuch");
    }
}

#[tokio::test]
async fn settings_are_inherited_but_through_noconfig_links() {
    for hub in hubs("settings_are_inherited").await {
        let user = hub.user("releng", &["tag"]).await;
        let extra = members(&[("a", "base".into()), ("b", "base".into()), ("c", "base".into())]);
        user.call(CreateTag::new("base").arches("x86_64").extra(extra)).await.unwrap();
        user.call(CreateTag::new("top").parent("base").extra(members(&[("a", "top".into())]))).await.unwrap();
        edit(&user, "top", &[("block_extra", Value::Array(vec!["b".into()])), ("arches", Value::Nil)]).await;
        let config = user.call(GetBuildConfig::new("top")).await.unwrap();
        assert_eq!(config.arches.as_deref(), Some("x86_64"));
        assert_eq!(config.extra, members(&[("a", "top".into()), ("c", "base".into())]));
        let base = Value::from(members(&[("id", get(&user, "base").await.id.0.into()), ("name", "base".into())]));
        let from = members(&[("arches", base.clone()), ("extra", members(&[("c", base)]).into())]);
        assert_eq!(config.config_inheritance, Some(from));

        let id = get(&user, "base").await.id;
        user.call(SetInheritanceData::new("top", vec![with(link(id, 0), "noconfig", true)])).await.unwrap();
        let config = user.call(GetBuildConfig::new("top")).await.unwrap();
        assert_eq!((config.arches, config.extra), (None, members(&[("a", "top".into())])));
    }
}

#[tokio::test]
async fn locks_and_permissions_keep_users_out() {
    for hub in hubs("locks_and_permissions_keep_users_out").await {
        let (admin, user) = (hub.admin().await, hub.user("alice", &[]).await);
        create(&admin, "free").await;
        admin.call(CreateTag::new("locked").locked(true)).await.unwrap();
        admin.call(CreateTag::new("closed").perm("tag")).await.unwrap();
        let check = async |user: &Caller<'_>, tag| user.call(CheckTagAccess::new(tag)).await.unwrap();
        assert_eq!(check(&user, "free").await, (true, false, "".into()));
        assert_eq!(check(&user, "locked").await, (false, false, "tag is locked".into()));
        assert_eq!(check(&admin, "closed").await, (false, true, "tag requires tag permission".into()));
        let other = hub.nobody().call(CheckTagAccess::new("free").user_id(user.id)).await.unwrap();
        assert_eq!(other, (true, false, "".into()));
        let (_, text) = hub.nobody().refused(CheckTagAccess::new("free")).await;
        assert_eq!(text, "a user_id is required");
    }
}

#[tokio::test]
async fn tags_are_listed_as_asked() {
    for hub in hubs("tags_are_listed_as_asked").await {
        let user = hub.user("releng", &["tag"]).await;
        for name in ["f43", "f44", "f44_x", "e10"] {
            create(&user, name).await;
        }
        user.call(CreateTag::new("closed").perm("tag")).await.unwrap();
        let names = async |request: ListTags| {
            let tags = user.call(request).await.unwrap().into_list();
            tags.into_iter().map(|tag| tag.name).collect::<Vec<_>>()
        };
        assert_eq!(names(ListTags::new()).await, ["f43", "f44", "f44_x", "e10", "closed"]);
        assert_eq!(names(ListTags::new().pattern("F44*")).await, ["f44", "f44_x"]);
        assert_eq!(names(ListTags::new().pattern("f44?*")).await, ["f44_x"]);
        // Koji lets SQL's own sign through
        assert_eq!(names(ListTags::new().pattern("f4%")).await, ["f43", "f44", "f44_x"]);
        let opts = QueryOpts { order: Some("-name".into()), limit: Some(2), offset: Some(1), ..Default::default() };
        assert_eq!(names(ListTags::new().query_opts(opts)).await, ["f44", "f43"]);
        let opts = QueryOpts { count_only: Some(true), ..Default::default() };
        assert_eq!(user.call(ListTags::new().query_opts(opts)).await.unwrap().count(), 5);
        let listed = user.call(ListTags::new().pattern("closed")).await.unwrap().into_list();
        assert_eq!(listed[0].perm.as_ref().and_then(|p| p.perm.as_deref()), Some("tag"));
        let raw = user.call_raw("listTags", vec![Value::Nil, Value::Nil, false.into()]).await.unwrap();
        let first = raw.as_array().unwrap()[0].as_struct().unwrap();
        assert!(first.get("perm").is_none() && first.get("owner_id").is_none());
        let (_, text) = user.refused(ListTags::new().build("nosuch")).await;
        assert_eq!(text, "invalid format: nosuch");
        let (_, text) = user.refused(ListTags::new().package("nosuch")).await;
        assert_eq!(text, "No such package: nosuch");
    }
}

#[tokio::test]
async fn changes_are_told_by_event() {
    for hub in hubs("changes_are_told_by_event").await {
        let user = hub.user("releng", &["tag"]).await;
        let base = create(&user, "base").await;
        let top = user.call(CreateTag::new("top").parent("base")).await.unwrap();
        let before = user.call(TagLastChangeEvent::new("top")).await.unwrap().unwrap();
        edit(&user, "base", &[("locked", true.into())]).await;
        let after = user.call(TagLastChangeEvent::new("top")).await.unwrap().unwrap();
        assert!(after > before);
        assert_eq!(user.call(TagLastChangeEvent::new("top").inherit(false)).await.unwrap(), Some(before));
        assert_eq!(user.call(TagLastChangeEvent::new("top").before(after)).await.unwrap(), Some(before));
        assert_eq!(user.call(TagFirstChangeEvent::new("top").after(before)).await.unwrap(), Some(after));
        assert_eq!(user.call(TagFirstChangeEvent::new("top").after(after)).await.unwrap(), None);
        let changed =
            async |event, tags: &[TagId]| user.call(TagChangedSinceEvent::new(event, tags.to_vec())).await.unwrap();
        assert!(changed(before, &[top, base]).await);
        assert!(!changed(before, &[top]).await);
        assert!(!changed(after, &[top, base]).await);
    }
}

#[tokio::test]
async fn a_tag_can_be_read_whatever_was_stored_of_it() {
    for hub in hubs("a_tag_can_be_read").await {
        let user = hub.user("releng", &["tag"]).await;
        create(&user, "f44").await;
        let deep = (0..90).fold(Value::Nil, |value, _| Value::Array(vec![value]));
        for value in [f64::NAN.into(), f64::INFINITY.into(), deep] {
            let extra = members(&[("x", value)]);
            let changed = user.call(EditTag2::new("f44").changes(KwArgs(members(&[("extra", extra.into())])))).await;
            let stored = !get(&user, "f44").await.extra.is_empty();
            assert_eq!(changed.is_ok(), stored, "{changed:?}");
        }
        let far = with(link(create(&user, "base").await, 0), "maxdepth", i32::MIN);
        let data = koji_core::api::OneOrMany(vec![far]);
        user.call(SetInheritanceData::new("f44", data)).await.unwrap();
        create(&user, "top").await;
        let data = koji_core::api::OneOrMany(vec![link(get(&user, "f44").await.id, 0)]);
        user.call(SetInheritanceData::new("top", data)).await.unwrap();
        assert_eq!(user.call(GetFullInheritance::new("top")).await.unwrap().len(), 2);
    }
}
