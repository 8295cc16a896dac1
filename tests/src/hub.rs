//! A hub in this process, called as its users would call it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use koji_core::api::Method;
use koji_core::fault::{Fault, FaultKind};
use koji_core::ids::{SessionId, TaskId, UserId};
use koji_core::model::{UserStatus, UserType};
use koji_core::xmlrpc::{Value, read_response, write_call};
use koji_hub_lib::Hub;
use koji_hub_lib::call::Client;
use koji_hub_lib::config::HubConfig;
use koji_hub_lib::db::args;
use koji_hub_lib::dispatch::Request;
use koji_hub_lib::plugin::Plugin;
use koji_hub_lib::session::Credentials;
use koji_hub_lib::storage::{MemoryStorage, Storage};
use serde::de::DeserializeOwned;

use crate::{TestDb, databases};

/// The address that calls come from.
const ADDRESS: &str = "127.0.0.1";

/// A hub with a throw-away database, and its storage in memory.
pub struct TestHub {
    /// The hub.
    pub hub: Hub,
    /// Its database.
    pub db: TestDb,
}

/// A user of a [`TestHub`], or nobody.
pub struct Caller<'h> {
    hub: &'h TestHub,
    /// Who it is; 0 for nobody.
    pub id: UserId,
    session: Option<(SessionId, String)>,
}

/// A hub on each kind of database. `name` is the test's.
///
/// # Panics
/// As [`databases`].
pub async fn hubs(name: &str) -> Vec<TestHub> {
    databases(name).await.into_iter().map(TestHub::new).collect()
}

fn config(db: &TestDb, settings: impl FnOnce(&mut HubConfig)) -> HubConfig {
    let mut config = HubConfig::new(db.url.clone(), "/mnt/koji");
    config.enable_maven = true;
    config.enable_win = true;
    settings(&mut config);
    config
}

impl TestHub {
    /// A hub on that database, with Koji's default settings, Maven and Windows builds on.
    pub fn new(db: TestDb) -> Self {
        Self::with(db, |_| {})
    }

    /// A hub with settings of one's own.
    ///
    /// # Panics
    /// When the hub refuses the settings.
    pub fn with(db: TestDb, settings: impl FnOnce(&mut HubConfig)) -> Self {
        Self::with_storage(db, Arc::new(MemoryStorage::new()), settings)
    }

    /// A hub with a storage and settings of one's own.
    ///
    /// # Panics
    /// When the hub refuses the settings.
    pub fn with_storage(db: TestDb, storage: Arc<dyn Storage>, settings: impl FnOnce(&mut HubConfig)) -> Self {
        let hub = Hub::new(config(&db, settings), db.db.clone(), storage).expect("a hub");
        TestHub { hub, db }
    }

    /// A hub with a plugin, and settings of one's own.
    ///
    /// # Panics
    /// When the hub refuses it.
    pub async fn plugged(db: TestDb, plugin: impl Plugin, settings: impl FnOnce(&mut HubConfig)) -> Self {
        let builder = Hub::builder(config(&db, settings)).db(db.db.clone()).storage(Arc::new(MemoryStorage::new()));
        let hub = builder.plugin(plugin).open().await.expect("a hub");
        TestHub { hub, db }
    }

