//! What clients do most, over HTTP, with as much data as a hub has after some time, beside what a real Koji hub did.
//!
//! `cargo bench -p koji-tests --bench workloads -- [sqlite|postgres] [SCALE] [ROW ..]` fills a database with `SCALE` (1 unless
//! given) times 20,000 builds, 60,000 RPMs and 20,000 tasks, and with 20,000 sessions that have ended, and drives a hub in a
//! process of its own with 1 and with 8 clients. Then it asks for tags of up to 50,000 builds, and says what memory the hub
//! took. With a `SCALE` of 10 or 100 it sends only what should take no longer then; with `ROW`s only the rows whose names begin
//! so.

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use koji_core::api::Method;
use koji_core::api::QueryOpts;
use koji_core::api::builds::GetBuild;
use koji_core::api::sessions::Logout;
use koji_core::api::system::GetApiVersion;
use koji_core::api::tagging::ListTagged;
use koji_core::api::tags::GetTag;
use koji_core::api::tasks::ListTasks;
use koji_core::xmlrpc::{Struct, Value, write_call};
use koji_hub_lib::config::HubConfig;
use koji_hub_lib::db::{Arg, Conn, Dialect, args};
use koji_hub_lib::{Hub, NewUser};
use koji_tests::drive::{Connection, session_headers};
use koji_tests::{TestDb, database};

/// As in the hub's programs.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const SPAN: Duration = Duration::from_secs(3);
const TURNS: usize = 3;
const UPLOAD: usize = 64 << 20;
const CHUNK: usize = 1 << 20;
const PASSWORD: &str = "bench";

/// What is sent, over and over.
#[derive(Clone)]
enum Work {
    /// These calls in turn.
    Calls(Arc<Vec<String>>),
    /// A call in a session.
    InSession(Arc<String>),
    /// A login and a logout.
    Login,
    /// A file in chunks; counted in MB.
    Upload,
}

/// A row, with what a Koji 1.35 hub (Apache, ten processes, Postgres 15) did on two cores with 1 and with 8 clients.
struct Row {
    name: &'static str,
    work: Work,
    koji: [f64; 2],
}

fn call<M: Method>(request: M) -> String {
    write_call(M::INFO.name, &request.into_params()).expect("a call")
}

fn build(i: usize) -> String {
    format!("perfpkg{:04}-1.{}-1.fc{}", 1 + i % 1000, 1 + i % 20, 21 + i % 20)
}

fn tagged(latest: bool) -> String {
    call(ListTagged::new("perf-top").inherit(true).latest(Value::Bool(latest)))
}

fn rows() -> Vec<Row> {
    let calls = |calls: Vec<String>| Work::Calls(Arc::new(calls));
    let one = |body: String| calls(vec![body]);
    let session = |body: String| Work::InSession(Arc::new(body));
    let row = |name, work, koji| Row { name, work, koji };
    let many: Vec<Value> = (0..500)
        .map(|i| {
            let params = Value::Array(GetBuild::new(build(i)).into_params());
            Value::from(Struct::from_iter([("methodName", Value::from("getBuild")), ("params", params)]))
        })
        .collect();
    let of_owner =
        Struct::from_iter([("state", Value::Array(vec![2.into()])), ("owner", 1.into()), ("decode", true.into())]);
    let last = QueryOpts { limit: Some(100), order: Some("-id".into()), ..QueryOpts::default() };
    let of_method = Struct::from_iter([("method", Value::from("build"))]);
    let count = QueryOpts { count_only: Some(true), ..QueryOpts::default() };
    vec![
        row("getAPIVersion", one(call(GetApiVersion::new())), [1147.87, 3229.37]),
        row("getAPIVersion, session", session(call(GetApiVersion::new())), [299.43, 813.69]),
        row("getTag by name", one(call(GetTag::new("perf-top"))), [525.58, 1364.62]),
        row("getBuild by NVR", calls((0..500).map(|i| call(GetBuild::new(build(i)))).collect()), [475.97, 706.59]),
        row("getBuild, session", session(call(GetBuild::new(build(7)))), [161.31, 459.69]),
        row("listTagged, latest 1,000", one(tagged(true)), [13.34, 17.38]),
        row("listTagged, all 2,000", one(tagged(false)), [8.99, 11.82]),
        row("multicall, 500 getBuild", one(write_call("multiCall", &[many.into()]).expect("a call")), [1.71, 2.42]),
        row("listTasks, 100 decoded", one(call(ListTasks::new().opts(of_owner).query_opts(last))), [127.95, 140.18]),
        row("listTasks, count", one(call(ListTasks::new().opts(of_method).query_opts(count))), [255.64, 642.31]),
        row("login and logout", Work::Login, [115.37, 361.22]),
        row("upload, MB/s", Work::Upload, [160.1, 340.6]),
    ]
}

