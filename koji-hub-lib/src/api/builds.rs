use koji_core::api::builds::*;
use koji_core::api::query::Rows;
use koji_core::api::{BuildRef, Param};
use koji_core::ids::{BTypeId, BuildId, PackageId, RpmId};
use koji_core::model::{BType, Build, BuildListItem, BuildLog, BuildReferences, ChangelogEntry};
use koji_core::nvr::Nvr;
use koji_core::time::Timestamp;
use koji_core::xmlrpc::{Struct, Value};

use crate::Result;
use crate::builds::{self, BuildExt, NewBuild};
use crate::call::Call;
use crate::db::{Select, args};
use crate::error::fail;
use crate::plugin::{self, BuildChange};
use crate::registry::{Handle, Prepare, Registry};
use crate::rpm_file::RpmFile;
use crate::storage::walk;
use crate::{import, listing, names, rpms, users};

use super::rpms::{file_of, file_of_task};

pub(super) fn register(r: &mut Registry) {
    r.add::<GetBuild>()
        .add::<FindBuildId>()
        .add::<ListBuilds>()
        .add::<GetBuildType>()
        .add::<GetMavenBuild>()
        .add::<GetWinBuild>()
        .add::<GetImageBuild>()
        .add::<ListBTypes>()
        .add::<GetNextRelease>()
        .add::<GetBuildLogs>()
        .add::<GetAverageBuildDuration>()
        .add::<GetChangelogEntries>()
        .add::<CancelBuild>()
        .add::<SetBuildOwner>()
        .add::<SetBuildTimestamp>()
        .add::<AddBType>()
        .add::<CreateEmptyBuild>()
        .add::<GetBuildReferences>()
        .add::<DeleteBuild>()
        .add::<ResetBuild>()
        .add_prepared::<ChangeBuildVolume>()
        .add_prepared::<ApplyVolumePolicy>()
        .add::<PromoteBuild>()
        .add::<MergeScratch>();
}

impl Handle for GetBuild {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Option<Build>> {
        let found = builds::find(cx.db().await?, &self.build_info).await?;
        if found.is_none() && self.strict {
            fail!("No such build: {}", self.build_info);
        }
        Ok(found)
    }
}

impl Handle for FindBuildId {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Option<BuildId>> {
        let found = builds::find_id(cx.db().await?, &self.build).await?;
        if found.is_none() && self.strict {
            fail!("No such build: {}", self.build);
        }
        Ok(found)
    }
}

impl Handle for ListBuilds {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Rows<BuildListItem>> {
        builds::list(cx.db().await?, self).await
    }
}

impl Handle for GetBuildType {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Option<Struct>> {
        let db = cx.db().await?;
        match builds::find(db, &self.build_info).await? {
            Some(build) => Ok(Some(builds::types(db, &build).await?)),
            None if self.strict => fail!("No such build: {}", self.build_info),
            None => Ok(None),
        }
    }
}

/// What a build is as one of a type: the same three times.
macro_rules! typed_build {
    ($($method:ident $info:ident $what:literal;)*) => {$(
        impl Handle for $method {
            async fn handle(self, cx: &mut Call<'_>) -> Result<Option<Struct>> {
                let db = cx.db().await?;
                let Some(id) = builds::find_id(db, &self.build_info).await? else {
                    if self.strict {
                        fail!("No such build: {}", self.build_info);
                    }
                    return Ok(None);
                };
                let info = builds::$info(db, id).await?;
                if info.is_none() && self.strict {
                    fail!("no such {} build: {}", $what, self.build_info.text());
                }
                Ok(info)
            }
        }
    )*};
}

typed_build! {
    GetMavenBuild maven_info "maven";
    GetWinBuild win_info "Windows";
    GetImageBuild image_info "image";
}

impl Handle for ListBTypes {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Rows<BType>> {
        let mut query = Select::from("btype").columns(&[("id", "id"), ("name", "name")]);
        if let Some(name) = self.query.as_ref().and_then(|q| q.get("name")).and_then(Value::as_str) {
            query = query.filter("btype.name = $1", args![name.to_owned()]);
        }
        if let Some(id) = self.query.as_ref().and_then(|q| q.get("id")).and_then(Value::as_int) {
            query = query.filter("btype.id = $1", args![i32::try_from(id).unwrap_or(-1)]);
        }
        Ok(query.order_by("id").rows(cx.db().await?, self.query_opts.as_ref()).await?)
    }
}

