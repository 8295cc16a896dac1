//! A repo's `comps.xml`: its groups, with the packages of the groups that they require.

use std::collections::HashSet;
use std::fmt::Write;

use koji_core::model::{GroupPackage, TagGroup};

/// A text as it stands between tags, or in an attribute.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn package(out: &mut String, package: &GroupPackage) {
    let mut attributes = format!("type=\"{}\"", escape(&package.kind));
    if package.basearchonly == Some(true) {
        attributes.push_str(" basearchonly=\"true\"");
    }
    if let Some(requires) = package.requires.as_deref().filter(|r| !r.is_empty()) {
        let _ = write!(attributes, " requires=\"{}\"", escape(requires));
    }
    let _ = writeln!(out, "      <packagereq {attributes}>{}</packagereq>", escape(&package.package));
}

/// The file's text.
pub(crate) fn generate(mut groups: Vec<TagGroup>) -> String {
    groups.sort_by(|a, b| a.name.cmp(&b.name));
    for group in &mut groups {
        group.packagelist.iter_mut().for_each(|list| list.sort_by(|a, b| a.package.cmp(&b.package)));
    }
    let mut out = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <!DOCTYPE comps PUBLIC \"-//Red Hat, Inc.//DTD Comps info//EN\" \"comps.dtd\">\n<comps>\n",
    );
    for group in &groups {
        let _ = writeln!(
            out,
            "  <group>\n    <id>{}</id>\n    <name>{}</name>\n    <description>{}</description>\n    \
             <default>{}</default>\n    <uservisible>{}</uservisible>",
            escape(&group.name),
            escape(&group.display_name),
            escape(group.description.as_deref().unwrap_or("")),
            group.is_default == Some(true),
            group.uservisible == Some(true),
        );
        if group.biarchonly == Some(true) {
            out.push_str("    <biarchonly>true</biarchonly>\n");
        }
        out.push_str("    <packagelist>\n");
        let mut listed = HashSet::new();
        for entry in group.packagelist.iter().flatten() {
            listed.insert(entry.package.as_str());
            package(&mut out, entry);
        }
        for entry in required(group, &groups) {
            if listed.insert(entry.package.as_str()) {
                package(&mut out, entry);
            }
        }
        out.push_str("    </packagelist>\n  </group>\n");
    }
    out.push_str("</comps>\n");
    out
}

/// The packages of all groups that a group requires, through those that they require.
fn required<'g>(group: &'g TagGroup, groups: &'g [TagGroup]) -> Vec<&'g GroupPackage> {
    let mut seen: HashSet<&str> = HashSet::from([group.name.as_str()]);
    let mut todo: Vec<&str> = group.grouplist.iter().flatten().rev().map(|r| r.name.as_str()).collect();
    let mut out = Vec::new();
    while let Some(name) = todo.pop() {
        if !seen.insert(name) {
            continue;
        }
        if let Some(group) = groups.iter().find(|g| g.name == name) {
            out.extend(group.packagelist.iter().flatten());
            todo.extend(group.grouplist.iter().flatten().rev().map(|r| r.name.as_str()));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use koji_core::ids::{GroupId, TagId};
    use koji_core::model::GroupRequirement;

    use super::*;

    fn group(name: &str, packages: &[&str], requires: &[&str]) -> TagGroup {
        let (group_id, tag_id) = (GroupId(1), TagId(1));
        let entry = |p: &&str| GroupPackage {
            group_id,
            tag_id,
            package: (*p).into(),
            blocked: false,
            kind: "mandatory".into(),
            basearchonly: None,
            requires: None,
        };
        let need = |r: &&str| GroupRequirement {
            group_id,
            tag_id,
            req_id: group_id,
            name: (*r).into(),
            blocked: false,
            kind: None,
            is_metapkg: false,
        };
        TagGroup {
            name: name.into(),
            group_id,
            tag_id,
            blocked: false,
            exported: Some(true),
            display_name: format!("<{name}>"),
            is_default: None,
            uservisible: Some(true),
            description: None,
            langonly: None,
            biarchonly: None,
            packagelist: Some(packages.iter().map(entry).collect()),
            grouplist: Some(requires.iter().map(need).collect()),
        }
    }

    #[test]
    fn groups_hold_what_their_required_groups_hold() {
        let text =
            generate(vec![group("build", &["make", "gcc"], &["base"]), group("base", &["bash", "gcc"], &["build"])]);
        let build = text.split("<id>build</id>").nth(1).unwrap();
        let names: Vec<&str> = build.split("mandatory\">").skip(1).map(|p| p.split('<').next().unwrap()).collect();
        assert_eq!(names, ["gcc", "make", "bash"]);
        assert!(text.contains("<name>&lt;base&gt;</name>"));
    }
}
