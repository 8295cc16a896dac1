//! Sixteen clients that mix reads, writes and batches, on a real `koji-hub` process.
//!
//! `cargo bench -p koji-tests --bench mixed_load -- --minutes 5` prints, for SQLite and Postgres, the calls a second and
//! the hub's memory, and fails if a client got a fault, an update was lost, or `check --data` has something to tell. With
//! `postgres` or `sqlite` only that database's.

use std::time::Duration;

use koji_hub_lib::db::Dialect;
use koji_tests::{CLIENTS, mixed_load};

#[tokio::main]
async fn main() {
    let mut args = std::env::args().skip_while(|arg| arg != "--minutes").skip(1);
    let minutes: f64 = args.next().map_or(1.0, |minutes| minutes.parse().expect("a number of minutes"));
    let only = std::env::args().skip(1).find(|arg| matches!(arg.as_str(), "postgres" | "sqlite"));
    println!("{CLIENTS} clients for {minutes} minutes; memory in MiB\n");
    println!(
        "{:<10} {:>9} {:>8} {:>11} {:>12} {:>6}",
        "database", "calls", "calls/s", "first half", "second half", "most"
    );
    let mut failed = false;
    for dialect in [Dialect::Sqlite, Dialect::Postgres] {
        if only.as_ref().is_some_and(|only| !only.eq_ignore_ascii_case(&format!("{dialect:?}"))) {
            continue;
        }
        let done = mixed_load(dialect, Duration::from_secs_f64(minutes * 60.0)).await;
        let [first, second, most] = done.memory.map(|kib| kib as f64 / 1024.0);
        println!(
            "{:<10} {:>9} {:>8.0} {first:>11.1} {second:>12.1} {most:>6.1}",
            format!("{dialect:?}"),
            done.calls,
            done.calls as f64 / done.seconds
        );
        for wrong in &done.wrong {
            println!("  {wrong}");
        }
        failed |= !done.wrong.is_empty();
    }
    std::process::exit(i32::from(failed));
}
