use std::collections::BTreeMap;

use koji_core::api::content_generators::*;
use koji_core::model::{Build, ContentGenerator, Reservation};

use crate::call::Call;
use crate::registry::{Handle, Prepare, Registry};
use crate::{Result, content_generators as cgs};

pub(super) fn register(r: &mut Registry) {
    r.add::<ListCgs>()
        .add::<GrantCgAccess>()
        .add::<RevokeCgAccess>()
        .add::<CgInitBuild>()
        .add::<CgRefundBuild>()
        .add_prepared::<CgImport>();
}

impl Handle for ListCgs {
    async fn handle(self, cx: &mut Call<'_>) -> Result<BTreeMap<String, ContentGenerator>> {
        cgs::list(cx.db().await?).await
    }
}

impl Handle for GrantCgAccess {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        cgs::grant(cx, &self.user, &self.cg, self.create).await
    }
}

impl Handle for RevokeCgAccess {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        cgs::revoke(cx, &self.user, &self.cg).await
    }
}

impl Handle for CgInitBuild {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Reservation> {
        let (cg, _) = cgs::assert_access(cx, &self.cg).await?;
        cgs::reserve(cx, cg, self.data).await
    }
}

impl Handle for CgRefundBuild {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        let state = cgs::end_state(self.state)?;
        let (cg, _) = cgs::assert_access(cx, &self.cg).await?;
        cgs::refund(cx, cg, self.build_id, self.token.as_deref(), state).await
    }
}

impl Handle for CgImport {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Build> {
        cgs::import(cx, self.metadata, &self.directory, self.token.as_deref()).await
    }
}

impl Prepare for CgImport {
    async fn prepare(self, cx: &mut Call<'_>) -> Result<()> {
        cgs::read_ahead(cx, self.metadata, &self.directory, self.token.as_deref()).await
    }
}
