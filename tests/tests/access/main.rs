//! Who may call what: each method by everyone of whom its answer may depend, held against `table.txt`.

use std::collections::BTreeSet;
use std::fmt::Write;

use koji_core::api::builds::CreateEmptyBuild;
use koji_core::api::packages::PackageListAdd;
use koji_core::api::tags::CreateTag;
use koji_core::api::users::{DisableUser, GetAllPerms};
use koji_core::fault::FaultKind;
use koji_core::ids::TaskId;
use koji_core::xmlrpc::Value;
use koji_hub_lib::db::args;
use koji_tests::{Caller, TestHub, hubs};

/// Calls that change the session that makes them: each has one of its own.
const SESSIONS: [&str; 4] = ["logout", "subsession", "exclusiveSession", "sharedSession"];

/// The kinds of faults that refuse.
const REFUSALS: [FaultKind; 4] =
    [FaultKind::ActionNotAllowed, FaultKind::Auth, FaultKind::AuthLock, FaultKind::AuthExpired];

/// Refusals that Koji makes with its common fault.
const TEXTS: [&str; 5] = [
    "task must have an owner",
    "only the task owner or an admin",
    " notifications for user ",
    " notification blocks for user ",
    "Not logged-in",
];

/// Methods that the hub does not list.
const MULTICALLS: [&str; 2] = ["multiCall", "system.multicall"];

/// A line of the table.
struct Rule {
    method: String,
    who: Who,
    args: serde_json::Value,
}

#[derive(Debug, PartialEq)]
enum Who {
    Anyone,
    User,
    Admin,
    Perm(Vec<String>),
    Host,
    HostOfTask,
    Owner,
    OwnerOrHost,
    ContentGenerator,
    Elsewhere,
}

fn table() -> Vec<Rule> {
    let rule = |line: &str| {
        let [method, who, args] = line.splitn(3, '\t').collect::<Vec<_>>()[..] else { panic!("{line}: three columns") };
        let who = match who.split(' ').collect::<Vec<_>>()[..] {
            ["anyone"] => Who::Anyone,
            ["user"] => Who::User,
            ["admin"] => Who::Admin,
            ["host"] => Who::Host,
            ["host", "task"] => Who::HostOfTask,
            ["owner"] => Who::Owner,
            ["owner", "host"] => Who::OwnerOrHost,
            ["cg"] => Who::ContentGenerator,
            ["elsewhere"] => Who::Elsewhere,
            ["perm", ref names @ ..] => Who::Perm(names.iter().map(ToString::to_string).collect()),
            _ => panic!("{line}: nobody is called {who}"),
        };
        let args = serde_json::from_str(args).unwrap_or_else(|e| panic!("{line}: {e}"));
        Rule { method: method.to_owned(), who, args }
    };
    include_str!("table.txt").lines().filter(|line| !line.starts_with('#')).map(rule).collect()
}

/// Someone who calls, and what they are.
struct Role<'h> {
    name: String,
    caller: Caller<'h>,
    is: Is,
}

#[derive(Debug, PartialEq)]
enum Is {
    Nobody,
    Blocked,
    User,
    Owner,
    Holder(String),
    Builder,
    OtherBuilder,
    Importer,
}

impl Who {
    fn allows(&self, role: &Is) -> bool {
        let is_admin = *role == Is::Holder("admin".into());
        match self {
            Who::Anyone => true,
            Who::User => *role != Is::Nobody,
            Who::Admin => is_admin,
            Who::Perm(names) => is_admin || matches!(role, Is::Holder(held) if names.contains(held)),
            Who::Host => matches!(role, Is::Builder | Is::OtherBuilder),
            Who::HostOfTask => *role == Is::Builder,
            Who::Owner => is_admin || *role == Is::Owner,
            Who::OwnerOrHost => is_admin || matches!(role, Is::Owner | Is::Builder),
            Who::Elsewhere => false,
            Who::ContentGenerator => *role == Is::Importer,
        }
    }
}

/// The things of alice's that calls are about.
struct Things {
    alice: i32,
    task: TaskId,
    failed: TaskId,
    build: i32,
    notification: i32,
    block: i32,
}

