//! RPM files: what stands in their headers. The one place that knows the `rpm` crate.

mod payload;
mod signature;
mod tags;

use bytes::Bytes;
use koji_core::model::{ChangelogEntry, DepType, RpmDep, RpmFile as FileRecord};
use koji_core::nvr::{Nvr, Nvra};
use koji_core::time::Timestamp;
use koji_core::xmlrpc::{Base64, Struct, Value};
use rpm::{IndexData, PackageMetadata};

use crate::storage::Storage;
use crate::{Error, Result};

pub(crate) use payload::unpack;
pub(crate) use signature::{Spliced, hex};
use tags::Tag;

/// Where the signature header begins, behind the lead.
pub(crate) const SIGNATURE_START: u64 = 96;

/// The headers of an RPM file.
pub(crate) struct RpmFile {
    metadata: PackageMetadata,
    /// The file up to the end of the header.
    head: Bytes,
    /// The file's size in bytes.
    pub size: u64,
    /// The signature header, as it stands in the file.
    pub sighdr: Bytes,
}

/// What an RPM is.
#[derive(Debug, Clone)]
pub(crate) struct Summary {
    /// Its name; the arch of a source package is `src`.
    pub nvra: Nvra,
    pub epoch: Option<i32>,
    pub source: bool,
    pub sourcerpm: Option<String>,
    pub buildtime: i64,
    /// The digest of header and payload, in hex.
    pub sigmd5: String,
    /// The id of the key that it is signed with; empty if it is not signed.
    pub sigkey: String,
}

/// Kinds of dependencies with the beginnings of their tags' names, in the order in which they are listed.
const DEPENDENCIES: [(DepType, &str); 8] = [
    (DepType::Require, "REQUIRE"),
    (DepType::Provide, "PROVIDE"),
    (DepType::Conflict, "CONFLICT"),
    (DepType::Obsolete, "OBSOLETE"),
    (DepType::Suggest, "SUGGEST"),
    (DepType::Enhance, "ENHANCE"),
    (DepType::Supplement, "SUPPLEMENT"),
    (DepType::Recommend, "RECOMMEND"),
];

/// Reads the headers of an RPM; none if there is no such file.
pub(crate) async fn read(storage: &dyn Storage, path: &str) -> Result<Option<RpmFile>> {
    const FIRST: u64 = 128 * 1024;
    let Some(found) = storage.metadata(path).await?.filter(|m| !m.is_dir) else { return Ok(None) };
    let wrong = |reason: String| Error::Rpm { path: path.to_owned(), reason };
    let mut bytes = storage.read(path, 0, FIRST).await?;
    let mut end = SIGNATURE_START as usize;
    let mut header_start = end;
    for padded in [true, false] {
        if bytes.len() < end + 16 {
            bytes = storage.read(path, 0, end as u64 + FIRST).await?;
        }
        let rest = bytes.get(end..).unwrap_or_default();
        header_start = end;
        end += if padded { signature::padded_length(rest) } else { signature::header_length(rest) }.map_err(wrong)?;
    }
    if bytes.len() < end {
        bytes = storage.read(path, 0, end as u64).await?;
    }
    for at in [SIGNATURE_START as usize, header_start] {
        signature::check_entries(bytes.get(at..).unwrap_or_default()).map_err(wrong)?;
    }
    let sighdr = bytes.slice(SIGNATURE_START as usize..header_start.min(bytes.len()));
    let metadata = PackageMetadata::parse(&mut &bytes[..]).map_err(|e| wrong(e.to_string()))?;
    let head = bytes.slice(..end.min(bytes.len()));
    Ok(Some(RpmFile { metadata, head, size: found.size, sighdr }))
}

impl RpmFile {
    /// The same file with another signature header; the error says why it is none.
    pub(crate) fn with_signature(&self, sighdr: Bytes) -> Result<RpmFile, String> {
        if signature::padded_length(&sighdr)? != sighdr.len() {
            return Err("the signature header's length is wrong".into());
        }
        signature::check_entries(&sighdr)?;
        let (lead, rest) = self.head.split_at_checked(SIGNATURE_START as usize).ok_or("no header")?;
        let header = rest.get(self.sighdr.len()..).ok_or("no header")?;
        let head: Bytes = [lead, &sighdr, header].concat().into();
        let metadata = PackageMetadata::parse(&mut &head[..]).map_err(|e| e.to_string())?;
        Ok(RpmFile { metadata, head, size: self.size, sighdr })
    }

