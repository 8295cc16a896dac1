//! Changing which packages a tag lists.

use koji_core::api::{PackageRef, TagRef, UserRef};
use koji_core::arch::ArchList;
use koji_core::ids::{PackageId, TagId, UserId};
use koji_core::model::{Package, Tag, User};
use koji_core::xmlrpc::{Struct, Value};

use super::find;
use crate::call::Call;
use crate::db::Arg;
use crate::error::fail;
use crate::plugin::{Callback, CallbackType, PackageEntry, PackageListChange};
use crate::{Result, names, policy, tags, users};

/// What is to be said of a package in a tag; what is not given stays as it is, inherited or not.
#[derive(Debug, Default)]
pub(crate) struct Change {
    pub owner: Option<UserRef>,
    pub block: Option<bool>,
    pub extra_arches: Option<String>,
    /// Whether to go past what stands there already, and for administrators past the policy.
    pub force: bool,
    /// Whether there must be an entry already.
    pub update: bool,
    /// Whether the policy is not asked.
    pub unasked: bool,
}

/// An entry to be written.
struct Entry {
    tag: TagId,
    package: PackageId,
    owner: UserId,
    blocked: bool,
    extra_arches: Option<String>,
}

async fn ask_policy(cx: &mut Call<'_>, tag: TagId, package: Value, action: &str, force: bool) -> Result<()> {
    let data: Struct =
        [("tag", Value::from(tag.0)), ("action", action.into()), ("package", package), ("force", force.into())]
            .into_iter()
            .collect();
    policy::assert(cx, "package_list", &data, force).await
}

async fn revoke(cx: &mut Call<'_>, table: &'static str, tag: TagId, package: PackageId) -> Result<u64> {
    cx.revoke(table, vec![("package_id", package.into()), ("tag_id", tag.into())]).await
}

async fn set_owner(cx: &mut Call<'_>, tag: TagId, package: PackageId, owner: UserId) -> Result<()> {
    revoke(cx, "tag_package_owners", tag, package).await?;
    let columns = vec![("tag_id", tag.into()), ("package_id", package.into()), ("owner", owner.into())];
    cx.insert_versioned("tag_package_owners", columns).await
}

async fn write(cx: &mut Call<'_>, entry: Entry) -> Result<()> {
    let Entry { tag, package, owner, blocked, extra_arches } = entry;
    revoke(cx, "tag_packages", tag, package).await?;
    let columns = vec![
        ("tag_id", Arg::from(tag)),
        ("package_id", package.into()),
        ("blocked", blocked.into()),
        ("extra_arches", extra_arches.into()),
    ];
    cx.insert_versioned("tag_packages", columns).await?;
    set_owner(cx, tag, package, owner).await
}

/// Lists a package in a tag, or changes how it stands there, if the policy allows it. A package that is not known is
/// made.
pub(crate) async fn change(cx: &mut Call<'_>, tag: &TagRef, package: &PackageRef, change: Change) -> Result<()> {
    let Change { owner, block, extra_arches, force, update, unasked } = change;
    let db = cx.db().await?;
    let tag = tags::get(db, tag, None).await?;
    let known = names::find(db, package).await?;
    if let (None, PackageRef::Id(id)) = (&known, package) {
        fail!("No such package: {id}");
    }
    let mut owner = match &owner {
        None => None,
        Some(owner) => Some(users::get_for(cx, owner).await?.id),
    };
    let action = match block {
        _ if update => "update",
        Some(true) => "block",
        _ => "add",
    };
    let asked = match package {
        PackageRef::Id(id) => id.0.into(),
        PackageRef::Name(name) => name.as_str().into(),
    };
    if !unasked {
        ask_policy(cx, tag.id, asked, action, force).await?;
    }
    let (package, package_name) = match known {
        Some(known) => known,
        None => (names::get_or_make(cx.db().await?, &package.text()).await?, package.text()),
    };
    let mut extra_arches = match extra_arches {
        None => None,
        Some(text) => Some(ArchList::parse_strict(&text)?.to_string()),
    };
    let previous = find(cx.db().await?, tag.id, package, None).await?;
    let mut blocked = block.unwrap_or_default();
    let (mut changed, mut changed_owner) = (true, false);
    match &previous {
        None if update && !force => {
            fail!("cannot update: tag {} has no data for package {package_name}", tag.name)
        }
        None => {}
        Some(previous) => {
            owner = owner.or(previous.owner_id);
            changed_owner = previous.owner_id != owner;
            blocked = block.unwrap_or(previous.blocked);
            extra_arches = extra_arches.or_else(|| previous.extra_arches.clone());
            changed = previous.blocked != blocked || previous.extra_arches != extra_arches;
            if !changed && !changed_owner && !force {
                return Ok(());
            }
            if previous.blocked && !blocked && !force {
                fail!("package {package_name} is blocked in tag {}", tag.name);
            }
        }
    }
    let owner = match owner {
        Some(owner) => owner,
        None if force => cx.user_id()?,
        None => fail!("owner not specified"),
    };
    let entry = PackageEntry { owner, block: blocked, extra_arches: extra_arches.as_deref(), force, update };
    let told = Told::new(cx, action, &tag, package, &package_name).await?;
    told.before(cx, Some(entry.clone())).await?;
    if changed {
        let extra_arches = extra_arches.clone();
        write(cx, Entry { tag: tag.id, package, owner, blocked, extra_arches }).await?;
    } else if changed_owner {
        set_owner(cx, tag.id, package, owner).await?;
    }
    told.after(cx, Some(entry)).await
}

