use super::records;
use crate::ids::{BTypeId, PackageId, VolumeId};

records! {
    /// A package (`getPackage`).
    Package {
        /// Its id.
        id: PackageId,
        /// Its name.
        name: String,
    }
    /// A package in a plain list (`listPackagesSimple`).
    PackageListItem {
        /// Its id.
        package_id: PackageId,
        /// Its name.
        package_name: String,
    }
    /// A storage volume (`listVolumes`).
    Volume {
        /// Its id.
        id: VolumeId,
        /// Its name.
        name: String,
    }
    /// A build type (`listBTypes`).
    BType {
        /// Its id.
        id: BTypeId,
        /// Its name.
        name: String,
    }
}