    /// What it is; the error says what is missing.
    pub(crate) fn summary(&self) -> Result<Summary, String> {
        let text = |name| self.text(name).ok_or_else(|| format!("no {name} in the header"));
        let number = |name| self.value_of(name).and_then(|v| v.as_int());
        let source = number("SOURCEPACKAGE") == Some(1);
        let arch = if source { "src".into() } else { text("ARCH")? };
        let digest = match self.entry(tags::by_name("SIGMD5").map_or(0, |tag| tag.number)) {
            Some(IndexData::Bin(md5)) => hex(&md5),
            // RPM 6 has none
            _ => text("SHA256HEADER")?,
        };
        Ok(Summary {
            nvra: Nvra::new(Nvr::new(text("NAME")?, text("VERSION")?, text("RELEASE")?), arch),
            epoch: number("EPOCH").map(i32::try_from).transpose().map_err(|_| "the epoch is out of range")?,
            source,
            sourcerpm: self.text("SOURCERPM"),
            buildtime: number("BUILDTIME").unwrap_or(0),
            sigmd5: digest,
            sigkey: signature::key_id(self)?,
        })
    }

    /// Its dependencies, of one kind or of all.
    pub(crate) fn dependencies(&self, kind: Option<i32>) -> Vec<RpmDep> {
        let wanted = DEPENDENCIES.into_iter().filter(|(dep, _)| kind.is_none_or(|kind| kind == dep.code()));
        let of = |(kind, prefix)| {
            let each = self.relations(prefix).into_iter();
            each.map(move |(name, version, flags)| RpmDep { name, version, flags, kind })
        };
        wanted.flat_map(of).collect()
    }

    /// Names, versions and flags of dependencies whose tags begin so.
    fn relations(&self, prefix: &str) -> Vec<(String, String, i64)> {
        let names = self.texts(&format!("{prefix}NAME"));
        let versions = self.texts(&format!("{prefix}VERSION"));
        let flags = self.numbers(&format!("{prefix}FLAGS"));
        names.into_iter().zip(versions).zip(flags).map(|((name, version), flags)| (name, version, flags)).collect()
    }

    /// Its files.
    pub(crate) fn files(&self) -> Vec<FileRecord> {
        let algorithm = self.value_of("FILEDIGESTALGO").and_then(|v| v.as_int());
        let digests = self.texts("FILEDIGESTS");
        let sizes = match self.numbers("FILESIZES") {
            sizes if sizes.is_empty() => self.numbers("LONGFILESIZES"),
            sizes => sizes,
        };
        let (flags, modes, mtimes) = (self.numbers("FILEFLAGS"), self.numbers("FILEMODES"), self.numbers("FILEMTIMES"));
        let (users, groups) = (self.texts("FILEUSERNAME"), self.texts("FILEGROUPNAME"));
        let number = |list: &[i64], i: usize| list.get(i).copied().unwrap_or_default();
        let text = |list: &[String], i: usize| list.get(i).cloned().unwrap_or_default();
        let file = |(i, name)| FileRecord {
            name,
            digest: text(&digests, i),
            digest_algo: digest_name(algorithm).into(),
            md5: text(&digests, i),
            size: number(&sizes, i),
            flags: number(&flags, i),
            user: text(&users, i),
            group: text(&groups, i),
            mtime: number(&mtimes, i),
            mode: number(&modes, i),
        };
        self.file_names().into_iter().enumerate().map(file).collect()
    }

    /// Its changelog, the latest entry first.
    pub(crate) fn changelog(&self) -> Vec<ChangelogEntry> {
        let times = self.numbers("CHANGELOGTIME");
        let entries = times.into_iter().zip(self.texts("CHANGELOGNAME")).zip(self.texts("CHANGELOGTEXT"));
        entries
            .map(|((time, author), text)| {
                let date = Timestamp::from_micros(time.saturating_mul(1_000_000)).to_string();
                let date = date.trim_end_matches("+00:00").to_owned();
                ChangelogEntry { date, date_ts: time, author: printable(&author), text: printable(&text) }
            })
            .collect()
    }

    /// Header fields by name, whatever the case; the error is a name that is none.
    pub(crate) fn fields(&self, names: &[String]) -> Result<Struct, String> {
        let mut out = Struct::new();
        for name in names {
            let tag = tags::by_name(&name.to_uppercase()).ok_or_else(|| name.to_uppercase())?;
            out.insert(name.as_str(), self.value(tag));
        }
        Ok(out)
    }

