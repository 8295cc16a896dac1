//! What two programs said, without what must differ between two runs; and how it differs.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::table::Line;
use crate::world::Client;

/// The moment at the head of an error in the client's log, and the name of a folder to upload to.
static FRESH: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?m)^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}|cli-build/[\d.]+\.[A-Za-z]{8}"));

/// A moment, in any way in which commands and files show one.
static MOMENT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?x)\w{3},\ \d\d\ \w{3}\ \d{4}\ \d\d:\d\d:\d\d | \w{3}\ \w{3}\ [\ \d]\d\ \d\d:\d\d:\d\d\ \d{4}
        | \d{4}-\d\d-\d\d[\ T]\d\d:\d\d:\d\d(?:\.\d+)? | \b[12]\d{9}(?:\.\d+)?\b",
    )
});

/// A number of the hub: see [`crate::world::FIRST_ID`].
static ID: LazyLock<Regex> = LazyLock::new(|| pattern(r"\b7\d{5}\b"));

/// The sum and the size of a package, which depend on when it was built.
static SUM: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?m)^(?:(SIGMD5): [0-9a-f]{32}|(Size): \d+)$"));

/// The folder of a task: the last four digits of its number come before it.
static TASK_FOLDER: LazyLock<Regex> = LazyLock::new(|| pattern(r"\btasks/(\d+)/(7\d{5})\b"));

/// How tasks go on while they are watched: a line for a task's state, or for how many are in which.
static PROGRESS: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?m)^ *7\d{5} \w+ \(.*\): .*\n|^  \d+ free  \d+ open  \d+ done  \d+ failed\n"));

/// Words to greet with, before the name of who is greeted.
static GREETING: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?m)^\D+, (admin|alice|anonymous user)!$"));

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a pattern")
}

/// The text without what must differ. `ids` are the numbers that the table has names for.
pub fn normal(text: &str, client: Client, line: &Line, ids: &[(String, String)]) -> String {
    let mut text = FRESH.replace_all(text, |found: &Captures| shape(&found[0])).into_owned();
    text = GREETING.replace_all(&text, "<greeting>, $1!").into_owned();
    if line.watches() {
        text = PROGRESS.replace_all(&text, "").into_owned();
    }
    if line.times_differ() {
        text = MOMENT.replace_all(&text, |found: &Captures| shape(&found[0])).into_owned();
    }
    if !line.own_names() {
        return text;
    }
    text = text.replace(client.mark(), "@");
    text = SUM.replace_all(&text, "$1$2: <fresh>").into_owned();
    text = TASK_FOLDER.replace_all(&text, |found: &Captures| task_folder(&found[1], &found[2])).into_owned();
    for (name, id) in ids {
        text = text.replace(id.as_str(), &format!("${name}"));
    }
    // the others, children of tasks above all, by their order
    let mut others: Vec<String> = ID.find_iter(&text).map(|found| found.as_str().to_owned()).collect();
    others.sort();
    others.dedup();
    for (at, id) in others.iter().enumerate() {
        text = text.replace(id.as_str(), &format!("<id {at}>"));
    }
    text
}

fn task_folder(folder: &str, id: &str) -> String {
    let right = id.parse::<u32>().is_ok_and(|id| (id % 10_000).to_string() == folder);
    format!("tasks/{}/{id}", if right { "<last>" } else { folder })
}

/// What our program says, on standard error, about why a task failed: Python's does not. What programs read stays as
/// Koji's.
pub fn without_explanation(errors: &str) -> String {
    let Some((before, explanation)) = errors.split_once("\nFailed: ") else { return errors.to_owned() };
    let mut lines = explanation.lines().skip(1).filter(|line| !line.is_empty() && !line.starts_with("Failed: "));
    if lines.all(|line| line.starts_with("  ")) { before.to_owned() } else { errors.to_owned() }
}

/// Whether all lines of a text are in the other one, in the same order.
pub fn is_part(part: &str, whole: &str) -> bool {
    let mut whole = whole.lines();
    part.lines().all(|line| whole.any(|other| other == line))
}

/// How a moment is written: `0` for digits, but no fraction, and `A` for letters.
fn shape(text: &str) -> String {
    if text.starts_with("cli-build/") {
        return "cli-build/<fresh>".to_owned();
    }
    if text.starts_with(|c: char| c.is_ascii_digit()) && !text.contains([' ', ':']) {
        return "<epoch>".to_owned();
    }
    let text = text.split_once('.').map_or(text, |(seconds, _)| seconds);
    text.chars()
        .map(|c| {
            if c.is_ascii_digit() {
                '0'
            } else if c.is_alphabetic() {
                'A'
            } else {
                c
            }
        })
        .collect()
}

/// All lines: those of one only behind `-` or `+`.
pub fn diff(old: &str, new: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    // how many lines the rests behind two places have in common
    let mut common = vec![vec![0; new.len() + 1]; old.len() + 1];
    for a in (0..old.len()).rev() {
        for b in (0..new.len()).rev() {
            common[a][b] =
                if old[a] == new[b] { common[a + 1][b + 1] + 1 } else { common[a + 1][b].max(common[a][b + 1]) };
        }
    }
    let (mut a, mut b, mut text) = (0, 0, String::new());
    while a < old.len() || b < new.len() {
        let (sign, line) = if a < old.len() && b < new.len() && old[a] == new[b] {
            (a, b) = (a + 1, b + 1);
            (' ', old[a - 1])
        } else if a < old.len() && (b == new.len() || common[a + 1][b] >= common[a][b + 1]) {
            a += 1;
            ('-', old[a - 1])
        } else {
            b += 1;
            ('+', new[b - 1])
        };
        text += &format!("{sign} {}\n", line.escape_debug());
    }
    text
}
