//! What builders call: `host.*`.

use super::method::methods;
use super::{BuildRef, KwArgs, RpmRef, TagRef, VarArgs};
use crate::ids::{BuildId, BuildrootId, EventId, HostId, RepoId, TaskId, UserId};
use crate::model::{AssignedTask, Build, Host, HostTask};
use crate::xmlrpc::{Struct, Value};

methods! {
    /// The host's id.
    [Host, Read] "host.getID" => GetHostId() -> HostId;
    /// The host.
    [Host, Read] "host.getHost" => GetOwnHost() -> Host;
    /// Whether the host may be given tasks.
    [Host, Read] "host.isEnabled" => IsEnabled() -> bool;
    /// Reports the host's load, whether it takes tasks, and what it can do (`methods`, `maxjobs`).
    [Host, Write] "host.updateHost" => UpdateHost(task_load: f64, ready: bool, data: Option<Value> = None) -> ();
    /// Stores what the host can do.
    [Host, Write] "host.setHostData" => SetHostData(hostdata: Value) -> ();
    /// Hosts and tasks, as builders before 1.34 asked for them.
    [Host, Read] "host.getLoadData" => GetLoadData() -> Value;
    /// The tasks that are assigned to the host.
    [Host, Read] "host.getTasks" => GetTasks() -> Vec<AssignedTask>;
    /// The tasks that are open on the host.
    [Host, Read] "host.getHostTasks" => GetHostTasks() -> Vec<HostTask>;
    /// Begins a task: its row with the stored request; nil if it is not the host's to begin.
    [Host, Write] "host.openTask" => OpenTask(task_id: TaskId) -> Option<Struct>;
    /// Ends a task well; the response is an XML-RPC document.
    [Host, Write] "host.closeTask" => CloseTask(task_id: TaskId, response: String) -> ();
    /// Ends a task with a fault; the response is an XML-RPC document.
    [Host, Write] "host.failTask" => FailTask(task_id: TaskId, response: String) -> ();
    /// Gives tasks back, for any host to take.
    [Host, Write] "host.freeTasks" => FreeTasks(tasks: Vec<TaskId>) -> ();
    /// Refuses a task that is assigned to the host; a soft refusal is forgotten after a while.
    [Host, Write] "host.refuseTask" => RefuseTask(task_id: TaskId, soft: bool = true, msg: String = String::new()) -> ();
    /// Sets a task's weight.
    [Host, Write] "host.setTaskWeight" => SetTaskWeight(task_id: TaskId, weight: f64) -> ();
    /// Says for which subtasks a task waits; for all without a list.
    [Host, Write] "host.taskSetWait" => TaskSetWait(parent: TaskId, tasks: Option<Vec<TaskId>>) -> ();
    /// Which of the subtasks that a task waits for have ended, and which have not.
    [Host, Write] "host.taskWait" => TaskWait(parent: TaskId) -> (Vec<TaskId>, Vec<TaskId>);
    /// The results of subtasks; a failed one faults unless it is in `canfail`.
    [Host, Write] "host.taskWaitResults" => TaskWaitResults(parent: TaskId, tasks: Option<Vec<TaskId>>, canfail: Option<Vec<TaskId>> = None) -> Vec<(TaskId, Value)>;
    /// Makes a subtask: `label`, `channel`, `arch`, `priority`, `weight`, `assign`, `kwargs` by name.
    [Host, Write] "host.subtask" => Subtask(method: String, arglist: Vec<Value>, parent: TaskId, opts: KwArgs = KwArgs::default()) -> TaskId;
    /// Makes a subtask with the arguments in place.
    [Host, Write] "host.subtask2" => Subtask2(parent "__parent": TaskId, taskopts "__taskopts": Struct, method "__method": String, args: VarArgs = VarArgs::default(), opts: KwArgs = KwArgs::default()) -> TaskId;
    /// Puts a scratch build's files where users find them.
    [Host, Write] "host.moveBuildToScratch" => MoveBuildToScratch(task_id: TaskId, srpm: String, rpms: Vec<String>, logs: Option<Struct> = None) -> ();
    /// Puts a Maven scratch build's files where users find them.
    [Host, Write] "host.moveMavenBuildToScratch" => MoveMavenBuildToScratch(task_id: TaskId, results: Struct, rpm_results: Option<Struct>) -> ();
    /// Puts a Windows scratch build's files where users find them.
    [Host, Write] "host.moveWinBuildToScratch" => MoveWinBuildToScratch(task_id: TaskId, results: Struct, rpm_results: Option<Struct>) -> ();
    /// Puts the images of a scratch build where users find them: those of each subtask by its name.
    [Host, Write] "host.moveImageBuildToScratch" => MoveImageBuildToScratch(task_id: TaskId, results: Value) -> ();
    /// Begins a build: `name`, `version`, `release`, `epoch`, `task_id`, `owner`, `source`, `extra`.
    [Host, Write] "host.initBuild" => InitBuild(data: Struct) -> BuildId;
    /// Begins a Maven build, whose release is the next one: what it was asked with, the build's `id` and `release` added.
    [Host, Write] "host.initMavenBuild" => InitMavenBuild(task_id: TaskId, build_info: Struct, maven_info: Value) -> Struct;
    /// Makes a build one of Maven.
    [Host, Write] "host.createMavenBuild" => HostCreateMavenBuild(build_info: BuildRef, maven_info: Value) -> ();
    /// Begins a Windows build: what it was asked with, the build's `id` added.
    [Host, Write] "host.initWinBuild" => InitWinBuild(task_id: TaskId, build_info: Struct, win_info: Value) -> Struct;
    /// Begins a build of images, whose release is the next one unless one is given: what it was asked with, the build's `id` added.
    [Host, Write] "host.initImageBuild" => InitImageBuild(task_id: TaskId, build_info: Struct) -> Struct;
    /// Imports a build's files and completes it. `brmap` says in which buildroot each was built.
    [Host, Write] "host.completeBuild" => CompleteBuild(task_id: TaskId, build_id: BuildId, srpm: String, rpms: Vec<String>, brmap: Option<Struct> = None, logs: Option<Struct> = None) -> Build;
    /// Imports a Maven build's files (`files` by folder, `logs`) and the RPMs that wrap them, and completes it.
    [Host, Write] "host.completeMavenBuild" => CompleteMavenBuild(task_id: TaskId, build_id: BuildId, maven_results: Struct, rpm_results: Option<Struct>) -> ();
    /// Imports a Windows build's files (`output` with `platforms` and `flags`, `logs`) and the RPMs that wrap them, and completes it.
    [Host, Write] "host.completeWinBuild" => CompleteWinBuild(task_id: TaskId, build_id: BuildId, results: Struct, rpm_results: Option<Struct>) -> ();
    /// Imports images (`files`, `arch`, `rpmlist`, `rpmresults` of each subtask by its name) and completes their build.
    [Host, Write] "host.completeImageBuild" => CompleteImageBuild(task_id: TaskId, build_id: BuildId, results: Struct) -> ();
    /// Imports images into a build, as `host.completeImageBuild` does, without completing it.
    [Host, Write] "host.importImage" => ImportImage(task_id: TaskId, build_info: BuildRef, results: Struct) -> ();
    /// Imports RPMs that wrap what a complete build holds: `srpm`, `rpms`, `logs`.
    [Host, Write] "host.importWrapperRPMs" => ImportWrapperRpms(task_id: TaskId, build_id: BuildId, rpm_results: Struct) -> ();
    /// Marks a build as failed.
    [Host, Write] "host.failBuild" => FailBuild(task_id: TaskId, build_id: BuildId) -> ();
    /// Writes the copy of an RPM that has the signature of a key.
    [Host, Write] "host.writeSignedRPM" => HostWriteSignedRpm(an_rpm: RpmRef, sigkey: String, force: bool = false) -> ();
    /// Tags a build for the user of a task.
    [Host, Write] "host.tagBuild" => HostTagBuild(task_id: TaskId, tag: TagRef, build: BuildRef, force: bool = false, fromtag: Option<TagRef> = None) -> ();
    /// Asks for mail about a tag operation.
    [Host, Write] "host.tagNotification" => TagNotification(is_successful: bool, tag_id: Option<TagRef>, from_id: Option<TagRef>, build_id: BuildId, user_id: Option<UserId>, ignore_success: bool = false, failure_msg: String = String::new()) -> ();
    /// Registers a buildroot.
    [Host, Write] "host.newBuildRoot" => NewBuildRoot(repo: RepoId, arch: String, task_id: Option<TaskId> = None) -> BuildrootId;
    /// Sets a buildroot's state, by name or number.
    [Host, Write] "host.setBuildRootState" => SetBuildRootState(brootid: BuildrootId, state: Value, task_id: Option<TaskId> = None) -> ();
    /// Says which RPMs are in a buildroot.
    [Host, Write] "host.setBuildRootList" => SetBuildRootList(brootid: BuildrootId, rpmlist: Vec<Struct>, task_id: Option<TaskId> = None) -> ();
    /// Says which RPMs came into a buildroot since.
    [Host, Write] "host.updateBuildRootList" => UpdateBuildRootList(brootid: BuildrootId, rpmlist: Vec<Struct>, task_id: Option<TaskId> = None) -> ();
    /// Says which archives, by their `id`, are in a buildroot: to set it up, or as what the `project` depends on.
    [Host, Write] "host.updateBuildrootArchives" => UpdateBuildrootArchives(brootid: BuildrootId, task_id: TaskId, archives: Vec<Struct>, project: bool = false) -> ();
    /// Says which Maven artifacts (`maven_info`, `files`) are in a buildroot. They must be in the tag of its repo, or come
    /// from `extra_deps`, tasks and builds, unless they are among `ignore` or `ignore_unknown` is on.
    [Host, Write] "host.updateMavenBuildRootList" => UpdateMavenBuildRootList(brootid: BuildrootId, task_id: TaskId, mavenlist: Vec<Value>, ignore: Option<Vec<Value>> = None, project: bool = false, ignore_unknown: bool = false, extra_deps: Option<Vec<Value>> = None) -> ();
    /// Begins a repo: its id and its event.
    [Host, Write] "host.repoInit" => RepoInit(tag: TagRef, task_id: Option<TaskId> = None, event: Option<EventId> = None, opts: Option<Struct> = None) -> (RepoId, EventId);
    /// Completes a repo: for each arch the upload folder and the files.
    [Host, Write] "host.repoDone" => RepoDone(repo_id: RepoId, data: Struct, expire: bool = false, repo_json_updates: Option<Struct> = None) -> ();
    /// Puts one arch of a repo for distribution in place: the uploaded files that its manifest names, and the RPMs.
    [Host, Write] "host.distRepoMove" => DistRepoMove(repo_id: RepoId, uploadpath: String, arch: String) -> ();
    /// Waits until there are tasks to begin or to look after, or the time is over: whether there are. Not Koji's; of this hub alone.
    [Host, Wait] "hub.waitWork" => WaitWork(timeout: i32 = 30) -> bool;
    /// Waits until any subtask that a task waits for has ended, or the time is over: as `host.taskWait`. Not Koji's; of this hub alone.
    [Host, Wait] "hub.waitSubtasks" => WaitSubtasks(parent: TaskId, timeout: i32 = 30) -> (Vec<TaskId>, Vec<TaskId>);
}
