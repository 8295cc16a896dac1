//! Packages and the lists of them in tags, as the hub's callers see them.

use koji_core::api::QueryOpts;
use koji_core::api::packages::*;
use koji_core::api::tags::{CreateTag, SetInheritanceData};
use koji_core::fault::FaultKind;
use koji_core::ids::{PackageId, TagId};
use koji_core::model::TagPackage;
use koji_core::xmlrpc::{Struct, Value, from_value};
use koji_tests::{Caller, hubs};

async fn list(user: &Caller<'_>, request: ListPackages) -> Vec<TagPackage> {
    from_value(user.call(request).await.unwrap()).unwrap()
}

fn shown(packages: &[TagPackage]) -> Vec<(&str, &str, bool)> {
    packages.iter().map(|p| (p.package_name.as_str(), p.tag_name.as_str(), p.blocked)).collect()
}

async fn inherit(user: &Caller<'_>, child: &str, parent: TagId, filter: &str) {
    let link: Struct = [
        ("parent_id", Value::from(parent.0)),
        ("priority", 0.into()),
        ("maxdepth", Value::Nil),
        ("intransitive", false.into()),
        ("noconfig", false.into()),
        ("pkg_filter", filter.into()),
    ]
    .into_iter()
    .collect();
    user.call(SetInheritanceData::new(child, link)).await.unwrap();
}

#[tokio::test]
async fn packages_are_found_by_id_and_name() {
    for hub in hubs("packages_are_found").await {
        let admin = hub.admin().await;
        let made = admin.call(GetPackage::new("hello").create(true)).await.unwrap().unwrap();
        assert_eq!(admin.call(GetPackage::new(made.id)).await.unwrap().unwrap().name, "hello");
        assert_eq!(admin.call(GetPackageId::new("hello")).await.unwrap(), Some(made.id));
        assert_eq!(admin.call(GetPackage::new("nosuch")).await.unwrap(), None);
        let refused = admin.refused(GetPackage::new("nosuch").strict(true)).await.1;
        assert_eq!(refused, "No such entry in table package: nosuch");
        let refused = admin.refused(GetPackageId::new("nosuch").strict(true)).await.1;
        assert_eq!(refused, "No such package name: nosuch");
        admin.call(GetPackage::new("Help").create(true)).await.unwrap();
        admin.call(GetPackage::new("zsh").create(true)).await.unwrap();
        let opts = QueryOpts { order: Some("-package_name".into()), ..Default::default() };
        let rows = admin.call(ListPackagesSimple::new().prefix("hel").query_opts(opts)).await.unwrap().into_list();
        assert_eq!(rows.iter().map(|p| p.package_name.as_str()).collect::<Vec<_>>(), ["hello", "Help"]);
        let all = admin.call(ListPackages::new()).await.unwrap();
        assert_eq!(all.as_array().unwrap().len(), 3);
        assert_eq!(all.as_array().unwrap()[0].as_struct().unwrap().len(), 2);
    }
}

#[tokio::test]
async fn a_list_is_kept_by_those_whom_the_policy_allows() {
    for hub in hubs("a_list_is_kept_by_those").await {
        let releng = hub.user("releng", &["tag"]).await;
        let alice = hub.user("alice", &[]).await;
        releng.call(CreateTag::new("f44")).await.unwrap();
        let add = || PackageListAdd::new("f44", "hello").owner("alice");
        let (kind, text) = alice.refused(add()).await;
        assert_eq!(kind, FaultKind::ActionNotAllowed);
        assert_eq!(text, "policy violation (package_list): Only admin/tag can do this via default policy");
        let (kind, text) = hub.nobody().refused(add()).await;
        assert_eq!((kind, text.as_str()), (FaultKind::ActionNotAllowed, "you must be logged in for this operation"));

        releng.call(add().extra_arches("i686 ppc64le")).await.unwrap();
        releng.call(add()).await.unwrap();
        let config = alice.call(GetPackageConfig::new("f44", "hello")).await.unwrap().unwrap();
        assert_eq!(config.extra_arches.as_deref(), Some("i686 ppc64le"));
        assert_eq!((config.owner_id, config.owner_name.as_deref()), (Some(alice.id), Some("alice")));
        assert!(alice.call(CheckTagPackage::new("f44", "hello")).await.unwrap());
        assert!(!alice.call(CheckTagPackage::new("f44", "nosuch")).await.unwrap());
        assert_eq!(alice.call(GetPackageConfig::new("nosuch", "hello")).await.unwrap(), None);

        let refused = async |request: PackageListAdd| releng.refused(request).await.1;
        assert_eq!(refused(PackageListAdd::new("f44", "other")).await, "owner not specified");
        assert_eq!(refused(PackageListAdd::new("f44", "other").owner("nosuch")).await, "No such user: 'nosuch'");
        assert_eq!(refused(PackageListAdd::new("nosuch", "other")).await, "No such tagInfo: 'nosuch'");
        assert_eq!(refused(PackageListAdd::new("f44", PackageId(99))).await, "No such package: 99");
        let bad = PackageListAdd::new("f44", "hello").extra_arches("bad!");
        assert_eq!(refused(bad).await, "Architecture can be only [a-zA-Z0-9_-]");
        assert_eq!(alice.call(GetPackage::new("other")).await.unwrap(), None, "nothing of a refused call stays");

        releng.call(PackageListSetOwner::new("f44", "hello", "releng")).await.unwrap();
        releng.call(PackageListSetArches::new("f44", "hello", None)).await.unwrap();
        let config = alice.call(GetPackageConfig::new("f44", "hello")).await.unwrap().unwrap();
        assert_eq!((config.owner_id, config.extra_arches.as_deref()), (Some(releng.id), Some("i686 ppc64le")));
        let text = releng.refused(PackageListSetOwner::new("f44", "nosuch", "alice")).await.1;
        assert_eq!(text, "cannot update: tag f44 has no data for package nosuch");
        releng.call(PackageListRemove::new("f44", "hello")).await.unwrap();
        assert_eq!(alice.call(GetPackageConfig::new("f44", "hello")).await.unwrap(), None);
    }
}

