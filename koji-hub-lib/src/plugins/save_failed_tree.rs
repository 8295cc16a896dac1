//! `save_failed_tree`: keeping the buildroots of tasks that failed.

use async_trait::async_trait;
use koji_core::api::Args;
use koji_core::api::plugins::SaveFailedTree;
use koji_core::ids::TaskId;
use koji_core::model::TaskState;

use crate::call::Call;
use crate::config::HubConfig;
use crate::error::fail;
use crate::plugin::{Plugin, PluginSettings};
use crate::registry::{Handle, Registry};
use crate::tasks::make::NewTask;
use crate::{Error, Result, buildroots, hosts, tasks};

/// The plugin with its settings.
pub(super) struct FailedTrees {
    /// The methods of the tasks whose buildroots may be kept; `*` for all.
    allowed_methods: Vec<String>,
}

impl FailedTrees {
    pub(super) fn new(config: &HubConfig) -> Result<Self> {
        let settings = PluginSettings::read(config, "save_failed_tree", "permissions")?;
        let methods = settings.required("allowed_methods")?.split(',').map(|method| method.trim().to_owned());
        Ok(FailedTrees { allowed_methods: methods.collect() })
    }

    fn allows(&self, method: &str) -> bool {
        self.allowed_methods == ["*"] || self.allowed_methods.iter().any(|allowed| allowed == method)
    }
}

#[async_trait]
impl Plugin for FailedTrees {
    fn name(&self) -> &str {
        "save_failed_tree"
    }

    fn methods(&self, registry: &mut Registry) {
        registry.add::<SaveFailedTree>();
    }
}

impl Handle for SaveFailedTree {
    async fn handle(self, cx: &mut Call<'_>) -> Result<TaskId> {
        let Some(settings) = cx.hub().plugin::<FailedTrees>() else {
            return Err(Error::Config("the plugin save_failed_tree is gone".into()));
        };
        let id = self.buildroot_id;
        let db = cx.db().await?;
        let Some(root) = buildroots::find(db, id).await? else { fail!("No such buildroot: {id}") };
        let (Some(task), Some(host)) = (root.task_id, root.host_id) else {
            fail!(PreBuild, "Buildroot {id} is not a task's.")
        };
        let task = tasks::get(db, task).await?;
        if task.state != TaskState::Failed {
            fail!(PreBuild, "Task {} has not failed. Only failed tasks can upload their buildroots.", task.id);
        }
        if !settings.allows(&task.method) {
            let allowed = settings.allowed_methods.join(", ");
            fail!(PreBuild, "Only {allowed} tasks can upload their buildroots (Task {} is {}).", task.id, task.method);
        }
        if cx.user_id().ok() != Some(task.owner) && !cx.has_perm("admin").await? {
            fail!(ActionNotAllowed, "Only owner of failed task or 'admin' can run this task.");
        }
        if !hosts::get(cx.db().await?, &host.into(), None).await?.enabled {
            fail!(PreBuild, "Host is disabled.");
        }
        let params = Args { positional: vec![id.0.into(), self.full.into()], named: self.opts.0 }.into_params();
        NewTask { assign: Some(host), ..NewTask::new("saveFailedTree", params) }.make(cx).await
    }
}
