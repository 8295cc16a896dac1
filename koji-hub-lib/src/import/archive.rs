//! One archive: checked against its build, entered, and filed.

use koji_core::api::OneOrMany;
use koji_core::ids::{ArchiveId, BTypeId, BuildrootId};
use koji_core::json::JsonText;
use koji_core::model::{Build, ChecksumType};
use koji_core::paths::{self, BuildDir};
use koji_core::xmlrpc::{Struct, Value, to_value};

use super::{basename, place, pom, remove_unless_committed, shown, upload};
use crate::builds::{self, BuildExt};
use crate::call::Call;
use crate::db::args;
use crate::error::fail;
use crate::given::{read, take};
use crate::plugin::{Callback, Import, hears_of_imports};
use crate::{Hub, Result, archives, names, sums};

/// The largest project file that is read.
const POM_LIMIT: u64 = 16 * 1024 * 1024;

/// What is to be known of an archive, and where in its build it has its place, by the type of build that it belongs to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum TypeInfo {
    Maven {
        group_id: String,
        artifact_id: String,
        version: String,
    },
    Win {
        /// The folder below the build's, empty for none.
        relpath: String,
        platforms: Vec<String>,
        flags: Vec<String>,
    },
    Image {
        arch: String,
    },
    Other {
        btype: String,
        /// The folder below the type's, empty for none.
        subdir: String,
    },
}

impl TypeInfo {
    /// Reads what a caller says of an archive of a type.
    pub(crate) fn read(btype: &str, mut info: Struct) -> Result<Self> {
        let mut text = |name: &str| match take::<Option<String>>(&mut info, name)?.flatten() {
            Some(text) => Ok(text),
            None => fail!("no {name} is given for an archive of type {btype}"),
        };
        let read = match btype {
            "maven" => TypeInfo::Maven {
                group_id: text("group_id")?,
                artifact_id: text("artifact_id")?,
                version: text("version")?,
            },
            "win" => {
                let relpath = text("relpath")?.trim_matches('/').to_owned();
                let mut list = |name| -> Result<Vec<String>> {
                    let given: Option<Option<OneOrMany<String>>> = take(&mut info, name)?;
                    Ok(given.flatten().map(|list| list.0).unwrap_or_default())
                };
                let (platforms, flags) = (list("platforms")?, list("flags")?);
                if platforms.iter().all(String::is_empty) {
                    fail!(Build, "no value for platforms");
                }
                TypeInfo::Win { relpath, platforms, flags }
            }
            "image" => TypeInfo::Image { arch: text("arch")? },
            other => TypeInfo::Other { btype: other.to_owned(), subdir: String::new() },
        };
        Ok(read)
    }

    /// Puts an archive of none of Koji's first types into a folder below its type's; empty for none.
    pub(crate) fn in_subdir(self, dir: &str) -> Self {
        match self {
            TypeInfo::Other { btype, .. } => TypeInfo::Other { btype, subdir: dir.trim_end_matches('/').to_owned() },
            other => other,
        }
    }

    /// The type of build.
    pub(crate) fn btype(&self) -> &str {
        match self {
            TypeInfo::Maven { .. } => "maven",
            TypeInfo::Win { .. } => "win",
            TypeInfo::Image { .. } => "image",
            TypeInfo::Other { btype, .. } => btype,
        }
    }

    /// How messages name it.
    fn label(&self) -> String {
        match self {
            TypeInfo::Maven { group_id, artifact_id, version } => format!("{group_id}-{artifact_id}-{version}"),
            other => other.btype().to_owned(),
        }
    }

    /// The folder of the file. One that leaves the build's is a fault.
    pub(crate) fn dir(&self, build: &BuildDir) -> Result<String> {
        let below = match self {
            TypeInfo::Maven { group_id, artifact_id, version } => {
                // each is a part of the path, but for the group, which is many
                for (what, part) in [("artifact_id", artifact_id), ("version", version)] {
                    if !paths::is_component(part) {
                        fail!("Invalid {what}: {part}");
                    }
                }
                paths::maven_artifact(group_id, artifact_id, version)
            }
            TypeInfo::Win { relpath, .. } => relpath.clone(),
            TypeInfo::Image { .. } => String::new(),
            TypeInfo::Other { btype, subdir } => {
                if !paths::is_component(btype) {
                    fail!("Invalid build type: {btype}");
                }
                subdir.clone()
            }
        };
        let dir = build.typed(self.btype());
        match below.as_str() {
            "" => Ok(dir),
            below if paths::is_relative(below) => Ok(format!("{dir}/{below}")),
            below => fail!("Invalid path of an archive: {below}"),
        }
    }
}

