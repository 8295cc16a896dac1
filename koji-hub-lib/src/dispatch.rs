//! From a request's text to its answer: one method, or many in a multicall.

use bytes::Bytes;
use koji_core::api::{Args, Mode};
use koji_core::fault::{Fault, FaultKind};
use koji_core::xmlrpc::{self, Value, Writer};
use tokio::sync::mpsc::Sender;

use crate::body::Body;
use crate::call::{Call, Client, Prepared};
use crate::error::fail;
use crate::registry::{Answer, Entry};
use crate::session::{self, Credentials, Session};
use crate::{Error, Hub, Result};

/// A request as it came in.
#[derive(Debug)]
pub struct Request {
    /// The method; none in a document that is no call.
    pub method: Option<String>,
    /// Its parameters.
    pub params: Vec<Value>,
    /// The session that it names.
    pub credentials: Option<Credentials>,
    /// Where it came from.
    pub client: Client,
}

/// How often a request is tried that others are in the way of.
const ATTEMPTS: usize = 8;

/// The methods that begin and end sessions: who loses one logs in again.
const FORGETTABLE: [&str; 4] = ["login", "logout", "logoutChild", "subsession"];

/// A request that is ready to run.
enum Work {
    One(Entry, Args),
    Many(Vec<Value>),
}

impl Work {
    /// Whether it ends the session that it is asked for in.
    fn is_own_logout(&self, name: &str) -> bool {
        matches!(self, Work::One(_, args) if name == "logout" && args.positional.is_empty() && args.named.is_empty())
    }
}

impl Hub {
    /// Answers a request with an XML-RPC document.
    pub async fn answer(&self, request: Request) -> String {
        let mut body = Body::new();
        match self.write_answer(request, &mut body).await {
            Ok(()) => body.into_text(),
            Err(e) => xmlrpc::write_fault(&e.into_fault()),
        }
    }

    /// Answers a request, of which the answer may grow long: with all of it, or with nothing when it went out in pieces.
    pub(crate) async fn answer_in_pieces(&self, request: Request, pieces: Sender<Result<Bytes>>) -> Option<Vec<Bytes>> {
        let mut body = Body::in_pieces(pieces);
        let ended = match self.write_answer(request, &mut body).await {
            Ok(()) => body.end().await,
            Err(e) => body.break_off(e).await.map(|()| None),
        };
        ended.unwrap_or_else(|e| Some(vec![xmlrpc::write_fault(&e.into_fault()).into()]))
    }

    async fn write_answer(&self, request: Request, body: &mut Body) -> Result<()> {
        let method = request.method.clone();
        Writer::new(body.text()).raw("<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n");
        let done = self.run(request, body).await;
        match &done {
            Ok(()) => body.text().push_str("</param>\n</params>\n</methodResponse>\n"),
            Err(error) => tracing::debug!(method = method.as_deref(), %error, "fault"),
        }
        done
    }

    /// Whether a method's answer may grow long, and go out in pieces.
    pub(crate) fn answers_in_rows(&self, method: &str) -> bool {
        self.registry().get(method).is_some_and(|entry| entry.in_rows)
    }

    /// Whether the request does nothing but wait and read, so that it may be dropped when its caller goes away.
    pub(crate) fn is_droppable(&self, method: &str, params: &[Value]) -> bool {
        !is_multicall(method) && self.registry().mode(method, params) != Mode::Write
    }

