//! `--event`, `--ts` and `--repo`: at which moment a command looks.

use koji_core::api::events::{GetEvent, GetLastEvent};
use koji_core::api::repos::RepoInfo;
use koji_core::ids::{EventId, RepoId};
use koji_core::model::Event;

use crate::context::Context;
use crate::exit::Stop;
use crate::optparse::{Opt, Parsed, Parser};
use crate::output::time;
use crate::say;

/// The options.
pub struct EventOptions {
    event: Opt<Option<i64>>,
    ts: Opt<Option<i64>>,
    repo: Opt<Option<i64>>,
}

impl EventOptions {
    /// Declares the options.
    pub fn declare(p: &mut Parser) -> Self {
        Self {
            event: p.int(&["--event"], "EVENT#", "query at event"),
            ts: p.int(&["--ts"], "TIMESTAMP", "query at last event before timestamp"),
            repo: p.int(&["--repo"], "REPO#", "query at event for a repo"),
        }
    }

    /// The event that the options mean; none for now.
    pub async fn resolve(&self, cx: &Context, o: &Parsed) -> Result<Option<Event>, Stop> {
        if let Some(id) = o.get(self.event).filter(|id| *id != 0) {
            return Ok(cx.session.call(GetEvent::new(EventId(int32(id)?))).await?);
        }
        if let Some(ts) = o.get(self.ts) {
            return Ok(cx.session.call(GetLastEvent::new().before(ts as f64)).await?);
        }
        if let Some(id) = o.get(self.repo) {
            let repo = cx.session.call(RepoInfo::new(RepoId(int32(id)?)).strict(true)).await?;
            return Ok(repo.map(|repo| Event { id: repo.create_event, ts: repo.create_ts }));
        }
        Ok(None)
    }

    /// As [`resolve`](Self::resolve), and says which event it is: its id.
    pub async fn announce(&self, cx: &Context, o: &Parsed, quiet: bool) -> Result<Option<EventId>, Stop> {
        let event = self.resolve(cx, o).await?;
        if let Some(event) = event.as_ref().filter(|_| !quiet) {
            say!("Querying at event {} ({})", event.id, time::asctime(event.ts));
        }
        Ok(event.map(|event| event.id))
    }
}

/// An id as the hub has it.
pub fn int32(id: i64) -> Result<i32, Stop> {
    i32::try_from(id).map_err(|_| Stop::generic(format!("{id} is no id")))
}
