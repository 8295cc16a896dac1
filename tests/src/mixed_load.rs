//! Many clients at once that read, write and send batches of calls, and each hold the hub to what it acknowledged.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use koji_client::Session;
use koji_core::api::KwArgs;
use koji_core::api::builds::{CreateEmptyBuild, GetBuild, ListBuilds};
use koji_core::api::packages::PackageListAdd;
use koji_core::api::tagging::{ListTagged, TagBuildBypass, UntagBuildBypass};
use koji_core::api::tags::{CreateTag, EditTag2, GetTag};
use koji_core::api::tasks::{CancelTask, GetTaskInfo, ListTasks, MakeTask};
use koji_core::api::{QueryOpts, VarArgs};
use koji_core::ids::{BuildId, TaskId};
use koji_core::xmlrpc::{Struct, Value};
use koji_hub_lib::db::{Dialect, args};

use crate::Processes;

/// How many clients there are.
pub const CLIENTS: usize = 16;
/// The tags that all of them change.
const SHARED: [&str; 3] = ["shared0", "shared1", "shared2"];
/// How often the hub's memory is looked at.
const SAMPLE: Duration = Duration::from_millis(250);

/// What a client was told that it did.
#[derive(Debug, Default)]
struct Done {
    calls: u64,
    /// The last value of this client's own key in each shared tag, and how often it was set.
    extra: BTreeMap<&'static str, (i64, i64)>,
    tags: i64,
    packages: i64,
    /// Builds, with the shared tag in which each is.
    builds: Vec<(BuildId, Option<&'static str>)>,
    canceled: Vec<TaskId>,
    free: Vec<TaskId>,
    /// What it must never be told.
    faults: Vec<String>,
}

/// What came of a run.
#[derive(Debug)]
pub struct MixedLoad {
    /// Calls that were answered.
    pub calls: u64,
    /// How long it took.
    pub seconds: f64,
    /// The hub's resident memory, in KiB: the mean of the first half, the mean of the second, and the most.
    pub memory: [u64; 3],
    /// Faults that clients got, updates that were lost, and what the check of the data told.
    pub wrong: Vec<String>,
}

/// Numbers that look random, the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % most
    }
}

/// Lets the clients work on a hub of its own for some time, then looks what is there.
///
/// # Panics
/// When the hub does not start.
pub async fn mixed_load(dialect: Dialect, span: Duration) -> MixedLoad {
    let mut all = Processes::start("mixed_load", dialect, 0).await;
    all.upkeep.kill();
    for tag in SHARED {
        all.admin.call(CreateTag::new(tag).arches("x86_64")).await.expect("a tag");
    }
    let mut sessions = Vec::new();
    for _ in 0..CLIENTS {
        sessions.push(all.session().await);
    }
    let begin = Instant::now();
    let until = begin + span;
    let known =
        Mutex::new(vec![all.admin.call(CreateEmptyBuild::new("first", "1", "1", None)).await.expect("a build")]);
    let clients = sessions.iter().enumerate().map(|(n, session)| client(n, session, until, &known));
    let sampling = async {
        let mut samples = Vec::new();
        while Instant::now() < until {
            tokio::time::sleep(SAMPLE).await;
            samples.push(all.hub.memory_now());
        }
        samples
    };
    let (done, samples) = tokio::join!(futures_util::future::join_all(clients), sampling);
    let seconds = begin.elapsed().as_secs_f64();

    let mut wrong = Vec::new();
    for (n, done) in done.iter().enumerate() {
        wrong.extend(done.faults.iter().map(|fault| format!("client {n}: {fault}")));
        lost(&all, n, done, &mut wrong).await;
    }
    wrong.extend(all.check_data().await);
    let logs = all.hub.log();
    for word in ["deadlock", "is locked", "could not serialize", "could not obtain", "ERROR", "panicked"] {
        wrong.extend(logs.lines().filter(|line| line.contains(word)).take(5).map(str::to_owned));
    }
    let mean = |part: &[u64]| part.iter().sum::<u64>() / part.len().max(1) as u64;
    let (first, second) = samples.split_at(samples.len() / 2);
    let memory = [mean(first), mean(second), samples.iter().copied().max().unwrap_or_default()];
    MixedLoad { calls: done.iter().map(|done| done.calls).sum(), seconds, memory, wrong }
}

impl Done {
    /// Counts a call; keeps the fault if it is not one that a rule of the hub gives.
    fn note<T>(&mut self, what: &str, answer: koji_client::Result<T>) -> Option<T> {
        self.calls += 1;
        match answer {
            Ok(answer) => Some(answer),
            Err(e) => {
                self.faults.push(format!("{what}: {e}"));
                None
            }
        }
    }
}

fn extra(key: &str, value: i64) -> KwArgs {
    let extra: Struct = [(key, value)].into_iter().collect();
    KwArgs([("extra", Value::Struct(extra))].into_iter().collect())
}

