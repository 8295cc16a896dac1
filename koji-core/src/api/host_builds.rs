//! Builds of RPMs, as builders make them.

use super::method::methods;
use crate::ids::{BuildId, TaskId};
use crate::model::Build;
use crate::xmlrpc::Struct;

methods! {
    /// Puts a scratch build's files where users find them.
    [Host, Write] "host.moveBuildToScratch" => MoveBuildToScratch(task_id: TaskId, srpm: String, rpms: Vec<String>, logs: Option<Struct> = None) -> ();
    /// Begins a build: `name`, `version`, `release`, `epoch`, `task_id`, `owner`, `source`, `extra`.
    [Host, Write] "host.initBuild" => InitBuild(data: Struct) -> BuildId;
    /// Imports a build's files and completes it. `brmap` says in which buildroot each was built.
    [Host, Write] "host.completeBuild" => CompleteBuild(task_id: TaskId, build_id: BuildId, srpm: String, rpms: Vec<String>, brmap: Option<Struct> = None, logs: Option<Struct> = None) -> Build;
    /// Marks a build as failed.
    [Host, Write] "host.failBuild" => FailBuild(task_id: TaskId, build_id: BuildId) -> ();
}
