//! The file format: what Python's ConfigParser reads, with the same results.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::interpolation;
use super::reader::Reader;
use crate::{Error, Result};

/// A file, or a directory of which the `*.conf` files are read in the order of their names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigSource {
    path: PathBuf,
    required: bool,
}

impl ConfigSource {
    /// Read if it exists; what may not be read is passed over.
    pub fn optional(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), required: false }
    }

    /// An error if it does not exist, cannot be read, or is a directory without `*.conf` files.
    pub fn required(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), required: true }
    }

    fn files(&self) -> Result<Vec<PathBuf>> {
        if !self.path.is_dir() {
            return Ok(vec![self.path.clone()]);
        }
        let unreadable = |source| Error::ConfigUnreadable { path: self.path.clone(), source };
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.path).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            if path.as_os_str().as_encoded_bytes().ends_with(b".conf") {
                files.push(path);
            }
        }
        files.sort();
        if self.required && files.is_empty() {
            return Err(Error::ConfigDirectoryEmpty(self.path.clone()));
        }
        Ok(files)
    }
}

/// Configuration merged from any number of files: a later value of an option replaces an earlier one.
///
/// A file has `[sections]` with `option = value` or `option: value`; lines that are indented deeper continue the value;
/// lines that start with `#` or `;` are comments, and there are none at the end of a line. Options are looked up
/// without regard to case, sections with it. The options of `[DEFAULT]` belong to every section. A section or option
/// that one file has twice is an error.
#[derive(Clone, Debug, Default)]
pub struct Ini {
    interpolated: bool,
    pub(super) defaults: Options,
    pub(super) sections: Vec<(String, Options)>,
}

pub(super) type Options = BTreeMap<String, Entry>;

#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) value: String,
    pub(super) path: Arc<Path>,
    /// The file's line of each line of the value.
    pub(super) lines: Vec<usize>,
}

impl Ini {
    /// Values are taken as they stand, as in the configuration of hub and builder.
    pub fn raw() -> Self {
        Self::default()
    }

    /// `%(other)s` in a value stands for the value of another option and `%%` for a percent sign, as in client profiles
    /// and in kojira's configuration.
    pub fn interpolated() -> Self {
        Self { interpolated: true, ..Self::default() }
    }

    /// Reads the sources in their order.
    pub fn read(mut self, sources: &[ConfigSource]) -> Result<Self> {
        for source in sources {
            for file in source.files()? {
                match fs::read_to_string(&file) {
                    Ok(text) => self.read_text(&file, &text)?,
                    Err(e) if !source.required && is_absent(e.kind()) => {}
                    Err(source) => return Err(Error::ConfigUnreadable { path: file, source }),
                }
            }
        }
        Ok(self)
    }

    /// Reads the text of one file; errors name it as `path`.
    pub fn read_text(&mut self, path: &Path, text: &str) -> Result<()> {
        Reader::new(self, path).read(text)
    }

    /// The names of the sections other than `DEFAULT`, in the order in which they were first read.
    pub fn sections(&self) -> impl Iterator<Item = &str> {
        self.sections.iter().map(|(name, _)| name.as_str())
    }

    /// A section, if any file has it.
    pub fn section<'a>(&'a self, name: &str) -> Option<Section<'a>> {
        let (_, options) = self.sections.iter().find(|(known, _)| known == name)?;
        Some(Section { ini: self, options })
    }
}

fn is_absent(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::IsADirectory | ErrorKind::PermissionDenied
    )
}

/// A section of an [`Ini`], with what it has from `DEFAULT`. Option names may be given in any case.
#[derive(Clone, Copy, Debug)]
pub struct Section<'a> {
    ini: &'a Ini,
    options: &'a Options,
}

