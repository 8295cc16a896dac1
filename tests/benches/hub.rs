//! Reads over HTTP, beside a bare handler with one prepared query on the same database, in the same run.
//!
//! `cargo bench -p koji-tests --bench hub` prints, for SQLite and Postgres and for 1 and 8 clients, the requests a second of
//! the bare handler and of `getTag` and `getBuild` by name, and the hub's share of the bare handler's. With `-- postgres` or
//! `-- sqlite` only that database's.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use koji_core::api::Method;
use koji_core::api::builds::{CreateEmptyBuild, GetBuild};
use koji_core::api::tags::{CreateTag, GetTag};
use koji_core::xmlrpc::write_call;
use koji_hub_lib::db::{Db, args};
use koji_tests::drive::Connection;
use koji_tests::{TestHub, databases};
use tokio::net::TcpListener;

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

async fn serve(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    address
}

/// One request after another on one connection until the time is over: how many were answered.
async fn drive(address: SocketAddr, path: &str, bodies: Arc<Vec<String>>, first: usize, until: Instant) -> usize {
    let mut connection = Connection::open(address).await.expect("a connection");
    let mut done = 0;
    while Instant::now() < until {
        let body = &bodies[(first + done) % bodies.len()];
        let answer = connection.post(path, "Content-Type: text/xml\r\n", body.as_bytes()).await.expect("an answer");
        assert!(!answer.windows(9).any(|w| w == b"faultCode"), "{}", String::from_utf8_lossy(answer));
        done += 1;
    }
    done
}

/// Requests a second.
async fn rate(address: SocketAddr, path: &'static str, bodies: &Arc<Vec<String>>, clients: usize) -> f64 {
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
