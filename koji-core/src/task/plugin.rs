//! Tasks of the plugins that come with Koji.

use super::signature::task_args;
use crate::api::{TagRef, TargetRef};
use crate::ids::{BuildrootId, RepoId};
use crate::xmlrpc::{
    Struct,
    Value::{self, Array, Nil},
};

task_args! {
    /// Runs a command (a text for the shell, or a list of words) as root in a buildroot.
    "runroot" => RunRoot(
        root: TagRef, arch: String, command: Value;
        keep: bool = false, packages: Vec<String> = Array(Vec::new()), mounts: Vec<String> = Array(Vec::new()),
        repo_id: Option<RepoId> = Nil, skip_setarch: bool = false, weight: Option<f64> = Nil,
        upload_logs: Option<Vec<String>> = Nil, new_chroot: Option<bool> = Nil);
    /// Keeps the buildroot of a failed task as an archive; all of it if `full`.
    "saveFailedTree" => SaveFailedTree(buildroot_id "buildrootID": BuildrootId, full: bool = false);
    /// Builds images with kiwi.
    "kiwiBuild" => KiwiBuild(
        target: TargetRef, arches: Vec<String>, desc_url: String, desc_path: String, opts: Option<Struct> = Nil);
    /// Builds the kiwi image of one architecture.
    "createKiwiImage" => CreateKiwiImage(
        name: String, version: String, release: String, arch: String, target_info: Struct, build_tag: TagRef,
        repo_info: Struct, desc_url: String, desc_path: String, opts: Option<Struct> = Nil);
    /// Builds driver update disks.
    "dudBuild" => DudBuild(
        dud_name: String, dud_version: String, arches: Vec<String>, target: TargetRef, pkg_list: Vec<String>,
        opts: Option<Struct> = Nil);
    /// Builds the driver update disk of one architecture.
    "createDudIso" => CreateDudIso(
        dud_name: String, dud_version: String, dud_release: String, arch: String, target_info: Struct,
        build_tag: TagRef, repo_info: Struct, pkg_list: Vec<String>, opts: Option<Struct> = Nil);
}
