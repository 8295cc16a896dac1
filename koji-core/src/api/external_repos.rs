//! Repos outside the hub.

use super::method::methods;
use super::query::Rows;
use super::{ExternalRepoRef, MaybeRef, NewName, QueryOpts, TagRef};
use crate::ids::{EventId, ExternalRepoId};
use crate::model::{ExternalRepo, TagExternalRepo};

methods! {
    /// Registers a repo.
    [Permission("admin"), Write] "createExternalRepo" => CreateExternalRepo(name: NewName, url: String) -> ExternalRepo;
    /// Renames a repo, or says that it is elsewhere now.
    [Permission("admin"), Write] "editExternalRepo" => EditExternalRepo(info: ExternalRepoRef, name: Option<String> = None, url: Option<String> = None) -> ();
    /// Deletes a repo, and takes it from all tags.
    [Permission("admin"), Write] "deleteExternalRepo" => DeleteExternalRepo(info: ExternalRepoRef) -> ();
    /// Lists repos.
    [Anyone, Read] "listExternalRepos" => ListExternalRepos(info: Option<ExternalRepoRef> = None, url: Option<String> = None, event: Option<EventId> = None, query_opts "queryOpts": Option<QueryOpts> = None) -> Rows<ExternalRepo>;
    /// Looks up a repo.
    [Anyone, Read] "getExternalRepo" => GetExternalRepo(info: MaybeRef<ExternalRepoId>, strict: bool = false, event: Option<EventId> = None) -> Option<ExternalRepo>;
    /// Adds a repo to a tag.
    [Permission("tag"), Write] "addExternalRepoToTag" => AddExternalRepoToTag(tag_info: TagRef, repo_info: ExternalRepoRef, priority: i32, merge_mode: Option<String> = Some("koji".into()), arches: Option<String> = None) -> ();
    /// Changes how a tag uses a repo. Says whether anything changed.
    [Permission("tag"), Write] "editTagExternalRepo" => EditTagExternalRepo(tag_info: TagRef, repo_info: ExternalRepoRef, priority: Option<i32> = None, merge_mode: Option<String> = None, arches: Option<String> = None) -> bool;
    /// Takes a repo from a tag.
    [Permission("tag"), Write] "removeExternalRepoFromTag" => RemoveExternalRepoFromTag(tag_info: TagRef, repo_info: ExternalRepoRef) -> ();
    /// The repos of a tag, or the tags of a repo.
    [Anyone, Read] "getTagExternalRepos" => GetTagExternalRepos(tag_info: Option<TagRef> = None, repo_info: Option<ExternalRepoRef> = None, event: Option<EventId> = None) -> Vec<TagExternalRepo>;
    /// The repos of a tag and of those it inherits from, each once.
    [Anyone, Read] "getExternalRepoList" => GetExternalRepoList(tag_info: TagRef, event: Option<EventId> = None) -> Vec<TagExternalRepo>;
}
