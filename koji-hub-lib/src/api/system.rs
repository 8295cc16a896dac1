use std::path::Path;
use std::time::Duration;

use koji_core::api::system::*;
use koji_core::api::{ParamInfo, ParamKind};
use koji_core::fault::{Fault, FaultKind};
use koji_core::python;
use koji_core::xmlrpc::{Struct, Value};

use crate::Result;
use crate::call::Call;
use crate::config::HubConfig;
use crate::error::fail;
use crate::registry::{Entry, Handle, Registry};

/// The version of Koji whose API this is.
pub const KOJI_VERSION: &str = "1.35.3";

pub(super) fn register(r: &mut Registry) {
    r.add::<Hello>()
        .add::<Echo>()
        .add::<FaultTest>()
        .add::<ErrorTest>()
        .add::<GetKojiVersion>()
        .add::<GetApiVersion>()
        .add::<MavenEnabled>()
        .add::<WinEnabled>()
        .add::<ShowOpts>()
        .add::<ListApi>()
        .add::<ListMethods>()
        .add::<MethodSignature>()
        .add::<MethodHelp>();
}

impl Handle for Hello {
    async fn handle(self, _: &mut Call<'_>) -> Result<String> {
        Ok("Hello World".into())
    }
}

impl Handle for Echo {
    async fn handle(self, _: &mut Call<'_>) -> Result<Vec<Value>> {
        Ok(self.args.0)
    }
}

impl Handle for FaultTest {
    async fn handle(self, _: &mut Call<'_>) -> Result<()> {
        Err(Fault::new(FaultKind::Unknown, "<class 'Exception'>: test exception").into())
    }
}

impl Handle for ErrorTest {
    async fn handle(self, _: &mut Call<'_>) -> Result<()> {
        fail!("test error")
    }
}

impl Handle for GetKojiVersion {
    async fn handle(self, _: &mut Call<'_>) -> Result<String> {
        Ok(KOJI_VERSION.into())
    }
}

impl Handle for GetApiVersion {
    async fn handle(self, _: &mut Call<'_>) -> Result<i32> {
        Ok(1)
    }
}

impl Handle for MavenEnabled {
    async fn handle(self, cx: &mut Call<'_>) -> Result<bool> {
        Ok(cx.hub().config().enable_maven)
    }
}

impl Handle for WinEnabled {
    async fn handle(self, cx: &mut Call<'_>) -> Result<bool> {
        Ok(cx.hub().config().enable_win)
    }
}

impl Handle for ShowOpts {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Value> {
        let opts = options(cx.hub().config());
        Ok(if self.as_string { python::repr(&opts.into()).into() } else { opts.into() })
    }
}

/// The options that the hub has, as `hub.conf` has them. How it gets at the database is nobody's business.
fn options(c: &HubConfig) -> Struct {
    let int = |n: u64| Value::Int(i64::try_from(n).unwrap_or(i64::MAX));
    let seconds = |span: Duration| int(span.as_secs());
    let minutes = |span: Duration| int(span.as_secs() / 60);
    let words = |words: &[String]| Value::from(words.join(" "));
    let path = |path: &Path| Value::from(path.to_string_lossy().into_owned());
    let limits = c.rlimits.iter().map(|limit| {
        let number = |n: u64| if n == u64::MAX { "-1".to_owned() } else { n.to_string() };
        let hard = limit.hard.map(|hard| format!(" {}", number(hard))).unwrap_or_default();
        (limit.resource.clone(), Value::from(number(limit.soft) + &hard))
    });
    let others = [
        ("AllowNewRepo", c.allow_new_repo.into()),
        ("AssignTimeout", seconds(c.assign_timeout)),
        ("CapacityOvercommit", c.capacity_overcommit.into()),
        ("CheckClientIP", c.check_client_ip.into()),
        ("DebuginfoTags", words(&c.repo_tags.debuginfo)),
        ("DisableNotifications", c.disable_notifications.into()),
        ("DisableURLSessions", c.disable_url_sessions.into()),
        ("EmailDomain", c.email_domain.clone().into()),
        ("EnableMaven", c.enable_maven.into()),
        ("EnableWin", c.enable_win.into()),
        ("HostTimeout", seconds(c.host_timeout)),
        ("KojiDir", path(&c.koji_dir)),
        ("KojiWebURL", c.web_url.as_str().into()),
        ("Listen", c.listen.as_str().into()),
        ("LockOut", c.lock_out.into()),
        ("LoginCreatesUser", c.login_creates_user.into()),
        ("MaxJobs", c.max_jobs.into()),
        ("MaxNameLengthInternal", int(c.max_name_length as u64)),
        ("MaxRepoTasks", c.max_repo_tasks.into()),
        ("MaxRepoTasksMaven", c.max_repo_tasks_maven.into()),
        ("MaxRequestLength", int(c.max_request_length.unwrap_or(0) as u64)),
        ("MissingPolicyOk", c.missing_policy_ok.into()),
        ("NotifyOnSuccess", c.notify_on_success.into()),
        ("OfflineMessage", c.offline.clone().into()),
        ("PluginConfigDir", path(&c.plugin_config_dir)),
        ("Plugins", words(&c.plugins)),
        ("RPMDefaultChecksums", words(&c.rpm_default_checksums)),
        ("ReadyTimeout", seconds(c.ready_timeout)),
        ("RegexNameInternal", c.name_rule.regex().into()),
        ("RegexUserName", c.user_name_rule.regex().into()),
        ("RepoAutoLag", seconds(c.repo_auto_lag)),
        ("RepoLag", seconds(c.repo_lag)),
        ("RepoLagWindow", seconds(c.repo_lag_window)),
        ("RepoQueueUser", c.repo_queue_user.as_str().into()),
        ("RepoRetries", c.repo_retries.into()),
        ("RequestCleanTime", minutes(c.request_clean_time)),
        ("RunInterval", seconds(c.run_interval)),
        ("SeparateSourceTags", words(&c.repo_tags.separate_source)),
        ("ServerOffline", c.offline.is_some().into()),
        ("SessionRenewalTimeout", minutes(c.session_renewal.unwrap_or_default())),
        ("SoftRefusalTimeout", seconds(c.soft_refusal_timeout)),
        ("SourceTags", words(&c.repo_tags.source)),
        ("VerbosePolicy", c.verbose_policy.into()),
    ];
    others.into_iter().map(|(name, value)| (name.to_owned(), value)).chain(limits).collect()
}

