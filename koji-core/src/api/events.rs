//! Events: the order of all changes.

use super::method::methods;
use crate::ids::EventId;
use crate::model::Event;
use crate::xmlrpc::Value;

methods! {
    /// Looks up an event.
    [Anyone, Read] "getEvent" => GetEvent(id: EventId, strict: bool = true) -> Option<Event>;
    /// The last event, or the last before a moment in seconds since 1970.
    [Anyone, Read] "getLastEvent" => GetLastEvent(before: Option<Value> = None, strict: bool = true) -> Option<Event>;
}
