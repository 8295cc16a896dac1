//! What commands print: lines, tables, times, progress.

pub mod progress;
pub mod task;
pub mod time;

use std::fmt::Arguments;
use std::io::Write;

/// Prints a line. A reader that has gone away (`koji list-pkgs | head`) ends the program quietly.
#[macro_export]
macro_rules! say {
    ($($text:tt)*) => { $crate::output::line(format_args!($($text)*)) };
}

/// Prints a line on standard error.
#[macro_export]
macro_rules! warn {
    ($($text:tt)*) => { $crate::output::warning(format_args!($($text)*)) };
}

/// See [`say!`].
pub fn line(text: Arguments<'_>) {
    let mut out = std::io::stdout().lock();
    if writeln!(out, "{text}").is_err() {
        std::process::exit(1);
    }
}

/// Prints bytes as they are, and at once.
pub fn bytes(data: &[u8]) {
    let mut out = std::io::stdout().lock();
    if out.write_all(data).and_then(|()| out.flush()).is_err() {
        std::process::exit(1);
    }
}

/// See [`warn!`].
pub fn warning(text: Arguments<'_>) {
    // there is nowhere left to say that it failed
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// `yes` or `no`.
pub fn yes_no(flag: bool) -> &'static str {
    if flag { "yes" } else { "no" }
}

/// Python's text of a value that may be missing.
pub fn or_none<T: std::fmt::Display>(value: Option<T>) -> String {
    value.map_or_else(|| "None".to_owned(), |value| value.to_string())
}

/// The text on one line, cut after 47 characters.
pub fn truncated(text: Option<&str>) -> String {
    let text = text.unwrap_or_default().replace('\n', " ");
    match text.char_indices().nth(47) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}

/// Whether nobody watches: standard input is no terminal, or another process group has it.
pub fn in_background() -> bool {
    use std::io::IsTerminal;
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return true;
    }
    nix::unistd::tcgetpgrp(&stdin).map_or(true, |group| group != nix::unistd::getpgrp())
}
