//! Repos, as builders make them.

use super::TagRef;
use super::method::methods;
use crate::ids::{EventId, RepoId, TaskId};
use crate::xmlrpc::Struct;

methods! {
    /// Begins a repo: its id and its event.
    [Host, Write] "host.repoInit" => RepoInit(tag: TagRef, task_id: Option<TaskId> = None, event: Option<EventId> = None, opts: Option<Struct> = None) -> (RepoId, EventId);
    /// Completes a repo: for each arch the upload folder and the files.
    [Host, Write] "host.repoDone" => RepoDone(repo_id: RepoId, data: Struct, expire: bool = false, repo_json_updates: Option<Struct> = None) -> ();
    /// Puts one arch of a repo for distribution in place: the uploaded files that its manifest names, and the RPMs.
    [Host, Write] "host.distRepoMove" => DistRepoMove(repo_id: RepoId, uploadpath: String, arch: String) -> ();
}