/// Takes a package from a tag's own list, if the policy allows it.
pub(crate) async fn remove(cx: &mut Call<'_>, tag: &TagRef, package: &PackageRef, force: bool) -> Result<()> {
    let db = cx.db().await?;
    let tag = tags::get(db, tag, None).await?;
    let (package, name) = names::get(db, package).await?;
    ask_policy(cx, tag.id, package.0.into(), "remove", force).await?;
    let told = Told::new(cx, "remove", &tag, package, &name).await?;
    told.before(cx, None).await?;
    revoke(cx, "tag_packages", tag.id, package).await?;
    told.after(cx, None).await
}

/// Blocks a package that a tag lists, itself or by inheritance.
pub(crate) async fn block(cx: &mut Call<'_>, tag: &TagRef, package: &PackageRef, force: bool) -> Result<()> {
    let db = cx.db().await?;
    let found_tag = tags::get(db, tag, None).await?;
    let (id, name) = names::get(db, package).await?;
    if find(db, found_tag.id, id, None).await?.is_none() {
        fail!("Package {name} is not in tag listing for {}", found_tag.name);
    }
    change(cx, tag, package, Change { block: Some(true), force, ..Change::default() }).await
}

/// Unblocks a package: the tag's own block goes, or an entry comes that has precedence over the inherited one.
pub(crate) async fn unblock(cx: &mut Call<'_>, tag: &TagRef, package: &PackageRef, force: bool) -> Result<()> {
    let db = cx.db().await?;
    let tag = tags::get(db, tag, None).await?;
    let (package, name) = names::get(db, package).await?;
    ask_policy(cx, tag.id, package.0.into(), "unblock", force).await?;
    let Some(previous) = find(cx.db().await?, tag.id, package, None).await? else {
        fail!("no data (blocked or otherwise) for package {name} in tag {}", tag.name)
    };
    if !previous.blocked {
        fail!("package {name} NOT blocked in tag {}", tag.name);
    }
    let told = Told::new(cx, "unblock", &tag, package, &name).await?;
    told.before(cx, None).await?;
    if previous.tag_id == tag.id {
        revoke(cx, "tag_packages", tag.id, package).await?;
        // what it inherits now may be nothing, or blocked too
        if find(cx.db().await?, tag.id, package, None).await?.is_some_and(|entry| !entry.blocked) {
            return told.after(cx, None).await;
        }
    }
    let Some(owner) = previous.owner_id else { fail!("package {name} has no owner in tag {}", previous.tag_name) };
    let extra_arches = previous.extra_arches;
    write(cx, Entry { tag: tag.id, package, owner, blocked: false, extra_arches }).await?;
    told.after(cx, None).await
}

/// What plugins are told of a change, if one of them wants to hear of it.
struct Told<'a>(Option<(&'a str, &'a Tag, Package, Option<User>)>);

impl<'a> Told<'a> {
    async fn new(cx: &mut Call<'_>, action: &'a str, tag: &'a Tag, package: PackageId, name: &str) -> Result<Self> {
        if !cx.tells(CallbackType::PrePackageListChange) && !cx.tells(CallbackType::PostPackageListChange) {
            return Ok(Told(None));
        }
        let user = match cx.user_id() {
            Ok(user) => users::find(cx.db().await?, &user.into()).await?,
            Err(_) => None,
        };
        Ok(Told(Some((action, tag, Package { id: package, name: name.to_owned() }, user))))
    }

    fn about(&'a self, entry: Option<PackageEntry<'a>>) -> Option<PackageListChange<'a>> {
        let (action, tag, package, user) = self.0.as_ref()?;
        Some(PackageListChange { action, tag, package, user: user.as_ref(), entry })
    }

    async fn before(&self, cx: &mut Call<'_>, entry: Option<PackageEntry<'_>>) -> Result<()> {
        match self.about(entry) {
            Some(about) => cx.tell(Callback::PrePackageListChange(about)).await,
            None => Ok(()),
        }
    }

    async fn after(&self, cx: &mut Call<'_>, entry: Option<PackageEntry<'_>>) -> Result<()> {
        match self.about(entry) {
            Some(about) => cx.tell(Callback::PostPackageListChange(about)).await,
            None => Ok(()),
        }
    }
}
