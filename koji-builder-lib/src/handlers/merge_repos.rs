//! Merging external repos into one that was just made.

use std::collections::BTreeSet;

use koji_core::model::TagExternalRepo;

use super::create_repo::{Place, run};
use crate::task::{LoggedCommand, TaskContext, TaskError};

/// Merges the external repos of a tag into the metadata of one arch, in their order, behind the tag's own packages.
pub(super) async fn merge_repos(
    place: &Place,
    arch: &str,
    repos: &[TagExternalRepo],
    cx: &TaskContext,
) -> Result<(), TaskError> {
    let modes: BTreeSet<&str> = repos.iter().map(|repo| repo.merge_mode.as_str()).collect();
    let mode = match modes.iter().copied().collect::<Vec<_>>()[..] {
        [mode] => mode,
        _ => return Err(TaskError::generic(format!("Found multiple merge modes for external repos: {modes:?}"))),
    };
    let own = cx.workdir().join("repo_premerge");
    fs_err::rename(&place.output, &own)?;
    fs_err::create_dir_all(&place.output)?;
    let mut command = LoggedCommand::new("mergerepo_c").env("TMPDIR", cx.workdir());
    command = match mode {
        "bare" => command.args(["--pkgorigins", "--all"]),
        "simple" => command.args(["--koji", "--simple"]),
        _ => command.arg("--koji"),
    };
    if mode != "bare" {
        command = command.arg("--blocked").arg(place.source.join("blocklist"));
    }
    command = command.args(["--arch-expand", "--archlist", arch, "--outputdir"]).arg(&place.output);
    if let Some(groups) = &place.groups {
        command = command.arg("--groupfile").arg(groups);
    }
    command = command.arg("--repo").arg(format!("file://{}/", own.display()));
    for repo in repos {
        let wanted = repo
            .arches
            .as_deref()
            .is_none_or(|arches| arches.trim().is_empty() || arches.split_whitespace().any(|wanted| wanted == arch));
        if wanted {
            command = command.arg("--repo").arg(repo.url.replace("$arch", arch));
        }
    }
    run(&command, "mergerepos.log", "failed to merge repos", "mergerepo_c", cx).await
}
