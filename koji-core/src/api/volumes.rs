//! Storage volumes.

use super::VolumeRef;
use super::method::methods;
use crate::model::Volume;

methods! {
    /// All volumes.
    [Anyone, Read] "listVolumes" => ListVolumes() -> Vec<Volume>;
    /// Looks up a volume.
    [Anyone, Read] "getVolume" => GetVolume(volume: VolumeRef, strict: bool = false) -> Option<Volume>;
}
