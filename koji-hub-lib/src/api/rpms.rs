use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use koji_core::api::query::Rows;
use koji_core::api::rpms::HostWriteSignedRpm;
use koji_core::api::rpms::*;
use koji_core::api::{Param, RpmRef};
use koji_core::ids::{BuildId, RpmId, TaskId};
use koji_core::model::{BuildState, ChecksumType, RpmDep, RpmFile as FileRecord, RpmListItem, RpmSig, TagUpdateType};
use koji_core::paths;
use koji_core::xmlrpc::{Struct, Value, to_value};

use crate::builds::{self, BuildExt};
use crate::call::Call;
use crate::db::{Select, args, list, sql};
use crate::error::fail;
use crate::registry::{Handle, Registry};
use crate::rpm_file::{self, RpmFile};
use crate::{Result, import, listing, rpms, tagging};

pub(super) fn register(r: &mut Registry) {
    r.add::<GetRpm>()
        .add::<ListRpms>()
        .add::<ListBuildRpms>()
        .add::<GetRpmDeps>()
        .add::<ListRpmFiles>()
        .add::<GetRpmFile>()
        .add::<GetRpmHeaders>()
        .add::<QueryRpmSigs>()
        .add::<GetRpmChecksums>()
        .add::<ImportRpm>()
        .add::<AddExternalRpm>()
        .add::<AddRpmSig>()
        .add::<WriteSignedRpm>()
        .add::<HostWriteSignedRpm>()
        .add::<DeleteRpmSig>()
        .add::<RenameRpmSig>();
}

impl Handle for GetRpm {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Value> {
        let db = cx.db().await?;
        if self.multi {
            return Ok(to_value(&rpms::find_all(db, &self.rpminfo).await?)?);
        }
        Ok(match self.strict {
            true => to_value(&rpms::get(db, &self.rpminfo).await?)?,
            false => to_value(&rpms::find(db, &self.rpminfo).await?)?,
        })
    }
}

fn select<'a>() -> Select<'a> {
    Select::from("rpminfo")
        .columns(&[
            ("rpminfo.id", "id"),
            ("rpminfo.name", "name"),
            ("rpminfo.version", "version"),
            ("rpminfo.release", "release"),
            ("rpminfo.name || '-' || rpminfo.version || '-' || rpminfo.release", "nvr"),
            ("rpminfo.arch", "arch"),
            ("rpminfo.epoch", "epoch"),
            ("rpminfo.draft", "draft"),
            ("rpminfo.payloadhash", "payloadhash"),
            ("rpminfo.size", "size"),
            ("rpminfo.buildtime", "buildtime"),
            ("rpminfo.build_id", "build_id"),
            ("rpminfo.buildroot_id", "buildroot_id"),
            ("rpminfo.external_repo_id", "external_repo_id"),
            ("external_repo.name", "external_repo_name"),
            ("rpminfo.metadata_only", "metadata_only"),
            ("rpminfo.extra", "extra"),
        ])
        .join("JOIN external_repo ON external_repo.id = rpminfo.external_repo_id")
        .order_by("rpminfo.id")
}

impl Handle for ListRpms {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Rows<RpmListItem>> {
        let mut query = select();
        if let Some(build) = self.build_id {
            query = query.filter("rpminfo.build_id = $1", args![build]);
        }
        if let Some(root) = self.buildroot_id {
            query = query.filter("rpminfo.buildroot_id = $1", args![root]);
        }
        if let Some(root) = self.component_buildroot_id {
            query = query
                .columns(&[
                    ("buildroot_listing.buildroot_id", "component_buildroot_id"),
                    ("buildroot_listing.is_update", "is_update"),
                ])
                .join("JOIN buildroot_listing ON buildroot_listing.rpm_id = rpminfo.id")
                .filter("buildroot_listing.buildroot_id = $1", args![root]);
        }
        if let Some(image) = self.image_id {
            query = query
                .join("JOIN archive_rpm_components AS component ON component.rpm_id = rpminfo.id")
                .filter("component.archive_id = $1", args![image]);
        }
        if let Some(host) = self.host_id {
            query = query
                .join("JOIN standard_buildroot AS root ON root.buildroot_id = rpminfo.buildroot_id")
                .filter("root.host_id = $1", args![host]);
        }
        if let Some(arches) = &self.arches {
            query = query.filter(sql!("rpminfo.arch ", {in "$1"}), args![list(&arches.0)]);
        }
        if let Some(draft) = self.draft {
            // those of external repos are no drafts either
            query = query
                .filter(if draft { "rpminfo.draft = TRUE" } else { "COALESCE(rpminfo.draft, FALSE) = FALSE" }, args![]);
        }
        Ok(query.rows(cx.db().await?, self.query_opts.as_ref()).await?)
    }
}

