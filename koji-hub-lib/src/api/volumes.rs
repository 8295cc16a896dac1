use koji_core::api::volumes::*;
use koji_core::model::Volume;

use crate::call::Call;
use crate::error::fail;
use crate::registry::{Handle, Registry};
use crate::{Result, volumes};

pub(super) fn register(r: &mut Registry) {
    r.add::<ListVolumes>().add::<GetVolume>().add::<AddVolume>().add::<RemoveVolume>();
}

impl Handle for ListVolumes {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Vec<Volume>> {
        volumes::list(cx.db().await?).await
    }
}

impl Handle for GetVolume {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Option<Volume>> {
        match volumes::find(cx.db().await?, &self.volume).await? {
            None if self.strict => fail!("No such volume: {}", self.volume.text()),
            found => Ok(found),
        }
    }
}

impl Handle for AddVolume {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Volume> {
        volumes::add(cx, &self.name.0, self.strict).await
    }
}

impl Handle for RemoveVolume {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        volumes::remove(cx.db().await?, &self.volume).await
    }
}
