use koji_core::api::archives::*;
use koji_core::api::query::Rows;
use koji_core::api::{BuildRef, Param, TagRef};
use koji_core::ids::TagId;
use koji_core::model::{
    Archive, ArchiveFile, ArchiveType, ImageArchive, LatestMavenArchive, MavenArchive, TaggedArchives, WinArchive,
};
use koji_core::paths;
use koji_core::xmlrpc::{Struct, Value};

use crate::builds::{self, BuildExt};
use crate::call::Call;
use crate::error::fail;
use crate::import::{NewArchive, TypeInfo};
use crate::registry::{Handle, Registry};
use crate::tagging::{self, Contents};
use crate::{Error, Result, archives, listing, names, tags};

pub(super) fn register(r: &mut Registry) {
    r.add::<ListArchives>()
        .add::<GetArchiveTypes>()
        .add::<GetArchiveType>()
        .add::<AddArchiveType>()
        .add::<GetArchive>()
        .add::<GetMavenArchive>()
        .add::<GetWinArchive>()
        .add::<GetImageArchive>()
        .add::<ListArchiveFiles>()
        .add::<GetArchiveFile>()
        .add::<ListTaggedArchives>()
        .add::<GetLatestMavenArchives>()
        .add::<ImportArchive>()
        .add::<HostImportArchive>();
}

impl Handle for ListArchives {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Rows<Archive>> {
        archives::list(cx.db().await?, self).await
    }
}

impl Handle for GetArchiveTypes {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Vec<ArchiveType>> {
        archives::types(cx.db().await?).await
    }
}

impl Handle for GetArchiveType {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Option<ArchiveType>> {
        let db = cx.db().await?;
        let given = |text: Option<String>| text.filter(|text| !text.is_empty());
        if let Some(id) = self.type_id.filter(|id| *id != 0) {
            return found(archives::type_by_id(db, id).await?, self.strict);
        }
        if let Some(name) = given(self.type_name) {
            return found(archives::type_by_name(db, &name).await?, self.strict);
        }
        let Some(filename) = given(self.filename) else {
            fail!("one of filename, type_name, or type_id must be specified");
        };
        match archives::type_of_file(db, &filename).await? {
            None if self.strict => fail!("unsupported file extension: {filename}"),
            kind => Ok(kind),
        }
    }
}

impl Handle for AddArchiveType {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        let compression = self.compression_type.as_deref();
        archives::add_type(cx, &self.name.0, &self.description, &self.extensions, compression).await
    }
}

impl Handle for GetArchive {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Option<Archive>> {
        let db = cx.db().await?;
        match self.strict {
            true => archives::get(db, self.archive_id.0).await.map(Some),
            false => archives::find(db, self.archive_id.0).await,
        }
    }
}

/// What was found; `strict` makes nothing a fault.
fn found<T>(found: Option<T>, strict: bool) -> Result<Option<T>> {
    if strict && found.is_none() {
        fail!("query returned no rows");
    }
    Ok(found)
}

impl Handle for GetMavenArchive {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Option<MavenArchive>> {
        match self.archive_id.0 {
            Some(id) => found(archives::maven_info(cx.db().await?, id).await?, self.strict),
            None => found(None, self.strict),
        }
    }
}

impl Handle for GetWinArchive {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Option<WinArchive>> {
        match self.archive_id.0 {
            Some(id) => found(archives::win_info(cx.db().await?, id).await?, self.strict),
            None => found(None, self.strict),
        }
    }
}

impl Handle for GetImageArchive {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Option<ImageArchive>> {
        match self.archive_id.0 {
            Some(id) => found(archives::image_info(cx.db().await?, id).await?, self.strict),
            None => found(None, self.strict),
        }
    }
}

impl Handle for ListArchiveFiles {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Rows<ArchiveFile>> {
        let files = archives::files(cx, self.archive_id.0, self.strict).await?;
        let all = ["archive_id", "name", "size", "mtime", "mode", "user", "group"];
        let known = if files.first().is_some_and(|file| file.mode.is_some()) { all.len() } else { 4 };
        listing::apply(files, self.query_opts.as_ref(), &all[..known])
    }
}

impl Handle for GetArchiveFile {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Option<ArchiveFile>> {
        archives::file(cx, self.archive_id.0, &self.filename, self.strict).await
    }
}

impl Handle for ListTaggedArchives {
    async fn handle(self, cx: &mut Call<'_>) -> Result<TaggedArchives> {
        let db = cx.db().await?;
        let tag = match self.strict {
            true => Some(tags::get(db, &self.tag, self.event).await?),
            false => tags::find(db, &self.tag, self.event).await?,
        };
        let Some(tag) = tag else { return Ok(TaggedArchives::NoTag([])) };
        let wanted = Contents {
            event: self.event,
            inherit: self.inherit,
            latest: Contents::latest(&self.latest),
            package: self.package,
            kind: self.kind,
            extra: self.extra,
            ..Contents::default()
        };
        let (archives, builds) = tagging::archives(db, tag.id, &wanted).await?;
        Ok(TaggedArchives::Found(archives, builds))
    }
}

impl Handle for GetLatestMavenArchives {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Vec<LatestMavenArchive>> {
        let db = cx.db().await?;
        let tag: TagId = match &self.tag {
            TagRef::Id(id) => *id,
            name => names::get(db, name).await?.0,
        };
        tagging::latest_maven(db, tag, self.event, self.inherit).await
    }
}

impl Handle for ImportArchive {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        let permission = match self.kind.as_str() {
            "image" => "image-import",
            kind => require_enabled(cx, kind)?,
        };
        cx.assert_perm(permission).await?;
        import(cx, &self.filepath, self.buildinfo, &self.kind, self.type_info).await
    }
}

impl Handle for HostImportArchive {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        require_enabled(cx, &self.kind)?;
        // builders name the file as the hub sees it
        let work = paths::under(&cx.hub().config().koji_dir.to_string_lossy(), &paths::work(None));
        let Some(file) = self.filepath.strip_prefix(&format!("{work}/")) else {
            fail!("No such file: {}", self.filepath);
        };
        import(cx, file, self.buildinfo, &self.kind, self.type_info).await
    }
}

/// The permission to import archives of that kind, if this hub has such builds.
fn require_enabled(cx: &Call<'_>, kind: &str) -> Result<&'static str> {
    let config = cx.hub().config();
    match kind {
        "maven" => config.require_maven().map(|()| "maven-import"),
        "win" => config.require_win().map(|()| "win-import"),
        other => fail!("unsupported archive type: {other}"),
    }
}

async fn import(cx: &mut Call<'_>, file: &str, build: Value, kind: &str, info: Struct) -> Result<()> {
    let build = BuildRef::from_value(build).map_err(Error::generic)?;
    let build = builds::get(cx.db().await?, &build).await?;
    build.reject_draft()?;
    let archive =
        NewArchive::of_upload(cx.hub(), file.trim_start_matches('/'), TypeInfo::read(kind, info)?, None).await?;
    archive.import(cx, &build).await.map(|_| ())
}
