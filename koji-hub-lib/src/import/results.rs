//! What builders say of the files that tasks left, whose names are relative to the directory of their task.

use koji_core::api::Param;
use koji_core::ids::{BuildrootId, TaskId};
use koji_core::paths;
use koji_core::xmlrpc::{Struct, Value};

use crate::Result;
use crate::error::fail;
use crate::given::{read, take};

/// The directory of what a task left, below that for uploads.
#[derive(Debug, Clone)]
pub(crate) struct TaskDir(String);

impl TaskDir {
    pub(crate) fn new(task: TaskId) -> Self {
        TaskDir(paths::task_in_work(task))
    }

    /// The directory itself.
    pub(super) fn path(&self) -> &str {
        &self.0
    }

    /// A file in it. A name that leads out of it is a fault.
    pub(super) fn file(&self, name: &str) -> Result<String> {
        match paths::is_relative(name) {
            true => Ok(format!("{}/{name}", self.0)),
            false => fail!("Invalid path: {name}"),
        }
    }
}

/// A member that must be there.
fn member<T: Param>(from: &mut Struct, name: &str) -> Result<T> {
    match take(from, name)? {
        Some(value) => Ok(value),
        None => fail!(Parameter, "no {name} in the results"),
    }
}

fn members<T: Param>(from: &mut Struct, name: &str) -> Result<Vec<(String, T)>> {
    let all: Struct = member(from, name)?;
    all.into_iter().map(|(key, value)| Ok((key, read(name, value)?))).collect()
}

/// RPMs that wrap what a build holds.
#[derive(Debug, Clone)]
pub(crate) struct RpmResults {
    pub dir: TaskDir,
    /// The source package, then the others.
    pub packages: Vec<String>,
    pub logs: Vec<String>,
    pub buildroot: Option<BuildrootId>,
}

impl RpmResults {
    /// Reads them. Nothing, or an empty struct, is none.
    pub(crate) fn read(results: Option<Struct>) -> Result<Option<Self>> {
        let Some(mut results) = results.filter(|results| !results.is_empty()) else { return Ok(None) };
        let task = member(&mut results, "task_id")?;
        Self::of_task(task, results).map(Some)
    }

    /// Reads them, as what that task left.
    pub(crate) fn of_task(task: TaskId, mut results: Struct) -> Result<Self> {
        let mut packages = vec![member(&mut results, "srpm")?];
        packages.extend(member::<Vec<String>>(&mut results, "rpms")?);
        Ok(RpmResults {
            dir: TaskDir::new(task),
            packages,
            logs: member(&mut results, "logs")?,
            buildroot: take(&mut results, "buildroot_id")?.flatten(),
        })
    }
}

/// What a Maven build made.
#[derive(Debug, Clone)]
pub(crate) struct MavenResults {
    pub dir: TaskDir,
    /// The folders of a Maven repository, and the files in each.
    pub files: Vec<(String, Vec<String>)>,
    pub logs: Vec<String>,
}

impl MavenResults {
    pub(crate) fn read(mut results: Struct) -> Result<Self> {
        Ok(MavenResults {
            dir: TaskDir::new(member(&mut results, "task_id")?),
            files: members(&mut results, "files")?,
            logs: member(&mut results, "logs")?,
        })
    }
}

/// What a Windows build made.
#[derive(Debug, Clone)]
pub(crate) struct WinResults {
    pub dir: TaskDir,
    /// The files, and of each the `platforms` and the `flags`.
    pub output: Vec<(String, Struct)>,
    pub logs: Vec<String>,
}

impl WinResults {
    pub(crate) fn read(mut results: Struct) -> Result<Self> {
        Ok(WinResults {
            dir: TaskDir::new(member(&mut results, "task_id")?),
            output: members(&mut results, "output")?,
            logs: member(&mut results, "logs")?,
        })
    }
}

/// What one task of an image build made.
#[derive(Debug, Clone)]
pub(crate) struct ImageResults {
    pub task: TaskId,
    pub dir: TaskDir,
    pub files: Vec<String>,
    pub logs: Vec<String>,
    /// RPMs that wrap the images.
    pub wrapper: Option<RpmResults>,
    /// What else is said: the `arch`, and the `rpmlist` of what is installed.
    pub more: Struct,
}

impl ImageResults {
    /// Reads those of all subtasks. One without a task has failed, and left nothing.
    pub(crate) fn read_all(results: Struct) -> Result<Vec<Self>> {
        let mut all = Vec::with_capacity(results.len());
        for (name, value) in results {
            let mut more: Struct = read(&name, value)?;
            let Some(task) = take(&mut more, "task_id")? else {
                tracing::warn!(name, "a subtask failed, and left no image");
                continue;
            };
            all.push(ImageResults {
                task,
                dir: TaskDir::new(task),
                files: member(&mut more, "files")?,
                logs: take(&mut more, "logs")?.unwrap_or_default(),
                wrapper: RpmResults::read(take(&mut more, "rpmresults")?.flatten())?,
                more,
            });
        }
        Ok(all)
    }

    /// The architecture.
    pub(super) fn arch(&self) -> Result<String> {
        match self.more.get("arch") {
            Some(Value::String(arch)) if paths::is_component(arch) => Ok(arch.clone()),
            _ => fail!(Parameter, "no arch in the results"),
        }
    }

    /// What plugins learn of it.
    pub(super) fn about(&self) -> Struct {
        let texts = |files: &[String]| Value::Array(files.iter().map(|file| file.as_str().into()).collect());
        let mut about = self.more.clone();
        about.insert("task_id", self.task.0);
        about.insert("files", texts(&self.files));
        about.insert("logs", texts(&self.logs));
        about
    }

    /// The RPMs that are installed in it.
    pub(super) fn installed(&self) -> Result<Vec<Struct>> {
        read("rpmlist", self.more.get("rpmlist").cloned().unwrap_or_else(|| Value::Array(Vec::new())))
    }
}
