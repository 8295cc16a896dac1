//! Tasks that build packages and tag builds.

use super::signature::task_args;
use super::{BuildArchOpts, BuildOpts, SrpmOpts};
use crate::api::{BuildRef, TagRef, TargetRef};
use crate::xmlrpc::{
    Struct,
    Value::{self, Nil},
};

task_args! {
    /// Builds a package from an SCM URL or an uploaded source rpm. `target` may be left out, or be the name of a
    /// destination tag, only with `repo_id`.
    "build" => Build(src: String, target: Option<TargetRef>, opts: BuildOpts = Nil);
    /// Builds sources level by level, each level with what the ones before made. A source that is no SCM URL is the
    /// name-version-release of a build to wait for.
    "chainbuild" => ChainBuild(srcs: Vec<Vec<String>>, target: TargetRef, opts: BuildOpts = Nil);
    /// Builds a source rpm (an uploaded file, relative to the work directory) for one architecture in the tag `root`.
    /// One of a build's tasks has `keep_srpm` and returns the source rpm too.
    "buildArch" => BuildArch(
        pkg: String, root: TagRef, arch: String, keep_srpm: bool, opts: BuildArchOpts = Nil);
    /// Makes a source rpm from what is in an SCM.
    "buildSRPMFromSCM" => BuildSrpmFromScm(url: String, build_tag: TagRef, opts: SrpmOpts = Nil);
    /// Makes a source rpm anew from an uploaded one.
    "rebuildSRPM" => RebuildSrpm(srpm: String, build_tag: TagRef, opts: SrpmOpts = Nil);
    /// Tags a build, or moves it there from `fromtag`, after the tests that the tag asks for.
    "tagBuild" => TagBuild(
        tag_id: TagRef, build_id: BuildRef, force: bool = false, fromtag: Option<TagRef> = Nil,
        ignore_success: bool = false);
    /// Builds a Maven project.
    "maven" => Maven(url: String, target: TargetRef, opts: Option<Struct> = Nil);
    /// Runs Maven in a buildroot of the tag.
    "buildMaven" => BuildMaven(url: String, build_tag: Struct, opts: Option<Struct> = Nil);
    /// Builds Maven projects in the order of their dependencies.
    "chainmaven" => ChainMaven(builds: Struct, target: TargetRef, opts: Option<Struct> = Nil);
    /// Wraps the output of a build, or of a task, in rpms.
    "wrapperRPM" => WrapperRpm(
        spec_url: String, build_target: Struct, build: Option<Struct>, task: Option<Struct>,
        opts: Option<Struct> = Nil);
    /// Builds in a virtual machine with Windows.
    "winbuild" => WinBuild(name: String, source_url: String, target: TargetRef, opts: Option<Struct>);
    /// Runs a build in the virtual machine of that name.
    "vmExec" => VmExec(name: String, task_info: Value, opts: Option<Struct>);
}
