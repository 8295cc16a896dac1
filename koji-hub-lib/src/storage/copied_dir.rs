use std::collections::HashMap;

use super::{Metadata, Storage, StorageResult, walk};

/// A copy of a directory that may still change: made at leisure, and brought up to date in a moment.
#[derive(Debug, Clone)]
pub(crate) struct CopiedDir {
    from: String,
    to: String,
    /// What each file was when it was copied.
    files: HashMap<String, Metadata>,
}

impl CopiedDir {
    /// A copy of a directory that is to be made ([`update`](Self::update)).
    pub(crate) fn new(from: &str, to: String) -> Self {
        CopiedDir { from: from.to_owned(), to, files: HashMap::new() }
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &str {
        &self.to
    }

    /// Whether it is one of that directory, beside a path.
    pub(crate) fn is_beside(&self, from: &str, path: &str) -> bool {
        let folder = |path: &str| path.rsplit_once('/').map(|(folder, _)| folder.to_owned());
        self.from == from && folder(&self.to) == folder(path)
    }

    /// Copies all files that have changed since the last time, and removes those that are gone. Links become what they
    /// lead to.
    pub(crate) async fn update(&mut self, storage: &dyn Storage) -> StorageResult<()> {
        storage.create_dir(&self.to).await?;
        let mut gone = std::mem::take(&mut self.files);
        for file in walk(storage, &self.from).await? {
            let (from, to) = (format!("{}/{file}", self.from), format!("{}/{file}", self.to));
            let Some(now) = storage.metadata(&from).await? else { continue };
            let is_same = gone.remove(&file) == Some(now)
                && storage.metadata(&to).await?.is_some_and(|copied| copied.size == now.size);
            if !is_same {
                storage.copy(&from, &to).await?;
            }
            self.files.insert(file, now);
        }
        for file in gone.keys() {
            storage.remove(&format!("{}/{file}", self.to)).await?;
        }
        Ok(())
    }

    /// Removes it, if it is still there.
    pub(crate) async fn discard(&self, storage: &dyn Storage) {
        if let Err(e) = storage.remove(&self.to).await {
            tracing::warn!(error = %e, "a copy that is not needed stays");
        }
    }
}
