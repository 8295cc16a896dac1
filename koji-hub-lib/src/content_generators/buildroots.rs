//! The buildroots of content generators.

use koji_core::ids::{BuildrootId, CgId};
use koji_core::python;
use koji_core::xmlrpc::Value;

use super::components::{self, Found, Log};
use super::metadata::{BuildrootData, Output};
use super::reserve::json;
use crate::Result;
use crate::call::Call;
use crate::db::{args, list, sql};
use crate::error::fail;

/// Koji's number for a buildroot that is none of a builder's.
const EXTERNAL: i32 = 1;

/// A buildroot that is to be entered.
pub(super) struct Prepared {
    data: BuildrootData,
    found: Found,
}

impl Prepared {
    /// What the outputs call it.
    pub(super) fn id(&self) -> &Value {
        &self.data.id
    }
}

/// Checks the buildroots: each is used, and none twice there.
pub(super) async fn prepare(
    cx: &mut Call<'_>,
    log: &mut Log,
    roots: Vec<BuildrootData>,
    outputs: &[Output],
) -> Result<Vec<Prepared>> {
    let mut out: Vec<Prepared> = Vec::with_capacity(roots.len());
    for data in roots {
        if !outputs.iter().any(|output| output.buildroot_id == data.id) {
            fail!("Buildroot id not used in output: {}", python::repr(&data.id));
        }
        if out.iter().any(|other| *other.id() == data.id) {
            fail!("Duplicate buildroot id in metadata: {}", python::repr(&data.id));
        }
        let found = components::find(cx, log, &data.components).await?;
        out.push(Prepared { data, found });
    }
    Ok(out)
}

/// Enters a buildroot, what was in it, and the tools that made it.
pub(super) async fn enter(cx: &mut Call<'_>, cg: CgId, root: Prepared) -> Result<BuildrootId> {
    let Prepared { data, found } = root;
    let extra = if data.extra.is_nil() { None } else { Some(json(&data.extra)?) };
    let db = cx.db().await?;
    let id: BuildrootId = db
        .fetch_scalar(
            "INSERT INTO buildroot (br_type, cg_id, cg_version, container_type, container_arch, host_os, host_arch, extra)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id",
            args![
                EXTERNAL,
                cg,
                data.cg_version,
                data.container.0,
                data.container.1,
                data.host.0,
                data.host.1,
                extra
            ],
        )
        .await?;
    db.execute(
        sql!(
            "INSERT INTO buildroot_listing (buildroot_id, rpm_id, is_update)
             SELECT $1, rpminfo.id, FALSE FROM rpminfo WHERE rpminfo.id ",
            {in "$2"}
        ),
        args![id, list(&found.rpms)],
    )
    .await?;
    db.execute(
        sql!(
            "INSERT INTO buildroot_archives (buildroot_id, archive_id, project_dep)
             SELECT $1, archiveinfo.id, FALSE FROM archiveinfo WHERE archiveinfo.id ",
            {in "$2"}
        ),
        args![id, list(&found.archives)],
    )
    .await?;
    for (tool, version) in data.tools {
        db.execute(
            "INSERT INTO buildroot_tools_info (buildroot_id, tool, version) VALUES ($1, $2, $3)",
            args![id, tool, version],
        )
        .await?;
    }
    Ok(id)
}
