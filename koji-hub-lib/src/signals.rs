//! Waking those who wait for a change.
//!
//! A request that changed something of a kind announces it once it is committed; whoever waits looks at the database
//! again. Waiting without a wake-up ends after a while too, since another hub on the same database may have been the one
//! that changed it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::watch;

/// A kind of change that is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// A task was made, assigned, freed, or ended; a host reported.
    Tasks,
    /// A repo or a request for one changed.
    Repos,
}

/// The hub's announcements.
#[derive(Debug)]
pub struct Signals {
    tasks: watch::Sender<u64>,
    repos: watch::Sender<u64>,
    /// How many builders wait for work.
    idle_builders: watch::Sender<usize>,
    stopping: AtomicBool,
}

/// How long a wait without a wake-up lasts before the database is looked at again.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

impl Signals {
    pub(crate) fn new() -> Self {
        Signals {
            tasks: watch::Sender::new(0),
            repos: watch::Sender::new(0),
            idle_builders: watch::Sender::new(0),
            stopping: AtomicBool::new(false),
        }
    }

    fn sender(&self, change: Change) -> &watch::Sender<u64> {
        match change {
            Change::Tasks => &self.tasks,
            Change::Repos => &self.repos,
        }
    }

    /// Wakes all who wait for the change.
    pub fn announce(&self, change: Change) {
        self.sender(change).send_modify(|n| *n += 1);
    }

    /// A builder waits for work, until the guard is dropped.
    pub(crate) fn builder_waits(&self) -> WaitingBuilder<'_> {
        self.idle_builders.send_modify(|n| *n += 1);
        WaitingBuilder(self)
    }

    /// Waits until there is a builder that waits for work.
    pub(crate) async fn idle_builder(&self) {
        // the sender is here: this does not fail
        let _ = self.idle_builders.subscribe().wait_for(|n| *n > 0).await;
    }

    /// Wakes all who wait, for good: the hub stops.
    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
        self.announce(Change::Tasks);
        self.announce(Change::Repos);
    }

    /// Whether the hub stops: a wait is over then.
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// Begins to listen; what is announced from now on wakes [`Listener::wait`].
    pub fn listen(&self, change: Change) -> Listener {
        Listener(self.sender(change).subscribe())
    }
}

/// A builder that waits for work.
#[derive(Debug)]
pub(crate) struct WaitingBuilder<'s>(&'s Signals);

impl Drop for WaitingBuilder<'_> {
    fn drop(&mut self) {
        self.0.idle_builders.send_modify(|n| *n -= 1);
    }
}

/// A place in the line of announcements.
#[derive(Debug)]
pub struct Listener(watch::Receiver<u64>);

impl Listener {
    /// Waits for an announcement since the last wait, or until it is time to look again, or until the deadline: false
    /// then.
    pub async fn wait(&mut self, deadline: tokio::time::Instant) -> bool {
        let now = tokio::time::Instant::now();
        if now >= deadline {
            return false;
        }
        let until = deadline.min(now + LOOK_AGAIN);
        // an error is a hub that is gone: the next look at the database will tell
        let _ = tokio::time::timeout_at(until, self.0.changed()).await;
        true
    }
}
