//! Command lines in the grammar of Koji's commands, which is that of Python's optparse: options may stand behind
//! arguments, long ones may be shortened, and the words of errors and of `--help` are what scripts know.
//!
//! A command declares its options on a [`Parser`], gets an [`Opt`] for each, and asks the [`Parsed`] result with it.

mod help;
mod value;

use std::collections::BTreeMap;
use std::marker::PhantomData;

pub use value::Kind;
use value::Stored;

use crate::exit::Stop;

/// An option that was declared: the key to its value.
pub struct Opt<T> {
    index: usize,
    kind: PhantomData<fn() -> T>,
}

impl<T> Clone for Opt<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Opt<T> {}

/// An option as it is shown and read. Several may set one value.
struct Spec {
    names: &'static [&'static str],
    help: String,
    hidden: bool,
    metavar: String,
    action: Action,
    index: usize,
}

#[derive(Clone, Copy)]
enum Action {
    Set(bool),
    Take(Kind),
    Help,
}

/// Declares options, then reads a command line.
pub struct Parser {
    program: String,
    usage: String,
    epilog: String,
    interspersed: bool,
    specs: Vec<Spec>,
    // of the values, in the order of their declaration
    slots: usize,
}

/// A command line that was read.
pub struct Parsed {
    usage: Usage,
    values: BTreeMap<usize, Stored>,
}

/// How a command is used, for errors.
#[derive(Clone)]
struct Usage {
    program: String,
    text: String,
}

impl Usage {
    /// The error of a wrong command line.
    fn error(&self, problem: impl std::fmt::Display) -> Stop {
        crate::warn!("Usage: {}\n\n{}: error: {problem}", self.text, self.program);
        Stop::Exit(2)
    }
}

impl Parser {
    /// A parser for a program, or a command of it. `%prog` in the usage is the program's name.
    pub fn new(program: &str, usage: &str) -> Self {
        let mut parser = Parser {
            program: program.to_owned(),
            usage: usage.replace("%prog", program),
            epilog: String::new(),
            interspersed: true,
            specs: Vec::new(),
            slots: 0,
        };
        parser.declare::<()>(&["-h", "--help"], "", Action::Help, "show this help message and exit");
        parser
    }

    /// Ends options at the first argument.
    pub fn stop_at_argument(mut self) -> Self {
        self.interspersed = false;
        self
    }

    /// What stands below the options in the help.
    pub fn epilog(mut self, epilog: String) -> Self {
        self.epilog = epilog;
        self
    }

