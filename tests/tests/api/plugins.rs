//! The methods of the plugins that come with the hub, as its callers see them.

use std::sync::Arc;

use koji_core::api::builds::CreateEmptyBuild;
use koji_core::api::hosts::{AddHostToChannel, DisableHost};
use koji_core::api::packages::PackageListAdd;
use koji_core::api::plugins::*;
use koji_core::api::policies::EvalPolicy;
use koji_core::api::query::Rows;
use koji_core::api::tagging::{TagBuildBypass, UntagBuild};
use koji_core::api::tags::{CreateTag, EditTag2, GetFullInheritance, GetTag};
use koji_core::api::targets::{DeleteBuildTarget, GetBuildTarget};
use koji_core::api::tasks::{GetTaskInfo, GetTaskRequest};
use koji_core::api::{KwArgs, QueryOpts, UserRef};
use koji_core::fault::FaultKind;
use koji_core::ids::{BuildrootId, TaskId};
use koji_core::model::SideTag;
use koji_core::xmlrpc::{Struct, Value, to_value};
use koji_hub_lib::config::HubConfig;
use koji_hub_lib::db::args;
use koji_hub_lib::storage::MemoryStorage;
use koji_hub_lib::{Hub, NewUser};
use koji_tests::programs::{python, run};
use koji_tests::{Caller, TestHub, databases};

/// A hub on each database with a plugin, and settings for it.
async fn hubs_with(name: &str, plugin: &str, settings: &[(&str, &str, &str)]) -> Vec<TestHub> {
    let with = |config: &mut HubConfig| {
        config.plugins.push(plugin.into());
        config.plugin_config_dir = "/nonexistent".into();
        let sections = settings.iter().map(|(section, key, value)| ((*section).into(), (*key).into(), (*value).into()));
        config.sections.extend(sections);
        if plugin != "sidetag_hub" {
            return;
        }
        config.policies.push(("sidetag".into(), "compare number_of_tags < 2 :: allow\nall :: deny too many".into()));
        config.policies.push(("side".into(), "is_sidetag_owner :: own\nis_sidetag :: side\nall :: none".into()));
        config.policies.push(("both".into(), "is_sidetag_owner both :: own\nall :: none".into()));
    };
    databases(name).await.into_iter().map(|db| TestHub::with(db, with)).collect()
}

fn names(listed: Rows<SideTag>) -> Vec<String> {
    listed.into_list().into_iter().map(|tag| tag.name).collect()
}

fn changes(changes: &[(&str, Value)]) -> KwArgs {
    KwArgs(changes.iter().map(|(key, value)| (*key, value.clone())).collect())
}

