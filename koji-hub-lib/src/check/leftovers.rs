//! Directories that belong to nothing: of builds, repos and tasks that are not there.

use std::collections::HashMap;

use koji_core::ids::{RepoId, TaskId};
use koji_core::model::BuildState;
use koji_core::nvr::{Nvr, draft_release};
use koji_core::paths::{self, BuildDir};

use super::Report;
use crate::db::{Conn, args};
use crate::storage::Storage;
use crate::{Hub, Result, volumes};

pub(super) async fn check(hub: &Hub, report: &mut Report<'_>) -> Result<()> {
    let mut db = hub.db().read().await?;
    for volume in volumes::list(&mut db).await? {
        builds(hub.storage(), &mut db, &volume.name, report).await?;
        tasks(hub.storage(), &mut db, &volume.name, report).await?;
    }
    repos(hub.storage(), &mut db, report).await
}

#[derive(sqlx::FromRow)]
struct BuildRow {
    id: i32,
    version: String,
    release: String,
    state: BuildState,
    draft: bool,
    volume: String,
}

/// The directories of builds on a volume, package by package.
async fn builds(storage: &dyn Storage, db: &mut Conn, volume: &str, report: &mut Report<'_>) -> Result<()> {
    let top = match paths::volume(Some(volume)).as_str() {
        "" => "packages".to_owned(),
        dir => format!("{dir}/packages"),
    };
    for package in storage.list(&top).await? {
        let rows: Vec<BuildRow> = db
            .fetch_all(
                "SELECT build.id, build.version, build.release, build.state, build.draft, volume.name AS volume
                 FROM build JOIN package ON package.id = build.pkg_id JOIN volume ON volume.id = build.volume_id
                 WHERE package.name = $1",
                args![package.as_str()],
            )
            .await?;
        let mut known: HashMap<(String, String), &BuildRow> = HashMap::new();
        for row in &rows {
            known.insert((row.version.clone(), row.release.clone()), row);
            if !row.draft {
                // the name that it had as a draft stays as a link
                let draft = draft_release(&row.release, koji_core::ids::BuildId(row.id));
                known.entry((row.version.clone(), draft)).or_insert(row);
            }
        }
        for version in storage.list(&format!("{top}/{package}")).await? {
            for release in storage.list(&format!("{top}/{package}/{version}")).await? {
                let path = format!("{top}/{package}/{version}/{release}");
                if release.starts_with('.') {
                    report.fault(format!("{path} was left by something that was broken off"));
                    continue;
                }
                let row = known.get(&(version.clone(), release.clone()));
                if storage.is_link(&path).await? {
                    if storage.metadata(&path).await?.is_none() {
                        report.fault(format!("{path} is a link that leads nowhere"));
                    }
                    continue;
                }
                match row {
                    None => report.fault(format!("{path} is of no build")),
                    Some(row) if !matches!(row.state, BuildState::Complete | BuildState::Building) => {
                        report.fault(format!("{path} is of build {}, which is {}", row.id, row.state));
                    }
                    Some(row) => {
                        let own = BuildDir::new(Some(&row.volume), &Nvr::new(&package, &row.version, &row.release));
                        if own.path() != path {
                            report.fault(format!("{path} is not the place of build {}, which is {own}", row.id));
                        }
                    }
                }
            }
        }
    }
    Ok(())
}

/// What tasks have left.
async fn tasks(storage: &dyn Storage, db: &mut Conn, volume: &str, report: &mut Report<'_>) -> Result<()> {
    let top = format!("{}/tasks", paths::work(Some(volume)));
    for part in storage.list(&top).await? {
        for name in storage.list(&format!("{top}/{part}")).await? {
            let path = format!("{top}/{part}/{name}");
            let id = name.parse().ok().map(TaskId).filter(|id| path == paths::task_output(Some(volume), *id));
            let known: Option<TaskId> = match id {
                Some(id) => db.fetch_scalar_optional("SELECT id FROM task WHERE id = $1", args![id]).await?,
                None => None,
            };
            if known.is_none() {
                report.fault(format!("{path} is of no task"));
            }
        }
    }
    Ok(())
}

async fn repos(storage: &dyn Storage, db: &mut Conn, report: &mut Report<'_>) -> Result<()> {
    for top in ["repos", "repos-dist"] {
        for tag in storage.list(top).await? {
            for name in storage.list(&format!("{top}/{tag}")).await? {
                let path = format!("{top}/{tag}/{name}");
                if storage.is_link(&path).await? {
                    continue;
                }
                // beside repos are only directories whose names are no numbers
                let Ok(id) = name.parse().map(RepoId) else { continue };
                let known: Option<RepoId> =
                    db.fetch_scalar_optional("SELECT id FROM repo WHERE id = $1", args![id]).await?;
                if known.is_none() {
                    report.fault(format!("{path} is of no repo"));
                }
            }
        }
    }
    Ok(())
}
