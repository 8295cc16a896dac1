//! A task's request, argument by argument, as `taskinfo -v` shows it.

use koji_client::Session;
use koji_core::api::builds::GetBuild;
use koji_core::api::tags::GetTag;
use koji_core::api::tasks::GetTaskRequest;
use koji_core::api::users::GetUser;
use koji_core::api::{Param, TagRef};
use koji_core::ids::TaskId;
use koji_core::python;
use koji_core::task::task_label;
use koji_core::xmlrpc::{Struct, Value};

use crate::output::{time, yes_no};

/// The arguments, one a line.
pub async fn lines(session: &Session, method: &str, task: TaskId, topdir: &str) -> Vec<String> {
    let lines = async {
        let request = session.call(GetTaskRequest::new(task)).await.ok()?;
        Params { session, request, topdir, lines: Vec::new() }.read(method).await
    };
    lines.await.unwrap_or_else(|| vec!["Unable to parse task parameters".to_owned()])
}

struct Params<'a> {
    session: &'a Session,
    request: Vec<Value>,
    topdir: &'a str,
    lines: Vec<String>,
}

impl Params<'_> {
    /// The lines; nothing if an argument is missing or is not what it must be.
    async fn read(mut self, method: &str) -> Option<Vec<String>> {
        match method {
            "buildSRPMFromCVS" => self.put_all(&["CVS URL"], 1)?,
            "buildSRPMFromSCM" => self.put_all(&["SCM URL"], 1)?,
            "build" => self.put_with_opts(&["Source", "Build Target"])?,
            "maven" => self.put_with_opts(&["SCM URL", "Build Target"])?,
            "winbuild" => self.put_with_opts(&["VM", "SCM URL", "Build Target"])?,
            "appliance" | "livecd" | "livemedia" => {
                self.put_with_opts(&["Name", "Version", "Arches", "Target", "Kickstart"])?;
            }
            "createLiveCD" | "createAppliance" | "createLiveMedia" => self.put_with_opts(&[
                "Name",
                "Version",
                "Release",
                "Arch",
                "Target Info",
                "Build Tag",
                "Repo",
                "Kickstart File",
            ])?,
            "buildArch" => self.build_arch().await?,
            "tagBuild" => self.tag_build().await?,
            "buildNotification" => self.build_notification()?,
            "tagNotification" => self.tag_notification().await?,
            "buildMaven" => {
                self.put("SCM URL", python::str(self.at(0)?));
                self.put("Build Tag", self.name_of(1)?);
                self.opts(2);
            }
            "wrapperRPM" => self.wrapper_rpm()?,
            "chainmaven" => self.chain_maven()?,
            "chainbuild" => self.chain_build()?,
            "vmExec" => self.vm_exec()?,
            "newRepo" => {
                let tag = self.tag(0).await??;
                self.put("Tag", tag);
            }
            "prepRepo" => self.put("Tag", self.name_of(0)?),
            "createrepo" => self.createrepo()?,
            "dependantTask" => self.dependant_task()?,
            "waitrepo" => {
                self.put("Build Target", python::str(self.at(0)?));
                if self.at(1)?.is_truthy() {
                    self.put("Newer Than", python::str(self.at(1)?));
                }
                if self.at(2)?.is_truthy() {
                    self.put("NVRs", joined(self.at(2)?)?);
                }
            }
            _ => {}
        }
        Some(self.lines)
    }

    fn at(&self, index: usize) -> Option<&Value> {
        self.request.get(index)
    }

    fn put(&mut self, name: &str, text: impl std::fmt::Display) {
        self.lines.push(format!("{name}: {text}"));
    }

    /// The first arguments, of which so many must be there.
    fn put_all(&mut self, names: &[&str], mandatory: usize) -> Option<()> {
        if self.request.len() < mandatory {
            return None;
        }
        for (at, name) in names.iter().enumerate() {
            if let Some(text) = self.at(at).map(python::str) {
                self.put(name, text);
            }
        }
        Some(())
    }

    /// The first arguments, then the options behind them.
    fn put_with_opts(&mut self, names: &[&str]) -> Option<()> {
        self.put_all(names, names.len().min(2))?;
        self.opts(names.len());
        Some(())
    }

    fn opts(&mut self, index: usize) {
        if let Some(opts) = self.at(index).and_then(Value::as_struct).filter(|opts| !opts.is_empty()).cloned() {
            self.lines.push("Options:".to_owned());
            self.map(&opts, "");
        }
    }

    fn map(&mut self, map: &Struct, prefix: &str) {
        for (key, value) in map.iter().filter(|(key, _)| *key != "__starstar") {
            self.lines.push(format!("  {prefix}{key}: {}", python::str(value)));
        }
    }

    /// The name of a record.
    fn name_of(&self, index: usize) -> Option<String> {
        self.at(index)?.as_struct()?.get("name").map(python::str)
    }

    /// The name of a tag; inside, nothing if it is no more.
    async fn tag(&self, index: usize) -> Option<Option<String>> {
        let tag = TagRef::from_value(self.at(index)?.clone()).ok()?;
        Some(self.session.call(GetTag::new(tag)).await.ok()?.map(|tag| tag.name))
    }

    async fn build(&self, index: usize) -> Option<String> {
        let build = Param::from_value(self.at(index)?.clone()).ok()?;
        let build: koji_core::api::BuildRef = build;
        let build = self.session.call(GetBuild::new(build)).await.ok()??;
        Some(format!("{}-{}-{}", build.package_name, build.version, build.release))
    }

    async fn build_arch(&mut self) -> Option<()> {
        let srpm = format!("{}/work/{}", self.topdir, python::str(self.at(0)?));
        self.put("SRPM", srpm);
        let tag = self.tag(1).await?;
        let tag = tag.unwrap_or(format!("{} (deleted)", python::str(self.at(1)?)));
        self.put("Build Tag", tag);
        self.put("Build Arch", python::str(self.at(2)?));
        self.put("SRPM Kept", python::repr(self.at(3)?));
        self.opts(4);
        Some(())
    }

    async fn tag_build(&mut self) -> Option<()> {
        let build = self.build(1).await?;
        let tag = self.tag(0).await??;
        self.put("Destination Tag", tag);
        self.put("Build", build);
        Some(())
    }

    fn build_notification(&mut self) -> Option<()> {
        self.put("Recipients", joined(self.at(0)?)?);
        self.put("Build", build_name(self.at(1)?)?);
        self.put("Build Target", self.name_of(2)?);
        self.put("Web URL", python::str(self.at(3)?));
        Some(())
    }

    async fn tag_notification(&mut self) -> Option<()> {
        let into = self.tag(2).await??;
        let from = if self.at(3)?.is_truthy() { self.tag(3).await? } else { None };
        let build = self.build(4).await?;
        let user = Param::from_value(self.at(5)?.clone()).ok()?;
        let user: koji_core::api::UserRef = user;
        let user = self.session.call(GetUser::new().user_info(user)).await.ok()??;
        self.put("Recipients", joined(self.at(0)?)?);
        self.put("Successful?", yes_no(self.at(1)?.is_truthy()));
        self.put("Tagged Into", into);
        if let Some(from) = from {
            self.put("Moved From", from);
        }
        self.put("Build", build);
        self.put("Tagged By", user.name);
        self.put("Ignore Success?", yes_no(self.at(6)?.is_truthy()));
        if self.at(7)?.is_truthy() {
            self.put("Failure Message", python::str(self.at(7)?));
        }
        Some(())
    }

    fn wrapper_rpm(&mut self) -> Option<()> {
        self.put("Spec File URL", python::str(self.at(0)?));
        self.put("Build Tag", self.name_of(1)?);
        if self.at(2)?.is_truthy() {
            self.put("Build", build_name(self.at(2)?)?);
        }
        if let Some(task) = self.at(3)?.as_struct().filter(|task| !task.is_empty()) {
            let text = |name| task.get(name).map(python::str);
            let request = task.get("request").and_then(Value::as_array).unwrap_or_default();
            let label = task_label(&text("method")?, &text("arch")?, request);
            let line = format!("{} {label}", text("id")?);
            self.put("Task", line);
        }
        self.opts(4);
        Some(())
    }

    fn chain_maven(&mut self) -> Option<()> {
        self.lines.push("Builds:".to_owned());
        for (package, opts) in self.at(0)?.as_struct()?.clone() {
            self.lines.push(format!("  {package}"));
            self.map(opts.as_struct()?, "  ");
        }
        self.put("Build Target", python::str(self.at(1)?));
        self.opts(2);
        Some(())
    }

    fn chain_build(&mut self) -> Option<()> {
        self.lines.push("Build Groups:".to_owned());
        let groups: Option<Vec<String>> = self.at(0)?.as_array()?.iter().map(joined).collect();
        for (n, group) in (1..).zip(groups?) {
            self.lines.push(format!("  {n}: {group}"));
        }
        self.put("Build Target", python::str(self.at(1)?));
        self.opts(2);
        Some(())
    }

    fn vm_exec(&mut self) -> Option<()> {
        self.put("VM", python::str(self.at(0)?));
        self.lines.push("Exec Params:".to_owned());
        for info in self.at(1)?.as_array()?.to_vec() {
            match info {
                Value::Struct(map) => self.map(&map, "  "),
                other => self.lines.push(format!("  {}", python::str(&other))),
            }
        }
        self.opts(2);
        Some(())
    }

    fn createrepo(&mut self) -> Option<()> {
        self.put("Repo ID", self.at(0)?.as_int()?);
        self.put("Arch", python::str(self.at(1)?));
        if let Some(old) = self.at(2)?.as_struct().filter(|old| !old.is_empty()).cloned() {
            self.put("Old Repo ID", old.get("id")?.as_int()?);
            let created = koji_core::xmlrpc::from_value(old.get("create_ts")?.clone()).ok()?;
            self.put("Old Repo Creation", time::long(created));
        }
        if let Some(repos) = self.at(3) {
            let names =
                repos.as_array()?.iter().map(|repo| repo.as_struct()?.get("external_repo_name").map(python::str));
            let names = names.collect::<Option<Vec<_>>>()?.join(", ");
            self.put("External Repos", names);
        }
        Some(())
    }

    fn dependant_task(&mut self) -> Option<()> {
        self.put("Dependant Tasks", joined(self.at(0)?)?);
        self.lines.push("Subtasks:".to_owned());
        for subtask in self.at(1)?.as_array()?.to_vec() {
            let subtask = subtask.as_array()?;
            self.lines.push(format!("  Method: {}", python::str(subtask.first()?)));
            self.lines.push(format!("  Parameters: {}", joined(subtask.get(1)?)?));
            if let Some(opts) = subtask.get(2).and_then(Value::as_struct).filter(|opts| !opts.is_empty()) {
                self.lines.push("  Options:".to_owned());
                self.map(opts, "  ");
            }
            self.lines.push(String::new());
        }
        Some(())
    }
}

