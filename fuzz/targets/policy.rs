//! Policies: a text as in `hub.conf`, then what it is asked about.

#![no_main]

use koji_core::policy::Policy;
use koji_core::xmlrpc::{Struct, Value};
use koji_fuzz::{Source, World, with_world};
use libfuzzer_sys::fuzz_target;

/// What the tests look at.
const FIELDS: &[&str] = &[
    "user_id", "package", "build", "tag", "fromtag", "target", "volume", "cg_list", "buildroots", "build_tag", "build_tags",
    "version", "release", "btypes", "draft", "source", "task_id", "method", "vm_name", "parent", "skip_tag", "x",
    "operation",
];

fuzz_target!(|data: &[u8]| {
    let (text, rest) = match data.iter().position(|byte| *byte == 0) {
        Some(end) => (&data[..end], &data[end + 1..]),
        None => (data, &[][..]),
    };
    let Ok(text) = std::str::from_utf8(text) else { return };
    if let Ok(policy) = Policy::parse(text, |_, _| Ok(())) {
        let shown = policy.to_string();
        let again = Policy::parse(&shown, |_, _| Ok(())).expect("a policy as it is shown");
        assert_eq!(shown, again.to_string());
    }
    with_world(
        || World::new().furnish(),
        |world| {
            let policies = vec![("fuzzed".into(), text.to_owned())];
            let Ok(hub) = world.with_policies(policies) else { return };
            let mut source = Source::new(rest);
            let mut fields = Struct::new();
            while !source.is_empty() {
                let name = *source.pick(FIELDS);
                fields.insert(name, source.value(FIELDS));
            }
            let _ = world.call_of(&hub, "evalPolicy", &["fuzzed".into(), Value::Struct(fields)]);
        },
    );
});
