//! What a repo holds: `src`, `debuginfo`, `separate_src`, `maven`.

use koji_core::glob;
use koji_core::json::Json;
use koji_core::model::{Repo, Tag};
use koji_core::xmlrpc::{Struct, Value};
use serde_json::Map;

use crate::Result;
use crate::config::HubConfig;
use crate::error::fail;

/// The names of all options.
const NAMES: [&str; 4] = ["src", "debuginfo", "separate_src", "maven"];

/// Some of a repo's options, each on or off.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct RepoOptions(Map<String, serde_json::Value>);

impl RepoOptions {
    /// Reads what a caller gives; nil stands for not given.
    pub(crate) fn from_caller(options: Option<&Struct>) -> Result<Self> {
        let mut names = options.into_iter().flat_map(Struct::iter).map(|(name, _)| name);
        match names.find(|name| !NAMES.contains(name)) {
            Some(unknown) => fail!(Parameter, "Invalid repo option: {unknown}"),
            None => Ok(Self::from_builder(options)),
        }
    }

    /// Reads what a builder asks for; anything that is no option is passed over.
    pub(crate) fn from_builder(options: Option<&Struct>) -> Self {
        let known = options.into_iter().flat_map(Struct::iter).filter(|(name, _)| NAMES.contains(name));
        let set = known.filter(|(_, value)| !value.is_nil());
        RepoOptions(set.map(|(name, value)| (name.to_owned(), value.is_truthy().into())).collect())
    }

    /// Reads what is stored; anything that is no option is passed over.
    pub(crate) fn from_stored(options: Option<&Json>) -> Self {
        let known = |(name, value): (&String, &serde_json::Value)| {
            (NAMES.contains(&name.as_str())).then(|| value.as_bool().map(|v| (name.clone(), v.into())))?
        };
        RepoOptions(options.and_then(|o| o.0.as_object()).into_iter().flatten().filter_map(known).collect())
    }

    pub(crate) fn to_json(&self) -> Json {
        Json(serde_json::Value::Object(self.0.clone()))
    }

    /// As keyword arguments of a task.
    pub(crate) fn to_struct(&self) -> Struct {
        self.0.iter().map(|(name, value)| (name.as_str(), Value::Bool(value.as_bool() == Some(true)))).collect()
    }

    pub(crate) fn is_on(&self, name: &str) -> bool {
        self.0.get(name).and_then(serde_json::Value::as_bool) == Some(true)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn includes(&self, other: &RepoOptions) -> bool {
        other.0.iter().all(|(name, value)| self.0.get(name) == Some(value))
    }

    /// Whether a repo has all of these options, and no custom one that is not among them.
    pub(crate) fn are_met_by(&self, repo: &Repo) -> bool {
        RepoOptions::from_stored(repo.opts.as_ref()).includes(self)
            && repo.custom_opts.is_some()
            && self.includes(&RepoOptions::from_stored(repo.custom_opts.as_ref()))
    }

    /// All options of a tag's repo, and those of the asked for that differ from the tag's own.
    pub(crate) fn of_tag(config: &HubConfig, tag: &Tag, asked: &RepoOptions) -> (RepoOptions, RepoOptions) {
        let tags = &config.repo_tags;
        let named = |patterns: &[String]| patterns.iter().any(|p| glob::matches(p, &tag.name));
        let mut all: Map<String, serde_json::Value> = [
            ("src", named(&tags.source)),
            ("debuginfo", named(&tags.debuginfo)),
            ("separate_src", named(&tags.separate_source)),
            ("maven", false),
        ]
        .into_iter()
        .map(|(name, on)| (name.to_owned(), on.into()))
        .collect();
        match tag.extra.get("repo.opts") {
            Some(Value::Struct(own)) => {
                for (name, value) in own.iter().filter(|(name, v)| NAMES.contains(name) && !v.is_nil()) {
                    all.insert(name.to_owned(), value.is_truthy().into());
                }
            }
            _ => {
                if let Some(debuginfo) = tag.extra.get("with_debuginfo") {
                    all.insert("debuginfo".into(), debuginfo.is_truthy().into());
                }
            }
        }
        if !config.enable_maven {
            all.insert("maven".into(), false.into());
        } else if tag.maven_support {
            all.insert("maven".into(), true.into());
        }
        let custom: Map<String, serde_json::Value> = asked
            .0
            .iter()
            .filter(|(name, value)| all.get(*name) != Some(*value))
            .map(|(n, v)| (n.clone(), v.clone()))
            .collect();
        all.extend(custom.clone());
        (RepoOptions(all), RepoOptions(custom))
    }
}
