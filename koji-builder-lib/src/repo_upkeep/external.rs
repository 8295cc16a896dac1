//! External repos: whether they have changed, as their `repomd.xml` says.

use std::collections::{BTreeMap, HashMap};

use koji_client::Session;
use koji_core::api::external_repos::GetTagExternalRepos;
use koji_core::api::hosts::GetAllArches;
use koji_core::api::repos::{GetExternalRepoData, SetExternalRepoData};
use koji_core::ids::ExternalRepoId;
use koji_core::xmlrpc::{Struct, Value};

use super::{UpkeepConfig, go_on_after};
use crate::error::{Result, chain};

/// Looks at the external repos that tags use, again and again, and tells the hub when one has changed.
pub(super) async fn watch(session: &Session, config: &UpkeepConfig) -> Result<()> {
    if !config.check_external_repos {
        return std::future::pending().await;
    }
    // what is trusted and shown at the hub is of no use elsewhere
    let visitor = Session::new(session.server())?;
    loop {
        if let Err(error) = check(session, &visitor).await {
            go_on_after(error, "looking at external repos")?;
        }
        tokio::time::sleep(config.sleeptime).await;
    }
}

async fn check(session: &Session, visitor: &Session) -> Result<()> {
    let used: BTreeMap<ExternalRepoId, String> = session
        .call(GetTagExternalRepos::new())
        .await?
        .into_iter()
        .map(|repo| (repo.external_repo_id, repo.url))
        .collect();
    if used.is_empty() {
        return Ok(());
    }
    let arches = session.call(GetAllArches::new()).await?;
    let mut seen: HashMap<String, i64> = HashMap::new();
    for (id, url) in used {
        let known = session.call(GetExternalRepoData::new(id)).await?;
        let known = known.as_struct().and_then(|data| data.get("max_ts")).and_then(Value::as_int).unwrap_or_default();
        let urls = match url.contains("$arch") {
            true => arches.iter().map(|arch| url.replace("$arch", arch)).collect(),
            false => vec![url.clone()],
        };
        let mut newest = 0;
        for url in urls {
            let time = match seen.get(&url) {
                Some(time) => *time,
                None => {
                    let time = newest_file(visitor, &url).await;
                    seen.insert(url, time);
                    time
                }
            };
            newest = newest.max(time);
        }
        if newest == 0 {
            tracing::warn!(repo = %id, url, "cannot tell when this external repo has changed");
        } else if newest > known {
            tracing::info!(repo = %id, url, "an external repo has changed");
            let data: Struct = [("max_ts", newest)].into_iter().collect();
            session.call(SetExternalRepoData::new(id, Value::from(data))).await?;
        }
    }
    Ok(())
}

/// The time of the newest file of a repo's metadata, in seconds since 1970; 0 if it cannot be known.
async fn newest_file(visitor: &Session, url: &str) -> i64 {
    let index = format!("{}/repodata/repomd.xml", url.trim_end_matches('/'));
    match read_index(visitor, &index).await {
        Ok(text) => newest_timestamp(&text),
        Err(error) => {
            // many arches of a hub are not among those of a repo
            tracing::debug!(url = index, error = chain(&error), "an external repo cannot be read");
            0
        }
    }
}

async fn read_index(visitor: &Session, url: &str) -> Result<String> {
    // each in a directory of its own, so that none goes on with what is left of another
    let directory = tempfile::tempdir()?;
    let file = directory.path().join("repomd.xml");
    visitor.download(url).save(&file).await?;
    Ok(fs_err::read_to_string(&file)?)
}

fn newest_timestamp(index: &str) -> i64 {
    let times = index.split("<timestamp>").skip(1).filter_map(|rest| rest.split_once("</timestamp>"));
    let seconds = times.filter_map(|(time, _)| time.trim().parse::<f64>().ok());
    // far below what an i64 holds
    seconds.map(|time| time.round() as i64).max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_time_counts() {
        let index = "<data><timestamp>1700000000.6</timestamp></data><data><timestamp>5</timestamp></data>";
        assert_eq!(newest_timestamp(index), 1_700_000_001);
        assert_eq!(newest_timestamp("<timestamp>x</timestamp>"), 0);
    }
}
