use koji_core::api::HostRef;
use koji_core::api::hosts::*;
use koji_core::api::query::Rows;
use koji_core::ids::{ChannelId, HostId};
use koji_core::model::{Channel, Host};
use koji_core::xmlrpc::{Struct, Value};

use crate::call::Call;
use crate::error::fail;
use crate::registry::{Handle, Registry};
use crate::{Result, hosts, names, users};

pub(super) fn register(r: &mut Registry) {
    r.add::<AddHost>()
        .add::<EditHost>()
        .add::<EnableHost>()
        .add::<DisableHost>()
        .add::<GetHost>()
        .add::<ListHosts>()
        .add::<GetLastHostUpdate>()
        .add::<GetAllArches>()
        .add::<GetChannel>()
        .add::<ListChannels>()
        .add::<AddChannel>()
        .add::<EditChannel>()
        .add::<RenameChannel>()
        .add::<EnableChannel>()
        .add::<DisableChannel>()
        .add::<AddHostToChannel>()
        .add::<RemoveHostFromChannel>();
}

impl Handle for AddHost {
    async fn handle(self, cx: &mut Call<'_>) -> Result<HostId> {
        hosts::add(cx, &self.hostname.0, self.arches, self.krb_principal, self.force).await
    }
}

impl Handle for EditHost {
    async fn handle(self, cx: &mut Call<'_>) -> Result<bool> {
        hosts::edit(cx, &self.host_info, self.changes.0).await
    }
}

impl Handle for EnableHost {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        hosts::set_enabled(cx, &self.hostname, true).await
    }
}

impl Handle for DisableHost {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        hosts::set_enabled(cx, &self.hostname, false).await
    }
}

impl Handle for GetHost {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Option<Host>> {
        let db = cx.db().await?;
        if self.strict {
            return Ok(Some(hosts::get(db, &self.host_info, self.event).await?));
        }
        hosts::find(db, &self.host_info, self.event).await
    }
}

impl Handle for ListHosts {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Rows<Host>> {
        let arches = self.arches.map(|arches| arches.0);
        if arches.as_ref().is_some_and(|arches| arches.iter().all(String::is_empty)) {
            fail!("arches option cannot be empty");
        }
        let mut filter = hosts::Filter { arches, ready: self.ready, enabled: self.enabled, ..Default::default() };
        if let Some(channel) = &self.channel_id {
            filter.channel = Some(names::get(cx.db().await?, channel).await?.0);
        }
        if let Some(user) = &self.user_id {
            filter.user = Some(users::get_for(cx, user).await?.id);
        }
        // Koji takes queryOpts here, and does not look at them
        Ok(Rows::List(hosts::list(cx.db().await?, filter).await?))
    }
}

impl Handle for GetLastHostUpdate {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Value> {
        let db = cx.db().await?;
        let host = match &self.host_id.0 {
            None => return Ok(Value::Nil),
            Some(HostRef::Id(id)) => *id,
            Some(name) => hosts::get(db, name, None).await?.id,
        };
        Ok(match hosts::last_update(db, host).await? {
            None => Value::Nil,
            Some(time) if self.ts => time.as_secs_f64().into(),
            Some(time) => time.to_string().into(),
        })
    }
}

impl Handle for GetAllArches {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Vec<String>> {
        hosts::all_arches(cx.db().await?).await
    }
}

impl Handle for GetChannel {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Option<Channel>> {
        match hosts::find_channel(cx.db().await?, &self.channel_info).await? {
            None if self.strict => fail!("query returned no rows"),
            found => Ok(found),
        }
    }
}

impl Handle for ListChannels {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Vec<Channel>> {
        let db = cx.db().await?;
        let host = match self.host_id.as_ref().filter(|host| host.is_truthy()) {
            None => None,
            Some(HostRef::Id(id)) => Some(*id),
            Some(name) => Some(hosts::get(db, name, None).await?.id),
        };
        if host.is_none() && self.event.is_some_and(|event| event.0 != 0) {
            fail!("list_channels with event and not host is not allowed.");
        }
        hosts::channels(db, host, self.event, self.enabled).await
    }
}

impl Handle for AddChannel {
    async fn handle(self, cx: &mut Call<'_>) -> Result<ChannelId> {
        hosts::add_channel(cx, &self.channel_name.0, self.description.as_deref()).await
    }
}

impl Handle for EditChannel {
    async fn handle(self, cx: &mut Call<'_>) -> Result<bool> {
        hosts::edit_channel(cx, &self.channel_info, self.changes.0).await
    }
}

impl Handle for RenameChannel {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        let changes: Struct = [("name", self.name)].into_iter().collect();
        hosts::edit_channel(cx, &self.channel, changes).await?;
        Ok(())
    }
}

impl Handle for EnableChannel {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        hosts::set_channel_enabled(cx.db().await?, &self.channel, true, self.comment.as_deref()).await
    }
}

impl Handle for DisableChannel {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        hosts::set_channel_enabled(cx.db().await?, &self.channel, false, self.comment.as_deref()).await
    }
}

impl Handle for AddHostToChannel {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        hosts::add_to_channel(cx, &self.hostname, &self.channel_name, self.create, self.force).await
    }
}

impl Handle for RemoveHostFromChannel {
    async fn handle(self, cx: &mut Call<'_>) -> Result<()> {
        hosts::remove_from_channel(cx, &self.hostname, &self.channel_name).await
    }
}
