//! Calls whose results are counted, ordered and cut on the hub.

use super::method::methods;
use super::{KwArgs, VarArgs};
use crate::xmlrpc::Value;

methods! {
    /// Calls a method, and says how many things it answers with: nothing is none, and what is no list or struct is one.
    [Anyone, Read] "count" => Count(method "methodName": String, args: VarArgs = VarArgs::default(), named "kw": KwArgs = KwArgs::default()) -> i64;
    /// Calls a method that answers with a list of structs, and gives a part of it. The named argument `filterOpts` says
    /// which: `order` (a field, with `-` in front for the greatest first), `offset`, `limit` and `noneGreatest`.
    [Anyone, Read] "filterResults" => FilterResults(method "methodName": String, args: VarArgs = VarArgs::default(), named "kw": KwArgs = KwArgs::default()) -> Value;
    /// As `filterResults`, with the number of all results before the part.
    [Anyone, Read] "countAndFilterResults" => CountAndFilterResults(method "methodName": String, args: VarArgs = VarArgs::default(), named "kw": KwArgs = KwArgs::default()) -> (i64, Value);
}
