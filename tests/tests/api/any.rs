//! Every method with arguments of every kind: whatever a caller sends, the hub answers, and does not break.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use koji_core::api::Mode;
use koji_core::api::builds::CreateEmptyBuild;
use koji_core::api::packages::PackageListAdd;
use koji_core::api::tagging::TagBuildBypass;
use koji_core::api::tags::CreateTag;
use koji_core::api::users::GrantPermission;
use koji_core::fault::FaultKind;
use koji_core::python;
use koji_core::xmlrpc::{Struct, Value};
use koji_tests::hubs;

/// How often each method is called.
const TIMES: usize = 12;
/// Methods that would end the session, or take the caller's rights.
const LEFT_OUT: [&str; 8] = [
    "disableUser",
    "editUser",
    "exclusiveSession",
    "logout",
    "logoutChild",
    "revokePermission",
    "sharedSession",
    "subsession",
];

fn members(members: &[(&str, Value)]) -> Value {
    Value::Struct(members.iter().map(|(name, value)| (*name, value.clone())).collect::<Struct>())
}

fn list(items: &[Value]) -> Value {
    Value::Array(items.to_vec())
}

/// Values at the ends of their ranges, names of what there is and of what cannot be, and shapes that methods take.
fn values() -> Vec<Value> {
    let long = "y".repeat(300);
    let texts = [
        "",
        "a",
        "f44",
        "hello",
        "hello-1-1",
        "hello-1-1.src",
        "builder1",
        "default",
        "x86_64",
        "admin",
        "id",
        "-id",
        "read",
        "adler32",
        "maven",
        "2024-01-01",
        "%",
        "\\",
        "(",
        "[[:<:]]",
        "../x",
        "..-..-..",
        "--",
        "/",
        "é-é-é",
        "é'\"\\ü",
        "1",
        &long,
    ];
    let whole = [0, 1, 2, -1, i32::MAX.into(), i32::MIN.into(), i64::MAX, i64::MIN];
    let hello = [("name", Value::from("hello")), ("version", "1".into()), ("release", "1".into())];
    let rpm = [("arch", "x86_64".into()), ("epoch", Value::Nil), ("task_id", 1.into()), ("location", "a".into())];
    let link = [("parent_id", 2.into()), ("priority", 0.into()), ("maxdepth", i32::MIN.into())];
    let more = [("intransitive", false.into()), ("noconfig", true.into()), ("pkg_filter", "((".into())];
    let clause = |field: &str, op: &str, value: Value| list(&[list(&[field.into(), op.into(), value])]);
    let mut out = vec![Value::Nil, true.into(), false.into()];
    out.extend(texts.map(Value::from));
    out.extend(whole.map(Value::Int));
    out.extend([f64::NAN, f64::INFINITY, 1e300, -1e300, 1.5].map(Value::Double));
    out.extend([list(&[]), list(&[1.into(), 2.into()]), list(&["a".into()]), list(&[Value::Nil])]);
    out.extend([
        clause("id", ">", 0.into()),
        clause("state", "IN", list(&[1.into()])),
        clause("method", "=", 5.into()),
    ]);
    out.extend([clause("create_ts", ">", 1e300.into()), list(&[members(&[&link[..], &more].concat())])]);
    out.extend([members(&[]), members(&hello), members(&[&hello[..], &rpm].concat())]);
    for (name, value) in [
        ("id", Value::from(1)),
        ("name", "f44".into()),
        ("limit", (-1).into()),
        ("order", "-name".into()),
        ("countOnly", true.into()),
        ("asList", true.into()),
        ("createdBefore", 1e300.into()),
        ("decode", true.into()),
        ("priority", i32::MIN.into()),
        ("extra", members(&[("x", f64::NAN.into())])),
        ("x86_64", list(&["a/b".into(), list(&["f".into()])])),
        ("user_id", "x".into()),
    ] {
        out.push(members(&[(name, value)]));
    }
    out
}

/// Numbers that look random, the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % most
    }
}

#[tokio::test]
async fn whatever_a_call_is_given_it_is_answered() {
    let values = values();
    for hub in hubs("whatever_a_call_is_given").await {
        let admin = hub.admin().await;
        let builder = hub.builder("builder1").await;
        admin.call(GrantPermission::new("builder1", "admin")).await.unwrap();
        hub.open_task(&builder, &admin, "build").await;
        for tag in ["f44", "f45"] {
            admin.call(CreateTag::new(tag).arches("x86_64")).await.unwrap();
        }
        admin.call(CreateEmptyBuild::new("hello", "1", "1", None)).await.unwrap();
        admin.call(PackageListAdd::new("f44", "hello").owner("kojiadmin")).await.unwrap();
        admin.call(TagBuildBypass::new("f44", "hello-1-1")).await.unwrap();
        let mut dice = Dice(1);
        for entry in hub.hub.registry().iter() {
            let name = entry.info.name;
            if entry.info.mode == Mode::Wait || LEFT_OUT.contains(&name) {
                continue;
            }
            let most = (entry.params)().len();
            for _ in 0..TIMES {
                let count = dice.below(most + 1);
                let params: Vec<Value> = (0..count).map(|_| values[dice.below(values.len())].clone()).collect();
                let shown = python::repr(&Value::Array(params.clone()));
                let answer = AssertUnwindSafe(builder.call_raw(name, params)).catch_unwind().await;
                let Ok(answer) = answer else { panic!("{name} broke on {shown}") };
                let kind = answer.err().and_then(|fault| fault.kind());
                assert!(name == "fault" || kind != Some(FaultKind::Unknown), "{name} failed on {shown}");
            }
        }
    }
}