impl Handle for ListBuildRpms {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Vec<RpmListItem>> {
        let db = cx.db().await?;
        let build = builds::get_id(db, &self.build).await?;
        Ok(select().filter("rpminfo.build_id = $1", args![build]).fetch_all(db).await?)
    }
}

/// The file of an RPM that a build has.
pub(super) async fn file_of(cx: &mut Call<'_>, rpm: &koji_core::model::Rpm, build: BuildId) -> Result<Option<RpmFile>> {
    let dir = builds::get_by_id(cx.db().await?, build).await?.dir();
    rpm_file::read(cx.storage(), &dir.rpm(&rpms::nvra(rpm))).await
}

/// The file of an RPM in a task's output; none if there is none.
pub(super) async fn file_of_task(
    cx: &mut Call<'_>,
    task: TaskId,
    file: Option<&str>,
) -> Result<(String, Option<RpmFile>)> {
    let Some(file) = file.filter(|file| !file.is_empty()) else { fail!("filepath must be specified with taskID") };
    if !paths::is_relative(file) {
        fail!("Invalid filepath: {file}");
    }
    let path = format!("{}/{file}", paths::task_output(None, task));
    let shown = cx.hub().config().full_path(&path);
    Ok((shown, rpm_file::read(cx.storage(), &path).await?))
}

impl Handle for GetRpmDeps {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Rows<RpmDep>> {
        let names = ["name", "version", "flags", "type"];
        let opts = self.query_opts.as_ref();
        let none = || listing::apply(Vec::new(), opts, &names);
        let db = cx.db().await?;
        let found = match self.strict {
            true => Some(rpms::get(db, &self.rpm_id).await?),
            false => rpms::find(db, &self.rpm_id).await?,
        };
        let Some(rpm) = found else { return none() };
        let shown = rpms::nvra(&rpm);
        let Some(build) = rpm.build_id else {
            if self.strict {
                fail!("Can not get dependencies, because RPM: {shown} is not internal");
            }
            return none();
        };
        let Some(file) = file_of(cx, &rpm, build).await? else {
            if self.strict {
                fail!("RPM file of {shown} doesn't exist");
            }
            return none();
        };
        let kind = match &self.dep_type {
            Value::Nil => None,
            // what is no kind has no dependencies
            other => Some(other.as_int().and_then(|kind| i32::try_from(kind).ok()).unwrap_or(-1)),
        };
        listing::apply(file.dependencies(kind), opts, &names)
    }
}

impl Handle for ListRpmFiles {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Rows<FileRecord>> {
        let rpm = rpms::find(cx.db().await?, &self.rpm_id).await?;
        let build = rpm.as_ref().and_then(|rpm| rpm.build_id);
        let files = match rpm.zip(build) {
            None => Vec::new(),
            Some((rpm, build)) => file_of(cx, &rpm, build).await?.map(|file| file.files()).unwrap_or_default(),
        };
        let names = ["name", "digest", "size", "flags", "digest_algo", "user", "group", "mtime", "mode"];
        listing::apply(files, self.query_opts.as_ref(), &names)
    }
}

