//! Builder hosts, and the channels that they take tasks from.

mod channels;
mod edit;

use koji_core::api::HostRef;
use koji_core::arch;
use koji_core::ids::{ChannelId, EventId, HostId, UserId};
use koji_core::model::Host;
use koji_core::time::Timestamp;

pub(crate) use channels::{
    add_channel, add_to_channel, channels, edit_channel, find_channel, remove_from_channel, set_channel_enabled,
};
pub(crate) use edit::{add, edit, set_enabled};

use crate::Result;
use crate::db::{Conn, Select, args};
use crate::error::fail;

fn query<'a>(event: Option<EventId>) -> Select<'a> {
    Select::from("host_config AS c")
        .columns(&[
            ("host.id", "id"),
            ("host.user_id", "user_id"),
            ("host.name", "name"),
            ("host.update_time", "update_ts"),
            ("host.ready", "ready"),
            ("host.task_load", "task_load"),
            ("c.arches", "arches"),
            ("c.capacity", "capacity"),
            ("c.description", "description"),
            ("c.comment", "comment"),
            ("c.enabled", "enabled"),
        ])
        .join("JOIN host ON host.id = c.host_id")
        .at("c", event)
        .order_by("c.create_event")
        .order_by("host.id")
}

/// The host that is meant, now or at an event.
pub(crate) async fn find(db: &mut Conn, which: &HostRef, event: Option<EventId>) -> Result<Option<Host>> {
    let query = match which {
        HostRef::Id(id) => query(event).filter("host.id = $1", args![*id]),
        HostRef::Name(name) => query(event).filter("host.name = $1", args![name.as_str()]),
    };
    Ok(query.fetch_optional(db).await?)
}

/// The host that is meant, now or at an event; a fault if there is none.
pub(crate) async fn get(db: &mut Conn, which: &HostRef, event: Option<EventId>) -> Result<Host> {
    match find(db, which, event).await? {
        Some(host) => Ok(host),
        None => fail!("Invalid hostInfo: {}", which.text()),
    }
}

/// Which hosts are listed.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    /// Those with any of these arches.
    pub arches: Option<Vec<String>>,
    pub channel: Option<ChannelId>,
    pub ready: Option<bool>,
    pub enabled: Option<bool>,
    pub user: Option<UserId>,
}

/// Lists hosts.
pub(crate) async fn list(db: &mut Conn, filter: Filter) -> Result<Vec<Host>> {
    let mut query = query(None);
    if let Some(channel) = filter.channel {
        query = query
            .join("JOIN host_channels AS hc ON hc.host_id = host.id")
            .filter("hc.channel_id = $1", args![channel])
            .at("hc", None);
    }
    if let Some(ready) = filter.ready {
        query = query.filter("host.ready = $1", args![ready]);
    }
    if let Some(enabled) = filter.enabled {
        query = query.filter("c.enabled = $1", args![enabled]);
    }
    if let Some(user) = filter.user {
        query = query.filter("host.user_id = $1", args![user]);
    }
    let mut hosts: Vec<Host> = query.fetch_all(db).await?;
    if let Some(arches) = filter.arches {
        let wanted = |arch: &str| arches.iter().any(|wanted| wanted == arch);
        hosts.retain(|host| host.arches.as_deref().unwrap_or_default().split_whitespace().any(wanted));
    }
    Ok(hosts)
}

/// When the host's user last called.
pub(crate) async fn last_update(db: &mut Conn, host: HostId) -> Result<Option<Timestamp>> {
    let sql = "SELECT MAX(s.update_time) FROM sessions s JOIN host ON host.user_id = s.user_id WHERE host.id = $1";
    Ok(db.fetch_scalar(sql, args![host]).await?)
}

/// The canonical arches that there are hosts for.
pub(crate) async fn all_arches(db: &mut Conn) -> Result<Vec<String>> {
    let lists: Vec<Option<String>> =
        db.fetch_scalars("SELECT arches FROM host_config WHERE active = TRUE ORDER BY create_event", args![]).await?;
    let mut arches: Vec<String> = Vec::new();
    for name in lists.iter().flatten().flat_map(|list| list.split_whitespace()).map(arch::canonical) {
        if !arches.iter().any(|arch| arch == name) {
            arches.push(name.to_owned());
        }
    }
    Ok(arches)
}
