use koji_core::api::notifications::*;
use koji_core::model::{Notification, NotificationBlock};

use crate::call::Call;
use crate::db::args;
use crate::error::fail;
use crate::notifications::wishes::{self, Which};
use crate::registry::{Handle, Registry};
use crate::{Result, users};

pub(super) fn register(r: &mut Registry) {
    r.add::<GetBuildNotifications>()
        .add::<GetBuildNotification>()
        .add::<CreateNotification>()
        .add::<UpdateNotification>()
        .add::<DeleteNotification>()
        .add::<GetBuildNotificationBlocks>()
        .add::<GetBuildNotificationBlock>()
        .add::<CreateNotificationBlock>()
        .add::<DeleteNotificationBlock>();
}

impl Handle for GetBuildNotifications {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Vec<Notification>> {
        let user = users::get_for(cx, &self.user_id).await?.id;
        wishes::of_user(cx.db().await?, user).await
    }
}

impl Handle for GetBuildNotification {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Option<Notification>> {
        let db = cx.db().await?;
        match self.id.0 {
            Some(id) if self.strict => wishes::get(db, id).await.map(Some),
            Some(id) => wishes::find(db, id).await,
            None if self.strict => fail!("No notification without an ID"),
            None => Ok(None),
        }
    }
}

impl Handle for CreateNotification {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        let user = wishes::user_for(cx, &self.user_id, "notifications").await?;
        let which = Which::new(cx.db().await?, self.package_id.as_ref(), self.tag_id.as_ref()).await?;
        wishes::create(cx, &user, which, self.success_only).await
    }
}

impl Handle for UpdateNotification {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        wishes::caller(cx)?;
        let old = wishes::get(cx.db().await?, self.id).await?;
        wishes::assert_owner(cx, old.user_id, "update", "notifications").await?;
        let db = cx.db().await?;
        let which = Which::new(db, self.package_id.as_ref(), self.tag_id.as_ref()).await?;
        wishes::update(db, &old, which, self.success_only).await
    }
}

impl Handle for DeleteNotification {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        let owner = wishes::get(cx.db().await?, self.id).await?.user_id;
        wishes::assert_owner(cx, owner, "delete", "notifications").await?;
        cx.db().await?.execute("DELETE FROM build_notifications WHERE id = $1", args![self.id]).await?;
        Ok(())
    }
}

impl Handle for GetBuildNotificationBlocks {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Vec<NotificationBlock>> {
        let user = users::get_for(cx, &self.user_id).await?.id;
        wishes::blocks_of_user(cx.db().await?, user).await
    }
}

impl Handle for GetBuildNotificationBlock {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Option<NotificationBlock>> {
        let db = cx.db().await?;
        match self.id.0 {
            Some(id) if self.strict => wishes::get_block(db, id).await.map(Some),
            Some(id) => wishes::find_block(db, id).await,
            None if self.strict => fail!("No notification block without an ID"),
            None => Ok(None),
        }
    }
}

impl Handle for CreateNotificationBlock {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        let user = wishes::user_for(cx, &self.user_id, "notification blocks").await?;
        let db = cx.db().await?;
        let which = Which::new(db, self.package_id.as_ref(), self.tag_id.as_ref()).await?;
        wishes::block(db, user.id, which).await
    }
}

impl Handle for DeleteNotificationBlock {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        let owner = wishes::get_block(cx.db().await?, self.id).await?.user_id;
        wishes::assert_owner(cx, owner, "delete", "notification blocks").await?;
        cx.db().await?.execute("DELETE FROM build_notifications_block WHERE id = $1", args![self.id]).await?;
        Ok(())
    }
}