impl Handle for GetRpmFile {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Struct> {
        let db = cx.db().await?;
        let found = match self.strict {
            true => Some(rpms::get(db, &self.rpm_id).await?),
            false => rpms::find(db, &self.rpm_id).await?,
        };
        let Some(rpm) = found else { return Ok(Struct::new()) };
        let shown = koji_core::python::str(&self.rpm_id.into_value());
        let missing = match rpm.build_id {
            None => format!("Can not get RPM file, because RPM: {shown} is not internal"),
            Some(build) => match file_of(cx, &rpm, build).await? {
                None => format!("RPM package file of {shown} doesn't exist"),
                Some(file) => match file.files().into_iter().find(|file| file.name == self.filename) {
                    Some(file) => {
                        let mut out: Struct = [("rpm_id", rpm.id.0)].into_iter().collect();
                        if let Value::Struct(fields) = to_value(&file)? {
                            out.extend(fields);
                        }
                        return Ok(out);
                    }
                    None => format!("No file: {} found in RPM: {shown}", self.filename),
                },
            },
        };
        if self.strict {
            fail!("{missing}");
        }
        Ok(Struct::new())
    }
}

impl Handle for GetRpmHeaders {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Struct> {
        let wanted = self.rpm_id.filter(|rpm| !matches!(rpm, RpmRef::Nvra(text) if text.is_empty()));
        let file = match (wanted, self.task_id) {
            (Some(rpm), _) => internal_file(cx, &rpm, self.strict).await?,
            (None, Some(task)) => match file_of_task(cx, task, self.filepath.as_deref()).await? {
                (path, None) if self.strict => fail!("Missing rpm file: {path}"),
                (_, file) => file,
            },
            (None, None) => fail!("either rpmID or taskID and filepath must be specified"),
        };
        let Some(file) = file else { return Ok(Struct::new()) };
        match &self.headers {
            None => Ok(file.all_fields()),
            Some(names) => match file.fields(names) {
                Ok(fields) => Ok(fields),
                Err(name) => fail!("No such rpm header field: {name}"),
            },
        }
    }
}

/// The file of one of the hub's own RPMs; why there is none is said only if strict.
async fn internal_file(cx: &mut Call<'_>, rpm: &RpmRef, strict: bool) -> Result<Option<RpmFile>> {
    let db = cx.db().await?;
    let found = match strict {
        true => Some(rpms::get(db, rpm).await?),
        false => rpms::find(db, rpm).await?,
    };
    let Some(rpm) = found else { return Ok(None) };
    let Some(build) = rpm.build_id else {
        if strict {
            fail!("External rpm: {}", rpm.id);
        }
        return Ok(None);
    };
    let build = builds::get_by_id(db, build).await?;
    if build.state == BuildState::Deleted {
        if strict {
            fail!("Build {} is deleted", build.nvr);
        }
        return Ok(None);
    }
    let path = build.dir().rpm(&rpms::nvra(&rpm));
    let file = rpm_file::read(cx.storage(), &path).await?;
    if file.is_none() {
        tracing::error!(path, "an RPM's file is missing");
        if strict {
            fail!("Missing rpm file: {}", cx.hub().config().full_path(&path));
        }
    }
    Ok(file)
}

impl Handle for QueryRpmSigs {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Rows<RpmSig>> {
        let mut query = Select::from("rpmsigs")
            .columns(&[("rpm_id", "rpm_id"), ("sigkey", "sigkey"), ("sighash", "sighash")])
            .order_by("rpm_id")
            .order_by("sigkey");
        let db = cx.db().await?;
        match &self.rpm_id {
            None => {}
            Some(RpmRef::Id(id)) => query = query.filter("rpm_id = $1", args![*id]),
            Some(rpm) => {
                let Some(rpm) = rpms::find(db, rpm).await? else { return Ok(Rows::List(Vec::new())) };
                query = query.filter("rpm_id = $1", args![rpm.id]);
            }
        }
        if let Some(key) = &self.sigkey {
            query = query.filter("sigkey = $1", args![key.to_lowercase()]);
        }
        Ok(query.rows(db, self.query_opts.as_ref()).await?)
    }
}

