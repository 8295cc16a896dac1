//! Where a new task goes, and how urgent it is: what the policies `channel` and `priority` say.

use koji_core::xmlrpc::Struct;

use crate::Result;
use crate::call::Call;

/// The channel of a new task.
pub(super) enum Channel {
    /// The one of that name.
    Named(String),
    /// The one that was asked for.
    Requested,
    /// The parent's.
    Parent,
}

/// The channel by Koji's own rules: the one asked for, else the parent's, else the default one.
pub(super) async fn channel(_: &mut Call<'_>, data: &Struct) -> Result<Channel> {
    Ok(match (data.get("req_channel"), data.get("parent")) {
        (Some(_), _) => Channel::Requested,
        (None, Some(parent)) if parent.is_truthy() => Channel::Parent,
        _ => Channel::Named("default".into()),
    })
}
