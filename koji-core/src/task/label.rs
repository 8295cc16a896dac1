//! The line that describes a task in lists, trees and on the web.

use crate::python;
use crate::xmlrpc::{Struct, Value};

/// What people see of a task: `build (f44, bash:main)`, `buildArch (bash-5.2-1.src.rpm, x86_64)`. Koji's `taskLabel`.
///
/// The method with what is telling among its arguments, or else with the task's `arch`. A request that does not fit
/// its method gives `METHOD (ARCH, unknown args)`, one with arguments of wrong types `malformed task`.
pub fn task_label(method: &str, arch: &str, request: &[Value]) -> String {
    let telling = match super::named(method, request) {
        None => Some(String::new()),
        Some(Ok(args)) => telling(method, &args),
        Some(Err(_)) => return format!("{method} ({arch}, unknown args)"),
    };
    match telling.as_deref() {
        None => "malformed task".to_owned(),
        Some("") => format!("{method} ({arch})"),
        Some(telling) => format!("{method} ({telling})"),
    }
}

/// The part in parentheses, empty if there is nothing to tell; `None` where an argument is not what it must be.
fn telling(method: &str, args: &Struct) -> Option<String> {
    let text = |name: &str| args.get(name).map(python::str);
    Some(match method {
        "build" | "maven" => {
            let src = either(args, "src", "url").as_str()?;
            let src = if src.contains("://") { scm_module(src) } else { file_name(src).to_owned() };
            format!("{}, {src}", name_or_text(either(args, "target", "build_tag"))?)
        }
        "indirectionimage" => {
            let opts = args.get("opts")?;
            format!("{}, {}, {}", member(opts, "name")?, member(opts, "version")?, member(opts, "release")?)
        }
        "buildSRPMFromSCM" => scm_module(args.get("url")?.as_str()?),
        "buildArch" => {
            let pkg = match args.get("pkg")? {
                Value::Struct(pkg) => pkg.get("name")?,
                pkg => pkg,
            };
            format!("{}, {}", file_name(pkg.as_str()?), text("arch")?)
        }
        "buildMaven" => if_any(args.get("build_tag")?.as_struct()?.get("name")?),
        "wrapperRPM" => match args.get("build")? {
            build if build.is_truthy() => {
                format!("{}, {}", member(args.get("build_target")?, "name")?, build_name(build)?)
            }
            _ => if_any(args.get("build_target")?.as_struct()?.get("name")?),
        },
        "winbuild" => {
            let src = scm_module(args.get("source_url")?.as_str()?);
            format!("{}, {src}", name_or_text(args.get("target")?)?)
        }
        "vmExec" => if_any(args.get("name")?),
        "buildNotification" => build_name(args.get("build")?)?,
        "newRepo" | "distRepo" => name_or_text(args.get("tag")?)?,
        "createrepo" => if_any(args.get("arch")?),
        "createdistrepo" => format!("{}, {}", text("repo_id")?, text("arch")?),
        "dependantTask" => {
            let tasks = args.get("task_list")?.as_array()?;
            let methods = tasks.iter().map(|task| task.as_array()?.first().map(python::str));
            methods.collect::<Option<Vec<_>>>()?.join(", ")
        }
        "chainbuild" | "chainmaven" => match args.get("target")? {
            Value::Struct(target) => if_any(target.get("name")?),
            target => if_any(target),
        },
        "waitrepo" => {
            let tag = name_or_text(args.get("tag")?)?;
            match args.get("nvrs")? {
                Value::Array(nvrs) => {
                    let nvrs: Option<Vec<&str>> = nvrs.iter().map(Value::as_str).collect();
                    format!("{tag}, {}", nvrs?.join(", "))
                }
                _ => tag,
            }
        }
        "livecd" | "appliance" | "image" | "livemedia" => format!(
            "{}, {}-{}, {}",
            python::str(either(args, "arch", "arches")),
            text("name")?,
            text("version")?,
            python::str(either(args, "ksfile", "inst_tree"))
        ),
        "createLiveCD" | "createAppliance" | "createImage" | "createLiveMedia" => format!(
            "{}, {}-{}-{}, {}, {}",
            member(args.get("target_info")?, "name")?,
            text("name")?,
            text("version")?,
            text("release")?,
            python::str(either(args, "ksfile", "inst_tree")),
            text("arch")?
        ),
        "restart" | "restartVerify" => if_any(args.get("host")?.as_struct()?.get("name")?),
        _ => String::new(),
    })
}

/// The first argument if there is something in it, else the second.
fn either<'a>(args: &'a Struct, first: &str, second: &str) -> &'a Value {
    const NIL: &Value = &Value::Nil;
    args.get(first).filter(|value| value.is_truthy()).or_else(|| args.get(second)).unwrap_or(NIL)
}

fn member(value: &Value, name: &str) -> Option<String> {
    value.as_struct()?.get(name).map(python::str)
}

/// A record's name, or the text of anything else.
fn name_or_text(value: &Value) -> Option<String> {
    match value {
        Value::Struct(_) => member(value, "name"),
        other => Some(python::str(other)),
    }
}

fn if_any(value: &Value) -> String {
    if value.is_truthy() { python::str(value) } else { String::new() }
}

/// A build's name-version-release, from its record.
fn build_name(build: &Value) -> Option<String> {
    let build = build.as_struct()?;
    let text = |name: &str| python::str(build.get(name).unwrap_or(&Value::Nil));
    let name = python::str(either(build, "package_name", "name"));
    Some(format!("{name}-{}-{}", text("version"), text("release")))
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// What an SCM URL names: `/repo.git:subdir:revision`, without the subdir if there is none.
///
/// A URL without fragment or path is cut in odd places, as Koji does.
fn scm_module(url: &str) -> String {
    let chars: Vec<char> = url.chars().collect();
    let find = |what: char, from: usize| chars.iter().skip(from).position(|c| *c == what).map(|at| at + from);
    let scheme = url.find("://").map_or(2, |at| url.get(..at).map_or(0, |scheme| scheme.chars().count()) + 3);
    let last = chars.len().saturating_sub(1);
    let part = |from: usize, to: usize| chars.get(from..to).map(String::from_iter).unwrap_or_default();

    let query = find('?', 0);
    let fragment = find('#', 0);
    let repo = part(find('/', scheme).unwrap_or(last), query.or(fragment).unwrap_or(last));
    let revision = part(fragment.map_or(0, |at| at + 1), chars.len());
    match query.map(|at| part(at + 1, fragment.unwrap_or(last))) {
        Some(subdir) if !subdir.is_empty() => format!("{repo}:{subdir}:{revision}"),
        _ => format!("{repo}:{revision}"),
    }
}
