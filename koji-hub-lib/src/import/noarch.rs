//! Packages for all architectures that several tasks have built: they must be the same.

use std::collections::BTreeMap;

use super::basename;
use crate::Result;
use crate::error::fail;
use crate::rpm_file::RpmFile;

/// Leaves out noarch packages that came before. One that differs from its namesake is a fault.
pub(super) fn same_once(rpms: Vec<(String, RpmFile)>) -> Result<Vec<(String, RpmFile)>> {
    let mut out: Vec<(String, RpmFile)> = Vec::with_capacity(rpms.len());
    for (file, header) in rpms {
        let name = basename(&file);
        let first = out.iter().find(|(other, _)| name.ends_with(".noarch.rpm") && basename(other) == name);
        match first.map(|(_, first)| differences(first, &header)) {
            None => out.push((file, header)),
            Some(differences) if differences.is_empty() => {}
            Some(differences) => fail!(
                Build,
                "The following noarch package built differently on different architectures: {name}\n\
                 rpmdiff output was:\n{}",
                differences.join("\n")
            ),
        }
    }
    Ok(out)
}

/// Fields that must be equal.
const FIELDS: [&str; 14] = [
    "NAME",
    "SUMMARY",
    "DESCRIPTION",
    "GROUP",
    "LICENSE",
    "URL",
    "PREIN",
    "POSTIN",
    "PREUN",
    "POSTUN",
    "PRETRANS",
    "POSTTRANS",
    "VERIFYSCRIPT",
    "EPOCH",
];

/// What differs between two packages, leaving aside what a build may change: sizes, times and contents of files.
fn differences(old: &RpmFile, new: &RpmFile) -> Vec<String> {
    let names = FIELDS.map(String::from);
    let mut out = Vec::new();
    if let (Ok(old), Ok(new)) = (old.fields(&names), new.fields(&names)) {
        for name in FIELDS {
            if old.get(name) != new.get(name) {
                out.push(format!("S.5........ {name}"));
            }
        }
    }
    compare(&dependencies(old), &dependencies(new), &mut out);
    compare(&files(old), &files(new), &mut out);
    out
}

fn dependencies(rpm: &RpmFile) -> BTreeMap<String, String> {
    let shown = |dep: koji_core::model::RpmDep| {
        (format!("{} {} {} {}", dep.kind, dep.name, dep.flags, dep.version).trim_end().to_owned(), String::new())
    };
    rpm.dependencies(None).into_iter().map(shown).collect()
}

fn files(rpm: &RpmFile) -> BTreeMap<String, String> {
    let shown = |file: koji_core::model::RpmFile| {
        (file.name, format!("mode {:o} flags {} user {} group {}", file.mode, file.flags, file.user, file.group))
    };
    rpm.files().into_iter().map(shown).collect()
}

fn compare(old: &BTreeMap<String, String>, new: &BTreeMap<String, String>, out: &mut Vec<String>) {
    out.extend(old.keys().filter(|name| !new.contains_key(*name)).map(|name| format!("removed     {name}")));
    for (name, value) in new {
        match old.get(name) {
            None => out.push(format!("added       {name}")),
            Some(before) if before != value => out.push(format!("changed     {name}: {before} -> {value}")),
            Some(_) => {}
        }
    }
}
