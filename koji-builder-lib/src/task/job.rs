//! What the manager tells a task process: one line of JSON on its standard input.
//!
//! Further lines are `wake`, when a subtask may have ended. The end of the input means that the manager is gone.

use koji_core::model::{SessionKeys, Task};
use serde::{Deserialize, Serialize};

use crate::config::BuilderConfig;

/// The environment variable that says what the program is to be.
pub(crate) const ROLE: &str = "KOJI_BUILDER_ROLE";
/// Its value in a task process.
pub(crate) const ROLE_TASK: &str = "task";

/// A task, and all that is needed to do it.
#[derive(Serialize, Deserialize)]
pub(crate) struct Job {
    pub(crate) config: BuilderConfig,
    /// The login of the task's own session.
    pub(crate) session: SessionKeys,
    /// The task with its request.
    pub(crate) task: Task,
}

/// A line that wakes a task that waits.
pub(crate) const WAKE: &str = "wake";