impl Handle for GetNextRelease {
    async fn handle(self, cx: &mut Call<'_>) -> Result<String> {
        let part = |name| match self.build_info.get(name).and_then(Value::as_str) {
            Some(text) => Ok(text.to_owned()),
            None => fail!(Parameter, "build_info: expected a text as {name}"),
        };
        let (name, version) = (part("name")?, part("version")?);
        builds::next_release(cx.db().await?, &name, &version, self.incr.into()).await
    }
}

impl Handle for GetBuildLogs {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Vec<BuildLog>> {
        let build = builds::get(cx.db().await?, &self.build).await?;
        let top = build.dir().logs();
        let files = walk(cx.storage(), &top).await?;
        let log = |file: String| {
            let (dir, name) = file.rsplit_once('/').unwrap_or((".", &file));
            BuildLog { name: name.to_owned(), dir: dir.to_owned(), path: format!("{top}/{dir}/{name}") }
        };
        Ok(files.into_iter().map(log).collect())
    }
}

impl Handle for GetAverageBuildDuration {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Option<f64>> {
        let db = cx.db().await?;
        let Some((package, _)) = names::find::<PackageId>(db, &self.package).await? else { return Ok(None) };
        let since = self.age.map(months_ago).transpose()?;
        builds::average_duration(db, package, since).await
    }
}

fn months_ago(months: i32) -> Result<Timestamp> {
    let now = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC);
    let then = jiff::Span::new().try_months(months).and_then(|span| now.checked_sub(span));
    match then {
        Ok(then) => Ok(Timestamp::from_micros(then.timestamp().as_microsecond())),
        Err(_) => fail!(Parameter, "{months} months are beyond all time"),
    }
}

impl Handle for CreateEmptyBuild {
    async fn handle(self, cx: &mut Call<'_>) -> Result<BuildId> {
        let mut asked: Struct = [
            ("name", Value::from(self.name.as_str())),
            ("version", self.version.as_str().into()),
            ("release", self.release.as_str().into()),
            ("epoch", self.epoch.into()),
            ("draft", self.draft.into()),
        ]
        .into_iter()
        .collect();
        let owner = match &self.owner {
            Some(owner) => {
                let owner = users::get(cx.db().await?, owner).await?.id;
                asked.insert("owner", owner.0);
                owner
            }
            None => cx.user_id()?,
        };
        let nvr = Nvr::new(self.name, self.version, self.release);
        let new = NewBuild { draft: self.draft, asked, ..NewBuild::complete(nvr, self.epoch, owner) };
        builds::make(cx, new).await
    }
}

impl Handle for CancelBuild {
    async fn handle(self, cx: &mut Call<'_>) -> Result<bool> {
        let found = builds::find(cx.db().await?, &self.build_id).await?;
        let build = match found {
            Some(build) => build,
            None if self.strict => fail!("No such build: {}", self.build_id),
            None => return Ok(false),
        };
        if build.owner_id != cx.user_id()? && !cx.has_perm("admin").await? {
            fail!(ActionNotAllowed, "Cannot cancel build, not owner");
        }
        builds::cancel(cx, build.id).await
    }
}

impl Handle for GetChangelogEntries {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Rows<ChangelogEntry>> {
        let opts = self.query_opts.map(|mut opts| {
            // days as numbers
            if let Some(order @ ("date" | "-date")) = opts.order.as_deref() {
                opts.order = Some(format!("{order}_ts"));
            }
            opts
        });
        let (before, after) = (self.before.map(Timestamp::as_secs_f64), self.after.map(Timestamp::as_secs_f64));
        let wanted = |entry: &ChangelogEntry| {
            let time = entry.date_ts as f64;
            self.author.as_ref().is_none_or(|author| author.is_empty() || *author == entry.author)
                && before.is_none_or(|before| time < before)
                && after.is_none_or(|after| time > after)
        };
        let build = self.build_id.filter(|build| !matches!(build, BuildRef::Nvr(text) if text.is_empty()));
        let file = match (&build, self.task_id) {
            (Some(build), _) => source_file(cx, build, self.strict).await?,
            (None, Some(task)) => match file_of_task(cx, task, self.filepath.as_deref()).await? {
                (path, None) if self.strict => fail!("SRPM {path} doesn't exist"),
                (_, file) => file,
            },
            (None, None) => fail!("either buildID or taskID and filepath must be specified"),
        };
        let entries = file.map(|file| file.changelog()).unwrap_or_default().into_iter().filter(wanted).collect();
        listing::apply(entries, opts.as_ref(), &["date", "author", "text"])
    }
}

