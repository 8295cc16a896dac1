//! A hub for tests: takes uploads, and answers what a task in a buildroot asks.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use koji_client::{Request, Response, Session, Transport, TransportError};
use koji_core::ids::SessionId;
use koji_core::model::{SessionKeys, Task};
use koji_core::xmlrpc::{Struct, Value, read_call, write_fault, write_response};

use crate::config::BuilderConfig;
use crate::task::TaskContext;

/// What a test hub was told.
#[derive(Debug, Default)]
pub(crate) struct TestHub {
    /// The calls, by method.
    pub(crate) calls: Mutex<Vec<(String, Vec<Value>)>>,
    /// The uploaded files.
    pub(crate) files: Mutex<BTreeMap<String, Vec<u8>>>,
    answers: BTreeMap<&'static str, Value>,
}

impl TestHub {
    /// A hub that gives these answers, from JSON.
    pub(crate) fn new(answers: &[(&'static str, &str)]) -> Arc<Self> {
        let answers = answers.iter().map(|(method, json)| (*method, serde_json::from_str(json).unwrap())).collect();
        Arc::new(Self { answers, ..Self::default() })
    }

    /// A task of that hub, with its files below `directory`: `top` is the top directory, `work` for tasks.
    pub(crate) fn task(self: &Arc<Self>, directory: &Path) -> TaskContext {
        let mut config = BuilderConfig::new("http://hub.invalid/kojihub", "http://hub.invalid/kojifiles");
        config.topdir = directory.join("top");
        config.workdir = directory.join("work");
        let session = Session::builder(config.server.as_str()).transport(self.clone()).build().unwrap();
        let keys = SessionKeys { session_id: SessionId(1), session_key: "k".to_owned(), header_auth: true };
        let task = r#"{"id": 7, "state": 1, "create_time": "2024-01-01 00:00:00+00:00", "create_ts": 1.0,
            "start_time": null, "start_ts": null, "completion_time": null, "completion_ts": null, "channel_id": 1,
            "host_id": 1, "parent": null, "label": null, "waiting": false, "awaited": null, "owner": 1,
            "method": "buildArch", "arch": "x86_64", "priority": 20, "weight": 1.0}"#;
        let task: Task = serde_json::from_str(task).unwrap();
        let cx = TaskContext::new(session.from_keys(keys), task, Arc::new(config), None);
        std::fs::create_dir_all(cx.workdir()).unwrap();
        cx
    }

    /// The text of an uploaded file.
    pub(crate) fn text(&self, name: &str) -> String {
        let files = self.files.lock().unwrap();
        String::from_utf8_lossy(files.get(name).map_or(&[], Vec::as_slice)).into_owned()
    }

    fn take_upload(&self, query: &str, body: &Bytes) -> Value {
        let field = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        let offset: usize = field("offset").unwrap().parse().unwrap();
        let mut files = self.files.lock().unwrap();
        let file = files.entry(field("filename").unwrap().to_owned()).or_default();
        file.truncate(offset);
        file.extend_from_slice(body);
        let mut receipt = Struct::new();
        receipt.insert("size", i64::try_from(body.len()).unwrap());
        receipt.insert("hexdigest", format!("{:08x}", adler32(body)));
        receipt.into()
    }

    fn answer(&self, method: &str, params: &[Value]) -> Result<Value, String> {
        if method == "checkUpload" {
            let files = self.files.lock().unwrap();
            let size = files.get(params[1].as_str().unwrap()).map_or(0, Vec::len);
            let found: Struct = [("size", i64::try_from(size).unwrap())].into_iter().collect();
            return Ok(found.into());
        }
        self.answers.get(method).cloned().ok_or_else(|| format!("Invalid method: {method}"))
    }
}

#[async_trait]
impl Transport for TestHub {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let document = match request.uri().query() {
            Some(query) => write_response(&self.take_upload(query, request.body())).unwrap(),
            None => {
                let call = read_call(request.body()).unwrap();
                let method = call.method.unwrap();
                let answer = self.answer(&method, &call.params);
                self.calls.lock().unwrap().push((method, call.params));
                match answer {
                    Ok(value) => write_response(&value).unwrap(),
                    Err(text) => write_fault(&koji_core::fault::Fault::new(koji_core::fault::FaultKind::Generic, text)),
                }
            }
        };
        Ok(http::Response::new(document.into()))
    }
}

fn adler32(data: &[u8]) -> u32 {
    let (a, b) = data.iter().fold((1u32, 0u32), |(a, b), byte| {
        let a = (a + u32::from(*byte)) % 65_521;
        (a, (b + a) % 65_521)
    });
    (b << 16) | a
}
