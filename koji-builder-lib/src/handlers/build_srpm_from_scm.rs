//! `buildSRPMFromSCM`: makes a source RPM from what is in an SCM.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use koji_client::Session;
use koji_core::api::hosts::GetChannel;
use koji_core::model::Host;
use koji_core::task::BuildSrpmFromScm;
use koji_core::xmlrpc::Struct;

use super::srpm::{SourceInfo, SrpmResult, finish};
use crate::buildroot::{Buildroot, Lease, host_suits_tag, repo_of};
use crate::scm::{AllowedScms, Checkout, Git, Permission, Scm, ScmUrl, allowed_by_policy};
use crate::task::{TaskContext, TaskError, TaskHandler};

const CHECKOUT_LOG: &str = "checkout.log";

/// Makes a source RPM from an SCM URL, with the SCMs that it knows; by default that is [`Git`].
///
/// A builder with other SCMs replaces it: `Handlers::standard().with(BuildSrpmFromScmHandler::default().with_scm(..))`.
#[derive(Debug)]
pub struct BuildSrpmFromScmHandler {
    scms: Vec<Arc<dyn Scm>>,
}

impl Default for BuildSrpmFromScmHandler {
    fn default() -> Self {
        Self { scms: vec![Arc::new(Git::default())] }
    }
}

impl BuildSrpmFromScmHandler {
    /// Adds an SCM. It is asked before those that were added earlier.
    #[must_use]
    pub fn with_scm(mut self, scm: impl Scm) -> Self {
        self.scms.insert(0, Arc::new(scm));
        self
    }

    fn scm_for(&self, url: &ScmUrl) -> Result<&dyn Scm, TaskError> {
        let found = self.scms.iter().find(|scm| scm.handles(url));
        found
            .map(AsRef::as_ref)
            .ok_or_else(|| TaskError::build(format!("this builder cannot check {}:// sources out", url.scheme())))
    }
}

impl TaskHandler for BuildSrpmFromScmHandler {
    type Args = BuildSrpmFromScm;
    type Output = SrpmResult;

    async fn suits_host(&self, args: BuildSrpmFromScm, session: &Session, host: &Host) -> Result<bool, TaskError> {
        host_suits_tag(session, host, args.build_tag).await
    }

    async fn run(&self, args: BuildSrpmFromScm, cx: &TaskContext) -> Result<SrpmResult, TaskError> {
        let url = ScmUrl::parse(&args.url, cx.config().allow_password_in_scm_url)?;
        let permission = permission(&url, args.opts.scratch, cx).await?;
        let scm = self.scm_for(&url)?;
        let repo = repo_of(cx, args.opts.repo_id).await?;
        let mut lease = Lease::begin(cx, args.build_tag, &repo, "noarch").await?;
        let made = make(scm, &url, &permission, lease.root(), cx).await;
        let (lease, (srpm, source)) = lease.settle(made).await?;
        let mut result = finish(lease, &srpm, SourceInfo { source, url: args.url }, cx).await?;
        result.logs.push(format!("{}/{CHECKOUT_LOG}", cx.upload_dir()));
        Ok(result)
    }
}

async fn permission(url: &ScmUrl, scratch: bool, cx: &TaskContext) -> Result<Permission, TaskError> {
    let config = cx.config();
    let mut permission = Permission::default();
    if config.allowed_scms_use_config {
        permission = AllowedScms::parse(&config.allowed_scms).check(url)?;
    }
    if config.allowed_scms_use_policy {
        let channel = cx.session().call(GetChannel::new(cx.info().channel_id).strict(true)).await?;
        let mut data = Struct::new();
        data.insert("user_id", cx.info().owner.0);
        data.insert("channel", channel.map(|channel| channel.name));
        data.insert("scratch", scratch);
        permission = allowed_by_policy(cx.session(), url, data, permission).await?;
    }
    if !config.allowed_scms_use_config && !config.allowed_scms_use_policy {
        return Err(TaskError::build("neither the configuration nor a policy says which SCMs are allowed"));
    }
    Ok(permission)
}

/// Checks the source out and makes the source RPM: its file, and the URL to record.
async fn make(
    scm: &dyn Scm,
    url: &ScmUrl,
    permission: &Permission,
    root: &mut dyn Buildroot,
    cx: &TaskContext,
) -> Result<(PathBuf, String), TaskError> {
    let into = cx.workdir().join("scmroot");
    fs_err::create_dir_all(&into)?;
    let log = cx.log(CHECKOUT_LOG);
    log.line(&format!("checking out {}", url.source(url.revision())))?;
    let checkout = scm.checkout(url, permission.use_common, &into, log.path()).await;
    log.finish().await;
    let Checkout { directory, source } = checkout?;
    let spec = find_spec(&directory, url, cx.config().support_rpm_source_layout)?;
    if let Some(command) = &permission.source_cmd {
        root.fetch_sources(command, &directory).await?;
    }
    let separate = directory.join("SOURCES");
    let is_separate = cx.config().support_rpm_source_layout && separate.is_dir();
    let sources = if is_separate { &separate } else { &directory };
    Ok((root.build_srpm(&directory, &spec, sources).await?, source))
}

/// The spec file: the only one, or of several the one that is called as the checkout's directory.
fn find_spec(directory: &Path, url: &ScmUrl, source_layout: bool) -> Result<PathBuf, TaskError> {
    let mut specs = specs_in(directory)?;
    if specs.is_empty() && source_layout {
        specs = specs_in(&directory.join("SPECS"))?;
    }
    match &specs[..] {
        [] => Err(TaskError::build("No spec file found")),
        [spec] => Ok(spec.clone()),
        several => {
            let name = directory.file_name().unwrap_or_default();
            let named = several.iter().find(|spec| spec.file_stem() == Some(name));
            named.cloned().ok_or_else(|| {
                let names: Vec<_> = several.iter().filter_map(|spec| spec.file_name()).collect();
                TaskError::build(format!(
                    "Multiple spec files found but none is matching SCM checkout dir name: {names:?} in {}",
                    url.repository()
                ))
            })
        }
    }
}

fn specs_in(directory: &Path) -> Result<Vec<PathBuf>, TaskError> {
    if !directory.is_dir() {
        return Ok(Vec::new());
    }
    let mut specs = Vec::new();
    for entry in fs_err::read_dir(directory)? {
        let path = entry?.path();
        let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if !hidden && path.extension().is_some_and(|extension| extension == "spec") {
            specs.push(path);
        }
    }
    specs.sort();
    Ok(specs)
}
