//! RPMs: headers of files that are in a build, that are imported, and signature headers.

#![no_main]

use koji_core::xmlrpc::Value;
use koji_fuzz::{World, with_world};
use libfuzzer_sys::fuzz_target;

/// Where the package is that the database knows.
const FILE: &str = "packages/hello/1/1/noarch/hello-1-1.noarch.rpm";

fn world() -> World {
    let world = World::new().furnish();
    world.block_on(async {
        let mut db = world.hub.db().begin().await.expect("a transaction");
        db.execute(
            "INSERT INTO rpminfo (build_id, draft, name, version, release, arch, external_repo_id, payloadhash, size,
                                  buildtime)
             VALUES (1, FALSE, 'hello', '1', '1', 'noarch', 0, 'x', 1, 1)",
            Vec::new(),
        )
        .await
        .expect("a package");
        db.commit().await.expect("a commit");
    });
    world
}

/// The name that the file itself gives, as far as it can be told without reading it whole.
fn name(data: &[u8]) -> String {
    let end = data.get(10..76).and_then(|name| name.iter().position(|byte| *byte == 0)).unwrap_or(0);
    let lead = String::from_utf8_lossy(data.get(10..10 + end).unwrap_or_default()).into_owned();
    let arch = if data.get(7) == Some(&1) { "src" } else { "noarch" };
    format!("{}.{arch}.rpm", lead.replace(['/', '\0', '\n'], "_"))
}

fuzz_target!(|data: &[u8]| {
    with_world(world, |world| {
        world.put(FILE, data);
        let rpm = Value::from("hello-1-1.noarch");
        for method in ["getRPMDeps", "listRPMFiles", "getRPMHeaders"] {
            let _ = world.call(method, &[1.into()]);
        }
        let _ = world.call("getChangelogEntries", &["hello-1-1".into()]);
        let file = name(data);
        world.put(&format!("work/up/{file}"), data);
        let _ = world.call("importRPM", &["up".into(), file.as_str().into()]);
        let _ = world.call("getRPMHeaders", &[Value::Nil, 1.into(), format!("../../up/{file}").into()]);
        let header = data.get(96..).unwrap_or_default();
        let base64 = koji_core::xmlrpc::Base64(header.to_vec());
        let text = koji_core::xmlrpc::to_xml(&Value::Base64(base64)).unwrap_or_default();
        let text = text.split(['<', '>']).nth(4).unwrap_or_default().replace('\n', "");
        let _ = world.call("addRPMSig", &[rpm.clone(), text.into()]);
        let _ = world.call("writeSignedRPM", &[rpm, "".into()]);
    });
});
