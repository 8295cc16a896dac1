use koji_core::api::packages::*;
use koji_core::api::query::Rows;
use koji_core::api::{PackageRef, QueryOpts};
use koji_core::ids::PackageId;
use koji_core::model::{Package, PackageListItem, TagPackage};
use koji_core::xmlrpc::{Value, to_value};

use crate::call::Call;
use crate::db::{Conn, Select, args, sql};
use crate::error::fail;
use crate::packages::{self, Change, Listing};
use crate::registry::{Handle, Registry};
use crate::{Result, listing, names, users};

pub(super) fn register(r: &mut Registry) {
    r.add::<GetPackage>()
        .add::<GetPackageId>()
        .add::<ListPackages>()
        .add::<ListPackagesSimple>()
        .add::<CheckTagPackage>()
        .add::<GetPackageConfig>()
        .add::<PackageListAdd>()
        .add::<PackageListRemove>()
        .add::<PackageListBlock>()
        .add::<PackageListUnblock>()
        .add::<PackageListSetOwner>()
        .add::<PackageListSetArches>();
}

impl Handle for GetPackage {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Option<Package>> {
        let db = cx.db().await?;
        if self.strict {
            let (id, name) = names::get(db, &self.info).await?;
            return Ok(Some(Package { id, name }));
        }
        if let Some((id, name)) = names::find(db, &self.info).await? {
            return Ok(Some(Package { id, name }));
        }
        match self.info {
            _ if !self.create => Ok(None),
            PackageRef::Id(_) => fail!("Name must be a string"),
            PackageRef::Name(name) => {
                Ok(Some(Package { id: names::get_or_make(cx.begin().await?, &name).await?, name }))
            }
        }
    }
}

impl Handle for GetPackageId {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Option<PackageId>> {
        let found = match &self.name.0 {
            Some(name) => names::find(cx.db().await?, name).await?,
            None => None,
        };
        match found {
            Some((id, _)) => Ok(Some(id)),
            None if self.strict => fail!("No such package name: {}", self.name.text()),
            None => Ok(None),
        }
    }
}

async fn list_simple(db: &mut Conn, prefix: Option<&str>, asked: Option<&QueryOpts>) -> Result<Rows<PackageListItem>> {
    let mut query = Select::from("package")
        .columns(&[("package.id", "package_id"), ("package.name", "package_name")])
        .order_by("package.id");
    if let Some(prefix) = prefix {
        query = query.filter(sql!({ ilike "package.name", "$1 || '%'" }), args![prefix]);
    }
    Ok(query.rows(db, asked).await?)
}

impl Handle for ListPackages {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Value> {
        let asked = self.query_opts.as_ref();
        if self.tag_id.is_none() && self.user_id.is_none() && self.pkg_id.is_none() {
            return Ok(to_value(&list_simple(cx.db().await?, self.prefix.as_deref(), asked).await?)?);
        }
        let mut which = Listing {
            event: self.event,
            inherit: self.inherited,
            with_dups: self.with_dups,
            with_owners: self.with_owners,
            with_blocked: self.with_blocked,
            ..Listing::default()
        };
        if let Some(tag) = &self.tag_id {
            which.tag = Some(names::get(cx.db().await?, tag).await?.0);
        }
        if let Some(user) = &self.user_id {
            which.owner = Some(users::get_for(cx, user).await?.id);
        }
        let db = cx.db().await?;
        if let Some(package) = &self.pkg_id {
            which.package = Some(names::get(db, package).await?.0);
        }
        if which.owner.is_some() && !which.with_owners {
            fail!("userID and with_owners=False can't be used together");
        }
        let mut packages = packages::list(db, &which).await?;
        if let Some(prefix) = self.prefix.map(|prefix| prefix.to_lowercase()) {
            packages.retain(|package| package.package_name.to_lowercase().starts_with(&prefix));
        }
        let names =
            ["package_id", "package_name", "tag_id", "tag_name", "extra_arches", "blocked", "owner_id", "owner_name"];
        let names = if which.with_owners { &names[..] } else { &names[..6] };
        Ok(to_value(&listing::apply(packages, asked, names)?)?)
    }
}

impl Handle for ListPackagesSimple {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Rows<PackageListItem>> {
        list_simple(cx.db().await?, self.prefix.as_deref(), self.query_opts.as_ref()).await
    }
}

impl Handle for CheckTagPackage {
    async fn handle(self, cx: &mut Call<'_>) -> Result<bool> {
        let db = cx.db().await?;
        let (Some((tag, _)), Some((package, _))) =
            (names::find(db, &self.tag).await?, names::find(db, &self.pkg).await?)
        else {
            return Ok(false);
        };
        Ok(packages::find(db, tag, package, None).await?.is_some_and(|entry| !entry.blocked))
    }
}

impl Handle for GetPackageConfig {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Option<TagPackage>> {
        let db = cx.db().await?;
        let (Some((tag, _)), Some((package, _))) =
            (names::find(db, &self.tag).await?, names::find(db, &self.pkg).await?)
        else {
            return Ok(None);
        };
        packages::find(db, tag, package, self.event).await
    }
}

impl Handle for PackageListAdd {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        let PackageListAdd { owner, block, extra_arches, force, update, .. } = self;
        let change = Change { owner, block, extra_arches, force, update, unasked: false };
        packages::change(cx, &self.tag_info, &self.pkg_info, change).await
    }
}

impl Handle for PackageListRemove {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        packages::remove(cx, &self.tag_info, &self.pkg_info, self.force).await
    }
}

impl Handle for PackageListBlock {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        packages::block(cx, &self.tag_info, &self.pkg_info, self.force).await
    }
}

impl Handle for PackageListUnblock {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        packages::unblock(cx, &self.tag_info, &self.pkg_info, self.force).await
    }
}

impl Handle for PackageListSetOwner {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        let change = Change { owner: Some(self.owner), force: self.force, update: true, ..Change::default() };
        packages::change(cx, &self.tag_info, &self.pkg_info, change).await
    }
}

impl Handle for PackageListSetArches {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        let change = Change { extra_arches: self.arches, force: self.force, update: true, ..Change::default() };
        packages::change(cx, &self.tag_info, &self.pkg_info, change).await
    }
}
