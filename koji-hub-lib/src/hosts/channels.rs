//! Channels: groups of hosts for kinds of tasks.

use koji_core::api::{ChannelRef, HostRef};
use koji_core::ids::{ChannelId, EventId, HostId};
use koji_core::model::{Channel, Host};
use koji_core::xmlrpc::{Struct, Value};

use super::find;
use crate::call::Call;
use crate::db::{Conn, Select, args};
use crate::error::fail;
use crate::{Result, names};

fn query<'a>() -> Select<'a> {
    Select::from("channels").columns(&[
        ("channels.id", "id"),
        ("channels.name", "name"),
        ("channels.description", "description"),
        ("channels.enabled", "enabled"),
        ("channels.comment", "comment"),
    ])
}

/// The channel that is meant.
pub(crate) async fn find_channel(db: &mut Conn, which: &ChannelRef) -> Result<Option<Channel>> {
    let query = match which {
        ChannelRef::Id(id) => query().filter("channels.id = $1", args![*id]),
        ChannelRef::Name(name) => query().filter("channels.name = $1", args![name.as_str()]),
    };
    Ok(query.fetch_optional(db).await?)
}

/// Lists channels: all, or those that a host is in, now or at an event.
pub(crate) async fn channels(
    db: &mut Conn,
    host: Option<HostId>,
    event: Option<EventId>,
    enabled: Option<bool>,
) -> Result<Vec<Channel>> {
    let mut query = query();
    query = match host {
        None => query.order_by("channels.id"),
        Some(host) => query
            .join("JOIN host_channels AS hc ON hc.channel_id = channels.id")
            .filter("hc.host_id = $1", args![host])
            .at("hc", event)
            .order_by("channels.id"),
    };
    if let Some(enabled) = enabled {
        query = query.filter("channels.enabled = $1", args![enabled]);
    }
    Ok(query.fetch_all(db).await?)
}

async fn refuse_taken(db: &mut Conn, name: &str) -> Result<()> {
    if let Some(Channel { id, name, .. }) = find_channel(db, &name.into()).await? {
        fail!("channel {name} already exists (id={id})");
    }
    Ok(())
}

/// Makes a channel.
pub(crate) async fn add_channel(cx: &mut Call<'_>, name: &str, description: Option<&str>) -> Result<ChannelId> {
    names::check_internal(cx.hub().config(), name)?;
    let db = cx.db().await?;
    refuse_taken(db, name).await?;
    let sql = "INSERT INTO channels (name, description) VALUES ($1, $2) RETURNING id";
    Ok(db.fetch_scalar(sql, args![name, description]).await?)
}

/// Changes a channel's `name`, `description` or `comment`. Says whether anything changed.
pub(crate) async fn edit_channel(cx: &mut Call<'_>, which: &ChannelRef, mut changes: Struct) -> Result<bool> {
    let Some(old) = find_channel(cx.db().await?, which).await? else { fail!("query returned no rows") };
    let mut new = old.clone();
    if let Some(Value::String(name)) = changes.remove("name") {
        new.name = name;
    }
    for (name, slot) in [("description", &mut new.description), ("comment", &mut new.comment)] {
        match changes.remove(name) {
            None => {}
            Some(Value::String(text)) => *slot = Some(text),
            Some(Value::Nil) if slot.is_none() => {}
            Some(other) => fail!(
                Parameter,
                "Invalid type for value '{}': <class '{}'>, expected type <class 'str'>",
                koji_core::python::str(&other),
                other.type_name()
            ),
        }
    }
    if new == old {
        return Ok(false);
    }
    if new.name != old.name {
        names::check_internal(cx.hub().config(), &new.name)?;
        refuse_taken(cx.db().await?, &new.name).await?;
    }
    let sql = "UPDATE channels SET name = $2, description = $3, comment = $4 WHERE id = $1";
    cx.db().await?.execute(sql, args![old.id, new.name, new.description, new.comment]).await?;
    Ok(true)
}

/// Has tasks given out in a channel, or not; a comment says why.
pub(crate) async fn set_channel_enabled(
    db: &mut Conn,
    which: &ChannelRef,
    enabled: bool,
    comment: Option<&str>,
) -> Result<()> {
    let Some(channel) = find_channel(db, which).await? else { fail!("No such channel: {}", which.text()) };
    let comment = comment.map(str::to_owned).or(channel.comment);
    let sql = "UPDATE channels SET enabled = $2, comment = $3 WHERE id = $1";
    db.execute(sql, args![channel.id, enabled, comment]).await?;
    Ok(())
}

async fn host_and_channel(db: &mut Conn, host: &HostRef, channel: &ChannelRef) -> Result<(Host, Option<Channel>)> {
    let Some(host) = find(db, host, None).await? else { fail!("host does not exist: {}", host.text()) };
    Ok((host, find_channel(db, channel).await?))
}

async fn is_in(db: &mut Conn, host: HostId, channel: ChannelId) -> Result<bool> {
    let sql = "SELECT host_id FROM host_channels WHERE active = TRUE AND host_id = $1 AND channel_id = $2";
    let found: Option<HostId> = db.fetch_scalar_optional(sql, args![host, channel]).await?;
    Ok(found.is_some())
}

/// Puts a host in a channel. With `create` the channel is made if need be; a disabled one needs `force`.
pub(crate) async fn add_to_channel(
    cx: &mut Call<'_>,
    host: &HostRef,
    which: &ChannelRef,
    create: bool,
    force: bool,
) -> Result<()> {
    let (found_host, found) = host_and_channel(cx.db().await?, host, which).await?;
    if create {
        let ChannelRef::Name(name) = which else { fail!("Name should be string") };
        names::check_internal(cx.hub().config(), name)?;
    }
    let (channel, enabled) = match (found, which) {
        (Some(channel), _) => (channel.id, channel.enabled),
        (None, ChannelRef::Name(name)) if create => (names::get_or_make(cx.db().await?, name).await?, true),
        (None, _) => fail!("channel does not exist: {}", which.text()),
    };
    if !enabled && !force {
        fail!("channel {} is disabled", which.text());
    }
    if is_in(cx.db().await?, found_host.id, channel).await? {
        fail!("host {} is already subscribed to the {} channel", host.text(), which.text());
    }
    cx.insert_versioned("host_channels", vec![("host_id", found_host.id.into()), ("channel_id", channel.into())]).await
}

/// Takes a host out of a channel.
pub(crate) async fn remove_from_channel(cx: &mut Call<'_>, host: &HostRef, which: &ChannelRef) -> Result<()> {
    let (found_host, found) = host_and_channel(cx.db().await?, host, which).await?;
    let Some(channel) = found else { fail!("channel does not exist: {}", which.text()) };
    let key = vec![("host_id", found_host.id.into()), ("channel_id", channel.id.into())];
    if cx.revoke("host_channels", key).await? == 0 {
        fail!("host {} is not subscribed to the {} channel", host.text(), which.text());
    }
    Ok(())
}
