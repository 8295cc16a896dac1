//! The Maven repository within a repo: links to what builds hold, and a list of the versions of each artifact.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use koji_core::evr::evr;
use koji_core::ids::{EventId, TagId};
use koji_core::nvr::Nvr;
use koji_core::paths::{self, BuildDir};
use koji_core::time::Timestamp;

use super::comps::escape;
use crate::Result;
use crate::call::Call;
use crate::import::write_sums;
use crate::tagging;

/// Makes it below the directory of a repo, of the artifacts that the tag had at an event.
pub(super) async fn make(cx: &mut Call<'_>, dir: &str, tag: TagId, event: EventId) -> Result<()> {
    let mut folders = BTreeMap::new();
    let mut artifacts: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for archive in tagging::latest_maven(cx.db().await?, tag, Some(event), true).await? {
        let folder = paths::maven_artifact(&archive.group_id, &archive.artifact_id, &archive.version);
        if !paths::is_relative(&folder) {
            tracing::error!(archive = %archive.id, folder, "a Maven archive has no place in a repo");
            continue;
        }
        let nvr = Nvr::new(archive.build_name, archive.build_version, archive.build_release);
        let build = BuildDir::new(Some(&archive.volume_name), &nvr);
        folders.insert(format!("{dir}/maven/{folder}"), format!("{}/{folder}", build.typed("maven")));
        artifacts.entry((archive.group_id, archive.artifact_id)).or_default().insert(archive.version);
    }
    for (link, target) in &folders {
        cx.storage().link(target, link).await?;
    }
    for ((group, artifact), versions) in artifacts {
        let folder = paths::maven_artifact(&group, &artifact, "maven-metadata.xml");
        let path = format!("{dir}/maven/{folder}");
        let mut versions: Vec<String> = versions.into_iter().collect();
        versions.sort_by(|a, b| evr(None, "", a).cmp(&evr(None, "", b)));
        cx.storage().put(&path, metadata(&group, &artifact, &versions).into()).await?;
        write_sums(cx, &path).await?;
    }
    Ok(())
}

/// What Maven reads to learn which versions of an artifact there are; the last is the latest.
fn metadata(group: &str, artifact: &str, versions: &[String]) -> String {
    let latest = versions.last().map(|version| escape(version)).unwrap_or_default();
    let mut out = format!(
        "<?xml version=\"1.0\"?>\n<metadata>\n  <groupId>{}</groupId>\n  <artifactId>{}</artifactId>\n  <versioning>\n    \
         <latest>{latest}</latest>\n    <release>{latest}</release>\n    <versions>\n",
        escape(group),
        escape(artifact),
    );
    for version in versions {
        let _ = writeln!(out, "      <version>{}</version>", escape(version));
    }
    let digits = |c: &char| c.is_ascii_digit();
    let now: String = Timestamp::now().to_string().chars().filter(digits).take(14).collect();
    let _ = write!(out, "    </versions>\n    <lastUpdated>{now}</lastUpdated>\n  </versioning>\n</metadata>\n");
    out
}
