use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;
use bytes::Bytes;
use koji_core::time::Timestamp;

use super::{Metadata, Storage, StorageError, StorageResult, WriteAt, check_path};

/// Files in memory, for tests.
#[derive(Debug, Default)]
pub struct MemoryStorage(Mutex<BTreeMap<String, Node>>);

#[derive(Debug, Clone)]
enum Node {
    File(Vec<u8>, Timestamp),
    Link(String),
    Dir,
}

type Nodes = BTreeMap<String, Node>;

impl MemoryStorage {
    /// An empty storage.
    pub fn new() -> Self {
        Self::default()
    }

    fn nodes(&self) -> MutexGuard<'_, Nodes> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// The path behind links in any of its parts.
fn resolve(nodes: &Nodes, path: &str) -> String {
    // as many steps as a file system would follow
    follow(nodes, path, &mut 40)
}

fn follow(nodes: &Nodes, path: &str, steps: &mut u32) -> String {
    let mut out = String::new();
    for part in path.split('/') {
        if !out.is_empty() {
            out.push('/');
        }
        out.push_str(part);
        if let Some(Node::Link(target)) = nodes.get(&out)
            && *steps > 0
        {
            *steps -= 1;
            out = follow(nodes, target, steps);
        }
    }
    out
}

/// The path behind links in any of its parts but the last.
fn place(nodes: &Nodes, path: &str) -> String {
    match path.rsplit_once('/') {
        Some((dir, name)) => match resolve(nodes, dir).as_str() {
            "" => name.to_owned(),
            dir => format!("{dir}/{name}"),
        },
        None => path.to_owned(),
    }
}

fn below<'n>(nodes: &'n Nodes, path: &str) -> impl Iterator<Item = &'n String> {
    let prefix = format!("{path}/");
    nodes.range(prefix.clone()..).map(|(k, _)| k).take_while(move |k| k.starts_with(&prefix))
}

fn missing(path: &str) -> StorageError {
    StorageError::NotFound { path: path.to_owned() }
}

#[async_trait]
impl Storage for MemoryStorage {
    async fn metadata(&self, path: &str) -> StorageResult<Option<Metadata>> {
        check_path(path)?;
        let nodes = self.nodes();
        let path = resolve(&nodes, path);
        Ok(match nodes.get(&path) {
            Some(Node::File(data, modified)) => {
                Some(Metadata { is_dir: false, size: data.len() as u64, modified: *modified })
            }
            None if below(&nodes, &path).next().is_none() => None,
            _ => Some(Metadata { is_dir: true, size: 0, modified: Timestamp::now() }),
        })
    }

    async fn is_link(&self, path: &str) -> StorageResult<bool> {
        check_path(path)?;
        let nodes = self.nodes();
        Ok(matches!(nodes.get(&place(&nodes, path)), Some(Node::Link(_))))
    }

    async fn read(&self, path: &str, offset: u64, len: u64) -> StorageResult<Bytes> {
        check_path(path)?;
        let nodes = self.nodes();
        match nodes.get(&resolve(&nodes, path)) {
            Some(Node::File(data, _)) => {
                let start = usize::try_from(offset).unwrap_or(usize::MAX).min(data.len());
                let end = start.saturating_add(usize::try_from(len).unwrap_or(usize::MAX)).min(data.len());
                Ok(Bytes::copy_from_slice(&data[start..end]))
            }
            _ => Err(missing(path)),
        }
    }

    async fn write(&self, path: &str, at: WriteAt, data: Bytes) -> StorageResult<u64> {
        check_path(path)?;
        let mut nodes = self.nodes();
        let node = nodes.entry(path.to_owned()).or_insert_with(|| Node::File(Vec::new(), Timestamp::now()));
        let Node::File(old, modified) = node else {
            return Err(StorageError::Conflict { path: path.to_owned(), reason: "not a regular file".into() });
        };
        let start = match at {
            WriteAt::Truncate(n) | WriteAt::Offset(n) => usize::try_from(n).unwrap_or(usize::MAX),
            WriteAt::End => old.len(),
        };
        if matches!(at, WriteAt::Truncate(_)) {
            old.truncate(start);
        }
        let end = start + data.len();
        if old.len() < end {
            old.resize(end, 0);
        }
        old[start..end].copy_from_slice(&data);
        *modified = Timestamp::now();
        Ok(old.len() as u64)
    }

    async fn put(&self, path: &str, data: Bytes) -> StorageResult<()> {
        check_path(path)?;
        self.nodes().insert(path.to_owned(), Node::File(data.to_vec(), Timestamp::now()));
        Ok(())
    }

    async fn copy(&self, from: &str, to: &str) -> StorageResult<()> {
        check_path(from)?;
        check_path(to)?;
        let mut nodes = self.nodes();
        match nodes.get(&resolve(&nodes, from)).cloned() {
            Some(file @ Node::File(..)) => {
                nodes.insert(to.to_owned(), file);
                Ok(())
            }
            _ => Err(missing(from)),
        }
    }

    async fn rename(&self, from: &str, to: &str) -> StorageResult<()> {
        check_path(from)?;
        self.remove(to).await?;
        let mut nodes = self.nodes();
        let mut moved: Vec<String> = below(&nodes, from).cloned().collect();
        if nodes.contains_key(from) {
            moved.push(from.to_owned());
        }
        if moved.is_empty() {
            return Err(missing(from));
        }
        for old in moved {
            if let Some(node) = nodes.remove(&old) {
                nodes.insert(format!("{to}{}", &old[from.len()..]), node);
            }
        }
        Ok(())
    }

    async fn link(&self, target: &str, path: &str) -> StorageResult<()> {
        check_path(target)?;
        check_path(path)?;
        self.nodes().insert(path.to_owned(), Node::Link(target.to_owned()));
        Ok(())
    }

    async fn link_top(&self, path: &str) -> StorageResult<()> {
        check_path(path)?;
        self.nodes().insert(path.to_owned(), Node::Link(String::new()));
        Ok(())
    }

    async fn remove(&self, path: &str) -> StorageResult<()> {
        check_path(path)?;
        let mut nodes = self.nodes();
        let gone: Vec<String> = below(&nodes, path).cloned().collect();
        for name in gone {
            nodes.remove(&name);
        }
        nodes.remove(path);
        Ok(())
    }

    async fn list(&self, path: &str) -> StorageResult<Vec<String>> {
        check_path(path)?;
        let nodes = self.nodes();
        let path = resolve(&nodes, path);
        let names = below(&nodes, &path).filter_map(|k| k.get(path.len() + 1..)?.split('/').next());
        Ok(names.map(str::to_owned).collect::<BTreeSet<_>>().into_iter().collect())
    }

    async fn create_dir(&self, path: &str) -> StorageResult<()> {
        check_path(path)?;
        self.nodes().entry(path.to_owned()).or_insert(Node::Dir);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #[tokio::test]
    async fn memory_passes_the_battery() {
        super::super::conformance::check(&super::MemoryStorage::new()).await.unwrap();
    }
}
