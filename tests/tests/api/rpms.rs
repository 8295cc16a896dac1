//! RPMs: what stands in them, whose signatures they take, and the signed copies that builders ask for.

use base64::Engine;
use koji_core::api::builds::GetChangelogEntries;
use koji_core::api::rpms::*;
use koji_core::api::uploads::CheckUpload;
use koji_core::api::{QueryOpts, RpmRef};
use koji_core::fault::FaultKind;
use koji_core::model::DepType;
use koji_core::xmlrpc::{Struct, Value, from_value};
use koji_tests::{Caller, TestHub, build_rpms, hubs};

const NVRA: &str = "hello-2.10-1.noarch";

async fn import(hub: &TestHub, user: &Caller<'_>) {
    for (name, bytes) in build_rpms("hello", "2.10", "1", "").0 {
        hub.hub.storage().put(&format!("work/cli/{name}"), bytes.into()).await.unwrap();
        user.call(ImportRpm::new("cli", name.as_str())).await.unwrap();
    }
}

/// Where the header and the copy of a key are.
fn files(key: &str) -> [String; 2] {
    let dir = |folder: &str| match key {
        "" => format!("packages/hello/2.10/1/data/{folder}"),
        key => format!("packages/hello/2.10/1/data/{folder}/{key}"),
    };
    [format!("{}/noarch/{NVRA}.rpm.sig", dir("sigcache")), format!("{}/noarch/{NVRA}.rpm", dir("signed"))]
}

async fn exists(hub: &TestHub, path: &str) -> bool {
    hub.hub.storage().metadata(path).await.unwrap().is_some()
}

async fn there(hub: &TestHub, key: &str) -> bool {
    let mut found = Vec::new();
    for file in files(key) {
        found.push(exists(hub, &file).await);
    }
    assert_eq!(found[0], found[1], "{key}");
    found[0]
}

#[tokio::test]
async fn a_renamed_signature_goes_with_all_that_has_it() {
    for hub in hubs("a_renamed_signature").await {
        let (admin, signer) = (hub.admin().await, hub.user("signer", &["sign"]).await);
        import(&hub, &admin).await;
        signer.call(WriteSignedRpm::new(NVRA, "")).await.unwrap();
        let id = admin
            .call(ListRpms::new().arches("noarch".to_owned()))
            .await
            .unwrap()
            .into_list()
            .iter()
            .find(|rpm| rpm.name == "hello")
            .unwrap()
            .id;
        let sums = admin.call(GetRpmChecksums::new(id.0)).await.unwrap();
        let keys = async || {
            let sigs = admin.call(QueryRpmSigs::new().rpm_id(NVRA)).await.unwrap().into_list();
            sigs.into_iter().map(|sig| sig.sigkey).collect::<Vec<_>>()
        };
        assert!(there(&hub, "").await);

        let refused = signer.refused(RenameRpmSig::new(NVRA, "", "a1b2")).await;
        let words = "admin permission required (logged in as signer)";
        assert_eq!(refused, (FaultKind::ActionNotAllowed, words.into()));
        for key in ["", "../../x", "a/b", "..", "a b"] {
            let refused = admin.refused(RenameRpmSig::new(NVRA, "", key)).await.1;
            assert_eq!(refused, format!("Invalid sigkey: {key}"));
        }
        let refused = admin.refused(RenameRpmSig::new(NVRA, "ffff", "a1b2")).await.1;
        assert_eq!(refused, format!("No signature for package {NVRA}, key ffff"));
        assert_eq!(admin.refused(RenameRpmSig::new("nosuch-1-1.noarch", "", "a1b2")).await.0, FaultKind::Generic);

        admin.call(RenameRpmSig::new(NVRA, "", "A1B2")).await.unwrap();
        assert_eq!(keys().await, ["a1b2"]);
        assert!(there(&hub, "a1b2").await && !there(&hub, "").await);
        let renamed = admin.call(GetRpmChecksums::new(id.0).cacheonly(true)).await.unwrap();
        assert_eq!(renamed.get("a1b2"), sums.get(""));
        let refused = admin.refused(RenameRpmSig::new(NVRA, "a1b2", "A1B2")).await.1;
        assert_eq!(refused, format!("Signature already exists for package {NVRA}, key a1b2"));
        admin.call(RenameRpmSig::new(id, "a1b2", "c3")).await.unwrap();
        assert_eq!((keys().await, there(&hub, "c3").await), (vec!["c3".to_owned()], true));
        admin.call(DeleteRpmSig::new(NVRA).sigkey("c3")).await.unwrap();
        assert!(!there(&hub, "c3").await);
    }
}