/// An archive that is to be imported.
#[derive(Debug, Clone)]
pub(crate) struct NewArchive {
    /// The file's name.
    pub filename: String,
    /// The file, below the directory for uploads; none if only what is known of it is imported.
    pub file: Option<String>,
    /// Its size in bytes.
    pub size: i64,
    /// Its checksum in hex.
    pub checksum: String,
    /// The checksum's kind.
    pub checksum_type: ChecksumType,
    /// What else is to be known of it, and where it has its place.
    pub info: TypeInfo,
    /// The buildroot in which it was built.
    pub buildroot: Option<BuildrootId>,
    /// Whatever else is known of it.
    pub extra: Option<JsonText>,
    /// All that a content generator says of it, for plugins.
    pub fileinfo: Struct,
}

impl NewArchive {
    /// An uploaded file, with its size and SHA-256; a fault if it is not there.
    pub(crate) async fn of_upload(
        hub: &Hub,
        file: &str,
        info: TypeInfo,
        buildroot: Option<BuildrootId>,
    ) -> Result<Self> {
        if !paths::is_relative(file) {
            fail!("Invalid path: {file}");
        }
        let path = upload(file);
        let size = match hub.storage().metadata(&path).await? {
            None => fail!("No such file: {}", shown(hub, &path)),
            Some(found) if found.is_dir => {
                fail!("Error importing archive file, {} is not a regular file", shown(hub, &path))
            }
            Some(found) => found.size,
        };
        let sums = sums::of_file(hub.storage(), &path, &[ChecksumType::Sha256]).await?;
        Ok(NewArchive {
            filename: basename(file).to_owned(),
            file: Some(file.to_owned()),
            size: i64::try_from(size).unwrap_or(i64::MAX),
            checksum: sums.into_iter().map(|(_, sum)| sum).collect(),
            checksum_type: ChecksumType::Sha256,
            info,
            buildroot,
            extra: None,
            fileinfo: Struct::new(),
        })
    }

    /// Imports it into a build, which must have its type already. What is placed is removed if the call is not committed.
    pub(crate) async fn import(self, cx: &mut Call<'_>, build: &Build) -> Result<ArchiveId> {
        build.reject_draft()?;
        if !paths::is_component(&self.filename) {
            fail!("Invalid filename: {}", self.filename);
        }
        let dir = self.info.dir(&build.dir())?;
        let db = cx.db().await?;
        // one import at a time: what is undone below is this one's own
        db.execute("UPDATE build SET state = state WHERE id = $1", args![build.id]).await?;
        let Some(kind) = archives::type_of_file(db, &self.filename).await? else {
            fail!("unsupported file extension: {}", self.filename);
        };
        let btype = self.info.btype();
        let Some((btype_id, btype)) = names::find::<BTypeId>(db, &btype.into()).await? else {
            fail!(Build, "unsupported build type: {btype}");
        };
        if builds::types(db, build).await?.get(&btype).is_none() {
            fail!(Import, "Build does not have type {btype}");
        }
        let told = hears_of_imports(cx);
        if told {
            let columns = self.columns(build, kind.id, btype_id)?;
            self.tell(cx, &columns, build, false).await?;
        }
        self.check_type(cx, build, &kind.name).await?;
        let id = self.enter(cx, build, kind.id, btype_id).await?;
        if let Some(file) = &self.file {
            self.file(cx, file, &dir).await?;
        }
        if told {
            let now = archives::get(cx.db().await?, Some(id)).await?;
            self.tell(cx, &read("archive", to_value(&now)?)?, build, true).await?;
        }
        Ok(id)
    }

    /// Tells plugins of the import.
    async fn tell(&self, cx: &mut Call<'_>, archive: &Struct, build: &Build, done: bool) -> Result<()> {
        let path = self.file.as_deref().map(|file| shown(cx.hub(), &upload(file)));
        let (build_type, filepath) = (self.info.btype(), path.as_deref());
        let import = Import::Archive { archive, build, build_type, filepath, fileinfo: &self.fileinfo };
        cx.tell(if done { Callback::PostImport(import) } else { Callback::PreImport(import) }).await
    }

    /// What its row is to hold, as plugins see it.
    fn columns(&self, build: &Build, type_id: i32, btype: BTypeId) -> Result<Struct> {
        let mut columns: Struct = [
            ("buildroot_id", Value::from(self.buildroot.map(|id| id.0))),
            ("build_id", build.id.0.into()),
            ("filename", self.filename.as_str().into()),
            ("size", self.size.into()),
            ("checksum", self.checksum.as_str().into()),
            ("checksum_type", to_value(&self.checksum_type)?),
            ("type_id", type_id.into()),
            ("btype_id", btype.0.into()),
        ]
        .into_iter()
        .collect();
        if self.file.is_none() {
            columns.insert("metadata_only", true);
        }
        if let Some(extra) = &self.extra {
            columns.insert("extra", extra.0.to_string());
        }
        Ok(columns)
    }

