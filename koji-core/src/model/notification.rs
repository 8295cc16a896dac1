use super::records;
use crate::ids::{NotificationBlockId, NotificationId, PackageId, TagId, UserId};

records! {
    /// What a user wants mail about (`getBuildNotifications`).
    Notification {
        /// Its id.
        id: NotificationId,
        /// The user.
        user_id: UserId,
        /// Builds of that package; none for all.
        package_id: Option<PackageId>,
        /// Builds for or in that tag; none for all.
        tag_id: Option<TagId>,
        /// Whether failures are left out.
        success_only: bool,
        /// Where the mail goes.
        email: String,
    }
    /// What a user wants no mail about (`getBuildNotificationBlocks`).
    NotificationBlock {
        /// Its id.
        id: NotificationBlockId,
        /// The user.
        user_id: UserId,
        /// Builds of that package; none for all.
        package_id: Option<PackageId>,
        /// Builds for or in that tag; none for all.
        tag_id: Option<TagId>,
    }
}
