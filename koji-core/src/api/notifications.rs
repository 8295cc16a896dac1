//! What users want mail about, and what not.

use super::method::methods;
use super::{AnyId, PackageRef, TagRef, UserRef};
use crate::ids::{NotificationBlockId, NotificationId};
use crate::model::{Notification, NotificationBlock};

methods! {
    /// What a user wants mail about; the caller, if none is given.
    [Anyone, Read] "getBuildNotifications" => GetBuildNotifications(user_id "userID": UserRef = UserRef::Me) -> Vec<Notification>;
    /// Looks up a notification.
    [Anyone, Read] "getBuildNotification" => GetBuildNotification(id: AnyId<NotificationId>, strict: bool = false) -> Option<Notification>;
    /// Has a user told of the builds of a package, or into a tag, or of all; by oneself or an administrator.
    [Anyone, Write] "createNotification" => CreateNotification(user_id: UserRef, package_id: Option<PackageRef>, tag_id: Option<TagRef>, success_only: bool) -> ();
    /// Changes what a notification is about.
    [Anyone, Write] "updateNotification" => UpdateNotification(id: NotificationId, package_id: Option<PackageRef>, tag_id: Option<TagRef>, success_only: bool) -> ();
    /// Removes a notification.
    [Anyone, Write] "deleteNotification" => DeleteNotification(id: NotificationId) -> ();
    /// What a user wants no mail about; the caller, if none is given.
    [Anyone, Read] "getBuildNotificationBlocks" => GetBuildNotificationBlocks(user_id "userID": UserRef = UserRef::Me) -> Vec<NotificationBlock>;
    /// Looks up a block of notifications.
    [Anyone, Read] "getBuildNotificationBlock" => GetBuildNotificationBlock(id: AnyId<NotificationBlockId>, strict: bool = false) -> Option<NotificationBlock>;
    /// Keeps mail about a package, or a tag, or all mail from a user; by oneself or an administrator.
    [Anyone, Write] "createNotificationBlock" => CreateNotificationBlock(user_id: UserRef, package_id: Option<PackageRef> = None, tag_id: Option<TagRef> = None) -> ();
    /// Removes a block of notifications.
    [Anyone, Write] "deleteNotificationBlock" => DeleteNotificationBlock(id: NotificationBlockId) -> ();
}
