//! What was changed, when and by whom.

use super::KwArgs;
use super::method::methods;
use crate::xmlrpc::Struct;

methods! {
    /// What was ever changed in the tables that keep history: for each of the tables asked for (all by default) its rows,
    /// those that hold and those that did. The filters `tag`, `build`, `host`, `channel`, `package`, `user`,
    /// `permission`, `cg`, `external_repo`, `build_target`, `group` and `xkey` leave out the tables that know no such
    /// thing; `active`, `editor`, `before`, `beforeEvent`, `after` and `afterEvent` go for all. `queryOpts` is applied to
    /// each table.
    [Anyone, Read] "queryHistory" => QueryHistory(tables: Option<Vec<String>> = None, filters "kwargs": KwArgs = KwArgs::default()) -> Struct;
}
