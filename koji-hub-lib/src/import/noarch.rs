//! RPMs without an arch that were built on several: they must be the same.

use std::collections::BTreeSet;

use super::{Incoming, file_name};
use crate::Result;
use crate::error::fail;
use crate::rpm_file::RpmFile;

/// Leaves of `noarch` RPMs of one name the first. That they differ is a fault.
pub(super) fn without_doubles(incoming: Vec<Incoming>) -> Result<Vec<Incoming>> {
    let mut out: Vec<Incoming> = Vec::with_capacity(incoming.len());
    for rpm in incoming {
        let name = file_name(&rpm.path);
        let first = out.iter().find(|o| name.ends_with(".noarch.rpm") && file_name(&o.path) == name);
        let Some(first) = first else {
            out.push(rpm);
            continue;
        };
        let (a, b) = (content(&first.file), content(&rpm.file));
        let differences: Vec<String> = a
            .difference(&b)
            .map(|line| format!("removed     {line}"))
            .chain(b.difference(&a).map(|line| format!("added       {line}")))
            .collect();
        if !differences.is_empty() {
            fail!(
                Build,
                "The following noarch package built differently on different architectures: {name}\n\
                 rpmdiff output was:\n{}\n",
                differences.join("\n")
            );
        }
    }
    Ok(out)
}

/// What is in an RPM, apart from what each build makes anew: sizes, digests and times.
fn content(file: &RpmFile) -> BTreeSet<String> {
    let files = file
        .files()
        .into_iter()
        .map(|f| format!("{} (mode {:o}, owner {}:{}, flags {})", f.name, f.mode, f.user, f.group, f.flags));
    let dependencies = file
        .dependencies(None)
        .into_iter()
        .map(|d| format!("{} {} {} {}", d.kind, d.name, d.flags, d.version).trim_end().to_owned());
    files.chain(dependencies).collect()
}
