//! Plugins: what they hear of, what they may refuse, and what they may add.

mod builds;
mod rpm2maven;

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use base64::Engine;
use koji_core::api::builds::{CancelBuild, CreateEmptyBuild, GetBuild, SetBuildOwner, SetBuildTimestamp};
use koji_core::api::host::{CloseTask, FailTask, FreeTasks, OpenTask, SetTaskWeight};
use koji_core::api::host_builds::{CompleteBuild, InitBuild};
use koji_core::api::host_repos::{RepoDone, RepoInit};
use koji_core::api::packages::{
    PackageListAdd, PackageListBlock, PackageListRemove, PackageListSetOwner, PackageListUnblock,
};
use koji_core::api::policies::EvalPolicy;
use koji_core::api::rpms::{AddRpmSig, DeleteRpmSig, ImportRpm};
use koji_core::api::sessions::Login;
use koji_core::api::tagging::{TagBuildBypass, UntagBuildBypass};
use koji_core::api::tags::{CreateTag, GetTag};
use koji_core::api::tasks::{AssignTask, CancelTask, MakeTask, SetTaskPriority};
use koji_core::api::{KwArgs, UserRef, VarArgs};
use koji_core::fault::FaultKind;
use koji_core::ids::TaskId;
use koji_core::model::BuildState;
use koji_core::xmlrpc::{Struct, Value, write_response};
use koji_hub_lib::call::Call;
use koji_hub_lib::config::HubConfig;
use koji_hub_lib::db::args;
use koji_hub_lib::plugin::{Callback, CallbackType, Plugin};
use koji_hub_lib::registry::{Handle, Registry};
use koji_hub_lib::{Error, Hub, Result};
use koji_tests::{Caller, TestHub, build_rpms, databases};

koji_core::methods! {
    /// Says what the plugin has heard of so far.
    [LoggedIn, Read] "heard" => Heard(times: i32 = 1) -> i64;
}

impl Handle for Heard {
    async fn handle(self, cx: &mut Call<'_>) -> Result<i64> {
        let Some(recorder) = cx.hub().plugin::<Recorder>() else { return Err(Error::generic("no recorder")) };
        Ok(i64::from(self.times) * recorder.0.lock().unwrap().heard.len() as i64)
    }
}

/// Writes down what it hears, and refuses what it is told to.
#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    heard: Vec<(CallbackType, Struct)>,
    refused: Option<CallbackType>,
    lenient: bool,
}

impl Recorder {
    /// What was heard since the last time, without commits.
    fn take(&self) -> Vec<(CallbackType, Struct)> {
        let mut heard = std::mem::take(&mut self.0.lock().unwrap().heard);
        heard.retain(|(kind, _)| !matches!(kind, CallbackType::PreCommit | CallbackType::PostCommit));
        heard
    }

    /// As `take`, in words: what the moment is called, and for a change of an attribute which and how.
    fn words(&self) -> Vec<String> {
        let word = |about: &Struct, name: &str| match about.get(name) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Int(number)) => number.to_string(),
            _ => "-".to_owned(),
        };
        let heard = self.take();
        let words = heard.iter().map(|(kind, about)| match about.get("attribute") {
            Some(_) => {
                let [attribute, old, new] = ["attribute", "old", "new"].map(|name| word(about, name));
                format!("{} {attribute} {old} {new}", kind.name())
            }
            None if about.get("type").is_some() => format!("{} {}", kind.name(), word(about, "type")),
            None if about.get("action").is_some() => format!("{} {}", kind.name(), word(about, "action")),
            None => kind.name().to_owned(),
        });
        words.collect()
    }

    fn refuse(&self, kind: Option<CallbackType>) {
        self.0.lock().unwrap().refused = kind;
    }
}

#[async_trait]
impl Plugin for Recorder {
    fn name(&self) -> &str {
        "recorder"
    }

    fn callbacks(&self) -> &[CallbackType] {
        CallbackType::ALL
    }

    fn ignores_errors(&self) -> bool {
        self.0.lock().unwrap().lenient
    }

    async fn callback(&self, cx: &mut Call<'_>, what: &Callback<'_>) -> Result<()> {
        let refused = {
            let mut state = self.0.lock().unwrap();
            state.heard.push((what.kind(), what.to_struct()?));
            state.refused == Some(what.kind())
        };
        if refused {
            // what is written before an error must not stay
            cx.db().await?.execute("INSERT INTO package (name) VALUES ('stray')", args![]).await?;
            return Err(Error::generic("not today"));
        }
        Ok(())
    }

