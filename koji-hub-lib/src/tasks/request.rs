//! What is stored of a task's request and result: XML-RPC documents, in old rows in base64.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use koji_core::fault::Fault;
use koji_core::ids::TaskId;
use koji_core::model::TaskState;
use koji_core::xmlrpc::{Document, Value};

use crate::Result;
use crate::db::{Conn, args};
use crate::error::fail;

/// The document's text.
pub(crate) fn text(stored: &str) -> Result<Cow<'_, str>> {
    let begin = stored.as_bytes();
    if begin[..begin.len().min(10)].windows(5).any(|w| w == b"<?xml") {
        return Ok(Cow::Borrowed(stored));
    }
    let decoded = STANDARD.decode(stored.split_ascii_whitespace().collect::<String>());
    match decoded.map(String::from_utf8) {
        Ok(Ok(text)) => Ok(Cow::Owned(text)),
        _ => fail!("a stored document is neither XML nor base64"),
    }
}

/// A request's arguments.
pub(crate) fn params(stored: &str) -> Result<Vec<Value>> {
    match Document::read(text(stored)?.as_bytes())? {
        Document::Call(call) => Ok(call.params),
        Document::Response(v) => Ok(vec![v]),
        Document::Fault(f) => Err(f.into()),
    }
}

/// A result, or the fault that it is.
pub(crate) fn result(stored: &str) -> Result<Result<Value, Fault>> {
    Ok(match Document::read(text(stored)?.as_bytes())? {
        Document::Response(v) => Ok(v),
        Document::Fault(f) => Err(f),
        Document::Call(call) => Ok(call.params.into_iter().next().unwrap_or_default()),
    })
}

/// The arguments of a task.
pub(crate) async fn of_task(db: &mut Conn, task: TaskId) -> Result<Vec<Value>> {
    let stored: Option<Option<String>> =
        db.fetch_scalar_optional("SELECT request FROM task WHERE id = $1", args![task]).await?;
    match stored {
        None => fail!("No such task: {task}"),
        Some(stored) => params(&stored.unwrap_or_default()),
    }
}

/// The result of a task that has ended: its value, or the fault it failed with.
pub(crate) async fn result_of_task(db: &mut Conn, task: TaskId) -> Result<Result<Value, Fault>> {
    let row: Option<(TaskState, Option<String>)> =
        db.fetch_optional("SELECT state, result FROM task WHERE id = $1", args![task]).await?;
    let Some((state, stored)) = row else { fail!("No such task") };
    match state {
        TaskState::Canceled => fail!("Task {task} is canceled"),
        TaskState::Closed | TaskState::Failed => result(&stored.unwrap_or_default()),
        _ => fail!("Task {task} is not finished"),
    }
}