    async fn run(&self, request: Request, out: &mut Body) -> Result<()> {
        if let Some(message) = &self.config().offline {
            fail!(ServerOffline, "{message}");
        }
        let name = request.method.as_deref().unwrap_or("None");
        let mode = self.registry().mode(name, &request.params);
        let work = if is_multicall(name) {
            Work::Many(calls(request.params)?)
        } else {
            Work::One(*self.entry(name)?, Args::from_params(request.params))
        };
        let session = session::authenticate(self, request.credentials.as_ref(), &request.client, name).await?;
        let writes = match &work {
            Work::One(..) => mode == Mode::Write,
            // its number is always stored, so that it is not done twice
            Work::Many(calls) => session.as_ref().is_some_and(|s| s.callnum.is_some()) || self.any_writes(calls),
        };
        if !writes {
            let mut cx = Call::new(self, session, request.client, false);
            self.check_lockout(&mut cx, name).await?;
            let done = match work {
                Work::One(entry, args) => (entry.run)(args, &mut cx, Answer::Xml(out)).await,
                Work::Many(calls) => self.many(calls, &mut cx, out).await,
            };
            return end(&mut cx, done).await;
        }
        let prepared = match &work {
            Work::One(entry, args) => self.prepare(entry, args, session.clone(), &request.client).await,
            Work::Many(_) => Prepared::default(),
        };
        let done = self.write(name, &work, session, request.client, &prepared, out).await;
        if let Some(copy) = prepared.copy {
            // unless it has its place by now
            copy.discard(self.storage()).await;
        }
        done
    }

    /// Runs a request that writes, again and again if others are in the way of it.
    async fn write(
        &self,
        name: &str,
        work: &Work,
        session: Option<Session>,
        client: Client,
        prepared: &Prepared,
        out: &mut Body,
    ) -> Result<()> {
        let before = out.text().len();
        let mut attempt = 1;
        loop {
            let mut cx = Call::new(self, session.clone(), client.clone(), true).with_prepared(prepared.clone());
            if attempt == 1 {
                cx = cx.first_try();
            }
            if matches!(work, Work::One(..)) && FORGETTABLE.contains(&name) {
                cx = cx.forgettable();
            }
            match self.attempt(name, work, &mut cx, out).await {
                Ok(()) => return Ok(()),
                Err(e) if cx.is_retryable(&e) && attempt < ATTEMPTS => {
                    tracing::debug!(method = name, attempt, error = %e, "trying again");
                    out.text().truncate(before);
                    // apart from each other, the longer the oftener they met
                    let pause = rand::random_range(1..=10 * attempt as u64);
                    tokio::time::sleep(std::time::Duration::from_millis(pause)).await;
                    attempt += 1;
                }
                Err(e) => return Err(e),
            }
        }
    }

    /// Has a method prepare what it can before it writes.
    async fn prepare(&self, entry: &Entry, args: &Args, session: Option<Session>, client: &Client) -> Prepared {
        let Some(prepare) = entry.prepare else { return Prepared::default() };
        let mut cx = Call::new(self, session, client.clone(), false);
        let prepared = async {
            self.check_lockout(&mut cx, entry.info.name).await?;
            prepare(args.clone(), &mut cx).await
        };
        if let Err(e) = prepared.await {
            tracing::debug!(method = entry.info.name, error = %e, "not prepared");
        }
        cx.rollback().await;
        std::mem::take(cx.prepared())
    }

    async fn attempt(&self, name: &str, work: &Work, cx: &mut Call<'_>, out: &mut Body) -> Result<()> {
        let done = async {
            self.check_lockout(cx, name).await?;
            // a session that ends needs no number any more
            if !work.is_own_logout(name) {
                session::store_call_number(cx, name).await?;
            }
            match work {
                Work::One(entry, args) => (entry.run)(args.clone(), cx, Answer::Xml(out)).await,
                Work::Many(calls) => self.many(calls.clone(), cx, out).await,
            }
        }
        .await;
        end(cx, done).await
    }

    fn entry(&self, name: &str) -> Result<&Entry> {
        self.registry().get(name).ok_or_else(|| Error::generic(format!("Invalid method: {name}")))
    }

