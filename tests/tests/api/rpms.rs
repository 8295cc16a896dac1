//! RPMs: signatures that get another key id, and signed copies that builders ask for.

use base64::Engine;
use koji_core::api::rpms::HostWriteSignedRpm;
use koji_core::api::rpms::*;
use koji_core::api::uploads::CheckUpload;
use koji_core::fault::FaultKind;
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

async fn there(hub: &TestHub, key: &str) -> bool {
    let mut found = Vec::new();
    for file in files(key) {
        found.push(hub.hub.storage().metadata(&file).await.unwrap().is_some());
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
