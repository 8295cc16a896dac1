use koji_core::api::query::Rows;
use koji_core::api::search::*;
use koji_core::model::Found;

use crate::call::Call;
use crate::registry::{Handle, Registry};
use crate::{Result, search};

pub(super) fn register(r: &mut Registry) {
    r.add::<Search>();
}

impl Handle for Search {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Rows<Found>> {
        let opts = self.query_opts.as_ref();
        search::search(cx.db().await?, &self.terms, &self.kind, &self.match_type, opts).await
    }
}