#[tokio::test]
async fn a_signature_may_be_kept_under_another_key_than_its_own() {
    for hub in hubs("a_signature_may_be_kept").await {
        let (admin, signer) = (hub.admin().await, hub.user("signer", &["sign"]).await);
        import(&hub, &admin).await;
        let header = hub.hub.storage().read(&files("")[0], 0, 1 << 20).await.unwrap();
        let data = base64::engine::general_purpose::STANDARD.encode(&header);
        let add = |key: &str| AddRpmSig::new(NVRA, data.as_str()).sigkey(key.to_owned());
        let refused = signer.refused(add("")).await.1;
        assert_eq!(refused, format!("Signature already exists for package {NVRA}, key "));
        assert_eq!(signer.refused(add("../x")).await.1, "Invalid sigkey: ../x");
        signer.call(add("A1B2")).await.unwrap();
        signer.call(WriteSignedRpm::new(NVRA, "A1B2")).await.unwrap();
        assert!(there(&hub, "a1b2").await);
        let found = admin.call(QueryRpmSigs::new().rpm_id(NVRA).sigkey("a1b2")).await.unwrap().into_list();
        assert_eq!(found.len(), 1);
    }
}

#[tokio::test]
async fn a_builder_has_signed_copies_written() {
    for hub in hubs("a_builder_has_signed_copies").await {
        let (admin, builder) = (hub.admin().await, hub.builder("builder1").await);
        import(&hub, &admin).await;
        let refused = admin.refused(HostWriteSignedRpm::new(NVRA, "")).await;
        assert_eq!(refused.0, FaultKind::Auth);
        let refused = builder.refused(HostWriteSignedRpm::new(NVRA, "FFFF")).await.1;
        assert_eq!(refused, format!("No cached signature for package {NVRA}, key ffff"));
        assert!(hub.hub.storage().metadata(&files("")[1]).await.unwrap().is_none());
        builder.call(HostWriteSignedRpm::new(NVRA, "")).await.unwrap();
        assert!(there(&hub, "").await);
    }
}

#[tokio::test]
async fn anyone_may_look_at_an_upload_but_not_beside_it() {
    for hub in hubs("anyone_may_look_at_an_upload").await {
        hub.hub.storage().put("work/cli/file", "hello".into()).await.unwrap();
        hub.hub.storage().put("secret/file", "hello".into()).await.unwrap();
        let nobody = hub.nobody();
        let found = nobody.call(CheckUpload::new("cli", "file").verify("md5")).await.unwrap().unwrap();
        assert_eq!(found.get("hexdigest"), Some(&"5d41402abc4b2a76b9719d911017c592".into()));
        assert_eq!(nobody.call(CheckUpload::new("cli", "nosuch")).await.unwrap(), None);
        for (dir, name) in [("../secret", "file"), ("cli", "../../secret/file"), ("/secret", "file"), ("cli", ".user")]
        {
            let refused = nobody.refused(CheckUpload::new(dir, name)).await.1;
            assert!(refused.starts_with("Invalid upload "), "{refused}");
        }
    }
}

