//! Archives, as the hub's callers see them.

use std::io::{Cursor, Write};

use koji_core::api::archives::*;
use koji_core::api::builds::CreateEmptyBuild;
use koji_core::api::packages::PackageListAdd;
use koji_core::api::rpms::{GetRpmFile, ImportRpm};
use koji_core::api::tagging::TagBuildBypass;
use koji_core::api::tags::CreateTag;
use koji_core::api::typed_builds::{CreateImageBuild, CreateMavenBuild, CreateWinBuild};
use koji_core::api::{BuildRef, Param, QueryOpts};
use koji_core::fault::FaultKind;
use koji_core::ids::{ArchiveId, BuildId};
use koji_core::model::{Archive, ArchiveFile, ChecksumType, TaggedArchives};
use koji_core::xmlrpc::{Struct, Value};
use koji_hub_lib::db::args;
use koji_tests::{Caller, TestHub, build_rpms, hubs};

async fn archive(hub: &TestHub, build: BuildId, btype: i32, filename: &str, details: &'static str) {
    let mut db = hub.db.db.begin().await.unwrap();
    let id: i32 = db
        .fetch_scalar(
            "INSERT INTO archiveinfo (type_id, btype_id, build_id, filename, size, checksum, checksum_type)
             VALUES (1, $1, $2, $3, 5, 'abc', 2) RETURNING id",
            args![btype, build, filename],
        )
        .await
        .unwrap();
    if !details.is_empty() {
        db.execute(details, args![id]).await.unwrap();
    }
    db.commit().await.unwrap();
}

#[tokio::test]
async fn archives_are_listed_by_what_they_are() {
    for hub in hubs("archives_are_listed").await {
        let admin = hub.admin().await;
        let build = admin.call(CreateEmptyBuild::new("alpha", "1", "1", None)).await.unwrap();
        archive(&hub, build, 2, "a.jar", "INSERT INTO maven_archives VALUES ($1, 'org.x', 'a', '1')").await;
        archive(&hub, build, 3, "b.zip", "INSERT INTO win_archives VALUES ($1, 'bin', 'i386 x86_64', NULL)").await;
        archive(&hub, build, 4, "c.raw", "INSERT INTO image_archives VALUES ($1, 'x86_64')").await;
        let list = async |asked: ListArchives| -> Vec<Archive> { admin.call(asked).await.unwrap().into_list() };
        let names = |found: &[Archive]| found.iter().map(|a| a.filename.clone()).collect::<Vec<_>>();
        let all = list(ListArchives::new().build_id(build)).await;
        assert_eq!(names(&all), ["a.jar", "b.zip", "c.raw"]);
        assert_eq!((all[0].btype.as_str(), all[0].type_name.as_str(), all[0].size), ("maven", "jar", 5));
        assert_eq!((all[0].checksum_type, all[0].group_id.clone()), (ChecksumType::Sha256, None));
        assert_eq!(names(&list(ListArchives::new().filename("b.zip").size(5).checksum("abc")).await), ["b.zip"]);
        let info = |name: &str, value: Value| Struct::from_iter([(name, value)]);
        let maven = list(ListArchives::new().kind("maven").type_info(info("group_id", "org.x".into()))).await;
        assert_eq!((maven.len(), maven[0].artifact_id.as_deref()), (1, Some("a")));
        for (platform, found) in [("i386", 1), ("x86", 0), ("x86_64", 1)] {
            let asked = ListArchives::new().kind("win").type_info(info("platforms", platform.into()));
            assert_eq!(list(asked).await.len(), found, "{platform}");
        }
        assert_eq!(list(ListArchives::new().kind("win")).await[0].flags, Some(None));
        assert_eq!(list(ListArchives::new().kind("image").type_info(info("arch", "s390x".into()))).await.len(), 0);
        assert_eq!(admin.refused(ListArchives::new().kind("nosuch")).await.1, "unsupported archive type: nosuch");
        let refused = admin.refused(ListArchives::new().kind("rpm").type_info(info("x", "y".into()))).await.1;
        assert_eq!(refused, "typeInfo queries not supported for type rpm");
        assert_eq!(admin.refused(ListArchives::new().filename("x").strict(true)).await.1, "No archives found.");
        let types = admin.call(GetArchiveTypes::new()).await.unwrap();
        assert_eq!(
            (types.len(), types[0].name.as_str(), types[0].compression_type.as_deref()),
            (76, "jar", Some("zip"))
        );
    }
}

