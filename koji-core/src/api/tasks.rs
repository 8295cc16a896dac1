//! Tasks: asking for work, and seeing how it goes.

use super::method::methods;
use super::query::Rows;
use super::{BuildRef, HostRef, KwArgs, QueryOpts, TagRef, TargetRef, VarArgs};
use crate::ids::{EventId, TaskId};
use crate::model::{Task, TaskListItem};
use crate::xmlrpc::{Struct, Value};

methods! {
    /// Asks for a build of an RPM package.
    [LoggedIn, Write] "build" => Build(src: Value, target: Value, opts: Option<Struct> = None, priority: Option<i32> = None, channel: Option<String> = None) -> TaskId;
    /// Asks for builds in order: a list of lists of sources.
    [LoggedIn, Write] "chainBuild" => ChainBuild(srcs: Vec<Value>, target: Value, opts: Option<Struct> = None, priority: Option<i32> = None, channel: Option<String> = None) -> TaskId;
    /// Asks for a build of a Maven project.
    [LoggedIn, Write] "mavenBuild" => MavenBuild(url: Value, target: Value, opts: Option<Struct> = None, priority: Option<i32> = None, channel: Option<String> = Some("maven".into())) -> TaskId;
    /// Asks for builds of Maven projects in the order of their dependencies: each build's parameters by its name.
    [LoggedIn, Write] "chainMaven" => ChainMaven(builds: Value, target: Value, opts: Option<Struct> = None, priority: Option<i32> = None, channel: Option<String> = Some("maven".into())) -> TaskId;
    /// Asks for RPMs that wrap what a complete build holds. With `scratch` or `create_build` among the options it may have RPMs already.
    [LoggedIn, Write] "wrapperRPM" => WrapperRpm(build: BuildRef, url: Value, target: TargetRef, priority: Option<i32> = None, channel: String = "maven".into(), opts: Option<Struct> = None) -> TaskId;
    /// Asks for a build in the virtual machine of that name, if the policy `vm` allows it.
    [LoggedIn, Write] "winBuild" => WinBuild(vm: Value, url: Value, target: Value, opts: Option<Struct> = None, priority: Option<i32> = None, channel: Option<String> = Some("vm".into())) -> TaskId;
    /// Asks for an image from a kickstart file; `img_type` is `livecd`, `appliance` or `livemedia`, and names the permission too.
    [Anyone, Write] "buildImage" => BuildImage(name: Value, version: Value, arch: Value, target: Value, ksfile: Value, img_type: String, opts: Option<Struct> = None, priority: Option<i32> = None) -> TaskId;
    /// Asks for an image that is made with two others and a template.
    [Permission("image"), Write] "buildImageIndirection" => BuildImageIndirection(opts: Option<Struct> = None, priority: Option<i32> = None) -> TaskId;
    /// Asks for images from a kickstart file and an installation tree.
    [Permission("image"), Write] "buildImageOz" => BuildImageOz(name: Value, version: Value, arches: Value, target: Value, inst_tree: Value, opts: Option<Struct> = None, priority: Option<i32> = None) -> TaskId;
    /// Asks for a repo for distribution, of RPMs that are signed with one of the keys: its `arch` by name, and options.
    [Anyone, Write] "distRepo" => DistRepo(tag: Value, keys: Value, task_opts: KwArgs = KwArgs::default()) -> TaskId;
    /// Asks for a repo of a tag.
    [Anyone, Write] "newRepo" => NewRepo(tag: TagRef, event: Option<EventId> = None, src: bool = false, debuginfo: bool = false, separate_src: bool = false) -> TaskId;
    /// Asks hosts to restart.
    [Permission("host"), Write] "restartHosts" => RestartHosts(priority: i32 = 5, options: Option<Struct> = None) -> TaskId;
    /// Makes any task: its method, its list of arguments, and options by name.
    [Permission("admin"), Write] "makeTask" => MakeTask(args: VarArgs = VarArgs::default(), opts: KwArgs = KwArgs::default()) -> TaskId;
    /// Looks up a task, or a list of them.
    [Anyone, Read] "getTaskInfo" => GetTaskInfo(task_id: Value, request: bool = false, strict: bool = false) -> Value;
    /// A task's arguments.
    [Anyone, Read] "getTaskRequest" => GetTaskRequest(task_id "taskId": TaskId) -> Vec<Value>;
    /// A task's result, or the fault with which it failed.
    [Anyone, Read] "getTaskResult" => GetTaskResult(task_id "taskId": TaskId, raise_fault: bool = true) -> Value;
    /// A task's subtasks.
    [Anyone, Read] "getTaskChildren" => GetTaskChildren(task_id: TaskId, request: bool = false, strict: bool = false) -> Vec<Task>;
    /// All tasks below a task: by id, the list of its subtasks.
    [Anyone, Read] "getTaskDescendents" => GetTaskDescendents(task_id: TaskId, request: bool = false) -> Struct;
    /// Whether a task has ended.
    [Anyone, Read] "taskFinished" => TaskFinished(task_id "taskId": TaskId) -> bool;
    /// Lists tasks.
    [Anyone, Read] "listTasks" => ListTasks(opts: Option<Struct> = None, query_opts "queryOpts": Option<QueryOpts> = None) -> Rows<TaskListItem>;
    /// Cancels a task, and its subtasks.
    [LoggedIn, Write] "cancelTask" => CancelTask(task_id: TaskId, recurse: bool = true) -> ();
    /// Cancels a whole tree of tasks.
    [Permission("admin"), Write] "cancelTaskFull" => CancelTaskFull(task_id: TaskId, strict: bool = true) -> ();
    /// Cancels a task's subtasks.
    [LoggedIn, Write] "cancelTaskChildren" => CancelTaskChildren(task_id: TaskId) -> ();
    /// Makes a failed or canceled task anew.
    [LoggedIn, Write] "resubmitTask" => ResubmitTask(task_id "taskID": TaskId) -> TaskId;
    /// Sets a task's priority.
    [Permission("admin"), Write] "setTaskPriority" => SetTaskPriority(task_id: TaskId, priority: i32, recurse: bool = true) -> ();
    /// Takes a task from its host, for any host to take.
    [Permission("admin"), Write] "freeTask" => FreeTask(task_id: TaskId) -> ();
    /// Gives a task to a host.
    [Permission("admin"), Write] "assignTask" => AssignTask(task_id: TaskId, host: HostRef, force: bool = false, over_ride "override": bool = false) -> bool;
    /// The files that a task left.
    [Anyone, Read] "listTaskOutput" => ListTaskOutput(task_id "taskID": TaskId, stat: bool = false, all_volumes: bool = false, strict: bool = false) -> Value;
    /// A part of a file that a task left, in base64. A negative offset counts from the end.
    [Anyone, Read] "downloadTaskOutput" => DownloadTaskOutput(task_id "taskID": TaskId, file_name "fileName": String, offset: i64 = 0, size: i64 = -1, volume: Option<String> = None) -> String;
    /// Waits until any of the tasks has another state than given, or a subtask that is not among them, or the time is over:
    /// those tasks' states by id. Not Koji's; of this hub alone.
    [Anyone, Wait] "hub.waitTasks" => WaitTasks(states: Struct, timeout: i32 = 30) -> Struct;
}
