use super::records;
use crate::ids::EventId;
use crate::time::EpochSeconds;

records! {
    /// An event: a point in the order of all changes (`getEvent`).
    Event {
        /// Its id.
        id: EventId,
        /// When it was.
        ts: EpochSeconds,
    }
}
