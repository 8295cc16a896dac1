//! Serving a hub, with what it does beside answering.

use std::net::SocketAddr;

use axum::extract::ConnectInfo;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;

use crate::{Error, Hub, Result, scheduler};

impl Hub {
    /// Binds the address that the configuration says.
    pub async fn bind(&self) -> Result<TcpListener> {
        let address = &self.config().listen;
        TcpListener::bind(address).await.map_err(|e| Error::Config(format!("cannot listen at {address}: {e}")))
    }

    /// Serves until `shutdown` is done; requests that are under way are answered.
    pub async fn serve(
        &self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> Result<()> {
        let scheduler = tokio::spawn(scheduler::run_for_waiting(self.clone()));
        let stopping = self.clone();
        let shutdown = async move {
            shutdown.await;
            // those who wait are answered now
            stopping.signals().stop();
        };
        let service = crate::router(self.clone()).into_make_service_with_connect_info::<SocketAddr>();
        let listener = listener.tap_io(|io| {
            let _ = io.set_nodelay(true);
        });
        let served = axum::serve(listener, service).with_graceful_shutdown(shutdown).await;
        scheduler.abort();
        self.db().close().await;
        served.map_err(|e| Error::Config(format!("serving ended: {e}")))
    }
}

/// The caller's address, as requests carry it.
pub type Caller = ConnectInfo<SocketAddr>;
