//! Repos of tags, and the queue of requests for them.

use super::method::methods;
use super::{AnyId, ExternalRepoRef, TagRef};
use crate::ids::{EventId, RepoId, RepoRequestId};
use crate::model::{ActiveRepo, Repo, RepoReference, RepoRequestResult, RepoRequestStatus};
use crate::xmlrpc::{Struct, Value};

methods! {
    /// A tag's latest repo that is ready, or in a state, or of an event.
    [Anyone, Read] "getRepo" => GetRepo(tag: TagRef, state: Option<i32> = None, event: Option<EventId> = None, dist: bool = false, min_event: Option<EventId> = None) -> Option<Repo>;
    /// Looks up a repo.
    [Anyone, Read] "repoInfo" => RepoInfo(repo_id: Option<RepoId>, strict: bool = false) -> Option<Repo>;
    /// The repos that are not deleted.
    [Anyone, Read] "getActiveRepos" => GetActiveRepos() -> Vec<ActiveRepo>;
    /// Marks a repo expired.
    [Permission("repo"), Write] "repoExpire" => RepoExpire(repo_id: RepoId) -> ();
    /// Marks a repo deleted unless buildroots refer to it: how many do.
    [Permission("repo"), Write] "repoDelete" => RepoDelete(repo_id: RepoId) -> i64;
    /// Marks a repo as broken.
    [Permission("repo"), Write] "repoProblem" => RepoProblem(repo_id: RepoId) -> ();
    /// Asks for a repo: one that will do, or a request in the queue. `min_event` may be `last`.
    [LoggedIn, Write] "repo.request" => RequestRepo(tag: TagRef, min_event: Value = Value::Nil, at_event: Option<EventId> = None, opts: Option<Struct> = None, priority: Option<i32> = None, force: bool = false) -> RepoRequestResult;
    /// A repo that will do, if there is one.
    [Anyone, Read] "repo.get" => FindRepo(tag: TagRef, min_event: Value = Value::Nil, at_event: Option<EventId> = None, opts: Option<Struct> = None) -> Option<Repo>;
    /// How a request stands.
    [Anyone, Read] "repo.checkRequest" => CheckRepoRequest(req_id: RepoRequestId) -> RepoRequestStatus;
    /// Sets a request's priority.
    [Permission("admin"), Write] "repo.setRequestPriority" => SetRepoRequestPriority(req_id: RepoRequestId, priority: i32) -> ();
    /// What was last seen of an external repo.
    [Anyone, Read] "repo.getExternalRepoData" => GetExternalRepoData(erepo: ExternalRepoRef) -> Value;
    /// Stores what was seen of an external repo.
    [Permission("repo"), Write] "repo.setExternalRepoData" => SetExternalRepoData(external_repo_id: ExternalRepoRef, data: Value) -> ();
    /// The buildroots that still use a repo.
    [Anyone, Read] "repo.references" => RepoReferences(repo_id: AnyId<RepoId>) -> Vec<RepoReference>;
    /// Sets a repo's state; it only goes up.
    [Permission("repo"), Write] "repo.setState" => SetRepoState(repo_id: RepoId, state: Value) -> ();
    /// Queries repos: clauses `[field, operator, value]`, fields, options.
    [Anyone, Read] "repo.query" => QueryRepos(clauses: Value, fields: Value = Value::Nil, opts: Option<Struct> = None) -> Value;
    /// Queries the queue of requests.
    [Anyone, Read] "repo.queryQueue" => QueryRepoQueue(clauses: Value = Value::Nil, fields: Value = Value::Nil, opts: Option<Struct> = None) -> Value;
    /// Makes requests for tags that want repos of themselves.
    [Permission("repo"), Write] "repo.autoRequests" => RepoAutoRequests() -> ();
    /// Works on the queue: starts tasks for requests, and looks after those that run.
    [Permission("repo"), Write] "repo.checkQueue" => CheckRepoQueue() -> ();
    /// Notes for each repo when its tag changed.
    [Permission("repo"), Write] "repo.updateEndEvents" => UpdateRepoEndEvents() -> ();
    /// Waits until a request is done or has failed, or the time is over. Not Koji's; of this hub alone.
    [Anyone, Wait] "hub.waitRepoRequest" => WaitRepoRequest(req_id: RepoRequestId, timeout: i32 = 30) -> RepoRequestStatus;
}
