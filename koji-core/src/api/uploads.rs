//! Uploads by call. Most uploads are raw requests, see `koji-client` and the hub's upload module.

use super::method::methods;
use crate::xmlrpc::{Struct, Value};

methods! {
    /// Writes a part of a file: base64 text at an offset; false if the checksum differs.
    [LoggedIn, Write] "uploadFile" => UploadFile(path: String, name: String, size: i64, md5sum: Value, offset: i64, data: String, volume: Option<String> = None, checksum: Value = Value::Nil) -> bool;
    /// What is known of an uploaded file: size and time, and a checksum of it or of its tail.
    [Anyone, Read] "checkUpload" => CheckUpload(path: String, name: String, verify: Option<String> = None, tail: Option<i64> = None, volume: Option<String> = None) -> Option<Struct>;
}
