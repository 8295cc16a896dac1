use koji_core::api::query::Rows;
use koji_core::api::tagging::*;
use koji_core::api::tagging::{HostTagBuild, TagNotification};
use koji_core::api::{BuildRef, TagRef, UserRef};
use koji_core::ids::{BuildId, PackageId, TagId, TaskId};
use koji_core::model::{Build, BuildState, Tag, TaggedBuild, TaggedRpms, UntaggedBuild};
use koji_core::xmlrpc::{Struct, Value};

use crate::call::Call;
use crate::db::{Conn, Select, args};
use crate::notifications::{self, Tagging};
use crate::registry::{Handle, HandleRows, Registry, RowSink};
use crate::tagging::{self, Contents};
use crate::tasks::make::NewTask;
use crate::{Result, builds, names, policy, tags, tasks};

pub(super) fn register(r: &mut Registry) {
    r.add::<TagBuild>()
        .add::<TagBuildBypass>()
        .add::<UntagBuild>()
        .add::<UntagBuildBypass>()
        .add::<MoveBuild>()
        .add::<MoveAllBuilds>()
        .add::<MassTag>()
        .add_rows::<ListTagged>()
        .add::<ListTaggedRpms>()
        .add::<GetLatestBuilds>()
        .add::<GetLatestRpms>()
        .add::<UntaggedBuilds>()
        .add::<HostTagBuild>()
        .add::<TagNotification>();
}

/// What the policy `tag` is asked about.
fn policy_data(operation: &str, tag: Option<TagId>, from: Option<TagId>, build: &Build) -> Struct {
    let id = |id: Option<TagId>| Value::from(id.map(|id| id.0));
    [("tag", id(tag)), ("build", build.id.0.into()), ("fromtag", id(from)), ("operation", operation.into())]
        .into_iter()
        .collect()
}

impl Handle for TagBuild {
    async fn handle(self, cx: &mut Call<'_>) -> Result<TaskId> {
        let user = cx.user_id()?;
        let db = cx.db().await?;
        let build = builds::get(db, &self.build).await?;
        let tag = tags::get(db, &self.tag, None).await?;
        let from = match &self.fromtag {
            Some(from) => Some(names::get::<TagId>(db, from).await?.0),
            None => None,
        };
        tagging::assert_complete(&build)?;
        tags::require_access(cx, &tag.id.into(), user, self.force).await?;
        if let Some(from) = from {
            tags::require_access(cx, &from.into(), user, self.force).await?;
        }
        let package = (build.package_id, build.name.as_str());
        tagging::check_package(cx, tag.id, &tag.name, package, self.force).await?;
        let operation = if from.is_some() { "move" } else { "tag" };
        let data = policy_data(operation, Some(tag.id), from, &build);
        policy::assert(cx, "tag", &data, self.force).await?;
        let params = vec![tag.id.0.into(), build.id.0.into(), self.force.into(), from.map(|from| from.0).into()];
        NewTask { priority: Some(10), ..NewTask::new("tagBuild", params) }.make(cx).await
    }
}

impl Handle for MoveBuild {
    async fn handle(self, cx: &mut Call<'_>) -> Result<TaskId> {
        TagBuild { tag: self.tag2, build: self.build, force: self.force, fromtag: Some(self.tag1) }.handle(cx).await
    }
}

/// The tag and the build that a call is about.
async fn both(cx: &mut Call<'_>, tag: &TagRef, build: &BuildRef) -> Result<(Tag, Build)> {
    let db = cx.db().await?;
    Ok((tags::get(db, tag, None).await?, builds::get(db, build).await?))
}

impl Handle for TagBuildBypass {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        let user = cx.user_id()?;
        let (tag, build) = both(cx, &self.tag, &self.build).await?;
        policy::assert(cx, "tag", &policy_data("tag", Some(tag.id), None, &build), self.force).await?;
        tagging::tag_build(cx, &tag, &build, user, self.force).await?;
        if self.notify {
            let what = Tagging { success: true, tag: Some(tag.id), user: Some(user), ..Tagging::default() };
            notifications::about_tagging(cx, &build, what).await?;
        }
        Ok(())
    }
}

impl Handle for UntagBuild {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        untag(cx, &self.tag, &self.build, self.strict, self.force, true).await
    }
}

impl Handle for UntagBuildBypass {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        untag(cx, &self.tag, &self.build, self.strict, self.force, self.notify).await
    }
}

async fn untag(
    cx: &mut Call<'_>,
    tag: &TagRef,
    build: &BuildRef,
    strict: bool,
    force: bool,
    notify: bool,
) -> Result<()> {
    let user = cx.user_id()?;
    let (tag, build) = both(cx, tag, build).await?;
    policy::assert(cx, "tag", &policy_data("untag", None, Some(tag.id), &build), force).await?;
    tagging::untag_build(cx, &tag, &build, user, strict, force).await?;
    if notify {
        let what = Tagging { success: true, from: Some(tag.id), user: Some(user), ..Tagging::default() };
        notifications::about_tagging(cx, &build, what).await?;
    }
    Ok(())
}

