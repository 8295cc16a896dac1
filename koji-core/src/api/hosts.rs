//! Builder hosts and channels.

use super::method::methods;
use super::query::Rows;
use super::{ChannelRef, HostRef, KwArgs, MaybeRef, NewName, OneOrMany, QueryOpts, UserRef};
use crate::ids::{ChannelId, EventId, HostId};
use crate::model::{Channel, Host};
use crate::xmlrpc::Value;

methods! {
    /// Registers a host, in the channel `default`.
    [Permission("host"), Write] "addHost" => AddHost(hostname: NewName, arches: Value, krb_principal: Option<String> = None, force: bool = false) -> HostId;
    /// Changes a host: `arches`, `capacity`, `description`, `comment`. Says whether anything changed.
    [Permission("host"), Write] "editHost" => EditHost(host_info "hostInfo": HostRef, changes "kw": KwArgs = KwArgs::default()) -> bool;
    /// Lets a host have tasks.
    [Permission("host"), Write] "enableHost" => EnableHost(hostname: HostRef) -> ();
    /// Gives a host no more tasks.
    [Permission("host"), Write] "disableHost" => DisableHost(hostname: HostRef) -> ();
    /// Looks up a host.
    [Anyone, Read] "getHost" => GetHost(host_info "hostInfo": HostRef, strict: bool = false, event: Option<EventId> = None) -> Option<Host>;
    /// Lists hosts.
    [Anyone, Read] "listHosts" => ListHosts(arches: Option<OneOrMany<String>> = None, channel_id "channelID": Option<ChannelRef> = None, ready: Option<bool> = None, enabled: Option<bool> = None, user_id "userID": Option<UserRef> = None, query_opts "queryOpts": Option<QueryOpts> = None) -> Rows<Host>;
    /// When a host last called: a text, or seconds since 1970 with `ts`.
    [Anyone, Read] "getLastHostUpdate" => GetLastHostUpdate(host_id "hostID": MaybeRef<HostId>, ts: bool = false) -> Value;
    /// The arches that there are hosts for.
    [Anyone, Read] "getAllArches" => GetAllArches() -> Vec<String>;
    /// Looks up a channel.
    [Anyone, Read] "getChannel" => GetChannel(channel_info "channelInfo": ChannelRef, strict: bool = false) -> Option<Channel>;
    /// Lists channels, of a host if one is given.
    [Anyone, Read] "listChannels" => ListChannels(host_id "hostID": Option<HostRef> = None, event: Option<EventId> = None, enabled: Option<bool> = None) -> Vec<Channel>;
    /// Makes a channel.
    [Permission("admin"), Write] "addChannel" => AddChannel(channel_name: NewName, description: Option<String> = None) -> ChannelId;
    /// Changes a channel: `name`, `description`, `comment`. Says whether anything changed.
    [Permission("admin"), Write] "editChannel" => EditChannel(channel_info "channelInfo": ChannelRef, changes "kw": KwArgs = KwArgs::default()) -> bool;
    /// Renames a channel.
    [Permission("admin"), Write] "renameChannel" => RenameChannel(channel "old": ChannelRef, name "new": String) -> ();
    /// Has tasks given out in a channel.
    [Permission("host"), Write] "enableChannel" => EnableChannel(channel "channelname": ChannelRef, comment: Option<String> = None) -> ();
    /// Has no tasks given out in a channel.
    [Permission("host"), Write] "disableChannel" => DisableChannel(channel "channelname": ChannelRef, comment: Option<String> = None) -> ();
    /// Puts a host in a channel.
    [Permission("host"), Write] "addHostToChannel" => AddHostToChannel(hostname: HostRef, channel_name: ChannelRef, create: bool = false, force: bool = false) -> ();
    /// Takes a host out of a channel.
    [Permission("host"), Write] "removeHostFromChannel" => RemoveHostFromChannel(hostname: HostRef, channel_name: ChannelRef) -> ();
}