#[tokio::test]
async fn side_tags_are_made_listed_and_removed() {
    let settings = [("sidetag", "allowed_suffixes", "gate, stack"), ("sidetag", "trigger_new_repo", "on")];
    for hub in hubs_with("side_tags_are_made", "sidetag_hub", &settings).await {
        let (admin, alice, bob) = (hub.admin().await, hub.user("alice", &[]).await, hub.user("bob", &[]).await);
        let base = admin.call(CreateTag::new("f44").arches("x86_64 aarch64".to_owned())).await.unwrap();
        let refused = hub.nobody().refused(CreateSideTag::new("f44")).await.1;
        assert_eq!(refused, "you must be logged in for this operation");
        let refused = alice.refused(CreateSideTag::new("f44").suffix("x".to_owned())).await.1;
        assert_eq!(refused, "x suffix is not allowed for sidetag");
        assert_eq!(alice.refused(CreateSideTag::new("nosuch")).await.1, "No such tagInfo: 'nosuch'");

        let made = alice.call(CreateSideTag::new("f44").debuginfo(true)).await.unwrap();
        assert_eq!((made.name.clone(), made.task_id), (format!("f44-side-{}", made.id), None));
        assert_eq!(made.request.as_ref().map(|request| request.tag_id), Some(made.id));
        let tag = alice.call(GetTag::new(made.id)).await.unwrap().unwrap();
        let extra: Struct = [
            ("sidetag", Value::from(true)),
            ("sidetag_user", "alice".into()),
            ("sidetag_user_id", alice.id.0.into()),
            ("with_debuginfo", true.into()),
        ]
        .into_iter()
        .collect();
        assert_eq!((tag.arches.as_deref(), tag.extra), (Some("x86_64 aarch64"), extra));
        let line = alice.call(GetFullInheritance::new(made.id)).await.unwrap();
        assert_eq!(line.iter().map(|step| step.parent_id).collect::<Vec<_>>(), [base]);
        let target = alice.call(GetBuildTarget::new(made.name.as_str())).await.unwrap().unwrap();
        assert_eq!((target.build_tag, target.dest_tag), (made.id, made.id));
        let gate = bob.call(CreateSideTag::new(base).suffix("gate".to_owned())).await.unwrap();
        assert_eq!(gate.name, format!("f44-side-{}-gate", gate.id));

        // one of each user's, one of a tag beside another
        let more = alice.call(CreateSideTag::new(made.id)).await.unwrap();
        let refused = alice.refused(CreateSideTag::new("f44")).await;
        assert_eq!(refused, (FaultKind::ActionNotAllowed, "policy violation (sidetag): too many".into()));
        let anyone = hub.nobody();
        let all = [made.name.clone(), gate.name.clone(), more.name.clone()];
        assert_eq!(names(anyone.call(ListSideTags::new()).await.unwrap()), all);
        let of_base = ListSideTags::new().basetag("f44");
        assert_eq!(names(anyone.call(of_base.clone()).await.unwrap()), [made.name.clone(), gate.name.clone()]);
        let of_bob = anyone.call(ListSideTags::new().user("bob")).await.unwrap();
        let listed = SideTag {
            id: gate.id,
            name: gate.name.clone(),
            user_id: bob.id.to_string(),
            user_name: Some("bob".into()),
        };
        assert_eq!(of_bob.into_list(), [listed]);
        let count = QueryOpts { count_only: Some(true), ..QueryOpts::default() };
        assert_eq!(to_value(&anyone.call(of_base.query_opts(count)).await.unwrap()).unwrap(), Value::Int(2));
        assert_eq!(anyone.refused(ListSideTags::new().user("nosuch")).await.1, "No such user: 'nosuch'");

        // policies know them
        let asked = async |user: &Caller<'_>, policy: &str, tag: &str| {
            let data: Struct = [("tag", tag), ("fromtag", "f44")].into_iter().collect();
            user.call(EvalPolicy::new(policy, data)).await.unwrap().unwrap()
        };
        assert_eq!(asked(&bob, "side", &gate.name).await, "own");
        assert_eq!(asked(&alice, "side", &gate.name).await, "side");
        assert_eq!(asked(&bob, "side", "f44").await, "none");
        assert_eq!(asked(&bob, "both", &gate.name).await, "none");

        assert_eq!(bob.refused(RemoveSideTag::new(base)).await.1, "Not a sidetag: f44");
        let refused = bob.refused(RemoveSideTag::new(more.id)).await;
        assert_eq!(refused, (FaultKind::ActionNotAllowed, "This is not your sidetag".into()));
        alice.call(RemoveSideTag::new(more.id)).await.unwrap();
        assert_eq!(alice.call(GetTag::new(more.id)).await.unwrap(), None);
        assert_eq!(alice.call(GetBuildTarget::new(more.name.as_str())).await.unwrap(), None);
        admin.call(DeleteBuildTarget::new(gate.name.as_str())).await.unwrap();
        assert_eq!(bob.refused(RemoveSideTag::new(gate.id)).await.1, "Target is missing for sidetag");
        admin.call(RemoveSideTag::new(made.name.as_str())).await.unwrap();
    }
}