    /// An option without value.
    pub fn flag(&mut self, names: &'static [&'static str], help: &str) -> Opt<bool> {
        self.declare(names, "", Action::Set(true), help)
    }

    /// Two options without value, of which one sets and the other clears. Neither of them: `None`.
    pub fn choice(
        &mut self,
        set: &'static [&'static str],
        set_help: &str,
        clear: &'static [&'static str],
        clear_help: &str,
    ) -> Opt<Option<bool>> {
        let opt = self.declare(set, "", Action::Set(true), set_help);
        self.also(opt, clear, false, clear_help);
        opt
    }

    /// Another option without value for an earlier one's value.
    pub fn also<T>(&mut self, opt: Opt<T>, names: &'static [&'static str], value: bool, help: &str) {
        self.declare::<T>(names, "", Action::Set(value), help);
        self.slots -= 1;
        if let Some(spec) = self.specs.last_mut() {
            spec.index = opt.index;
        }
    }

    /// An option with a text. Without `metavar` its name stands for the value in the help.
    pub fn text(&mut self, names: &'static [&'static str], metavar: &str, help: &str) -> Opt<Option<String>> {
        self.declare(names, metavar, Action::Take(Kind::Text), help)
    }

    /// An option with a text that may be given many times.
    pub fn list(&mut self, names: &'static [&'static str], metavar: &str, help: &str) -> Opt<Vec<String>> {
        self.declare(names, metavar, Action::Take(Kind::Text), help)
    }

    /// An option with a whole number.
    pub fn int(&mut self, names: &'static [&'static str], metavar: &str, help: &str) -> Opt<Option<i64>> {
        self.declare(names, metavar, Action::Take(Kind::Int), help)
    }

    /// An option with a moment: seconds since 1970, or a date and a time.
    pub fn time(&mut self, names: &'static [&'static str], help: &str) -> Opt<Option<f64>> {
        self.declare(names, "", Action::Take(Kind::Time), help)
    }

    /// Leaves the last declared option out of the help.
    pub fn hidden(&mut self) {
        if let Some(spec) = self.specs.last_mut() {
            spec.hidden = true;
        }
    }

    fn declare<T>(&mut self, names: &'static [&'static str], metavar: &str, action: Action, help: &str) -> Opt<T> {
        let index = self.slots;
        self.slots += 1;
        let long = names.iter().find_map(|name| name.strip_prefix("--")).unwrap_or_default();
        let metavar = if metavar.is_empty() { long.replace('-', "_").to_uppercase() } else { metavar.to_owned() };
        self.specs.push(Spec { names, help: help.to_owned(), hidden: false, metavar, action, index });
        Opt { index, kind: PhantomData }
    }

    fn usage(&self) -> Usage {
        Usage { program: self.program.clone(), text: self.usage.clone() }
    }

    /// Reads a command line: its options, and its arguments.
    pub fn parse(self, args: impl IntoIterator<Item = String>) -> Result<(Parsed, Vec<String>), Stop> {
        let mut parsed = Parsed { usage: self.usage(), values: BTreeMap::new() };
        let mut rest = Vec::new();
        let mut args = args.into_iter();
        while let Some(arg) = args.next() {
            if arg == "--" {
                break;
            } else if let Some(long) = arg.strip_prefix("--") {
                let (name, value) = match long.split_once('=') {
                    Some((name, value)) => (name, Some(value.to_owned())),
                    None => (long, None),
                };
                let (name, spec) = self.long(&format!("--{name}"))?;
                self.apply(&mut parsed, name, spec, value, &mut args)?;
            } else if arg.len() > 1 && arg.starts_with('-') {
                self.short(&mut parsed, &arg[1..], &mut args)?;
            } else {
                rest.push(arg);
                if !self.interspersed {
                    break;
                }
            }
        }
        rest.extend(args);
        Ok((parsed, rest))
    }

    /// The long option of that name, or the only one that begins so.
    fn long(&self, given: &str) -> Result<(&'static str, &Spec), Stop> {
        let mut all = self.specs.iter().flat_map(|spec| spec.names.iter().map(move |name| (*name, spec)));
        if let Some(found) = all.clone().find(|(name, _)| *name == given) {
            return Ok(found);
        }
        let mut begun: Vec<_> = all.by_ref().filter(|(name, _)| name.starts_with(given)).collect();
        begun.sort_by_key(|(name, _)| *name);
        match begun.as_slice() {
            [one] => Ok(*one),
            [] => Err(self.usage().error(format_args!("no such option: {given}"))),
            many => {
                let names: Vec<_> = many.iter().map(|(name, _)| *name).collect();
                Err(self.usage().error(format_args!("ambiguous option: {given} ({}?)", names.join(", "))))
            }
        }
    }

    /// One-letter options, perhaps many in one: `-rv`, `-kNAME`.
    fn short(&self, parsed: &mut Parsed, letters: &str, args: &mut impl Iterator<Item = String>) -> Result<(), Stop> {
        for (at, letter) in letters.char_indices() {
            let given = format!("-{letter}");
            let found = self.specs.iter().find_map(|spec| Some((*spec.names.iter().find(|n| **n == given)?, spec)));
            let Some((name, spec)) = found else {
                return Err(self.usage().error(format_args!("no such option: {given}")));
            };
            let rest = &letters[at + letter.len_utf8()..];
            if let Action::Take(_) = spec.action {
                let value = (!rest.is_empty()).then(|| rest.to_owned());
                return self.apply(parsed, name, spec, value, args);
            }
            self.apply(parsed, name, spec, None, args)?;
        }
        Ok(())
    }

    fn apply(
        &self,
        parsed: &mut Parsed,
        name: &str,
        spec: &Spec,
        value: Option<String>,
        args: &mut impl Iterator<Item = String>,
    ) -> Result<(), Stop> {
        let stored = match spec.action {
            Action::Take(kind) => {
                let value = value.or_else(|| args.next());
                let value =
                    value.ok_or_else(|| self.usage().error(format_args!("{name} option requires 1 argument")))?;
                kind.read(name, value).map_err(|problem| self.usage().error(problem))?
            }
            _ if value.is_some() => {
                return Err(self.usage().error(format_args!("{name} option does not take a value")));
            }
            Action::Set(set) => Stored::Set(set),
            Action::Help => {
                crate::say!("{}", self.help().trim_end_matches('\n'));
                return Err(Stop::Exit(0));
            }
        };
        match parsed.values.get_mut(&spec.index) {
            Some(old) => old.add(stored),
            None => {
                parsed.values.insert(spec.index, stored);
            }
        }
        Ok(())
    }
}

/// What an [`Opt`] gives.
pub trait Take: Sized {
    /// The value of what was read, if anything was.
    fn take(stored: Option<&Stored>) -> Self;
}

impl Parsed {
    /// The value of an option.
    pub fn get<T: Take>(&self, opt: Opt<T>) -> T {
        T::take(self.values.get(&opt.index))
    }

    /// The error of a wrong command line.
    pub fn error(&self, problem: impl std::fmt::Display) -> Stop {
        self.usage.error(problem)
    }
}

#[cfg(test)]
mod tests;
