//! What users want mail about, and what not: each user's own, to be changed by the user or an administrator.

use koji_core::api::{PackageRef, TagRef, UserRef};
use koji_core::ids::{NotificationBlockId, NotificationId, PackageId, TagId, UserId};
use koji_core::model::{Notification, NotificationBlock, User};

use crate::call::Call;
use crate::db::{Conn, args, sql};
use crate::error::fail;
use crate::{Result, names, users};

/// What a user wants mail about.
pub(crate) async fn of_user(db: &mut Conn, user: UserId) -> Result<Vec<Notification>> {
    let sql = "SELECT id, user_id, package_id, tag_id, success_only, email FROM build_notifications
               WHERE user_id = $1 ORDER BY id";
    Ok(db.fetch_all(sql, args![user]).await?)
}

/// The notification of that id, if there is one.
pub(crate) async fn find(db: &mut Conn, id: NotificationId) -> Result<Option<Notification>> {
    let sql = "SELECT id, user_id, package_id, tag_id, success_only, email FROM build_notifications WHERE id = $1";
    Ok(db.fetch_optional(sql, args![id]).await?)
}

/// The notification of that id; a fault if there is none.
pub(crate) async fn get(db: &mut Conn, id: NotificationId) -> Result<Notification> {
    match find(db, id).await? {
        Some(found) => Ok(found),
        None => fail!("No notification with ID {id} found"),
    }
}

/// What a user wants no mail about.
pub(crate) async fn blocks_of_user(db: &mut Conn, user: UserId) -> Result<Vec<NotificationBlock>> {
    let sql = "SELECT id, user_id, package_id, tag_id FROM build_notifications_block WHERE user_id = $1 ORDER BY id";
    Ok(db.fetch_all(sql, args![user]).await?)
}

/// The block of that id, if there is one.
pub(crate) async fn find_block(db: &mut Conn, id: NotificationBlockId) -> Result<Option<NotificationBlock>> {
    let sql = "SELECT id, user_id, package_id, tag_id FROM build_notifications_block WHERE id = $1";
    Ok(db.fetch_optional(sql, args![id]).await?)
}

/// The block of that id; a fault if there is none.
pub(crate) async fn get_block(db: &mut Conn, id: NotificationBlockId) -> Result<NotificationBlock> {
    match find_block(db, id).await? {
        Some(found) => Ok(found),
        None => fail!("No notification block with ID {id} found"),
    }
}

/// Of which builds: those of a package, those for or in a tag, or of all.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Which {
    pub package: Option<PackageId>,
    pub tag: Option<TagId>,
}

impl Which {
    /// Reads what callers give; a fault if there is no such package or tag.
    pub(crate) async fn new(db: &mut Conn, package: Option<&PackageRef>, tag: Option<&TagRef>) -> Result<Self> {
        Ok(Which {
            package: match package {
                Some(package) => Some(names::get(db, package).await?.0),
                None => None,
            },
            tag: match tag {
                Some(tag) => Some(names::get(db, tag).await?.0),
                None => None,
            },
        })
    }
}

/// The caller; a fault if that is nobody.
pub(crate) fn caller(cx: &Call<'_>) -> Result<UserId> {
    match cx.user_id() {
        Ok(user) => Ok(user),
        Err(_) => fail!("Not logged-in"),
    }
}

/// The user for whom `what` is made: the caller, or anyone if an administrator asks. The row stays locked, so that nothing
/// is made twice.
pub(crate) async fn user_for(cx: &mut Call<'_>, user: &UserRef, what: &str) -> Result<User> {
    let me = caller(cx)?;
    let Some(found) = users::find_for(cx, user).await? else { fail!("No such user ID: {}", user.text()) };
    if found.id != me && !cx.has_perm("admin").await? {
        let my_name = users::find_by_id(cx.db().await?, me).await?.map(|user| user.name).unwrap_or_default();
        fail!("user {my_name} cannot create {what} for user {}", found.name);
    }
    let locked = sql!("SELECT id FROM users WHERE id = $1", {for update});
    cx.db().await?.fetch_scalar::<UserId>(locked, args![found.id]).await?;
    Ok(found)
}

/// Refuses to let anyone but the owner and administrators change something: `verb` and `what` say it in the message.
pub(crate) async fn assert_owner(cx: &mut Call<'_>, owner: UserId, verb: &str, what: &str) -> Result<()> {
    let me = caller(cx)?;
    if owner != me && !cx.has_perm("admin").await? {
        fail!("user {me} cannot {verb} {what} for user {owner}");
    }
    Ok(())
}

async fn assert_new(db: &mut Conn, user: UserId, which: Which, success_only: bool) -> Result<()> {
    let same =
        |n: &Notification| Which { package: n.package_id, tag: n.tag_id } == which && n.success_only == success_only;
    if of_user(db, user).await?.iter().any(same) {
        fail!("notification already exists");
    }
    Ok(())
}

/// Has a user told of builds.
pub(crate) async fn create(cx: &mut Call<'_>, user: &User, which: Which, success_only: bool) -> Result<()> {
    // without a domain, mail goes to the machine's own user of that name
    let email = match &cx.hub().config().email_domain {
        Some(domain) => format!("{}@{domain}", user.name),
        None => user.name.clone(),
    };
    let db = cx.db().await?;
    assert_new(db, user.id, which, success_only).await?;
    db.execute(
        "INSERT INTO build_notifications (user_id, package_id, tag_id, success_only, email) VALUES ($1, $2, $3, $4, $5)",
        args![user.id, which.package, which.tag, success_only, email],
    )
    .await?;
    Ok(())
}

/// Changes what a notification is about.
pub(crate) async fn update(db: &mut Conn, old: &Notification, which: Which, success_only: bool) -> Result<()> {
    assert_new(db, old.user_id, which, success_only).await?;
    let sql = "UPDATE build_notifications SET package_id = $2, tag_id = $3, success_only = $4 WHERE id = $1";
    db.execute(sql, args![old.id, which.package, which.tag, success_only]).await?;
    Ok(())
}

/// Keeps mail from a user.
pub(crate) async fn block(db: &mut Conn, user: UserId, which: Which) -> Result<()> {
    let same = |b: &NotificationBlock| Which { package: b.package_id, tag: b.tag_id } == which;
    if blocks_of_user(db, user).await?.iter().any(same) {
        fail!("notification already exists");
    }
    let sql = "INSERT INTO build_notifications_block (user_id, package_id, tag_id) VALUES ($1, $2, $3)";
    db.execute(sql, args![user, which.package, which.tag]).await?;
    Ok(())
}