#[tokio::test]
async fn what_is_in_an_rpm_is_read_from_its_file() {
    let rpms = build_rpms("hello", "2.10", "1", "Epoch: 2\n");
    for hub in hubs("what_is_in_an_rpm").await {
        let admin = hub.admin().await;
        for (name, bytes) in &rpms.0 {
            hub.hub.storage().put(&format!("work/cli/{name}"), bytes.clone().into()).await.unwrap();
            let answer = admin.call(ImportRpm::new("cli", name.as_str())).await.unwrap();
            let answer = answer.as_struct().unwrap();
            assert_eq!(answer.get("epoch"), Some(&Value::Int(2)));
            assert_eq!(answer.get("sourcepackage").unwrap().is_nil(), !name.ends_with(".src.rpm"));
        }
        let refused = admin.refused(ImportRpm::new("cli", rpms.0[0].0.as_str())).await.1;
        assert!(refused.ends_with("already exists"), "{refused}");
        let id = admin.call(GetRpm::new("hello-2.10-1.noarch")).await.unwrap();
        let id = id.as_struct().unwrap().get("id").unwrap().as_int().unwrap();
        let hello = RpmRef::Nvra("hello-2.10-1.noarch.rpm".into());
        let listed = admin.call(ListRpms::new().arches("noarch".to_owned())).await.unwrap().into_list();
        assert_eq!(listed.iter().map(|rpm| rpm.nvr.as_str()).collect::<Vec<_>>(), ["hello-2.10-1", "hello-doc-2.10-1"]);
        assert_eq!((listed[0].epoch, listed[0].external_repo_name.as_str()), (Some(2), "INTERNAL"));
        assert_eq!(admin.call(GetRpm::new("nosuch-1-1.noarch")).await.unwrap(), Value::Nil);
        let multi = admin.call(GetRpm::new(hello.clone()).multi(true)).await.unwrap();
        assert_eq!(multi.as_array().unwrap().len(), 1);

        let deps = admin.call(GetRpmDeps::new(hello.clone())).await.unwrap().into_list();
        let bash = deps.iter().find(|dep| dep.name == "bash").unwrap();
        assert_eq!((bash.version.as_str(), bash.flags, bash.kind), ("5", 12, DepType::Require));
        let provides = admin.call(GetRpmDeps::new(hello.clone()).dep_type(1)).await.unwrap().into_list();
        assert!(provides.iter().any(|dep| dep.name == "hello" && dep.version == "2:2.10-1" && dep.flags == 8));
        assert_eq!(admin.call(GetRpmDeps::new(hello.clone()).dep_type("x")).await.unwrap().count(), 0);

        let opts = QueryOpts { order: Some("-name".into()), ..QueryOpts::default() };
        let files = admin.call(ListRpmFiles::new(hello.clone()).query_opts(opts)).await.unwrap().into_list();
        assert_eq!((files[0].name.as_str(), files[0].size, files[0].mode), ("/usr/share/hello/hello", 6, 0o100644));
        assert_eq!(
            (files[0].digest_algo.as_str(), files[0].digest.len(), files[0].user.as_str()),
            ("sha256", 64, "root")
        );
        assert_eq!((files[1].name.as_str(), files[1].digest.as_str()), ("/usr/share/hello", ""));

        let headers =
            ["name", "EPOCH", "filenames", "recommendname", "vcs", "nevra", "optflags", "requirenevrs", "longsize"]
                .map(String::from)
                .to_vec();
        let fields = admin.call(GetRpmHeaders::new().rpm_id(hello.clone()).headers(headers)).await.unwrap();
        assert_eq!(fields.get("name"), Some(&"hello".into()));
        assert_eq!(fields.get("EPOCH"), Some(&2.into()));
        assert_eq!(fields.get("nevra"), Some(&"hello-2:2.10-1.noarch".into()));
        assert_eq!((fields.get("vcs"), fields.get("recommendname")), (Some(&Value::Nil), Some(&Value::Array(vec![]))));
        assert_eq!(fields.get("filenames").unwrap().as_array().unwrap().len(), 2);
        assert!(fields.get("requirenevrs").unwrap().as_array().unwrap().contains(&"bash >= 5".into()));
        assert_eq!(fields.get("longsize"), Some(&6.into()));
        let all = admin.call(GetRpmHeaders::new().rpm_id(hello.clone())).await.unwrap();
        assert_eq!(all.get("SUMMARY"), Some(&"A test".into()));
        assert!(all.get("SIGMD5").is_some() && all.get("SIGSIZE").is_some() && all.get("FILEMD5S").is_some());
        let refused = admin.refused(GetRpmHeaders::new().rpm_id(hello).headers(vec!["nosuch".into()])).await.1;
        assert_eq!(refused, "No such rpm header field: NOSUCH");

        let log = admin.call(GetChangelogEntries::new().build_id("hello-2.10-1")).await.unwrap().into_list();
        assert_eq!((log[0].date.as_str(), log[0].text.as_str()), ("2025-01-06 12:00:00", "- Second"));
        assert_eq!(log[1].author, "Žofie <zofie@example.com>");

        let sums = admin.call(GetRpmChecksums::new(i32::try_from(id).unwrap())).await.unwrap();
        let sums: Struct = from_value(sums.get("").unwrap().clone()).unwrap();
        assert_eq!(sums.get("md5").unwrap().as_str().unwrap().len(), 32);
        let path = "packages/hello/2.10/1/noarch/hello-2.10-1.noarch.rpm";
        let stored = hub.hub.storage().read(path, 0, u64::MAX).await.unwrap();
        assert_eq!(&stored[..], &rpms.0.iter().find(|(name, _)| name == "hello-2.10-1.noarch.rpm").unwrap().1[..]);
        let sigs = admin.call(QueryRpmSigs::new()).await.unwrap().into_list();
        assert_eq!(sigs.iter().map(|sig| (sig.sigkey.as_str(), sig.sighash.len())).collect::<Vec<_>>(), [("", 32); 3]);
    }
}

