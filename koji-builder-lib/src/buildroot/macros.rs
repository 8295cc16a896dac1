//! RPM macros and environment of builds.

use koji_core::model::Tag;
use koji_core::xmlrpc::Value;

use super::sandbox::HOME;
use crate::config::BuilderConfig;

/// The text of the `.rpmmacros` for builds in a tag: what the builder sets, and over it the tag's `rpm.macro.*`.
pub(super) fn macro_file(config: &BuilderConfig, tag: &Tag, arch: &str) -> String {
    let mut macros: Vec<(String, String)> = [
        ("_topdir", format!("{HOME}/build")),
        ("_rpmfilename", "%%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm".to_owned()),
        ("vendor", config.vendor.clone()),
        ("packager", config.packager.clone()),
        ("distribution", config.distribution.clone()),
        ("_host_cpu", arch.to_owned()),
        ("_host", format!("{arch}-{}", config.mockhost)),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect();
    macros.extend(settings(tag, "rpm.macro."));
    macros.iter().filter(|(name, _)| is_macro_name(name)).map(|(name, value)| line(name, value)).collect()
}

/// The variables that a tag sets in the environment of builds: `rpm.env.*`.
pub(super) fn environment(tag: &Tag) -> Vec<(String, String)> {
    settings(tag, "rpm.env.").into_iter().filter(|(name, _)| !name.is_empty() && !name.contains(['=', '\0'])).collect()
}

fn settings(tag: &Tag, prefix: &str) -> Vec<(String, String)> {
    let named = tag.extra.iter().filter_map(|(key, value)| Some((key.strip_prefix(prefix)?, text(value)?)));
    named.map(|(name, value)| (name.to_owned(), value)).collect()
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Int(number) => Some(number.to_string()),
        Value::Double(number) => Some(number.to_string()),
        Value::Bool(yes) => Some(u8::from(*yes).to_string()),
        _ => None,
    }
}

/// A name, perhaps with parameters: `dist`, `with_x(a:b)`.
fn is_macro_name(name: &str) -> bool {
    let plain = name.split('(').next().unwrap_or_default();
    plain.len() > 1
        && plain.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && plain.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !name.contains(['\n', ' '])
}

fn line(name: &str, value: &str) -> String {
    match value {
        "" => format!("%{name} %{{nil}}\n"),
        _ => format!("%{name} {}\n", value.trim_end().replace('\n', "\\\n")),
    }
}