/// The file of a build's source package; why there is none is said only if strict.
async fn source_file(cx: &mut Call<'_>, build: &BuildRef, strict: bool) -> Result<Option<RpmFile>> {
    let db = cx.db().await?;
    let Some(found) = builds::find(db, build).await? else {
        if strict {
            fail!("No such build: {}", build.text());
        }
        return Ok(None);
    };
    let sql = "SELECT id FROM rpminfo WHERE build_id = $1 AND arch = 'src' ORDER BY id LIMIT 1";
    let Some(rpm) = db.fetch_scalar_optional::<RpmId>(sql, args![found.id]).await? else {
        if strict {
            fail!("Build {} doesn't have srpms", build.text());
        }
        return Ok(None);
    };
    let rpm = rpms::get(db, &rpm.into()).await?;
    let file = file_of(cx, &rpm, found.id).await?;
    if file.is_none() && strict {
        fail!("SRPM {} doesn't exist", rpms::nvra(&rpm));
    }
    Ok(file)
}

impl Handle for SetBuildOwner {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        let db = cx.db().await?;
        let build = builds::get(db, &self.build).await?;
        let owner = users::get(db, &self.user).await?;
        let change = BuildChange::OwnerId { old: build.owner_id, new: owner.id };
        plugin::before_build(cx, build.id, &change).await?;
        let db = cx.db().await?;
        db.execute("UPDATE build SET owner = $2 WHERE id = $1", args![build.id, owner.id]).await?;
        plugin::after_build(cx, build.id, change).await
    }
}

impl Handle for SetBuildTimestamp {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        let db = cx.db().await?;
        let build = builds::get(db, &self.build).await?;
        let time = match &self.ts {
            Value::Int(_) | Value::Double(_) | Value::DateTime(_) => Timestamp::from_value(self.ts.clone()),
            _ => fail!("Invalid type for timestamp"),
        };
        let Ok(time) = time else { fail!("Invalid time: {}", koji_core::python::str(&self.ts)) };
        let change = BuildChange::CompletionTs { old: build.completion_ts, new: Some(time.into()) };
        plugin::before_build(cx, build.id, &change).await?;
        let db = cx.db().await?;
        db.execute("UPDATE build SET completion_time = $2 WHERE id = $1", args![build.id, time]).await?;
        plugin::after_build(cx, build.id, change).await
    }
}

impl Handle for AddBType {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        names::check_internal(cx.hub().config(), &self.name)?;
        let db = cx.db().await?;
        if names::find::<BTypeId>(db, &self.name.as_str().into()).await?.is_some() {
            fail!("btype already exists");
        }
        names::get_or_make::<BTypeId>(db, &self.name).await?;
        Ok(())
    }
}

impl Handle for GetBuildReferences {
    async fn handle(self, cx: &mut Call<'_>) -> Result<BuildReferences> {
        let db = cx.db().await?;
        let build = builds::get(db, &self.build).await?;
        builds::references(db, build.id, self.limit, self.lazy).await
    }
}

impl Handle for DeleteBuild {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Option<bool>> {
        let build = builds::get(cx.db().await?, &self.build).await?;
        builds::delete(cx, build.id, self.strict, self.min_ref_age).await
    }
}

impl Handle for ResetBuild {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        builds::reset(cx, &self.build).await
    }
}

impl Handle for ChangeBuildVolume {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        let volume = names::get(cx.db().await?, &self.volume).await?;
        let build = builds::get(cx.db().await?, &self.build).await?;
        builds::change_volume(cx, build.id, volume, self.strict).await
    }
}

impl Prepare for ChangeBuildVolume {
    async fn prepare(self, cx: &mut Call<'_>) -> Result<()> {
        let (volume, name) = names::get(cx.db().await?, &self.volume).await?;
        let build = builds::get(cx.db().await?, &self.build).await?;
        builds::change_volume_ahead(cx, &build, volume, &name).await
    }
}

impl Handle for ApplyVolumePolicy {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        let build = builds::get(cx.db().await?, &self.build).await?;
        builds::apply_policy(cx, build.id, self.strict).await
    }
}

impl Prepare for ApplyVolumePolicy {
    async fn prepare(self, cx: &mut Call<'_>) -> Result<()> {
        let build = builds::get(cx.db().await?, &self.build).await?;
        builds::apply_policy_ahead(cx, &build, self.strict).await
    }
}

impl Handle for PromoteBuild {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Build> {
        let build = builds::get(cx.db().await?, &self.build).await?;
        builds::promote(cx, build.id, self.force).await
    }
}

impl Handle for MergeScratch {
    async fn handle(self, cx: &mut Call<'_>) -> Result<BuildId> {
        import::merge_scratch(cx, self.task_id).await
    }
}