impl Things {
    fn fill(&self, value: &serde_json::Value) -> Value {
        match value {
            serde_json::Value::Null => Value::Nil,
            serde_json::Value::Bool(b) => (*b).into(),
            serde_json::Value::Number(n) => match n.as_i64() {
                Some(n) => Value::Int(n),
                None => Value::Double(n.as_f64().expect("a number")),
            },
            serde_json::Value::String(text) => match text.as_str() {
                "$alice" => self.alice.into(),
                "$task" => self.task.0.into(),
                "$failed" => self.failed.0.into(),
                "$build" => self.build.into(),
                "$notification" => self.notification.into(),
                "$block" => self.block.into(),
                text => text.into(),
            },
            serde_json::Value::Array(items) => Value::Array(items.iter().map(|item| self.fill(item)).collect()),
            serde_json::Value::Object(members) => {
                Value::Struct(members.iter().map(|(name, value)| (name.as_str(), self.fill(value))).collect())
            }
        }
    }

    async fn of(hub: &TestHub, alice: &Caller<'_>, builder: &Caller<'_>) -> Things {
        let task = hub.open_task(builder, alice, "build").await;
        let failed = hub.open_task(builder, alice, "build").await;
        let mut db = hub.db.db.begin().await.expect("a transaction");
        db.execute("UPDATE task SET state = 5 WHERE id = $1", args![failed]).await.expect("a failed task");
        let event: i32 =
            db.fetch_scalar("INSERT INTO events DEFAULT VALUES RETURNING id", args![]).await.expect("an event");
        let build = "INSERT INTO build (volume_id, pkg_id, version, release, state, create_event, owner)
                     VALUES (0, (SELECT id FROM package WHERE name = 'hello'), $3, '1', 0, $1, $2) RETURNING id";
        let version = format!("1.{event}");
        let build = db.fetch_scalar(build, args![event, alice.id, version]).await.expect("a build");
        let notification = "INSERT INTO build_notifications (user_id, package_id, tag_id, success_only, email)
                            VALUES ($1, NULL, NULL, TRUE, 'alice@example.com') RETURNING id";
        let notification = db.fetch_scalar(notification, args![alice.id]).await.expect("a notification");
        let block = "INSERT INTO build_notifications_block (user_id) VALUES ($1) RETURNING id";
        let block = db.fetch_scalar(block, args![alice.id]).await.expect("a block");
        db.commit().await.expect("a commit");
        Things { alice: alice.id.0, task, failed, build, notification, block }
    }
}

/// Everyone of whom an answer may depend: those that are refused most first, so that what the others may change is still
/// there.
async fn roles(hub: &TestHub) -> Vec<Role<'_>> {
    let admin = hub.admin().await;
    admin.call(CreateTag::new("base")).await.expect("a tag");
    admin.call(PackageListAdd::new("base", "hello").owner("kojiadmin")).await.expect("a package");
    admin.call(CreateEmptyBuild::new("hello", "1", "1", None)).await.expect("a build");
    for permission in ["maven-import", "win-import", "image-import", "livecd", "appliance", "livemedia"] {
        let all = admin.call(GetAllPerms::new()).await.expect("permissions");
        if !all.iter().any(|p| p.name == permission) {
            let mut db = hub.db.db.begin().await.expect("a transaction");
            db.execute("INSERT INTO permissions (name) VALUES ($1)", args![permission]).await.expect("a permission");
            db.commit().await.expect("a commit");
        }
    }
    let mut out = vec![Role { name: "nobody".into(), caller: hub.nobody(), is: Is::Nobody }];
    let blocked = hub.user("blocked", &["admin"]).await;
    admin.call(DisableUser::new("blocked")).await.expect("a blocked user");
    out.push(Role { name: "a blocked administrator".into(), caller: blocked, is: Is::Blocked });
    out.push(Role { name: "a user".into(), caller: hub.user("bob", &[]).await, is: Is::User });
    for permission in admin.call(GetAllPerms::new()).await.expect("permissions") {
        if permission.name != "admin" {
            let caller = hub.user(&format!("holder-of-{}", permission.name), &[&permission.name]).await;
            out.push(Role { name: permission.name.clone(), caller, is: Is::Holder(permission.name) });
        }
    }
    let importer = hub.user("importer", &[]).await;
    let mut db = hub.db.db.begin().await.expect("a transaction");
    let cg: i32 = db
        .fetch_scalar("INSERT INTO content_generator (name) VALUES ('nosuch') RETURNING id", args![])
        .await
        .expect("a content generator");
    let event: i32 =
        db.fetch_scalar("INSERT INTO events DEFAULT VALUES RETURNING id", args![]).await.expect("an event");
    db.execute(
        "INSERT INTO cg_users (cg_id, user_id, create_event, creator_id) VALUES ($1, $2, $3, $2)",
        args![cg, importer.id, event],
    )
    .await
    .expect("a user of it");
    db.commit().await.expect("a commit");
    out.push(Role { name: "an importer".into(), caller: importer, is: Is::Importer });
    out.push(Role { name: "another builder".into(), caller: hub.builder("builder2").await, is: Is::OtherBuilder });
    out.push(Role { name: "the builder".into(), caller: hub.builder("builder1").await, is: Is::Builder });
    out.push(Role { name: "the owner".into(), caller: hub.user("alice", &[]).await, is: Is::Owner });
    out.push(Role { name: "admin".into(), caller: admin, is: Is::Holder("admin".into()) });
    out
}

