//! Tasks that build images.

use super::signature::task_args;
use crate::api::{TagRef, TargetRef};
use crate::xmlrpc::{Struct, Value::Nil};

task_args! {
    /// Builds images with image factory.
    "image" => Image(
        name: String, version: String, arches: Vec<String>, target: TargetRef, inst_tree: String,
        opts: Option<Struct> = Nil);
    /// Builds the image of one architecture.
    "createImage" => CreateImage(
        name: String, version: String, release: String, arch: String, target_info: Struct, build_tag: TagRef,
        repo_info: Struct, inst_tree: String, opts: Option<Struct> = Nil);
    /// Builds an image by means of another one.
    "indirectionimage" => IndirectionImage(opts: Struct);
    /// Builds an appliance.
    "appliance" => Appliance(
        name: String, version: String, arch: String, target: TargetRef, ksfile: String, opts: Option<Struct> = Nil);
    /// Makes the files of an appliance.
    "createAppliance" => CreateAppliance(
        name: String, version: String, release: String, arch: String, target_info: Struct, build_tag: TagRef,
        repo_info: Struct, ksfile: String, opts: Option<Struct> = Nil);
    /// Builds a live CD.
    "livecd" => LiveCd(
        name: String, version: String, arch: String, target: TargetRef, ksfile: String, opts: Option<Struct> = Nil);
    /// Makes the files of a live CD.
    "createLiveCD" => CreateLiveCd(
        name: String, version: String, release: String, arch: String, target_info: Struct, build_tag: TagRef,
        repo_info: Struct, ksfile: String, opts: Option<Struct> = Nil);
    /// Builds live media.
    "livemedia" => LiveMedia(
        name: String, version: String, arches: Vec<String>, target: TargetRef, ksfile: String,
        opts: Option<Struct> = Nil);
    /// Makes the live medium of one architecture.
    "createLiveMedia" => CreateLiveMedia(
        name: String, version: String, release: String, arch: String, target_info: Struct, build_tag: TagRef,
        repo_info: Struct, ksfile: String, opts: Option<Struct> = Nil);
}
