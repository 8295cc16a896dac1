//! The command lines that are compared: how they are written in `commands.txt`.
//!
//! - `@` is a part of names that each program uses alone; in what it prints it is `@` again. In lines with `@` or `$`
//!   the numbers and times of what was made may differ, in others nothing may but the moments of the client's own log.
//! - `alice:` and `nobody:` before a line are who does it; the administrator does the rest.
//! - `> name` behind a line: the first task or build that it prints is `$name` further down.
//! - `~` before a line: it shows moments of the builder, which reports again and again.
//! - `%` before a line: it watches tasks at work, and how far they are when it looks is chance.
//! - `wait $task closed` is not compared: it waits until the tasks of both programs are so.
//! - `DIR` is the hub's folder.

/// Who runs a line.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum User {
    Admin,
    Alice,
    Nobody,
}

/// One command line.
pub struct Line {
    /// As in the table.
    pub text: String,
    /// Who runs it.
    pub user: User,
    /// The arguments.
    pub words: Vec<String>,
    /// The name of the number that it prints.
    pub makes: Option<String>,
    moments: bool,
    watches: bool,
}

impl Line {
    /// Reads a line of the table; none for comments and empty lines.
    pub fn parse(text: &str) -> Option<Line> {
        let text = text.trim();
        if text.is_empty() || text.starts_with('#') {
            return None;
        }
        let (moments, rest) = text.strip_prefix("~ ").map_or((false, text), |rest| (true, rest));
        let (watches, rest) = rest.strip_prefix("% ").map_or((false, rest), |rest| (true, rest));
        let (user, rest) = match (rest.strip_prefix("alice: "), rest.strip_prefix("nobody: ")) {
            (Some(rest), _) => (User::Alice, rest),
            (_, Some(rest)) => (User::Nobody, rest),
            _ => (User::Admin, rest),
        };
        let (rest, makes) = rest.split_once(" > ").map_or((rest, None), |(rest, name)| (rest, Some(name.to_owned())));
        Some(Line { text: text.to_owned(), user, words: words(rest), makes, moments, watches })
    }

    /// Whether each program works with names of its own.
    pub fn own_names(&self) -> bool {
        self.makes.is_some() || self.text.contains(['@', '$'])
    }

    /// Whether it shows tasks while they are at work.
    pub fn watches(&self) -> bool {
        self.watches
    }

    /// Whether what is shown was made, or has reported, at different moments.
    pub fn times_differ(&self) -> bool {
        self.moments || self.own_names()
    }
}

/// Splits at spaces that are not between single quotes.
fn words(text: &str) -> Vec<String> {
    let (mut words, mut quoted, mut word) = (Vec::new(), false, None::<String>);
    for c in text.chars() {
        match c {
            '\'' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            ' ' if !quoted => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// Lines that differ on purpose, and why.
pub const DIFFERENT: &[(&str, &str)] = &[
    ("version", OWN_VERSION),
    ("version --help", OWN_VERSION),
    ("nobody: version", OWN_VERSION),
    ("help nosuch", UNCAUGHT),
    ("-c DIR/broken.conf list-tags", UNCAUGHT),
    ("--authtype nosuch hello", "ours says which ones there are"),
    ("add-tag w@ -x novalue", UNCAUGHT),
    ("edit-tag t@ -x novalue", UNCAUGHT),
    ("add-tag-inheritance t@ base-build --priority x", UNCAUGHT),
    ("taskinfo x", UNCAUGHT),
    ("resubmit x", UNCAUGHT),
    ("list-buildroot x", UNCAUGHT),
    ("download-task x", UNCAUGHT),
    ("download-build --topurl http://127.0.0.1:1 --noprogress small-1-1", LIBRARY),
    ("download-task --noprogress --logs --filter '*build*' $task", LIBRARY),
    ("download-task --noprogress --logs --skip '*root*' $task", LIBRARY),
    ("list-tasks --help", FEWER_TIMES),
    ("list-builds --help", FEWER_TIMES),
    ("taginfo 1", "ours takes a number where the hub knows no such name"),
];

const UNCAUGHT: &str = "Python's ends with an exception that says nothing to its user";
const LIBRARY: &str = "the words are those of the library that says it";
const OWN_VERSION: &str = "each client says its own version";
const FEWER_TIMES: &str = "ours promises fewer ways to write a time than dateutil";

/// Lines that list all commands. Ours has fewer; those that it has must stand there as in Python's, and nothing else.
pub const FEWER: &[&str] = &["--help-commands", "help", "nosuchcommand", "list-nosuch --help"];

/// The command lines, in the order in which they are run.
pub const LINES: &str = include_str!("commands.txt");