    /// All header fields.
    pub(crate) fn all_fields(&self) -> Struct {
        let own = |entries: Result<Vec<(u32, IndexData)>, rpm::Error>| entries.unwrap_or_default().into_iter();
        let header = own(self.metadata.header.get_all_entries()).map(|(number, _)| number);
        let signature = own(self.metadata.signature.get_all_entries()).filter_map(|(number, _)| merged(number));
        let mut numbers: Vec<u32> = header.chain(signature).filter(|number| !REGIONS.contains(number)).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let tags = numbers.into_iter().filter_map(tags::by_number);
        tags.map(|tag| (tag.name, self.value(tag))).collect()
    }

    fn entry(&self, number: u32) -> Option<IndexData> {
        let header = self.metadata.header.entry(number);
        let signature = || {
            let entries = self.metadata.signature.get_all_entries().ok()?;
            entries.into_iter().find(|(own, _)| merged(*own) == Some(number)).map(|(_, data)| data)
        };
        header.ok().or_else(signature)
    }

    fn value_of(&self, name: &str) -> Option<Value> {
        tags::by_name(name).map(|tag| self.value(tag))
    }

    fn text(&self, name: &str) -> Option<String> {
        match self.value_of(name)? {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    fn texts(&self, name: &str) -> Vec<String> {
        let Some(Value::Array(values)) = self.value_of(name) else { return Vec::new() };
        values.into_iter().map(|v| v.as_str().unwrap_or_default().to_owned()).collect()
    }

    fn numbers(&self, name: &str) -> Vec<i64> {
        let Some(Value::Array(values)) = self.value_of(name) else { return Vec::new() };
        values.iter().map(|v| v.as_int().unwrap_or_default()).collect()
    }

    /// A field's value, as RPM's Python bindings have it.
    fn value(&self, tag: Tag) -> Value {
        if let Some(computed) = self.computed(tag) {
            return computed;
        }
        let numbers = |list: Vec<i64>| {
            let mut values = list.into_iter().map(Value::Int);
            if tag.list { Value::Array(values.collect()) } else { values.next().unwrap_or_default() }
        };
        match self.entry(tag.number) {
            None | Some(IndexData::Null) if tag.list => Value::Array(Vec::new()),
            None | Some(IndexData::Null) => self.long(tag),
            Some(IndexData::Char(v) | IndexData::Int8(v)) => numbers(v.into_iter().map(i64::from).collect()),
            Some(IndexData::Int16(v)) => numbers(v.into_iter().map(i64::from).collect()),
            Some(IndexData::Int32(v)) => numbers(v.into_iter().map(i64::from).collect()),
            Some(IndexData::Int64(v)) => numbers(v.into_iter().filter_map(|n| i64::try_from(n).ok()).collect()),
            Some(IndexData::StringTag(text)) if tag.list => Value::Array(vec![printable(&text).into()]),
            Some(IndexData::StringTag(text)) => printable(&text).into(),
            Some(IndexData::Bin(bytes)) => Value::Base64(Base64(bytes)),
            Some(IndexData::StringArray(v)) => Value::Array(v.iter().map(|text| printable(text).into()).collect()),
            Some(IndexData::I18NString(v)) => v.first().map(|text| printable(text).into()).unwrap_or_default(),
        }
    }

    /// Sizes beyond 32 bits have tags of their own.
    fn long(&self, tag: Tag) -> Value {
        match tag.name {
            "SIZE" | "ARCHIVESIZE" | "SIGSIZE" => self.value_of(&format!("LONG{}", tag.name)).unwrap_or_default(),
            _ => Value::Nil,
        }
    }

    /// The value of a tag that is made of others.
    fn computed(&self, tag: Tag) -> Option<Value> {
        let text = |name| self.text(name).unwrap_or_default();
        let nvr = || format!("{}-{}-{}", text("NAME"), text("VERSION"), text("RELEASE"));
        let epoch = self.entry(1003).and_then(|e| if let IndexData::Int32(v) = e { v.first().copied() } else { None });
        let evr = || {
            let epoch = epoch.map(|e| format!("{e}:")).unwrap_or_default();
            format!("{epoch}{}-{}", text("VERSION"), text("RELEASE"))
        };
        Some(match tag.name {
            "FILENAMES" => Value::Array(self.file_names().into_iter().map(Value::from).collect()),
            "FILECLASS" => self.file_classes()?,
            "EPOCHNUM" => epoch.unwrap_or(0).into(),
            "EVR" => evr().into(),
            "NVR" => nvr().into(),
            "NVRA" => format!("{}.{}", nvr(), text("ARCH")).into(),
            "NEVR" => format!("{}-{}", text("NAME"), evr()).into(),
            "NEVRA" => format!("{}-{}.{}", text("NAME"), evr(), text("ARCH")).into(),
            "ARCHSUFFIX" if self.entry(SOURCERPM).is_none() => {
                let is_whole = ["NOSOURCE", "NOPATCH"]
                    .into_iter()
                    .filter_map(tags::by_name)
                    .all(|tag| self.entry(tag.number).is_none());
                if is_whole { ".src".into() } else { ".nosrc".into() }
            }
            "ARCHSUFFIX" => format!(".{}", text("ARCH")).into(),
            "HEADERCOLOR" => self.numbers("FILECOLORS").into_iter().fold(0, |all, color| (all | color) & 0xf).into(),
            name => match (name.strip_suffix("NEVRS"), name.strip_prefix("LONG")) {
                (Some(prefix), _) => Value::Array(self.conditions(prefix)),
                (_, Some(short)) if self.entry(tag.number).is_none() => {
                    let short = tags::by_name(short).filter(|short| self.entry(short.number).is_some())?;
                    self.value(short)
                }
                _ => return None,
            },
        })
    }

    /// Dependencies whose tags begin so, as they stand in a spec file: `name`, `name >= version`.
    fn conditions(&self, prefix: &str) -> Vec<Value> {
        let text = |(name, version, flags): (String, String, i64)| {
            let signs = [(2, '<'), (4, '>'), (8, '=')].into_iter().filter(|(bit, _)| flags & bit != 0);
            let signs: String = signs.map(|(_, sign)| sign).collect();
            Value::from(if signs.is_empty() { name } else { format!("{name} {signs} {version}") })
        };
        self.relations(prefix).into_iter().map(text).collect()
    }

    fn file_names(&self) -> Vec<String> {
        let dirs = self.texts("DIRNAMES");
        let indexes = self.numbers("DIRINDEXES").into_iter();
        let names = self.texts("BASENAMES").into_iter().zip(indexes).map(|(base, dir)| {
            let dir = usize::try_from(dir).ok().and_then(|i| dirs.get(i)).map_or("", String::as_str);
            format!("{dir}{base}")
        });
        match names.collect::<Vec<_>>() {
            names if names.is_empty() => self.texts("OLDFILENAMES"),
            names => names,
        }
    }

    /// What kind of file each is, in words. That of links and directories is not stored.
    fn file_classes(&self) -> Option<Value> {
        let Some(IndexData::Int32(indexes)) = self.entry(1141) else { return None };
        let (words, modes, links) = (self.texts("CLASSDICT"), self.numbers("FILEMODES"), self.texts("FILELINKTOS"));
        let class = |(i, index): (usize, u32)| {
            let stored = usize::try_from(index).ok().and_then(|index| words.get(index)).cloned().unwrap_or_default();
            let kind = modes.get(i).copied().unwrap_or_default() & 0o170_000;
            let link = || links.get(i).map_or("", String::as_str);
            Value::from(match kind {
                _ if !stored.is_empty() => stored,
                0o040_000 => "directory".into(),
                0o120_000 => format!("symbolic link to `{}'", link()),
                _ => stored,
            })
        };
        Some(Value::Array(indexes.into_iter().enumerate().map(class).collect()))
    }
}

/// The tag of the source package's name, which source packages do not have.
const SOURCERPM: u32 = 1044;

/// Tags that mark parts of a header.
const REGIONS: [u32; 4] = [61, 62, 63, 64];

/// The number that a tag of the signature header has among those of the header.
fn merged(number: u32) -> Option<u32> {
    match number {
        1000 => Some(257),
        1002 => Some(259),
        1004 => Some(261),
        1005 => Some(262),
        1007 => Some(1046),
        256..300 => Some(number),
        5090 | 5091 => Some(number),
        _ => None,
    }
}

fn digest_name(algorithm: Option<i64>) -> &'static str {
    match algorithm {
        None | Some(0 | 1) => "md5",
        Some(2) => "sha1",
        Some(3) => "ripemd160",
        Some(8) => "sha256",
        Some(9) => "sha384",
        Some(10) => "sha512",
        Some(11) => "sha224",
        Some(_) => "unknown",
    }
}

/// Without the control characters that XML cannot carry.
fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() || matches!(c, '\t' | '\n' | '\r')).collect()
}
