//! Tasks that build something else than RPMs.

use koji_core::api::TargetRef;
use koji_core::api::typed_tasks::*;
use koji_core::arch;
use koji_core::ids::TaskId;
use koji_core::model::TaskState;
use koji_core::xmlrpc::{DateTime, Value, to_value};
use serde::Serialize;

use super::tasks::submit;
use crate::builds::BuildExt;
use crate::call::Call;
use crate::db::{args, list, sql};
use crate::error::fail;
use crate::given::{check_type, read};
use crate::registry::{Handle, Registry};
use crate::repos::dist;
use crate::tasks::make::NewTask;
use crate::tasks::{request, state};
use crate::{Result, builds, policy, tags, targets};

pub(super) fn register(r: &mut Registry) {
    r.add::<MavenBuild>()
        .add::<ChainMaven>()
        .add::<WrapperRpm>()
        .add::<WinBuild>()
        .add::<BuildImage>()
        .add::<BuildImageIndirection>()
        .add::<BuildImageOz>()
        .add::<DistRepo>();
}

/// An empty name of a channel is none.
fn named(channel: Option<String>) -> Option<String> {
    channel.filter(|name| !name.is_empty())
}

impl Handle for MavenBuild {
    async fn handle(self, cx: &mut Call<'_>) -> Result<TaskId> {
        cx.hub().config().require_maven()?;
        check_type(&self.url, "str")?;
        let params = vec![self.url, self.target, self.opts.unwrap_or_default().into()];
        submit(cx, NewTask::new("maven", params), self.priority, named(self.channel)).await
    }
}

impl Handle for ChainMaven {
    async fn handle(self, cx: &mut Call<'_>) -> Result<TaskId> {
        cx.hub().config().require_maven()?;
        check_type(&self.builds, "dict")?;
        let params = vec![self.builds, self.target, self.opts.into()];
        submit(cx, NewTask::new("chainmaven", params), self.priority, named(self.channel)).await
    }
}

/// A record as Koji stores it in a task: its query's row with the members by name and times as dates, and what it added
/// to that.
fn row(record: &impl Serialize) -> Result<Value> {
    let Value::Struct(members) = to_value(record)? else { fail!("a record that is no struct") };
    let mut members: Vec<(String, Value)> = members.into_iter().collect();
    members.sort_by(|(a, _), (b, _)| (a == "cg_name", a).cmp(&(b == "cg_name", b)));
    for (name, value) in &mut members {
        if name.ends_with("_time")
            && let Some((date, time)) = value.as_str().and_then(|text| text.get(..19)?.split_once(' '))
        {
            *value = Value::DateTime(DateTime(format!("{}T{time}", date.replace('-', ""))));
        }
    }
    Ok(Value::Struct(members.into_iter().collect()))
}

impl Handle for WrapperRpm {
    async fn handle(self, cx: &mut Call<'_>) -> Result<TaskId> {
        cx.hub().config().require_maven()?;
        check_type(&self.url, "str")?;
        let mut opts = self.opts.unwrap_or_default();
        let db = cx.db().await?;
        let build = builds::get(db, &self.build).await?;
        let may_have_rpms = ["scratch", "create_build"].iter().any(|opt| opts.get(opt).is_some_and(Value::is_truthy));
        if !may_have_rpms && builds::has_rpms(db, build.id).await? {
            fail!(PreBuild, "wrapper rpms for {} have already been built", build.name());
        }
        let Some(target) = targets::find(db, &self.target, None).await? else {
            fail!("No such build target: {}", self.target.text())
        };
        // the repo is the task's to choose
        opts.remove("repo_id");
        let params = vec![self.url, row(&target)?, row(&build)?, Value::Nil, opts.into()];
        submit(cx, NewTask::new("wrapperRPM", params), self.priority, Some(self.channel)).await
    }
}

impl Handle for WinBuild {
    async fn handle(self, cx: &mut Call<'_>) -> Result<TaskId> {
        cx.hub().config().require_win()?;
        check_type(&self.vm, "str")?;
        check_type(&self.url, "str")?;
        let which: TargetRef = read("target", self.target.clone())?;
        let Some(target) = targets::find(cx.db().await?, &which, None).await? else {
            fail!("No such build target: {}", which.text())
        };
        let data = [("vm_name", self.vm.clone()), ("tag", target.dest_tag.0.into())].into_iter().collect();
        policy::assert(cx, "vm", &data, false).await?;
        let params = vec![self.vm, self.url, self.target, self.opts.unwrap_or_default().into()];
        submit(cx, NewTask::new("winbuild", params), self.priority, named(self.channel)).await
    }
}

