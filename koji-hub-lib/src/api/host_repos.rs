use std::collections::BTreeMap;

use koji_core::api::host_repos::{DistRepoMove, RepoDone, RepoInit};
use koji_core::ids::{EventId, RepoId};
use koji_core::xmlrpc::{Value, from_value};

use crate::Result;
use crate::call::Call;
use crate::error::fail;
use crate::registry::{Handle, Registry};
use crate::repos::{dist, make};

pub(super) fn register(r: &mut Registry) {
    r.add::<RepoInit>().add::<RepoDone>().add::<DistRepoMove>();
}

impl Handle for RepoInit {
    async fn handle(self, cx: &mut Call<'_>) -> Result<(RepoId, EventId)> {
        cx.host_id()?;
        make::init(cx, &self.tag, self.task_id, self.event, self.opts.as_ref()).await
    }
}

impl Handle for RepoDone {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        cx.host_id()?;
        let data: BTreeMap<String, (String, Vec<String>)> = match from_value(Value::Struct(self.data)) {
            Ok(data) => data,
            Err(e) => fail!(Parameter, "host.repoDone(): invalid value for data: {e}"),
        };
        make::done(cx, self.repo_id, &data, self.expire, self.repo_json_updates).await
    }
}

impl Handle for DistRepoMove {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        cx.host_id()?;
        dist::move_arch(cx, self.repo_id, &self.uploadpath, &self.arch).await
    }
}
