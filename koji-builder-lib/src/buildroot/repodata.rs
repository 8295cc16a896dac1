//! The packages of a repo, from the metadata that createrepo made.

use std::collections::HashMap;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use koji_client::Session;
use koji_core::paths;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::capability::{Capability, Relation};
use crate::task::{TaskContext, TaskError};

/// A package in a repo.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct RepoPackage {
    pub(super) name: String,
    pub(super) arch: String,
    pub(super) evr: String,
    /// Relative to the repo, or to `base`.
    pub(super) location: String,
    pub(super) base: Option<String>,
    pub(super) size: u64,
    pub(super) provides: Vec<Capability>,
    pub(super) requires: Vec<Capability>,
    pub(super) files: Vec<String>,
}

/// A repo: its packages, and where its files are.
#[derive(Debug, Default)]
pub(super) struct RepoPackages {
    /// The directory of the repo below the hub's top directory.
    directory: String,
    pub(super) packages: Vec<RepoPackage>,
    by_capability: HashMap<String, Vec<usize>>,
}

impl RepoPackages {
    /// Reads the metadata in a directory below the hub's top directory, in place if that is mounted.
    pub(super) async fn load(cx: &TaskContext, directory: &str) -> Result<Self, TaskError> {
        let broken = |problem: String| TaskError::buildroot(format!("the repo {directory} cannot be used: {problem}"));
        let index = cx.local_path(&format!("{directory}/repodata/repomd.xml")).await?;
        let index = fs_err::read_to_string(index)?;
        let primary = primary_location(&index).ok_or_else(|| broken("its index names no packages".to_owned()))?;
        if !paths::is_relative(&primary) {
            return Err(broken(format!("its index names {primary}")));
        }
        let file = cx.local_path(&format!("{directory}/{primary}")).await?;
        let packages = tokio::task::spawn_blocking(move || read_primary(&file)).await.map_err(std::io::Error::other)?;
        let packages = packages.map_err(|e| broken(format!("{primary}: {e}")))?;
        Ok(Self::new(directory, packages))
    }

    pub(super) fn new(directory: &str, packages: Vec<RepoPackage>) -> Self {
        let mut by_capability: HashMap<String, Vec<usize>> = HashMap::new();
        for (index, package) in packages.iter().enumerate() {
            let provided = package.provides.iter().map(|capability| &capability.name);
            for name in provided.chain(&package.files) {
                by_capability.entry(name.clone()).or_default().push(index);
            }
        }
        Self { directory: directory.to_owned(), packages, by_capability }
    }

    /// The best package that provides something: of those that do, one with the newest version.
    pub(super) fn provider(&self, wanted: &Capability) -> Option<usize> {
        let candidates = self.by_capability.get(&wanted.name)?.iter().copied();
        let fit = candidates.filter(|index| self.packages.get(*index).is_some_and(|package| package.provides(wanted)));
        fit.max_by(|a, b| {
            let key = |index: &usize| {
                let package = &self.packages[*index];
                // what has the name itself counts more than what only provides it
                (package.name == wanted.name, rpm_version::EvrSortKey::parse(&package.evr))
            };
            key(a).cmp(&key(b))
        })
    }

    /// The RPM's file, fetched if need be.
    pub(super) async fn fetch(&self, cx: &TaskContext, package: &RepoPackage) -> Result<PathBuf, TaskError> {
        if let Some(base) = &package.base {
            let name = package.location.rsplit('/').next().unwrap_or_default();
            if !paths::is_component(name) {
                return Err(TaskError::buildroot(format!("the repo {} names a package {name:?}", self.directory)));
            }
            let file = cx.workdir().join("packages").join(name);
            fs_err::create_dir_all(cx.workdir().join("packages"))?;
            let url = paths::under(base, &package.location);
            // it is not at the hub, whose certificates are of no use there
            let visitor = Session::new(cx.session().server())?;
            visitor.download(url).size(package.size).save(&file).await?;
            return Ok(file);
        }
        cx.local_path(&format!("{}/{}", self.directory, package.location)).await
    }
}

impl RepoPackage {
    fn provides(&self, wanted: &Capability) -> bool {
        let by_name = self.provides.iter().filter(|provided| provided.name == wanted.name);
        let version = |provided: &Capability| provided.version.as_ref().map(|(_, version)| version.clone());
        by_name.map(version).any(|version| wanted.accepts(version.as_deref()))
            || (wanted.version.is_none() && self.files.contains(&wanted.name))
    }
}

/// Where the list of packages is, as `repomd.xml` says.
fn primary_location(index: &str) -> Option<String> {
    let mut reader = Reader::from_str(index);
    let mut in_primary = false;
    loop {
        match reader.read_event().ok()? {
            Event::Start(tag) if tag.local_name().as_ref() == "data" => {
                in_primary = attribute(&tag, "type").as_deref() == Some("primary");
            }
            Event::Empty(tag) | Event::Start(tag) if in_primary && tag.local_name().as_ref() == "location" => {
                return attribute(&tag, "href");
            }
            Event::Eof => return None,
            _ => {}
        }
    }
}

fn read_primary(file: &Path) -> std::io::Result<Vec<RepoPackage>> {
    let data = std::fs::File::open(file)?;
    let mut text = String::new();
    match file.extension().and_then(|extension| extension.to_str()) {
        Some("gz") => flate2::read::MultiGzDecoder::new(BufReader::new(data)).read_to_string(&mut text)?,
        Some("zst") => zstd::Decoder::new(data)?.read_to_string(&mut text)?,
        Some("xml") => BufReader::new(data).read_to_string(&mut text)?,
        _ => return Err(std::io::Error::other("compressed in an unknown way")),
    };
    parse_primary(&text).map_err(std::io::Error::other)
}

