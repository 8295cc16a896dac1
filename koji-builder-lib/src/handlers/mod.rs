//! The handlers that every builder has: [`Handlers::standard`]. One file each.

mod build;
mod build_arch;
mod build_notification;
mod build_srpm_from_scm;
mod chain_build;
mod create_repo;
mod dependant_task;
mod mail;
mod merge_repos;
mod new_repo;
mod rebuild_srpm;
mod restart;
mod restart_hosts;
mod shutdown;
mod srpm;
mod tag_build;
mod tag_notification;
mod trial;
mod wait_repo;

pub use build_srpm_from_scm::BuildSrpmFromScmHandler;
pub use srpm::{SourceInfo, SrpmResult};

use crate::task::Handlers;

impl Handlers {
    /// Those of Koji's methods that this builder has handlers for.
    pub fn standard() -> Self {
        Handlers::none()
            .with(build::BuildHandler)
            .with(build_arch::BuildArchHandler)
            .with(build_notification::BuildNotificationHandler)
            .with(BuildSrpmFromScmHandler::default())
            .with(chain_build::ChainBuildHandler)
            .with(create_repo::CreateRepoHandler)
            .with(dependant_task::DependantTaskHandler)
            .with(new_repo::NewRepoHandler)
            .with(rebuild_srpm::RebuildSrpmHandler)
            .with(restart::RestartHandler)
            .with(restart::RestartVerifyHandler)
            .with(restart_hosts::RestartHostsHandler)
            .with(shutdown::ShutdownHandler)
            .with(tag_build::TagBuildHandler)
            .with(tag_notification::TagNotificationHandler)
            .with(trial::DefaultHandler)
            .with(trial::ForkHandler)
            .with(trial::SleepHandler)
            .with(trial::SomeMethodHandler)
            .with(trial::SubtaskHandler)
            .with(trial::WaitTestHandler)
            .with(wait_repo::WaitRepoHandler)
    }
}
