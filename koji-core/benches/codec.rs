//! The codec on a large answer: `listTagged` with 10,000 builds, beside Python's `xmlrpc.client` on the same machine.
//!
//! `cargo bench -p koji-core --bench codec` prints a table; the best of several runs counts.

#![allow(clippy::panic, reason = "a benchmark that cannot run ends")]

use std::hint::black_box;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Instant;

use koji_core::ids::{BuildId, EventId, PackageId, TagId, TaskId, UserId, VolumeId};
use koji_core::model::{BuildState, TaggedBuild};
use koji_core::time::Timestamp;
use koji_core::xmlrpc::{Value, read_response, write_response};

const BUILDS: i32 = 10_000;
const RUNS: usize = 7;

const PYTHON: &str = "
import sys, time, xmlrpc.client
data = sys.stdin.buffer.read()
def best(f):
    times = []
    for _ in range(3):
        t = time.perf_counter(); f(); times.append(time.perf_counter() - t)
    return min(times)
value = xmlrpc.client.loads(data)[0]
print(best(lambda: xmlrpc.client.loads(data)), best(lambda: xmlrpc.client.dumps(value, methodresponse=1, allow_none=True)))
";

fn build(i: i32) -> TaggedBuild {
    let name = format!("python-some-package-{:04}", i % 2000);
    let (version, release) = (format!("{}.{}.{}", i % 7, i % 31, i % 11), format!("{}.fc44", i % 5 + 1));
    let time = Timestamp::from_micros(1_795_335_108_772_888 + i64::from(i) * 1_000_003);
    TaggedBuild {
        id: BuildId(2_000_000 + i),
        build_id: BuildId(2_000_000 + i),
        nvr: format!("{name}-{version}-{release}"),
        package_name: name.clone(),
        name,
        package_id: PackageId(i % 2000 + 1),
        version,
        release,
        epoch: None,
        draft: false,
        state: BuildState::Complete,
        task_id: Some(TaskId(90_000_000 + i)),
        owner_id: UserId(i % 300 + 1),
        owner_name: format!("maintainer{}", i % 300),
        promoter_id: None,
        promoter_name: None,
        tag_id: TagId(17),
        tag_name: "f44-updates".into(),
        create_event: EventId(80_000_000 + i),
        creation_event_id: EventId(79_000_000 + i),
        creation_time: time,
        start_time: Some(time),
        completion_time: Some(time),
        promotion_time: None,
        volume_id: VolumeId(0),
        volume_name: "DEFAULT".into(),
        extra: None,
        maven_group_id: None,
        maven_artifact_id: None,
        maven_version: None,
        platform: None,
    }
}

fn best<T>(mut work: impl FnMut() -> T) -> f64 {
    (0..RUNS)
        .map(|_| {
            let begin = Instant::now();
            black_box(work());
            begin.elapsed().as_secs_f64()
        })
        .fold(f64::INFINITY, f64::min)
}

fn python(document: &str) -> Option<(f64, f64)> {
    let mut child = Command::new(std::env::var_os("KOJI_TEST_PYTHON").unwrap_or_else(|| "python3".into()))
        .args(["-c", PYTHON])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .ok()?;
    child.stdin.take()?.write_all(document.as_bytes()).ok()?;
    let said = child.wait_with_output().ok()?.stdout;
    let said = String::from_utf8(said).ok()?;
    let (read, write) = said.trim().split_once(' ')?;
    Some((read.parse().ok()?, write.parse().ok()?))
}

fn main() {
    let builds: Vec<TaggedBuild> = (0..BUILDS).map(build).collect();
    let Ok(document) = write_response(&builds) else { panic!("builds cannot be written") };
    let bytes = document.as_bytes();
    let size = bytes.len() as f64 / 1e6;
    let value: Value = match read_response(bytes) {
        Ok(Ok(value)) => value,
        other => panic!("the document does not read back: {other:?}"),
    };

    println!("listTagged with {BUILDS} builds: {size:.1} MB, best of {RUNS} runs\n");
    println!("{:<34} {:>9} {:>10}", "", "seconds", "MB/s");
    let row = |what: &str, seconds: f64| println!("{what:<34} {seconds:>9.4} {:>10.0}", size / seconds);
    let read = best(|| read_response::<Value>(bytes));
    let read_typed = best(|| read_response::<Vec<TaggedBuild>>(bytes));
    let write = best(|| write_response(&value));
    let write_typed = best(|| write_response(&builds));
    row("read into values", read);
    row("read into records", read_typed);
    row("write values", write);
    row("write records", write_typed);
    match python(&document) {
        Some((python_read, python_write)) => {
            row("Python xmlrpc.client, read", python_read);
            row("Python xmlrpc.client, write", python_write);
            println!("\nread {:.0} times as fast, write {:.0} times", python_read / read, python_write / write_typed);
        }
        None => println!("\nno Python to compare with"),
    }
}
