use koji_core::api::Param;
use koji_core::api::events::*;
use koji_core::model::Event;
use koji_core::time::Timestamp;

use crate::call::Call;
use crate::error::fail;
use crate::registry::{Handle, Registry};
use crate::{Result, events};

pub(super) fn register(r: &mut Registry) {
    r.add::<GetEvent>().add::<GetLastEvent>();
}

fn strictly(found: Option<Event>, strict: bool) -> Result<Option<Event>> {
    match found {
        None if strict => fail!("query returned no rows"),
        found => Ok(found),
    }
}

impl Handle for GetEvent {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Option<Event>> {
        strictly(events::find(cx.db().await?, self.id).await?, self.strict)
    }
}

impl Handle for GetLastEvent {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Option<Event>> {
        let before = match self.before {
            None => None,
            Some(value) => {
                let kind = value.type_name();
                let Ok(seconds) = f64::from_value(value) else { fail!("Invalid type for before: <class '{kind}'>") };
                Some(Timestamp::from_secs_f64(seconds))
            }
        };
        strictly(events::last(cx.db().await?, before).await?, self.strict)
    }
}
