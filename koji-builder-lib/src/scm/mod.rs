//! Sources in source control: Koji's SCM URLs ([`ScmUrl`]), which of them may be built ([`AllowedScms`]), and how they
//! are fetched ([`Scm`], [`Git`]).

mod allowed;
mod git;
mod url;

use std::path::{Path, PathBuf};

use async_trait::async_trait;

pub use allowed::{AllowedScms, Permission, allowed_by_policy};
pub use git::Git;
pub use url::{ScmType, ScmUrl};

use crate::task::TaskError;

/// A source control system. [`Git`] is one.
#[async_trait]
pub trait Scm: Send + Sync + std::fmt::Debug + 'static {
    /// Whether it can fetch that URL.
    fn handles(&self, url: &ScmUrl) -> bool;

    /// Fetches the source, below the directory `into`. What the programs that do it say is appended to the file `log`.
    ///
    /// The URL is one that may be built from. `use_common` asks for the directory `common` beside the source too.
    async fn checkout(&self, url: &ScmUrl, use_common: bool, into: &Path, log: &Path) -> Result<Checkout, TaskError>;
}

/// A source that was fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkout {
    /// Where it is, below the directory that was given.
    pub directory: PathBuf,
    /// The URL to record with the build: without user, and with the exact commit.
    pub source: String,
}