fn joined(list: &Value) -> Option<String> {
    Some(list.as_array()?.iter().map(python::str).collect::<Vec<_>>().join(", "))
}

fn build_name(build: &Value) -> Option<String> {
    let build = build.as_struct()?;
    let text = |name: &str| python::str(build.get(name).unwrap_or(&Value::Nil));
    let name = match build.get("package_name") {
        Some(name) if name.is_truthy() => python::str(name),
        _ => text("name"),
    };
    Some(format!("{name}-{}-{}", text("version"), text("release")))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(method: &str, request: &str) -> Option<Vec<String>> {
        let session = Session::new("http://localhost:1/kojihub").unwrap();
        let request = serde_json::from_str(request).unwrap();
        Params { session: &session, request, topdir: "/mnt/koji", lines: Vec::new() }.read(method).await
    }

    #[tokio::test]
    async fn arguments_have_names() {
        let lines = read("build", r#"["git+https://x#abc", "tgt", {"scratch": true, "arch_override": "x86_64"}]"#);
        let expected = [
            "Source: git+https://x#abc",
            "Build Target: tgt",
            "Options:",
            "  scratch: True",
            "  arch_override: x86_64",
        ];
        assert_eq!(lines.await.unwrap(), expected);
        let lines = read("chainbuild", r#"[[["a", "b"], ["c"]], "tgt", {}]"#).await.unwrap();
        assert_eq!(lines, ["Build Groups:", "  1: a, b", "  2: c", "Build Target: tgt"]);
        assert_eq!(read("sleep", "[5]").await.unwrap(), Vec::<String>::new());
    }

    #[tokio::test]
    async fn odd_requests_are_not_read() {
        assert_eq!(read("build", "[]").await, None);
        assert_eq!(read("waitrepo", r#"["tag"]"#).await, None);
        assert_eq!(read("prepRepo", "[5]").await, None);
    }
}
