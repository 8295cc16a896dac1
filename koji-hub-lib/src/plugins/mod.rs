//! The plugins that come with the hub, by the names that `hub.conf` has for them.

mod echo;
mod rpm2maven;
mod runroot;
mod save_failed_tree;
mod sidetag;

use std::sync::Arc;

use crate::config::HubConfig;
use crate::plugin::Plugin;
use crate::{Error, Result};

type Make = fn(&HubConfig) -> Result<Arc<dyn Plugin>>;

const KNOWN: &[(&str, Make)] = &[
    ("echo", |_| Ok(Arc::new(echo::Echo))),
    ("rpm2maven", |config| Ok(Arc::new(rpm2maven::Rpm2Maven::new(config)?))),
    ("runroot_hub", |_| Ok(Arc::new(runroot::RunRootPlugin))),
    ("save_failed_tree", |config| Ok(Arc::new(save_failed_tree::FailedTrees::new(config)?))),
    ("sidetag_hub", |config| Ok(Arc::new(sidetag::SideTags::new(config)?))),
];

/// The plugins that the configuration names. An unknown name is an error that says which there are.
pub(crate) fn configured(config: &HubConfig) -> Result<Vec<Arc<dyn Plugin>>> {
    config.plugins.iter().map(|name| make(name, config)).collect()
}

fn make(name: &str, config: &HubConfig) -> Result<Arc<dyn Plugin>> {
    match KNOWN.iter().find(|(known, _)| *known == name) {
        Some((_, make)) => make(config),
        None => {
            let known: Vec<&str> = KNOWN.iter().map(|(name, _)| *name).collect();
            Err(Error::Config(format!("Plugins: there is no plugin {name}; there are {}", known.join(", "))))
        }
    }
}
