//! Uploads: one request after another, each a query string and a body, and what the calls beside them say of the files.

#![no_main]

use koji_core::xmlrpc::{Value, read_response};
use koji_fuzz::{Source, World, check, with_world};
use libfuzzer_sys::fuzz_target;

const WORDS: &[&str] = &[
    "filename=", "filepath=", "fileverify=", "offset=", "overwrite=", "volume=", "&", "a", "..", "/", ".", "%2e", "%00",
    "%2F", "-1", "0", "4", "99999999999999999999", "adler32", "md5", "sha256", "1", "DEFAULT", "nosuch", "x/y", "tasks/1/1",
    ".user", "%0a", "+", "=",
];

fn query(source: &mut Source<'_>) -> String {
    let mut out = String::from("filename=a&filepath=up&fileverify=adler32&");
    // mostly a query that is understood, now and then any
    if source.byte() < 40 {
        out.clear();
    }
    for _ in 0..source.byte() % 24 {
        match source.byte() {
            0..20 => out.extend(source.take().escape_ascii().map(char::from).filter(|c| c.is_ascii_graphic())),
            n => out.push_str(WORDS[usize::from(n) % WORDS.len()]),
        }
    }
    out
}

fuzz_target!(|data: &[u8]| {
    with_world(World::new, |world| {
        let mut source = Source::new(data);
        for _ in 0..8 {
            if source.is_empty() {
                break;
            }
            let query = query(&mut source);
            let (_, answer) = world.post("application/octet-stream", &query, source.take().to_vec());
            if let Ok(Err(fault)) = read_response::<Value>(&answer) {
                check("upload", &fault.message);
            }
            let names = ["up", "a", "..", "x/y", ".user", "", "tasks/1/1", "DEFAULT", "/", "a/../b"];
            let text = |source: &mut Source<'_>| Value::from(*source.pick(&names));
            let (dir, name) = (text(&mut source), text(&mut source));
            match source.byte() % 4 {
                0 => drop(world.call("checkUpload", &[dir, name, "md5".into()])),
                1 => {
                    let sum = source.value(&names);
                    let data = source.value(&names);
                    drop(world.call("uploadFile", &[dir, name, i32::from(source.byte()).into(), sum, 0.into(), data]));
                }
                _ => {}
            }
        }
        // nothing is written but below work
        let top = world.block_on(world.hub.storage().list("")).or_else(|_| world.block_on(world.hub.storage().list(".")));
        for name in top.unwrap_or_default() {
            assert!(matches!(name.as_str(), "work" | "vol"), "{name}");
        }
        let _ = world.block_on(world.hub.storage().remove("work"));
    });
});
