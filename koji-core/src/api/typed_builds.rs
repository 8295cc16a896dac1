//! Builds of Maven, of Windows and of images.

use super::BuildRef;
use super::method::methods;
use crate::ids::{BuildId, TaskId};
use crate::xmlrpc::{Struct, Value};

methods! {
    /// Puts a Maven scratch build's files where users find them.
    [Host, Write] "host.moveMavenBuildToScratch" => MoveMavenBuildToScratch(task_id: TaskId, results: Struct, rpm_results: Option<Struct>) -> ();
    /// Puts a Windows scratch build's files where users find them.
    [Host, Write] "host.moveWinBuildToScratch" => MoveWinBuildToScratch(task_id: TaskId, results: Struct, rpm_results: Option<Struct>) -> ();
    /// Puts the images of a scratch build where users find them: those of each subtask by its name.
    [Host, Write] "host.moveImageBuildToScratch" => MoveImageBuildToScratch(task_id: TaskId, results: Value) -> ();
    /// Begins a Maven build, whose release is the next one: what it was asked with, the build's `id` and `release` added.
    [Host, Write] "host.initMavenBuild" => InitMavenBuild(task_id: TaskId, build_info: Struct, maven_info: Value) -> Struct;
    /// Makes a build one of Maven.
    [Host, Write] "host.createMavenBuild" => HostCreateMavenBuild(build_info: BuildRef, maven_info: Value) -> ();
    /// Begins a Windows build: what it was asked with, the build's `id` added.
    [Host, Write] "host.initWinBuild" => InitWinBuild(task_id: TaskId, build_info: Struct, win_info: Value) -> Struct;
    /// Begins a build of images, whose release is the next one unless one is given: what it was asked with, the build's `id` added.
    [Host, Write] "host.initImageBuild" => InitImageBuild(task_id: TaskId, build_info: Struct) -> Struct;
    /// Imports a Maven build's files (`files` by folder, `logs`) and the RPMs that wrap them, and completes it.
    [Host, Write] "host.completeMavenBuild" => CompleteMavenBuild(task_id: TaskId, build_id: BuildId, maven_results: Struct, rpm_results: Option<Struct>) -> ();
    /// Imports a Windows build's files (`output` with `platforms` and `flags`, `logs`) and the RPMs that wrap them, and completes it.
    [Host, Write] "host.completeWinBuild" => CompleteWinBuild(task_id: TaskId, build_id: BuildId, results: Struct, rpm_results: Option<Struct>) -> ();
    /// Imports images (`files`, `arch`, `rpmlist`, `rpmresults` of each subtask by its name) and completes their build.
    [Host, Write] "host.completeImageBuild" => CompleteImageBuild(task_id: TaskId, build_id: BuildId, results: Struct) -> ();
    /// Imports images into a build, as `host.completeImageBuild` does, without completing it.
    [Host, Write] "host.importImage" => ImportImage(task_id: TaskId, build_info: BuildRef, results: Struct) -> ();
    /// Imports RPMs that wrap what a complete build holds: `srpm`, `rpms`, `logs`.
    [Host, Write] "host.importWrapperRPMs" => ImportWrapperRpms(task_id: TaskId, build_id: BuildId, rpm_results: Struct) -> ();
    /// Makes a build one of Maven: `group_id`, `artifact_id` and `version`. One that is named by its parts is made if need be.
    [Permission("maven-import"), Write] "createMavenBuild" => CreateMavenBuild(build_info: Value, maven_info: Value) -> ();
    /// Makes a build one of Windows: `platform`. One that is named by its parts is made if need be.
    [Permission("win-import"), Write] "createWinBuild" => CreateWinBuild(build_info: Value, win_info: Value) -> ();
    /// Makes a build one of images. One that is named by its parts is made if need be.
    [Permission("image-import"), Write] "createImageBuild" => CreateImageBuild(build_info: Value) -> ();
}
