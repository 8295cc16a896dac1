use koji_core::api::buildroots::*;
use koji_core::api::buildroots::{
    NewBuildRoot, SetBuildRootList, SetBuildRootState, UpdateBuildRootList, UpdateBuildrootArchives,
    UpdateMavenBuildRootList,
};
use koji_core::api::query::Rows;
use koji_core::api::{HostRef, TagRef};
use koji_core::ids::BuildrootId;
use koji_core::model::{Buildroot, BuildrootRpm};

use crate::buildroots::maven::{self, Found};
use crate::call::Call;
use crate::db::{args, list, sql};
use crate::error::fail;
use crate::given::take;
use crate::registry::{Handle, Registry};
use crate::{Result, buildroots, tasks};

pub(super) fn register(r: &mut Registry) {
    r.add::<GetBuildroot>()
        .add::<ListBuildroots>()
        .add::<GetBuildrootListing>()
        .add::<NewBuildRoot>()
        .add::<SetBuildRootState>()
        .add::<SetBuildRootList>()
        .add::<UpdateBuildRootList>()
        .add::<UpdateBuildrootArchives>()
        .add::<UpdateMavenBuildRootList>();
}

impl Handle for GetBuildroot {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Option<Buildroot>> {
        let found = buildroots::find(cx.db().await?, self.buildroot_id).await?;
        if found.is_none() && self.strict {
            fail!("No such buildroot: {}", self.buildroot_id);
        }
        Ok(found)
    }
}

impl Handle for ListBuildroots {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Rows<Buildroot>> {
        let ids: Option<Vec<i32>> = self.buildroot_id.map(|ids| ids.0.into_iter().map(|id| id.0).collect());
        let mut query = buildroots::select();
        query = match &self.host_id {
            None => query,
            Some(HostRef::Id(id)) => query.filter("host.id = $1", args![*id]),
            Some(HostRef::Name(name)) => query.filter("host.name = $1", args![name.as_str()]),
        };
        query = match &self.tag_id {
            None => query,
            Some(TagRef::Id(id)) => query.filter("tag.id = $1", args![*id]),
            Some(TagRef::Name(name)) => query.filter("tag.name = $1", args![name.as_str()]),
        };
        if let Some(states) = &self.state {
            query = query.filter(sql!("root.state ", {in "$1"}), args![list(&states.0)]);
        }
        if let Some(ids) = &ids {
            query = query.filter(sql!("buildroot.id ", {in "$1"}), args![list(ids)]);
        }
        if let Some(rpm) = self.rpm_id {
            let sql = "buildroot.id IN (SELECT buildroot_id FROM buildroot_listing WHERE rpm_id = $1)";
            query = query.filter(sql, args![rpm]);
        }
        if let Some(archive) = self.archive_id {
            let sql = "buildroot.id IN (SELECT buildroot_id FROM buildroot_archives WHERE archive_id = $1)";
            query = query.filter(sql, args![archive]);
        }
        if let Some(task) = self.task_id {
            query = query.filter("root.task_id = $1", args![task]);
        }
        if let Some(repo) = self.repo_id.filter(|repo| repo.0 != 0) {
            query = query.filter("root.repo_id = $1", args![repo]);
        }
        Ok(query.rows(cx.db().await?, self.query_opts.as_ref()).await?)
    }
}

impl Handle for GetBuildrootListing {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Vec<BuildrootRpm>> {
        let Some(id) = self.id.0 else { fail!("buildroot not specified") };
        buildroots::rpms_in(cx.db().await?, id).await
    }
}

impl Handle for NewBuildRoot {
    async fn handle(self, cx: &mut Call<'_>) -> Result<BuildrootId> {
        let host = cx.host_id()?;
        buildroots::create(cx, host, self.repo, &self.arch, self.task_id).await
    }
}

impl Handle for SetBuildRootState {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        let host = cx.host_id()?;
        buildroots::set_state(cx, self.brootid, host, self.task_id, &self.state).await
    }
}

impl Handle for SetBuildRootList {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        let host = cx.host_id()?;
        buildroots::set_rpms(cx, self.brootid, host, self.task_id, &self.rpmlist, false).await
    }
}

impl Handle for UpdateBuildRootList {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        let host = cx.host_id()?;
        buildroots::set_rpms(cx, self.brootid, host, self.task_id, &self.rpmlist, true).await
    }
}

impl Handle for UpdateBuildrootArchives {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        let host = cx.host_id()?;
        tasks::assert_host(cx.db().await?, self.task_id, host).await?;
        let mut archives = Vec::with_capacity(self.archives.len());
        for mut archive in self.archives {
            match take(&mut archive, "id")? {
                Some(id) => archives.push(id),
                None => fail!(Parameter, "host.updateBuildrootArchives(): an archive without id"),
            }
        }
        buildroots::add_archives(cx, self.brootid, host, self.task_id, &archives, self.project).await
    }
}

impl Handle for UpdateMavenBuildRootList {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        cx.hub().config().require_maven()?;
        let host = cx.host_id()?;
        tasks::assert_host(cx.db().await?, self.task_id, host).await?;
        let found = Found {
            artifacts: self.mavenlist,
            ignored: self.ignore.unwrap_or_default(),
            ignore_unknown: self.ignore_unknown,
            more: self.extra_deps.unwrap_or_default(),
        };
        let archives = maven::archives(cx, self.brootid, host, self.task_id, found).await?;
        buildroots::add_archives(cx, self.brootid, host, self.task_id, &archives, self.project).await
    }
}