    /// Serves the hub over HTTP until the test ends: its URL.
    ///
    /// # Panics
    /// When there is no port.
    pub async fn serve(&self) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/kojihub", listener.local_addr().expect("its address"));
        let hub = self.hub.clone();
        tokio::spawn(async move { hub.serve(listener, std::future::pending()).await });
        url
    }

    /// The calls of someone who is not logged in.
    pub fn nobody(&self) -> Caller<'_> {
        Caller { hub: self, id: UserId(0), session: None }
    }

    /// Makes an administrator, and logs in.
    pub async fn admin(&self) -> Caller<'_> {
        self.user("kojiadmin", &["admin"]).await
    }

    /// Makes a user with these permissions, and logs in.
    pub async fn user(&self, name: &str, permissions: &[&str]) -> Caller<'_> {
        self.user_of_type(name, UserType::Normal, permissions).await
    }

    /// Makes a user of a type with these permissions, and logs in.
    ///
    /// # Panics
    /// When the database refuses, for a user of that name or an unknown permission.
    pub async fn user_of_type(&self, name: &str, usertype: UserType, permissions: &[&str]) -> Caller<'_> {
        let mut db = self.db.db.begin().await.expect("a transaction");
        let id: UserId = db
            .fetch_scalar(
                "INSERT INTO users (name, status, usertype) VALUES ($1, $2, $3) RETURNING id",
                args![name, UserStatus::Normal, usertype],
            )
            .await
            .expect("a new user");
        for permission in permissions {
            let event: i32 =
                db.fetch_scalar("INSERT INTO events DEFAULT VALUES RETURNING id", args![]).await.expect("an event");
            let given = db
                .execute(
                    "INSERT INTO user_perms (create_event, creator_id, user_id, perm_id)
                     SELECT $1, $2, $2, id FROM permissions WHERE name = $3",
                    args![event, id, *permission],
                )
                .await
                .expect("a permission");
            assert_eq!(given, 1, "no permission {permission}");
        }
        db.commit().await.expect("a commit");
        self.log_in(id).await
    }

    /// Makes a builder, and logs in with its exclusive session.
    ///
    /// # Panics
    /// When the database refuses.
    pub async fn builder(&self, name: &str) -> Caller<'_> {
        let caller = self.user_of_type(name, UserType::Host, &[]).await;
        let mut db = self.db.db.begin().await.expect("a transaction");
        let host: i32 = db
            .fetch_scalar("INSERT INTO host (user_id, name) VALUES ($1, $2) RETURNING id", args![caller.id, name])
            .await
            .expect("a host");
        let event: i32 =
            db.fetch_scalar("INSERT INTO events DEFAULT VALUES RETURNING id", args![]).await.expect("an event");
        db.execute(
            "INSERT INTO host_config (create_event, creator_id, host_id, arches) VALUES ($1, $2, $3, 'x86_64')",
            args![event, caller.id, host],
        )
        .await
        .expect("a host's settings");
        db.execute("UPDATE sessions SET exclusive = TRUE WHERE user_id = $1", args![caller.id])
            .await
            .expect("an exclusive session");
        db.commit().await.expect("a commit");
        caller
    }

    /// Makes a task of a user that is open on a builder.
    ///
    /// # Panics
    /// When the database refuses.
    pub async fn open_task(&self, builder: &Caller<'_>, owner: &Caller<'_>, method: &str) -> TaskId {
        let mut db = self.db.db.begin().await.expect("a transaction");
        let request = write_call(method, &[]).expect("a request");
        let task = db
            .fetch_scalar(
                "INSERT INTO task (state, owner, method, request, channel_id, arch, host_id)
                 SELECT 1, $1, $2, $3, 1, 'noarch', host.id FROM host WHERE host.user_id = $4 RETURNING id",
                args![owner.id, method, request, builder.id],
            )
            .await
            .expect("a task");
        db.commit().await.expect("a commit");
        task
    }

    /// Makes another session of a user.
    ///
    /// # Panics
    /// When the database refuses.
    pub async fn log_in(&self, id: UserId) -> Caller<'_> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let key = format!("{id}-{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let mut db = self.db.db.begin().await.expect("a transaction");
        let session = db
            .fetch_scalar(
                "INSERT INTO sessions (user_id, key, hostip, authtype) VALUES ($1, $2, $3, 0) RETURNING id",
                args![id, key.as_str(), ADDRESS],
            )
            .await
            .expect("a session");
        db.commit().await.expect("a commit");
        Caller { hub: self, id, session: Some((session, key)) }
    }
}

impl Caller<'_> {
    /// Calls a method.
    pub async fn call<M: Method>(&self, method: M) -> Result<M::Output, Fault> {
        self.send(M::INFO.name, method.into_params()).await
    }

    /// Calls a method by name, with any parameters.
    pub async fn call_raw(&self, method: &str, params: Vec<Value>) -> Result<Value, Fault> {
        self.send(method, params).await
    }

    /// The fault of a call that is refused.
    ///
    /// # Panics
    /// When it is not.
    pub async fn refused<M: Method>(&self, method: M) -> (FaultKind, String) {
        match self.call(method).await {
            Ok(_) => panic!("{} was not refused", M::INFO.name),
            Err(fault) => (fault.kind().unwrap_or(FaultKind::Unknown), fault.message),
        }
    }

    async fn send<T: DeserializeOwned>(&self, method: &str, params: Vec<Value>) -> Result<T, Fault> {
        let credentials =
            self.session.as_ref().map(|(id, key)| Credentials { id: *id, key: key.clone(), callnum: None });
        let answer = self
            .hub
            .hub
            .answer(Request {
                method: Some(method.to_owned()),
                params,
                credentials,
                client: Client { address: ADDRESS.into() },
            })
            .await;
        read_response(answer.as_bytes()).unwrap_or_else(|e| panic!("{method} answered {answer}: {e}"))
    }
}