/// One client: one thing after another until the time is over.
async fn client(n: usize, session: &Session, until: Instant, known: &Mutex<Vec<BuildId>>) -> Done {
    let mut done = Done::default();
    let mut dice = Dice(n as u64 + 1);
    let key = format!("client{n}");
    let mut count = 0;
    while Instant::now() < until {
        count += 1;
        let tag = SHARED[dice.below(SHARED.len())];
        match dice.below(12) {
            0 => {
                let answer = session.call(CreateTag::new(format!("tag-{n}-{count}"))).await;
                done.tags += i64::from(done.note("createTag", answer).is_some());
            }
            1 | 2 => {
                let answer = session.call(EditTag2::new(tag).changes(extra(&key, count))).await;
                if done.note("editTag2", answer).is_some() {
                    let (_, times) = done.extra.get(tag).copied().unwrap_or_default();
                    done.extra.insert(tag, (count, times + 1));
                }
            }
            3 => {
                let answer =
                    session.call(CreateEmptyBuild::new(format!("pkg-{n}"), format!("{count}"), "1", None)).await;
                if let Some(id) = done.note("createEmptyBuild", answer) {
                    done.builds.push((id, None));
                    known.lock().expect("the builds").push(id);
                }
            }
            4 | 5 if !done.builds.is_empty() => {
                let at = dice.below(done.builds.len());
                let (id, tagged) = done.builds[at];
                let now = match tagged {
                    None => {
                        let answer = session.call(TagBuildBypass::new(tag, id)).await;
                        done.note("tagBuildBypass", answer).map(|_| Some(tag))
                    }
                    Some(tag) => {
                        let answer = session.call(UntagBuildBypass::new(tag, id)).await;
                        done.note("untagBuildBypass", answer).map(|_| None)
                    }
                };
                done.builds[at].1 = now.unwrap_or(tagged);
            }
            6 => {
                let args = VarArgs(vec!["sleep".into(), Value::Array(vec![0.into()])]);
                let answer = session.call(MakeTask::new().args(args)).await;
                if let Some(id) = done.note("makeTask", answer) {
                    if dice.below(2) == 0 {
                        let answer = session.call(CancelTask::new(id)).await;
                        done.note("cancelTask", answer);
                        done.canceled.push(id);
                    } else {
                        done.free.push(id);
                    }
                }
            }
            7 => batch(&mut done, n, count, tag, session).await,
            8 => {
                let answer = session.call(ListTagged::new(tag)).await;
                done.note("listTagged", answer);
            }
            9 => {
                let id = {
                    let known = known.lock().expect("the builds");
                    known[dice.below(known.len())]
                };
                let answer = session.call(GetBuild::new(id)).await;
                done.note("getBuild", answer);
            }
            10 => {
                let opts = QueryOpts { limit: Some(20), order: Some("-build_id".into()), ..QueryOpts::default() };
                let answer = session.call(ListBuilds::new().query_opts(opts)).await;
                done.note("listBuilds", answer);
            }
            _ => {
                let opts = QueryOpts { limit: Some(20), ..QueryOpts::default() };
                let answer = session.call(ListTasks::new().query_opts(opts)).await;
                done.note("listTasks", answer);
            }
        }
    }
    done
}

/// Writes and reads in one request.
async fn batch(done: &mut Done, n: usize, count: i64, tag: &'static str, session: &Session) {
    let mut calls = session.multicall();
    let mut adds = Vec::new();
    for part in 0..5 {
        let package = format!("pkg-{n}-{count}-{part}");
        adds.push(calls.call(PackageListAdd::new(tag, package).owner("kojiadmin")));
    }
    let read = calls.call(GetTag::new(tag));
    let task = done.free.last().map(|id| calls.call(GetTaskInfo::new(id.0)));
    let sent = calls.run().await;
    if done.note("multiCall", sent).is_none() {
        return;
    }
    for add in adds {
        done.packages += i64::from(done.note("packageListAdd", add.result()).is_some());
    }
    done.note("getTag", read.result());
    if let Some(task) = task {
        done.note("getTaskInfo", task.result());
    }
}

/// What a client was told that is not so.
async fn lost(all: &Processes, n: usize, done: &Done, wrong: &mut Vec<String>) {
    let mut db = all.db.db.read().await.expect("a connection");
    let mut hold = |what: String, expected: i64, found: i64| {
        if expected != found {
            wrong.push(format!("client {n}: {what}: {expected} were acknowledged, {found} are there"));
        }
    };
    let pattern = format!("tag-{n}-%");
    let sql = "SELECT COUNT(*) FROM tag WHERE name LIKE $1";
    hold("tags".into(), done.tags, db.fetch_scalar(sql, args![pattern]).await.expect("a number"));
    let sql = "SELECT COUNT(*) FROM tag_packages JOIN package ON package.id = tag_packages.package_id
               WHERE active = TRUE AND package.name LIKE $1";
    let pattern = format!("pkg-{n}-%");
    hold("packages".into(), done.packages, db.fetch_scalar(sql, args![pattern]).await.expect("a number"));
    for (tag, (value, times)) in &done.extra {
        let sql = "SELECT COUNT(*), MAX(CASE WHEN active = TRUE THEN value END) FROM tag_extra
                   JOIN tag ON tag.id = tag_extra.tag_id WHERE tag.name = $1 AND tag_extra.key = $2";
        let key = format!("client{n}");
        let (rows, last): (i64, Option<String>) = db.fetch_one(sql, args![*tag, key]).await.expect("a row");
        hold(format!("changes of {tag}"), *times, rows);
        hold(format!("the last change of {tag}"), *value, last.and_then(|v| v.parse().ok()).unwrap_or(-1));
    }
    for (build, tagged) in &done.builds {
        let sql = "SELECT tag.name FROM tag_listing JOIN tag ON tag.id = tag_listing.tag_id
                   WHERE active = TRUE AND build_id = $1";
        let found: Vec<String> = db.fetch_scalars(sql, args![*build]).await.expect("tags");
        if found != tagged.iter().copied().collect::<Vec<_>>() {
            wrong.push(format!("client {n}: build {build} is in {found:?}, not {tagged:?}"));
        }
    }
    for (tasks, state) in [(&done.canceled, 3), (&done.free, 0)] {
        for task in tasks {
            let sql = "SELECT state FROM task WHERE id = $1";
            let found: Option<i32> = db.fetch_scalar_optional(sql, args![*task]).await.expect("a state");
            if found != Some(state) {
                wrong.push(format!("client {n}: the state of task {task} is {found:?}, not {state}"));
            }
        }
    }
}
