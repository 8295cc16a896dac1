//! RPM files: what their headers say. The only place that knows the `rpm` crate.

use std::path::Path;

use koji_core::arch::selection::SourceArches;
use koji_core::nvr::{Nvr, Nvra};
use koji_core::xmlrpc::{Struct, Value};
use rpm::{IndexTag, PackageMetadata};

use super::capability::Capability;
use crate::task::TaskError;

/// The header of an RPM.
#[derive(Debug, Clone, PartialEq)]
pub struct PackageHeader {
    /// Name, version, release, and arch: `src` for a source RPM.
    pub nvra: Nvra,
    /// The epoch, if it has one.
    pub epoch: Option<u32>,
    /// Whether it is a source RPM.
    pub is_source: bool,
    /// What a source RPM says about architectures.
    pub arches: SourceArches,
    /// `Packager`, `Vendor` and `Distribution`.
    pub origin: [Option<String>; 3],
    pub(super) requires: Vec<Capability>,
    payload_hash: Option<String>,
    size: u64,
    build_time: u64,
}

impl PackageHeader {
    /// Reads the header of an RPM file. A file that is none is a `BuildError`.
    pub fn read(path: &Path) -> Result<Self, TaskError> {
        let name = path.file_name().unwrap_or_default().display();
        let corrupt = |e: rpm::Error| TaskError::build(format!("{name} is not a readable rpm file: {e}"));
        // for what is not there or not readable the system has better words
        fs_err::File::open(path)?;
        let package = PackageMetadata::open(path).map_err(corrupt)?;
        let strings = |tag| -> Vec<String> {
            let found = package.header.get_entry_data_as_string_array(tag).unwrap_or_default();
            found.into_iter().map(str::to_owned).collect()
        };
        let text = |tag| package.header.get_entry_data_as_string(tag).ok().map(str::to_owned);
        let is_source = package.is_source_package();
        let nvr = Nvr::new(
            package.get_name().map_err(corrupt)?,
            package.get_version().map_err(corrupt)?,
            package.get_release().map_err(corrupt)?,
        );
        let arch = if is_source { "src" } else { package.get_arch().map_err(corrupt)? };
        let requires = package.get_requires().map_err(corrupt)?;
        let hash = package.signature.get_entry_data_as_binary(rpm::IndexSignatureTag::RPMSIGTAG_MD5).ok();
        Ok(Self {
            nvra: Nvra::new(nvr, arch),
            epoch: package.get_epoch().ok(),
            is_source,
            arches: SourceArches {
                build: strings(IndexTag::RPMTAG_BUILDARCHS),
                exclusive: strings(IndexTag::RPMTAG_EXCLUSIVEARCH),
                exclude: strings(IndexTag::RPMTAG_EXCLUDEARCH),
            },
            origin: [IndexTag::RPMTAG_PACKAGER, IndexTag::RPMTAG_VENDOR, IndexTag::RPMTAG_DISTRIBUTION].map(text),
            requires: requires.iter().map(Capability::from_dependency).collect(),
            payload_hash: hash.map(|bytes| bytes.iter().map(|b| format!("{b:02x}")).collect()),
            size: package.get_installed_size().unwrap_or_default(),
            build_time: package.get_build_time().unwrap_or_default(),
        })
    }

    /// As above; a `BuildError` too if it is not a source RPM.
    pub fn read_source(path: &Path) -> Result<Self, TaskError> {
        let header = Self::read(path)?;
        if !header.is_source {
            let name = path.file_name().unwrap_or_default().display();
            return Err(TaskError::build(format!("{name} is not a source package")));
        }
        Ok(header)
    }

    /// As a buildroot's list has it.
    pub(super) fn listed(&self) -> Struct {
        let number = |n: u64| Value::from(i64::try_from(n).unwrap_or(i64::MAX));
        let mut rpm = Struct::new();
        rpm.insert("name", self.nvra.nvr.name.as_str());
        rpm.insert("version", self.nvra.nvr.version.as_str());
        rpm.insert("release", self.nvra.nvr.release.as_str());
        rpm.insert("epoch", self.epoch.map(|epoch| number(epoch.into())));
        rpm.insert("arch", self.nvra.arch.as_str());
        rpm.insert("payloadhash", self.payload_hash.clone());
        rpm.insert("size", number(self.size));
        rpm.insert("buildtime", number(self.build_time));
        rpm
    }
}
