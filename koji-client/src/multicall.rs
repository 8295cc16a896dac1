//! Many calls in one request.

use std::marker::PhantomData;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use koji_core::api::Method;
use koji_core::fault::Fault;
use koji_core::xmlrpc::{Struct, Value, from_value};
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};
use crate::session::Session;

/// Collects calls and sends them in one request. At the hub they are one transaction, in which a call that fails
/// undoes only what it did itself.
///
/// ```no_run
/// # use koji_client::{Session, api::tags::GetTag};
/// # async fn example(session: &Session) -> Result<(), koji_client::Error> {
/// let mut m = session.multicall();
/// let tags: Vec<_> = ["f43", "f44"].map(|name| m.call(GetTag::new(name))).into();
/// m.run().await?;
/// for tag in tags {
///     println!("{:?}", tag.result()?);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct MultiCallSession<'a> {
    session: &'a Session,
    calls: Vec<Value>,
    slots: Vec<Slot>,
    strict: bool,
    batch: Option<usize>,
}

type Slot = Arc<Mutex<Option<Result<Value, Fault>>>>;

/// The result of a call in a batch, once that has run.
#[derive(Debug, Clone)]
pub struct VirtualCall<T> {
    method: String,
    slot: Slot,
    result: PhantomData<fn() -> T>,
}

impl Session {
    /// Begins a batch of calls.
    pub fn multicall(&self) -> MultiCallSession<'_> {
        MultiCallSession { session: self, calls: Vec::new(), slots: Vec::new(), strict: false, batch: None }
    }

    /// Makes many calls, each a method's name and its parameters, in one request: their results in the same order.
    pub async fn multi_call(&self, calls: Vec<(String, Vec<Value>)>) -> Result<Vec<Result<Value, Fault>>> {
        self.multi_call_values(calls.into_iter().map(|(method, params)| member(&method, params)).collect()).await
    }

    async fn multi_call_values(&self, calls: Vec<Value>) -> Result<Vec<Result<Value, Fault>>> {
        const METHOD: &str = "multiCall";
        let count = calls.len();
        if count == 0 {
            return Ok(Vec::new());
        }
        let answer = self.call_raw(METHOD, vec![Value::Array(calls)]).await?;
        let Value::Array(entries) = answer else {
            return Err(Error::unexpected(METHOD, format!("a list of results expected, not {}", answer.type_name())));
        };
        if entries.len() != count {
            return Err(Error::unexpected(METHOD, format!("{} results for {count} calls", entries.len())));
        }
        entries.into_iter().map(entry).collect()
    }
}

impl MultiCallSession<'_> {
    /// Makes the first fault of a call an error of [`run`](Self::run).
    #[must_use]
    pub fn strict(mut self, strict: bool) -> Self {
        self.strict = strict;
        self
    }

    /// Sends at most so many calls in a request. Each request is then a transaction of its own.
    #[must_use]
    pub fn batch(mut self, batch: usize) -> Self {
        self.batch = (batch > 0).then_some(batch);
        self
    }

    /// Adds a call.
    pub fn call<M: Method>(&mut self, method: M) -> VirtualCall<M::Output> {
        self.add(M::INFO.name, method.into_params())
    }

    /// Adds a call of any method by its name, with parameters by position.
    pub fn call_raw(&mut self, method: &str, params: Vec<Value>) -> VirtualCall<Value> {
        self.add(method, params)
    }

    fn add<T>(&mut self, method: &str, params: Vec<Value>) -> VirtualCall<T> {
        let slot = Slot::default();
        self.calls.push(member(method, params));
        self.slots.push(slot.clone());
        VirtualCall { method: method.to_owned(), slot, result: PhantomData }
    }

    /// How many calls wait to be sent.
    pub fn len(&self) -> usize {
        self.calls.len()
    }

    /// Whether no call waits to be sent.
    pub fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    /// Sends the calls that were added since the last time. If this fails, the calls of the request that failed, and
    /// of those after it, have no results.
    pub async fn run(&mut self) -> Result<()> {
        let mut calls = std::mem::take(&mut self.calls);
        let mut slots = std::mem::take(&mut self.slots);
        let mut first_fault = None;
        while !calls.is_empty() {
            let size = self.batch.unwrap_or(calls.len()).min(calls.len());
            let later = calls.split_off(size);
            let results = self.session.multi_call_values(std::mem::replace(&mut calls, later)).await?;
            for (slot, result) in slots.drain(..size).zip(results) {
                if let Err(fault) = &result {
                    first_fault.get_or_insert_with(|| fault.clone());
                }
                *lock(&slot) = Some(result);
            }
        }
        match first_fault {
            Some(fault) if self.strict => Err(fault.into()),
            _ => Ok(()),
        }
    }
}

