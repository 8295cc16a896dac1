//! Where a new task goes, and how urgent it is: what the policies `channel` and `priority` say.

use koji_core::xmlrpc::Struct;

use crate::call::Call;
use crate::error::fail;
use crate::{Result, policy};

/// The channel of a new task.
pub(super) enum Channel {
    /// The one of that name.
    Named(String),
    /// The one that was asked for.
    Requested,
    /// The parent's.
    Parent,
}

/// The channel that the policy says; the default one if it says nothing.
pub(super) async fn channel(cx: &mut Call<'_>, data: &Struct) -> Result<Channel> {
    let Some(action) = policy::eval(cx, "channel", data).await? else { return Ok(Channel::Named("default".into())) };
    let words: Vec<&str> = action.split_whitespace().collect();
    match words.as_slice() {
        ["use", name, ..] => Ok(Channel::Named((*name).to_owned())),
        ["req", ..] => Ok(Channel::Requested),
        ["parent", ..] => Ok(Channel::Parent),
        _ => {
            tracing::error!(action, "the channel policy says what is no channel");
            fail!("invalid channel policy")
        }
    }
}

/// The priority that the policy makes of one.
pub(super) async fn priority(cx: &mut Call<'_>, data: &Struct, priority: i32) -> Result<i32> {
    let Some(action) = policy::eval(cx, "priority", data).await? else { return Ok(priority) };
    let words: Vec<&str> = action.split_whitespace().collect();
    let number = |text: &str| text.parse::<i32>().ok();
    let new = match words.as_slice() {
        ["stay", ..] => Some(priority),
        ["set", value, ..] => number(value),
        ["adjust", value, ..] => number(value).and_then(|by| priority.checked_add(by)),
        _ => None,
    };
    match new {
        Some(new) => Ok(new),
        None => {
            tracing::error!(action, "the priority policy says what is no priority");
            fail!("invalid priority policy")
        }
    }
}