impl Handle for MoveAllBuilds {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Vec<TaskId>> {
        let user = cx.user_id()?;
        let db = cx.db().await?;
        let (package, name) = names::get::<PackageId>(db, &self.package).await?;
        let (from, _) = names::get::<TagId>(db, &self.tag1).await?;
        let (to, _) = names::get::<TagId>(db, &self.tag2).await?;
        let shown = format!("tag {}", self.tag2.text());
        tagging::check_package(cx, to, &shown, (package, &self.package.text()), self.force).await?;
        tags::require_access(cx, &from.into(), user, self.force).await?;
        tags::require_access(cx, &to.into(), user, self.force).await?;
        let wanted = Contents { package: Some(name), ..Contents::default() };
        let mut moved = tagging::builds(cx.db().await?, from, &wanted).await?;
        // in the order in which they were tagged
        moved.reverse();
        for build in &moved {
            let build = builds::get_by_id(cx.db().await?, build.id).await?;
            policy::assert(cx, "tag", &policy_data("move", Some(to), Some(from), &build), false).await?;
        }
        let mut made: Vec<TaskId> = Vec::new();
        for build in moved {
            let wait = made.last().map(|task| Value::from(task.0)).into_iter().collect::<Vec<_>>();
            let opts: Struct = [("priority", 15)].into_iter().collect();
            let args: Vec<Value> = vec![to.0.into(), build.id.0.into(), self.force.into(), from.0.into()];
            let subtask = Value::Array(vec!["tagBuild".into(), args.into(), opts.into()]);
            let params = vec![wait.into(), Value::Array(vec![subtask])];
            made.push(NewTask::new("dependantTask", params).make(cx).await?);
        }
        Ok(made)
    }
}

impl HandleRows for ListTagged {
    type Row = TaggedBuild;

    async fn handle_rows(self, cx: &mut Call<'_>, rows: &mut RowSink<'_>) -> Result<()> {
        let db = cx.db().await?;
        let tag = match self.strict {
            true => Some(tags::get(db, &self.tag, self.event).await?),
            false => tags::find(db, &self.tag, self.event).await?,
        };
        let Some(tag) = tag else { return Ok(()) };
        let wanted = Contents {
            event: self.event,
            inherit: self.inherit,
            latest: Contents::latest(&self.latest),
            package: self.package,
            prefix: self.prefix,
            owner: self.owner.filter(UserRef::is_truthy),
            kind: self.kind,
            extra: self.extra,
            draft: self.draft,
        };
        let mut found = tagging::find(db, tag.id, &wanted).await?;
        let mut part = found.read(db, 0, &wanted).await?;
        for n in 0.. {
            let Some(here) = part else { break };
            found.learn(cx.db().await?, &here).await?;
            // the database is at the next part while this one is written
            let written = async { found.builds(n, &here, &wanted).try_for_each(|build| rows.push(&build)) };
            let read;
            (read, ()) = tokio::try_join!(found.read(cx.db().await?, n + 1, &wanted), written)?;
            part = read;
            rows.give(cx).await?;
        }
        Ok(())
    }
}

impl Handle for ListTaggedRpms {
    async fn handle(self, cx: &mut Call<'_>) -> Result<TaggedRpms> {
        let db = cx.db().await?;
        let tag = match self.strict {
            true => Some(tags::get(db, &self.tag, self.event).await?),
            false => tags::find(db, &self.tag, self.event).await?,
        };
        let Some(tag) = tag else { return Ok(TaggedRpms::NoTag([])) };
        let wanted = Contents {
            event: self.event,
            inherit: self.inherit,
            latest: Contents::latest(&self.latest),
            package: self.package,
            prefix: None,
            owner: self.owner.filter(UserRef::is_truthy),
            kind: self.kind,
            extra: self.extra,
            draft: self.draft,
        };
        let arches = self.arch.map(|arches| arches.0).filter(|arches| arches.iter().any(|arch| !arch.is_empty()));
        let (rpms, builds) = tagging::rpms(db, tag.id, &wanted, arches.as_deref(), self.rpmsigs).await?;
        Ok(TaggedRpms::Found(rpms, builds))
    }
}

/// A tag's id; an id is taken as it is.
async fn tag_id(cx: &mut Call<'_>, tag: &TagRef) -> Result<TagId> {
    match tag {
        TagRef::Id(id) => Ok(*id),
        TagRef::Name(_) => Ok(names::get::<TagId>(cx.db().await?, tag).await?.0),
    }
}