fn parse_primary(text: &str) -> Result<Vec<RepoPackage>, quick_xml::Error> {
    let mut reader = Reader::from_str(text);
    let mut packages = Vec::new();
    let mut package = RepoPackage::default();
    let mut list: &str = "";
    let mut content = String::new();
    loop {
        match reader.read_event()? {
            Event::Start(tag) => {
                content.clear();
                match tag.local_name().as_ref() {
                    "package" => package = RepoPackage::default(),
                    "provides" => list = "provides",
                    "requires" => list = "requires",
                    _ => attributes(&mut package, &tag, list),
                }
            }
            Event::Empty(tag) => attributes(&mut package, &tag, list),
            Event::Text(part) => content.push_str(&part),
            Event::GeneralRef(reference) => content.push_str(match reference.as_ref() {
                "amp" => "&",
                "lt" => "<",
                "gt" => ">",
                "quot" => "\"",
                "apos" => "'",
                _ => "",
            }),
            Event::End(tag) => match tag.local_name().as_ref() {
                "package" if package.arch != "src" => packages.push(std::mem::take(&mut package)),
                "name" => package.name = content.trim().to_owned(),
                "arch" => package.arch = content.trim().to_owned(),
                "file" => package.files.push(content.trim().to_owned()),
                "provides" | "requires" => list = "",
                _ => {}
            },
            Event::Eof => return Ok(packages),
            _ => {}
        }
    }
}

fn attributes(package: &mut RepoPackage, tag: &BytesStart<'_>, list: &str) {
    match (tag.local_name().as_ref(), list) {
        ("version", _) => package.evr = evr(tag).unwrap_or_default(),
        ("location", _) => {
            package.location = attribute(tag, "href").unwrap_or_default();
            package.base = attribute(tag, "base");
        }
        ("size", _) => package.size = attribute(tag, "package").and_then(|n| n.parse().ok()).unwrap_or_default(),
        ("entry", "provides") => package.provides.extend(capability(tag)),
        ("entry", "requires") => package.requires.extend(capability(tag)),
        _ => {}
    }
}

fn capability(tag: &BytesStart<'_>) -> Option<Capability> {
    let relation = attribute(tag, "flags").and_then(|flags| Relation::from_metadata(&flags));
    let version = relation.zip(evr(tag));
    Some(Capability { name: attribute(tag, "name")?, version })
}

fn evr(tag: &BytesStart<'_>) -> Option<String> {
    let version = attribute(tag, "ver")?;
    let epoch = attribute(tag, "epoch").filter(|epoch| epoch != "0");
    let release = attribute(tag, "rel");
    let epoch = epoch.map(|epoch| format!("{epoch}:")).unwrap_or_default();
    Some(format!("{epoch}{version}{}", release.map(|release| format!("-{release}")).unwrap_or_default()))
}

fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = tag.attributes().flatten().find(|attribute| attribute.key.local_name().as_ref() == name)?;
    quick_xml::escape::unescape(&found.value).ok().map(|text| text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRIMARY: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<metadata xmlns="http://linux.duke.edu/metadata/common" xmlns:rpm="http://linux.duke.edu/metadata/rpm" packages="2">
<package type="rpm"><name>foo-devel</name><arch>x86_64</arch><version epoch="1" ver="2.0" rel="1.f1"/>
 <size package="123" installed="5" archive="6"/><location href="toplink/packages/foo/foo-devel.rpm"/>
 <format><rpm:license>a &amp; b</rpm:license>
  <rpm:provides><rpm:entry name="foo-devel" flags="EQ" epoch="1" ver="2.0" rel="1.f1"/><rpm:entry name="pkgconfig(foo)" flags="EQ" epoch="0" ver="2.0"/></rpm:provides>
  <rpm:requires><rpm:entry name="foo(x86-64)" flags="GE" epoch="1" ver="2.0" rel="1.f1"/></rpm:requires>
  <file>/usr/bin/foo-config</file></format></package>
<package type="rpm"><name>foo</name><arch>src</arch><version epoch="0" ver="2.0" rel="1"/></package>
</metadata>"#;

    #[test]
    fn metadata_is_read() {
        let packages = parse_primary(PRIMARY).unwrap();
        assert_eq!(packages.len(), 1);
        let repo = RepoPackages::new("repos/t/1/x86_64", packages);
        let package = &repo.packages[0];
        assert_eq!((package.evr.as_str(), package.size), ("1:2.0-1.f1", 123));
        assert_eq!(package.requires[0].to_string(), "foo(x86-64) >= 1:2.0-1.f1");
        for wanted in ["foo-devel", "pkgconfig(foo)", "/usr/bin/foo-config"] {
            assert_eq!(repo.provider(&Capability::any(wanted)), Some(0), "{wanted}");
        }
        let newer = Capability { version: Some((Relation::Greater, "1:2.0".into())), ..Capability::any("foo-devel") };
        assert_eq!(repo.provider(&newer), None);
        let index = r#"<repomd><data type="filelists"><location href="a"/></data>
            <data type="primary"><checksum>x</checksum><location href="repodata/p.xml.gz"/></data></repomd>"#;
        assert_eq!(primary_location(index).as_deref(), Some("repodata/p.xml.gz"));
    }
}
