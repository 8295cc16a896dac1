//! Drafts that become builds like others.

use koji_core::api::BuildRef;
use koji_core::ids::BuildId;
use koji_core::model::{Build, BuildState, TagUpdateType, User};
use koji_core::nvr::target_release;
use koji_core::time::Timestamp;
use koji_core::xmlrpc::{Struct, Value};

use super::directories::relocate;
use super::volume::{assert_directory, by_policy, set_volume};
use super::{find, get_by_id, lock};
use crate::call::Call;
use crate::db::args;
use crate::error::fail;
use crate::plugin::{self, BuildPromote, Callback, CallbackType};
use crate::{Result, policy, tagging, users};

/// Gives a draft the release that it was to have, if the policy allows it. Its directory moves, to the volume that is the
/// policy's for the new name; where it was is a link to it.
pub(crate) async fn promote(cx: &mut Call<'_>, build: BuildId, force: bool) -> Result<Build> {
    let user = cx.user_id()?;
    let draft = lock(cx.db().await?, build).await?;
    if !draft.draft {
        fail!("Cannot promote build {}. Reason: Not a draft build", draft.nvr);
    }
    if draft.state != BuildState::Complete {
        fail!("Cannot promote build {}. Reason: state ({}) is not COMPLETE.", draft.nvr, draft.state);
    }
    let release = target_release(&draft.release)?;
    let (name, version) = (draft.name.clone(), draft.version.clone());
    let target = BuildRef::Parts { name, version, release: release.to_owned() };
    if let Some(other) = find(cx.db().await?, &target).await? {
        fail!("Cannot promote build {}. Reason: Target build exists: {}(#{})", draft.nvr, other.nvr, other.id);
    }
    let data: Struct =
        [("build", Value::from(draft.id.0)), ("target_release", release.into()), ("user_id", user.0.into())]
            .into_iter()
            .collect();
    policy::assert(cx, "draft_promotion", &data, force).await?;
    let told = cx.tells(CallbackType::PreBuildPromote) || cx.tells(CallbackType::PostBuildPromote);
    let promoter = if told { Some(users::get(cx.db().await?, &user.into()).await?) } else { None };
    let about = |build| promoter.as_ref().map(|user| promotion(&draft, release, build, user));
    if let Some(about) = about(&draft) {
        cx.tell(Callback::PreBuildPromote(about)).await?;
    }

    // the draft marks of its RPMs follow by themselves
    let sql = "UPDATE build SET draft = FALSE, release = $2, promoter = $3, promotion_time = $4 WHERE id = $1";
    let db = cx.db().await?;
    db.execute(sql, args![draft.id, release, user, Timestamp::now()]).await?;
    let mut promoted = get_by_id(db, draft.id).await?;
    if let Some((volume, name)) = by_policy(cx, &promoted, false).await?
        && volume != promoted.volume_id
    {
        assert_directory(cx.storage(), &name).await?;
        let change = plugin::before_move(cx, &promoted, volume, &name).await?;
        promoted = set_volume(cx, draft.id, volume).await?;
        plugin::after_build(cx, draft.id, change).await?;
    }
    relocate(cx, &draft, &promoted).await?;
    tagging::note_update(cx, draft.id, TagUpdateType::DraftPromotion).await?;
    if let Some(about) = about(&promoted) {
        cx.tell(Callback::PostBuildPromote(about)).await?;
    }
    Ok(promoted)
}

/// What plugins learn of it.
fn promotion<'a>(draft: &'a Build, release: &'a str, build: &'a Build, user: &'a User) -> BuildPromote<'a> {
    BuildPromote { draft_release: &draft.release, target_release: release, build, user }
}
