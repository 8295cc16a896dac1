//! The builds of a snapshot, in the order in which they were tagged.

use std::collections::BTreeSet;

use koji_core::ids::{BuildId, PackageId, TagId};
use koji_core::model::{Tag, TaggedBuild};

use super::Snapshot;
use crate::Result;
use crate::builds;
use crate::call::Call;
use crate::tagging::{self, Contents};

/// Tags a build, whoever may, and begins the next event.
async fn tag(cx: &mut Call<'_>, tag: &Tag, build: BuildId, force: bool) -> Result<()> {
    let user = cx.user_id()?;
    let build = builds::get_by_id(cx.db().await?, build).await?;
    tagging::put_into_tag(cx, tag, &build, user, force).await?;
    cx.next_event();
    Ok(())
}

/// Takes a build out of a tag, if the caller may, and begins the next event.
async fn untag(cx: &mut Call<'_>, tag: &Tag, build: BuildId, force: bool) -> Result<()> {
    let user = cx.user_id()?;
    let build = builds::get_by_id(cx.db().await?, build).await?;
    tagging::untag_build(cx, tag, &build, user, true, force).await?;
    cx.next_event();
    Ok(())
}

/// Tags what is in the source into a new tag.
pub(super) async fn copy(cx: &mut Call<'_>, source: TagId, target: &Tag, what: &Snapshot) -> Result<()> {
    let found = tagging::builds(cx.db().await?, source, &what.contents()).await?;
    for build in found.iter().rev() {
        tag(cx, target, build.id, true).await?;
    }
    Ok(())
}

/// The builds of a package, the one that was tagged first before others.
type OfPackage = (PackageId, Vec<BuildId>);

fn by_package(latest_first: Vec<TaggedBuild>) -> Vec<OfPackage> {
    let mut out: Vec<OfPackage> = Vec::new();
    for build in latest_first.into_iter().rev() {
        match out.iter_mut().find(|(package, _)| *package == build.package_id) {
            None => out.push((build.package_id, vec![build.id])),
            // tagged in several tags that are inherited
            Some((_, ids)) if ids.contains(&build.id) => {}
            Some((_, ids)) => ids.push(build.id),
        }
    }
    out
}

/// Tags what is in the source, and tags again what is out of its order. What only the target has goes with `remove`, and
/// else comes before all that the source has.
pub(super) async fn update(cx: &mut Call<'_>, source: TagId, target: &Tag, what: &Snapshot) -> Result<()> {
    let db = cx.db().await?;
    let wanted = by_package(tagging::builds(db, source, &what.contents()).await?);
    // all of them, so that those which are not the latest go too
    let mut present = by_package(tagging::builds(db, target.id, &Contents::default()).await?);
    if what.remove {
        let packages: BTreeSet<PackageId> = wanted.iter().map(|(package, _)| *package).collect();
        for (_, ids) in present.extract_if(.., |(package, _)| !packages.contains(package)) {
            for id in ids {
                let build = builds::get_by_id(cx.db().await?, id).await?;
                let user = cx.user_id()?;
                tagging::take_out_of_tag(cx, target, &build, user, true, true).await?;
                cx.next_event();
            }
        }
    }
    for (package, wanted) in wanted {
        let at = present.iter().position(|(of, _)| *of == package);
        let present = at.map(|at| present.swap_remove(at).1).unwrap_or_default();
        let steps = steps(&wanted, &present, what.remove);
        for id in steps.untag {
            untag(cx, target, id, what.force).await?;
        }
        for id in steps.tag {
            tag(cx, target, id, what.force).await?;
        }
    }
    Ok(())
}

/// What is to be done for one package: first all that is untagged, then all that is tagged.
#[derive(Debug, PartialEq)]
struct Steps {
    untag: Vec<BuildId>,
    tag: Vec<BuildId>,
}

/// How the builds that are present become those that are wanted; both the one tagged first before others.
fn steps(wanted: &[BuildId], present: &[BuildId], remove: bool) -> Steps {
    let (kept, extra): (Vec<BuildId>, Vec<BuildId>) = present.iter().partition(|id| wanted.contains(id));
    let (order, mut left, mut untag) = if remove {
        (wanted.to_vec(), kept, extra)
    } else {
        ([extra.as_slice(), wanted].concat(), present.to_vec(), Vec::new())
    };
    let mut tag = Vec::new();
    for id in order {
        // what stands before it is out of order; it is tagged again in its turn
        let at = left.iter().position(|other| *other == id);
        let rest = at.map(|at| left.split_off(at + 1)).unwrap_or_default();
        untag.extend(left.iter().filter(|other| **other != id));
        left = rest;
        if at.is_none() {
            tag.push(id);
        }
    }
    Steps { untag, tag }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_out_of_order_is_tagged_again() {
        let ids = |ids: &[i32]| ids.iter().copied().map(BuildId).collect::<Vec<_>>();
        for (wanted, present, remove, untag, tag) in [
            (&[1, 2][..], &[1, 2][..], true, &[][..], &[][..]),
            (&[1, 2], &[], true, &[], &[1, 2]),
            (&[1, 2], &[1], false, &[], &[2]),
            (&[1, 2], &[2], false, &[2], &[1, 2]),
            (&[1, 2], &[2, 1], true, &[2], &[2]),
            (&[2], &[1, 2, 3], true, &[1, 3], &[]),
            (&[2], &[1, 2], false, &[], &[]),
            (&[2], &[2, 1], false, &[2], &[2]),
            (&[2, 3], &[1, 3], false, &[3], &[2, 3]),
        ] {
            let expected = Steps { untag: ids(untag), tag: ids(tag) };
            assert_eq!(steps(&ids(wanted), &ids(present), remove), expected, "{present:?} -> {wanted:?}");
        }
    }
}
