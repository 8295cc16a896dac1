//! A hub with a plugin of its own: no build whose version says that it is a snapshot comes into a release tag.
//!
//! `hub_plugin hub.conf` does what koji-hub does. `koji call countRefused` says how often the plugin has refused.

use std::sync::atomic::{AtomicI64, Ordering};

use anyhow::Context;
use async_trait::async_trait;
use koji_hub_lib::call::Call;
use koji_hub_lib::config::HubConfig;
use koji_hub_lib::plugin::{Callback, CallbackType, Plugin};
use koji_hub_lib::registry::{Handle, Registry};
use koji_hub_lib::{Error, Hub, Result};

koji_core::methods! {
    /// How many builds were kept out of release tags.
    [Anyone, Read] "countRefused" => CountRefused() -> i64;
}

impl Handle for CountRefused {
    async fn handle(self, cx: &mut Call<'_>) -> Result<i64> {
        Ok(cx.hub().plugin::<NoSnapshots>().map_or(0, |plugin| plugin.refused.load(Ordering::Relaxed)))
    }
}

#[derive(Default)]
struct NoSnapshots {
    refused: AtomicI64,
}

#[async_trait]
impl Plugin for NoSnapshots {
    fn name(&self) -> &str {
        "no_snapshots"
    }

    fn callbacks(&self) -> &[CallbackType] {
        &[CallbackType::PreTag]
    }

    async fn callback(&self, _cx: &mut Call<'_>, what: &Callback<'_>) -> Result<()> {
        match what {
            Callback::PreTag(about) if about.tag.name.ends_with("-release") && about.build.version.contains("git") => {
                self.refused.fetch_add(1, Ordering::Relaxed);
                Err(Error::generic(format!("{} is a snapshot", about.build.nvr)))
            }
            _ => Ok(()),
        }
    }

    fn methods(&self, registry: &mut Registry) {
        registry.add::<CountRefused>();
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let conf = std::env::args().nth(1).context("usage: hub_plugin HUB_CONF")?;
    let config = HubConfig::read(conf.as_ref())?;
    Hub::init(&config).await?;
    let hub = Hub::builder(config).plugin(NoSnapshots::default()).open().await?;
    let listener = hub.bind().await?;
    println!("serving at {}", listener.local_addr()?);
    // an error is a signal that cannot be waited for: stop then too
    hub.serve(listener, async { drop(tokio::signal::ctrl_c().await) }).await?;
    Ok(())
}