/// One client, until the time is over: how often it was answered.
async fn drive(address: SocketAddr, work: Work, client: usize, until: Instant) -> std::io::Result<f64> {
    let mut connection = Connection::open(address).await?;
    let session = match &work {
        Work::InSession(_) | Work::Upload => Some(connection.login("bench", PASSWORD).await?),
        Work::Calls(_) | Work::Login => None,
    };
    let chunk = vec![7; CHUNK];
    let mut done = 0;
    while Instant::now() < until {
        let headers = |callnum| session.as_ref().map_or_else(String::new, |session| session_headers(session, callnum));
        match &work {
            Work::Calls(calls) => drop(connection.call("", &calls[(client * 37 + done) % calls.len()]).await?),
            Work::InSession(body) => drop(connection.call(&headers(done as u64 + 1), body).await?),
            Work::Login => {
                let session = connection.login("bench", PASSWORD).await?;
                connection.call(&session_headers(&session, 0), &call(Logout::new())).await?;
            }
            Work::Upload => {
                let offset = done * CHUNK % UPLOAD;
                let overwrite = if offset == 0 { "&overwrite=1" } else { "" };
                let path = format!(
                    "/kojihub?filename=up{client}.bin&filepath=cli/bench&fileverify=adler32&offset={offset}{overwrite}"
                );
                let headers = format!("Content-Type: application/octet-stream\r\n{}", headers(done as u64 + 1));
                let answer = connection.post(&path, &headers, &chunk).await?;
                if answer.windows(7).any(|w| w == b"<fault>") {
                    return Err(std::io::Error::other(String::from_utf8_lossy(answer).into_owned()));
                }
            }
        }
        done += 1;
    }
    Ok(done as f64)
}

/// Answers a second.
async fn rate(address: SocketAddr, work: &Work, clients: usize) -> f64 {
    let begin = Instant::now();
    let until = begin + SPAN;
    let drivers: Vec<_> = (0..clients).map(|i| tokio::spawn(drive(address, work.clone(), i, until))).collect();
    let mut done = 0.0;
    for driver in drivers {
        done += driver.await.expect("a driver").expect("answers");
    }
    done / begin.elapsed().as_secs_f64()
}

/// A hub in a process of its own, which ends with this.
struct Served {
    child: Child,
    address: SocketAddr,
}

impl Served {
    fn start(url: &str, folder: &str) -> Self {
        let mut child = Command::new(std::env::current_exe().expect("this program"))
            .args(["serve", url, folder])
            .stdout(Stdio::piped())
            .spawn()
            .expect("a hub");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("its words")).read_line(&mut line).expect("its address");
        Served { child, address: line.trim().parse().expect("an address") }
    }

    /// The most memory that it had, in MB.
    fn peak(&self) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("its state");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("its memory");
        line.trim().trim_end_matches(" kB").parse::<usize>().expect("a number") / 1024
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn serve(url: &str, folder: &str) {
    let hub = Hub::builder(HubConfig::new(url, folder)).open().await.expect("a hub");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    println!("{}", listener.local_addr().expect("its address"));
    std::io::stdout().flush().expect("a reader");
    hub.serve(listener, std::future::pending()).await.expect("a hub");
}

async fn run(conn: &mut Conn, sql: &'static str, args: Vec<Arg<'_>>) {
    conn.execute(sql, args).await.unwrap_or_else(|e| panic!("{sql}: {e}"));
}

/// A tag that inherits from another.
async fn tag(conn: &mut Conn, name: &str, parent: Option<&str>) {
    run(conn, "INSERT INTO tag (name) VALUES ($1)", args![name]).await;
    let config = "INSERT INTO tag_config (tag_id, arches, creator_id, create_event)
        SELECT id, 'x86_64 aarch64', 1, (SELECT MAX(id) FROM events) FROM tag WHERE name = $1";
    run(conn, config, args![name]).await;
    if let Some(parent) = parent {
        let link = "INSERT INTO tag_inheritance (tag_id, parent_id, priority, creator_id, create_event)
            SELECT child.id, parent.id, 0, 1, (SELECT MAX(id) FROM events) FROM tag child, tag parent
            WHERE child.name = $1 AND parent.name = $2";
        run(conn, link, args![name, parent]).await;
    }
}

