use koji_core::api::groups::*;
use koji_core::model::TagGroup;
use koji_core::xmlrpc::Struct;

use crate::call::Call;
use crate::groups::{self, Parts};
use crate::registry::{Handle, Registry};
use crate::{Result, names};

pub(super) fn register(r: &mut Registry) {
    r.add::<GetTagGroups>()
        .add::<GroupListAdd>()
        .add::<GroupListRemove>()
        .add::<GroupListBlock>()
        .add::<GroupListUnblock>()
        .add::<GroupPackageListAdd>()
        .add::<GroupPackageListRemove>()
        .add::<GroupPackageListBlock>()
        .add::<GroupPackageListUnblock>()
        .add::<GroupReqListAdd>()
        .add::<GroupReqListRemove>()
        .add::<GroupReqListBlock>()
        .add::<GroupReqListUnblock>();
}

impl Handle for GetTagGroups {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Vec<TagGroup>> {
        let db = cx.db().await?;
        let (tag, _) = names::get(db, &self.tag).await?;
        let parts = Parts { inherit: self.inherit, packages: self.incl_pkgs, requirements: self.incl_reqs };
        match self.incl_blocked {
            true => groups::all(db, tag, self.event, parts).await,
            false => groups::unblocked(db, tag, self.event, parts).await,
        }
    }
}

impl Handle for GroupListAdd {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        groups::add(cx, &self.tag_info, &self.group, self.block, self.force, self.opts.0).await
    }
}

impl Handle for GroupListRemove {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        groups::remove(cx, &self.tag_info, &self.group, self.force).await
    }
}

impl Handle for GroupListBlock {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        groups::add(cx, &self.tag_info, &self.group, true, false, Struct::new()).await
    }
}

impl Handle for GroupListUnblock {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        groups::unblock(cx, &self.tag_info, &self.group).await
    }
}

impl Handle for GroupPackageListAdd {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        let GroupPackageListAdd { tag_info, group, pkg_name, block, force, opts } = self;
        groups::add_package(cx, &tag_info, &group, &pkg_name, block, force, opts.0).await
    }
}

impl Handle for GroupPackageListRemove {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        groups::remove_package(cx, &self.tag_info, &self.group, &self.pkg_name).await
    }
}

impl Handle for GroupPackageListBlock {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        let GroupPackageListBlock { tag_info, group, pkg_name } = self;
        groups::add_package(cx, &tag_info, &group, &pkg_name, true, false, Struct::new()).await
    }
}

impl Handle for GroupPackageListUnblock {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        groups::unblock_package(cx, &self.tag_info, &self.group, &self.pkg_name).await
    }
}

impl Handle for GroupReqListAdd {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        let GroupReqListAdd { tag_info, group, required, block, force, opts } = self;
        groups::add_requirement(cx, &tag_info, &group, &required, block, force, opts.0).await
    }
}

impl Handle for GroupReqListRemove {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        groups::remove_requirement(cx, &self.tag_info, &self.group, &self.required).await
    }
}

impl Handle for GroupReqListBlock {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        let GroupReqListBlock { tag_info, group, required } = self;
        groups::add_requirement(cx, &tag_info, &group, &required, true, false, Struct::new()).await
    }
}

impl Handle for GroupReqListUnblock {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        groups::unblock_requirement(cx, &self.tag_info, &self.group, &self.required).await
    }
}