    fn methods(&self, registry: &mut Registry) {
        registry.add::<Heard>();
    }
}

/// A hub on each database, with a recorder.
async fn recorded(name: &str) -> Vec<(TestHub, Recorder)> {
    recorded_with(name, |_| {}).await
}

async fn recorded_with(name: &str, settings: fn(&mut HubConfig)) -> Vec<(TestHub, Recorder)> {
    let mut hubs = Vec::new();
    for db in databases(name).await {
        let recorder = Recorder::default();
        hubs.push((TestHub::plugged(db, recorder.clone(), settings).await, recorder));
    }
    hubs
}

fn field<'a>(about: &'a Struct, path: &str) -> &'a Value {
    let mut parts = path.split('.');
    let first = about.get(parts.next().unwrap()).unwrap_or_else(|| panic!("no {path} in {about:?}"));
    parts.fold(first, |value, part| value.as_struct().unwrap().get(part).unwrap_or_else(|| panic!("no {path}")))
}

fn both(middle: &str) -> [String; 2] {
    [format!("pre{middle}"), format!("post{middle}")]
}

async fn task(user: &Caller<'_>) -> TaskId {
    let args = VarArgs(vec!["sleep".into(), Value::Array(vec![5.into()])]);
    user.call(MakeTask::new().args(args).opts(KwArgs::default())).await.unwrap()
}

#[tokio::test]
async fn tagging_and_package_lists_are_told() {
    for (hub, plugin) in recorded("tagging_is_told").await {
        let admin = hub.admin().await;
        admin.call(CreateTag::new("f44")).await.unwrap();
        let build = admin.call(CreateEmptyBuild::new("bash", "5", "1", None)).await.unwrap();
        plugin.take();
        admin.call(PackageListAdd::new("f44", "bash").owner(UserRef::Id(admin.id))).await.unwrap();
        let heard = plugin.take();
        assert_eq!(
            heard.iter().map(|(kind, _)| kind.name()).collect::<Vec<_>>(),
            ["prePackageListChange", "postPackageListChange"]
        );
        for (_, about) in &heard {
            assert_eq!((field(about, "action"), field(about, "tag.name")), (&"add".into(), &"f44".into()));
            assert_eq!((field(about, "package.name"), field(about, "owner")), (&"bash".into(), &admin.id.0.into()));
            assert_eq!((field(about, "block"), field(about, "update")), (&false.into(), &false.into()));
            assert_eq!(field(about, "user.name"), &"kojiadmin".into());
        }
        // a change that changes nothing is none
        admin.call(PackageListAdd::new("f44", "bash").owner(UserRef::Id(admin.id))).await.unwrap();
        assert!(plugin.take().is_empty());
        admin.call(PackageListBlock::new("f44", "bash")).await.unwrap();
        assert_eq!(plugin.words(), both("PackageListChange block"));
        admin.call(PackageListUnblock::new("f44", "bash")).await.unwrap();
        assert_eq!(plugin.words(), both("PackageListChange unblock"));
        let bob = hub.user("bob", &[]).await;
        admin.call(PackageListAdd::new("f44", "bash").owner(UserRef::Id(admin.id)).force(true)).await.unwrap();
        plugin.take();
        admin.call(PackageListSetOwner::new("f44", "bash", UserRef::Id(bob.id))).await.unwrap();
        assert_eq!(plugin.words(), both("PackageListChange update"));
        admin.call(PackageListRemove::new("f44", "bash")).await.unwrap();
        let heard = plugin.take();
        assert_eq!(heard.len(), 2);
        assert!(heard[1].1.get("owner").is_none() && *field(&heard[1].1, "action") == "remove".into());

        admin.call(TagBuildBypass::new("f44", build)).await.unwrap();
        let heard = plugin.take();
        assert_eq!(heard.iter().map(|(kind, _)| kind.name()).collect::<Vec<_>>(), ["preTag", "postTag"]);
        assert_eq!(field(&heard[1].1, "build.nvr"), &"bash-5-1".into());
        assert_eq!((field(&heard[0].1, "user.id"), field(&heard[0].1, "force")), (&admin.id.0.into(), &false.into()));
        admin.call(UntagBuildBypass::new("f44", build).force(true)).await.unwrap();
        let heard = plugin.take();
        assert_eq!(heard.iter().map(|(kind, _)| kind.name()).collect::<Vec<_>>(), ["preUntag", "postUntag"]);
        assert_eq!((field(&heard[1].1, "strict"), field(&heard[1].1, "force")), (&true.into(), &true.into()));
        assert_eq!(field(&heard[1].1, "tag.name"), &"f44".into());
    }
}

