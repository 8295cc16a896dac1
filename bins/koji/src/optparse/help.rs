//! The text of `--help`, laid out as optparse does.

use std::fmt::Write;

use super::{Action, Parser, Spec};

/// The column at which the descriptions begin, at most.
const DESCRIPTIONS: usize = 24;
/// How far options are indented.
const INDENT: usize = 2;

impl Parser {
    /// The help text.
    pub(super) fn help(&self) -> String {
        let columns = std::env::var("COLUMNS").ok().and_then(|n| n.parse::<usize>().ok()).unwrap_or(80);
        self.help_in(columns.saturating_sub(2))
    }

    pub(super) fn help_in(&self, width: usize) -> String {
        let mut out = format!("Usage: {}\n\nOptions:\n", self.usage);
        let shown: Vec<_> = self.specs.iter().filter(|spec| !spec.hidden).map(|spec| (spec, spec.strings())).collect();
        let longest = shown.iter().map(|(_, strings)| strings.chars().count() + INDENT).max().unwrap_or_default();
        let column = (longest + 2).min(DESCRIPTIONS);
        let lines_width = width.saturating_sub(column).max(11);
        for (spec, strings) in shown {
            let room = column - INDENT - 2;
            let mut lines = wrap(&spec.help, lines_width).into_iter();
            if strings.chars().count() > room {
                push(&mut out, format_args!("{:INDENT$}{strings}\n", ""));
            } else {
                let first = lines.next().unwrap_or_default();
                push(&mut out, format_args!("{:INDENT$}{strings:room$}  {first}\n", ""));
            }
            for line in lines {
                push(&mut out, format_args!("{:column$}{line}\n", ""));
            }
        }
        out.push_str(&self.epilog);
        out
    }
}

impl Spec {
    /// The option's names as shown: `-k FIELD, --sort-key=FIELD`.
    fn strings(&self) -> String {
        let takes = matches!(self.action, Action::Take(_));
        let (long, short): (Vec<&str>, Vec<&str>) = self.names.iter().partition(|name| name.starts_with("--"));
        let mut all = Vec::new();
        for name in short {
            all.push(if takes { format!("{name} {}", self.metavar) } else { name.to_owned() });
        }
        for name in long {
            all.push(if takes { format!("{name}={}", self.metavar) } else { name.to_owned() });
        }
        all.join(", ")
    }
}

/// Lines of words, none longer than the width if the words are not.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in words(text) {
        let Some(line) = lines.last_mut() else { break };
        let (has, more) = (line.chars().count(), word.trim_end().chars().count());
        if has > 0 && has + more > width {
            line.truncate(line.trim_end().len());
            lines.push(word);
        } else {
            line.push_str(&word);
        }
    }
    if let Some(line) = lines.last_mut() {
        line.truncate(line.trim_end().len());
    }
    lines.retain(|line| !line.is_empty());
    lines
}

/// Words with the space behind them; a word with hyphens can be broken behind each.
fn words(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let mut out = Vec::new();
    let mut word = String::new();
    for (at, c) in chars.iter().enumerate() {
        word.push(*c);
        let letter = |at: Option<usize>| at.and_then(|at| chars.get(at)).is_some_and(|c| c.is_alphabetic());
        let hyphen = *c == '-'
            && letter(at.checked_sub(1))
            && letter(Some(at + 1))
            && (letter(at.checked_sub(2)) || letter(Some(at + 2)));
        let space = c.is_whitespace() && chars.get(at + 1).is_none_or(|next| !next.is_whitespace());
        if hyphen || space {
            out.push(std::mem::take(&mut word));
        }
    }
    out.push(word);
    out.retain(|word| !word.is_empty());
    out
}

/// Writing to a `String` cannot fail.
fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    let _ = out.write_fmt(text);
}
