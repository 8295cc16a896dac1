//! Tasks.

use koji_core::ids::{HostId, TaskId};
use koji_core::model::TaskState;

use crate::Result;
use crate::db::{Conn, args};
use crate::error::fail;

/// A fault unless the task is open on the host.
pub(crate) async fn assert_host(db: &mut Conn, task: TaskId, host: HostId) -> Result<()> {
    let row: Option<(TaskState, Option<HostId>)> =
        db.fetch_optional("SELECT state, host_id FROM task WHERE id = $1", args![task]).await?;
    match row {
        Some((TaskState::Open, Some(on))) if on == host => Ok(()),
        _ => fail!(ActionNotAllowed, "host {host} does not own task {task}"),
    }
}
