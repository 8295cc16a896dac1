//! The language of the hub's policies.
//!
//! A [`Policy`] is a list of rules, one a line: `test args && test args :: action`, or with `!!` in place of `::` the action
//! for when the tests do not all hold. A `!` before a test turns it around. The first action reached decides; `{` as
//! the action opens a block of rules, which `}` on a line of its own closes. `break [N]` leaves N blocks, `stop` ends
//! the policy without a result, `flag NAME` is remembered for the test `flagged NAME`. What follows a `#` is a comment.
//!
//! [`Policy::decide`] asks [`Tests`] for what the tests say; those that need nothing but the data at hand are
//! [`test_data`].

use std::collections::HashSet;
use std::fmt;

mod data;

pub use data::{DATA_TESTS, test_data};

/// A policy, parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    rules: Vec<Rule>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    line: usize,
    tests: Vec<Test>,
    /// Whether the action is for when the tests do not all hold.
    otherwise: bool,
    action: Action,
}

/// A test with its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Test {
    negated: bool,
    name: String,
    args: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Action {
    Result(String),
    Block(Vec<Rule>),
    Break(usize),
    Stop,
    Flag(String),
}

/// What a policy says of some data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The action, as it stands in the rule.
    pub action: String,
    /// The rule, and those of the blocks around it.
    pub rule: String,
    /// The line of the rule in the policy's text, from 1.
    pub line: usize,
}

/// Why a policy could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct PolicyError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub problem: String,
}

/// What answers a policy's tests.
pub trait Tests: Send {
    /// Why a test could not be made.
    type Error: Send;
    /// Whether the test holds.
    fn test(&mut self, name: &str, args: &[String]) -> impl Future<Output = Result<bool, Self::Error>> + Send;
}

impl Policy {
    /// Reads a policy. `check` says what is wrong with a test's name or arguments, if anything is; `flagged` is not
    /// among those that it is asked for.
    pub fn parse(text: &str, check: impl Fn(&str, &[String]) -> Result<(), String>) -> Result<Policy, PolicyError> {
        // the rules of the blocks that are open, and what opened each
        let mut rules = Vec::new();
        let mut open: Vec<(usize, Vec<Test>, bool, Vec<Rule>)> = Vec::new();
        for (n, text) in text.lines().enumerate() {
            let line = n + 1;
            let fail = |problem: String| PolicyError { line, problem };
            let text = text.split('#').next().unwrap_or_default().trim();
            if text.is_empty() {
                continue;
            }
            if text == "}" {
                let Some((line, tests, otherwise, outer)) = open.pop() else {
                    return Err(fail("nesting error in rule set: '}' without '{'".into()));
                };
                let block = std::mem::replace(&mut rules, outer);
                rules.push(Rule { line, tests, otherwise, action: Action::Block(block) });
                continue;
            }
            let (conditions, action, otherwise) = match (text.rsplit_once("::"), text.rsplit_once("!!")) {
                (Some((tests, action)), _) => (tests, action.trim(), false),
                (None, Some((tests, action))) => (tests, action.trim(), true),
                (None, None) => return Err(fail(format!("bad policy line: {text}"))),
            };
            let tests =
                conditions.split("&&").map(|t| Test::parse(t, &check)).collect::<Result<_, _>>().map_err(fail)?;
            if action == "{" {
                open.push((line, tests, otherwise, std::mem::take(&mut rules)));
                continue;
            }
            rules.push(Rule { line, tests, otherwise, action: Action::parse(action).map_err(fail)? });
        }
        match open.pop() {
            Some((line, ..)) => Err(PolicyError { line, problem: "nesting error in rule set: '{' without '}'".into() }),
            None => Ok(Policy { rules }),
        }
    }

