//! Tasks that make repos, and wait for them.

use super::signature::task_args;
use crate::api::TagRef;
use crate::ids::{EventId, RepoId};
use crate::xmlrpc::{
    Struct,
    Value::{self, Nil},
};

task_args! {
    /// Makes a repo of a tag. `src`, `debuginfo` and `separate_src` are the older form of `opts`.
    "newRepo" => NewRepo(
        tag: TagRef;
        event: Option<EventId> = Nil, src: Option<bool> = Nil, debuginfo: Option<bool> = Nil,
        separate_src: Option<bool> = Nil, opts: Option<Struct> = Nil);
    /// Makes the metadata of one architecture of a repo, with the help of those of an older one.
    "createrepo" => CreateRepo(repo_id: RepoId, arch: String, oldrepo: Option<Struct>);
    /// Makes a repo for distribution.
    "distRepo" => DistRepo(tag: TagRef, repo_id: RepoId, keys: Vec<String>, task_opts: Struct);
    /// Makes one architecture of a repo for distribution.
    "createdistrepo" => CreateDistRepo(tag: TagRef, repo_id: RepoId, arch: String, keys: Vec<String>, opts: Struct);
    /// Waits for a repo of a tag that holds builds, or is as new as an event (`min_event`: an event, or the text
    /// `last`), or, in the older form, as a time (`newer_than`: seconds since 1970, or the text `now`).
    "waitrepo" => WaitRepo(
        tag: TagRef, newer_than: Value = Nil, nvrs: Option<Vec<String>> = Nil, min_event: Value = Nil);
}
