//! What builders call for themselves and for their tasks.

use super::method::methods;
use super::{KwArgs, VarArgs};
use crate::ids::{HostId, TaskId};
use crate::model::{AssignedTask, Host, HostTask};
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
    /// Waits until there are tasks to begin or to look after, or the time is over: whether there are. Not Koji's; of this hub alone.
    [Host, Wait] "hub.waitWork" => WaitWork(timeout: i32 = 30) -> bool;
    /// Waits until any subtask that a task waits for has ended, or the time is over: as `host.taskWait`. Not Koji's; of this hub alone.
    [Host, Wait] "hub.waitSubtasks" => WaitSubtasks(parent: TaskId, timeout: i32 = 30) -> (Vec<TaskId>, Vec<TaskId>);
}