    /// What must hold for archives of the type.
    async fn check_type(&self, cx: &mut Call<'_>, build: &Build, kind: &str) -> Result<()> {
        match &self.info {
            TypeInfo::Maven { artifact_id, version, .. } => {
                if builds::maven_info(cx.db().await?, build.id).await?.is_none() {
                    fail!("no such maven build: {}", build.nvr);
                }
                let (Some(file), "pom") = (&self.file, kind) else { return Ok(()) };
                let given = self.info.label();
                let found = info_of_pom(cx.hub(), file).await?.label();
                if found != given {
                    fail!(Build, "Maven info from .pom file ({found}) does not match user-supplied typeInfo ({given})");
                }
                if self.filename != format!("{artifact_id}-{version}.pom") {
                    fail!(Build, "Maven info ({given}) is not consistent with pom filename ({})", self.filename);
                }
            }
            TypeInfo::Win { .. } => {
                if builds::win_info(cx.db().await?, build.id).await?.is_none() {
                    fail!("no such Windows build: {}", build.nvr);
                }
            }
            TypeInfo::Image { .. } | TypeInfo::Other { .. } => {}
        }
        Ok(())
    }

    async fn enter(&self, cx: &mut Call<'_>, build: &Build, type_id: i32, btype: BTypeId) -> Result<ArchiveId> {
        let db = cx.db().await?;
        let id: ArchiveId = db
            .fetch_scalar(
                "INSERT INTO archiveinfo (type_id, btype_id, build_id, buildroot_id, filename, size, checksum,
                                          checksum_type, metadata_only, extra)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id",
                args![
                    type_id,
                    btype,
                    build.id,
                    self.buildroot,
                    self.filename.as_str(),
                    self.size,
                    self.checksum.as_str(),
                    self.checksum_type,
                    self.file.is_none(),
                    self.extra.clone()
                ],
            )
            .await?;
        match &self.info {
            TypeInfo::Maven { group_id, artifact_id, version } => {
                db.execute(
                    "INSERT INTO maven_archives (archive_id, group_id, artifact_id, version) VALUES ($1, $2, $3, $4)",
                    args![id, group_id.as_str(), artifact_id.as_str(), version.as_str()],
                )
                .await?;
            }
            TypeInfo::Win { relpath, platforms, flags } => {
                let flags = (!flags.is_empty()).then(|| flags.join(" "));
                db.execute(
                    "INSERT INTO win_archives (archive_id, relpath, platforms, flags) VALUES ($1, $2, $3, $4)",
                    args![id, relpath.as_str(), platforms.join(" "), flags],
                )
                .await?;
            }
            TypeInfo::Image { arch } => {
                db.execute("INSERT INTO image_archives (archive_id, arch) VALUES ($1, $2)", args![id, arch.as_str()])
                    .await?;
            }
            TypeInfo::Other { .. } => {}
        }
        Ok(id)
    }

    /// Puts the file into its place, where no other may be.
    async fn file(&self, cx: &mut Call<'_>, file: &str, dir: &str) -> Result<()> {
        let to = format!("{dir}/{}", self.filename);
        if cx.storage().metadata(&to).await?.is_some() {
            fail!("Error importing archive file, {} already exists", shown(cx.hub(), &to));
        }
        remove_unless_committed(cx, to.clone());
        place(cx, file, &to).await?;
        if matches!(self.info, TypeInfo::Maven { .. }) && !to.ends_with(".md5") && !to.ends_with(".sha1") {
            write_sums(cx, &to).await?;
        }
        Ok(())
    }
}

/// What an uploaded project file says of itself, and of the files that come with it.
pub(crate) async fn info_of_pom(hub: &Hub, file: &str) -> Result<TypeInfo> {
    let path = upload(file);
    if hub.storage().metadata(&path).await?.is_none_or(|found| found.is_dir) {
        fail!("No such file: {}", shown(hub, &path));
    }
    let text = hub.storage().read(&path, 0, POM_LIMIT).await?;
    let pom = match pom::read(&text) {
        Ok(pom) => pom,
        Err(reason) => fail!("cannot read {}: {reason}", shown(hub, &path)),
    };
    let part = |name: &str, value: Option<String>| match value {
        Some(value) => Ok(value),
        None => fail!("could not extract {name} from POM: {}", shown(hub, &path)),
    };
    Ok(TypeInfo::Maven {
        group_id: part("groupId", pom.group_id)?,
        artifact_id: part("artifactId", pom.artifact_id)?,
        version: part("version", pom.version)?,
    })
}

/// Writes the checksums that Maven looks for beside a file.
pub(crate) async fn write_sums(cx: &mut Call<'_>, path: &str) -> Result<()> {
    for (kind, sum) in sums::of_file(cx.storage(), path, &[ChecksumType::Md5, ChecksumType::Sha1]).await? {
        let beside = format!("{path}.{}", kind.name());
        if cx.storage().metadata(&beside).await?.is_none() {
            remove_unless_committed(cx, beside.clone());
            cx.storage().put(&beside, sum.into()).await?;
        }
    }
    Ok(())
}
