//! The hub's methods: how a call finds its handler.

use std::collections::BTreeMap;

use futures_util::future::BoxFuture;
use koji_core::api::results::{Count, CountAndFilterResults, FilterResults};
use koji_core::api::{Args, ArgsError, Method, MethodInfo, Mode, ParamInfo};
use koji_core::fault::Fault;
use koji_core::xmlrpc::{Value, Writer, to_value};
use serde::Serialize;

use crate::Result;
use crate::body::Body;
pub use crate::body::RowSink;
use crate::call::Call;

/// The hub's side of a method.
pub trait Handle: Method {
    /// Does what the method says. Access has been checked as the definition has it; the transaction is committed
    /// afterwards, or rolled back after an error.
    fn handle(self, cx: &mut Call<'_>) -> impl Future<Output = Result<Self::Output>> + Send;
}

/// The hub's side of a method that has much to read or to copy.
pub(crate) trait Prepare: Handle {
    /// Reads or copies files ([`Call::prepared`]) before the transaction begins, for whose end others may have to wait.
    /// Access has been checked as the definition has it; whatever else is wrong is left to [`Handle::handle`] to find. Of a
    /// call inside a multicall nothing is prepared.
    fn prepare(self, cx: &mut Call<'_>) -> impl Future<Output = Result<()>> + Send;
}

/// The hub's side of a method whose answer is a list that may grow long: its rows go out as they are found.
pub trait HandleRows: Method<Output = Vec<Self::Row>> {
    /// What the list is of.
    type Row: Serialize;

    /// As [`Handle::handle`], but for the rows, each of which goes into `rows`.
    fn handle_rows(self, cx: &mut Call<'_>, rows: &mut RowSink<'_>) -> impl Future<Output = Result<()>> + Send;
}

/// Where an answer goes: straight into the response's text, or kept as a value.
pub(crate) enum Answer<'a> {
    /// Appended as a `<value>`.
    Xml(&'a mut Body),
    /// Kept.
    Value(&'a mut Value),
}

impl Answer<'_> {
    fn put<T: Serialize>(&mut self, value: &T) -> Result<()> {
        match self {
            Answer::Xml(out) => Writer::new(out.text()).value(value)?,
            Answer::Value(out) => **out = to_value(value)?,
        }
        Ok(())
    }
}

/// Runs a method with what it was called with.
pub(crate) type Run = for<'a> fn(Args, &'a mut Call<'_>, Answer<'a>) -> BoxFuture<'a, Result<()>>;

/// Prepares a method with what it is called with.
pub(crate) type Ready = for<'a> fn(Args, &'a mut Call<'_>) -> BoxFuture<'a, Result<()>>;

/// A method that the hub has.
#[derive(Clone, Copy)]
pub struct Entry {
    /// What is known of it.
    pub info: MethodInfo,
    /// Its parameters.
    pub params: fn() -> Vec<ParamInfo>,
    /// Whether its answer is a list that may grow long.
    pub(crate) in_rows: bool,
    pub(crate) run: Run,
    /// What is done before the transaction, if anything is.
    pub(crate) prepare: Option<Ready>,
}

impl Entry {
    fn new<M: Method>(run: Run) -> Self {
        Entry { info: M::INFO, params: M::params, in_rows: false, run, prepare: None }
    }
}

/// The methods that call another, which is their first parameter; none of these.
pub(crate) const RESULTS: [&str; 3] = [Count::INFO.name, FilterResults::INFO.name, CountAndFilterResults::INFO.name];

/// All methods by name.
#[derive(Default)]
pub struct Registry(BTreeMap<&'static str, Entry>);

impl Registry {
    /// Adds a method, in place of one of the same name.
    pub fn add<M: Handle>(&mut self) -> &mut Self {
        self.0.insert(M::INFO.name, Entry::new::<M>(run::<M>));
        self
    }

    /// Adds a method that has much to read or to copy, in place of one of the same name.
    pub(crate) fn add_prepared<M: Prepare>(&mut self) -> &mut Self {
        self.0.insert(M::INFO.name, Entry { prepare: Some(prepare::<M>), ..Entry::new::<M>(run::<M>) });
        self
    }

    /// Adds a method whose answer may grow long, in place of one of the same name.
    pub fn add_rows<M: HandleRows>(&mut self) -> &mut Self {
        self.0.insert(M::INFO.name, Entry { in_rows: true, ..Entry::new::<M>(run_rows::<M>) });
        self
    }

    /// The method of that name.
    pub fn get(&self, name: &str) -> Option<&Entry> {
        self.0.get(name)
    }

    /// Whether a call reads, writes or waits; that of one whose result is counted or cut is the call's inside.
    pub(crate) fn mode(&self, name: &str, params: &[Value]) -> Mode {
        let name = match params.first().map(Value::as_str) {
            Some(inner) if RESULTS.contains(&name) => inner,
            _ => Some(name),
        };
        // a name that was not found may be anywhere: of a call that writes, perhaps
        name.map_or(Mode::Write, |name| self.get(name).map_or(Mode::Read, |entry| entry.info.mode))
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.0.values()
    }
}

/// The request that a call makes, if its caller may: how many arguments there are is looked at first, as in Koji, and
/// what they are last.
async fn request<M: Method>(args: Args, cx: &mut Call<'_>) -> Result<M> {
    match M::from_args(args) {
        Err(ArgsError::Binding(fault)) => Err(fault.into()),
        request => {
            cx.check(M::INFO.access).await?;
            Ok(request.map_err(Fault::from)?)
        }
    }
}

fn run<'a, M: Handle>(args: Args, cx: &'a mut Call<'_>, mut answer: Answer<'a>) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        let request = request::<M>(args, cx).await?;
        let output = request.handle(cx).await?;
        if M::INFO.mode == Mode::Wait {
            cx.release().await?;
        }
        answer.put(&output)
    })
}

fn prepare<'a, M: Prepare>(args: Args, cx: &'a mut Call<'_>) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move { request::<M>(args, cx).await?.prepare(cx).await })
}

fn run_rows<'a, M: HandleRows>(args: Args, cx: &'a mut Call<'_>, answer: Answer<'a>) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        let request = request::<M>(args, cx).await?;
        match answer {
            Answer::Xml(body) => {
                body.text().push_str("<value><array><data>\n");
                request.handle_rows(cx, &mut RowSink::text(body)).await?;
                body.text().push_str("</data></array></value>\n");
            }
            Answer::Value(out) => {
                let mut rows = Vec::new();
                request.handle_rows(cx, &mut RowSink::values(&mut rows)).await?;
                *out = Value::Array(rows);
            }
        }
        Ok(())
    })
}
