//! Storage volumes.

use super::method::methods;
use super::{NewName, VolumeRef};
use crate::model::Volume;

methods! {
    /// All volumes.
    [Anyone, Read] "listVolumes" => ListVolumes() -> Vec<Volume>;
    /// Adds a volume, whose directory must be there.
    [Permission("admin"), Write] "addVolume" => AddVolume(name: NewName, strict: bool = true) -> Volume;
    /// Removes a volume that no build is on.
    [Permission("admin"), Write] "removeVolume" => RemoveVolume(volume: VolumeRef) -> ();
    /// Looks up a volume.
    [Anyone, Read] "getVolume" => GetVolume(volume: VolumeRef, strict: bool = false) -> Option<Volume>;
}
