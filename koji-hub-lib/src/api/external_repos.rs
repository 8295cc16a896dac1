use koji_core::api::TagRef;
use koji_core::api::external_repos::*;
use koji_core::api::query::Rows;
use koji_core::model::{ExternalRepo, TagExternalRepo};

use crate::call::Call;
use crate::error::fail;
use crate::external_repos::{self, Change};
use crate::registry::{Handle, Registry};
use crate::{Result, names, tags};

pub(super) fn register(r: &mut Registry) {
    r.add::<CreateExternalRepo>()
        .add::<EditExternalRepo>()
        .add::<DeleteExternalRepo>()
        .add::<ListExternalRepos>()
        .add::<GetExternalRepo>()
        .add::<AddExternalRepoToTag>()
        .add::<EditTagExternalRepo>()
        .add::<RemoveExternalRepoFromTag>()
        .add::<GetTagExternalRepos>()
        .add::<GetExternalRepoList>();
}

impl Handle for CreateExternalRepo {
    async fn handle(self, cx: &mut Call<'_>) -> Result<ExternalRepo> {
        external_repos::create(cx, &self.name.0, &self.url).await
    }
}

impl Handle for EditExternalRepo {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        external_repos::edit(cx, &self.info, self.name.as_deref(), self.url.as_deref()).await
    }
}

impl Handle for DeleteExternalRepo {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        external_repos::delete(cx, &self.info).await
    }
}

impl Handle for ListExternalRepos {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Rows<ExternalRepo>> {
        let (db, url) = (cx.db().await?, self.url.as_deref());
        external_repos::list(db, self.info.as_ref(), url, self.event, self.query_opts.as_ref()).await
    }
}

impl Handle for GetExternalRepo {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Option<ExternalRepo>> {
        let Some(repo) = &self.info.0 else { fail!("More than one repo in the result.") };
        let db = cx.db().await?;
        if self.strict {
            return Ok(Some(external_repos::get(db, repo, self.event).await?));
        }
        external_repos::find(db, repo, self.event).await
    }
}

impl Handle for AddExternalRepoToTag {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        let (mode, arches) = (self.merge_mode.unwrap_or_else(|| "koji".into()), self.arches.as_deref());
        external_repos::add_to_tag(cx, &self.tag_info, &self.repo_info, self.priority, mode, arches).await
    }
}

impl Handle for EditTagExternalRepo {
    async fn handle(self, cx: &mut Call<'_>) -> Result<bool> {
        let change = Change { priority: self.priority, merge_mode: self.merge_mode, arches: self.arches };
        external_repos::edit_of_tag(cx, &self.tag_info, &self.repo_info, change).await
    }
}

impl Handle for RemoveExternalRepoFromTag {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        external_repos::remove_from_tag(cx, &self.tag_info, &self.repo_info).await
    }
}

impl Handle for GetTagExternalRepos {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Vec<TagExternalRepo>> {
        let db = cx.db().await?;
        let tag = match self.tag_info.filter(TagRef::is_truthy) {
            Some(tag) => Some([names::get(db, &tag).await?.0]),
            None => None,
        };
        let repo = match self.repo_info.as_ref().filter(|repo| repo.is_truthy()) {
            Some(repo) => Some(external_repos::get(db, repo, self.event).await?.id),
            None => None,
        };
        external_repos::of_tags(db, tag.as_ref().map(|tag| &tag[..]), repo, self.event).await
    }
}

impl Handle for GetExternalRepoList {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Vec<TagExternalRepo>> {
        let db = cx.db().await?;
        let tag = tags::get(db, &self.tag_info, self.event).await?.id;
        external_repos::of_line(db, tag, self.event).await
    }
}