impl Handle for GetLatestBuilds {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Vec<TaggedBuild>> {
        let tag = tag_id(cx, &self.tag).await?;
        let wanted = Contents {
            event: self.event,
            inherit: true,
            latest: Some(1),
            package: self.package,
            kind: self.kind,
            draft: self.draft,
            ..Contents::default()
        };
        tagging::builds(cx.db().await?, tag, &wanted).await
    }
}

impl Handle for GetLatestRpms {
    async fn handle(self, cx: &mut Call<'_>) -> Result<<Self as koji_core::api::Method>::Output> {
        let tag = tag_id(cx, &self.tag).await?;
        let wanted = Contents {
            event: self.event,
            inherit: true,
            latest: Some(1),
            package: self.package,
            kind: self.kind,
            extra: true,
            draft: self.draft,
            ..Contents::default()
        };
        let arches = self.arch.map(|arches| arches.0).filter(|arches| arches.iter().any(|arch| !arch.is_empty()));
        tagging::rpms(cx.db().await?, tag, &wanted, arches.as_deref(), self.rpmsigs).await
    }
}

impl Handle for UntaggedBuilds {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Rows<UntaggedBuild>> {
        let mut query = Select::from("build")
            .columns(&[
                ("build.id", "id"),
                ("package.name", "name"),
                ("build.version", "version"),
                ("build.release", "release"),
            ])
            .join("JOIN package ON package.id = build.pkg_id")
            .filter("build.state = $1", args![BuildState::Complete])
            .filter(
                "NOT EXISTS (SELECT 1 FROM tag_listing WHERE tag_listing.build_id = build.id
                                                         AND tag_listing.active = TRUE)",
                args![],
            )
            .order_by("build.id");
        if let Some(name) = &self.name {
            query = query.filter("package.name = $1", args![name.as_str()]);
        }
        if let Some(draft) = self.draft {
            query = query.filter(if draft { "build.draft" } else { "NOT build.draft" }, args![]);
        }
        Ok(query.rows(cx.db().await?, self.query_opts.as_ref()).await?)
    }
}

/// Whether an earlier run of the task, of whose end the builder did not hear, has tagged the build.
async fn is_tagged_by(db: &mut Conn, task: TaskId, tag: TagId, build: BuildId) -> Result<bool> {
    let found: Option<i32> = db
        .fetch_scalar_optional(
            "SELECT l.build_id FROM tag_listing l
             JOIN events e ON e.id = l.create_event
             JOIN task t ON t.owner = l.creator_id AND t.create_time <= e.time
             WHERE t.id = $1 AND l.tag_id = $2 AND l.build_id = $3 AND l.active = TRUE",
            args![task, tag, build],
        )
        .await?;
    Ok(found.is_some())
}

impl Handle for HostTagBuild {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        let host = cx.host_id()?;
        let db = cx.db().await?;
        tasks::assert_host(db, self.task_id, host).await?;
        let user = tasks::owner(db, self.task_id).await?;
        let build = builds::get(db, &self.build).await?;
        let tag = tags::get(db, &self.tag, None).await?;
        let from = match &self.fromtag {
            Some(from) => Some(tags::get(db, from, None).await?),
            None => None,
        };
        if is_tagged_by(db, self.task_id, tag.id, build.id).await? {
            return Ok(());
        }
        let operation = if from.is_some() { "move" } else { "tag" };
        let mut data = policy_data(operation, Some(tag.id), from.as_ref().map(|from| from.id), &build);
        data.insert("user_id", user.0);
        policy::assert(cx, "tag", &data, self.force).await?;
        let package = (build.package_id, build.name.as_str());
        tagging::check_package(cx, tag.id, &self.tag.text(), package, self.force).await?;
        if let Some(from) = from {
            tagging::untag_build(cx, &from, &build, user, true, self.force).await?;
        }
        tagging::tag_build(cx, &tag, &build, user, self.force).await
    }
}

impl Handle for TagNotification {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        let db = cx.db().await?;
        let Some(build) = builds::find(db, &BuildRef::Id(self.build_id)).await? else { return Ok(()) };
        let mut found = Vec::new();
        for tag in [self.tag_id, self.from_id] {
            found.push(match tag {
                Some(tag) => tags::find(db, &tag, None).await?.map(|tag| tag.id),
                None => None,
            });
        }
        let what = Tagging {
            success: self.is_successful,
            tag: found[0],
            from: found[1],
            user: self.user_id,
            ignore_success: self.ignore_success,
            failure: self.failure_msg,
        };
        notifications::about_tagging(cx, &build, what).await
    }
}

impl Handle for MassTag {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        let user = cx.user_id()?;
        let tag = tags::get(cx.db().await?, &self.tag, None).await?;
        for build in &self.builds {
            let build = builds::get(cx.db().await?, build).await?;
            tagging::put_into_tag(cx, &tag, &build, user, true).await?;
            // each has its place in the order
            cx.next_event();
        }
        Ok(())
    }
}
