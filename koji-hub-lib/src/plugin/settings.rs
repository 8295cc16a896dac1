//! The settings of a plugin: its file, and its section of `hub.conf`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use koji_core::config::{ConfigSource, Ini};

use crate::config::HubConfig;
use crate::{Error, Result};

/// Where Koji's plugins have their files.
pub(crate) const CONFIG_DIR: &str = "/etc/koji-hub/plugins";

/// The settings of a plugin, by key.
///
/// They are those of a section of the plugin's file, `<name>.conf` in
/// [`plugin_config_dir`](HubConfig::plugin_config_dir), and, before them, those of the section `[<name>]` of `hub.conf`.
#[derive(Debug, Clone, Default)]
pub struct PluginSettings {
    values: BTreeMap<String, String>,
    file: PathBuf,
}

impl PluginSettings {
    /// Reads the settings of `name`, from the section `section` of its file. Neither has to be there.
    pub fn read(config: &HubConfig, name: &str, section: &str) -> Result<Self> {
        let file = config.plugin_config_dir.join(format!("{name}.conf"));
        let failed = |e: koji_core::Error| Error::Config(e.to_string());
        let ini = Ini::raw().read(&[ConfigSource::optional(&file)]).map_err(failed)?;
        let mut values = BTreeMap::new();
        if let Some(section) = ini.section(section) {
            for key in section.names() {
                if let Some(value) = section.get(key).map_err(failed)? {
                    values.insert(key.to_owned(), value.trim().to_owned());
                }
            }
        }
        let of_hub = config.sections.iter().filter(|(section, ..)| section == name);
        values.extend(of_hub.map(|(_, key, value)| (key.to_owned(), value.trim().to_owned())));
        Ok(PluginSettings { values, file })
    }

    /// A text, if there is one.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(String::as_str)
    }

    /// A text; an error that names the file if there is none.
    pub fn required(&self, key: &str) -> Result<&str> {
        self.text(key).ok_or_else(|| Error::Config(format!("{}: {key} is not set", self.file.display())))
    }

    /// Whether something is on. Without a word it is off.
    pub fn flag(&self, key: &str) -> Result<bool> {
        match self.text(key).map(str::to_lowercase).as_deref() {
            None | Some("0" | "no" | "false" | "off") => Ok(false),
            Some("1" | "yes" | "true" | "on") => Ok(true),
            Some(other) => Err(Error::Config(format!("{}: {key}: not a boolean: {other}", self.file.display()))),
        }
    }
}
