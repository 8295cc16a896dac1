use koji_core::api::query::Rows;
use koji_core::api::targets::*;
use koji_core::api::{TagRef, TargetRef};
use koji_core::ids::TagId;
use koji_core::model::BuildTarget;

use crate::call::Call;
use crate::db::Conn;
use crate::error::fail;
use crate::registry::{Handle, Registry};
use crate::{Result, names, targets};

pub(super) fn register(r: &mut Registry) {
    r.add::<CreateBuildTarget>()
        .add::<EditBuildTarget>()
        .add::<DeleteBuildTarget>()
        .add::<GetBuildTargets>()
        .add::<GetBuildTarget>();
}

impl Handle for CreateBuildTarget {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        targets::create(cx, &self.name.0, &self.build_tag, &self.dest_tag).await
    }
}

impl Handle for EditBuildTarget {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        targets::edit(cx, &self.target, &self.name.0, &self.build_tag, &self.dest_tag).await
    }
}

impl Handle for DeleteBuildTarget {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        targets::delete(cx, &self.target).await
    }
}

/// The id of a tag to filter by; of one that is not known, one that no tag has.
async fn tag_filter(db: &mut Conn, tag: Option<TagRef>) -> Result<Option<TagId>> {
    Ok(match tag {
        None => None,
        Some(TagRef::Id(id)) => Some(id),
        Some(name) => Some(names::find(db, &name).await?.map_or(TagId(-1), |(id, _)| id)),
    })
}

impl Handle for GetBuildTargets {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Rows<BuildTarget>> {
        let db = cx.db().await?;
        let filter = targets::Filter {
            target: self.info.filter(TargetRef::is_truthy),
            build_tag: tag_filter(db, self.build_tag_id).await?,
            dest_tag: tag_filter(db, self.dest_tag_id).await?,
            event: self.event,
        };
        targets::list(db, &filter, self.query_opts.as_ref()).await
    }
}

impl Handle for GetBuildTarget {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Option<BuildTarget>> {
        let db = cx.db().await?;
        let found = match &self.info.0 {
            Some(target) => targets::find(db, target, self.event).await?,
            None => None,
        };
        match found {
            None if self.strict => fail!("No such build target: {}", self.info.text()),
            found => Ok(found),
        }
    }
}
