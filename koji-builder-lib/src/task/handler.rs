//! What a builder can do: [`TaskHandler`], and the registry of them.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use koji_core::model::Host;
use koji_core::task::TaskArgs;
use koji_core::xmlrpc::{Value, write_response};
use serde::Serialize;

use super::context::TaskContext;
use super::error::TaskError;

/// Does the tasks of one method.
///
/// ```
/// use koji_builder_lib::{TaskContext, TaskError, TaskHandler};
/// use koji_core::task::Sleep;
///
/// struct Nap;
///
/// impl TaskHandler for Nap {
///     type Args = Sleep;
///     type Output = String;
///
///     async fn run(&self, args: Sleep, cx: &TaskContext) -> Result<String, TaskError> {
///         tokio::time::sleep(std::time::Duration::from_secs_f64(args.n)).await;
///         Ok(format!("task {} had a nap", cx.id()))
///     }
/// }
/// ```
///
/// When the task is canceled the future that `run` gave is dropped, and all processes that it started are killed.
pub trait TaskHandler: Send + Sync + 'static {
    /// The arguments; they name the method.
    type Args: TaskArgs;
    /// The result.
    type Output: Serialize + Send;

    /// The load that a task is, before it says something else ([`TaskContext::set_weight`]).
    fn weight(&self) -> f64 {
        1.0
    }

    /// Whether tasks run in the manager itself, between its other work, and not in a process of their own.
    fn foreground(&self) -> bool {
        false
    }

    /// Whether this host can do the task; if not, the hub will not offer it to this host again. The session is the
    /// manager's.
    fn suits_host(
        &self,
        args: Self::Args,
        session: &koji_client::Session,
        host: &Host,
    ) -> impl Future<Output = Result<bool, TaskError>> + Send {
        let _ = (args, session, host);
        async { Ok(true) }
    }

    /// Does a task.
    fn run(&self, args: Self::Args, cx: &TaskContext) -> impl Future<Output = Result<Self::Output, TaskError>> + Send;
}

/// A handler without its types.
pub(crate) trait AnyHandler: Send + Sync {
    fn weight(&self) -> f64;
    fn foreground(&self) -> bool;
    fn suits_host<'a>(
        &'a self,
        request: &'a [Value],
        session: &'a koji_client::Session,
        host: &'a Host,
    ) -> BoxFuture<'a, Result<bool, TaskError>>;
    /// Does a task: the response document.
    fn run<'a>(&'a self, request: &'a [Value], cx: &'a TaskContext) -> BoxFuture<'a, Result<String, TaskError>>;
}

impl<H: TaskHandler> AnyHandler for H {
    fn weight(&self) -> f64 {
        TaskHandler::weight(self)
    }

    fn foreground(&self) -> bool {
        TaskHandler::foreground(self)
    }

    fn suits_host<'a>(
        &'a self,
        request: &'a [Value],
        session: &'a koji_client::Session,
        host: &'a Host,
    ) -> BoxFuture<'a, Result<bool, TaskError>> {
        async move {
            match H::Args::from_request(request) {
                Ok(args) => TaskHandler::suits_host(self, args, session, host).await,
                // to fail is left to the task, which can say why
                Err(_) => Ok(true),
            }
        }
        .boxed()
    }

    fn run<'a>(&'a self, request: &'a [Value], cx: &'a TaskContext) -> BoxFuture<'a, Result<String, TaskError>> {
        async move {
            let args = H::Args::from_request(request)?;
            let output = TaskHandler::run(self, args, cx).await?;
            write_response(&output).map_err(|e| TaskError::generic(format!("the result cannot be sent: {e}")))
        }
        .boxed()
    }
}

/// The handlers of a builder, by method.
#[derive(Clone, Default)]
pub struct Handlers(BTreeMap<&'static str, Arc<dyn AnyHandler>>);

impl Handlers {
    /// None at all.
    pub fn none() -> Self {
        Self::default()
    }

    /// Adds a handler, or puts it in place of the one for its method.
    #[must_use]
    pub fn with<H: TaskHandler>(mut self, handler: H) -> Self {
        self.0.insert(H::Args::METHOD, Arc::new(handler));
        self
    }

    /// Takes the handler of a method away.
    #[must_use]
    pub fn without(mut self, method: &str) -> Self {
        self.0.remove(method);
        self
    }

    /// The methods that there are handlers for.
    pub fn methods(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.0.keys().copied()
    }

    pub(crate) fn get(&self, method: &str) -> Option<&Arc<dyn AnyHandler>> {
        self.0.get(method)
    }
}

impl fmt::Debug for Handlers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
