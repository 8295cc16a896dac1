//! The text of an answer, which goes out in pieces once it has grown long.

use bytes::Bytes;
use koji_core::xmlrpc::{Value, Writer, to_value};
use serde::Serialize;
use tokio::sync::mpsc::Sender;

use crate::call::Call;
use crate::error::fail;
use crate::{Error, Result};

/// How long a piece is, in bytes: with its reserve less than the 64 KiB from which on memory is costly to take and to give back.
const PIECE: usize = 56 << 10;
/// Up to which length an answer is kept until it is whole, so that its length can be said first.
const KEPT: usize = 1 << 20;

/// The text of an answer. What was put in last may be taken back, unless it goes out in pieces.
#[derive(Default)]
pub(crate) struct Body {
    text: String,
    full: Vec<Bytes>,
    kept: usize,
    pieces: Option<Sender<Result<Bytes>>>,
    begun: bool,
}

impl Body {
    /// One that is kept until it is whole.
    pub(crate) fn new() -> Self {
        Body { text: String::with_capacity(1024), ..Body::default() }
    }

    /// One that goes out in pieces when it grows long.
    pub(crate) fn in_pieces(pieces: Sender<Result<Bytes>>) -> Self {
        Body { pieces: Some(pieces), ..Body::new() }
    }

    /// The text, of which what went out is no longer a part.
    pub(crate) fn text(&mut self) -> &mut String {
        &mut self.text
    }

    /// The text of one that is kept.
    pub(crate) fn into_text(self) -> String {
        self.text
    }

    /// Cuts off a piece.
    fn cut(&mut self) {
        let piece = std::mem::take(&mut self.text);
        self.kept += piece.len();
        self.full.push(piece.into());
    }

    /// Adds a row of a list.
    fn row<T: Serialize>(&mut self, row: &T) -> Result<()> {
        if self.pieces.is_some() && self.text.len() >= PIECE {
            self.cut();
            self.text.reserve(PIECE + PIECE / 8);
        }
        Ok(Writer::new(&mut self.text).value(row)?)
    }

    /// Whether there is more than is kept.
    fn is_long(&self) -> bool {
        self.begun || self.kept > KEPT
    }

    /// Sends what has been cut off.
    async fn send(&mut self) -> Result<()> {
        self.begun = true;
        for piece in self.full.drain(..) {
            if let Some(pieces) = &self.pieces
                && pieces.send(Ok(piece)).await.is_err()
            {
                fail!("the caller went away");
            }
        }
        Ok(())
    }

    /// Ends it: all its pieces, if none has gone out yet.
    pub(crate) async fn end(mut self) -> Result<Option<Vec<Bytes>>> {
        self.cut();
        if self.begun {
            self.send().await?;
            return Ok(None);
        }
        Ok(Some(self.full))
    }

    /// Ends it with an error, of which the caller hears when nothing has gone out; else it is broken off.
    pub(crate) async fn break_off(self, error: Error) -> Result<()> {
        match self.pieces {
            Some(pieces) if self.begun => {
                tracing::warn!(%error, "an answer was broken off");
                // when nobody listens any more, nobody need hear
                let _ = pieces.send(Err(error)).await;
                Ok(())
            }
            _ => Err(error),
        }
    }
}

/// Takes the rows of a long list one by one.
pub struct RowSink<'a>(Sink<'a>);

enum Sink<'a> {
    /// Into the answer's text.
    Text(&'a mut Body),
    /// Kept as values.
    Values(&'a mut Vec<Value>),
}

impl<'a> RowSink<'a> {
    pub(crate) fn text(body: &'a mut Body) -> Self {
        RowSink(Sink::Text(body))
    }

    pub(crate) fn values(rows: &'a mut Vec<Value>) -> Self {
        RowSink(Sink::Values(rows))
    }

    /// Adds a row.
    pub fn push<T: Serialize>(&mut self, row: &T) -> Result<()> {
        match &mut self.0 {
            Sink::Text(body) => body.row(row)?,
            Sink::Values(rows) => rows.push(to_value(row)?),
        }
        Ok(())
    }

    /// Lets go out what has come together. It may take as long as the caller likes, so that nothing may be held meanwhile:
    /// the connection to the database is given back.
    pub async fn give(&mut self, cx: &mut Call<'_>) -> Result<()> {
        match &mut self.0 {
            Sink::Text(body) if body.is_long() => {
                cx.release().await?;
                body.send().await
            }
            _ => Ok(()),
        }
    }
}
