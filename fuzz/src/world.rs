use std::cell::RefCell;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use koji_core::fault::Fault;
use koji_core::xmlrpc::{Struct, Value, read_response, write_call};
use koji_hub_lib::config::HubConfig;
use koji_hub_lib::db::{Db, DbUrl};
use koji_hub_lib::storage::{MemoryStorage, Storage};
use koji_hub_lib::{Hub, NewUser, router};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use tower::util::ServiceExt;

/// After how many inputs a new hub takes the place of the old one: what the inputs have left does not add up.
const LIFE: u32 = 4000;

/// A hub with an administrator's session, its database in a temporary folder, its files in memory.
pub struct World {
    /// The hub.
    pub hub: Hub,
    storage: Arc<MemoryStorage>,
    runtime: Runtime,
    session: (i64, String),
    _folder: TempDir,
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

impl World {
    /// A new hub.
    pub fn new() -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        // in memory, where there is such a folder
        let folder = TempDir::new_in("/dev/shm").or_else(|_| TempDir::new()).expect("a temporary folder");
        let url = format!("sqlite://{}", folder.path().join("hub.db").display());
        let mut config = HubConfig::new(url.clone(), "/mnt/koji");
        config.enable_maven = true;
        config.enable_win = true;
        config.disable_notifications = true;
        let storage = Arc::new(MemoryStorage::new());
        let hub = runtime.block_on(async {
            let db = Db::connect(&url.parse::<DbUrl>().expect("an address")).await.expect("a database");
            db.migrate().await.expect("a schema");
            let hub = Hub::new(config, db, storage.clone()).expect("a hub");
            let (name, password) = ("admin".to_owned(), Some("secret".to_owned()));
            let user = NewUser { name, password, permissions: vec!["admin".into()], ..NewUser::default() };
            hub.add_user(user).await.expect("an administrator");
            hub
        });
        let mut world = World { hub, storage, runtime, session: (0, String::new()), _folder: folder };
        let Ok(Value::Struct(session)) = world.call("login", &["admin".into(), "secret".into()]) else {
            panic!("no session")
        };
        let text = |name: &str| session.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let id = session.get("session-id").and_then(Value::as_int).expect("its id");
        world.session = (id, text("session-key"));
        world
    }

    /// Runs something to its end.
    pub fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// A hub on the same database and storage, with policies.
    pub fn with_policies(&self, policies: Vec<(String, String)>) -> koji_hub_lib::Result<Hub> {
        let mut config = self.hub.config().clone();
        config.policies = policies;
        Hub::new(config, self.hub.db().clone(), self.storage.clone())
    }

    /// Puts a file into the storage.
    pub fn put(&self, path: &str, data: &[u8]) {
        self.block_on(self.storage.put(path, data.to_vec().into())).expect("a file");
    }

    /// Calls a method as the administrator.
    pub fn call(&self, method: &str, params: &[Value]) -> Result<Value, Fault> {
        self.call_of(&self.hub, method, params)
    }

    /// Calls a method of another hub on the same database.
    pub fn call_of(&self, hub: &Hub, method: &str, params: &[Value]) -> Result<Value, Fault> {
        let Ok(body) = write_call(method, params) else { return Ok(Value::Nil) };
        let (status, answer) = self.post_to(hub, "text/xml", "", body.into_bytes());
        if status == StatusCode::BAD_REQUEST {
            // characters that XML has no place for
            return Ok(Value::Nil);
        }
        assert_eq!(status, StatusCode::OK, "{}", String::from_utf8_lossy(&answer));
        let answer = read_response::<Value>(&answer).expect("an answer that can be read");
        if let Err(fault) = &answer {
            check(method, &fault.message);
        }
        answer
    }

    /// As [`call`](Self::call), for what must be done.
    pub fn must<const N: usize>(&self, method: &str, params: [Value; N]) -> Value {
        self.call(method, &params).unwrap_or_else(|fault| panic!("{method}: {fault}"))
    }

    /// Sends a request as the administrator.
    pub fn post(&self, content_type: &str, query: &str, body: Vec<u8>) -> (StatusCode, Vec<u8>) {
        self.post_to(&self.hub, content_type, query, body)
    }

    fn post_to(&self, hub: &Hub, content_type: &str, query: &str, body: Vec<u8>) -> (StatusCode, Vec<u8>) {
        let mut request = Request::post(format!("/kojihub?{query}")).header("Content-Type", content_type);
        if self.session.0 != 0 {
            request = request.header("Koji-Session-Id", self.session.0).header("Koji-Session-Key", &self.session.1);
        }
        // what is no address never comes to the hub
        let Ok(request) = request.body(Body::from(body)) else { return (StatusCode::BAD_REQUEST, Vec::new()) };
        self.block_on(async {
            let Ok(answer) = router(hub.clone()).oneshot(request).await;
            let status = answer.status();
            let body = to_bytes(answer.into_body(), usize::MAX).await.expect("an answer");
            (status, body.to_vec())
        })
    }

    /// A tag, a package in it, and a build of it.
    pub fn furnish(self) -> Self {
        for tag in ["f44", "f45"] {
            self.must("createTag", [tag.into()]);
        }
        self.must("packageListAdd", ["f44".into(), "hello".into(), "admin".into()]);
        self.must("createEmptyBuild", ["hello".into(), "1".into(), "1".into(), Value::Nil]);
        self.must("tagBuildBypass", ["f44".into(), "hello-1-1".into()]);
        self.must("createBuildTarget", ["f44".into(), "f44".into(), "f45".into()]);
        self.must("addHost", ["builder1".into(), Value::Array(vec!["x86_64".into()])]);
        self
    }
}

/// Makes sure that a fault tells of what was asked, not of a failure of the hub's own.
pub fn check(method: &str, message: &str) {
    // a path that leaves the storage is the caller's
    if message.ends_with("not a path inside the storage") {
        return;
    }
    for words in ["database: ", "storage: ", "the hub failed on this request"] {
        assert!(!message.starts_with(words), "{method}: {message}");
    }
}

/// Does something with the hub of this process, made by `make`.
pub fn with_world(make: fn() -> World, work: impl FnOnce(&World)) {
    thread_local! {
        static WORLD: RefCell<Option<(World, u32)>> = const { RefCell::new(None) };
    }
    WORLD.with_borrow_mut(|slot| {
        let (world, age) = slot.get_or_insert_with(|| (make(), 0));
        work(world);
        *age += 1;
        if *age > LIFE
            && let Some((world, _)) = slot.take()
        {
            world.block_on(world.hub.db().close());
        }
    });
}

/// A struct of texts.
pub fn members<const N: usize>(members: [(&str, &str); N]) -> Value {
    Value::Struct(members.into_iter().collect::<Struct>())
}
