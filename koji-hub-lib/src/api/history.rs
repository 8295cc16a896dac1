use koji_core::api::history::*;
use koji_core::xmlrpc::Struct;

use crate::call::Call;
use crate::registry::{Handle, Registry};
use crate::{Result, history};

pub(super) fn register(r: &mut Registry) {
    r.add::<QueryHistory>();
}

impl Handle for QueryHistory {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Struct> {
        history::query(cx.db().await?, self.tables.as_deref(), self.filters.0).await
    }
}
