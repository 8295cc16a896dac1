//! Every method with arguments of every kind: whatever a caller sends, the hub answers, and does not break.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use koji_core::api::Mode;
use koji_core::api::builds::CreateEmptyBuild;
use koji_core::api::packages::PackageListAdd;
use koji_core::api::tagging::TagBuildBypass;
use koji_core::api::tags::{CreateTag, DeleteTag};
use koji_core::api::targets::CreateBuildTarget;
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

/// Texts that mean something in SQL, in its patterns and regular expressions, or to what puts statements together.
const METACHARACTERS: [&str; 12] = [
    "'; DROP TABLE tag; --",
    "' OR '1'='1",
    "\" OR 1=1 --",
    "x') OR (1=1",
    "a\\' OR 1=1 --",
    "name; SELECT 1",
    "name) --",
    "$1",
    "$$ $x$ :name ?1 @a",
    "%_\\%",
    "/* x */ UNION SELECT * FROM users",
    "(select(1))",
];
/// Words by which a database tells that it was given no statement.
const COMPLAINTS: [&str; 8] = [
    "syntax error",
    "near \"",
    "unterminated",
    "no such column",
    "does not exist at",
    "unrecognized token",
    "SQL",
    "database: ",
];

/// The rows of the tables that nothing of this may change.
async fn kept(hub: &koji_tests::TestHub) -> Vec<(String, i64)> {
    let mut db = hub.db.db.read().await.unwrap();
    let sql =
        "SELECT 'permissions', COUNT(*) FROM permissions UNION ALL SELECT 'archivetypes', COUNT(*) FROM archivetypes
               UNION ALL SELECT 'locks', COUNT(*) FROM locks UNION ALL SELECT 'btype', COUNT(*) FROM btype";
    db.fetch_all(sql, koji_hub_lib::db::args![]).await.unwrap()
}

#[tokio::test]
async fn no_text_becomes_part_of_a_statement() {
    for hub in hubs("no_text_becomes").await {
        let admin = hub.admin().await;
        let builder = hub.builder("builder1").await;
        admin.call(GrantPermission::new("builder1", "admin")).await.unwrap();
        admin.call(CreateTag::new("f44").arches("x86_64")).await.unwrap();
        admin.call(CreateEmptyBuild::new("hello", "1", "1", None)).await.unwrap();
        let task = hub.open_task(&builder, &admin, "build").await;
        let before = kept(&hub).await;
        let mut dice = Dice(2);
        for entry in hub.hub.registry().iter() {
            let name = entry.info.name;
            let grows = ["addArchiveType", "grantPermission", "addBType"].contains(&name);
            if entry.info.mode == Mode::Wait || LEFT_OUT.contains(&name) || grows {
                continue;
            }
            let params = (entry.params)();
            for text in METACHARACTERS {
                let text = Value::from(text);
                // the text alone, in lists, as a value and as a name of structs; by itself and behind what there is
                let opts = members(&[("order", text.clone()), ("group", text.clone())]);
                let named = Value::Struct([(text.as_str().unwrap(), text.clone())].into_iter().collect());
                for value in [text.clone(), list(&[text.clone(), text.clone()]), opts, named] {
                    let known = [value.clone(), "f44".into(), "hello-1-1".into(), task.0.into()];
                    let first = known[dice.below(known.len())].clone();
                    let rest = params.iter().skip(1).map(|_| value.clone());
                    let given: Vec<Value> = params.first().map(|_| first).into_iter().chain(rest).collect();
                    let Err(fault) = builder.call_raw(name, given).await else { continue };
                    let complaint = COMPLAINTS.iter().find(|words| fault.message.contains(*words));
                    assert_eq!(complaint, None, "{name} of {}: {}", python::repr(&value), fault.message);
                }
            }
        }
        assert_eq!(kept(&hub).await, before);
        let mut told = Vec::new();
        hub.hub.check_data(false, |line| told.push(line)).await.unwrap();
        assert_eq!(told, [""; 0]);
    }
}

