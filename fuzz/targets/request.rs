//! The way of a request: bytes, HTTP, XML-RPC, arguments, and the method itself.

#![no_main]

use koji_core::api::Mode;
use koji_core::xmlrpc::{Value, read_call, read_response, write_call};
use koji_fuzz::{Source, World, check, with_world};
use libfuzzer_sys::{Corpus, fuzz_target};

/// Methods that would end the session, or take the caller's rights.
const LEFT_OUT: &[&str] = &[
    "disableUser", "editUser", "exclusiveSession", "logout", "logoutChild", "revokePermission", "sharedSession",
    "subsession",
];

/// A request of one call or of several.
fn request(world: &World, source: &mut Source<'_>) -> Option<String> {
    let methods: Vec<_> = world.hub.registry().iter().filter(|entry| entry.info.mode != Mode::Wait).collect();
    let mut call = || {
        let entry = *source.pick(&methods);
        let params = (entry.params)();
        let names: Vec<&str> = params.iter().map(|param| param.name).chain(["name", "id", "__starstar"]).collect();
        let count = usize::from(source.byte()) % (params.len() + 2);
        let values: Vec<Value> = (0..count).map(|_| source.value(&names)).collect();
        (entry.info.name, values)
    };
    let (name, params) = call();
    if LEFT_OUT.contains(&name) {
        return None;
    }
    write_call(name, &params).ok()
}

fuzz_target!(|data: &[u8]| -> Corpus {
    let Some((kind, rest)) = data.split_first() else { return Corpus::Reject };
    let mut fate = Corpus::Keep;
    with_world(
        || World::new().furnish(),
        |world| {
            let body = match kind % 4 {
                0 => rest.to_vec(),
                _ => match request(world, &mut Source::new(rest)) {
                    Some(body) => body.into_bytes(),
                    None => {
                        fate = Corpus::Reject;
                        return;
                    }
                },
            };
            let method = read_call(&body).ok().and_then(|call| call.method).unwrap_or_default();
            let waits = world.hub.registry().get(&method).is_some_and(|entry| entry.info.mode == Mode::Wait);
            if waits || LEFT_OUT.contains(&method.as_str()) {
                fate = Corpus::Reject;
                return;
            }
            let (status, answer) = world.post("text/xml", "", body);
            assert!(matches!(status.as_u16(), 200 | 400), "{method}: {status}");
            if status == 200 {
                match read_response::<Value>(&answer) {
                    Ok(Err(fault)) => check(&method, &fault.message),
                    Ok(Ok(_)) => {}
                    Err(e) => panic!("{method} answered {}: {e}", String::from_utf8_lossy(&answer)),
                }
            }
        },
    );
    fate
});