/// Builds of each package, the versions `1.FROM` to before `1.TO`.
async fn builds(conn: &mut Conn, from: i64, to: i64) {
    let sql = "INSERT INTO build (volume_id, pkg_id, version, release, create_event, start_time, completion_time, state, owner)
        WITH RECURSIVE n (i) AS (SELECT CAST($1 AS INTEGER) UNION ALL SELECT i + 1 FROM n WHERE i + 1 < $2)
        SELECT 0, package.id, '1.' || i, '1.fc' || (20 + i), last.id, last.time, last.time, 1, 1
        FROM n, package, events last WHERE last.id = (SELECT MAX(id) FROM events) ORDER BY i, package.id";
    run(conn, sql, args![from as i32, to as i32]).await;
}

/// Puts the builds of some versions of the first packages into a tag.
async fn fill_tag(conn: &mut Conn, name: &str, packages: i32, from: i64, to: i64) {
    let sql = "INSERT INTO tag_listing (build_id, tag_id, creator_id, create_event)
        WITH RECURSIVE n (i) AS (SELECT CAST($1 AS INTEGER) UNION ALL SELECT i + 1 FROM n WHERE i + 1 < $2)
        SELECT build.id, tag.id, 1, (SELECT MAX(id) FROM events) FROM build JOIN n ON build.version = '1.' || n.i, tag
        WHERE tag.name = $3 AND build.pkg_id <= $4";
    run(conn, sql, args![from as i32, to as i32, name, packages]).await;
}

async fn fill(db: &TestDb, scale: i64) {
    let mut conn = db.db.begin().await.expect("a transaction");
    run(&mut conn, "INSERT INTO events (time) VALUES ($1)", args![koji_core::time::Timestamp::now()]).await;
    for (name, parent) in [
        ("perf-base", None),
        ("perf-mid", Some("perf-base")),
        ("perf-upper", Some("perf-mid")),
        ("perf-top", Some("perf-upper")),
        ("large-2500", Some("perf-base")),
        ("large-10000", Some("perf-base")),
        ("large-50000", Some("perf-base")),
    ] {
        tag(&mut conn, name, parent).await;
    }
    let packages = "INSERT INTO package (id, name)
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
        SELECT i, 'perfpkg' || SUBSTR('000' || i, LENGTH('000' || i) - 3) FROM n";
    run(&mut conn, packages, args![]).await;
    let listed = "INSERT INTO tag_packages (package_id, tag_id, creator_id, create_event)
        SELECT package.id, tag.id, 1, (SELECT MAX(id) FROM events) FROM package, tag WHERE tag.name = 'perf-base'";
    run(&mut conn, listed, args![]).await;
    let owners = "INSERT INTO tag_package_owners (package_id, tag_id, owner, creator_id, create_event)
        SELECT package.id, tag.id, 1, 1, (SELECT MAX(id) FROM events) FROM package, tag WHERE tag.name = 'perf-base'";
    run(&mut conn, owners, args![]).await;
    builds(&mut conn, 1, 1 + 20 * scale).await;
    let rpms = "INSERT INTO rpminfo (build_id, name, version, release, arch, payloadhash, size, buildtime, external_repo_id, draft)
        SELECT build.id, package.name, build.version, build.release, arch.name, 'd41d8cd98f00b204e9800998ecf8427e',
            10000 + build.id, 1700000000, 0, FALSE
        FROM build JOIN package ON package.id = build.pkg_id,
            (SELECT 'src' AS name UNION ALL SELECT 'x86_64' UNION ALL SELECT 'aarch64') arch";
    run(&mut conn, rpms, args![]).await;
    let tasks = "INSERT INTO task (state, create_time, start_time, completion_time, channel_id, owner, method, request, arch, priority, weight)
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
        SELECT CASE i % 7 WHEN 4 THEN 5 WHEN 5 THEN 3 WHEN 6 THEN 5 ELSE 2 END, last.time, last.time, last.time, 1, 1 + i % 3,
            CASE i % 4 WHEN 0 THEN 'build' WHEN 1 THEN 'buildArch' WHEN 2 THEN 'tagBuild' ELSE 'newRepo' END,
            '<?xml version=''1.0''?><methodCall><methodName>x</methodName><params><param><value><string>git+https://example.com/rpms/perf'
                || i || '#abc</string></value></param><param><value><string>perf-target</string></value></param></params></methodCall>',
            'noarch', 20, 1.0
        FROM n, events last WHERE last.id = (SELECT MAX(id) FROM events)";
    run(&mut conn, tasks, args![i32::try_from(20_000 * scale).expect("a number")]).await;
    let sessions =
        "INSERT INTO sessions (user_id, authtype, hostip, callnum, start_time, update_time, key, expired, closed)
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
        SELECT 1, 0, '127.0.0.1', i, last.time, last.time, 'key' || i, TRUE, TRUE
        FROM n, events last WHERE last.id = (SELECT MAX(id) FROM events)";
    run(&mut conn, sessions, args![]).await;
    // 2,000 builds as seen from perf-top
    fill_tag(&mut conn, "perf-base", 1000, 1, 2).await;
    fill_tag(&mut conn, "perf-mid", 600, 2, 3).await;
    fill_tag(&mut conn, "perf-top", 400, 3, 4).await;
    if scale == 1 {
        builds(&mut conn, 1000, 1050).await;
        for (name, packages) in [("large-2500", 50), ("large-10000", 200), ("large-50000", 1000)] {
            fill_tag(&mut conn, name, packages, 1000, 1050).await;
        }
    }
    conn.commit().await.expect("a commit");
    // as an ordinary server does by itself; without a transaction, which a VACUUM does not take
    let mut conn = db.db.read().await.expect("a connection");
    match db.dialect() {
        Dialect::Postgres => {
            run(&mut conn, "VACUUM ANALYZE", args![]).await;
            run(&mut conn, "CHECKPOINT", args![]).await;
        }
        Dialect::Sqlite => {
            drop(conn);
            let mut conn = db.db.begin().await.expect("a transaction");
            run(&mut conn, "ANALYZE", args![]).await;
            conn.commit().await.expect("a commit");
        }
    }
}

