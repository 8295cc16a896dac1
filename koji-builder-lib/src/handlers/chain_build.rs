//! `chainbuild`: builds level by level.

use koji_core::api::TagRef;
use koji_core::api::builds::ListBuilds;
use koji_core::api::targets::GetBuildTarget;
use koji_core::task::{Build, ChainBuild, WaitRepo};
use koji_core::xmlrpc::Value;

use crate::scm::ScmUrl;
use crate::task::{SubtaskOpts, TaskContext, TaskError, TaskHandler, Waiting};

/// Builds the sources of a level side by side, each level when the repo has what the one before made.
pub(super) struct ChainBuildHandler;

impl TaskHandler for ChainBuildHandler {
    type Args = ChainBuild;
    type Output = ();

    fn weight(&self) -> f64 {
        0.1
    }

    async fn run(&self, args: ChainBuild, cx: &TaskContext) -> Result<(), TaskError> {
        if args.opts.scratch {
            return Err(TaskError::build("--scratch is not allowed with chain-builds"));
        }
        let target = cx.session().call(GetBuildTarget::new(args.target.clone())).await?;
        let target = target.ok_or_else(|| TaskError::generic(format!("unknown build target: {}", args.target)))?;
        let mut nvrs: Vec<String> = Vec::new();
        for (level, sources) in args.srcs.iter().enumerate() {
            if !nvrs.is_empty() {
                let task = WaitRepo {
                    tag: TagRef::from(target.build_tag_name.as_str()),
                    newer_than: Value::Nil,
                    nvrs: Some(std::mem::take(&mut nvrs)),
                    min_event: Value::Nil,
                };
                let task = cx.subtask(task, SubtaskOpts::default().label(format!("wait {level}"))).await?;
                cx.wait_for::<Value>(task).await?;
            }
            let mut builds = Vec::new();
            for (number, source) in sources.iter().enumerate() {
                if !ScmUrl::is_scm_url(source) {
                    // a build that is there, or in the making: waited for with the others
                    nvrs.push(source.clone());
                    continue;
                }
                let build = Build { src: source.clone(), target: Some(args.target.clone()), opts: args.opts.clone() };
                let label = SubtaskOpts::default().label(format!("build {level},{number}"));
                builds.push(cx.subtask(build, label).await?);
            }
            cx.wait(&builds, &Waiting::for_all()).await?;
            for task in builds {
                let made = cx.session().call(ListBuilds::new().task_id(task)).await?.into_list();
                nvrs.extend(made.into_iter().next().map(|build| build.nvr));
            }
        }
        Ok(())
    }
}