#[tokio::test]
async fn no_method_is_missing_from_the_table() {
    let hub = hubs("no_method_is_missing").await.swap_remove(0);
    let methods = hub.nobody().call_raw("system.listMethods", Vec::new()).await.expect("methods");
    let methods = methods.as_array().expect("a list");
    let there: BTreeSet<String> = methods.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    let told: BTreeSet<String> =
        table().into_iter().map(|rule| rule.method).filter(|name| !MULTICALLS.contains(&name.as_str())).collect();
    let missing: Vec<_> = there.difference(&told).collect();
    assert!(missing.is_empty(), "not in the table: {missing:?}");
    let unknown: Vec<_> = told.difference(&there).collect();
    assert!(unknown.is_empty(), "in the table, but no methods: {unknown:?}");
}

#[tokio::test]
async fn a_method_is_for_those_whom_the_table_names() {
    for hub in hubs("a_method_is_for_those_whom").await {
        let roles = roles(&hub).await;
        let find = |is: Is| &roles.iter().find(|role| role.is == is).expect("a role").caller;
        let mut wrong = String::new();
        let mut calls = 0;
        for rule in table() {
            if rule.who == Who::Elsewhere {
                continue;
            }
            // what one may end, the next must find
            let things = Things::of(&hub, find(Is::Owner), find(Is::Builder)).await;
            let Value::Array(params) = things.fill(&rule.args) else { panic!("{}: arguments are a list", rule.method) };
            let (mut differ, mut example, mut no_call) = (Vec::new(), String::new(), None);
            let changes_session = SESSIONS.contains(&rule.method.as_str());
            for role in &roles {
                // a builder has but the one
                if changes_session && matches!(role.is, Is::Builder | Is::OtherBuilder) {
                    continue;
                }
                let own;
                let caller = if changes_session && role.is != Is::Nobody {
                    own = hub.log_in(role.caller.id).await;
                    &own
                } else {
                    &role.caller
                };
                calls += 1;
                let answer = caller.call_raw(&rule.method, params.clone()).await;
                if changes_session && rule.method != "logout" && role.is != Is::Nobody {
                    caller.call_raw("logout", Vec::new()).await.ok();
                }
                let refused = match &answer {
                    Err(fault) => match FaultKind::from_code(fault.code) {
                        Some(kind) if REFUSALS.contains(&kind) => true,
                        _ => TEXTS.iter().any(|text| fault.message.contains(text)),
                    },
                    Ok(_) => false,
                };
                let may = role.is != Is::Blocked && rule.who.allows(&role.is);
                if refused == may {
                    differ.push(role.name.as_str());
                    example = format!("{answer:?}").chars().take(160).collect();
                } else if let Err(fault) = &answer
                    && fault.code == FaultKind::Parameter.code()
                {
                    no_call = Some(fault.message.clone());
                }
            }
            let Rule { method, who, .. } = &rule;
            if !differ.is_empty() {
                let differ = differ.join(", ");
                writeln!(wrong, "{method} ({who:?}): not so for {differ}; the last of them got {example}")
                    .expect("text");
            }
            if let Some(why) = no_call {
                writeln!(wrong, "{method}: the table's arguments are no call: {why}").expect("text");
            }
        }
        assert!(wrong.is_empty(), "{:?}, {calls} calls, wrong are\n{wrong}", hub.db.dialect());
    }
}