fn members<V: Into<Value>, const N: usize>(members: [(&str, V); N]) -> Struct {
    members.into_iter().collect()
}

fn maven_info(version: &str) -> Struct {
    members([("group_id", "org.example"), ("artifact_id", "lib"), ("version", version)])
}

async fn upload(hub: &TestHub, path: &str, bytes: impl Into<Vec<u8>>) {
    hub.hub.storage().put(&format!("work/{path}"), bytes.into().into()).await.unwrap();
}

async fn read(hub: &TestHub, path: &str) -> Option<Vec<u8>> {
    hub.hub.storage().metadata(path).await.unwrap()?;
    Some(hub.hub.storage().read(path, 0, 1 << 20).await.unwrap().to_vec())
}

fn zip_of(names: &[&str]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let time = zip::DateTime::from_date_and_time(2025, 1, 2, 3, 4, 6).unwrap();
    let options = zip::write::SimpleFileOptions::default().last_modified_time(time);
    for name in names {
        zip.start_file(*name, options.compression_method(zip::CompressionMethod::Stored)).unwrap();
        zip.write_all(format!("in {name}").as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn tar_of(names: &[&str]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for name in names {
        let mut header = tar::Header::new_gnu();
        header.set_size(700);
        header.set_mode(0o644);
        header.set_mtime(1_700_000_000);
        header.set_username("ann").unwrap();
        header.set_groupname("staff").unwrap();
        tar.append_data(&mut header, name, &[7; 700][..]).unwrap();
    }
    tar.into_inner().unwrap()
}

async fn build(admin: &Caller<'_>, name: &str) -> BuildId {
    admin.call(CreateEmptyBuild::new(name, "1", "1", None)).await.unwrap()
}

async fn only_archive(admin: &Caller<'_>, build: BuildId) -> ArchiveId {
    let found: Vec<Archive> = admin.call(ListArchives::new().build_id(build)).await.unwrap().into_list();
    assert_eq!(found.len(), 1, "{found:?}");
    found[0].id
}

#[tokio::test]
async fn types_of_archives_are_told_by_the_longest_ending() {
    for hub in hubs("types_of_archives").await {
        let (admin, alice) = (hub.admin().await, hub.user("alice", &[]).await);
        let add = |name: &str, extensions: &str| AddArchiveType::new(name, "Foos", extensions);
        assert_eq!(alice.refused(add("foo", "foo")).await.0, FaultKind::ActionNotAllowed);
        admin.call(add("foo", "foo gz.foo").compression_type("tar")).await.unwrap();
        assert_eq!(admin.refused(add("foo", "foo2")).await.1, "archivetype foo already exists");
        assert_eq!(admin.refused(add("bar", "b FOO")).await.1, "file extension FOO already exists");
        assert_eq!(admin.refused(add("bar", "b *")).await.1, "No such * file extension");
        assert_eq!(admin.refused(add("bar", "")).await.1, "No such  file extension");
        let refused = admin.refused(add("bar", "b").compression_type("rar")).await.1;
        assert_eq!(refused, "Unsupported compression type rar");
        let name = async |asked: GetArchiveType| alice.call(asked).await.unwrap().map(|kind| kind.name);
        for (file, kind) in [
            ("x-1.0.tar.gz", Some("tar")),
            ("X.FOO", Some("foo")),
            ("a.gz.foo", Some("foo")),
            ("foo", Some("foo")),
            ("a.nosuch", None),
        ] {
            assert_eq!(name(GetArchiveType::new().filename(file)).await.as_deref(), kind, "{file}");
        }
        assert_eq!(name(GetArchiveType::new().type_id(1)).await.as_deref(), Some("jar"));
        assert_eq!(name(GetArchiveType::new().type_name("zip").filename("a.jar")).await.as_deref(), Some("zip"));
        let refused = alice.refused(GetArchiveType::new().filename("a.nosuch").strict(true)).await.1;
        assert_eq!(refused, "unsupported file extension: a.nosuch");
        assert_eq!(alice.refused(GetArchiveType::new().type_id(999).strict(true)).await.1, "query returned no rows");
        let refused = alice.refused(GetArchiveType::new()).await.1;
        assert_eq!(refused, "one of filename, type_name, or type_id must be specified");
    }
}

#[tokio::test]
async fn maven_archives_are_imported_with_their_checksums_or_not_at_all() {
    const POM: &str =
        "<project><groupId>org.example</groupId><artifactId>lib</artifactId><version>1</version></project>";
    for hub in hubs("maven_archives_are_imported").await {
        let admin = hub.admin().await;
        let (bob, ann) = (hub.user("bob", &[]).await, hub.user("ann", &["maven-import"]).await);
        let id = build(&admin, "lib").await;
        let import = |file: &str, info: Struct| ImportArchive::new(file, BuildRef::Id(id).into_value(), "maven", info);
        upload(&hub, "up/lib-1.jar", zip_of(&["a", "b/c"])).await;
        upload(&hub, "up/lib-1.pom", POM).await;
        upload(&hub, "up/other.pom", POM).await;
        upload(&hub, "up/lib-1.nosuch", "x").await;
        let (kind, _) = bob.refused(import("up/lib-1.jar", maven_info("1"))).await;
        assert_eq!(kind, FaultKind::ActionNotAllowed);
        let refused = async |file: &str, info: Struct| ann.refused(import(file, info)).await;
        assert_eq!(
            refused("up/lib-1.jar", maven_info("1")).await,
            (FaultKind::Import, "Build does not have type maven".into())
        );
        admin.call(CreateMavenBuild::new(BuildRef::Id(id).into_value(), maven_info("1"))).await.unwrap();
        assert_eq!(refused("up/nosuch.jar", maven_info("1")).await.1, "No such file: /mnt/koji/work/up/nosuch.jar");
        assert_eq!(refused("../etc/passwd.jar", maven_info("1")).await.1, "Invalid path: ../etc/passwd.jar");
        assert_eq!(refused("up/lib-1.nosuch", maven_info("1")).await.1, "unsupported file extension: lib-1.nosuch");
        assert_eq!(refused("up/lib-1.jar", maven_info("..")).await.1, "Invalid version: ..");
        assert_eq!(
            refused("up/lib-1.pom", maven_info("2")).await.1,
            "Maven info from .pom file (org.example-lib-1) does not match user-supplied typeInfo (org.example-lib-2)"
        );
        assert_eq!(
            refused("up/other.pom", maven_info("1")).await.1,
            "Maven info (org.example-lib-1) is not consistent with pom filename (other.pom)"
        );
        let dir = "packages/lib/1/1/maven/org/example/lib/1";
        assert_eq!(read(&hub, dir).await, None, "a refusal left files");

        ann.call(import("up/lib-1.jar", maven_info("1"))).await.unwrap();
        ann.call(import("up/lib-1.pom", maven_info("1"))).await.unwrap();
        assert_eq!(read(&hub, &format!("{dir}/lib-1.jar")).await.unwrap(), zip_of(&["a", "b/c"]));
        let md5 = read(&hub, &format!("{dir}/lib-1.pom.md5")).await.unwrap();
        assert_eq!((md5.len(), read(&hub, &format!("{dir}/lib-1.pom.sha1")).await.unwrap().len()), (32, 40));
        upload(&hub, "up2/lib-1.jar", "another").await;
        assert_eq!(
            refused("up2/lib-1.jar", maven_info("1")).await.1,
            format!("Error importing archive file, /mnt/koji/{dir}/lib-1.jar already exists")
        );
        assert_eq!(read(&hub, &format!("{dir}/lib-1.jar")).await.unwrap(), zip_of(&["a", "b/c"]));

        let found: Vec<Archive> = bob.call(ListArchives::new().build_id(id)).await.unwrap().into_list();
        assert_eq!(found.iter().map(|a| a.filename.as_str()).collect::<Vec<_>>(), ["lib-1.jar", "lib-1.pom"]);
        let jar = bob.call(GetArchive::new(found[0].id)).await.unwrap().unwrap();
        assert_eq!((jar.btype.as_str(), jar.checksum_type, jar.checksum.len()), ("maven", ChecksumType::Sha256, 64));
        assert_eq!((jar.artifact_id.as_deref(), jar.relpath, jar.rootid), (Some("lib"), None, None));
        let info = bob.call(GetMavenArchive::new(found[0].id)).await.unwrap().unwrap();
        assert_eq!((info.group_id.as_str(), info.version.as_str()), ("org.example", "1"));
        assert_eq!(bob.call(GetWinArchive::new(found[0].id)).await.unwrap(), None);
        let refused = bob.refused(GetImageArchive::new(found[0].id).strict(true)).await.1;
        assert_eq!(refused, "query returned no rows");
        assert_eq!(bob.call(GetArchive::new(ArchiveId(999))).await.unwrap(), None);
        assert_eq!(bob.refused(GetArchive::new(ArchiveId(999)).strict(true)).await.1, "No such archive: 999");
    }
}

#[tokio::test]
async fn archives_of_windows_and_images_have_places_of_their_own() {
    for hub in hubs("archives_of_windows").await {
        let admin = hub.admin().await;
        let (win, image) = (build(&admin, "win").await, build(&admin, "img").await);
        admin.call(CreateWinBuild::new(BuildRef::Id(win).into_value(), members([("platform", "win7")]))).await.unwrap();
        admin.call(CreateImageBuild::new(BuildRef::Id(image).into_value())).await.unwrap();
        upload(&hub, "up/a.zip", zip_of(&["a.exe"])).await;
        upload(&hub, "up/disk.qcow2", "disk").await;
        let info = |relpath: &str, platforms: Vec<Value>| {
            members([
                ("relpath", Value::from(relpath)),
                ("platforms", platforms.into()),
                ("flags", Value::Array(vec!["fre".into(), "chk".into()])),
            ])
        };
        let import = |build: BuildId, file: &str, kind: &str, info: Struct| {
            ImportArchive::new(file, BuildRef::Id(build).into_value(), kind, info)
        };
        let refused = admin.refused(import(win, "up/a.zip", "win", info("bin", vec![]))).await;
        assert_eq!(refused, (FaultKind::Build, "no value for platforms".into()));
        let refused = admin.refused(import(win, "up/a.zip", "win", info("../x", vec!["all".into()]))).await.1;
        assert_eq!(refused, "Invalid path of an archive: ../x");
        admin.call(import(win, "up/a.zip", "win", info("/bin/", vec!["i386".into(), "x86_64".into()]))).await.unwrap();
        assert!(read(&hub, "packages/win/1/1/win/bin/a.zip").await.is_some());
        let archive = only_archive(&admin, win).await;
        let found = admin.call(GetWinArchive::new(archive)).await.unwrap().unwrap();
        assert_eq!((found.relpath.as_str(), found.platforms.as_str()), ("bin", "i386 x86_64"));
        assert_eq!(found.flags.as_deref(), Some("fre chk"));
        assert_eq!(admin.call(ListArchiveFiles::new(archive)).await.unwrap().count(), 1);

        admin.call(import(image, "up/disk.qcow2", "image", members([("arch", "s390x")]))).await.unwrap();
        assert!(read(&hub, "packages/img/1/1/images/disk.qcow2").await.is_some());
        let archive = only_archive(&admin, image).await;
        let found = admin.call(GetImageArchive::new(archive)).await.unwrap().unwrap();
        assert_eq!((found.arch.as_str(), found.rootid), ("s390x", false));
        assert_eq!(admin.call(ListArchiveFiles::new(archive)).await.unwrap().count(), 0);
        let refused = admin.refused(ListArchiveFiles::new(archive).strict(true)).await.1;
        assert_eq!(refused, "Unsupported archive type: qcow2");
        let refused = admin.refused(import(image, "up/a.zip", "rpm", Struct::new())).await.1;
        assert_eq!(refused, "unsupported archive type: rpm");
    }
}

#[tokio::test]
async fn what_is_in_an_archive_is_told_however_it_is_packed() {
    let long = format!("{}/end", "long-name/".repeat(30));
    let tar = tar_of(&["a", "dir/b", &long]);
    let packed = |level: &str| -> Vec<u8> {
        match level {
            "gz" => {
                let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
                out.write_all(&tar).unwrap();
                out.finish().unwrap()
            }
            "bz2" => {
                let mut out = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
                out.write_all(&tar).unwrap();
                out.finish().unwrap()
            }
            "xz" => {
                let mut out = liblzma::write::XzEncoder::new(Vec::new(), 1);
                out.write_all(&tar).unwrap();
                out.finish().unwrap()
            }
            "zst" => zstd::encode_all(&tar[..], 1).unwrap(),
            _ => tar.clone(),
        }
    };
    for hub in hubs("what_is_in_an_archive").await {
        let admin = hub.admin().await;
        for kind in ["gz", "bz2", "xz", "zst", "plain"] {
            let id = build(&admin, &format!("img-{kind}")).await;
            admin.call(CreateImageBuild::new(BuildRef::Id(id).into_value())).await.unwrap();
            upload(&hub, "up/a.tar", packed(kind)).await;
            let info = members([("arch", "noarch")]);
            admin.call(ImportArchive::new("up/a.tar", BuildRef::Id(id).into_value(), "image", info)).await.unwrap();
            let archive = only_archive(&admin, id).await;
            let files: Vec<ArchiveFile> = admin.call(ListArchiveFiles::new(archive)).await.unwrap().into_list();
            let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
            assert_eq!(names, ["a", "dir/b", &long], "{kind}");
            let first = &files[0];
            assert_eq!((first.size, first.mtime, first.mode), (700, 1_700_000_000, Some(0o644)), "{kind}");
            assert_eq!((first.user.as_deref(), first.group.as_deref()), (Some("ann"), Some("staff")), "{kind}");
        }
        let id = build(&admin, "lib").await;
        admin.call(CreateMavenBuild::new(BuildRef::Id(id).into_value(), maven_info("1"))).await.unwrap();
        upload(&hub, "up/lib-1.jar", zip_of(&["META-INF/x", "a"])).await;
        let import = ImportArchive::new("up/lib-1.jar", BuildRef::Id(id).into_value(), "maven", maven_info("1"));
        admin.call(import).await.unwrap();
        let jar = only_archive(&admin, id).await;
        let opts = QueryOpts { order: Some("-name".into()), limit: Some(1), ..QueryOpts::default() };
        let files: Vec<ArchiveFile> =
            admin.call(ListArchiveFiles::new(jar).query_opts(opts)).await.unwrap().into_list();
        assert_eq!((files.len(), files[0].name.as_str(), files[0].size), (1, "a", 4));
        assert_eq!((files[0].mtime, files[0].mode), (1_735_787_046, None));
        let file = admin.call(GetArchiveFile::new(jar, "META-INF/x")).await.unwrap().unwrap();
        assert_eq!((file.size, file.archive_id), (13, Some(jar)));
        assert_eq!(admin.call(GetArchiveFile::new(jar, "b")).await.unwrap(), None);
        let refused = admin.refused(GetArchiveFile::new(jar, "b").strict(true)).await.1;
        assert_eq!(refused, format!("No such file: b in archive#{jar}"));

        for (n, broken) in [&b"no zip"[..], &zip_of(&["a"])[..40], b""].into_iter().enumerate() {
            let name = "packages/lib/1/1/maven/org/example/lib/1/lib-1.jar";
            hub.hub.storage().put(name, broken.to_vec().into()).await.unwrap();
            let refused = admin.refused(ListArchiveFiles::new(jar)).await.1;
            assert!(refused.starts_with("cannot read packages/lib/"), "{n}: {refused}");
        }
        hub.hub.storage().remove("packages/lib").await.unwrap();
        assert_eq!(admin.call(ListArchiveFiles::new(jar)).await.unwrap().count(), 0);
        assert_eq!(admin.refused(ListArchiveFiles::new(ArchiveId(999))).await.1, "No such archive: 999");
    }
}

#[tokio::test]
async fn broken_tar_files_are_refused_in_words() {
    let tar = tar_of(&["a"]);
    let mut huge_name = tar_of(&["b"]);
    {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::GNULongName);
        header.set_size(1 << 40);
        header.set_cksum();
        huge_name.splice(0..0, header.as_bytes().to_vec());
    }
    let cut = flate2_of(&tar)[..40].to_vec();
    for hub in hubs("broken_tar_files").await {
        let admin = hub.admin().await;
        for (n, bytes) in [b"not a tar".to_vec(), vec![1; 2048], huge_name.clone(), cut.clone()].into_iter().enumerate()
        {
            let id = build(&admin, &format!("img{n}")).await;
            admin.call(CreateImageBuild::new(BuildRef::Id(id).into_value())).await.unwrap();
            upload(&hub, "up/a.tar.gz", bytes).await;
            let info = members([("arch", "noarch")]);
            admin.call(ImportArchive::new("up/a.tar.gz", BuildRef::Id(id).into_value(), "image", info)).await.unwrap();
            let refused = admin.refused(ListArchiveFiles::new(only_archive(&admin, id).await)).await.1;
            assert!(refused.starts_with("cannot read packages/img"), "{n}: {refused}");
        }
    }
}

fn flate2_of(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

#[tokio::test]
async fn archives_of_a_tag_are_those_of_its_builds() {
    for hub in hubs("archives_of_a_tag").await {
        let admin = hub.admin().await;
        let (base, top) = (
            admin.call(CreateTag::new("base")).await.unwrap(),
            admin.call(CreateTag::new("top").parent("base")).await.unwrap(),
        );
        let mut builds = Vec::new();
        for (name, version) in [("lib", "1"), ("lib2", "2"), ("lib3", "1")] {
            let id = build(&admin, name).await;
            admin.call(CreateMavenBuild::new(BuildRef::Id(id).into_value(), maven_info(version))).await.unwrap();
            let file = format!("up/{name}-{version}.jar");
            upload(&hub, &file, zip_of(&["a"])).await;
            let import = ImportArchive::new(file, BuildRef::Id(id).into_value(), "maven", maven_info(version));
            admin.call(import).await.unwrap();
            admin.call(PackageListAdd::new("base", name).owner("kojiadmin")).await.unwrap();
            admin.call(TagBuildBypass::new("base", id)).await.unwrap();
            builds.push(id);
        }
        let tagged = async |asked: ListTaggedArchives| match admin.call(asked).await.unwrap() {
            TaggedArchives::Found(archives, builds) => (archives, builds.len()),
            TaggedArchives::NoTag(_) => panic!("no tag"),
        };
        let (archives, count) = tagged(ListTaggedArchives::new("base")).await;
        assert_eq!((archives.len(), count, archives[0].extra.clone()), (3, 3, Some(None)));
        assert_eq!(archives[0].maven_version, None);
        let (archives, _) = tagged(ListTaggedArchives::new(top).inherit(true).kind("maven").extra(false)).await;
        assert_eq!((archives.len(), archives[0].extra.clone()), (3, None));
        assert_eq!(archives[0].maven_artifact_id.as_deref(), Some("lib"));
        assert_eq!(tagged(ListTaggedArchives::new("top")).await, (Vec::new(), 0));
        let (archives, _) = tagged(ListTaggedArchives::new("base").package("lib2")).await;
        assert_eq!(archives[0].build_id, builds[1]);
        let refused = admin.refused(ListTaggedArchives::new("base").kind("image")).await.1;
        assert_eq!(refused, "unsupported archive type: image");
        let none = admin.call(ListTaggedArchives::new("nosuch").strict(false)).await.unwrap();
        assert_eq!(none, TaggedArchives::NoTag([]));
        assert_eq!(admin.refused(ListTaggedArchives::new("nosuch")).await.1, "No such tagInfo: 'nosuch'");

        // of one artifact: lib3 was tagged last, and has version 1; version 2 only if the tag includes all
        let latest = async |asked: GetLatestMavenArchives| -> Vec<(i32, String)> {
            let found = admin.call(asked).await.unwrap();
            found.into_iter().map(|archive| (archive.build_id.0, archive.version)).collect()
        };
        let last = (builds[2].0, "1".to_owned());
        assert_eq!(latest(GetLatestMavenArchives::new("top")).await, std::slice::from_ref(&last));
        assert_eq!(latest(GetLatestMavenArchives::new("top").inherit(false)).await, []);
        let mut db = hub.db.db.begin().await.unwrap();
        let sql = "UPDATE tag_config SET maven_include_all = TRUE WHERE tag_id = $1";
        db.execute(sql, args![base]).await.unwrap();
        db.commit().await.unwrap();
        assert_eq!(latest(GetLatestMavenArchives::new("top")).await, [last, (builds[1].0, "2".to_owned())]);
    }
}

#[tokio::test]
async fn builders_import_what_is_below_the_directory_for_uploads() {
    for hub in hubs("builders_import").await {
        let (admin, builder) = (hub.admin().await, hub.builder("builder1").await);
        let id = build(&admin, "lib").await;
        admin.call(CreateMavenBuild::new(BuildRef::Id(id).into_value(), maven_info("1"))).await.unwrap();
        upload(&hub, "tasks/1/1/lib-1.jar", zip_of(&["a"])).await;
        let import =
            |file: &str, kind: &str| HostImportArchive::new(file, BuildRef::Id(id).into_value(), kind, maven_info("1"));
        assert_eq!(admin.refused(import("x", "maven")).await.0, FaultKind::Auth);
        assert_eq!(builder.refused(import("x", "image")).await.1, "unsupported archive type: image");
        let refused = builder.refused(import("tasks/1/1/lib-1.jar", "maven")).await.1;
        assert_eq!(refused, "No such file: tasks/1/1/lib-1.jar");
        let refused = builder.refused(import("/mnt/koji/work/../packages/x.jar", "maven")).await.1;
        assert_eq!(refused, "Invalid path: ../packages/x.jar");
        builder.call(import("/mnt/koji/work/tasks/1/1/lib-1.jar", "maven")).await.unwrap();
        only_archive(&admin, id).await;
    }
}

#[tokio::test]
async fn a_file_of_an_rpm_is_found_by_its_path() {
    let rpms = build_rpms("hello", "2.10", "1", "");
    for hub in hubs("a_file_of_an_rpm").await {
        let admin = hub.admin().await;
        for (name, bytes) in &rpms.0 {
            upload(&hub, &format!("up/{name}"), bytes.clone()).await;
            admin.call(ImportRpm::new("up", name.as_str())).await.unwrap();
        }
        let ask = |name: &str, file: &str| GetRpmFile::new(name, file);
        let found = admin.call(ask("hello-2.10-1.noarch", "/usr/share/hello/hello")).await.unwrap();
        assert_eq!(found.get("size"), Some(&Value::Int(6)));
        assert!(found.get("rpm_id").is_some() && found.get("digest") == found.get("md5"), "{found:?}");
        assert_eq!(admin.call(ask("hello-2.10-1.noarch", "/nosuch")).await.unwrap(), Struct::new());
        assert_eq!(admin.call(ask("nosuch-2.10-1.noarch", "/nosuch")).await.unwrap(), Struct::new());
        let refused = admin.refused(ask("hello-2.10-1.noarch", "/nosuch").strict(true)).await.1;
        assert_eq!(refused, "No file: /nosuch found in RPM: hello-2.10-1.noarch");
    }
}
