//! Tasks that steer hosts and other tasks, and those for trying things out.

use super::signature::task_args;
use crate::api::{KwArgs, VarArgs};
use crate::ids::TaskId;
use crate::xmlrpc::{
    Struct,
    Value::{self, Nil},
};

task_args! {
    /// Restarts builders: `channel` and `arches` say which, `timeout` (seconds) how long that may take.
    "restartHosts" => RestartHosts(options: Option<Struct> = Nil);
    /// Restarts the builder that takes it, which must be that host.
    "restart" => Restart(host: Struct);
    /// Checks that the host was restarted by that task.
    "restartVerify" => RestartVerify(task_id: TaskId, host: Struct);
    /// Ends the builder that takes it.
    "shutdown" => Shutdown();
    /// Runs tasks, each a list of method, arguments and options, after others have ended well.
    "dependantTask" => DependantTask(wait_list: Vec<Value>, task_list: Vec<Vec<Value>>);
    /// Does nothing for some seconds.
    "sleep" => Sleep(n: f64);
    /// Starts `n` processes that sleep for `m` seconds.
    "fork" => Fork(n: i64 = 5, m: i64 = 37);
    /// Waits for `count` subtasks that sleep, and one that fails.
    "waittest" => WaitTest(count: i64, seconds: f64 = 10.0);
    /// Starts a subtask of its kind, down to 0.
    "subtask" => Subtask(n: i64 = 4);
    /// Does nothing.
    "someMethod" => SomeMethod(args: VarArgs);
    /// What stands for a method that the builder does not know.
    "default" => UnknownMethod(args: VarArgs, opts: KwArgs);
}