#[tokio::test]
async fn blocks_are_set_and_lifted() {
    for hub in hubs("blocks_are_set_and_lifted").await {
        let user = hub.user("releng", &["tag"]).await;
        user.call(CreateTag::new("base")).await.unwrap();
        user.call(CreateTag::new("top").parent("base")).await.unwrap();
        user.call(PackageListAdd::new("base", "hello").owner("releng")).await.unwrap();
        let listed = async |tag: &str| {
            let entry = user.call(GetPackageConfig::new(tag, "hello")).await.unwrap().unwrap();
            (entry.tag_name, entry.blocked)
        };
        let text = user.refused(PackageListUnblock::new("top", "hello")).await.1;
        assert_eq!(text, "package hello NOT blocked in tag top");
        user.call(PackageListBlock::new("top", "hello")).await.unwrap();
        assert_eq!(listed("top").await, ("top".into(), true));
        assert!(!user.call(CheckTagPackage::new("top", "hello")).await.unwrap());
        let text = user.refused(PackageListAdd::new("top", "hello").block(false)).await.1;
        assert_eq!(text, "package hello is blocked in tag top");
        user.call(PackageListUnblock::new("top", "hello")).await.unwrap();
        assert_eq!(listed("top").await, ("base".into(), false));

        user.call(PackageListBlock::new("base", "hello")).await.unwrap();
        user.call(PackageListUnblock::new("top", "hello")).await.unwrap();
        assert_eq!(listed("top").await, ("top".into(), false));
        assert_eq!(listed("base").await, ("base".into(), true));
        user.call(GetPackage::new("other").create(true)).await.unwrap();
        let text = user.refused(PackageListBlock::new("top", "other")).await.1;
        assert_eq!(text, "Package other is not in tag listing for top");
        let text = user.refused(PackageListUnblock::new("top", "other")).await.1;
        assert_eq!(text, "no data (blocked or otherwise) for package other in tag top");
    }
}

#[tokio::test]
async fn lists_are_inherited_through_filters() {
    for hub in hubs("lists_are_inherited_through_filters").await {
        let user = hub.user("releng", &["tag"]).await;
        hub.user("bob", &[]).await;
        let base = user.call(CreateTag::new("base")).await.unwrap();
        user.call(CreateTag::new("top")).await.unwrap();
        inherit(&user, "top", base, "b|z").await;
        for (tag, package, owner) in
            [("base", "bash", "releng"), ("base", "vim", "releng"), ("top", "zsh", "releng"), ("base", "zsh", "bob")]
        {
            user.call(PackageListAdd::new(tag, package).owner(owner)).await.unwrap();
        }
        user.call(PackageListBlock::new("base", "bash")).await.unwrap();
        let top = || ListPackages::new().tag_id("top");
        assert_eq!(shown(&list(&user, top()).await), [("zsh", "top", false)]);
        let inherited = list(&user, top().inherited(true)).await;
        assert_eq!(shown(&inherited), [("zsh", "top", false), ("bash", "base", true)]);
        assert_eq!(shown(&list(&user, top().inherited(true).with_blocked(false)).await), [("zsh", "top", false)]);
        let dups = list(&user, top().inherited(true).with_dups(true)).await;
        assert_eq!(shown(&dups), [("zsh", "top", false), ("zsh", "base", false), ("bash", "base", true)]);
        let of_bob = list(&user, ListPackages::new().user_id("bob")).await;
        assert_eq!(shown(&of_bob), [("zsh", "base", false)]);
        let of_vim = list(&user, ListPackages::new().pkg_id("vim").with_owners(false)).await;
        assert_eq!((shown(&of_vim), of_vim[0].owner_id), (vec![("vim", "base", false)], None));
        let prefixed = list(&user, ListPackages::new().tag_id("base").prefix("Z")).await;
        assert_eq!(shown(&prefixed), [("zsh", "base", false)]);
        let opts = QueryOpts { count_only: Some(true), ..Default::default() };
        assert_eq!(user.call(top().inherited(true).query_opts(opts)).await.unwrap(), 2.into());
    }
}