impl Handle for BuildImage {
    async fn handle(self, cx: &mut Call<'_>) -> Result<TaskId> {
        if !matches!(self.img_type.as_str(), "livecd" | "appliance" | "livemedia") {
            fail!("Unrecognized image type: {}", self.img_type);
        }
        for text in [&self.name, &self.ksfile, &self.version] {
            check_type(text, "str")?;
        }
        cx.assert_perm(&self.img_type).await?;
        // live media are of several arches, and their tasks have subtasks for each
        let arch = match self.img_type.as_str() {
            "livemedia" => arch::NOARCH.to_owned(),
            _ => read("arch", self.arch.clone())?,
        };
        let params = vec![self.name, self.version, self.arch, self.target, self.ksfile, self.opts.into()];
        let task = NewTask { arch: Some(arch), ..NewTask::new(self.img_type.as_str(), params) };
        submit(cx, task, self.priority, Some(self.img_type)).await
    }
}

impl Handle for BuildImageIndirection {
    async fn handle(self, cx: &mut Call<'_>) -> Result<TaskId> {
        let Some(opts) = self.opts else { fail!(Parameter, "buildImageIndirection(): opts must be a struct") };
        if opts.get("scratch").is_none() && opts.get("indirection_template_url").is_none() {
            fail!(ActionNotAllowed, "Non-scratch builds must provide url for the indirection template");
        }
        let arch = opts.get("arch").cloned().map(|arch| read("arch", arch)).transpose()?.flatten();
        let task = NewTask { arch, ..NewTask::new("indirectionimage", vec![opts.into()]) };
        submit(cx, task, self.priority, Some("image".into())).await
    }
}

impl Handle for BuildImageOz {
    async fn handle(self, cx: &mut Call<'_>) -> Result<TaskId> {
        for text in [&self.name, &self.inst_tree, &self.version] {
            check_type(text, "str")?;
        }
        let params = vec![self.name, self.version, self.arches, self.target, self.inst_tree, self.opts.into()];
        submit(cx, NewTask::new("image", params), self.priority, Some("image".into())).await
    }
}

impl Handle for DistRepo {
    async fn handle(self, cx: &mut Call<'_>) -> Result<TaskId> {
        if !cx.has_perm("dist-repo").await? && !cx.has_perm("admin").await? {
            let data = [("tag", self.tag.clone())].into_iter().collect();
            policy::assert(cx, "dist_repo", &data, false).await?;
        }
        check_type(&self.keys, "list")?;
        let tag = tags::get(cx.db().await?, &read("tag", self.tag.clone())?, None).await?;
        let keys: Vec<String> = read("keys", self.keys.clone())?;
        let mut opts = self.task_opts.0;
        let (repo, event) = dist::init(cx, &tag, &keys, &opts).await?;
        opts.insert("event", event.0);
        let config = tags::build_config(cx.db().await?, &tag.id.into(), None).await?;
        if config.extra.get("distrepo.cancel_others").is_some_and(Value::is_truthy) {
            cancel_others(cx, &tag.name, &self.tag).await?;
        }
        let params = vec![self.tag, repo.0.into(), self.keys, opts.into()];
        let task =
            NewTask { priority: Some(15), channel: Some("createrepo".into()), ..NewTask::new("distRepo", params) };
        task.make(cx).await
    }
}

/// Cancels the tasks that make other repos for distribution of a tag.
async fn cancel_others(cx: &mut Call<'_>, name: &str, asked: &Value) -> Result<()> {
    let states = [TaskState::Free, TaskState::Open, TaskState::Assigned].map(TaskState::code);
    let sql = sql!("SELECT id FROM task WHERE method = 'distRepo' AND state ", {in "$1"}, " ORDER BY id");
    let running: Vec<TaskId> = cx.db().await?.fetch_scalars(sql, args![list(&states)]).await?;
    for task in running {
        let of = request::of_task(cx.db().await?, task).await?.into_iter().next().unwrap_or_default();
        if of == *asked || of.as_str() == Some(name) {
            state::cancel(cx, task, true).await?;
        }
    }
    Ok(())
}
