//! Tasks that send mail.

use super::signature::task_args;
use crate::api::{BuildRef, TagRef, UserRef};
use crate::xmlrpc::{Struct, Value::Nil};

task_args! {
    /// Tells that a build was tagged, untagged or moved, or could not be.
    "tagNotification" => TagNotification(
        recipients: Vec<String>, is_successful: bool, tag_info: Option<TagRef>, from_info: Option<TagRef>,
        build_info: BuildRef, user_info: Option<UserRef>, ignore_success: bool = Nil,
        failure_msg: Option<String> = "");
    /// Tells how a build ended.
    "buildNotification" => BuildNotification(
        recipients: Vec<String>, build: Struct, target: Option<Struct>, weburl: String);
}