#[tokio::test]
async fn changes_of_tasks_are_told() {
    for (hub, plugin) in recorded("changes_of_tasks").await {
        let admin = hub.admin().await;
        let builder = hub.builder("builder1").await;
        let host: i32 = {
            let mut db = hub.db.db.read().await.unwrap();
            db.fetch_scalar("SELECT id FROM host", args![]).await.unwrap()
        };
        let id = task(&admin).await;
        let heard = plugin.take();
        assert_eq!(
            heard.iter().map(|(kind, _)| kind.name()).collect::<Vec<_>>(),
            ["preTaskStateChange", "postTaskStateChange"]
        );
        assert_eq!((field(&heard[0].1, "old"), field(&heard[0].1, "new")), (&Value::Nil, &"FREE".into()));
        assert!(field(&heard[0].1, "info").as_struct().unwrap().get("id").is_none());
        assert_eq!(field(&heard[1].1, "info.id"), &id.0.into());
        assert_eq!(field(&heard[1].1, "info.method"), &"sleep".into());

        let pairs = |changes: &[String]| -> Vec<String> {
            let of = |when: &'static str| changes.iter().map(move |change| format!("{when}TaskStateChange {change}"));
            of("pre").chain(of("post")).collect()
        };
        admin.call(SetTaskPriority::new(id, 7)).await.unwrap();
        assert_eq!(plugin.words(), pairs(&["priority 20 7".into()]));
        assert!(admin.call(AssignTask::new(id, "builder1")).await.unwrap());
        assert_eq!(plugin.words(), pairs(&["state FREE ASSIGNED".into(), format!("host_id - {host}")]));
        builder.call(OpenTask::new(id)).await.unwrap().unwrap();
        assert_eq!(plugin.words(), pairs(&["state ASSIGNED OPEN".into(), format!("host_id {host} {host}")]));
        builder.call(SetTaskWeight::new(id, 2.5)).await.unwrap();
        let heard = plugin.take();
        assert_eq!((field(&heard[0].1, "old"), field(&heard[0].1, "new")), (&1.0.into(), &2.5.into()));
        builder.call(FreeTasks::new(vec![id])).await.unwrap();
        assert_eq!(plugin.words(), pairs(&["state OPEN FREE".into(), format!("host_id {host} -")]));
        builder.call(OpenTask::new(id)).await.unwrap().unwrap();
        plugin.take();
        // another's task is no change
        assert!(builder.call(OpenTask::new(id)).await.unwrap().is_none());
        assert!(plugin.words().iter().all(|word| word.starts_with("pre")), "an open that was none was told as done");
        builder.call(CloseTask::new(id, write_response("done").unwrap())).await.unwrap();
        let heard = plugin.take();
        let attributes: Vec<_> = heard.iter().map(|(kind, about)| (kind.name(), field(about, "attribute"))).collect();
        let (pre, post) = ("preTaskStateChange", "postTaskStateChange");
        let (state, end) = (&"state".into(), &"completion_ts".into());
        assert_eq!(attributes, [(pre, state), (pre, end), (post, state), (post, end)]);
        assert!(matches!(field(&heard[3].1, "new"), Value::Double(_)));
        assert_eq!(field(&heard[2].1, "info.result"), &"done".into());
        assert_eq!(field(&heard[2].1, "info.request"), &Value::Array(vec![5.into()]));
        assert!(field(&heard[0].1, "info").as_struct().unwrap().get("result").is_none());

        let other = hub.open_task(&builder, &admin, "sleep").await;
        builder.call(FailTask::new(other, write_response("x").unwrap())).await.unwrap();
        assert_eq!(plugin.words()[0], "preTaskStateChange state OPEN FAILED");
        let other = task(&admin).await;
        plugin.take();
        admin.call(CancelTask::new(other)).await.unwrap();
        assert_eq!(plugin.words()[2], "postTaskStateChange state FREE CANCELED");
    }
}