impl<'a> Section<'a> {
    /// The names of the options, in lower case, sorted.
    pub fn names(&self) -> impl Iterator<Item = &'a str> {
        let defaults = self.ini.defaults.keys().filter(|name| !self.options.contains_key(*name));
        let mut names: Vec<&str> = self.options.keys().chain(defaults).map(String::as_str).collect();
        names.sort_unstable();
        names.into_iter()
    }

    /// The value of an option; the lines of a longer one are joined by `\n`.
    pub fn get(&self, name: &str) -> Result<Option<Cow<'a, str>>> {
        let Some(entry) = self.entry(name) else { return Ok(None) };
        if !self.ini.interpolated {
            return Ok(Some(Cow::Borrowed(&entry.value)));
        }
        let value = interpolation::expand(&entry.value, &|name| self.entry(name));
        value.map(Some).map_err(|problem| self.invalid(name, problem))
    }

    /// The value of an option as an integer.
    pub fn get_int(&self, name: &str) -> Result<Option<i64>> {
        let Some(value) = self.get(name)? else { return Ok(None) };
        let number = value.trim().parse();
        number
            .map(Some)
            .map_err(|_| self.invalid(name, format!("value for {name} config option must be a valid integer")))
    }

    /// The value of an option as a boolean: 1, yes, true, on, 0, no, false or off, in any case.
    pub fn get_bool(&self, name: &str) -> Result<Option<bool>> {
        let Some(value) = self.get(name)? else { return Ok(None) };
        match value.to_lowercase().as_str() {
            "1" | "yes" | "true" | "on" => Ok(Some(true)),
            "0" | "no" | "false" | "off" => Ok(Some(false)),
            _ => Err(self.invalid(name, format!("value for {name} config option is not a boolean: {value}"))),
        }
    }

    /// The error for an option whose value is not what it must be; it says where the option stands.
    pub fn invalid(&self, name: &str, problem: impl Into<String>) -> Error {
        let (path, lines) = self.place(name).unwrap_or((Path::new(""), &[]));
        let line = lines.first().copied().unwrap_or_default();
        Error::ConfigValue { path: path.to_path_buf(), line, problem: problem.into() }
    }

    /// Where an option stands: the file, and the file's line of each line of the value, from 1.
    pub fn place(&self, name: &str) -> Option<(&'a Path, &'a [usize])> {
        self.entry(name).map(|entry| (&*entry.path, entry.lines.as_slice()))
    }

    fn entry(&self, name: &str) -> Option<&'a Entry> {
        let name = name.to_lowercase();
        self.options.get(&name).or_else(|| self.ini.defaults.get(&name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(text: &str) -> Result<Ini> {
        let mut ini = Ini::raw();
        ini.read_text(Path::new("hub.conf"), text)?;
        Ok(ini)
    }

    fn value(ini: &Ini, section: &str, name: &str) -> Option<String> {
        ini.section(section)?.get(name).unwrap().map(Cow::into_owned)
    }

    #[test]
    fn reads_what_configparser_reads() {
        let ini = raw(concat!(
            "# comment\n",
            "[DEFAULT]\nshared = 1\nown: default\n",
            "[hub] trailing\r\n",
            "DBName = koji # not a comment\n",
            "  ; a comment\n",
            "own : b = c\n",
            "empty =\n",
            "[policy]\n",
            "tag =\n",
            "    has_perm admin :: allow\n",
            "    # comment\n",
            "\n",
            "      tag *-candidate :: allow\n",
            "    [not a header]\n",
            "\n",
            "\n",
            "vm = a\n",
            " b = c\n",
            "  [indented]\n",
            "  key = x\n",
            "    y\n",
            "  z = 2\n",
        ))
        .unwrap();
        assert_eq!(ini.sections().collect::<Vec<_>>(), ["hub", "policy"]);
        let cases = [
            ("hub", "DBNAME", Some("koji # not a comment")),
            ("hub", "own", Some("b = c")),
            ("hub", "shared", Some("1")),
            ("hub", "empty", Some("")),
            ("hub", "missing", None),
            ("policy", "tag", Some("\nhas_perm admin :: allow\n\ntag *-candidate :: allow\n[not a header]")),
            ("policy", "vm", Some("a\nb = c\n[indented]\nkey = x\ny\nz = 2")),
            ("policy", "own", Some("default")),
        ];
        for (section, name, expected) in cases {
            assert_eq!(value(&ini, section, name).as_deref(), expected, "{section} {name}");
        }
        assert_eq!(ini.section("hub").unwrap().names().collect::<Vec<_>>(), ["dbname", "empty", "own", "shared"]);
        assert!(ini.section("HUB").is_none());
        assert!(ini.section("DEFAULT").is_none());
    }

    #[test]
    fn refuses_what_configparser_refuses() {
        let cases = [
            ("a = 1\n", "hub.conf:1: a section header like [name] must come before: a = 1"),
            ("[a]\nb\n", "hub.conf:2: not of the form 'option = value': b"),
            ("[a]\n = 1\n", "hub.conf:2: not of the form 'option = value': = 1"),
            ("[a]\nb=1\nB=2\n", "hub.conf:3: option 'b' already exists in its section"),
            ("[a]\n[b]\n\n[a]\n", "hub.conf:4: section 'a' already exists"),
            ("[]\n", "hub.conf:1: a section header like [name] must come before: []"),
        ];
        for (text, expected) in cases {
            assert_eq!(raw(text).unwrap_err().to_string(), expected);
        }
    }

    #[test]
    fn later_files_override_earlier_ones() {
        let mut ini = raw("[a]\nx = 1\ny = 1\n").unwrap();
        ini.read_text(Path::new("b.conf"), "[a]\nY = 2\n  3\n[b]\n").unwrap();
        assert_eq!(value(&ini, "a", "x").as_deref(), Some("1"));
        assert_eq!(value(&ini, "a", "y").as_deref(), Some("2\n3"));
    }

    #[test]
    fn interpolates() {
        let mut ini = Ini::interpolated();
        let text = "[DEFAULT]\nhost = h\n[a]\nURL = https://%(HOST)s/%(path)s?%%20\npath = x%(host)s\n\
                    loop = %(loop)s\nnone = %(gone)s\nbad = 5%\nopen = %(host\n";
        ini.read_text(Path::new("koji.conf"), text).unwrap();
        let section = ini.section("a").unwrap();
        assert_eq!(section.get("url").unwrap().unwrap(), "https://h/xh?%20");
        for (name, line) in [("loop", 6), ("none", 7), ("bad", 8), ("open", 9)] {
            let error = section.get(name).unwrap_err().to_string();
            assert!(error.starts_with(&format!("koji.conf:{line}: ")), "{error}");
        }
        assert_eq!(value(&raw("[a]\nb = 5% %(x)s\n").unwrap(), "a", "b").as_deref(), Some("5% %(x)s"));
    }

    #[test]
    fn typed_values_name_their_place() {
        let ini = raw("[hub]\na = 5\nb = On\nc = maybe\n").unwrap();
        let hub = ini.section("hub").unwrap();
        assert_eq!(hub.get_int("a").unwrap(), Some(5));
        assert_eq!(hub.get_bool("b").unwrap(), Some(true));
        assert_eq!(hub.get_bool("x").unwrap(), None);
        let error = hub.get_int("c").unwrap_err().to_string();
        assert_eq!(error, "hub.conf:4: value for c config option must be a valid integer");
        assert!(hub.get_bool("c").is_err());
    }

    #[test]
    fn each_line_of_a_value_has_its_place() {
        let ini = raw("[policy]\ntag =\n  a :: b\n  # no line of it\n  c :: d\n").unwrap();
        let policy = ini.section("policy").unwrap();
        assert_eq!(policy.place("tag"), Some((Path::new("hub.conf"), &[2, 3, 5][..])));
        assert_eq!(policy.place("vm"), None);
    }

    #[test]
    fn directories_are_read_in_order_of_names() {
        let dir = tempfile::tempdir().unwrap();
        let conf = dir.path().join("hub.conf.d");
        fs::create_dir_all(conf.join("sub.conf")).unwrap();
        for (name, text) in
            [("2.conf", "[a]\nx = 2\n"), ("10.conf", "[a]\nx = 10\ny = 10\n"), ("3.txt", "[a]\nx = 3\n")]
        {
            fs::write(conf.join(name), text).unwrap();
        }
        let missing = dir.path().join("none");
        let ini = Ini::raw().read(&[ConfigSource::optional(&conf), ConfigSource::optional(&missing)]).unwrap();
        assert_eq!(value(&ini, "a", "x").as_deref(), Some("2"));
        assert_eq!(value(&ini, "a", "y").as_deref(), Some("10"));

        let error = Ini::raw().read(&[ConfigSource::required(&missing)]).unwrap_err();
        assert_eq!(error.to_string(), format!("Config file {} can't be opened.", missing.display()));
        fs::create_dir(&missing).unwrap();
        let error = Ini::raw().read(&[ConfigSource::required(&missing)]).unwrap_err();
        assert_eq!(error.to_string(), format!("No config files found in directory: {}", missing.display()));
    }
}
