//! Content generators: programs outside Koji that make builds of their own, and import them.

use std::collections::BTreeMap;

use super::method::methods;
use super::{CgRef, UserRef};
use crate::ids::BuildId;
use crate::model::{Build, ContentGenerator, Reservation};
use crate::xmlrpc::{Struct, Value};

methods! {
    /// The content generators that anyone may act as, by name.
    [Anyone, Read] "listCGs" => ListCgs() -> BTreeMap<String, ContentGenerator>;
    /// Lets a user act as a content generator, which is made if asked for.
    [Permission("admin"), Write] "grantCGAccess" => GrantCgAccess(user: UserRef, cg: CgRef, create: bool = false) -> ();
    /// Lets a user no longer act as a content generator.
    [Permission("admin"), Write] "revokeCGAccess" => RevokeCgAccess(user: UserRef, cg: CgRef) -> ();
    /// Reserves a build for an import to come: `name`, `version`, `release`, and perhaps `epoch` and `draft`.
    [Anyone, Write] "CGInitBuild" => CgInitBuild(cg: CgRef, data: Struct) -> Reservation;
    /// Gives a reserved build up, which is then failed (3) or canceled (4).
    [Anyone, Write] "CGRefundBuild" => CgRefundBuild(cg: CgRef, build_id: BuildId, token: Option<String>, state: i32 = 3) -> ();
    /// Imports a build with uploaded files. The metadata is a struct, JSON text, or the name of an uploaded file that
    /// ends in `.json`; nil for `metadata.json`. A reserved build needs its token.
    [Anyone, Write] "CGImport" => CgImport(metadata: Value, directory: String, token: Option<String> = None) -> Build;
}