#[tokio::test]
async fn builds_imports_and_signatures_are_told() {
    let rpms = build_rpms("hello", "2.10", "1", "");
    for (hub, plugin) in recorded("builds_imports").await {
        let admin = hub.admin().await;
        let builder = hub.builder("builder1").await;
        let task = hub.open_task(&builder, &admin, "build").await;
        let data: Struct = [
            ("task_id", Value::from(task.0)),
            ("name", "hello".into()),
            ("version", "2.10".into()),
            ("release", "1".into()),
            ("epoch", Value::Nil),
        ]
        .into_iter()
        .collect();
        let id = builder.call(InitBuild::new(data.clone())).await.unwrap();
        let heard = plugin.take();
        assert_eq!(heard.len(), 2);
        assert_eq!((field(&heard[0].1, "old"), field(&heard[0].1, "new")), (&Value::Nil, &0.into()));
        assert_eq!(field(&heard[0].1, "info.name"), &"hello".into());
        assert_eq!(field(&heard[1].1, "info.nvr"), &"hello-2.10-1".into());
        // canceled, and begun anew
        assert!(admin.call(CancelBuild::new(id)).await.unwrap());
        assert_eq!(plugin.words()[..2], both("BuildStateChange state 0 4"));
        let task = hub.open_task(&builder, &admin, "build").await;
        let mut data = data;
        data.insert("task_id", task.0);
        data.insert("source", "git://x#2");
        builder.call(InitBuild::new(data)).await.unwrap();
        let heard = plugin.take();
        assert_eq!(heard.len(), 2);
        for (kind, about) in &heard {
            assert_eq!((field(about, "old"), field(about, "new")), (&4.into(), &0.into()), "{}", kind.name());
            assert_eq!((field(about, "info.state"), field(about, "info.task_id")), (&0.into(), &task.0.into()));
            assert_eq!(field(about, "info.source"), &"git://x#2".into());
        }
        assert!(field(&heard[0].1, "info").as_struct().unwrap().get("id").is_none());
        assert_eq!(field(&heard[1].1, "info.id"), &id.0.into());

        let mut paths = Vec::new();
        for (name, bytes) in &rpms.0 {
            let path = format!("tasks/{task}/{task}/{name}");
            hub.hub.storage().put(&format!("work/{path}"), bytes.clone().into()).await.unwrap();
            paths.push(path);
        }
        let (srpm, others) = paths.split_first().unwrap();
        let complete = CompleteBuild::new(task, id, srpm.as_str(), others.to_vec()).brmap(Struct::new());
        plugin.refuse(Some(CallbackType::PostImport));
        let (kind, why) = builder.refused(complete.clone()).await;
        assert_eq!(
            (kind, why.as_str()),
            (FaultKind::Callback, "Error running postImport callback from recorder: not today")
        );
        let dir = "packages/hello/2.10/1";
        assert!(hub.hub.storage().metadata(dir).await.unwrap().is_none(), "a refused import left files");
        assert_eq!(admin.call(GetBuild::new(id)).await.unwrap().unwrap().state, BuildState::Building);
        plugin.refuse(None);
        plugin.take();
        builder.call(complete).await.unwrap();
        let heard = plugin.take();
        let names: Vec<_> = heard.iter().map(|(kind, _)| kind.name()).collect();
        let one = ["preImport", "postImport", "preRPMSign", "postRPMSign"];
        let mut expected = vec!["preImport", "preBuildStateChange", "postBuildStateChange"];
        expected.extend(one.iter().cycle().take(12));
        expected.push("postImport");
        // then the mail to the owner
        assert_eq!(names[..expected.len()], expected);
        let (first, last) = (&heard[0].1, &heard[15].1);
        assert_eq!((field(first, "type"), field(first, "build")), (&"build".into(), &Value::Nil));
        assert_eq!((field(first, "srpm"), field(first, "build_id")), (&srpm.as_str().into(), &id.0.into()));
        assert_eq!(field(last, "build.state"), &1.into());
        let rpm = &heard[4].1;
        assert_eq!((field(rpm, "type"), field(rpm, "rpm.arch")), (&"rpm".into(), &"src".into()));
        assert!(matches!(field(rpm, "rpm.id"), Value::Int(_)));
        assert_eq!(field(rpm, "filepath"), &format!("/mnt/koji/work/{srpm}").into());
        assert_eq!((field(&heard[5].1, "sigkey"), field(&heard[5].1, "rpm.name")), (&"".into(), &"hello".into()));

        admin.call(SetBuildOwner::new(id, "builder1")).await.unwrap();
        assert_eq!(plugin.words(), both(&format!("BuildStateChange owner_id {} {}", admin.id, builder.id)));
        admin.call(SetBuildTimestamp::new(id, 12)).await.unwrap();
        let heard = plugin.take();
        assert_eq!((heard.len(), field(&heard[1].1, "new")), (2, &12.0.into()));

        // signing
        let nvra = "hello-2.10-1.noarch";
        let saved = format!("{dir}/data/sigcache/noarch/{nvra}.rpm.sig");
        let header = hub.hub.storage().read(&saved, 0, 1 << 20).await.unwrap();
        admin.call(DeleteRpmSig::new(nvra).all_sigs(true)).await.unwrap();
        let data = base64::engine::general_purpose::STANDARD.encode(&header);
        admin.call(AddRpmSig::new(nvra, data)).await.unwrap();
        assert_eq!(plugin.words(), ["preRPMSign", "postRPMSign"]);
        // an import of a single RPM
        let other = build_rpms("other", "1", "1", "");
        let (name, bytes) = &other.0[0];
        hub.hub.storage().put(&format!("work/cli/{name}"), bytes.clone().into()).await.unwrap();
        admin.call(ImportRpm::new("cli", name.as_str())).await.unwrap();
        let words = plugin.words();
        assert_eq!(words[..2], both("BuildStateChange state - 1"));
        assert_eq!(words[2..4], both("Import rpm"));
    }
}