    /// What the policy says: the action of the first rule reached that has one, or nothing.
    pub async fn decide<T: Tests>(&self, tests: &mut T) -> Result<Option<Decision>, T::Error> {
        let mut flags: HashSet<&str> = HashSet::new();
        // the blocks that we are in: what remains of each, and the rule that led into it
        let mut blocks: Vec<(std::slice::Iter<'_, Rule>, Option<&Rule>)> = vec![(self.rules.iter(), None)];
        while let Some((rest, _)) = blocks.last_mut() {
            let Some(rule) = rest.next() else {
                blocks.pop();
                continue;
            };
            if rule.holds(tests, &flags).await? == rule.otherwise {
                continue;
            }
            match &rule.action {
                Action::Result(action) => {
                    let above = blocks.iter().filter_map(|(_, rule)| *rule);
                    let rules: Vec<String> = above.chain([rule]).map(Rule::condition).collect();
                    let text = format!("{}{action}", rules.join("... "));
                    return Ok(Some(Decision { action: action.clone(), rule: text, line: rule.line }));
                }
                Action::Block(inner) => blocks.push((inner.iter(), Some(rule))),
                Action::Break(depth) => blocks.truncate(blocks.len().saturating_sub(*depth)),
                Action::Stop => return Ok(None),
                Action::Flag(name) => {
                    flags.insert(name);
                }
            }
        }
        Ok(None)
    }
}

impl Rule {
    async fn holds<T: Tests>(&self, tests: &mut T, flags: &HashSet<&str>) -> Result<bool, T::Error> {
        for test in &self.tests {
            let is = match (test.name.as_str(), test.args.as_slice()) {
                ("flagged", [name]) => flags.contains(name.as_str()),
                (name, args) => tests.test(name, args).await?,
            };
            if is == test.negated {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The tests and what follows them, as Koji shows a rule.
    fn condition(&self) -> String {
        let tests: Vec<String> = self.tests.iter().map(Test::to_string).collect();
        format!("{} {} ", tests.join(" && "), if self.otherwise { "!!" } else { "::" })
    }
}

impl Test {
    fn parse(text: &str, check: &impl Fn(&str, &[String]) -> Result<(), String>) -> Result<Test, String> {
        let mut words = text.split_whitespace().map(str::to_owned).peekable();
        let negated = words.next_if_eq("!").is_some();
        let name = words.next().ok_or("a rule without a test")?;
        let args: Vec<String> = words.collect();
        match name.as_str() {
            "flagged" if args.len() == 1 => {}
            "flagged" => return Err("flagged takes the name of one flag".into()),
            _ => check(&name, &args)?,
        }
        Ok(Test { negated, name, args })
    }
}

impl Action {
    fn parse(text: &str) -> Result<Action, String> {
        let words: Vec<&str> = text.split_whitespace().collect();
        Ok(match words[..] {
            [] => return Err("a rule without an action".into()),
            ["break"] => Action::Break(1),
            ["break", depth] => match depth.parse() {
                Ok(depth @ 1..) => Action::Break(depth),
                _ => return Err(format!("Invalid break action: {text}")),
            },
            ["break", ..] => return Err(format!("Invalid break action: {text}")),
            ["stop"] => Action::Stop,
            ["stop", ..] => return Err(format!("Invalid stop action: {text}")),
            ["flag", name] => Action::Flag(name.to_owned()),
            ["flag", ..] => return Err(format!("Invalid flag action: {text}")),
            _ => Action::Result(text.to_owned()),
        })
    }
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let not = if self.negated { "! " } else { "" };
        write!(f, "{not}{}", self.name)?;
        self.args.iter().try_for_each(|arg| write!(f, " {arg}"))
    }
}

/// As it could be written: one rule a line, blocks indented.
impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_rules(f, &self.rules, 0)
    }
}

fn write_rules(f: &mut fmt::Formatter<'_>, rules: &[Rule], depth: usize) -> fmt::Result {
    let indent = "    ".repeat(depth);
    for rule in rules {
        write!(f, "{indent}{}", rule.condition())?;
        match &rule.action {
            Action::Result(text) => writeln!(f, "{text}")?,
            Action::Break(depth) => writeln!(f, "break {depth}")?,
            Action::Stop => writeln!(f, "stop")?,
            Action::Flag(name) => writeln!(f, "flag {name}")?,
            Action::Block(inner) => {
                writeln!(f, "{{")?;
                write_rules(f, inner, depth + 1)?;
                writeln!(f, "{indent}}}")?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    /// `on WORD` holds for the words given.
    struct Words<'a>(&'a [&'a str]);

    impl Tests for Words<'_> {
        type Error = Infallible;
        async fn test(&mut self, name: &str, args: &[String]) -> Result<bool, Infallible> {
            Ok(name == "all" || args.iter().any(|a| self.0.contains(&a.as_str())))
        }
    }

    fn known(name: &str, _: &[String]) -> Result<(), String> {
        if matches!(name, "all" | "on") { Ok(()) } else { Err(format!("missing test handler: {name}")) }
    }

    fn decide(policy: &str, words: &[&str]) -> Option<String> {
        let policy = Policy::parse(policy, known).unwrap();
        let shown = policy.to_string();
        assert_eq!(Policy::parse(&shown, known).unwrap().to_string(), shown);
        let mut words = Words(words);
        // nothing here waits
        match pin!(policy.decide(&mut words)).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Ok(decision)) => decision.map(|d| format!("{} [{}]", d.action, d.rule)),
            Poll::Pending => None,
        }
    }

    #[test]
    fn the_first_action_reached_decides() {
        let policy = "
            on a && on b :: both   # a comment :: with marks
            on a :: {
                on c :: deny it's c
                on d !! {
                    on e :: deeper
                }
            }
            on x !! no x
        ";
        assert_eq!(decide(policy, &["a", "b"]).as_deref(), Some("both [on a && on b :: both]"));
        assert_eq!(decide(policy, &["a", "c"]).as_deref(), Some("deny it's c [on a :: ... on c :: deny it's c]"));
        assert_eq!(decide(policy, &["a", "e"]).as_deref(), Some("deeper [on a :: ... on d !! ... on e :: deeper]"));
        assert_eq!(decide(policy, &["a"]).as_deref(), Some("no x [on x !! no x]"));
        assert_eq!(decide(policy, &["x"]), None);
    }

    #[test]
    fn blocks_are_left_and_flags_kept() {
        let policy = "
            ! on a :: flag no_a
            on b :: {
                on c :: {
                    on d :: break 2
                    on e :: break
                    on f :: stop
                    all :: inner
                }
                all :: middle
            }
            flagged no_a :: flagged
            all :: last
        ";
        let action = |words: &[&str]| decide(policy, words).map(|d| d.split(' ').next().unwrap_or_default().to_owned());
        assert_eq!(action(&[]).as_deref(), Some("flagged"));
        assert_eq!(action(&["a"]).as_deref(), Some("last"));
        assert_eq!(action(&["b", "c"]).as_deref(), Some("inner"));
        assert_eq!(action(&["b", "c", "e"]).as_deref(), Some("middle"));
        assert_eq!(action(&["a", "b", "c", "d"]).as_deref(), Some("last"));
        assert_eq!(action(&["b", "c", "f"]), None);
    }

    #[test]
    fn a_decision_names_its_line() {
        let policy = Policy::parse("# no rule\non a :: {\n  on b :: x\n}\nall :: y", known).unwrap();
        for (words, line) in [(&["a", "b"][..], 3), (&["a"], 5)] {
            let mut words = Words(words);
            let Poll::Ready(Ok(found)) = pin!(policy.decide(&mut words)).poll(&mut Context::from_waker(Waker::noop()))
            else {
                panic!("nothing here waits")
            };
            assert_eq!(found.map(|d| d.line), Some(line));
        }
    }

    #[test]
    fn errors_name_the_line() {
        for (policy, error) in [
            ("\nall allow", "line 2: bad policy line: all allow"),
            ("all :: {\nall :: x", "line 1: nesting error in rule set: '{' without '}'"),
            ("all :: x\n}", "line 2: nesting error in rule set: '}' without '{'"),
            ("nosuch a :: x", "line 1: missing test handler: nosuch"),
            ("all && :: x", "line 1: a rule without a test"),
            ("! :: x", "line 1: a rule without a test"),
            ("all ::", "line 1: a rule without an action"),
            ("all :: break x", "line 1: Invalid break action: break x"),
            ("all :: stop now", "line 1: Invalid stop action: stop now"),
            ("flagged :: x", "line 1: flagged takes the name of one flag"),
        ] {
            assert_eq!(Policy::parse(policy, known).unwrap_err().to_string(), error);
        }
    }
}
