//! What the hub answers on the wire, byte for byte: status, the headers that matter, and the body.
//!
//! `exchanges.txt` holds requests, and after each of them what was answered when it was recorded. In it `{admin.id}` and
//! `{admin.key}` are those of the session that an exchange marked `as admin` brought, and `{*}` is any text up to the next
//! tag or line. `KOJI_TEST_RECORD=1` records the answers anew; read what changed before keeping it.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::net::SocketAddr;
use std::path::Path;

use koji_tests::{TestHub, hubs};
use regex::Regex;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The headers whose values are compared.
const HEADERS: [&str; 7] =
    ["allow", "content-type", "koji-version", "accept-ranges", "content-range", "content-length", "location"];

/// A request, and what it is answered with.
#[derive(Debug, Clone)]
struct Exchange {
    name: String,
    /// Under which name the session that it brings is known afterwards.
    session: Option<String>,
    request: String,
    answer: String,
}

/// `### name`, or `### name as session`; the request; `---`; the answer.
fn parse(text: &str) -> Vec<Exchange> {
    let mut out = Vec::new();
    for part in text.split("### ").skip(1) {
        let (title, rest) = part.split_once('\n').expect("a title");
        let (request, answer) = rest.split_once("---\n").expect("a request and an answer");
        let (name, session) = match title.split_once(" as ") {
            Some((name, session)) => (name, Some(session.to_owned())),
            None => (title, None),
        };
        let (request, answer) = (request.to_owned(), answer.trim_end().to_owned());
        out.push(Exchange { name: name.to_owned(), session, request, answer });
    }
    out
}

fn write(exchanges: &[Exchange]) -> String {
    let mut out = String::new();
    for e in exchanges {
        let session = e.session.as_ref().map(|s| format!(" as {s}")).unwrap_or_default();
        writeln!(out, "### {}{session}\n{}---\n{}\n", e.name, e.request, e.answer).expect("text");
    }
    out
}

/// Names of sessions' ids and keys, and what they are in this run.
type Known = BTreeMap<String, String>;

fn filled(text: &str, known: &Known) -> String {
    known.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}

/// The request as bytes: its lines end as HTTP's do, and it says how long its body is.
fn raw(request: &str) -> Vec<u8> {
    let (head, body) = request.split_once("\n\n").unwrap_or((request.trim_end(), ""));
    let body = body.strip_suffix('\n').unwrap_or(body);
    let body: Vec<u8> = if body.contains("iso-8859-1") {
        body.chars().map(|c| u8::try_from(u32::from(c)).expect("Latin-1")).collect()
    } else {
        body.as_bytes().to_vec()
    };
    let mut out = head.replace('\n', "\r\n").into_bytes();
    out.extend_from_slice(format!("\r\nHost: hub\r\nContent-Length: {}\r\n\r\n", body.len()).as_bytes());
    out.extend(body);
    out
}

/// Sends it on a connection of its own, and gives the answer in the form of `exchanges.txt`.
async fn ask(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    let mut request = raw(request);
    let end = request.windows(4).position(|w| w == b"\r\n\r\n").expect("a head");
    request.splice(end..end, *b"\r\nConnection: close");
    stream.write_all(&request).await.expect("a request");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.expect("an answer");
    let end = answer.windows(4).position(|w| w == b"\r\n\r\n").expect("a head");
    let head = String::from_utf8(answer[..end].to_vec()).expect("a head in ASCII");
    let mut lines = head.lines();
    let mut out = lines.next().expect("a status").to_owned();
    let mut headers: Vec<(String, &str)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value))
        .filter(|(name, _)| HEADERS.contains(&name.as_str()))
        .collect();
    headers.sort();
    for (name, value) in headers {
        // of bodies with ids and times it differs
        let value =
            if name == "content-length" && answer[end..].windows(5).any(|w| w == b"<?xml") { "{*}" } else { value };
        write!(out, "\n{name}: {value}").expect("text");
    }
    let body = String::from_utf8(answer[end + 4..].to_vec()).expect("a body in UTF-8");
    format!("{out}\n\n{body}").trim_end().to_owned()
}

/// Whether the text is the expected one, in which `{*}` is anything but a tag or a line's end.
fn is_like(text: &str, expected: &str) -> bool {
    let pattern = expected.split("{*}").map(regex::escape).collect::<Vec<_>>().join("[^<>\\n]*");
    Regex::new(&format!("(?s)^{pattern}$")).expect("a pattern").is_match(text)
}

/// The ids, keys and times of this run replaced by what stands for them.
fn recorded(answer: &str, known: &Known) -> String {
    let mut text = answer.to_owned();
    for (name, value) in known {
        let stand_in = format!("{{{name}}}");
        text = if name.ends_with(".key") {
            text.replace(value, &stand_in)
        } else {
            let member = |id: &str| format!("<name>session-id</name>\n<value><int>{id}</int>");
            text.replace(&member(value), &member(&stand_in))
                .replace(&format!("session {value}<"), &format!("session {stand_in}<"))
                .replace(&format!("(session {value})"), &format!("(session {stand_in})"))
        };
    }
    let time = Regex::new(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[.\d]*\+00:00").expect("a pattern");
    let seconds = Regex::new(r"<double>\d{10}\.\d+</double>").expect("a pattern");
    let text = time.replace_all(&text, "{*}");
    seconds.replace_all(&text, "<double>{*}</double>").into_owned()
}

fn session_of(answer: &str) -> Option<(String, String)> {
    let member = |name: &str| {
        let rest = answer.split_once(&format!("<name>{name}</name>"))?.1;
        let value = rest.split_once("<value>")?.1.split_once('>')?.1;
        Some(value.split_once('<')?.0.to_owned())
    };
    Some((member("session-id")?, member("session-key")?))
}

async fn set_up(hub: &TestHub) -> SocketAddr {
    hub.admin().await;
    hub.hub.set_password("kojiadmin", "adminpw").await.expect("a password");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let service = koji_hub_lib::router(hub.hub.clone()).into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    address
}

#[tokio::test]
async fn the_hub_answers_as_recorded() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire/exchanges.txt");
    let mut exchanges = parse(&std::fs::read_to_string(&file).expect("the exchanges"));
    let record = std::env::var_os("KOJI_TEST_RECORD").is_some();
    let mut differ = String::new();
    for hub in hubs("the_hub_answers_as_recorded").await {
        let address = set_up(&hub).await;
        let mut known = Known::new();
        for exchange in &mut exchanges {
            let answer = ask(address, &filled(&exchange.request, &known)).await;
            if let Some(session) = &exchange.session {
                let (id, key) =
                    session_of(&answer).unwrap_or_else(|| panic!("{}: no session in {answer}", exchange.name));
                known.insert(format!("{session}.id"), id);
                known.insert(format!("{session}.key"), key);
            }
            if record {
                exchange.answer = recorded(&answer, &known);
            }
            if !is_like(&answer, &filled(&exchange.answer, &known)) {
                let (name, dialect) = (&exchange.name, hub.db.dialect());
                writeln!(differ, "### {name} ({dialect:?})\n{answer}\n\n--- recorded was\n{}\n", exchange.answer)
                    .expect("text");
            }
        }
    }
    if record {
        std::fs::write(&file, write(&exchanges)).expect("the exchanges");
    }
    assert!(differ.is_empty(), "{differ}");
}
