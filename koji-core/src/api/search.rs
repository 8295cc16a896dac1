//! Finding things by a part of their names.

use super::QueryOpts;
use super::method::methods;
use super::query::Rows;
use crate::model::Found;

methods! {
    /// Searches for packages, builds, tags, targets, users, hosts, RPMs, or for archives of the types `maven` or `win`, by
    /// name: `matchType` is `glob` or `regexp`, both whatever the case, and anything else means the name itself.
    [Anyone, Read] "search" => Search(terms: String, kind "type": String, match_type "matchType": String, query_opts "queryOpts": Option<QueryOpts> = None) -> Rows<Found>;
}
