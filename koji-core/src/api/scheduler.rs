//! The scheduler: which task goes to which host.

use super::HostRef;
use super::method::methods;
use crate::model::HostData;
use crate::xmlrpc::{Struct, Value};

methods! {
    /// Queries the runs of tasks on hosts: clauses `[field, operator, value]`, fields, options.
    [Anyone, Read] "scheduler.getTaskRuns" => GetTaskRuns(clauses: Value = Value::Nil, fields: Value = Value::Nil, opts: Option<Struct> = None) -> Value;
    /// Queries which hosts refused which tasks.
    [Anyone, Read] "scheduler.getTaskRefusals" => GetTaskRefusals(clauses: Value = Value::Nil, fields: Value = Value::Nil) -> Value;
    /// What hosts last said of themselves.
    [Anyone, Read] "scheduler.getHostData" => GetHostData(host_id "hostID": Option<HostRef> = None) -> Vec<HostData>;
    /// Queries the scheduler's log.
    [Anyone, Read] "scheduler.getLogMessages" => GetLogMessages(clauses: Value = Value::Nil, fields: Value = Value::Nil, opts: Option<Struct> = None) -> Value;
    /// Runs the scheduler now: whether it ran.
    [Permission("admin"), Write] "scheduler.doRun" => DoRun(force: bool = false) -> bool;
}
