//! Tasks that build something else than RPMs.

use super::method::methods;
use super::{BuildRef, KwArgs, TargetRef};
use crate::ids::TaskId;
use crate::xmlrpc::{Struct, Value};

methods! {
    /// Asks for a build of a Maven project.
    [LoggedIn, Write] "mavenBuild" => MavenBuild(url: Value, target: Value, opts: Option<Struct> = None, priority: Option<i32> = None, channel: Option<String> = Some("maven".into())) -> TaskId;
    /// Asks for builds of Maven projects in the order of their dependencies: each build's parameters by its name.
    [LoggedIn, Write] "chainMaven" => ChainMaven(builds: Value, target: Value, opts: Option<Struct> = None, priority: Option<i32> = None, channel: Option<String> = Some("maven".into())) -> TaskId;
    /// Asks for RPMs that wrap what a complete build holds. With `scratch` or `create_build` among the options it may have RPMs already.
    [LoggedIn, Write] "wrapperRPM" => WrapperRpm(build: BuildRef, url: Value, target: TargetRef, priority: Option<i32> = None, channel: String = "maven".into(), opts: Option<Struct> = None) -> TaskId;
    /// Asks for a build in the virtual machine of that name, if the policy `vm` allows it.
    [LoggedIn, Write] "winBuild" => WinBuild(vm: Value, url: Value, target: Value, opts: Option<Struct> = None, priority: Option<i32> = None, channel: Option<String> = Some("vm".into())) -> TaskId;
    /// Asks for an image from a kickstart file; `img_type` is `livecd`, `appliance` or `livemedia`, and names the permission too.
    [Anyone, Write] "buildImage" => BuildImage(name: Value, version: Value, arch: Value, target: Value, ksfile: Value, img_type: String, opts: Option<Struct> = None, priority: Option<i32> = None) -> TaskId;
    /// Asks for an image that is made with two others and a template.
    [Permission("image"), Write] "buildImageIndirection" => BuildImageIndirection(opts: Option<Struct> = None, priority: Option<i32> = None) -> TaskId;
    /// Asks for images from a kickstart file and an installation tree.
    [Permission("image"), Write] "buildImageOz" => BuildImageOz(name: Value, version: Value, arches: Value, target: Value, inst_tree: Value, opts: Option<Struct> = None, priority: Option<i32> = None) -> TaskId;
    /// Asks for a repo for distribution, of RPMs that are signed with one of the keys: its `arch` by name, and options.
    [Anyone, Write] "distRepo" => DistRepo(tag: Value, keys: Value, task_opts: KwArgs = KwArgs::default()) -> TaskId;
}