    fn any_writes(&self, calls: &[Value]) -> bool {
        calls.iter().any(|call| {
            let part = |name| call.as_struct().and_then(|call| call.get(name));
            let params = part("params").and_then(Value::as_array).unwrap_or_default();
            match part("methodName").and_then(Value::as_str) {
                Some(name) => is_multicall(name) || self.registry().mode(name, params) == Mode::Write,
                None => false,
            }
        })
    }

    async fn check_lockout(&self, cx: &mut Call<'_>, name: &str) -> Result<()> {
        if !self.config().lock_out || matches!(name, "login" | "sslLogin" | "logout") || cx.has_perm("admin").await? {
            return Ok(());
        }
        fail!(ServerOffline, "Server disabled for maintenance")
    }

    /// Answers each call: a list of its result alone, or a struct of its fault.
    async fn many(&self, calls: Vec<Value>, cx: &mut Call<'_>, out: &mut Body) -> Result<()> {
        out.text().push_str("<value><array><data>\n");
        for call in calls {
            let before = out.text().len();
            let mark = cx.mark();
            let transaction = cx.db().await?.is_tx();
            if transaction {
                cx.db().await?.savepoint("multicall").await?;
            }
            out.text().push_str("<value><array><data>\n");
            match Box::pin(self.inner(call, cx, out)).await {
                Ok(()) => {
                    out.text().push_str("</data></array></value>\n");
                    if transaction {
                        cx.db().await?.release("multicall").await?;
                    }
                }
                Err(e) if cx.is_retryable(&e) => return Err(e),
                Err(e) => {
                    if transaction {
                        cx.db().await?.rollback_to("multicall").await?;
                    }
                    cx.undo_since(mark).await;
                    out.text().truncate(before);
                    Writer::new(out.text()).value(&Refused::from(e.into_fault()))?;
                }
            }
            cx.next_event();
        }
        out.text().push_str("</data></array></value>\n");
        Ok(())
    }

    async fn inner(&self, call: Value, cx: &mut Call<'_>, out: &mut Body) -> Result<()> {
        let Value::Struct(mut call) = call else { fail!(Parameter, "a call must be a struct") };
        let Some(Value::String(name)) = call.remove("methodName") else {
            fail!(Parameter, "a call without methodName")
        };
        let Some(Value::Array(params)) = call.remove("params") else { fail!(Parameter, "a call without params") };
        if is_multicall(&name) {
            return self.many(calls(params)?, cx, out).await;
        }
        let entry = self.entry(&name)?;
        if self.registry().mode(&name, &params) == Mode::Wait {
            fail!(Parameter, "{name} waits, and cannot be part of a multicall");
        }
        self.check_lockout(cx, &name).await?;
        (entry.run)(Args::from_params(params), cx, Answer::Xml(out)).await
    }
}

/// Keeps what a request changed, or undoes it.
async fn end(cx: &mut Call<'_>, done: Result<()>) -> Result<()> {
    match done {
        Ok(()) => cx.commit().await,
        Err(e) => {
            cx.rollback().await;
            Err(e)
        }
    }
}

fn is_multicall(name: &str) -> bool {
    matches!(name, "multiCall" | "system.multicall")
}

/// The calls of a multicall.
fn calls(params: Vec<Value>) -> Result<Vec<Value>> {
    let mut args = Args::from_params(params);
    match args.named.remove("calls").or_else(|| args.positional.pop()) {
        Some(Value::Array(calls)) if args.positional.is_empty() => Ok(calls),
        Some(Value::Struct(s)) if s.is_empty() && args.positional.is_empty() => Ok(Vec::new()),
        _ => Err(Error::fault(FaultKind::Parameter, "multiCall() takes one list of calls")),
    }
}

/// A fault inside a multicall's answer.
#[derive(serde::Serialize)]
struct Refused {
    #[serde(rename = "faultCode")]
    code: i32,
    #[serde(rename = "faultString")]
    message: String,
    traceback: Vec<String>,
}

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Self {
        Refused { code: fault.code, message: fault.message, traceback: Vec::new() }
    }
}
