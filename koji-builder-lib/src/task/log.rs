//! Logs that people can read at the hub while they grow.

use std::io::SeekFrom;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::context::TaskContext;
use crate::error::chain;

const PAUSE: Duration = Duration::from_secs(1);
const PART: u64 = 64 << 10;

/// A file that is uploaded while it grows, about once a second.
///
/// [`TaskLog::finish`] sends what is left; without it the end may be missing. That the upload fails is no reason for a
/// task to fail, so it is only noted.
#[derive(Debug)]
pub struct TaskLog {
    path: PathBuf,
    name: String,
    end: watch::Sender<bool>,
    follower: JoinHandle<()>,
}

impl TaskLog {
    pub(crate) fn follow(cx: TaskContext, path: PathBuf, name: &str) -> Self {
        let (end, ended) = watch::channel(false);
        let follower = Follower { cx, path: path.clone(), name: name.to_owned(), offset: 0 };
        Self { path, name: name.to_owned(), end, follower: tokio::spawn(follower.run(ended)) }
    }

    /// The file; whoever writes it may only append.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its name at the hub.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Appends a line.
    pub fn line(&self, text: &str) -> std::io::Result<()> {
        use std::io::Write;
        if let Some(parent) = self.path.parent() {
            fs_err::create_dir_all(parent)?;
        }
        let mut file = fs_err::OpenOptions::new().create(true).append(true).open(&self.path)?;
        file.write_all(format!("{text}\n").as_bytes())
    }

    /// Sends what is left: whether there was anything at all.
    pub async fn finish(mut self) -> bool {
        self.end.send_replace(true);
        // the follower does not panic, and is not aborted before
        let _ = (&mut self.follower).await;
        self.path.exists()
    }
}

impl Drop for TaskLog {
    fn drop(&mut self) {
        self.follower.abort();
    }
}

struct Follower {
    cx: TaskContext,
    path: PathBuf,
    name: String,
    offset: u64,
}

impl Follower {
    async fn run(mut self, mut ended: watch::Receiver<bool>) {
        loop {
            let last = *ended.borrow();
            if let Err(error) = self.send_growth().await {
                tracing::warn!(log = self.name, error = chain(&error), "cannot upload a log");
            }
            if last {
                return;
            }
            // ends at once when there is nobody left to end it
            let _ = tokio::time::timeout(PAUSE, ended.wait_for(|end| *end)).await;
        }
    }

    async fn send_growth(&mut self) -> Result<(), super::TaskError> {
        let mut file = match tokio::fs::File::open(&self.path).await {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        file.seek(SeekFrom::Start(self.offset)).await?;
        loop {
            let mut part = Vec::new();
            (&mut file).take(PART).read_to_end(&mut part).await?;
            if part.is_empty() {
                return Ok(());
            }
            let size = part.len() as u64;
            let directory = self.cx.upload_dir();
            self.cx.session().upload_bytes(&directory, &self.name, self.offset, part, None).await?;
            self.offset += size;
        }
    }
}