impl<T: DeserializeOwned> VirtualCall<T> {
    /// The call's result, or its fault.
    pub fn result(self) -> Result<T> {
        let taken = lock(&self.slot).take();
        let value = taken.ok_or_else(|| Error::NotRun(self.method.clone()))??;
        from_value(value).map_err(Error::protocol(&self.method))
    }
}

fn lock(slot: &Slot) -> MutexGuard<'_, Option<Result<Value, Fault>>> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}

fn member(method: &str, params: Vec<Value>) -> Value {
    let mut call = Struct::new();
    call.insert("methodName", method);
    call.insert("params", params);
    call.into()
}

/// A result stands alone in a list; a fault is a struct.
fn entry(value: Value) -> Result<Result<Value, Fault>> {
    match value {
        Value::Array(mut one) if one.len() == 1 => Ok(Ok(one.remove(0))),
        fault @ Value::Struct(_) => from_value(fault).map(Err).map_err(Error::protocol("multiCall")),
        other => Err(Error::unexpected("multiCall", format!("neither result nor fault: {}", other.type_name()))),
    }
}

#[cfg(test)]
mod tests {
    use koji_core::api::system::{GetApiVersion, GetKojiVersion};
    use koji_core::fault::FaultKind;
    use koji_core::xmlrpc::read_call;

    use super::*;
    use crate::testing::Script;

    fn one(value: impl Into<Value>) -> Value {
        Value::Array(vec![value.into()])
    }

    fn fault() -> Value {
        let mut members = Struct::new();
        members.insert("faultCode", 1000);
        members.insert("faultString", "no");
        members.insert("traceback", Value::Array(vec![]));
        members.into()
    }

    #[tokio::test]
    async fn results_are_typed_and_faults_are_their_own() {
        let hub = Script::new();
        hub.value([one("1.35.0"), fault(), one("x"), one(5)]);
        let session = hub.session();
        let mut m = session.multicall();
        let version = m.call(GetKojiVersion::new());
        let failed = m.call(GetApiVersion::new());
        let wrong = m.call(GetApiVersion::new());
        let raw = m.call_raw("echo", vec![5.into()]);
        assert!(matches!(version.clone().result(), Err(Error::NotRun(_))));
        m.run().await.unwrap();
        assert!(m.is_empty());
        assert_eq!(version.result().unwrap(), "1.35.0");
        assert!(failed.result().unwrap_err().is(FaultKind::Generic));
        assert!(matches!(wrong.result(), Err(Error::Protocol { .. })));
        assert_eq!(raw.result().unwrap(), 5.into());
        let sent = read_call(hub.requests()[0].body()).unwrap();
        let Value::Array(calls) = &sent.params[0] else { panic!("{sent:?}") };
        assert_eq!(calls[3], member("echo", vec![5.into()]));
    }

    #[tokio::test]
    async fn batches_are_requests_of_their_own() {
        let hub = Script::new();
        hub.value([one(0), fault()]).value([one(2), one(3)]).value([one(4)]);
        let session = hub.session();
        let mut m = session.multicall().strict(true).batch(2);
        let calls: Vec<_> = (0..5).map(|_| m.call(GetApiVersion::new())).collect();
        assert!(m.run().await.unwrap_err().is(FaultKind::Generic));
        let results: Vec<_> = calls.into_iter().map(|call| call.result().ok()).collect();
        assert_eq!(results, [Some(0), None, Some(2), Some(3), Some(4)]);
        assert_eq!(hub.log().len(), 3);
    }

    #[tokio::test]
    async fn answers_that_do_not_fit_are_refused() {
        let hub = Script::new();
        hub.value([one(1)]).value(5).value([Value::from("x"), one(1)]);
        let session = hub.session();
        for _ in 0..3 {
            let calls = vec![("echo".to_owned(), vec![]), ("echo".to_owned(), vec![])];
            assert!(matches!(session.multi_call(calls).await, Err(Error::Unexpected { .. })));
        }
        assert_eq!(session.multi_call(vec![]).await.unwrap(), []);
    }
}