#[tokio::test]
async fn who_may_not_call_hears_that_before_what_is_wrong_with_the_values() {
    for hub in hubs("who_may_not_call_hears_that").await {
        let bob = hub.user("bob", &[]).await;
        let nothing = members(&[]);
        let refused = bob.call_raw("host.subtask2", vec![nothing.clone(); 4]).await.unwrap_err();
        assert_eq!(
            (refused.kind(), &*refused.message),
            (Some(FaultKind::Auth), &*format!("User {} is not a host", bob.id))
        );
        // how many they are comes first
        let refused = bob.call_raw("host.openTask", vec![nothing; 4]).await.unwrap_err();
        assert_eq!(refused.kind(), Some(FaultKind::Parameter));
    }
}

#[tokio::test]
async fn where_koji_hands_an_id_to_its_database_it_may_be_nil_or_alone_in_a_list() {
    for hub in hubs("where_koji_hands_an_id_to_its_database").await {
        let bob = hub.user("bob", &[]).await;
        let one = || list(&[1.into()]);
        for (method, value, answer) in [
            ("getBuildNotification", one(), Some(Value::Nil)),
            ("getBuildNotificationBlock", one(), Some(Value::Nil)),
            ("getMavenArchive", one(), Some(Value::Nil)),
            ("repo.references", one(), Some(list(&[]))),
            ("repo.references", Value::Nil, Some(list(&[]))),
            ("getBuildTarget", Value::Nil, Some(Value::Nil)),
            ("getPackageID", Value::Nil, Some(Value::Nil)),
            ("getLastHostUpdate", Value::Nil, Some(Value::Nil)),
            // others look at what they are given
            ("getBuildTarget", list(&["tgt".into()]), None),
            ("getBuildroot", one(), None),
            ("taskFinished", one(), None),
        ] {
            let answered = bob.call_raw(method, vec![value]).await;
            match answer {
                Some(answer) => assert_eq!(answered.unwrap(), answer, "{method}"),
                None => assert_eq!(answered.unwrap_err().kind(), Some(FaultKind::Parameter), "{method}"),
            }
        }
        let strict = |value| bob.call_raw("listTaskOutput", vec![value, false.into(), false.into(), true.into()]);
        for task in [1.into(), Value::Nil, one(), "x".into()] {
            assert_eq!(strict(task).await.unwrap_err().message, "Task doesn't exist");
        }
    }
}

#[tokio::test]
async fn what_python_takes_for_false_filters_nothing() {
    for hub in hubs("what_python_takes_for_false").await {
        let admin = hub.admin().await;
        for tag in ["f44", "gone"] {
            admin.call(CreateTag::new(tag)).await.unwrap();
        }
        admin.call(CreateBuildTarget::new("f44", "f44", "f44")).await.unwrap();
        admin.call(DeleteTag::new("gone")).await.unwrap();
        admin.call(CreateEmptyBuild::new("hello", "1", "1", None)).await.unwrap();
        let call = async |method: &str, name: &str, value: Value| {
            let named = members(&[(name, value), ("__starstar", true.into())]);
            admin.call_raw(method, vec![named]).await.unwrap()
        };
        for (method, name) in [
            ("getBuildTargets", "info"),
            ("listBuilds", "createdBefore"),
            ("listTags", "queryOpts"),
            ("listChannels", "hostID"),
            ("getTagExternalRepos", "tag_info"),
            ("repo.query", "clauses"),
        ] {
            let all = call(method, name, Value::Nil).await;
            for nothing in ["".into(), 0.into()] {
                assert_eq!(call(method, name, nothing).await, all, "{method} {name}");
            }
        }
        assert_eq!(call("getTaskDescendents", "task_id", 99.into()).await, members(&[("99", list(&[]))]));
        // a tag that is no more may still have repos
        assert_eq!(call("getRepo", "tag", "gone".into()).await, Value::Nil);
        let text = async |method: &str, value: Value| admin.call_raw(method, vec![value]).await.unwrap_err().message;
        assert_eq!(text("getRepo", "nosuch".into()).await, "No such entry in table tag: nosuch");
        assert_eq!(text("getBuild", members(&[("id", 1.into())])).await, "did not provide name, version, and release");
        assert_eq!(text("getBuildConfig", "it's".into()).await, "No such tagInfo: \"it's\"");
    }
}