#[tokio::test]
async fn repos_are_told() {
    for (hub, plugin) in recorded("repos_are_told").await {
        let admin = hub.admin().await;
        let builder = hub.builder("builder1").await;
        admin.call(CreateTag::new("f44").arches("x86_64".to_owned())).await.unwrap();
        let task = hub.open_task(&builder, &admin, "newRepo").await;
        plugin.take();
        let (repo, _) = builder.call(RepoInit::new("f44").task_id(task)).await.unwrap();
        let heard = plugin.take();
        assert_eq!(heard.iter().map(|(kind, _)| kind.name()).collect::<Vec<_>>(), ["preRepoInit", "postRepoInit"]);
        assert_eq!((field(&heard[0].1, "repo_id"), field(&heard[1].1, "repo_id")), (&Value::Nil, &repo.0.into()));
        assert_eq!(field(&heard[0].1, "tag.name"), &"f44".into());
        assert_eq!((field(&heard[0].1, "task_id"), field(&heard[0].1, "event")), (&task.0.into(), &Value::Nil));
        assert!(field(&heard[0].1, "opts.src").as_str().is_none());
        builder.call(RepoDone::new(repo, Struct::new())).await.unwrap();
        let heard = plugin.take();
        assert_eq!(heard.iter().map(|(kind, _)| kind.name()).collect::<Vec<_>>(), ["preRepoDone", "postRepoDone"]);
        assert_eq!(field(&heard[1].1, "repo.id"), &repo.0.into());
        assert_eq!((field(&heard[1].1, "expire"), field(&heard[1].1, "data")), (&false.into(), &Struct::new().into()));
    }
}