#[tokio::test]
async fn side_tags_are_changed_as_far_as_their_base_allows() {
    for hub in hubs_with("side_tags_are_changed", "sidetag_hub", &[]).await {
        let (admin, alice) = (hub.admin().await, hub.user("alice", &[]).await);
        let keeper = hub.user("keeper", &[]).await;
        admin.call(CreateTag::new("f44")).await.unwrap();
        let tag = alice.call(CreateSideTag::new("f44")).await.unwrap();
        assert_eq!(tag.request, None);
        let edit = || EditSideTag::new(tag.id);
        let macros = |name: &str| -> Struct { [(name, "x")].into_iter().collect() };
        assert_eq!(keeper.refused(edit().debuginfo(true)).await.1, "This is not your sidetag");
        let refused = alice.refused(edit().debuginfo(true)).await.1;
        assert_eq!(refused, "Debuginfo setting is not allowed in parent tag.");
        let refused = alice.refused(edit().rpm_macros(macros("dist"))).await.1;
        assert_eq!(refused, "RPM macros change is not allowed in parent tag.");
        let refused = alice.refused(edit().extra(macros("note"))).await.1;
        assert_eq!(refused, "Extra can be modified only with sidetag_admin or admin permissions.");

        let allowed = Value::Array(vec!["di*".into(), "_with_x".into()]);
        let of_base: Struct =
            [("sidetag_debuginfo_allowed", 1.into()), ("sidetag_rpm_macros_allowed", allowed)].into_iter().collect();
        admin.call(EditTag2::new("f44").changes(changes(&[("extra", of_base.into())]))).await.unwrap();
        let refused = alice.refused(edit().rpm_macros(macros("vendor"))).await.1;
        assert_eq!(refused, "RPM macro vendor editing is not allowed via parent tag");
        assert_eq!(alice.refused(edit().rpm_macros(macros("9x"))).await.1, "Invalid macro name '9x'");
        alice.call(edit().debuginfo(true).rpm_macros(macros("dist"))).await.unwrap();
        let extra = async || alice.call(GetTag::new(tag.id)).await.unwrap().unwrap().extra;
        let now = extra().await;
        assert_eq!((now.get("with_debuginfo"), now.get("rpm.macro.dist")), (Some(&true.into()), Some(&"x".into())));
        alice.call(edit().debuginfo(false).remove_rpm_macros(vec!["dist".to_owned()])).await.unwrap();
        let now = extra().await;
        assert_eq!((now.get("with_debuginfo"), now.get("rpm.macro.dist")), (Some(&false.into()), None));
        admin.call(edit().extra(macros("note"))).await.unwrap();
        assert_eq!(extra().await.get("note"), Some(&"x".into()));
        admin.call(edit().remove_extra(vec!["note".to_owned()])).await.unwrap();
        assert_eq!(extra().await.get("note"), None);
    }
}

#[tokio::test]
async fn an_empty_side_tag_goes_if_so_configured() {
    for remove in ["on", "off"] {
        let name = format!("an_empty_side_tag_{remove}");
        for hub in hubs_with(&name, "sidetag_hub", &[("sidetag", "remove_empty", remove)]).await {
            let (admin, alice) = (hub.admin().await, hub.user("alice", &[]).await);
            admin.call(CreateTag::new("f44")).await.unwrap();
            admin.call(PackageListAdd::new("f44", "bash").owner(UserRef::Id(admin.id))).await.unwrap();
            let tag = alice.call(CreateSideTag::new("f44")).await.unwrap();
            for release in ["1", "2"] {
                let build = admin.call(CreateEmptyBuild::new("bash", "5", release, None)).await.unwrap();
                admin.call(TagBuildBypass::new(tag.id, build)).await.unwrap();
                admin.call(TagBuildBypass::new("f44", build)).await.unwrap();
            }
            alice.call(UntagBuild::new(tag.id, "bash-5-1")).await.unwrap();
            assert!(alice.call(GetTag::new(tag.id)).await.unwrap().is_some());
            alice.call(UntagBuild::new(tag.id, "bash-5-2")).await.unwrap();
            assert_eq!(alice.call(GetTag::new(tag.id)).await.unwrap().is_none(), remove == "on");
            // others stay, empty or not
            alice.call(UntagBuild::new("f44", "bash-5-1")).await.unwrap();
            alice.call(UntagBuild::new("f44", "bash-5-2")).await.unwrap();
            assert!(alice.call(GetTag::new("f44")).await.unwrap().is_some());
        }
    }
}

