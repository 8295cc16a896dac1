//! `runroot_hub`: commands in buildroots.

use std::collections::BTreeSet;

use async_trait::async_trait;
use koji_core::api::plugins::RunRoot;
use koji_core::api::{Args, ChannelRef, Param};
use koji_core::arch::{self, ArchList};
use koji_core::ids::TaskId;
use koji_core::model::Tag;
use koji_core::python;
use koji_core::xmlrpc::Value;
use rand::seq::IndexedRandom;

use crate::call::Call;
use crate::error::fail;
use crate::plugin::Plugin;
use crate::registry::{Handle, Registry};
use crate::tasks::make::NewTask;
use crate::{Result, hosts, tags};

const PRIORITY: i32 = 15;
const CHANNEL: &str = "runroot";

pub(super) struct RunRootPlugin;

#[async_trait]
impl Plugin for RunRootPlugin {
    fn name(&self) -> &str {
        "runroot_hub"
    }

    fn methods(&self, registry: &mut Registry) {
        registry.add::<RunRoot>();
    }
}

impl Handle for RunRoot {
    async fn handle(self, cx: &mut Call<'_>) -> Result<TaskId> {
        let arch = ArchList::parse_strict(&self.arch)?.to_string();
        if !matches!(self.command, Value::String(_) | Value::Array(_)) {
            let shown = python::str(&self.command);
            fail!("Invalid type for value '{shown}': {}", self.command.type_name());
        }
        let channel = self.channel.filter(|name| !name.is_empty()).unwrap_or_else(|| CHANNEL.into());
        let tag = tags::get(cx.db().await?, &self.tag_info, None).await?;
        let on = if arch == arch::NOARCH { arch_for_noarch(cx, &tag, &channel).await? } else { arch.clone() };
        let positional = vec![self.tag_info.into_value(), arch.into(), self.command];
        let params = Args { positional, named: self.opts.0 }.into_params();
        let task = NewTask {
            arch: Some(on),
            channel: Some(channel),
            priority: Some(PRIORITY),
            ..NewTask::new("runroot", params)
        };
        task.make(cx).await
    }
}

/// On which arch to run what may run on any: any at all if the tag has all arches that there are hosts for, else one of
/// the tag's for which the channel has a host.
async fn arch_for_noarch(cx: &mut Call<'_>, tag: &Tag, channel: &str) -> Result<String> {
    let of_tag: Vec<&str> = tag.arches.as_deref().unwrap_or_default().split_whitespace().collect();
    if of_tag.is_empty() {
        fail!("no arches defined for tag {}", tag.name);
    }
    let db = cx.db().await?;
    if hosts::all_arches(db).await?.iter().all(|arch| of_tag.contains(&arch.as_str())) {
        return Ok(arch::NOARCH.into());
    }
    let Some(found) = hosts::find_channel(db, &ChannelRef::Name(channel.to_owned())).await? else {
        fail!("No such channel: {channel}")
    };
    let filter = hosts::Filter { channel: Some(found.id), enabled: Some(true), ..hosts::Filter::default() };
    let listed = hosts::list(db, filter).await?;
    let served: BTreeSet<&str> = listed
        .iter()
        .flat_map(|host| host.arches.as_deref().unwrap_or_default().split_whitespace())
        .map(arch::canonical)
        .collect();
    let choices: Vec<&str> = of_tag.into_iter().filter(|arch| served.contains(arch)).collect();
    match choices.choose(&mut rand::rng()) {
        Some(arch) => Ok(arch::canonical(arch).to_owned()),
        None => fail!("no common arches for tag/channel: {}/{channel}", tag.name),
    }
}
