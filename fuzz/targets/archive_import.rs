//! Archives: what is in zip and tar files, and project files of Maven.

#![no_main]

use koji_core::xmlrpc::Value;
use koji_fuzz::{World, members, with_world};
use libfuzzer_sys::fuzz_target;

const PLACE: &str = "packages/hello/1/1/images";

fn maven() -> Value {
    members([("group_id", "org.example"), ("artifact_id", "lib"), ("version", "1")])
}

/// A hub with one archive of each kind that has files in it.
fn world() -> World {
    let world = World::new().furnish();
    world.must("createMavenBuild", ["hello-1-1".into(), maven()]);
    world.must("createImageBuild", ["hello-1-1".into()]);
    for file in ["a.zip", "a.tar"] {
        world.put(&format!("work/up/{file}"), b"any");
        let params = [format!("up/{file}").into(), "hello-1-1".into(), "image".into(), members([("arch", "noarch")])];
        world.must("importArchive", params);
    }
    world
}

fuzz_target!(|data: &[u8]| {
    with_world(world, |world| {
        for (id, file) in [(1, "a.zip"), (2, "a.tar")] {
            world.put(&format!("{PLACE}/{file}"), data);
            let _ = world.call("listArchiveFiles", &[id.into()]);
        }
        world.put("work/up/lib-1.pom", data);
        let _ = world.call("importArchive", &["up/lib-1.pom".into(), "hello-1-1".into(), "maven".into(), maven()]);
    });
});
