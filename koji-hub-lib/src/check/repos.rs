//! Repos: each that is ready is there.

use futures_util::TryStreamExt;
use koji_core::ids::RepoId;
use koji_core::paths;

use super::Report;
use crate::db::args;
use crate::{Hub, Result, volumes};

pub(super) async fn check(hub: &Hub, report: &mut Report<'_>) -> Result<()> {
    let volumes = volumes::list(&mut hub.db().read().await?).await?;
    let sql = "SELECT repo.id, tag.name, repo.dist FROM repo JOIN tag ON tag.id = repo.tag_id WHERE repo.state = 1";
    let mut db = hub.db().read().await?;
    let mut rows = db.stream::<(RepoId, String, Option<bool>)>(sql, args![])?;
    while let Some((id, tag, dist)) = rows.try_next().await? {
        let places: Vec<String> = match dist {
            Some(true) => volumes.iter().map(|v| paths::dist_repo(Some(&v.name), &tag, id)).collect(),
            _ => vec![paths::repo(&tag, id)],
        };
        let mut there = false;
        for place in &places {
            there |= hub.storage().metadata(place).await?.is_some_and(|found| found.is_dir);
        }
        if !there {
            report.fault(format!("repo {id} of tag {tag} is ready, but {} is not there", places.join(" or ")));
        }
    }
    Ok(())
}
