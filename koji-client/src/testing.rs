//! A transport with the answers written down beforehand.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use koji_core::fault::{Fault, FaultKind};
use koji_core::xmlrpc::{Value, read_call, write_fault, write_response};
use serde::Serialize;

use crate::session::{Options, Session};
use crate::transport::{Request, Response, Transport, TransportError};

type Answer = Box<dyn FnOnce(&Request) -> Result<Response, TransportError> + Send>;

/// Gives the answers in order, and keeps the requests.
#[derive(Default)]
pub(crate) struct Script {
    answers: Mutex<VecDeque<Answer>>,
    requests: Mutex<Vec<Request>>,
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Script")
    }
}

#[async_trait]
impl Transport for Script {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let answer = self.answers.lock().unwrap().pop_front();
        let answer = answer.unwrap_or_else(|| panic!("no answer left for {}", show(&request)));
        let response = answer(&request);
        self.requests.lock().unwrap().push(request);
        response
    }
}

impl Script {
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }

    pub(crate) fn session(self: &Arc<Self>) -> Session {
        self.session_with(Options::default())
    }

    pub(crate) fn session_with(self: &Arc<Self>, options: Options) -> Session {
        Session::builder("http://hub/kojihub").options(options).transport(self.clone()).build().unwrap()
    }

    pub(crate) fn with(
        &self,
        answer: impl FnOnce(&Request) -> Result<Response, TransportError> + Send + 'static,
    ) -> &Self {
        self.answers.lock().unwrap().push_back(Box::new(answer));
        self
    }

    pub(crate) fn value(&self, value: impl Serialize) -> &Self {
        let body = write_response(&value).unwrap();
        self.with(move |_| Ok(http::Response::new(Bytes::from(body))))
    }

    pub(crate) fn fault(&self, kind: FaultKind, message: &str) -> &Self {
        let body = write_fault(&Fault::new(kind, message));
        self.with(move |_| Ok(http::Response::new(Bytes::from(body))))
    }

    pub(crate) fn status(&self, status: u16) -> &Self {
        self.with(move |_| Ok(http::Response::builder().status(status).body(Bytes::new()).unwrap()))
    }

    pub(crate) fn lost(&self) -> &Self {
        self.with(|_| Err(TransportError::Interrupted("reset".into())))
    }

    pub(crate) fn keys(&self, id: i32) -> &Self {
        let keys = [
            ("session-id", Value::from(id)),
            ("session-key", format!("{id}-secret").into()),
            ("header-auth", true.into()),
        ];
        self.value(keys.into_iter().collect::<koji_core::xmlrpc::Struct>())
    }

    /// The requests so far, each as `method(id/callnum)`; all answers must have been used.
    pub(crate) fn log(&self) -> Vec<String> {
        assert_eq!(self.answers.lock().unwrap().len(), 0, "answers are left");
        self.requests.lock().unwrap().iter().map(show).collect()
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

fn show(request: &Request) -> String {
    let header = |name| request.headers().get(name).map_or("-", |value| value.to_str().unwrap());
    let what = match header("content-type") {
        "text/xml" => read_call(request.body()).unwrap().method.unwrap(),
        _ => format!("{} {}", request.method(), request.uri().path_and_query().unwrap()),
    };
    format!("{what}({}/{})", header("koji-session-id"), header("koji-session-callnum"))
}
