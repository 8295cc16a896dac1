//! `shutdown`: ends the builder.

use koji_core::task::Shutdown;

use crate::manager::Request;
use crate::task::{TaskContext, TaskError, TaskHandler};

/// Asks the manager to stop. The task ends well, so that it does not end the next builder that would take it too.
pub(super) struct ShutdownHandler;

impl TaskHandler for ShutdownHandler {
    type Args = Shutdown;
    type Output = ();

    fn weight(&self) -> f64 {
        0.0
    }

    fn foreground(&self) -> bool {
        true
    }

    async fn run(&self, _args: Shutdown, cx: &TaskContext) -> Result<(), TaskError> {
        cx.manager()?.requests.send_replace(Request::Stop);
        Ok(())
    }
}