/// The parameters as Python's signature shows them.
fn signature(params: &[ParamInfo]) -> String {
    let shown: Vec<String> = params
        .iter()
        .map(|p| match (p.kind, &p.default) {
            (ParamKind::VarArgs, _) => format!("*{}", p.name),
            (ParamKind::KwArgs, _) => format!("**{}", p.name),
            (ParamKind::One, None) => p.name.to_owned(),
            (ParamKind::One, Some(v)) => format!("{}={}", p.name, python::repr(v)),
        })
        .collect();
    format!("({})", shown.join(", "))
}

fn doc(entry: &Entry) -> String {
    entry.info.doc.lines().map(str::trim).collect::<Vec<_>>().join("\n")
}

fn describe(entry: &Entry) -> Struct {
    let params = (entry.params)();
    let plain = || params.iter().filter(|p| p.kind == ParamKind::One);
    let star = |kind| params.iter().find(|p| p.kind == kind).map(|p| p.name);
    let defaults: Vec<Value> = plain().filter_map(|p| p.default.clone()).collect();
    let args: Vec<Value> = params
        .iter()
        .map(|p| match (p.kind, &p.default) {
            (ParamKind::One, Some(v)) => Value::Array(vec![p.name.into(), v.clone()]),
            _ => p.name.into(),
        })
        .collect();
    let argspec = vec![
        Value::Array(plain().map(|p| p.name.into()).collect()),
        star(ParamKind::VarArgs).into(),
        star(ParamKind::KwArgs).into(),
        if defaults.is_empty() { Value::Nil } else { Value::Array(defaults) },
        Value::Array(Vec::new()),
        Value::Nil,
        Struct::new().into(),
    ];
    [
        ("name", Value::from(entry.info.name)),
        ("doc", doc(entry).into()),
        ("argspec", argspec.into()),
        ("argdesc", signature(&params).into()),
        ("args", args.into()),
    ]
    .into_iter()
    .collect()
}

impl Handle for ListApi {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Vec<Struct>> {
        Ok(cx.hub().registry().iter().map(describe).collect())
    }
}

impl Handle for ListMethods {
    async fn handle(self, cx: &mut Call<'_>) -> Result<Vec<String>> {
        Ok(cx.hub().registry().iter().map(|e| e.info.name.to_owned()).collect())
    }
}

impl Handle for MethodSignature {
    async fn handle(self, _: &mut Call<'_>) -> Result<String> {
        Ok("signatures not supported".into())
    }
}

impl Handle for MethodHelp {
    async fn handle(self, cx: &mut Call<'_>) -> Result<String> {
        let Some(entry) = cx.hub().registry().get(&self.method) else { return Ok(String::new()) };
        Ok(format!("{}{}\ndescription: {}", entry.info.name, signature(&(entry.params)()), doc(entry)))
    }
}
