//! The reading of one file, line by line.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use super::ini::{Entry, Ini, Options};
use crate::{Error, Result};

/// The section whose options every other section has too.
const DEFAULT_SECTION: &str = "DEFAULT";

/// Reads one file into an [`Ini`].
pub(super) struct Reader<'a> {
    ini: &'a mut Ini,
    path: Arc<Path>,
    /// Where options go: `None` before the first header, then `DEFAULT` or the index of a section.
    section: Option<Target>,
    /// The option that a continuation line would belong to.
    option: Option<String>,
    indent: usize,
    seen_sections: HashSet<String>,
    seen_options: HashSet<(Option<usize>, String)>,
}

#[derive(Clone, Copy)]
enum Target {
    Defaults,
    Section(usize),
}

impl<'a> Reader<'a> {
    pub(super) fn new(ini: &'a mut Ini, path: &Path) -> Self {
        Self {
            ini,
            path: path.into(),
            section: None,
            option: None,
            indent: 0,
            seen_sections: HashSet::new(),
            seen_options: HashSet::new(),
        }
    }

    pub(super) fn read(mut self, text: &str) -> Result<()> {
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        for (index, line) in text.lines().enumerate() {
            let content = line.trim();
            if content.starts_with(['#', ';']) {
                continue;
            }
            let indent = line.len() - line.trim_start().len();
            if content.is_empty() {
                self.append("", index + 1);
            } else if self.option.is_some() && indent > self.indent {
                self.append(content, index + 1);
            } else {
                self.indent = indent;
                self.statement(content, index + 1)?;
            }
        }
        for options in self.ini.sections.iter_mut().map(|(_, options)| options).chain([&mut self.ini.defaults]) {
            for entry in options.values_mut() {
                entry.value.truncate(entry.value.trim_end().len());
            }
        }
        Ok(())
    }

    /// A header, or the first line of an option.
    fn statement(&mut self, content: &str, line: usize) -> Result<()> {
        let syntax = |problem: String| Error::ConfigSyntax { path: self.path.to_path_buf(), line, problem };
        if let Some(header) = header(content) {
            if header != DEFAULT_SECTION && !self.seen_sections.insert(header.to_owned()) {
                return Err(syntax(format!("section '{header}' already exists")));
            }
            self.section = Some(self.target(header));
            self.option = None;
            return Ok(());
        }
        let Some(target) = self.section else {
            return Err(syntax(format!("a section header like [name] must come before: {content}")));
        };
        let (name, value) = match content.split_once(['=', ':']) {
            Some((name, value)) if !name.trim_end().is_empty() => (name.trim_end().to_lowercase(), value.trim_start()),
            _ => return Err(syntax(format!("not of the form 'option = value': {content}"))),
        };
        let index = match target {
            Target::Defaults => None,
            Target::Section(index) => Some(index),
        };
        if !self.seen_options.insert((index, name.clone())) {
            return Err(syntax(format!("option '{name}' already exists in its section")));
        }
        let entry = Entry { value: value.to_owned(), path: self.path.clone(), lines: vec![line] };
        if let Some(options) = self.options(target) {
            options.insert(name.clone(), entry);
        }
        self.option = Some(name);
        Ok(())
    }

    fn append(&mut self, content: &str, line: usize) {
        if let (Some(target), Some(name)) = (self.section, self.option.clone())
            && let Some(entry) = self.options(target).and_then(|options| options.get_mut(&name))
        {
            entry.value.push('\n');
            entry.value.push_str(content);
            entry.lines.push(line);
        }
    }

    fn target(&mut self, header: &str) -> Target {
        if header == DEFAULT_SECTION {
            return Target::Defaults;
        }
        let index = self.ini.sections.iter().position(|(name, _)| name == header).unwrap_or_else(|| {
            self.ini.sections.push((header.to_owned(), Options::new()));
            self.ini.sections.len() - 1
        });
        Target::Section(index)
    }

    fn options(&mut self, target: Target) -> Option<&mut Options> {
        match target {
            Target::Defaults => Some(&mut self.ini.defaults),
            Target::Section(index) => self.ini.sections.get_mut(index).map(|(_, options)| options),
        }
    }
}

/// The name in `[name]`; what follows the last `]` is ignored.
fn header(content: &str) -> Option<&str> {
    let (name, _) = content.strip_prefix('[')?.rsplit_once(']')?;
    (!name.is_empty()).then_some(name)
}