#[tokio::test]
async fn a_signature_belongs_to_its_rpm() {
    let (rpms, other) = (build_rpms("hello", "2.10", "1", ""), build_rpms("other", "1", "1", ""));
    for hub in hubs("a_signature_belongs").await {
        let admin = hub.admin().await;
        for (name, bytes) in rpms.0.iter().chain(&other.0) {
            hub.hub.storage().put(&format!("work/cli/{name}"), bytes.clone().into()).await.unwrap();
            admin.call(ImportRpm::new("cli", name.as_str())).await.unwrap();
        }
        let header = async |rpm: &str| {
            let path = format!("packages/{rpm}");
            base64::engine::general_purpose::STANDARD.encode(hub.hub.storage().read(&path, 0, 1 << 20).await.unwrap())
        };
        let own = header("hello/2.10/1/data/sigcache/noarch/hello-2.10-1.noarch.rpm.sig").await;
        let foreign = header("other/1/1/data/sigcache/noarch/other-1-1.noarch.rpm.sig").await;
        let refused = admin.refused(AddRpmSig::new("hello-2.10-1.noarch", own)).await.1;
        assert_eq!(refused, "Signature already exists for package hello-2.10-1.noarch, key ");
        let refused = admin.refused(AddRpmSig::new("hello-2.10-1.noarch", foreign)).await.1;
        assert!(refused.starts_with("wrong md5 for hello-2.10-1.noarch: "), "{refused}");
        let refused = admin.refused(AddRpmSig::new("hello-2.10-1.noarch", "aGVsbG8=")).await.1;
        assert!(refused.starts_with("invalid signature header for hello-2.10-1.noarch: "), "{refused}");
        let refused = admin.refused(WriteSignedRpm::new("hello-2.10-1.noarch", "D30CB247")).await.1;
        assert_eq!(refused, "No cached signature for package hello-2.10-1.noarch, key d30cb247");
        admin.call(WriteSignedRpm::new("hello-2.10-1.noarch", "")).await.unwrap();
        let copy = "packages/hello/2.10/1/data/signed/noarch/hello-2.10-1.noarch.rpm";
        let copy = hub.hub.storage().read(copy, 0, u64::MAX).await.unwrap();
        assert_eq!(&copy[..], &rpms.0.iter().find(|(name, _)| name == "hello-2.10-1.noarch.rpm").unwrap().1[..]);
        let refused = admin.refused(DeleteRpmSig::new("hello-2.10-1.noarch").sigkey("x")).await.1;
        assert_eq!(refused, "hello-2.10-1.noarch has no matching signatures to delete");
        assert_eq!(admin.refused(DeleteRpmSig::new("hello-2.10-1.noarch")).await.1, "No signature specified");
        admin.call(DeleteRpmSig::new("hello-2.10-1.noarch").all_sigs(true)).await.unwrap();
        assert!(!exists(&hub, "packages/hello/2.10/1/data/signed/noarch/hello-2.10-1.noarch.rpm").await);
        assert!(!exists(&hub, "packages/hello/2.10/1/data/sigcache/noarch/hello-2.10-1.noarch.rpm.sig").await);
        let sigs = admin.call(QueryRpmSigs::new().rpm_id(RpmRef::from("hello-2.10-1.noarch"))).await.unwrap();
        assert_eq!(sigs.count(), 0);
    }
}