async fn info(user: &Caller<'_>, task: TaskId) -> Struct {
    match user.call(GetTaskInfo::new(task.0)).await.unwrap() {
        Value::Struct(info) => info,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn commands_run_in_buildroots_for_who_may() {
    for hub in hubs_with("commands_run_in", "runroot_hub", &[]).await {
        let (admin, alice) = (hub.admin().await, hub.user("alice", &[]).await);
        hub.builder("builder1").await;
        let tag = admin.call(CreateTag::new("f44").arches("x86_64 aarch64".to_owned())).await.unwrap();
        admin.call(CreateTag::new("bare")).await.unwrap();
        let refused = alice.refused(RunRoot::new("f44", "x86_64", "id")).await.1;
        assert_eq!(refused, "runroot permission required (logged in as alice)");
        assert_eq!(admin.refused(RunRoot::new("f44", "x86_64", "id")).await.1, "No such channel: runroot");
        admin.call(AddHostToChannel::new("builder1", "runroot").create(true)).await.unwrap();
        let opts = changes(&[("weight", 1.5.into()), ("skip_setarch", true.into())]);
        let task = admin.call(RunRoot::new("f44", "x86_64", "id").opts(opts)).await.unwrap();
        let made = info(&admin, task).await;
        let of = |name: &str| made.get(name).unwrap().clone();
        assert_eq!((of("method"), of("arch"), of("priority")), ("runroot".into(), "x86_64".into(), 15.into()));
        let request = admin.call(GetTaskRequest::new(task)).await.unwrap();
        assert_eq!(request[..3], ["f44".into(), "x86_64".into(), "id".into()]);
        let named = request[3].as_struct().unwrap();
        assert_eq!((named.get("weight"), named.get("skip_setarch")), (Some(&1.5.into()), Some(&true.into())));

        // what may run on any arch of the system runs on any
        let command = Value::Array(vec!["id".into(), "-u".into()]);
        let task = admin.call(RunRoot::new(tag, "noarch", command.clone())).await.unwrap();
        assert_eq!(info(&admin, task).await.get("arch"), Some(&"noarch".into()));
        assert_eq!(admin.call(GetTaskRequest::new(task)).await.unwrap()[2], command);
        // with a host of an arch that the tag has not, on one that both have
        let other = hub.builder("builder2").await;
        let mut db = hub.db.db.begin().await.unwrap();
        db.execute("UPDATE host_config SET arches = 's390x' WHERE creator_id = $1", args![other.id]).await.unwrap();
        db.commit().await.unwrap();
        let task = admin.call(RunRoot::new("f44", "noarch", "id")).await.unwrap();
        assert_eq!(info(&admin, task).await.get("arch"), Some(&"x86_64".into()));
        admin.call(DisableHost::new("builder1")).await.unwrap();
        let refused = admin.refused(RunRoot::new("f44", "noarch", "id")).await.1;
        assert_eq!(refused, "no common arches for tag/channel: f44/runroot");
        assert_eq!(admin.refused(RunRoot::new("bare", "noarch", "id")).await.1, "no arches defined for tag bare");
        assert_eq!(admin.refused(RunRoot::new("f44", "x86_64", 5)).await.1, "Invalid type for value '5': int");
        let refused = admin.refused(RunRoot::new("f44", "x86,64", "id")).await.1;
        assert_eq!(refused, "Architecture can be only [a-zA-Z0-9_-]");
    }
}

#[tokio::test]
async fn buildroots_of_failed_tasks_are_kept_for_their_owners() {
    let settings = [("save_failed_tree", "allowed_methods", "buildArch, other")];
    for hub in hubs_with("buildroots_of_failed", "save_failed_tree", &settings).await {
        let (alice, bob) = (hub.user("alice", &[]).await, hub.user("bob", &[]).await);
        let builder = hub.builder("builder1").await;
        let task = hub.open_task(&builder, &alice, "buildArch").await;
        let mut db = hub.db.db.begin().await.unwrap();
        let root: BuildrootId =
            db.fetch_scalar("INSERT INTO buildroot (br_type) VALUES (0) RETURNING id", args![]).await.unwrap();
        let event: i32 = db.fetch_scalar("INSERT INTO events DEFAULT VALUES RETURNING id", args![]).await.unwrap();
        let tag: i32 = db.fetch_scalar("INSERT INTO tag (name) VALUES ('t') RETURNING id", args![]).await.unwrap();
        let repo: i32 = db
            .fetch_scalar(
                "INSERT INTO repo (create_event, tag_id, state) VALUES ($1, $2, 1) RETURNING id",
                args![event, tag],
            )
            .await
            .unwrap();
        db.execute(
            "INSERT INTO standard_buildroot (buildroot_id, host_id, repo_id, task_id, create_event, state)
             SELECT $1, host_id, $2, id, $3, 3 FROM task WHERE id = $4",
            args![root, repo, event, task],
        )
        .await
        .unwrap();
        db.commit().await.unwrap();
        let set = async |column: &'static str| {
            let mut db = hub.db.db.begin().await.unwrap();
            db.execute(column, args![task]).await.unwrap();
            db.commit().await.unwrap();
        };
        let save = || SaveFailedTree::new(root);
        let (kind, why) = alice.refused(save()).await;
        let text = format!("Task {task} has not failed. Only failed tasks can upload their buildroots.");
        assert_eq!((kind, why), (FaultKind::PreBuild, text));
        set("UPDATE task SET state = 5 WHERE id = $1").await;
        let refused = (FaultKind::ActionNotAllowed, "Only owner of failed task or 'admin' can run this task.".into());
        assert_eq!(bob.refused(save()).await, refused);
        assert_eq!(hub.nobody().refused(save()).await, refused);
        let saved = alice.call(save().full(true)).await.unwrap();
        let made = info(&alice, saved).await;
        assert_eq!((made.get("state"), made.get("method")), (Some(&4.into()), Some(&"saveFailedTree".into())));
        assert!(matches!(made.get("host_id"), Some(Value::Int(_))));
        let request = alice.call(GetTaskRequest::new(saved)).await.unwrap();
        assert_eq!(request, [root.0.into(), true.into()]);
        hub.admin().await.call(save()).await.unwrap();
        set("UPDATE task SET method = 'newRepo' WHERE id = $1").await;
        let refused = alice.refused(save()).await.1;
        let text = format!("Only buildArch, other tasks can upload their buildroots (Task {task} is newRepo).");
        assert_eq!(refused, text);
        set("UPDATE task SET method = 'buildArch' WHERE id = $1").await;
        let admin = hub.user("root", &["admin"]).await;
        admin.call(DisableHost::new("builder1")).await.unwrap();
        assert_eq!(alice.refused(save()).await.1, "Host is disabled.");
        assert_eq!(alice.refused(SaveFailedTree::new(99)).await.1, "No such buildroot: 99");
    }
}

#[tokio::test]
async fn a_wrong_configuration_is_an_error_at_start() {
    let db = databases("a_wrong_configuration").await.remove(0);
    let mut config = HubConfig::new(db.url.clone(), "/mnt/koji");
    config.plugin_config_dir = "/nonexistent".into();
    let open = async |config: &HubConfig| {
        let builder = Hub::builder(config.clone()).db(db.db.clone()).storage(Arc::new(MemoryStorage::new()));
        builder.open().await.err().unwrap()
    };
    config.plugins = vec!["nosuch".into()];
    let error = open(&config).await.to_string();
    assert_eq!(
        error,
        "Plugins: there is no plugin nosuch; there are echo, rpm2maven, runroot_hub, save_failed_tree, sidetag_hub"
    );
    config.plugins = vec!["save_failed_tree".into()];
    let error = open(&config).await.to_string();
    assert_eq!(error, "/nonexistent/save_failed_tree.conf: allowed_methods is not set");
    config.plugins = vec!["sidetag_hub".into()];
    config.sections = vec![("sidetag".into(), "remove_empty".into(), "maybe".into())];
    let error = open(&config).await.to_string();
    assert_eq!(error, "/nonexistent/sidetag.conf: remove_empty: not a boolean: maybe");
}

#[tokio::test]
async fn settings_come_from_the_plugins_file_as_from_hub_conf() {
    let dir = tempfile::tempdir().unwrap();
    let db = databases("settings_come_from").await.remove(0);
    let (top, url) = (dir.path().display(), &db.url);
    let conf = dir.path().join("hub.conf");
    let text = format!(
        "[hub]\nDBConnectionString = {url}\nKojiDir = {top}/koji\nPlugins = echo sidetag_hub\nPluginConfigDir = {top}\n\
         [sidetag]\nallowed_suffixes = two\n"
    );
    std::fs::write(&conf, text).unwrap();
    let file = "[sidetag]\nname_template = {basetag}.x.{tag_id}\nallowed_suffixes = one\n";
    std::fs::write(dir.path().join("sidetag.conf"), file).unwrap();
    std::fs::create_dir(dir.path().join("koji")).unwrap();
    let hub = Hub::open(HubConfig::read(&conf).unwrap()).await.unwrap();
    let hub = TestHub { hub, db };
    let admin = hub.admin().await;
    admin.call(CreateTag::new("f44")).await.unwrap();
    let refused = admin.refused(CreateSideTag::new("f44").suffix("one".to_owned())).await.1;
    assert_eq!(refused, "one suffix is not allowed for sidetag");
    let made = admin.call(CreateSideTag::new("f44").suffix("two".to_owned())).await.unwrap();
    assert_eq!(made.name, format!("f44.x.{}-two", made.id));
}

#[tokio::test(flavor = "multi_thread")]
async fn pythons_client_makes_side_tags() {
    const SCRIPT: &str = "
import koji, sys
session = koji.ClientSession(sys.argv[1], {'user': 'alice', 'password': 'secret'})
session.login()
made = session.createSideTag('f44', debuginfo=True)
assert made['name'] == 'f44-side-%d' % made['id'], made
assert made['task_id'] is None and made['request'] is None, made
listed = session.listSideTags(basetag='f44', user='alice')
assert [(t['id'], t['user_name']) for t in listed] == [(made['id'], 'alice')], listed
assert session.listSideTags(queryOpts={'countOnly': True}) == 1
try:
    session.editSideTag(made['id'], debuginfo=False)
    sys.exit('not refused')
except koji.GenericError as e:
    assert str(e) == 'Debuginfo setting is not allowed in parent tag.', e
session.removeSideTag(made['name'])
assert session.getTag(made['id']) is None
print('done')
";
    let hub = hubs_with("pythons_client_makes", "sidetag_hub", &[]).await.remove(0);
    hub.admin().await.call(CreateTag::new("f44")).await.unwrap();
    let alice = NewUser { name: "alice".into(), password: Some("secret".into()), ..NewUser::default() };
    hub.hub.add_user(alice).await.unwrap();
    let url = hub.serve().await;
    let python = move || {
        let mut command = std::process::Command::new(python());
        run(command.args(["-c", SCRIPT, &url]))
    };
    let said = tokio::task::spawn_blocking(python).await.unwrap().ok();
    assert_eq!(said.trim(), "done");
}
