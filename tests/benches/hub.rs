//! Reads over HTTP, beside a bare handler with one prepared query on the same database, in the same run.
//!
//! `cargo bench -p koji-tests --bench hub` prints, for SQLite and Postgres and for 1 and 8 clients, the requests a second of
//! the bare handler and of `getTag` and `getBuild` by name, and the hub's share of the bare handler's. With `-- postgres` or
//! `-- sqlite` only that database's.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use koji_core::api::Method;
use koji_core::api::builds::{CreateEmptyBuild, GetBuild};
use koji_core::api::tags::{CreateTag, GetTag};
use koji_core::xmlrpc::write_call;
use koji_hub_lib::db::{Db, Dialect, args};
use koji_tests::{TestHub, databases};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const SPAN: Duration = Duration::from_secs(3);
const TURNS: usize = 3;
const TAGS: usize = 200;
const BUILDS: usize = 2000;

/// The bare handler: the body is read, one query by name is made, and its row is the answer.
async fn bare(State(db): State<Arc<Db>>, body: String) -> String {
    let mut conn = db.read().await.expect("a connection");
    let row: Option<(i32, String)> =
        conn.fetch_optional("SELECT id, name FROM tag WHERE name = $1", args![body.as_str()]).await.expect("a query");
    row.map_or(String::new(), |(id, name)| format!("{id} {name}"))
}

async fn serve(router: Router) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let service = router.into_make_service_with_connect_info::<std::net::SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    address
}

/// One request after another on one connection until the time is over: how many were answered.
async fn drive(
    address: std::net::SocketAddr,
    path: &str,
    bodies: Arc<Vec<String>>,
    first: usize,
    until: Instant,
) -> usize {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.set_nodelay(true).expect("no delay");
    let requests: Vec<String> = bodies
        .iter()
        .map(|b| {
            format!(
                "POST {path} HTTP/1.1\r\nHost: h\r\nContent-Type: text/xml\r\nContent-Length: {}\r\n\r\n{b}",
                b.len()
            )
        })
        .collect();
    let mut buffer = vec![0; 64 << 10];
    let mut done = 0;
    while Instant::now() < until {
        stream.write_all(requests[(first + done) % requests.len()].as_bytes()).await.expect("a request");
        let mut have = 0;
        loop {
            let n = stream.read(&mut buffer[have..]).await.expect("an answer");
            assert!(n > 0, "the connection was closed");
            have += n;
            if is_whole(&buffer[..have]) {
                break;
            }
        }
        assert!(buffer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&buffer[..have]));
        assert!(!buffer[..have].windows(9).any(|w| w == b"faultCode"), "{}", String::from_utf8_lossy(&buffer[..have]));
        done += 1;
    }
    done
}

fn is_whole(answer: &[u8]) -> bool {
    let Some(head) = answer.windows(4).position(|w| w == b"\r\n\r\n") else { return false };
    let text = String::from_utf8_lossy(&answer[..head]).to_ascii_lowercase();
    let length = text
        .split("content-length: ")
        .nth(1)
        .and_then(|l| l.lines().next())
        .and_then(|l| l.trim().parse::<usize>().ok());
    length.is_some_and(|length| answer.len() >= head + 4 + length)
}

/// Requests a second.
async fn rate(address: std::net::SocketAddr, path: &'static str, bodies: &Arc<Vec<String>>, clients: usize) -> f64 {
    let begin = Instant::now();
    let until = begin + SPAN;
    let drivers: Vec<_> =
        (0..clients).map(|i| tokio::spawn(drive(address, path, bodies.clone(), i * 37, until))).collect();
    let mut done = 0;
    for driver in drivers {
        done += driver.await.expect("a driver");
    }
    done as f64 / begin.elapsed().as_secs_f64()
}

fn calls<M: Method>(requests: impl Iterator<Item = M>) -> Arc<Vec<String>> {
    Arc::new(requests.map(|r| write_call(M::INFO.name, &r.into_params()).expect("a call")).collect())
}

async fn fill(hub: &TestHub) {
    let admin = hub.admin().await;
    for i in 0..TAGS {
        let mut extra = koji_core::xmlrpc::Struct::new();
        extra.insert("mock.package_manager", "dnf");
        admin.call(CreateTag::new(format!("tag-{i}")).arches("x86_64 aarch64").extra(extra)).await.expect("a tag");
    }
    for i in 0..BUILDS {
        let build = CreateEmptyBuild::new(format!("package-{}", i % 500), format!("1.{i}"), "1.fc44", None);
        admin.call(build).await.expect("a build");
    }
}

#[tokio::main]
async fn main() {
    println!(
        "requests a second, best of {TURNS} turns of {} s; both cores are shared with the clients\n",
        SPAN.as_secs()
    );
    println!(
        "{:<10} {:>7} {:>10} {:>10} {:>7} {:>10} {:>7}",
        "database", "clients", "bare", "getTag", "share", "getBuild", "share"
    );
    let only = std::env::args().skip(1).find(|arg| !arg.starts_with('-'));
    for db in databases("bench").await {
        let dialect = db.dialect();
        if only.as_ref().is_some_and(|only| !only.eq_ignore_ascii_case(&format!("{dialect:?}"))) {
            continue;
        }
        let hub = TestHub::with(db, |_| {});
        fill(&hub).await;
        // as an ordinary server does by itself
        let mut conn = hub.hub.db().begin().await.expect("a connection");
        if dialect == Dialect::Sqlite {
            // statistics that depend on the values searched for would have each statement planned at each run
            conn.execute("PRAGMA analysis_limit = 400", args![]).await.expect("a limit");
        }
        conn.execute("ANALYZE", args![]).await.expect("an analysis");
        conn.commit().await.expect("a commit");
        let bare_address = serve(Router::new().route("/", post(bare)).with_state(Arc::new(hub.hub.db().clone()))).await;
        let address = serve(koji_hub_lib::router(hub.hub.clone())).await;
        let names = Arc::new((0..TAGS).map(|i| format!("tag-{i}")).collect::<Vec<_>>());
        let tags = calls((0..TAGS).map(|i| GetTag::new(format!("tag-{i}"))));
        let builds = calls((0..BUILDS).map(|i| GetBuild::new(format!("package-{}-1.{i}-1.fc44", i % 500))));
        for clients in [1, 8] {
            let (mut of_bare, mut of_tag, mut of_build) = (0.0_f64, 0.0_f64, 0.0_f64);
            // turn by turn, so that what else the machine does hits all alike
            for _ in 0..TURNS {
                of_bare = of_bare.max(rate(bare_address, "/", &names, clients).await);
                of_tag = of_tag.max(rate(address, "/kojihub", &tags, clients).await);
                of_build = of_build.max(rate(address, "/kojihub", &builds, clients).await);
            }
            println!(
                "{:<10} {clients:>7} {of_bare:>10.0} {of_tag:>10.0} {:>6.0}% {of_build:>10.0} {:>6.0}%",
                format!("{dialect:?}"),
                100.0 * of_tag / of_bare,
                100.0 * of_build / of_bare
            );
        }
    }
}
