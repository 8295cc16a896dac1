use koji_core::api::query::Rows;
use koji_core::api::tags::*;
use koji_core::api::{Param, TagRef};
use koji_core::ids::{EventId, TagId};
use koji_core::model::{InheritanceLink, InheritanceStep, Tag, TagListItem};
use koji_core::xmlrpc::{Struct, Value};

use crate::call::Call;
use crate::error::fail;
use crate::registry::{Handle, Registry};
use crate::snapshots::{self, Snapshot};
use crate::{Error, Result, builds, names, tags};

pub(super) fn register(r: &mut Registry) {
    r.add::<CreateTag>()
        .add::<EditTag>()
        .add::<EditTag2>()
        .add::<DeleteTag>()
        .add::<GetTag>()
        .add::<GetTagId>()
        .add::<ListTags>()
        .add::<GetInheritanceData>()
        .add::<SetInheritanceData>()
        .add::<GetFullInheritance>()
        .add::<GetBuildConfig>()
        .add::<CheckTagAccess>()
        .add::<TagChangedSinceEvent>()
        .add::<TagLastChangeEvent>()
        .add::<TagFirstChangeEvent>()
        .add::<SnapshotTag>()
        .add::<SnapshotTagModify>();
}

impl Handle for CreateTag {
    async fn handle(self, cx: &mut Call<'_>) -> Result<TagId> {
        let new = tags::NewTag {
            name: self.name.0,
            parent: self.parent,
            arches: self.arches,
            perm: self.perm,
            locked: self.locked,
            maven_support: self.maven_support,
            maven_include_all: self.maven_include_all,
            extra: self.extra.unwrap_or_default(),
        };
        tags::create(cx, new).await
    }
}

impl Handle for EditTag {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        // without any, Koji fails
        let Some(extra) = self.extra else { fail!(Parameter, "editTag(): extra must be a struct; use editTag2") };
        let changes: Struct = [
            ("name", Value::from(self.name.0)),
            ("arches", self.arches.into()),
            ("locked", self.locked.into()),
            ("perm_id", self.permission.into_value()),
            ("extra", extra.into()),
        ]
        .into_iter()
        .collect();
        tags::edit(cx, &self.tag_info, changes).await
    }
}

impl Handle for EditTag2 {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        tags::edit(cx, &self.tag_info, self.changes.0).await
    }
}

impl Handle for DeleteTag {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        tags::delete(cx, &self.tag_info).await
    }
}

impl Handle for GetTag {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Option<Tag>> {
        let db = cx.db().await?;
        let (event, deleted) = tags::moment(db, &self.tag_info, self.event).await?;
        let found = match self.blocked {
            false => tags::find(db, &self.tag_info, event).await?,
            true => tags::find_with_blocked(db, &self.tag_info, event).await?,
        };
        match found {
            Some(tag) => Ok(Some(Tag { revoke_event: deleted, ..tag })),
            None if self.strict => fail!("No such tagInfo: {}", self.tag_info),
            None => Ok(None),
        }
    }
}

impl Handle for GetTagId {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Option<TagId>> {
        let db = cx.db().await?;
        if self.strict {
            return Ok(Some(names::get(db, &self.info).await?.0));
        }
        Ok(names::find(db, &self.info).await?.map(|(id, _)| id))
    }
}

impl Handle for ListTags {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Rows<TagListItem>> {
        if self.build.is_some() && self.package.is_some() {
            fail!("only one of build and package may be specified");
        }
        let db = cx.db().await?;
        let mut filter = tags::Filter { perms: self.perms, pattern: self.pattern, ..Default::default() };
        if let Some(build) = &self.build {
            match builds::find(db, build).await? {
                Some(build) => filter.build = Some(build.build_id),
                None => fail!("No such build: {}", build.text()),
            }
        }
        if let Some(package) = &self.package {
            match names::find(db, package).await? {
                Some((id, _)) => filter.package = Some(id),
                None => fail!("No such package: {}", package.text()),
            }
        }
        tags::list(db, filter, self.query_opts.as_ref()).await
    }
}

impl Handle for GetInheritanceData {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Vec<InheritanceLink>> {
        let db = cx.db().await?;
        let (tag, _) = names::get(db, &self.tag).await?;
        tags::links(db, tag, self.event).await
    }
}

impl Handle for SetInheritanceData {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        let (tag, _) = names::get(cx.db().await?, &self.tag).await?;
        tags::set_links(cx, tag, self.data.0, self.clear).await
    }
}

impl Handle for GetFullInheritance {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Vec<InheritanceStep>> {
        for (name, value) in self.more.0.iter() {
            if !matches!(name, "stops" | "jumps") {
                fail!(Parameter, "getFullInheritance() got an unexpected keyword argument '{name}'");
            }
            if value.is_truthy() {
                fail!(Parameter, "{name} option has been removed since 1.26");
            }
        }
        let db = cx.db().await?;
        let tag = match self.tag {
            TagRef::Id(id) => id,
            ref name => names::get(db, name).await?.0,
        };
        match self.reverse {
            false => tags::inheritance(db, tag, self.event).await,
            true => tags::descendants(db, tag, self.event).await,
        }
    }
}

impl Handle for GetBuildConfig {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Tag> {
        tags::build_config(cx.db().await?, &self.tag, self.event).await
    }
}

impl Handle for CheckTagAccess {
    async fn handle(self, cx: &mut Call<'_>) -> Result<(bool, bool, Value)> {
        let user = match self.user_id {
            Some(user) => user,
            None => cx.user_id().map_err(|_| Error::generic("a user_id is required"))?,
        };
        let access = tags::access(cx, &self.tag_id, user).await?;
        Ok((access.denied.is_none(), access.may_force, access.denied.unwrap_or_default().into()))
    }
}

impl Handle for TagChangedSinceEvent {
    async fn handle(self, cx: &mut Call<'_>) -> Result<bool> {
        tags::changed_since(cx.db().await?, self.event, &self.taglist).await
    }
}

impl Handle for TagLastChangeEvent {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Option<EventId>> {
        tags::last_change(cx.db().await?, &self.tag, self.before, self.inherit).await
    }
}

impl Handle for TagFirstChangeEvent {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Option<EventId>> {
        tags::first_change(cx.db().await?, &self.tag, self.after, self.inherit).await
    }
}

/// What of a tag is copied, as the two methods name it.
macro_rules! snapshot {
    ($given:ident, $remove:expr) => {
        Snapshot {
            config: $given.config,
            packages: $given.pkgs,
            builds: $given.builds,
            groups: $given.groups,
            latest_only: $given.latest_only,
            inherit_builds: $given.inherit_builds,
            event: $given.event,
            force: $given.force,
            remove: $remove,
        }
    };
}

impl Handle for SnapshotTag {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        snapshots::make(cx, &self.src, &self.dst, &snapshot!(self, false)).await
    }
}

impl Handle for SnapshotTagModify {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        snapshots::update(cx, &self.src, &self.dst, &snapshot!(self, self.remove)).await
    }
}
