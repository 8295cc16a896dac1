//! Tasks without an arch of their own that need a host which can make a tag's buildroot.

use koji_core::arch::ArchList;
use koji_core::ids::{ChannelId, HostId, TaskId};
use koji_core::xmlrpc::Value;

use super::refuse;
use crate::call::Call;
use crate::db::args;
use crate::{Result, tags};

/// The methods whose buildroot is of a tag, and the argument that names the tag.
const TAG_ARGUMENTS: [(&str, &str); 4] = [
    ("buildArch", "root"),
    ("buildMaven", "build_tag"),
    ("rebuildSRPM", "build_tag"),
    ("buildSRPMFromSCM", "build_tag"),
];

/// Refuses a new `noarch` task for the hosts that have none of its build tag's arches. What cannot be told is left to
/// the task itself.
pub(crate) async fn refuse_by_arch(
    cx: &mut Call<'_>,
    task: TaskId,
    method: &str,
    params: &[Value],
    channel: ChannelId,
) -> Result<()> {
    let Some(arches) = buildroot_arches(cx, method, params).await? else { return Ok(()) };
    let hosts: Vec<(HostId, Option<String>)> = cx
        .db()
        .await?
        .fetch_all(
            "SELECT c.host_id, c.arches FROM host_config c
             JOIN host_channels hc ON hc.host_id = c.host_id AND hc.active = TRUE
             WHERE c.active = TRUE AND c.enabled = TRUE AND hc.channel_id = $1 ORDER BY c.host_id",
            args![channel],
        )
        .await?;
    for (host, has) in hosts {
        let fit = has.as_deref().unwrap_or("").split_whitespace().any(|arch| arches.covers(arch));
        if !fit {
            refuse(cx, task, host, false, false, "automatic arch refusal").await?;
        }
    }
    Ok(())
}

/// The arches of the tag that a task's buildroot is of; `None` if it has no such tag, or one without arches.
async fn buildroot_arches(cx: &mut Call<'_>, method: &str, params: &[Value]) -> Result<Option<ArchList>> {
    let named = match koji_core::task::named(method, params) {
        Some(Ok(named)) => named,
        _ => return Ok(None),
    };
    let tag = if method == "wrapperRPM" {
        let target = named.get("build_target").and_then(Value::as_struct);
        target.and_then(|t| t.get("build_tag")).cloned()
    } else {
        let argument = TAG_ARGUMENTS.iter().find(|(m, _)| *m == method).map(|(_, argument)| *argument);
        argument.and_then(|argument| named.get(argument)).cloned()
    };
    let Some(Ok(tag)) = tag.map(<koji_core::api::TagRef as koji_core::api::Param>::from_value) else { return Ok(None) };
    let db = cx.db().await?;
    if tags::find(db, &tag, None).await?.is_none() {
        return Ok(None);
    }
    let arches: Option<ArchList> =
        tags::build_config(db, &tag, None).await?.arches.and_then(|arches| arches.parse().ok());
    Ok(arches.filter(|list| !list.is_empty()))
}
