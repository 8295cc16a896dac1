//! The hub's policies.

use super::method::methods;
use crate::xmlrpc::{Struct, Value};

methods! {
    /// What a policy says of some data: the action of the rule that decides.
    [Anyone, Read] "evalPolicy" => EvalPolicy(name: String, data: Struct) -> Option<String>;
    /// Whether a policy allows: `[allowed, reason]`.
    [Host, Read] "host.checkPolicy" => CheckPolicy(name: String, data: Struct, default: String = "deny".into(), strict: bool = false) -> (bool, Value);
    /// Faults unless a policy allows.
    [Host, Read] "host.assertPolicy" => AssertPolicy(name: String, data: Struct, default: String = "deny".into()) -> ();
    /// What a policy says of some data, for builders.
    [Host, Read] "host.evalPolicy" => HostEvalPolicy(name: String, data: Struct) -> Option<String>;
}
