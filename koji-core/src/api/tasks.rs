//! Tasks: asking for work, and seeing how it goes.

use super::method::methods;
use super::query::Rows;
use super::{HostRef, KwArgs, QueryOpts, TagRef, VarArgs};
use crate::ids::{EventId, TaskId};
use crate::model::{Task, TaskListItem};
use crate::xmlrpc::{Struct, Value};

methods! {
    /// Asks for a build of an RPM package.
    [LoggedIn, Write] "build" => Build(src: Value, target: Value, opts: Option<Struct> = None, priority: Option<i32> = None, channel: Option<String> = None) -> TaskId;
    /// Asks for builds in order: a list of lists of sources.
    [LoggedIn, Write] "chainBuild" => ChainBuild(srcs: Vec<Value>, target: Value, opts: Option<Struct> = None, priority: Option<i32> = None, channel: Option<String> = None) -> TaskId;
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
    [Anyone, Read] "listTaskOutput" => ListTaskOutput(task_id "taskID": Value, stat: bool = false, all_volumes: bool = false, strict: bool = false) -> Value;
    /// A part of a file that a task left, in base64. A negative offset counts from the end.
    [Anyone, Read] "downloadTaskOutput" => DownloadTaskOutput(task_id "taskID": TaskId, file_name "fileName": String, offset: i64 = 0, size: i64 = -1, volume: Option<String> = None) -> String;
    /// Waits until any of the tasks has another state than given, or a subtask that is not among them, or the time is over:
    /// those tasks' states by id. Not Koji's; of this hub alone.
    [Anyone, Wait] "hub.waitTasks" => WaitTasks(states: Struct, timeout: i32 = 30) -> Struct;
}