async fn measure(dialect: Dialect, scale: i64, names: &[&String]) {
    let db = database("workloads", dialect).await;
    let folder = tempfile::TempDir::with_prefix("koji-workloads-").expect("a folder");
    let folder = folder.path().to_string_lossy().into_owned();
    {
        let hub = Hub::builder(HubConfig::new(db.url.clone(), &folder)).db(db.db.clone()).open().await.expect("a hub");
        for name in ["bench", "second", "third"] {
            let password = Some(PASSWORD.to_owned());
            hub.add_user(NewUser { name: name.to_owned(), password, ..NewUser::default() }).await.expect("a user");
        }
    }
    fill(&db, scale).await;
    let hub = Served::start(&db.url, &folder);
    println!("{dialect:?}, {} builds\n", 20_000 * scale);
    println!("| | 1 client | beside Koji | 8 clients | beside Koji |\n|---|---|---|---|---|");
    // with more data it is the same answers that count, and how long they take then
    let scales = ["getBuild by NVR", "listTagged, latest 1,000", "listTasks, 100 decoded"];
    let named = |row: &Row| names.is_empty() || names.iter().any(|name| row.name.starts_with(name.as_str()));
    for row in rows().into_iter().filter(|row| named(row) && (scale == 1 || scales.contains(&row.name))) {
        let mut rates = [0.0_f64; 2];
        for (rate_of, clients) in rates.iter_mut().zip([1, 8]) {
            for _ in 0..TURNS {
                *rate_of = rate_of.max(rate(hub.address, &row.work, clients).await);
            }
        }
        let [one, eight] = rates;
        println!(
            "| {} | {one:.1} | {:.1} x | {eight:.1} | {:.1} x |",
            row.name,
            one / row.koji[0],
            eight / row.koji[1]
        );
    }
    println!("\nthe hub's memory at its most: {} MB\n", hub.peak());
    drop(hub);
    if scale == 1 && names.is_empty() {
        for size in ["2500", "10000", "50000"] {
            let hub = Served::start(&db.url, &folder);
            let mut connection = Connection::open(hub.address).await.expect("a connection");
            let before = Instant::now();
            let answer = connection.call("", &call(ListTagged::new(format!("large-{size}")))).await.expect("builds");
            println!(
                "listTagged of {size} builds: {} MB in {:.2} s; the hub's memory at its most: {} MB",
                answer >> 20,
                before.elapsed().as_secs_f64(),
                hub.peak()
            );
        }
        println!();
    }
}

#[tokio::main]
async fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    if let [serving, url, folder] = words.as_slice()
        && serving == "serve"
    {
        return serve(url, folder).await;
    }
    let scale = words.iter().find_map(|word| word.parse().ok()).unwrap_or(1);
    let is_database = |word: &&String| ["sqlite", "postgres"].contains(&word.as_str());
    let names: Vec<&String> = words.iter().filter(|word| !is_database(word) && word.parse::<i64>().is_err()).collect();
    for dialect in [Dialect::Sqlite, Dialect::Postgres] {
        if !words.iter().any(|word| is_database(&word))
            || words.iter().any(|word| word.eq_ignore_ascii_case(&format!("{dialect:?}")))
        {
            measure(dialect, scale, &names).await;
        }
    }
}