#[tokio::test]
async fn a_refusal_undoes_the_change_and_leniency_lets_it_be() {
    for (hub, plugin) in recorded("a_refusal").await {
        let admin = hub.admin().await;
        admin.call(CreateTag::new("f44")).await.unwrap();
        let build = admin.call(CreateEmptyBuild::new("bash", "5", "1", None)).await.unwrap();
        let tagged = async || {
            let mut db = hub.db.db.read().await.unwrap();
            let count: i64 =
                db.fetch_scalar("SELECT COUNT(*) FROM tag_listing WHERE active = TRUE", args![]).await.unwrap();
            let stray: i64 =
                db.fetch_scalar("SELECT COUNT(*) FROM package WHERE name = 'stray'", args![]).await.unwrap();
            (count, stray)
        };
        let text = |name: &str| format!("Error running {name} callback from recorder: not today");
        for kind in [CallbackType::PreTag, CallbackType::PostTag, CallbackType::PreCommit] {
            plugin.refuse(Some(kind));
            let refused = admin.refused(TagBuildBypass::new("f44", build)).await;
            assert_eq!(refused, (FaultKind::Callback, text(kind.name())));
            assert_eq!(tagged().await, (0, 0), "{}", kind.name());
        }
        plugin.0.lock().unwrap().lenient = true;
        plugin.refuse(Some(CallbackType::PreTag));
        admin.call(TagBuildBypass::new("f44", build)).await.unwrap();
        assert_eq!(tagged().await, (1, 0), "what a lenient plugin wrote before its error stayed");
        plugin.refuse(Some(CallbackType::PostCommit));
        admin.call(UntagBuildBypass::new("f44", build)).await.unwrap();
        assert_eq!(tagged().await, (0, 0));
        // after a commit the fault is seen, and what was done stays
        plugin.0.lock().unwrap().lenient = false;
        let refused = admin.refused(TagBuildBypass::new("f44", build)).await;
        assert_eq!(refused, (FaultKind::Callback, text("postCommit")));
        assert_eq!(tagged().await, (1, 0));
        // reading is no commit
        plugin.0.lock().unwrap().heard.clear();
        plugin.refuse(None);
        admin.call(GetTag::new("f44")).await.unwrap();
        assert!(plugin.0.lock().unwrap().heard.is_empty());
        admin.call(UntagBuildBypass::new("f44", build)).await.unwrap();
        let heard: Vec<_> = plugin.0.lock().unwrap().heard.iter().map(|(kind, _)| kind.name()).collect();
        assert_eq!(heard, ["preUntag", "postUntag", "preCommit", "postCommit"]);
        // and it has added a method
        assert_eq!(admin.call(Heard::new().times(2)).await.unwrap(), 8);
        assert_eq!(hub.nobody().refused(Heard::new()).await.1, "you must be logged in for this operation");
        let listed = admin.call_raw("system.listMethods", vec![]).await.unwrap();
        assert!(listed.as_array().unwrap().contains(&"heard".into()));
        // a login is a change like others
        let sessions = async || -> i64 {
            let mut db = hub.db.db.read().await.unwrap();
            db.fetch_scalar("SELECT COUNT(*) FROM sessions WHERE closed = FALSE", args![]).await.unwrap()
        };
        hub.hub.set_password("kojiadmin", "secret").await.unwrap();
        let before = sessions().await;
        plugin.refuse(Some(CallbackType::PreCommit));
        let refused = hub.nobody().refused(Login::new("kojiadmin", "secret")).await;
        assert_eq!((refused, sessions().await), ((FaultKind::Callback, text("preCommit")), before));
        plugin.refuse(None);
    }
}

/// Has a policy test: whether a number is even.
struct Even;

#[async_trait]
impl Plugin for Even {
    fn name(&self) -> &str {
        "even"
    }

    fn policy_tests(&self) -> &[&str] {
        &["even"]
    }

    async fn policy_test(&self, _: &mut Call<'_>, _: &str, args: &[String], data: &Struct) -> Result<bool> {
        let field = args.first().ok_or_else(|| Error::generic("even of what?"))?;
        Ok(data.get(field).and_then(Value::as_int).is_some_and(|n| n % 2 == 0))
    }
}

#[tokio::test]
async fn policies_may_use_a_plugins_tests() {
    for db in databases("policies_may_use").await {
        let mut config = HubConfig::new(db.url.clone(), "/mnt/koji");
        config.policies.push(("parity".into(), "even number :: even\nall :: odd".into()));
        let storage = || Arc::new(koji_hub_lib::storage::MemoryStorage::new());
        let without = Hub::builder(config.clone()).db(db.db.clone()).storage(storage()).open().await;
        let error = without.err().map(|e| e.to_string());
        assert_eq!(error.as_deref(), Some("policy parity, line 1: missing test handler: even"));
        let twice = Hub::builder(config.clone()).db(db.db.clone()).storage(storage()).plugin(Even).plugin(Even);
        assert_eq!(twice.open().await.err().unwrap().to_string(), "the plugin even is there twice");
        let hub = Hub::builder(config).db(db.db.clone()).storage(storage()).plugin(Even).open().await.unwrap();
        let hub = TestHub { hub, db };
        let admin = hub.admin().await;
        let asked = async |n: i32| {
            let data: Struct = [("number", n)].into_iter().collect();
            admin.call(EvalPolicy::new("parity", data)).await.unwrap()
        };
        assert_eq!((asked(2).await.as_deref(), asked(3).await.as_deref()), (Some("even"), Some("odd")));
    }
}