impl Handle for GetRpmChecksums {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Struct> {
        let Value::Int(_) = self.rpm_id else { fail!("rpm_id must be an integer") };
        let id = RpmId::from_value(self.rpm_id).unwrap_or(RpmId(-1));
        let rpm = rpms::get(cx.db().await?, &RpmRef::Id(id)).await?;
        let defaults = &cx.hub().config().rpm_default_checksums;
        let kinds = kinds(self.checksum_types.as_ref().filter(|names| !names.is_empty()).unwrap_or(defaults))?;
        rpms::checksums(cx, &rpm, &kinds, self.cacheonly).await
    }
}

impl Handle for ImportRpm {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Value> {
        let rpm = import::import_alone(cx, &format!("{}/{}", self.path.trim_matches('/'), self.basename)).await?;
        tagging::note_update(cx, rpm.build.id, TagUpdateType::Import).await?;
        let summary = &rpm.summary;
        let nvr = &summary.nvra.nvr;
        let out: Struct = [
            ("name", Value::from(nvr.name.as_str())),
            ("version", nvr.version.as_str().into()),
            ("release", nvr.release.as_str().into()),
            ("epoch", summary.epoch.into()),
            ("sourcepackage", summary.source.then_some(1).into()),
            ("arch", summary.nvra.arch.as_str().into()),
            ("buildtime", summary.buildtime.into()),
            ("sourcerpm", summary.sourcerpm.clone().into()),
            ("draft", rpm.build.draft.into()),
            ("id", rpm.id.0.into()),
            ("build_id", rpm.build.id.0.into()),
            ("size", rpm.size.into()),
            ("payloadhash", summary.sigmd5.as_str().into()),
            ("buildroot_id", Value::Nil),
            ("external_repo_id", 0.into()),
            ("build", to_value(&rpm.build)?),
            ("brootid", Value::Nil),
        ]
        .into_iter()
        .collect();
        Ok(out.into())
    }
}

fn kinds(names: &[String]) -> Result<Vec<ChecksumType>> {
    let kind = |name: &String| match ChecksumType::from_name(name) {
        Some(kind) => Ok(kind),
        None => fail!("Checksum_type {name} isn't supported"),
    };
    names.iter().map(kind).collect()
}

impl Handle for AddExternalRpm {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        rpms::register(cx, &self.rpminfo, &self.external_repo.text(), self.strict).await.map(|_| ())
    }
}

impl Handle for AddRpmSig {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        let Ok(sighdr) = STANDARD.decode(self.data.split_ascii_whitespace().collect::<String>()) else {
            fail!(Parameter, "addRPMSig(): data is not base64");
        };
        let rpm = rpms::get(cx.db().await?, &self.an_rpm).await?;
        rpms::sign(cx, &rpm, sighdr.into(), self.sigkey).await
    }
}

impl Handle for WriteSignedRpm {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        let kinds = kinds(&cx.hub().config().rpm_default_checksums)?;
        let rpm = rpms::get(cx.db().await?, &self.an_rpm).await?;
        rpms::write_signed(cx, &rpm, &self.sigkey.to_lowercase(), &kinds, self.force).await
    }
}

impl Handle for HostWriteSignedRpm {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        WriteSignedRpm { an_rpm: self.an_rpm, sigkey: self.sigkey, force: self.force }.handle(cx).await
    }
}

impl Handle for DeleteRpmSig {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        let sigkey = self.sigkey.filter(|key| !self.all_sigs && !key.is_empty()).map(|key| key.to_lowercase());
        if sigkey.is_none() && !self.all_sigs {
            fail!("No signature specified");
        }
        let rpm = rpms::get(cx.db().await?, &self.rpminfo).await?;
        rpms::unsign(cx, &rpm, sigkey.as_deref()).await
    }
}

impl Handle for RenameRpmSig {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        let rpm = rpms::get(cx.db().await?, &self.rpminfo).await?;
        rpms::rename_signature(cx, &rpm, &self.oldkey.to_lowercase(), &self.newkey.to_lowercase()).await
    }
}
