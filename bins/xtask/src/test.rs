//! `cargo xtask test`: everything that the tests need, then all tests, with their counts at the end.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, bail};

use crate::{cargo, run, tools, top};

/// What the tests hold our hub against: the client, and programs that others have built on it. With `rpm` they find the
/// system's own bindings of the RPM library, which `download-build` needs.
const PYTHON_PACKAGES: [&str; 5] =
    ["koji==1.36.1", "kojismokydingo==2.2.0", "koji-habitude==0.9.0", "txkoji==0.10.0", "rpm"];

fn run_tests(python: &std::path::Path) -> anyhow::Result<Counts> {
    let mut tests = cargo()
        .args(["test", "--workspace", "--no-fail-fast"])
        .env("KOJI_TEST_PYTHON", python)
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot run cargo test")?;
    let mut counts = Counts::default();
    if let Some(out) = tests.stdout.take() {
        for line in BufReader::new(out).lines() {
            let line = line?;
            println!("{line}");
            counts.add(&line);
        }
    }
    counts.ok = tests.wait()?.success();
    Ok(counts)
}

/// What the tests came to.
#[derive(Debug, Default, PartialEq)]
struct Counts {
    passed: usize,
    failed: usize,
    ignored: usize,
    ok: bool,
}

impl Counts {
    /// Adds what a line says: `test result: ok. 3 passed; 0 failed; 1 ignored; ...`.
    fn add(&mut self, line: &str) {
        let Some(result) = line.strip_prefix("test result: ") else { return };
        for part in result.split([';', '.']) {
            let mut words = part.split_whitespace();
            if let (Some(Ok(n)), Some(what)) = (words.next().map(str::parse::<usize>), words.next()) {
                match what {
                    "passed" => self.passed += n,
                    "failed" => self.failed += n,
                    "ignored" => self.ignored += n,
                    _ => {}
                }
            }
        }
    }
}

pub fn test() -> anyhow::Result<()> {
    tools::install(&[tools::BUILD, tools::TEST])?;
    let python = python()?;
    let counts = run_tests(&python)?;
    println!("\n{} passed, {} failed, {} skipped", counts.passed, counts.failed, counts.ignored);
    if !counts.ok {
        bail!("the tests failed");
    }
    Ok(())
}

/// A virtual environment with the real Koji client, and programs beside it: its interpreter.
fn python() -> anyhow::Result<PathBuf> {
    let dir = top().join("var/python");
    let python = dir.join("bin/python");
    let is_complete = || {
        const ASK: &str = "import sys, rpm, importlib.metadata as m\n\
            for p in sys.argv[1:]: n, _, v = p.partition('=='); assert m.version(n) == (v or m.version(n))";
        let mut ask = Command::new(&python);
        ask.args(["-c", ASK]).args(PYTHON_PACKAGES).stderr(Stdio::null()).status().is_ok_and(|s| s.success())
    };
    if is_complete() {
        return Ok(python);
    }
    println!("setting up the Koji client in {}", dir.display());
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&dir))
        .context("cannot make a virtual environment (on Debian: apt-get install python3-venv)")?;
    run(Command::new(&python).args(["-m", "pip", "install", "--quiet"]).args(PYTHON_PACKAGES))?;
    if !is_complete() {
        bail!("the Koji client was installed but does not start, or the Python bindings of RPM are missing");
    }
    Ok(python)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_added_up() {
        let mut counts = Counts::default();
        counts.add("test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.10s");
        counts.add("test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.10s");
        counts.add("running 3 tests");
        assert_eq!(counts, Counts { passed: 15, failed: 2, ignored: 1, ok: false });
    }
}
